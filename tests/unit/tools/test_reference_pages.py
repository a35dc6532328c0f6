"""What the site generates is complete, and what is drawn is what is checked."""

import re
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
import yaml

import gmf
from gmf.core.config import Config

ROOT = Path(__file__).parents[3]
sys.path.append(str(ROOT / "tools"))
#: Options that no user sets: rows of files, saved state, the demo's generator.
INNER = {
    "ContextRow",
    "CorpusConfig",
    "PackageOptions",
    "CrfScores",
    "DemoCorpusConfig",
    "EntityRow",
    "ExportInfo",
    "ImagePreparation",
    "ImageRow",
    "ImageSide",
    "ModelOptions",
    "NoOptions",
    "PairShares",
    "RegionRow",
    "RegionsRow",
    "SampleRow",
    "TnerKnowledge",
    "Vocabulary",
}


def subclasses(kind):
    return {kind} | {deeper for each in kind.__subclasses__() for deeper in subclasses(each)}


def test_every_class_of_options_is_on_the_page():
    import reference_pages

    for module in walk_packages(gmf.__path__, "gmf."):
        if "__main__" not in module.name and "spacy" not in module.name:
            import_module(module.name)
    own = {k for k in subclasses(Config) - {Config} if k.__module__.startswith("gmf.")}
    shown = reference_pages.documented_classes()
    bases = {base for kind in shown for base in kind.__mro__}
    missing = {k.__name__ for k in own - bases if not k.__name__.startswith("_")}
    assert missing - INNER == set()
    page = reference_pages.options_page()
    assert "| `training.epochs` | int, ≥ 1 | `30` | Passes over the training split. |" in page
    assert "| `model.temperature` | float, > 0 | `0.21` | tau of Eq. 14-15. |" in page
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 150
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_command_is_on_the_page():
    import reference_pages

    from gmf.cli.commands import commands

    names = reference_pages.command_names()
    assert {name.split()[1] for name in names} >= set(commands)
    page = reference_pages.commands_page()
    assert all(f"## {name}\n" in page for name in names)
    assert "`--images`" in page.split("## gmf evaluate")[1].split("## gmf predict")[0]
    # As prose, quotes and dashes of examples would become others.
    code = "\n".join(re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    assert "\ngmf predict runs/RUN posts.jsonl --output found.jsonl\n" in code
    assert "\ngmf search twitter2017 data.folder=DATA --try training.batch_size=8,16,32\n" in code


def test_the_drawing_shows_the_floors_that_are_checked():
    import draw_floors

    rooms = [room for floor in draw_floors.floors() for room in floor]
    assert draw_floors.drawing() == draw_floors.TARGET.read_text(encoding="utf-8"), (
        "the floors have changed: run python tools/draw_floors.py"
    )
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(rooms)
    folders = {path.name for path in (ROOT / "src" / "gmf").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} <= set(rooms)


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda p: p.name)
def test_templates_and_workflows_are_yaml(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "workflows" in path.parts:
        uses = re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))
        assert uses
        assert all(re.fullmatch(r"[\w/-]+@v\d+", name) for name in uses)
        versions = content["jobs"]["matrix"]["strategy"]["matrix"]["python"]
        assert versions == ["3.11", "3.12", "3.13", "3.14"]
    elif path.name != "config.yml":
        assert {"name", "description", "body"} <= set(content)


def test_links_of_the_readme_and_of_the_project_files_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"):
        links = re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / name).read_text(encoding="utf-8"))
        assert links
        assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_a_site_with_a_broken_link_or_an_outside_resource_is_refused(tmp_path):
    import check_site

    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="b.html#there">b</a><a href="https://example.org">out</a>'
    )
    (tmp_path / "b.html").write_text('<p id="there"></p><a href="a.html#top">a</a>')
    assert check_site.faults(tmp_path) == []
    (tmp_path / "b.html").write_text(
        '<a href="c.html">c</a><a href="a.html#x">x</a><script src="https://example.org/s.js"></script>'
    )
    assert [fault.split(": ", 1)[1] for fault in check_site.faults(tmp_path)] == [
        "no such anchor b.html#there",
        "fetches https://example.org/s.js",
        "no such page c.html",
        "no such anchor a.html#x",
    ]
