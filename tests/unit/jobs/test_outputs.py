"""What is written can be read back by the tools that it is for."""

import csv
import json
from datetime import date
from decimal import Decimal

import pytest
from fixtures.rule_engine import rule_pipeline

from gmf.core.files import replacing
from gmf.core.types import ImageInput, Sample
from gmf.evaluation.files.read import read_labelled_file
from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.open import output_formats, output_name
from gmf.jobs.parquet import pyarrow_parquet
from gmf.prediction.user_input import sample_of

POSTS = [
    ("a/b", "Ann Lee is in  Oslo 😀!"),
    ("33", "no one here"),
    ("a/b", "😀 New\r\nYork\n\n"),
    ("", "  "),
]


def rows():
    for number, (name, text) in enumerate(POSTS, 1):
        yield Row(number, name, f"in:{number}", sample_of(text, name=name))
    words = Sample("w", ("New", "\u00a0", "York", "x y"), images=(ImageInput(b"1234"),))
    yield Row(len(POSTS) + 1, "w", "in:5", words)


def written(tmp_path, name, *, shard_rows=2):
    """Write the rows in shards, merge them, and return the output and what could not be held."""
    output, folder = output_formats.get(name)(), tmp_path / "shards"
    folder.mkdir()
    refused = []
    listed = list(rows())
    pipeline = rule_pipeline()
    documents = list(pipeline.predict(row.sample for row in listed))
    for start in range(0, len(listed), shard_rows):
        with replacing(folder / f"{start:05d}{output.suffix}") as half:
            writer = output.open(half)
            for row, document in zip(listed, documents, strict=True):
                if start < row.number <= start + shard_rows:
                    try:
                        writer.add(row, document)
                    except ValueError as error:
                        refused.append((row.number, str(error)))
            writer.close()
    (folder / ".00009.half").touch()
    target = tmp_path / f"out{output.suffix}"
    output.merge(folder, target, types=("LOC", "PER"))
    return target, documents, refused


def expected(documents):
    return [[(e.char_start, e.char_end, e.type) for e in d.entities] for d in documents]


def test_there_is_something_to_write(tmp_path):
    documents = list(rule_pipeline().predict(row.sample for row in rows()))
    assert [[e.text for e in d.entities] for d in documents] == [
        ["Ann Lee", "Oslo"],
        [],
        ["New\r\nYork"],
        [],
        ["New", "York"],
    ]


def test_jsonl(tmp_path):
    target, documents, refused = written(tmp_path, "jsonl")
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert refused == []
    assert [(line["row"], line["id"], line["text"]) for line in lines] == [
        (row.number, row.id, d.text) for row, d in zip(rows(), documents, strict=True)
    ]
    for line, document in zip(lines, documents, strict=True):
        assert line["entities"] == [entity.to_dict() for entity in document.entities]
    assert lines[4]["tokens"] == ["New", "\u00a0", "York", "x y"]
    assert lines[4]["tags"] == list(documents[4].tags)


def test_jsonl_can_be_scored(tmp_path):
    target, documents, _ = written(tmp_path, "jsonl")
    kept = [line for line in target.read_text().splitlines() if '"text": "  "' not in line]
    target.write_text("\n".join(kept))
    read = read_labelled_file(target)
    found = [[e.type for e in tweet.scored or ()] for tweet in read.samples]
    assert found == [[e.type for e in d.entities] for d in documents if d.words]


def test_parquet(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    target, documents, _ = written(tmp_path, "parquet")
    table = parquet.read_table(target).to_pylist()
    assert [row["row"] for row in table] == [1, 2, 3, 4, 5]
    for row, document in zip(table, documents, strict=True):
        assert {"text": row["text"], "entities": row["entities"], "notes": row["notes"]} == (
            document.to_dict()
        )


def test_conll(tmp_path):
    target, documents, refused = written(tmp_path, "conll")
    assert refused == [(4, "CoNLL cannot hold a post without words")]
    blocks = target.read_text().removesuffix("\n\n").split("\n\n")
    assert [block.split("\n")[0] for block in blocks] == [
        f"IMGID:{name}" for name in ("a/b", "33", "a/b", "w")
    ]
    kept = [d for d in documents if d.words]
    for block, document in zip(blocks, kept, strict=True):
        lines = [line.split("\t") for line in block.split("\n")[1:]]
        assert [tag for _, tag in lines] == list(document.tags)
        assert [word for word, _ in lines] == [document.text[s:e] for s, e in document.words]
    writer = output_formats.get("conll")().open(tmp_path / "other")
    document = rule_pipeline()("Ann")
    for name in ("a\nb", "a\tb", "-DOCSTART-"):
        with pytest.raises(ValueError, match="CoNLL cannot hold identifier"):
            writer.add(Row(1, name, "", None), document)
    writer.close()


def test_label_studio(tmp_path):
    target, documents, _ = written(tmp_path, "label-studio")
    tasks = json.loads(target.read_text())
    assert [task["data"]["text"] for task in tasks] == [d.text for d in documents]
    assert tasks[4]["data"]["images"] == ["<4 bytes>"]
    for task, document in zip(tasks, documents, strict=True):
        results = task["predictions"][0]["result"]
        values = [result["value"] for result in results]
        assert [(v["start"], v["end"], *v["labels"]) for v in values] == [
            (e.char_start, e.char_end, e.type) for e in document.entities
        ]
        assert all(task["data"]["text"][v["start"] : v["end"]] == v["text"] for v in values)
        assert len({result["id"] for result in results}) == len(results)
        assert all(result["score"] for result in results)


def test_brat(tmp_path):
    target, documents, _ = written(tmp_path, "brat")
    assert (target / "annotation.conf").read_text().startswith("[entities]\nLOC\nPER\n")
    files = sorted(target.glob("*/*.txt"))
    assert [path.name for path in files] == [
        "0000001-a_b.txt",
        "0000002-33.txt",
        "0000003-a_b.txt",
        "0000004-.txt",
        "0000005-w.txt",
    ]
    for path, document in zip(files, documents, strict=True):
        text = path.read_bytes().decode()
        assert text == document.text.replace("\r\n", "\n")
        lines = path.with_suffix(".ann").read_text().splitlines()
        found = [line.split("\t") for line in lines if line.startswith("T")]
        assert len(found) == len(document.entities)
        for (_, place, shown), entity in zip(found, document.entities, strict=True):
            label, _, spans = place.partition(" ")
            pieces = [text[int(s) : int(e)] for s, e in (x.split() for x in spans.split(";"))]
            assert label == entity.type
            assert " ".join(pieces) == shown
            assert "".join(pieces) == entity.text.replace("\r", "").replace("\n", "")
        assert len(lines) == 2 * len(found)


def test_spacy(tmp_path):
    pytest.importorskip("spacy")
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    target, documents, _ = written(tmp_path, "spacy")
    files = sorted(path for path in target.iterdir() if path.suffix == ".spacy")
    docs = [doc for path in files for doc in DocBin().from_disk(path).get_docs(Vocab())]
    assert [doc.text for doc in docs] == [d.text for d in documents]
    assert [[(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in docs] == (
        expected(documents)
    )
    assert [doc.user_data["gmf"]["row"] for doc in docs] == [1, 2, 3, 4, 5]
    assert list(docs[0].user_data["gmf"]["confidences"]) == [
        e.confidence for e in documents[0].entities
    ]


@pytest.mark.parametrize("name", output_formats)
def test_an_output_without_rows(tmp_path, name):
    pytest.importorskip("pyarrow")
    pytest.importorskip("spacy")
    output = output_formats.get(name)()
    (tmp_path / "shards").mkdir()
    output.merge(tmp_path / "shards", tmp_path / "out", types=())
    assert (tmp_path / "out").exists()
    if name == "label-studio":
        assert json.loads((tmp_path / "out").read_text()) == []


def test_formats_by_name(tmp_path):
    from gmf.core.errors import ConfigError

    assert output_name(tmp_path / "a.JSON") == "label-studio"
    assert output_name(tmp_path / "a", "brat") == "brat"
    with pytest.raises(ConfigError, match="expected an output that ends with"):
        output_name(tmp_path / "a")


def test_kept_dates_and_decimals_stand_in_csv_without_quotes():
    kept = {"day": date(2020, 1, 2), "price": Decimal("1.10"), "said": 'a "b"', "list": ["x"]}
    output = output_formats.get("csv")()
    output.columns = tuple(kept)
    sample = sample_of("Ann Lee", name="a")
    (document,) = rule_pipeline().predict([sample])
    line = output.render(Row(1, "a", "in:1", sample, columns=kept), document)
    (cells,) = csv.reader([line])
    assert cells[-4:] == ["2020-01-02", "1.10", 'a "b"', '["x"]']


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb", "a\nb", 'a"\rb,'])
@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_every_line_end_in_a_text_is_read_back(tmp_path, name, text):
    output = output_formats.get(name)()
    sample = sample_of(text, name="x")
    (document,) = rule_pipeline().predict([sample])
    content = output.opening + output.render(Row(1, "x", "in:1", sample), document)
    path = tmp_path / "out"
    path.write_text(content, encoding="utf-8", newline="")
    with path.open(newline="", encoding="utf-8") as file:
        read = list(csv.reader(file, delimiter=output.delimiter))
    assert [row[2] for row in read] == ["text", text]


def test_half_a_surrogate_pair_costs_its_own_row_alone(tmp_path):
    output = output_formats.get("parquet")()
    output.columns = {"author": None}
    sample = sample_of("Ann", name="x")
    (document,) = rule_pipeline().predict([sample])
    writer = output.open(tmp_path / "a.parquet")
    for number, author in enumerate(("a", "\ud83d", "b"), 1):
        row = Row(number, "x", f"in:{number}", sample, columns={"author": author})
        if author == "\ud83d":
            with pytest.raises(ValueError, match=r"author: character 1 is half of a"):
                writer.add(row, document)
        else:
            writer.add(row, document)
    writer.close()
    table = pyarrow_parquet().read_table(tmp_path / "a.parquet").to_pylist()
    assert [(row["row"], row["author"]) for row in table] == [(1, "a"), (3, "b")]
