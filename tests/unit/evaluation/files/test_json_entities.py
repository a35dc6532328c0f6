"""Entities of JSON lines as other systems write them: read right, counted, or refused in words."""

import json

import pytest

from gmf.core.errors import DataError
from gmf.core.tags import entities_of
from gmf.evaluation.files.read import read_labelled_file
from gmf.exchange.convert import read_documents
from gmf.reading.readers import read_file

ANN = "Ann Lee in Oslo"


def read(tmp_path, *entities, text=ANN, **more):
    path = tmp_path / "found.jsonl"
    row = {"id": "1", "text": text, "entities": entities} | more
    path.write_text(json.dumps({k: v for k, v in row.items() if v is not None}))
    return read_labelled_file(path)


def entity(start, end, name, **more):
    return {"start": start, "end": end, "entity": name} | more


def found(file):
    return [(e.start, e.end, e.type) for e in entities_of(file.samples[0].first)]


def test_entities_without_offsets_are_refused_with_file_and_line(tmp_path):
    without = {"start": None, "end": None, "entity": "B-PER", "score": 0.9, "word": "ann"}
    message = r"found\.jsonl:1: entity of type B-PER: expected char_start and char_end, got none"
    with pytest.raises(DataError, match=message):
        read(tmp_path, without)


def test_types_with_blanks_are_trimmed_and_counted(tmp_path):
    file = read(tmp_path, entity(0, 7, "PER "), entity(11, 15, " B-LOC"))
    assert found(file) == [(0, 2, "PER"), (3, 4, "LOC")]
    assert file.respelled == {"PER  as PER": 1, " B-LOC as LOC": 1}


def test_words_outside_of_entities_are_no_entities(tmp_path):
    parts = (entity(0, 3, "B-PER", score=0.5), entity(4, 7, "I-PER", score=0.7))
    file = read(tmp_path, *parts, entity(8, 10, "O"), entity(11, 15, "O"))
    assert found(file) == [(0, 2, "PER")]
    assert file.respelled == {"O as no entity": 2, "B-PER as PER": 1, "I-PER as PER": 1}
    assert [round(e.confidence, 3) for e in file.samples[0].scored] == [0.6]


@pytest.mark.parametrize("name", ["B-ORG|B-LOC", "B-O", " ", "ORG,B-LOC"])
def test_what_is_no_one_type_is_refused(tmp_path, name):
    with pytest.raises(DataError, match=r"found\.jsonl:1: entity of type .*expected one type"):
        read(tmp_path, entity(0, 7, name))


def test_pieces_are_joined_wherever_they_stand(tmp_path):
    parts = entity(4, 7, "I-PER"), entity(11, 15, "b-loc"), entity(0, 3, "B-PER")
    assert found(read(tmp_path, *parts)) == [(0, 2, "PER"), (3, 4, "LOC")]
    path = tmp_path / "train.jsonl"
    rows = [{"char_start": e["start"], "char_end": e["end"], "type": e["entity"]} for e in parts]
    path.write_text(json.dumps({"text": ANN, "entities": rows}))
    assert read_file(path)[0].tags == ("B-PER", "I-PER", "O", "B-LOC")


def test_pieces_that_overlap_are_refused(tmp_path):
    with pytest.raises(DataError, match="overlaps another entity"):
        read(tmp_path, entity(0, 7, "B-PER"), entity(4, 7, "I-PER"))


@pytest.mark.parametrize("text", [ANN, None])
def test_pieces_by_words_are_joined_where_they_touch(tmp_path, text):
    words = [(0, 1, "B-PER"), (1, 2, "I-PER"), (3, 4, "I-PER")]
    rows = [{"word_start": s, "word_end": e, "type": name} for s, e, name in words]
    file = read(tmp_path, *rows, text=text, tokens=ANN.split())
    assert found(file) == [(0, 2, "PER"), (3, 4, "PER")]


def test_white_space_at_the_edges_is_counted(tmp_path):
    file = read(tmp_path, entity(0, 8, "PER"), entity(10, 14, "LOC"))
    assert found(file)[0] == (0, 2, "PER")
    assert "2 entities begin or end with white space, which is left out" in file.warning
    assert "such as line 1: [0, 8) is 'Ann Lee '" in file.warning


def test_offsets_outside_of_the_text_are_told_with_what_they_count(tmp_path):
    with pytest.raises(DataError, match=r"UTF-16 units.*'Oslo', characters 4 to 8"):
        read(tmp_path, entity(7, 11, "LOC"), text="😀😀😀 Oslo")


def test_those_with_a_confidence_keep_it_beside_those_without(tmp_path):
    file = read(tmp_path, entity(0, 7, "PER", score=0.9), entity(11, 15, "LOC"))
    assert [(e.type, e.confidence) for e in file.samples[0].scored] == [("PER", 0.9)]
    assert read(tmp_path, entity(0, 7, "PER")).samples[0].scored is None
    assert read(tmp_path).samples[0].scored == ()


@pytest.mark.parametrize(
    ("first", "second", "types"),
    [
        ("E-mail", "PER", ["E-mail", "PER"]),
        ("E-mail", "E-mail", ["E-mail", "E-mail"]),
        ("u-boot", "S-Bahn", ["BOOT", "Bahn"]),  # As all have the prefix of a tag.
        ("e-mail", "B-PER", ["MAIL", "PER"]),
        ("S-Bahn", "LOC", ["S-Bahn", "LOC"]),
        ("S-LOC", "LOC", ["LOC", "LOC"]),
        ("U-LOC", "B-LOC", ["LOC", "LOC"]),
        ("B-E-mail", "S-Bahn", ["E-mail", "Bahn"]),
        ("B-E-mail", "MISC", ["E-mail", "MISC"]),
    ],
)
def test_a_prefix_is_one_where_the_types_of_the_file_have_some(tmp_path, first, second, types):
    file = read(tmp_path, entity(0, 7, first), entity(11, 15, second))
    assert [name for *_, name in found(file)] == types
    path = tmp_path / "train.jsonl"
    parts = [
        {"text": ANN, "entities": [{"char_start": s, "char_end": e, "type": name}]}
        for s, e, name in ((0, 7, first), (11, 15, second))
    ]
    path.write_text("".join(f"{json.dumps(part)}\n" for part in parts))
    assert [e.type for s in read_file(path) for e in entities_of(s.tags)] == types
    documents, report = read_documents(path)
    assert [m.type for document in documents for m in document.mentions] == types
    assert sum(report.notes.values()) == sum(
        a != b for a, b in zip((first, second), types, strict=True)
    )


def test_service_labels_are_no_types_as_in_columns(tmp_path):
    file = read(tmp_path, entity(0, 7, "X"), entity(8, 10, "[CLS]"), entity(11, 15, "B-X"))
    assert found(file) == [(3, 4, "X")]
    assert file.respelled == {"X as no entity": 1, "[CLS] as no entity": 1, "B-X as X": 1}
