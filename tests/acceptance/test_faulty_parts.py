"""What is wrong with a stranger's part is told in one line, without a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gmf.core.errors import ConfigError
from gmf.core.registry import load_code
from gmf.reading.readers import read_file, readers

ROOT = Path(__file__).parents[2]
LATE_FUSION = ROOT / "examples" / "late_fusion.py"
READER = """
from gmf.reading.reader import Reader
from gmf.reading.readers import readers

@readers.register("mine")
class Mine(Reader):
    suffixes = (".mine",)
    def read(self, path, *, on_fault=None):
        return 1 / 0
"""
FORMAT = """
from gmf.jobs.outputs.base import LineFormat
from gmf.jobs.outputs.open import output_formats

@output_formats.register("jsonl")
class Mine(LineFormat):
    def render(self, row, document):
        return ""
"""


@pytest.fixture
def fault(tmp_path):
    """Run a command that must fail; return what it says."""

    def run(*arguments, site=None):
        paths = [str(ROOT / "src"), *([str(site)] if site else [])]
        process = subprocess.run(
            [sys.executable, "-m", "gmf", *map(str, arguments)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "GMF_CODE": ""},
            cwd=tmp_path,
            check=False,
        )
        assert process.returncode in (1, 2), process.stdout + process.stderr
        errors = [line for line in process.stderr.splitlines() if line]
        assert len(errors) == 1, process.stderr
        return errors[0]

    return run


def code(folder, text):
    path = folder / "mine.py"
    path.write_text(text)
    return "--code", path


def test_a_typo_in_the_options_of_a_model_names_the_option(fault):
    told = fault(
        *("train", "late-fusion.twitter2017", "model.image_droput=0.2", "data.folder=."),
        *("--code", LATE_FUSION),
    )
    assert "model.image_droput" in told
    assert "did you mean 'image_dropout'" in told


def test_a_syntax_error_names_file_and_line(fault, tmp_path):
    told = fault("models", "list", *code(tmp_path, "x = 1\ny = (\n"))
    assert "mine.py: SyntaxError: '(' was never closed (mine.py, line 2)" in told


def test_a_taken_name_is_refused(fault, tmp_path):
    told = fault("models", "list", *code(tmp_path, FORMAT))
    assert "output format 'jsonl' in" in told
    assert "the name is taken by gmf; choose another" in told


def test_a_reader_that_raises_is_named(fault, tmp_path):
    (tmp_path / "train.mine").write_text("x\n")
    told = fault("data", "stats", tmp_path, *code(tmp_path, READER))
    assert "reader 'mine' of " in told
    assert f"{tmp_path / 'train.mine'}: ZeroDivisionError: division by zero (raised at" in told
    assert told.endswith("mine.py:9)")


@pytest.mark.parametrize(
    ("returned", "fault_told"),
    [
        ("None", "TypeError: 'NoneType' object is not iterable"),
        ("[{}]", "read: sample 1: expected a Sample, got {}"),
        ("[Sample(7, ('a',))]", "read: sample 1: id: expected text, got 7"),
        (
            "[Sample('7', 'ab')]",
            "tokens: expected a tuple of words, none empty, got 'ab'",
        ),
        ("[Sample('7', ('a', ''))]", "tokens: expected a tuple of words, none empty"),
        ("[Sample('7', ('a', 'b'), ('O',))]", "tags: expected None or a tuple of 2 tags"),
        ("[Sample('7', ('a',), (None,))]", "tags: expected None or a tuple of 1 tags, got (None,)"),
    ],
)
@pytest.mark.parametrize("command", ["stats", "doctor"])
def test_a_reader_that_reads_no_samples_is_named(fault, tmp_path, command, returned, fault_told):
    (tmp_path / "train.mine").write_text("x\n")
    text = READER.replace("1 / 0", returned).replace(
        "from gmf.reading.reader ", "from gmf.core.types import Sample\nfrom gmf.reading.reader "
    )
    told = fault("data", command, tmp_path, *code(tmp_path, text))
    assert "reader 'mine' of " in told
    assert fault_told in told


def test_a_reader_may_yield(tmp_path):
    (tmp_path / "a.yielded").write_text("x\n")
    text = READER.replace("return 1 / 0", "yield Sample('7', ('a',), ('O',))")
    text = text.replace("mine", "yielded").replace("Mine", "Yielded")
    text = text.replace(
        "from gmf.reading.reader ", "from gmf.core.types import Sample\nfrom gmf.reading.reader "
    )
    (tmp_path / "yielded.py").write_text(text)
    load_code(tmp_path / "yielded.py")
    assert [sample.id for sample in read_file(tmp_path / "a.yielded")] == ["7"]
    readers._registered.pop("yielded")


@pytest.mark.parametrize("text", [None, "raise RuntimeError('no')\n", "x = (\n"])
def test_an_entry_point_that_does_not_import_names_its_package(fault, tmp_path, text):
    info = tmp_path / "site" / "stranger-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[gmf.models]\nbroken = broken_model:Broken\n")
    if text is not None:
        (tmp_path / "site" / "broken_model.py").write_text(text)
    told = fault("train", "broken.twitter2017", "data.folder=.", site=tmp_path / "site")
    assert "model 'broken': broken_model:Broken of stranger 1.2 cannot be imported" in told


KINDS = {
    "model": ("gmf.models.registry", "models", "gmf.models.base.MnerModel"),
    "reader": ("gmf.reading.readers", "readers", "gmf.reading.reader.Reader"),
    "input format": ("gmf.jobs.inputs.open", "input_formats", "gmf.jobs.inputs.rows.InputFormat"),
    "output format": ("gmf.jobs.outputs.open", "output_formats", "gmf.jobs.outputs.base.OutputF"),
    "metric": ("gmf.evaluation.metrics.registry", "METRICS", "gmf.evaluation.metrics.base.Metric"),
    "document format": (
        "gmf.exchange.formats",
        "document_formats",
        "gmf.exchange.base.ReadableFormat or gmf.exchange.base.WritableFormat",
    ),
    "text encoder family": ("gmf.models.text_encoders", "TEXT_FAMILIES", "TextFamily"),
    "image encoder family": ("gmf.models.image_encoders", "IMAGE_FAMILIES", "ImageFamily"),
    "proposer": ("gmf.regions.registry", "region_proposers", "a function"),
    "command": ("gmf.cli.commands", "commands", "a function"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_of_the_wrong_kind_is_refused(kind, tmp_path):
    module, registry, expected = KINDS[kind]
    path = tmp_path / f"wrong_{registry}.py"
    part = "42" if expected == "a function" else "dict"
    path.write_text(f"from {module} import {registry}\n{registry}.register('wrong')({part})\n")
    with pytest.raises(ConfigError) as caught:
        load_code(path)
    told = str(caught.value)
    assert f"{kind} 'wrong' in " in told
    assert f"expected {expected}" in told or "expected a class derived from gmf." in told
    assert expected in told
    assert told.endswith("got <class 'dict'>" if part == "dict" else "got 42")


UNFINISHED = {
    "models": ("gmf.models.base import MnerModel", "forward"),
    "readers": ("gmf.reading.reader import Reader", "read, suffixes"),
    "input_formats": ("gmf.jobs.inputs.rows import RowSource", "rows"),
    "output_formats": ("gmf.jobs.outputs.base import LineFormat", "render"),
    "METRICS": ("gmf.evaluation.metrics.base import Metric", "measure, title"),
    "document_formats": ("gmf.exchange.base import TextFormat", "render"),
    "IMAGE_FAMILIES": (
        "gmf.models.image_encoders.base import ImageFamily",
        "model_class, stages, strides",
    ),
}


@pytest.mark.parametrize("registry", UNFINISHED)
def test_a_part_that_lacks_something_is_refused(registry, tmp_path):
    module = next(module for module, name, _ in KINDS.values() if name == registry)
    base, lacks = UNFINISHED[registry]
    path = tmp_path / f"unfinished_{registry}.py"
    path.write_text(
        f"from {module} import {registry}\nfrom {base} as Base\n"
        f"@{registry}.register('unfinished')\nclass Unfinished(Base):\n    pass\n"
    )
    told = rf"'unfinished' in .*{path.name}: Unfinished lacks {lacks}, which"
    with pytest.raises(ConfigError, match=told):
        load_code(path)


def test_an_entry_point_of_the_wrong_kind_names_its_package(fault, tmp_path):
    info = tmp_path / "site" / "stranger-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[gmf.models]\nwrong = os:path\n")
    told = fault("train", "wrong.twitter2017", "data.folder=.", site=tmp_path / "site")
    assert "model 'wrong' in os:path of stranger 1.2: expected a class derived from" in told


def test_a_proposer_that_builds_none_is_named(fault, tmp_path):
    (tmp_path / "train.conll").write_text("Ann\tB-PER\n")
    text = """
from gmf.regions.registry import region_proposers
region_proposers.register("mine")(lambda choice: 5)
"""
    told = fault(
        *("regions", tmp_path, "--proposer", "mine", "--out", tmp_path / "out"),
        *code(tmp_path, text),
    )
    assert "proposer 'mine' of " in told
    assert (
        "TypeError: expected a proposer with queries_of, propose, source, needs_picture, got 5"
        in told
    )


def test_a_command_that_cannot_be_read_is_named(fault, tmp_path):
    text = """
from gmf.cli.commands import commands
@commands.register("mine")
def mine(word: list[dict[str, str]]):
    pass
"""
    told = fault("mine", "x", *code(tmp_path, text))
    assert "command 'mine' of " in told


STATED = [
    ("models", 'visual_inputs = "global"', r"expected tuple\[.*'global'.*, got 'global'"),
    ("models", 'visual_inputs = ("globl",)', r"expected tuple\[.*'global'.*, got \('globl',\)"),
    ("models", "Options = dict", r"expected type\[.*ModelOptions\], got <class 'dict'>"),
    ("models", "title = None", "expected str, got None"),
    ("METRICS", "title = 3", "expected str, got 3"),
    ("readers", 'suffixes = ".mine"', r"expected endings like \('.md',\), got '.mine'"),
    ("readers", 'suffixes = ("mine",)', r"expected endings like \('.md',\), got \('mine',\)"),
    ("output_formats", 'suffixes = (".MINE",)', r"expected endings like .*, got \('.MINE',\)"),
    ("input_formats", 'has_columns = "yes"', "expected bool, got 'yes'"),
]


@pytest.mark.parametrize(("registry", "stated", "told"), STATED)
def test_a_field_of_the_wrong_type_is_refused(registry, stated, told, tmp_path):
    module = next(module for module, name, _ in KINDS.values() if name == registry)
    methods = {
        "models": "forward",
        "readers": "read",
        "output_formats": "render",
        "input_formats": "rows",
        "METRICS": "measure",
    }
    fixed = {"METRICS": "title = ''", "readers": "suffixes = ()"}.get(registry, "pass")
    path = tmp_path / f"stated_{registry}_{abs(hash(stated))}.py"
    path.write_text(
        f"from {module} import {registry}\nfrom {UNFINISHED[registry][0]} as Base\n"
        f"@{registry}.register('stated')\nclass Stated(Base):\n    {fixed}\n    {stated}\n"
        f"    {methods[registry]} = lambda *_, **__: None\n"
    )
    field = stated.partition(" ")[0]
    with pytest.raises(ConfigError, match=rf"'stated' in .*{path.name}: Stated.{field}: {told}"):
        load_code(path)
