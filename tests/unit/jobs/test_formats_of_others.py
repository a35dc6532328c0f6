"""Formats of others that break their contract: one error names the format, and says what came."""

from pathlib import Path

import numpy as np
import pytest
from fixtures.rule_engine import rule_model, rule_pipeline

from gmf.core.errors import ConfigError
from gmf.core.types import ImageInput, Sample
from gmf.jobs import job
from gmf.jobs.files import predict_files
from gmf.jobs.inputs.open import input_formats
from gmf.jobs.inputs.rows import Row, RowSource
from gmf.jobs.outputs.base import LineFormat, OutputFormat
from gmf.jobs.outputs.open import output_formats
from gmf.reading.reader import Reader
from gmf.reading.readers import readers

ANN = Sample("1", ("Ann", "sings"))


@pytest.fixture
def predict(tmp_path, monkeypatch):
    """Predict a file of an ending to one of another; return the report."""
    monkeypatch.setattr(job, "load", lambda *_, **__: rule_pipeline())
    for registry in (readers, input_formats, output_formats):
        monkeypatch.setattr(registry, "_registered", {})

    def run(source=".conll", target=".jsonl"):
        path = tmp_path / f"in{source}"
        path.write_text("Oslo\n")
        return predict_files(rule_model(tmp_path / "model"), path, tmp_path / f"out{target}")

    return run


def row(sample=ANN, *, number=1, name="1", error="", columns=None):
    return Row(number, name, "in:1", sample, error, {} if columns is None else columns)


def placed(*offsets):
    return Sample("1", ("Ann", "sings"), text="Ann sings", offsets=offsets)


@pytest.mark.parametrize(
    ("yielded", "told"),
    [
        (None, "rows: expected a Row, got None"),
        (ANN, "rows: expected a Row, got Sample"),
        (row(number=0), r"rows: expected number 1 \(from 1, one after the other\), got 0"),
        (row(name=7), "rows: row 1: id: expected text, got 7"),
        (row(None), "rows: row 1: expected either a sample or an error, got Row"),
        (row(error="both"), "rows: row 1: expected either a sample or an error, got Row"),
        (row(columns=["a"]), r"rows: row 1: columns: expected a mapping, got \['a'\]"),
        (row(Sample("1", "Ann")), "rows: row 1: tokens: expected a tuple of words"),
        (row(Sample("1", ("Ann",), images=("a.png",))), "images: expected a tuple of ImageInput"),
        (row(Sample("1", ("a",), images=(ImageInput("a.png"),))), "images: expected a tuple of"),
        (row(placed((0, 3))), "offsets: expected None or a tuple of 2 pairs"),
        (row(placed((0, 3), (4, 99))), r"offsets: expected \(start, end\) inside .*got \(4, 99\)"),
        (row(placed((0, 2), (4, 8))), r"offsets \(0, 2\) hold 'An', one character off .*'Ann'"),
        (row(placed((0, 3), (5, 9))), r"offsets \(5, 9\) hold 'ings', one character off .*'sings'"),
        (row(placed((1, 4), (5, 9))), r"offsets \(1, 4\) hold 'nn ', one character off"),
        (row(placed((np.int64(0), 3), (4, 9))), r"offsets: expected .*got \(np.int64\(0\), 3\)"),
        (row(Sample("1", ("a",), text=b"a")), "text: expected None or text, got b'a'"),
    ],
)
def test_an_input_that_yields_no_rows_is_named(predict, yielded, told):
    @input_formats.register("mine")
    class Mine(RowSource):
        suffixes = (".mine",)

        def rows(self):
            yield yielded

    with pytest.raises(
        ConfigError, match=rf"input format 'mine' of {__file__}: .*TypeError: .*{told}"
    ):
        predict(".mine")


def test_an_input_whose_rows_are_a_list_with_words_that_are_written_otherwise_is_fine(predict):
    @input_formats.register("mine")
    class Mine(RowSource):
        suffixes = (".mine",)

        def rows(self):
            text, offsets = "AT&amp;T sings", ((0, 2), (2, 7), (7, 8), (9, 14))
            return [row(Sample("1", ("AT", "&", "T", "sings"), text=text, offsets=offsets))]

    assert predict(".mine").documents == 1


def test_a_reader_that_reads_no_samples_is_named_where_it_is_an_input(predict):
    @readers.register("mine")
    class Mine(Reader):
        suffixes = (".mine",)

        def read(self, path, *, on_fault=None):
            return [{}]

    with pytest.raises(ConfigError, match=rf"reader 'mine' of {__file__}: .*expected a Sample"):
        predict(".mine")


class Whole(OutputFormat):
    """A format that does nothing wrong."""

    suffixes = (".mine",)

    def open(self, path: Path):
        path.touch()
        return self

    def add(self, row, document):
        pass

    def close(self):
        pass

    def merge(self, folder, target, *, types):
        target.touch()


def nothing(*_, **__):
    return None


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"open": nothing}, "TypeError: open: expected a writer with add and close, got None"),
        ({"open": lambda self, _: self}, "open: its writer wrote nothing at its path"),
        ({"merge": nothing}, "merge: expected to find a file at its target .*out.mine"),
        (
            {"merge": lambda _, __, target, **___: target.mkdir()},
            "merge: expected to find a file at its target .*out.mine",
        ),
        (
            {"merge": lambda _, __, target, **___: target.touch(), "is_file": False},
            "merge: expected to find a folder at its target",
        ),
    ],
)
def test_an_output_that_writes_nothing_is_named(predict, tmp_path, broken, told):
    output_formats.register("mine")(type("Mine", (Whole,), {**broken, "__module__": __name__}))
    with pytest.raises(ConfigError, match=rf"output format 'mine' of {__file__}: .*{told}"):
        predict(target=".mine")
    assert not (tmp_path / "out.mine").exists()


def test_an_output_that_writes_all_is_fine(predict):
    output_formats.register("mine")(Whole)
    assert predict(target=".mine").documents == 1


def test_a_document_that_is_rendered_as_no_text_is_named(predict):
    @output_formats.register("mine")
    class Mine(LineFormat):
        suffixes = (".mine",)

        def render(self, row, document):
            return None

    told = rf"output format 'mine' of {__file__}: .*conll:1: TypeError: render: expected text, got"
    with pytest.raises(ConfigError, match=told):
        predict(target=".mine")
