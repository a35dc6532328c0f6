"""Readers, inputs, outputs and proposers of others: one file, or a package, and no edit of ours."""

import json
import sys

import pytest
from fixtures.command import run
from fixtures.rule_engine import rule_model, rule_pipeline
from PIL import Image

from gmf.checks.examine import examine_folder
from gmf.checks.repair import repair_folder
from gmf.core.errors import ConfigError
from gmf.core.registry import CODE_VARIABLE
from gmf.core.suffixes import names_by_suffix
from gmf.core.types import Region, Sample
from gmf.jobs import job
from gmf.jobs.files import predict_files
from gmf.jobs.inputs.names import input_files
from gmf.jobs.inputs.open import input_formats
from gmf.jobs.inputs.rows import InputOptions, Row, RowSource, Shard
from gmf.jobs.inputs.several import Inputs
from gmf.jobs.outputs.base import LineFormat
from gmf.jobs.outputs.open import output_formats
from gmf.reading.image_tasks import collect_images
from gmf.reading.jsonl import JsonlReader
from gmf.reading.readers import read_split, readers, splits_of
from gmf.regions.registry import region_proposers

PARTS = '''
"""A reader of `word/tag word/tag | image`, an input, an output and a proposer."""

from pathlib import Path

from gmf.core.errors import DataError
from gmf.core.types import ImageInput, Region, Sample
from gmf.reading.reader import Reader, read_lines
from gmf.reading.readers import readers
from gmf.jobs.inputs.open import input_formats
from gmf.jobs.inputs.rows import Row, RowSource
from gmf.jobs.outputs.base import LineFormat
from gmf.jobs.outputs.open import output_formats
from gmf.regions.precomputed import PrecomputedProposer
from gmf.regions.registry import region_proposers


class SlashReader(Reader):
    """Words and tags with a slash between them, one sample a line."""

    suffixes = (".slash",)

    def read(self, path, *, on_fault=None):
        samples = []
        for number, line in enumerate(read_lines(path), 1):
            words, _, image = line.partition(" | ")
            pairs = [word.rpartition("/") for word in words.split()]
            if not all(token for token, _, _ in pairs):
                on_fault(DataError("expected word/tag", path=path, line=number))
                continue
            samples.append(
                Sample(
                    id=f"{path.stem}-{number}",
                    tokens=tuple(token for token, _, _ in pairs),
                    tags=tuple(tag for _, _, tag in pairs),
                    images=(ImageInput(path.parent / image),) if image else (),
                    origin=f"{path}:{number}",
                )
            )
        return samples


class CommaSource(RowSource):
    """Words with commas between them."""

    suffixes = (".commas",)

    def rows(self):
        for number, line in enumerate(read_lines(self.path), 1):
            name, origin = self.default_id(number), f"{self.path}:{number}"
            yield Row(number, name, origin, Sample(name, tuple(line.split(",")), origin=origin))


class NamesFormat(LineFormat):
    """The entities alone, one document a line."""

    suffixes = (".names",)

    def render(self, row, document):
        return f"{row.id}: {'; '.join(entity.text for entity in document.entities)}\\n"


def build_corner(choice):
    """The upper left corner."""
    return PrecomputedProposer("corner", regions={"a.png": [Region((0, 0, 4, 4))]}, digest="")
'''
DECORATED = """
readers.register("slash")(SlashReader)
input_formats.register("commas")(CommaSource)
output_formats.register("names")(NamesFormat)
region_proposers.register("corner")(build_corner)
"""
ENTRIES = """
[gmf.readers]
slash = slashes:SlashReader
[gmf.input_formats]
commas = slashes:CommaSource
[gmf.output_formats]
names = slashes:NamesFormat
[gmf.region_proposers]
corner = slashes:build_corner
"""
REGISTRIES = (readers, input_formats, output_formats, region_proposers)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """Registries are as before when the test is over."""
    monkeypatch.setenv(CODE_VARIABLE, "")
    before = set(sys.modules)
    registered = [dict(registry._registered) for registry in REGISTRIES]
    yield
    for registry, parts in zip(REGISTRIES, registered, strict=True):
        registry._registered.clear()
        registry._registered.update(parts)
        registry.__dict__.pop("_packaged", None)
    for name in {"slashes", *(n for n in sys.modules if n.startswith("gmf_code_"))} - before:
        sys.modules.pop(name, None)


@pytest.fixture(params=["file", "package"])
def options(request, tmp_path, monkeypatch):
    """Bring the parts by ``--code`` or by an installed package; return the options for it."""
    place = tmp_path / "theirs"
    place.mkdir()
    if request.param == "file":
        path = place / "slash_parts.py"
        path.write_text(PARTS + DECORATED)
        return ["--code", str(path)]
    (place / "slashes.py").write_text(PARTS)
    info = place / "slashes-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slashes\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(place)
    for registry in REGISTRIES:
        registry.__dict__.pop("_packaged", None)
    return []


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    Image.effect_noise((8, 8), 80).convert("RGB").save(folder / "a.png")
    (folder / "train.slash").write_text("Ann/B-PER sings/O | a.png\nOscars/I-OTHER\n")
    (folder / "test.slash").write_text("Oslo/B-LOC calls/O | a.png\nbad/ \n/O\n")
    return folder


def test_they_are_listed_with_their_origin(options):
    rows = json.loads(run("formats", "list", "--json", *options).stdout)
    theirs = {(row["kind"], row["name"]): row for row in rows if row["origin"] != "gmf"}
    assert set(theirs) == {
        ("reader", "slash"),
        ("input", "commas"),
        ("output", "names"),
        ("proposer", "corner"),
    }
    row = theirs["reader", "slash"]
    assert row["suffixes"] == [".slash"]
    assert row["summary"] == "Words and tags with a slash between them, one sample a line."
    assert row["origin"] == (options[1] if options else "slashes 1.2")
    assert ".slash" in run("formats", "list", *options).stdout


def test_a_reader_serves_training_the_doctor_repair_and_regions(options, folder, tmp_path):
    run("formats", "list", *options)
    (folder / "regions.jsonl").write_text('{"image": "a.png", "regions": [{"box": [0,0,2,2]}]}\n')
    assert splits_of(folder) == ["train", "test"]
    first, second = read_split(folder, "train")
    assert (first.tokens, first.tags) == (("Ann", "sings"), ("B-PER", "O"))
    assert first.images[0].regions == (Region((0, 0, 2, 2)),)
    assert second.tags == ("I-MISC",)
    faults = []
    assert [s.tokens for s in read_split(folder, "test", on_fault=faults.append)] == [
        ("Oslo", "calls")
    ]
    assert [str(fault) for fault in faults] == [
        f"{folder / 'test.slash'}:3: expected word/tag",
        f"{folder / 'test.slash'}:2, field 'tags': tag '': expected O, B-TYPE or I-TYPE, for "
        "example B-PER",
    ]
    report = examine_folder(folder)
    kinds = {(finding.kind, finding.file) for finding in report.findings}
    assert {("alias-type", "train.slash"), ("orphan-tag", "train.slash")} <= kinds
    assert ("format", "test.slash") in kinds
    assert not any(kind in ("absent-image", "stray-image") for kind, _ in kinds)
    assert repair_folder(folder, out=tmp_path / "copy") == {"train.slash": {}, "test.slash": {}}
    assert [(t.name, len(t.texts)) for t in collect_images(folder, splits=["train"])] == [
        ("a.png", 1)
    ]


def test_predict_reads_and_writes_their_formats(options, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(job, "load", lambda *_, **__: rule_pipeline())
    model = rule_model(tmp_path / "model")
    (tmp_path / "in.commas").write_text("Oslo,calls\nAnn,sings\nno,one\n")
    out = tmp_path / "out.names"
    shown = run("predict", model, tmp_path / "in.commas", "--output", out, *options)
    assert "3 documents of 3 rows" in shown.stdout
    assert out.read_text().splitlines() == ["in-1: Oslo", "in-2: Ann", "in-3: "]
    out = tmp_path / "again"
    source = folder / "test.slash"
    run("predict", model, source, "--output", out, "--output-format", "names", *options)
    assert [line.partition(":")[0] for line in out.read_text().splitlines()] == ["test-1", "test-2"]
    errors = [
        json.loads(line) for line in (tmp_path / "again.errors.jsonl").read_text().splitlines()
    ]
    assert [(e["row"], e["origin"]) for e in errors] == [(3, f"{source}:3")]


def test_regions_are_found_by_their_proposer(options, folder, tmp_path):
    out = tmp_path / "found"
    run("regions", folder, "--proposer", "corner", "--split", "train", "--out", out, *options)
    row = json.loads((out / "regions.jsonl").read_text())
    assert (row["image"], row["regions"][0]["box"]) == ("a.png", [0.0, 0.0, 4.0, 4.0])


def test_an_ending_belongs_to_one_part():
    class Twice(JsonlReader):
        pass

    readers.register("twice")(Twice)
    with pytest.raises(
        ConfigError, match=r"readers 'jsonl' of gmf and 'twice' .* both claim .*jsonl"
    ):
        names_by_suffix(readers)


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match=r"output format 'jsonll': .*did you mean 'jsonl'"):
        output_formats.get("jsonll")
    with pytest.raises(ConfigError, match=r"proposer 'yolo': .*did you mean 'yolos'"):
        region_proposers.get("yolo")


class BrokenSource(RowSource):
    """Rows that end in an error of a library."""

    suffixes = (".broken",)

    def rows(self):
        yield Row(1, "a", f"{self.path}:1", Sample("a", ("Oslo",)))
        if self.path.stem == "late":
            yield Row(2, "b", f"{self.path}:2", Sample("b", ("calls",)))
        raise KeyError("rows")


class BrokenFormat(LineFormat):
    """Documents that cannot be written."""

    suffixes = (".broken",)

    def render(self, row, document):
        if document.entities:
            return "fine\n"
        raise KeyError(row.id)


def test_an_input_that_raises_is_named_with_the_last_row(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "load", lambda *_, **__: rule_pipeline())
    input_formats.register("broken")(BrokenSource)
    path = tmp_path / "early.broken"
    path.touch()
    told = rf"input format 'broken' of .*test_strangers_formats.py: {path}: KeyError: 'rows' \(ra"
    with pytest.raises(ConfigError, match=told):
        predict_files(rule_model(tmp_path / "model"), path, tmp_path / "out.jsonl")
    path = tmp_path / "late.broken"
    path.touch()
    inputs = Inputs(input_files([path], options=InputOptions()), InputOptions())
    done = []
    with pytest.raises(ConfigError, match=rf"{path}: after {path}:2: KeyError: 'rows'"):
        done.extend(row.id for row in inputs.read(Shard(0, 1, 3)))
    assert done == ["a", "b"]


def test_an_output_that_raises_is_named_with_the_row(tmp_path, monkeypatch):
    monkeypatch.setattr(job, "load", lambda *_, **__: rule_pipeline())
    output_formats.register("broken")(BrokenFormat)
    path = tmp_path / "in.conll"
    path.write_text("Oslo\n\ncalls\n")
    with pytest.raises(ConfigError) as caught:
        predict_files(rule_model(tmp_path / "model"), path, tmp_path / "out.broken")
    assert "output format 'broken' of " in str(caught.value)
    assert f"{path}:3: KeyError: 'in-2'" in str(caught.value)
    assert not (tmp_path / "out.broken").exists()
