"""Rows mean one thing in files, in Python and in data sets; doubtful ones are told."""

import json
import re

import numpy as np
import pytest

from gmf.core.errors import DataError
from gmf.jobs.inputs.open import open_source
from gmf.jobs.inputs.rows import InputOptions
from gmf.prediction.user_input import sample_of_post
from gmf.reading.json_rows import SampleRow, parse_row
from gmf.reading.tokenize import tokenize


def the_row(path):
    source = open_source(path, options=InputOptions())
    ((row,),) = ([*source.read(shard)] for shard in source.shards(9))
    return row


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('text\nplain\n"x\ny"\n', "if line 3 begins a text of 2 lines, add --quoting csv"),
        ('text\tn\n"Dear\tall\nhello"\t1\n', "if line 2 begins a text of 2 lines"),
        ('text\n"x\n"y"\nz\n', ""),
        ('text\tn\n"x\ty\nsays "no"\t1\n', ""),
    ],
)
def test_quotes_of_a_tsv_that_may_hold_lines_are_told(tmp_path, content, told):
    path = tmp_path / "a.tsv"
    path.write_text(content)
    note = open_source(path, options=InputOptions()).note
    assert told in note if told else not note
    for quoting in ("csv", "none"):
        assert not open_source(path, options=InputOptions(quoting=quoting)).note


def test_lines_that_may_be_posts_are_told(tmp_path):
    path = tmp_path / "a.txt"
    for content, told in (("Oslo\nParis\n", True), ("Oslo\n\nParis\n", False)):
        path.write_text(content)
        note = open_source(path, options=InputOptions()).note
        assert ("if each line is a post, add --input-format text" in note) == told
    path.write_text("IMGID:1\nOslo\nParis\n")
    assert not open_source(path, options=InputOptions()).note


def test_sentences_without_blanks_are_posts_of_a_plain_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("\u5b89\u5728\u5965\u65af\u9646\u3002\n\u5929\u6c14\u5f88\u597d\u3002\n")
    source = open_source(path, options=InputOptions())
    rows = [row for shard in source.shards(9) for row in source.read(shard)]
    assert [len(row.sample.text) for row in rows] == [6, 5]
    path.write_text("\u5b89\n\u5728\n\u5965\u65af\u9646\n\u3002\n")
    assert len(the_row(path).sample.tokens) == 4


def test_images_named_above_plain_texts_are_not_lost(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("IMGID:33\nAnn Lee spoke in Oslo\n")
    source = open_source(path, options=InputOptions())
    (first, second) = (row for shard in source.shards(9) for row in source.read(shard))
    assert "'IMGID:33' names an image, and a plain text has none" in first.error
    assert second.sample.text == "Ann Lee spoke in Oslo"


def test_json_lines_are_no_table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('{"text": "Ann"}\n')
    with pytest.raises(DataError, match=r"looks like JSON lines.*name it \.jsonl"):
        open_source(path, options=InputOptions())


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".parquet"])
def test_a_list_of_texts_is_no_list_of_words(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    row = {"text": ["Ann in Oslo", "Bob went"]}
    message = r"list of texts such as 'Ann in Oslo': give each text as a post of its own"
    if suffix == ".parquet":
        table = pytest.importorskip("pyarrow").Table.from_pylist([row])
        pytest.importorskip("pyarrow.parquet").write_table(table, path)
    else:
        path.write_text(json.dumps([row] if suffix == ".json" else row))
    found = the_row(path)
    assert re.search(message, found.error)
    for post in (row, {"text": np.array(row["text"])}):
        with pytest.raises(DataError, match=message):
            sample_of_post(post)
    with pytest.raises(DataError, match=message):
        parse_row(SampleRow, json.dumps(row), path=path, line=1)
    assert sample_of_post({"tokens": ["New York", "\u00a0"]}).tokens == ("New York", "\u00a0")


def test_a_cell_with_a_list_of_images_is_one_everywhere(tmp_path):
    for cell, names in (
        ("['a.jpg', 'b.jpg']", ["a.jpg", "b.jpg"]),
        ('["a.jpg"]', ["a.jpg"]),
        ("[]", []),
        ("[a].jpg", ["[a].jpg"]),
        ("[1]", ["[1]"]),
    ):
        for images in (cell, [cell, None, ""]):
            sample = sample_of_post({"text": "Ann", "image": images})
            assert [image.source.name for image in sample.images] == names
        row = json.dumps({"text": "Ann", "image": cell})
        read = parse_row(SampleRow, row, path=tmp_path, line=1)
        assert [image.path for image in read.images] == names
        (tmp_path / "a.jsonl").write_text(row)
        found = the_row(tmp_path / "a.jsonl")
        assert [image.source.name for image in found.sample.images] == names


@pytest.mark.parametrize("more", [{}, {"includes": {}}, {"id": 1}])
def test_a_text_in_an_inner_object_is_told_with_its_column(tmp_path, more):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"data": {"text": "Ann"}, **more}))
    found = the_row(path)
    assert found.error.endswith("; a text lies in 'data.text': add --text-column data.text")
    path.write_text(json.dumps({"data": {"text": "Ann"}, "annotations": []}))
    found = the_row(path)
    assert "Label Studio" in found.error


DATES = {
    "timestamp": ([10**18, 1], "timestamp[us]"),
    "timestamp_s": ([10**15, 1], "timestamp[s]"),
    "date32": ([10**8, 1], "date32[day]"),
    "date64": ([86_400_000 * 10**7, 86_400_000], "date64[ms]"),
    "duration": ([2**60, 1], "duration[s]"),
}


@pytest.mark.parametrize("column", ["id", "kept"])
@pytest.mark.parametrize("kind", DATES)
@pytest.mark.parametrize("suffix", [".arrow", ".parquet"])
def test_a_date_that_python_cannot_hold_is_an_error_of_its_row(tmp_path, kind, column, suffix):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path, (values, name) = tmp_path / f"a{suffix}", DATES[kind]
    if suffix == ".parquet" and kind == "timestamp_s":
        pytest.skip("Parquet has no seconds")
    table = pa.table({"text": ["a", "b"], column: pa.array(values, pa.type_for_alias(name))})
    if suffix == ".arrow":
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
    else:
        pq.write_table(table, path)
    options = InputOptions(keep=("kept",) if column == "kept" else ())
    source = open_source(path, options=options)
    ((first, second),) = ([*source.read(shard)] for shard in source.shards(9))
    assert f"column '{column}': its " in first.error
    assert "beyond the dates and durations of Python (years 1 to 9999)" in first.error
    assert "UTF-8" not in first.error
    assert ("identifier" in second.error) == (column == "id")


def test_only_text_is_said_to_be_expected_in_utf8(tmp_path):
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"text": ["a"], "t": pa.array([1], pa.timestamp("us", "Nowhere/City"))})
    with pa.ipc.new_file(str(tmp_path / "a.arrow"), table.schema) as writer:
        writer.write_table(table)
    source = open_source(tmp_path / "a.arrow", options=InputOptions(keep=("t",)))
    ((row,),) = ([*source.read(shard)] for shard in source.shards(9))
    assert (
        "column 't': its timestamp[us, tz=Nowhere/City] cannot be read: no such time zone is known"
        in row.error
    )
    assert "UTF-8" not in row.error


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".parquet", ".txt"])
def test_a_text_that_is_too_long_is_an_error_of_its_row(tmp_path, suffix):
    """Unbounded, its words would take memory without end, and the job with it."""
    path, long = tmp_path / f"a{suffix}", "a" * 16_700_000
    if suffix == ".parquet":
        pq = pytest.importorskip("pyarrow.parquet")
        pq.write_table(pytest.importorskip("pyarrow").table({"text": [long, "b"]}), path)
    elif suffix == ".txt":
        path.write_text(f"{long}\nb\n")
    else:
        items = [json.dumps({"text": text}) for text in (long, "b")]
        path.write_text(f"[{','.join(items)}]" if suffix == ".json" else "\n".join(items))
    source = open_source(path, options=InputOptions(format="text" if suffix == ".txt" else None))
    ((first, second),) = ([*source.read(shard)] for shard in source.shards(9))
    assert "16700000 characters; expected at most 1000000: divide the text" in first.error
    assert second.sample.tokens == ("b",)


def test_a_long_text_is_refused_everywhere_before_its_words_are_looked_for():
    with pytest.raises(DataError, match=r"field 'text': 1000001 characters; expected at most"):
        sample_of_post("a" * 1_000_001)
    with pytest.raises(DataError, match=r"field 'tokens': 1000002 characters; expected at most"):
        sample_of_post({"tokens": ["a" * 500_001, "b" * 500_001]})
    with pytest.raises(ValueError, match=r"1000001 characters; expected at most"):
        tokenize("a" * 1_000_001)
    assert len(sample_of_post("ab " * 300_000).tokens) == 300_000


def test_an_item_of_a_list_costs_no_more_than_a_line(tmp_path):
    items = ('{"text": "a"}', '{"text": "b", "text": "c"}', '{"text": "d"}')
    (tmp_path / "a.json").write_text(f"[{', '.join(items)}]")
    (tmp_path / "a.jsonl").write_text("\n".join(items))
    read = []
    for suffix in (".json", ".jsonl"):
        source = open_source(tmp_path / f"a{suffix}", options=InputOptions())
        read.append([row for shard in source.shards(2) for row in source.read(shard)])
    for rows in read:
        assert [row.sample and row.sample.text for row in rows] == ["a", None, "d"]
    assert read[0][1].error == read[1][1].error
    assert read[0][1].origin == f"{tmp_path / 'a.json'}, item 2"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("great\tpos\nawful\tneg\nmeh\tneu\n", True),
        ("great\tpos\n\nawful\tneg\n", False),
        ("IMGID:1\ngreat\tpos\nawful\tneg\n", False),
        ("Ann\tB-PER\nis\tO\n", False),
        (" IMGID:1\nAnn\tB-PER\nis\tO\n", False),
        ("1\tAnn\tPROPN\n2\tis\tAUX\n3\there\tADV\n", False),
    ],
)
def test_words_beside_a_label_are_told_to_be_one_post(tmp_path, content, told):
    (tmp_path / "a.conll").write_text(content)
    note = open_source(tmp_path / "a.conll", options=InputOptions()).note
    assert ("text among them, and add --input-format csv" in note) == told


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_header_of_a_table_behind_another_is_no_post(tmp_path, mark):
    (tmp_path / "a.csv").write_text(f"{mark}id, text\n1,Ann\n{mark}id, text\n2,Bob\n")
    source = open_source(tmp_path / "a.csv", options=InputOptions())
    first, header, last = (row for shard in source.shards(9) for row in source.read(shard))
    assert (first.id, last.id, header.sample) == ("1", "2", None)
    assert "repeats the header" in header.error
