"""A wheel of a model: installed it is found by name, is whole, runs no code of its own."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from fixtures.command import exit_status
from fixtures.packages import install
from packaging.requirements import Requirement

import gmf
from gmf.core import installed
from gmf.core.config import parse_config
from gmf.core.errors import CheckpointError, ConfigError
from gmf.prediction.onnx.export import export_onnx
from gmf.prediction.publishing.package import PackageOptions, build_wheel, write_project
from gmf.prediction.publishing.scores import PublishedScore
from gmf.testing import tiny_tagger

ROOT = Path(__file__).parents[4]
TEXT = "Rocky is ready for snow season in New York !"
SCORE = PublishedScore(
    "test", "lenient", 0.5, 0.25, 1 / 3, 12, "Twitter-X", "e" * 64, "gmf evaluate --split test"
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "model"
    export_onnx(tiny_tagger("bert-crf"), folder)
    return folder


def wheel_of(exported, out, name="my-model", **options):
    measure = options.pop("measure", lambda *_: [SCORE])
    chosen = parse_config(PackageOptions, {"name": name, **options})
    return build_wheel(exported, out, options=chosen, measure=measure)


@pytest.fixture
def site(exported, tmp_path, monkeypatch):
    """A folder of the path with the model ``my-model``."""
    return install(wheel_of(exported, tmp_path), tmp_path / "site", monkeypatch)


def test_a_wheel_holds_model_card_scores_and_licence_and_no_code(exported, tmp_path):
    text = tmp_path / "terms.txt"
    text.write_text("Name the authors.")
    wheel = wheel_of(exported, tmp_path, version="2", license="cc-by-4.0", license_file=text)
    assert wheel.name == "gmf_my_model-2-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert {Path(name).suffix for name in files if name.startswith("gmf_my_model/")} == {
        *(".md", ".json", ".onnx")
    }
    assert not [name for name in files if name.endswith((".py", ".pyc", ".so", ".pth"))]
    card = files["gmf_my_model/README.md"].decode()
    assert 'gmf.load("my-model")' in card
    assert "| Twitter-X, test | lenient | 50.00 | 25.00 | 33.33 |" in card
    metadata = files["gmf_my_model-2.dist-info/METADATA"].decode()
    assert "License-Expression: CC-BY-4.0" in metadata
    assert card.strip() in metadata
    assert files["gmf_my_model-2.dist-info/licenses/LICENSE"] == b"Name the authors."


def test_the_same_model_gives_the_same_bytes_at_any_time_and_place(exported, tmp_path, monkeypatch):
    one = wheel_of(exported, tmp_path / "one")
    copy = shutil.copytree(exported, tmp_path / "copy")
    for file in copy.iterdir():
        file.chmod(0o600)
        os.utime(file, (1, 1))
    monkeypatch.chdir(tmp_path)
    assert wheel_of(copy, Path("two")).read_bytes() == one.read_bytes()
    assert wheel_of(copy, tmp_path / "one") == one
    with pytest.raises(ConfigError, match=r"another is there; raise --version"):
        wheel_of(copy, tmp_path / "one", license="mit")


def test_what_pip_installs_is_loaded_by_name_in_python_and_spacy(exported, site, monkeypatch):
    expected = gmf.load(exported)(TEXT)
    assert gmf.load("my-model")(TEXT) == expected
    assert gmf.load("My_Model")(TEXT) == expected
    nlp = __import__("spacy").blank("en")
    nlp.add_pipe("gmf", config={"model": "my-model", "alignment": "expand"})
    assert {ent.label_ for ent in nlp(TEXT).ents} <= {e.type for e in expected.entities}
    assert nlp(TEXT).ents


def test_it_runs_where_torch_cannot_be_imported_and_no_code_of_the_package_runs(site, tmp_path):
    (tmp_path / "test.txt").write_text("IMGID:1\nRocky\tB-PER\nin\tO\nOslo\tB-LOC\n")
    (site / "gmf_my_model" / "__init__.py").write_text("raise SystemExit('code of the package')")
    code = (
        "import sys\n"
        "sys.modules.update(torch=None, transformers=None)\n"
        "from gmf.cli.main import main\n"
        f"for words in (['predict', 'my-model', '--text', {TEXT!r}],\n"
        f"              ['evaluate', 'my-model', '--data', {str(tmp_path)!r}]):\n"
        "    sys.argv = ['gmf', *words, '--json']\n"
        "    try: main()\n"
        "    except SystemExit as end: assert not end.code\n"
    )
    path = os.pathsep.join([str(site), os.environ["PYTHONPATH"]])
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    answer, report = ran.stdout.split("\n", 1)
    assert json.loads(answer)["entities"]
    assert json.loads(report)["lenient"]


def test_an_installed_model_that_is_packed_again_keeps_its_licence(
    exported, tmp_path, monkeypatch, capsys
):
    terms = tmp_path / "terms.txt"
    terms.write_text("Name the authors.")
    wheel = wheel_of(exported, tmp_path, license="CC-BY-4.0", license_file=terms)
    install(wheel, tmp_path / "site", monkeypatch)
    words = ("package", "my-model", "--name", "again", "--out", tmp_path)
    assert exit_status(monkeypatch, *words, "--license", "mit") == 2
    assert "--license MIT: gmf-my-model 1.0 is given under CC-BY-4.0" in capsys.readouterr().err
    assert exit_status(monkeypatch, *words) == 0
    with zipfile.ZipFile(tmp_path / "gmf_again-1.0-py3-none-any.whl") as archive:
        metadata = archive.read("gmf_again-1.0.dist-info/METADATA").decode()
        text = archive.read("gmf_again-1.0.dist-info/licenses/LICENSE")
    assert "License-Expression: CC-BY-4.0" in metadata
    assert text == b"Name the authors."


def test_what_is_no_split_is_told_before_a_model_is_packed(exported, monkeypatch, capsys):
    words = ("package", exported, "--name", "ok", "--evaluate", "tst")
    assert exit_status(monkeypatch, *words) == 2
    told = capsys.readouterr().err
    assert "--evaluate 'tst': expected train, dev, test; did you mean 'test'?" in told
    assert "packing" not in told


def test_the_list_of_installed_models_cuts_nothing_at_80_columns(site, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert exit_status(monkeypatch, "models", "installed") == 0
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert "whole" in shown


def test_models_installed_lists_what_each_is(site, monkeypatch, capsys):
    assert exit_status(monkeypatch, "models", "installed", "--json") == 0
    (row,) = [r for r in json.loads(capsys.readouterr().out) if r["name"] == "my-model"]
    assert (row["version"], row["weights"], row["reads_images"]) == ("1.0", "fp32", False)
    assert (row["types"], row["fault"]) == (["PER", "LOC", "ORG", "MISC"], None)
    (site / "gmf_my_model" / "scores.json").write_text("[ ]")
    assert exit_status(monkeypatch, "models", "installed") == 1
    assert "gmf_my_model/scores.json absent or not as packed" in capsys.readouterr().err


@pytest.mark.parametrize("harm", [lambda f: f.write_bytes(f.read_bytes() + b" "), Path.unlink])
@pytest.mark.parametrize("name", ["tagger.onnx", "export.json", "tokenizer.json"])
def test_a_file_that_is_not_as_packed_is_refused_by_name(site, name, harm):
    harm(site / "gmf_my_model" / name)
    with pytest.raises(CheckpointError, match=rf"gmf-my-model 1.0: gmf_my_model/{name} absent or"):
        gmf.load("my-model")


@pytest.mark.parametrize(("version", "is_right"), [("0.2.1", True), ("0.1", False), ("1.0", False)])
def test_it_says_which_versions_of_gmf_it_is_for(site, monkeypatch, version, is_right):
    monkeypatch.setattr(installed, "__version__", version)
    if is_right:
        assert gmf.load("my-model")(TEXT)
        return
    with pytest.raises(CheckpointError, match=rf"made for gmf .*and this is gmf {version}"):
        gmf.load("my-model")


def test_an_installed_model_comes_before_a_folder_of_its_name_and_says_so(
    exported, site, tmp_path, monkeypatch, caplog
):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(exported, "my-model")
    assert gmf.load("my-model").source == site / "gmf_my_model"
    assert "the installed model of gmf-my-model 1.0 is taken, not" in caplog.text
    caplog.clear()
    assert gmf.load("./my-model").source == Path("my-model")
    assert gmf.load(Path("my-model")).source == Path("my-model")
    assert not caplog.text


def test_two_packages_of_one_name_are_refused(exported, site, tmp_path, monkeypatch):
    other = tmp_path / "other"
    install(wheel_of(exported, tmp_path, name="other"), other, monkeypatch)
    entries = other / "gmf_other-1.0.dist-info" / "entry_points.txt"
    entries.write_text(entries.read_text().replace("other = ", "my-model = "))
    with pytest.raises(CheckpointError, match=r"gmf-\S+ 1.0 and gmf-\S+ 1.0 both bring a model"):
        gmf.load("my-model")


def test_without_a_name_the_starter_is_loaded_or_asked_for(exported, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("gmf.prediction.publishing.hub.STARTER", "my-model")
    with pytest.raises(
        CheckpointError, match=r"starter model, .* is not installed: run pip install"
    ):
        gmf.load()
    site = install(wheel_of(exported, tmp_path), tmp_path / "site", monkeypatch)
    assert gmf.load().source == site / "gmf_my_model"
    assert caplog.text.count("no model is named: gmf-my-model 1.0, the starter model") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *(
            ({"name": n}, "name: expected lower")
            for n in ("A", "a_b", "../x", "a--b", "-a", "1a", "")
        ),
        ({"name": "demo"}, "gmf-demo is another package"),
        ({"version": "one"}, "version: expected a version such as 1.0"),
        ({"license": "free"}, "license: expected an SPDX expression"),
        ({"license_file": Path("absent")}, "license_file: no such file"),
    ],
)
def test_wrong_names_versions_and_licences_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        parse_config(PackageOptions, {"name": "my-model", **options})


def test_wrong_models_and_folders_are_refused(exported, tmp_path):
    options = PackageOptions(name="my-model")
    with pytest.raises(ConfigError, match=r"exported in fp32; export its run again with --int8"):
        build_wheel(exported, tmp_path, options=options, int8=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"is there already"):
        write_project(exported, tmp_path, options=options)
    with pytest.raises(CheckpointError, match=r"expected a checkpoint with"):
        build_wheel(tmp_path, tmp_path / "out", options=options)
    assert not (tmp_path / "out").exists()


def test_a_package_asks_for_the_runtime_that_gmf_asks_for(exported, tmp_path):
    folder = write_project(exported, tmp_path / "p", options=PackageOptions(name="my-model"))
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    own, runtime = map(Requirement, project["dependencies"])
    assert own.specifier.contains(gmf.__version__)
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert str(runtime) in ours["optional-dependencies"]["onnx"]


def test_every_block_of_the_page_runs(exported, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(exported, "runs/RUN")
    Path("posts.jsonl").write_text(json.dumps({"text": TEXT}))
    Path("data").mkdir()
    Path("data/test.txt").write_text("IMGID:1\nRocky\tB-PER\nin\tO\nOslo\tB-LOC\n")
    page = (ROOT / "docs" / "package.md").read_text("utf-8")
    for kind, block in re.findall(r"```(\w+)\n(.*?)```", page, re.DOTALL):
        if kind == "python":
            exec(compile(block, "package.md", "exec"), {})
            continue
        for words in map(shlex.split, block.strip().splitlines()):
            if words[0] == "gmf":
                assert exit_status(monkeypatch, *words[1:]) == 0, capsys.readouterr().err
            elif words[2].endswith(".whl"):
                install(words[2], tmp_path / "site", monkeypatch)
    assert json.loads(Path("entities.jsonl").read_text())["text"] == TEXT
    assert gmf.load("my-model").source == tmp_path / "site" / "gmf_my_model"
