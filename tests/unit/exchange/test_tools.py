"""What annotation tools export, in all their variants, is read right or refused by name."""

import json

import pytest

from gmf.core.errors import ConfigError, DataError
from gmf.exchange.convert import convert, read_documents
from gmf.exchange.document import Mention
from gmf.exchange.json_format import OTHER_ANNOTATION, SAME_ANNOTATION
from gmf.reading.readers import read_file


def found(path, **options):
    """Return text to entities for each document, and the report."""
    documents, report = read_documents(path, **options)
    texts = [(d.text, None if d.mentions is None else shown(d)) for d in documents]
    return texts, report


def shown(document):
    text = document.text
    return [(text[m.char_start : m.char_end], m.type) for m in document.mentions]


def saved(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def lines(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def region(start, end, label, **value):
    return {
        "type": "labels",
        "from_name": "label",
        "to_name": "text",
        "value": {"start": start, "end": end, "labels": [label], **value},
    }


def task(text, *annotations, **fields):
    return {"id": 7, "data": {"text": text}, "annotations": list(annotations), **fields}


ANN = [("Ann Lee in Oslo", [("Ann Lee", "PER"), ("Oslo", "LOC")])]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "label-studio",
            [task("Ann Lee in Oslo", {"result": [region(0, 7, "PER"), region(11, 15, "LOC")]})],
        ),
        (
            "label-studio",  # JSON-MIN
            [
                {
                    "id": 7,
                    "text": "Ann Lee in Oslo",
                    "label": [
                        {"start": 0, "end": 7, "text": "Ann Lee", "labels": ["PER"]},
                        {"start": 11, "end": 15, "text": "Oslo", "labels": ["LOC"]},
                    ],
                    "annotator": 1,
                    "annotation_id": 3,
                    "created_at": "2023-01-01",
                    "updated_at": "2023-01-01",
                    "lead_time": 1.5,
                }
            ],
        ),
        (
            "label-studio",  # Of before 1.0.
            [
                {
                    "id": 7,
                    "data": {"text": "Ann Lee in Oslo"},
                    "completions": [{"result": [region(0, 7, "PER"), region(11, 15, "LOC")]}],
                }
            ],
        ),
        (
            "doccano",
            {"id": 1, "text": "Ann Lee in Oslo", "label": [[0, 7, "PER"], [11, 15, "LOC"]]},
        ),
        (
            "doccano",
            {"id": 1, "data": "Ann Lee in Oslo", "labels": [[0, 7, "PER"], [11, 15, "LOC"]]},
        ),
        (
            "doccano",
            {
                "id": 1,
                "text": "Ann Lee in Oslo",
                "entities": [
                    {"id": 3, "label": "PER", "start_offset": 0, "end_offset": 7},
                    {"id": 4, "label": "LOC", "start_offset": 11, "end_offset": 15},
                ],
                "relations": [],
                "Comments": [],
            },
        ),
        (
            "prodigy",
            {
                "text": "Ann Lee in Oslo",
                "_input_hash": 4,
                "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0}],
                "spans": [
                    {"start": 0, "end": 7, "label": "PER"},
                    {"start": 11, "end": 15, "label": "LOC"},
                ],
                "answer": "accept",
            },
        ),
        (
            "gliner",
            {
                "tokenized_text": ["Ann", "Lee", "in", "Oslo"],
                "ner": [[0, 1, "PER"], [3, 3, "LOC"]],
            },
        ),
        (
            "huggingface",
            {
                "id": "0",
                "tokens": ["Ann", "Lee", "in", "Oslo"],
                "ner_tags": ["B-PER", "I-PER", "O", "B-LOC"],
            },
        ),
        (
            "huggingface",
            {
                "id": "0",
                "tokens": ["Ann", "Lee", "in", "Oslo"],
                "ner_tags": ["B-PER", "E-PER", "O", "S-LOC"],
            },
        ),
        ("spacy-examples", ["Ann Lee in Oslo", {"entities": [[0, 7, "PER"], [11, 15, "LOC"]]}]),
        (
            "gmf",
            {
                "text": "Ann Lee in Oslo",
                "entities": [
                    {"char_start": 0, "char_end": 7, "type": "PER"},
                    {"char_start": 11, "char_end": 15, "type": "LOC"},
                ],
            },
        ),
        (
            "gmf",
            {
                "row": 1,
                "id": "x-1",
                "text": "Ann Lee in Oslo",
                "entities": [
                    {"text": "Ann Lee", "type": "PER", "char_start": 0, "char_end": 7}
                    | {"confidence": 0.9},
                    {"text": "Oslo", "type": "LOC", "char_start": 11, "char_end": 15}
                    | {"confidence": 0.5},
                ],
                "notes": [],
            },
        ),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_known_export_is_recognised_and_read(tmp_path, name, content, mark):
    path = saved(tmp_path / "export.any", mark + json.dumps(content))
    texts, report = found(path)
    assert texts == ANN
    assert report.is_complete
    assert found(path, format=name)[0] == ANN


def test_label_studio_takes_no_cancelled_annotation(tmp_path):
    rows = [
        task("Oslo", {"was_cancelled": True, "result": [region(0, 4, "LOC")]}),
        task("Rome", {"was_cancelled": True, "result": []}, {"result": [region(0, 4, "LOC")]}),
        task("Bergen"),
        task("Turku", {"result": []}),
    ]
    texts, report = found(saved(tmp_path / "e.json", rows))
    assert texts == [("Rome", [("Rome", "LOC")]), ("Bergen", None), ("Turku", [])]
    assert report.read == 4
    assert len(report.faults) == 1
    assert "item 1: its annotation was cancelled" in report.faults[0]
    assert report.lost == {"cancelled annotation": 2}


def test_label_studio_with_several_annotators_names_what_is_not_taken(tmp_path):
    first, other = {"result": [region(0, 4, "LOC")]}, {"result": [region(0, 4, "PER")]}
    truth = other | {"ground_truth": True}
    rows = [task("Oslo", first, other), task("Oslo", first, truth), task("Oslo", first, first)]
    texts, report = found(saved(tmp_path / "e.json", rows))
    assert [entities for _, entities in texts] == [
        [("Oslo", "LOC")],
        [("Oslo", "PER")],
        [("Oslo", "LOC")],
    ]
    kind = "annotation of another annotator, different from the one taken"
    assert report.lost == {kind: 2}
    assert report.notes["annotation of another annotator, the same"] == 1


def test_label_studio_predictions_relations_and_other_results(tmp_path):
    rows = [
        {
            "id": 1,
            "data": {"text": "Oslo", "author": "x"},
            "predictions": [{"result": [region(0, 4, "LOC") | {"score": 0.5}], "score": 0.5}],
        },
        task(
            "Oslo",
            {
                "result": [
                    region(0, 4, "LOC"),
                    {"type": "relation", "from_id": "a", "to_id": "b"},
                    {"type": "choices", "value": {"choices": ["good"]}},
                    {"type": "labels", "value": {"start": 0, "end": 2, "labels": []}},
                ]
            },
        ),
    ]
    documents, report = read_documents(saved(tmp_path / "e.json", rows))
    assert documents[0].is_predicted
    assert documents[0].mentions == (Mention(0, 4, "LOC", 0.5),)
    assert not documents[1].is_predicted
    assert report.lost == {
        "relation": 1,
        "result of type 'choices'": 1,
        "region without a label": 1,
    }
    assert report.notes == {"field 'data.author' not carried": 1}


@pytest.mark.parametrize(
    ("start", "end", "note"), [(13, 23, True), (12, 22, False)], ids=["utf-16", "code points"]
)
def test_label_studio_offsets_are_those_of_the_text_that_a_result_carries(
    tmp_path, start, end, note
):
    text = "💩This is an annotation."
    rows = [task(text, {"result": [region(start, end, "X", text="annotation")]})]
    texts, report = found(saved(tmp_path / "e.json", rows))
    assert texts == [(text, [("annotation", "X")])]
    assert bool(report.notes) == note
    assert report.is_complete


def test_label_studio_text_of_a_result_may_have_other_white_space(tmp_path):
    text = "Text: Berlin,  Germany\r\nthere"
    shown = ["Berlin, Germany", "Germany\\nthere", "Germany\n\nthere"]
    spans = [(6, 22), (15, 29), (15, 29)]
    results = [region(s, e, "L", text=t) for (s, e), t in zip(spans, shown, strict=True)]
    texts, report = found(saved(tmp_path / "e.json", [task(text, {"result": results})]))
    assert report.is_complete
    assert len(texts[0][1]) == 2


def test_label_studio_refuses_a_result_that_is_another_text(tmp_path):
    rows = [
        task("Oslo in Rome", {"result": [region(0, 4, "L", text="Rome")]}),
        task("Oslo", {"result": []}),
    ]
    texts, report = found(saved(tmp_path / "e.json", rows))
    assert texts == [("Oslo", [])]
    assert "item 1: [0, 4) is 'Oslo' in the text, and 'Rome' in the annotation" in report.faults[0]


def test_label_studio_images_are_safe_paths(tmp_path):
    images = [
        "a/b.jpg",
        "/data/local-files/?d=pics/c%20d.jpg",
        "/data/upload/3/abc-d.png",
        "https://example.org/e.jpg",
        "s3://bucket/e.jpg",
        "data:image/png;base64,AAAA",
        "/etc/passwd",
        "../up.jpg",
        "/data/local-files/?d=../../up.jpg",
        "C:\\x.jpg",
        17,
    ]
    rows = [{"data": {"text": "Oslo", "images": images}, "annotations": [{"result": []}]}]
    documents, report = read_documents(saved(tmp_path / "e.json", rows))
    assert [i.path for i in documents[0].images] == ["a/b.jpg", "pics/c d.jpg", "3/abc-d.png"]
    assert report.lost == {
        "image at a URL": 3,
        "image inside the file (data: URI)": 1,
        "image with a path that leaves its folder": 3,
        "image given as int": 1,
    }


def test_doccano_counts_utf_16_units(tmp_path):
    rows = lines(
        {"id": 1, "text": "👨🏻\u200d🚒 firemen drive firetrucks", "label": [[22, 32, "VEHICLE"]]},
        {"id": 2, "text": "no emoji in Oslo", "label": [[12, 16, "LOC"]]},
    )
    path = saved(tmp_path / "e.jsonl", rows)
    expected = [[("firetrucks", "VEHICLE")], [("Oslo", "LOC")]]
    assert [entities for _, entities in found(path)[0]] == expected
    assert [e for _, e in found(path, offsets="utf-16")[0]] == expected


def test_doccano_files_that_count_code_points_are_seen_or_said(tmp_path):
    rows = lines({"text": "😀 Ann is in Oslo now", "label": [[2, 5, "PER"], [12, 16, "LOC"]]})
    path = saved(tmp_path / "e.jsonl", rows)
    assert found(path)[0][0][1] == [("Ann", "PER"), ("Oslo", "LOC")]
    assert found(path, offsets="code-points")[0][0][1] == [("Ann", "PER"), ("Oslo", "LOC")]
    wrong, report = found(path, offsets="utf-16")
    assert wrong[0][1] != [("Ann", "PER"), ("Oslo", "LOC")]
    assert report.notes == {"entity that begins or ends with white space": 2}


def test_doccano_relations_comments_and_unlabelled_texts(tmp_path):
    rows = lines(
        {"id": 1, "text": "a b", "entities": [], "relations": [{"id": 1}], "Comments": ["why"]},
        {"id": 1, "text": "c", "Comments": []},
    )
    texts, report = found(saved(tmp_path / "e.jsonl", rows))
    assert texts == [("a b", []), ("c", None)]
    assert report.lost == {"relation": 1, "comment": 1}
    assert report.notes == {"identifier that another document has too": 1}


def test_prodigy_takes_what_was_accepted(tmp_path):
    rows = lines(
        {"text": "Oslo", "spans": [{"start": 0, "end": 4, "label": "L"}], "answer": "reject"},
        {"text": "Oslo", "spans": [{"start": 0, "end": 4, "label": "L"}], "answer": "ignore"},
        {"text": "Oslo", "answer": "accept", "image": "a.jpg", "meta": {"id": "x"}},
        {"text": "Rome", "tokens": [{"text": "Rome", "start": 0, "end": 4, "id": 0}], "spans": []},
    )
    documents, report = read_documents(saved(tmp_path / "e.jsonl", rows))
    assert [(d.text, d.mentions, d.id) for d in documents] == [("Oslo", (), "x"), ("Rome", (), "")]
    assert [image.path for image in documents[0].images] == ["a.jpg"]
    assert documents[1].words == ((0, 4),)
    assert len(report.faults) == 2
    assert "e.jsonl:1: its answer is 'reject'" in report.faults[0]


@pytest.mark.parametrize("answer", ["accept", "reject"])
@pytest.mark.parametrize("kind", [{"_is_binary": True}, {"_view_id": "ner"}])
def test_binary_tasks_of_prodigy_say_nothing_of_other_words(tmp_path, kind, answer):
    span = {"start": 0, "end": 3, "label": "PER", "score": 0.5}
    task = {"text": "Ann in Oslo", "spans": [span], "answer": answer}
    whole = task | {"_view_id": "ner_manual", "_is_binary": False, "answer": "accept"}
    documents, report = read_documents(saved(tmp_path / "e.jsonl", lines(task | kind, whole)))
    assert [len(document.mentions) for document in documents] == [1]
    (fault,) = report.faults
    assert "e.jsonl:1: a binary task" in fault


OPTIONS = [{"id": "A", "text": "a"}]


@pytest.mark.parametrize(
    ("task", "is_labelled"),
    [
        ({"_view_id": "ner_manual"}, True),
        ({"_view_id": "blocks", "spans": [], "options": OPTIONS, "accept": ["A"]}, True),
        ({"_view_id": "choice", "options": OPTIONS, "accept": ["A"]}, False),
        ({"options": OPTIONS, "accept": []}, False),
        ({"label": "SPAM"}, False),
        ({"_view_id": "text_input", "user_input": "a"}, False),
    ],
)
def test_tasks_of_prodigy_that_ask_for_no_entities_are_left_out(tmp_path, task, is_labelled):
    rows = lines({"text": "Oslo", "answer": "accept", **task}, {"text": "Rome", "spans": []})
    documents, report = read_documents(saved(tmp_path / "e.jsonl", rows), format="prodigy")
    assert [(d.text, d.mentions) for d in documents] == [("Oslo", ())] * is_labelled + [
        ("Rome", ())
    ]
    assert len(report.faults) == (not is_labelled)
    assert is_labelled or "e.jsonl:1: a task of another kind" in report.faults[0]


@pytest.mark.parametrize("has_spans", [True, False])
def test_choices_of_label_studio_are_no_entities_and_no_lack_of_them(tmp_path, has_spans):
    choice = {"type": "choices", "value": {"choices": ["A"]}}
    span = {"type": "labels", "value": {"start": 0, "end": 4, "text": "Oslo", "labels": ["L"]}}
    results = ([choice], [choice, *([span] if has_spans else [])])
    tasks = [{"data": {"text": "Oslo"}, "annotations": [{"result": each}]} for each in results]
    documents, report = read_documents(saved(tmp_path / "e.json", json.dumps(tasks)))
    assert [len(d.mentions) for d in documents] == ([0, 1] if has_spans else [])
    assert report.lost == {"result of type 'choices'": 2}
    assert len(report.faults) == (0 if has_spans else 2)
    assert has_spans or "nobody was asked for its entities" in report.faults[0]


def test_numbers_as_tags_need_names(tmp_path):
    row = {"id": "0", "tokens": ["Ann", "Lee", "in", "Oslo"], "ner_tags": [1, 2, 0, 3]}
    path = saved(tmp_path / "train.jsonl", lines(row))
    _, report = found(path)
    assert "the tags are numbers and nothing names them" in report.faults[0]
    names = ["O", "B-PER", "I-PER", "B-LOC"]
    feature = {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "Sequence"}
    saved(tmp_path / "dataset_info.json", {"features": {"ner_tags": feature}})
    assert found(path)[0] == ANN


BRAT = (
    "T1\tPER 0 7\tAnn Lee\n"
    "T2\tLOC 11 15\tOslo\n"
    "#1\tAnnotatorNotes T1\twho is it?\n"
    "A1\tNegation T1\n"
    "R1\tLivesIn Arg1:T1 Arg2:T2\t\n"
    "N1\tReference T2 Wikipedia:534366\tOslo\n"
    "*\tEquiv T1 T2\n"
)


def test_brat_counts_what_has_no_room(tmp_path):
    saved(tmp_path / "b/sub/a.txt", "Ann Lee in Oslo")
    saved(tmp_path / "b/sub/a.ann", BRAT)
    texts, report = found(tmp_path / "b")
    assert texts == ANN
    assert report.lost == {
        "brat note": 1,
        "brat attribute": 1,
        "brat relation": 2,
        "brat normalisation": 1,
    }


def test_brat_events_and_discontinuous_entities_are_lost_by_name(tmp_path):
    saved(tmp_path / "b/a.txt", "north and south America\nNew\nYork won")
    saved(
        tmp_path / "b/a.ann",
        "T1\tLOC 0 5;16 23\tnorth America\nT2\tLOC 10 23\tsouth America\n"
        "T3\tLOC 24 27;28 32\tNew York\nT4\tWin 33 36\twon\nE1\tWin:T4 Who:T3\n",
    )
    texts, report = found(tmp_path / "b")
    assert texts[0][1] == [("south America", "LOC"), ("New\nYork", "LOC")]
    assert report.lost == {
        "discontinuous entity": 1,
        "brat event": 1,
        "brat event trigger": 1,
    }


@pytest.mark.parametrize(
    ("text", "ann", "note"),
    [
        ("\ufeffin Oslo", "T1\tL 4 8\tOslo\n", ""),
        ("\ufeffin Oslo", "T1\tL 3 7\tOslo\n", "byte order mark"),
        ("in\r\nthe Oslo", "T1\tL 8 12\tOslo\r\n", ""),
        ("in\r\nthe Oslo", "T1\tL 7 11\tOslo\n", "CR LF"),
        ("😀 in Oslo", "T1\tL 5 9\tOslo\n", ""),
        ("😀 in Oslo", "T1\tL 6 10\tOslo\n", "UTF-16"),
        ("a\\tb\tOslo [x]", "T1\tL 5 9\tOslo\n", ""),
    ],
)
def test_brat_offsets_are_those_of_the_text_of_the_line(tmp_path, text, ann, note):
    saved(tmp_path / "b/a.txt", text)
    saved(tmp_path / "b/a.ann", ann)
    texts, report = found(tmp_path / "b")
    assert [entities for _, entities in texts] == [[("Oslo", "L")]]
    assert [note in kind for kind in report.notes] == [True] * bool(note)


@pytest.mark.parametrize(
    ("ann", "words"),
    [
        ("T1\tLOC 11 99\tOslo\n", "T1 ends at 99, the text has 15 characters"),
        ("T1\tLOC 0 4\tOslo\n", "T1 is 'Ann ' in the text, and 'Oslo' in the line"),
        ("T1 LOC 11 15 Oslo\n", "line 1: expected an annotation of brat"),
        ("T1\tLOC 11\tOslo\n", "expected `T1<TAB>TYPE START END<TAB>TEXT`"),
        ("T1\tLOC 15 11\tOslo\n", "expected `T1<TAB>TYPE START END<TAB>TEXT`"),
        ("T1\tL 11 15\tOslo\nT1\tL 11 15\tOslo\n", "line 2: T1 is there twice"),
    ],
)
def test_brat_faults_are_named(tmp_path, ann, words):
    saved(tmp_path / "b/a.txt", "Ann Lee in Oslo")
    saved(tmp_path / "b/a.ann", ann)
    saved(tmp_path / "b/b.txt", "fine")
    saved(tmp_path / "b/b.ann", "")
    saved(tmp_path / "b/orphan.ann", "")
    texts, report = found(tmp_path / "b")
    assert texts == [("fine", [])]
    assert any(words in fault and "a.txt" in fault for fault in report.faults)
    assert any("orphan.ann: no text beside it" in fault for fault in report.faults)
    assert report.read == 3


HEAD = "#FORMAT=WebAnno TSV 3.{}\n#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|{}\n"


def test_webanno_numbers_stacks_and_sub_tokens(tmp_path):
    body = (
        "\n\n#Text=Ms. Haag plays Elianti\n"
        "1-1\t0-3\tMs.\t_\tPER[1]|PERpart[2]\t\n"
        "1-2\t4-8\tHaag\t_\tPER[1]\t\n"
        "1-3\t9-14\tplays\t_\t_\t\n"
        "1-3.1\t9-13\tplay\t_\tVERB\t\n"
        "1-4\t15-22\tElianti\thttp://wiki/Q1\tWORK\t\n"
    )
    path = saved(tmp_path / "doc.tsv", HEAD.format(3, "identifier|value") + body)
    texts, report = found(path)
    assert texts == [
        (
            "Ms. Haag plays Elianti",
            [("Ms. Haag", "PER"), ("Ms.", "PERpart"), ("play", "VERB"), ("Elianti", "WORK")],
        )
    ]
    assert report.lost == {"WebAnno feature NamedEntity.identifier": 1}


def test_webanno_offsets_are_utf_16_and_sentences_keep_their_places(tmp_path):
    body = (
        "\n\n#Text=I like it 😊 \\_x\\_ .\n1-1\t0-1\tI\t_\n1-2\t2-6\tlike\t_\n1-3\t7-9\tit\t_\n"
        "1-4\t10-12\t😊\t*\n1-5\t13-16\t\\_x\\_\tA\\[b\\]\\|c\n1-6\t17-18\t.\t_\n"
        "\n#Text=In\n#Text=Oslo\n2-1\t20-22\tIn\t_\n2-2\t23-27\tOslo\tLOC\n"
    )
    texts, report = found(saved(tmp_path / "doc.tsv", HEAD.format(2, "value") + body))
    assert texts == [
        ("I like it 😊 _x_ .  In\nOslo", [("_x_", "A[b]|c"), ("Oslo", "LOC")]),
    ]
    assert report.lost == {"entity without a type": 1}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("\n\n#Text=a\n1-1\t0-1\n", "line 5: expected sentence-token, begin-end, token"),
        ("\n\n1-1\t0-1\ta\t_\n", "line 5: expected #Text="),
        ("\n\n#Text=ab\n1-1\t0-1\tb\t_\n", "line 6: 0-1 is 'a' in the text, and 'b' in the line"),
        ("\n\n#Text=a\n1-1\t0-1\ta\tX[1\n", "value 'X[1': expected a name"),
    ],
)
def test_webanno_faults_are_named(tmp_path, body, words):
    with pytest.raises(DataError, match="none of its 1 documents"):
        convert(saved(tmp_path / "d.tsv", HEAD.format(3, "value") + body), tmp_path / "o.jsonl")
    _, report = found(tmp_path / "d.tsv")
    assert words.replace("line 5: expected sentence", "expected sentence") in report.faults[0]


@pytest.mark.parametrize(
    ("scheme", "rows"),
    [
        ("IOB1", ["I-PER", "I-PER", "B-PER", "O", "I-LOC"]),
        ("IOB2", ["B-PER", "I-PER", "B-PER", "O", "B-LOC"]),
        ("BIOES", ["B-PER", "E-PER", "S-PER", "O", "S-LOC"]),
        ("BILOU", ["B-PER", "L-PER", "U-PER", "O", "U-LOC"]),
        ("IO", ["I-PER", "I-PER", "I-PER", "O", "I-LOC"]),
    ],
)
def test_conll_of_every_scheme_is_read_and_written(tmp_path, scheme, rows):
    words = ["Ann", "Lee", "Bo", "in", "Oslo"]
    content = "IMGID:1\n" + "".join(f"{w}\t{t}\n" for w, t in zip(words, rows, strict=True)) + "\n"
    path = saved(tmp_path / "a.conll", content)
    texts, report = found(path)
    people = [("Ann Lee Bo", "PER")] if scheme == "IO" else [("Ann Lee", "PER"), ("Bo", "PER")]
    assert texts == [("Ann Lee Bo in Oslo", [*people, ("Oslo", "LOC")])]
    convert(path, tmp_path / "b.conll", scheme=scheme)
    assert (tmp_path / "b.conll").read_text() == content
    del report


def test_an_unknown_or_ambiguous_source_is_asked_for(tmp_path):
    with pytest.raises(ConfigError, match="not known as a format; name it with --from, one of gmf"):
        convert(saved(tmp_path / "a.json", {"a": 1}), tmp_path / "b.jsonl")
    with pytest.raises(ConfigError, match="the file is empty"):
        convert(saved(tmp_path / "a.jsonl", ""), tmp_path / "b.jsonl")
    with pytest.raises(DataError, match="no such file or folder"):
        convert(tmp_path / "none.json", tmp_path / "b.jsonl")
    with pytest.raises(ConfigError, match="did you mean 'doccano'"):
        convert(tmp_path / "a.json", tmp_path / "b.jsonl", from_format="docano")


def test_the_images_of_columns_are_those_of_training(tmp_path):
    content = "IMGID:1\nOslo\tB-LOC\n\nIMGID:2\nx\tO\n\n"
    saved(tmp_path / "d/train.txt", content)
    (tmp_path / "d/images").mkdir()
    (tmp_path / "d/images/1.PNG").touch()
    convert(tmp_path / "d/train.txt", tmp_path / "d/new.jsonl")
    samples = read_file(tmp_path / "d/new.jsonl")
    trained = read_file(tmp_path / "d/train.txt")
    assert [s.images for s in samples] == [s.images for s in trained]
    assert [s.images[0].source.name for s in samples] == ["1.PNG", "2.jpg"]
    report = convert(tmp_path / "d/new.jsonl", tmp_path / "d/again.json", to_format="gliner")
    assert report.lost == {"images": 2}
    (tmp_path / "d/images").rename(tmp_path / "d_images")
    report = convert(tmp_path / "d/train.txt", tmp_path / "d/other.jsonl")
    assert report.lost == {"image in a folder beside the one of its text": 2}


def by(name, *regions, **fields):
    return {"completed_by": name, "result": list(regions), **fields}


def test_entities_of_another_text_of_a_task_are_not_moved_to_the_first(tmp_path):
    title = region(0, 3, "PER", text="Bob") | {"to_name": "title"}
    both = task("Ann in Oslo", {"result": [region(0, 3, "PER", text="Ann"), title]})
    other = task("Ann in Oslo", {"result": [title]})
    of_text = task("Bob in Oslo", {"result": [title]})  # A tag that is named like another key.
    for row, name in ((both, "Bob went"), (other, "Bob went"), (of_text, "x")):
        row["data"]["title"] = name
    documents, report = read_documents(saved(tmp_path / "a.json", [both, other, of_text]))
    assert [d.text for d in documents] == ["Ann in Oslo", "Bob went", "Bob in Oslo"]
    assert [d.mentions for d in documents] == [(Mention(0, 3, "PER"),)] * 3
    assert report.lost == {"entity of another text of its task": 1}


def test_the_annotator_of_label_studio_is_chosen(tmp_path):
    ann = {"id": 7, "email": "ann@example.org"}
    rows = [
        task("Oslo", by(1, region(0, 4, "PER"), ground_truth=True), by(ann, region(0, 4, "LOC"))),
        task("Rome", by(1, region(0, 4, "LOC"))),
        task("Turku", by(7), by(7, region(0, 5, "LOC"))),
    ]
    path = saved(tmp_path / "e.json", rows)
    for name in ("7", "ann@example.org"):
        documents, report = read_documents(path, annotator=name)
        wanted = [("Oslo", "LOC")] if "@" in name else [("Oslo", "LOC"), ("Turku", "LOC")]
        assert [(d.text, d.mentions[0].type) for d in documents] == wanted
        assert report.read == len(documents) + len(report.faults)
        assert f"item 2: no annotation by '{name}'" in report.faults[0]
    assert len(report.lost) == 1
    with pytest.raises(ConfigError, match=r"annotator 'bob': .* 1, 7, ann@example\.org"):
        read_documents(path, annotator="bob")
    with pytest.raises(ConfigError, match="format 'conll' names no annotators"):
        read_documents(path, format="conll", annotator="bob")


def test_rows_of_several_annotators_are_one_document(tmp_path):
    def row(name, label, task_hash=5):
        span = {"start": 0, "end": 4, "label": label}
        own = {"_task_hash": task_hash, "_annotator_id": name} if name else {}
        return {"text": "Oslo", "spans": [span], "answer": "accept", **own}

    tasks = [row("db-a", "LOC"), row("db-b", "PER"), row("db-c", "LOC"), row("db-b", "X", 6)]
    path = saved(tmp_path / "e.jsonl", lines(*tasks, row("", "Y"), row("", "Y")))
    documents, report = read_documents(path)
    assert [d.mentions[0].type for d in documents] == ["LOC", "X", "Y", "Y"]
    assert report.read == 4
    assert report.lost == {OTHER_ANNOTATION: 1}
    assert report.notes == {SAME_ANNOTATION: 1}
    documents, report = read_documents(path, annotator="db-b")
    assert [d.mentions[0].type for d in documents] == ["PER", "X", "Y", "Y"]
    assert report.lost == {"annotation of another annotator than the one asked for": 2}
    minimal = [
        {"id": 1, "text": "Oslo", "label": [region(0, 4, t)["value"]], "annotator": n}
        | {"annotation_id": n}
        for n, t in ((1, "LOC"), (2, "PER"))
    ]
    path = saved(tmp_path / "m.json", minimal)
    assert [d.mentions[0].type for d in read_documents(path)[0]] == ["LOC"]
    assert [d.mentions[0].type for d in read_documents(path, annotator="2")[0]] == ["PER"]


def test_an_export_of_inception_has_a_file_an_annotator(tmp_path):
    def tsv(label):
        head = "#FORMAT=WebAnno TSV 3.3\n#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type."
        return f"{head}NamedEntity|value\n\n\n#Text=Oslo\n1-1\t0-4\tOslo\t{label}\t\n"

    made = {"annotation/a.txt/INITIAL_CAS": "_", "annotation/a.txt/ann": "LOC"}
    made |= {"annotation/a.txt/bob": "PER", "annotation/b.txt/ann": "ORG"}
    made |= {"annotation/b.txt/bob": "X", "curation/b.txt/CURATION_USER": "Y"}
    for name, label in made.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.tsv").write_text(tsv(label))
    documents, report = read_documents(tmp_path)
    assert [(d.id, d.mentions[0].type) for d in documents] == [("a.txt", "LOC"), ("b.txt", "Y")]
    assert (report.read, report.lost) == (2, {"annotation of another annotator": 3})
    documents, report = read_documents(tmp_path, annotator="bob")
    assert [d.mentions[0].type for d in documents] == ["PER", "X"]
    (tmp_path / "annotation/a.txt/bob.tsv").unlink()
    documents, report = read_documents(tmp_path, annotator="bob")
    assert (report.read, len(documents), len(report.faults)) == (2, 1, 1)
    assert "no annotation of a.txt by 'bob'" in report.faults[0]


def test_endings_in_capitals_and_files_of_no_format_are_told(tmp_path):
    folder = tmp_path / "brat"
    saved(folder / "a.TXT", "Oslo")
    saved(folder / "a.Ann", "T1\tLOC 0 4\tOslo\n")
    assert found(folder)[0] == [("Oslo", [("Oslo", "LOC")])]
    splits = tmp_path / "in"
    saved(splits / "train.jsonl", lines({"text": "Oslo", "entities": []}))
    for name in ("notes.docx", "a.jpg", "regions.jsonl", "context.jsonl"):
        (splits / name).touch()
    report = convert(splits, tmp_path / "out", to_format="gmf")
    assert report.notes == {
        "file of the folder that is of no format and is not read": 1,
        "file beside the texts that is not converted; copy it": 2,
    }


def test_a_draft_of_label_studio_is_lost_by_count(tmp_path):
    rows = [task("Oslo") | {"drafts": [{"result": [region(0, 4, "LOC")]}]}]
    texts, report = found(saved(tmp_path / "e.json", rows))
    assert texts == [("Oslo", None)]
    assert report.lost == {"draft of an annotation": 1}
