"""The public surface: what `import gmf` gives, how fast, and that the page lists the same names."""

import re
import subprocess
import sys
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest
import yaml

import gmf

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "public-names.md"


def in_a_new_process(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_dir_lists_the_public_names_and_nothing_else():
    assert dir(gmf) == sorted(gmf.__all__)
    needed = (
        "__version__ load Pipeline Document Entity read_samples train evaluate predict_files score"
    )
    assert set(needed.split()) <= set(dir(gmf))


@pytest.mark.parametrize("name", sorted(set(gmf.__all__) - {"__version__"}))
def test_every_public_name_is_documented_with_its_parameters(name):
    value = getattr(gmf, name)
    parameters = [p for p in signature(value).parameters if p != "self"]
    assert parameters
    assert [p for p in parameters if f"{p}:" not in value.__doc__] == []


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="'gmf' has no attribute 'nothing'"):
        _ = gmf.nothing


def test_importing_gmf_and_looking_at_it_imports_no_library():
    code = (
        "import sys, gmf; dir(gmf); gmf.__version__;"
        "print(sorted({'torch', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    assert in_a_new_process(code) == "[]"


@pytest.mark.parametrize("name", ["load", "read_samples", "score", "predict_files", "Document"])
def test_what_needs_no_torch_imports_none(name):
    code = f"import sys, gmf; gmf.{name}; print('torch' in sys.modules)"
    assert in_a_new_process(code) == "False"


def test_the_page_lists_the_public_names_and_modules():
    top, extensions = PAGE.read_text(encoding="utf-8").split("## For extensions")
    assert set(re.findall(r"^\| `gmf\.(\w+)`", top, re.MULTILINE)) == set(gmf.__all__)
    row = re.compile(r"^\| `(gmf(?:\.\w+)+)` \| ([^|]+) \|", re.MULTILINE)
    modules = row.findall(extensions)
    assert len(modules) >= 8
    for module, names in modules:
        for name in re.findall(r"`(\w+)`", names):
            assert hasattr(import_module(module), name), (module, name)


def test_whatever_guides_and_examples_import_is_public():
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(gmf(?:\.\w+)+)` \| ([^|]+) \|", page, re.MULTILINE)
    public = {module: set(re.findall(r"`(\w+)`", names)) for module, names in rows}
    files = [*(ROOT / "docs" / "extend").glob("*.md"), *(ROOT / "examples").rglob("*.py")]
    imports = re.compile(r"^from (gmf\.[\w.]+) import (\([^)]*\)|[^\n(]+)", re.MULTILINE)
    private = [
        f"{file.name}: {module}.{name}"
        for file in files
        for module, names in imports.findall(file.read_text(encoding="utf-8"))
        if not module.startswith("gmf.models.modules")
        for name in re.findall(r"\w+", names)
        if name not in public.get(module, ())
    ]
    assert len(files) > 10
    assert private == []


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == gmf.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[?(\d+\.\d+\.\d+)", changes, re.MULTILINE)[0] == gmf.__version__
