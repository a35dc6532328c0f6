"""Columns that go to the output as they are: none of them makes it unreadable."""

import csv
import json
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
from fixtures.rule_engine import rule_model, rule_pipeline

from gmf.core.errors import ConfigError
from gmf.jobs import job
from gmf.jobs.files import predict_files
from gmf.jobs.inputs.open import open_source
from gmf.jobs.inputs.rows import InputOptions
from gmf.jobs.job import JobOptions
from gmf.jobs.outputs.kept import in_json

ROWS = (
    '{"text": "Ann", "a": NaN, "b": {"c": [1e999, 1]}}\n'
    '{"text": "Bob", "a": 1.5, "b": null}\n'
    '{"text": "Cy", "a": "\\ud800", "b": 1}\n'
    '{"text": "Di", "a": 1, "b": {"\\ud800": 1}}\n'
)
NOTE = "column {!r}: NaN or infinity is no number of JSON, null stands in its place"
HALF = "column '{}': character 1 is half of a surrogate pair: expected Unicode text; decode"


@pytest.fixture
def predict(tmp_path, monkeypatch):
    """Predict the rows to a file; return it, and what is said of the rows."""
    monkeypatch.setattr(job, "load", lambda *_, **__: rule_pipeline())
    source = tmp_path / "in.jsonl"
    source.write_text(ROWS)

    def predicted(name):
        output = tmp_path / name
        options = JobOptions(input=InputOptions(keep=("a", "b")))
        report = predict_files(rule_model(tmp_path / "model"), source, output, options=options)
        errors = Path(f"{output}.errors.jsonl").read_text().splitlines()
        assert [json.loads(error)["row"] for error in errors] == [3, 4]
        for error, column in zip(errors, "ab", strict=True):
            assert HALF.format(column) in json.loads(error)["error"]
        return output, report

    return predicted


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_json_lines_are_json(predict):
    output, report = predict("out.jsonl")
    first, second = map(strict, output.read_text().splitlines())
    assert (first["a"], first["b"], second["a"]) == (None, {"c": [None, 1]}, 1.5)
    assert first["notes"] == [NOTE.format("a"), NOTE.format("b")]
    assert (second["notes"], report.noted) == ([], 1)


def test_cells_of_tables_are_json(predict):
    output, report = predict("out.csv")
    with output.open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["a"], strict(first["b"]), second["a"]) == ("NaN", {"c": [None, 1]}, "1.5")
    assert (strict(first["notes"]), report.noted) == ([NOTE.format("b")], 1)


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_what_is_nested_too_deeply_to_be_written_costs_its_row_alone(tmp_path, monkeypatch, name):
    monkeypatch.setattr(job, "load", lambda *_, **__: rule_pipeline())
    source = tmp_path / "in.jsonl"
    deep = "[" * 900 + "]" * 900
    source.write_text(f'{{"text": "Ann", "a": {deep}}}\n{{"text": "Bob", "a": 1}}\n')
    options = JobOptions(input=InputOptions(keep=("a",)))
    report = predict_files(rule_model(tmp_path / "m"), source, tmp_path / name, options=options)
    assert (report.rows, report.errors) == (2, 1)
    assert "a kept column is nested too deeply" in report.first_error


def test_texts_of_parquet_are_json(predict):
    parquet = pytest.importorskip("pyarrow.parquet")
    output, report = predict("out.parquet")
    first, second = parquet.read_table(output).to_pylist()
    assert (first["a"], strict(first["b"]), second["a"]) == (None, {"c": [None, 1]}, "1.5")
    assert (len(first["notes"]), report.noted) == (2, 1)


def test_a_number_with_a_type_stays_what_it_is(tmp_path, monkeypatch):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(job, "load", lambda *_, **__: rule_pipeline())
    source, output = tmp_path / "in.parquet", tmp_path / "out.parquet"
    parquet.write_table(pa.table({"text": ["Ann"], "a": [float("inf")]}), source)
    options = JobOptions(input=InputOptions(keep=("a",)))
    assert predict_files(rule_model(tmp_path / "m"), source, output, options=options).noted == 0
    assert parquet.read_table(output)["a"].to_pylist() == [float("inf")]


def test_what_is_no_float_does_not_count_as_changed():
    columns = {"a": Decimal("NaN"), "b": (1, 2.0), "c": date(2020, 1, 1), "d": [("k", 1)]}
    assert in_json(columns) == (columns, ())


@pytest.mark.parametrize("kind", ["interval", "run-end encoded"])
def test_a_type_that_parquet_cannot_hold_is_refused_before_any_work(tmp_path, kind):
    pa = pytest.importorskip("pyarrow")
    arrays = {
        "interval": pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
        "run-end encoded": pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), [7]),
    }
    table = pa.table({"text": ["Ann"], "fine": ["a"], "iv": arrays[kind]})
    source = tmp_path / "in.arrow"
    with pa.ipc.new_file(str(source), table.schema) as writer:
        writer.write_table(table)
    options = JobOptions(input=InputOptions(keep=("fine", "iv")))
    model, match = rule_model(tmp_path / "m"), r"column 'iv' is .*, which Parquet cannot hold"
    with pytest.raises(ConfigError, match=match):
        predict_files(model, source, tmp_path / "out.parquet", options=options)
    assert {path.name for path in tmp_path.iterdir()} == {"in.arrow", "m"}


def kept_of(tmp_path, array):
    """Return the rows of a table whose column ``a`` is kept."""
    pa = pytest.importorskip("pyarrow")
    source = tmp_path / "in.arrow"
    table = pa.table({"text": ["Ann"] * len(array), "a": array})
    with pa.ipc.new_file(str(source), table.schema) as writer:
        writer.write_table(table)
    opened = open_source(source, options=InputOptions(keep=("a",)))
    return [row for shard in opened.shards(9) for row in opened.read(shard)]


@pytest.mark.parametrize("nested", [False, True])
def test_nanoseconds_of_a_time_are_not_dropped(tmp_path, nested):
    pa = pytest.importorskip("pyarrow")
    values, kind = [1_000, 123_456_789, None], pa.time64("ns")
    array = pa.array([[v] for v in values], pa.list_(kind)) if nested else pa.array(values, kind)
    first, second, third = kept_of(tmp_path, array)
    assert first.columns["a"] == ([time(0, 0, 0, 1)] if nested else time(0, 0, 0, 1))
    assert third.columns["a"] == ([None] if nested else None)
    assert "column 'a'" in second.error
    assert "nanoseconds" in second.error
