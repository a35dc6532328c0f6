"""Each kind of file that people bring, read right or refused in words, with what is reported."""

import json
import re
import time

import pytest

from gmf.core.errors import DataError
from gmf.core.tags import entities_of
from gmf.evaluation.files.read import read_labelled_file, read_pairs
from gmf.evaluation.scores import score
from gmf.exchange.convert import read_documents
from gmf.jobs.inputs.open import open_source
from gmf.jobs.inputs.rows import InputOptions
from gmf.reading.conll import read_conll
from gmf.reading.conll_lines import columns_of
from gmf.reading.readers import find_split, read_file, read_split
from gmf.reading.tag_schemes import read_tags
from gmf.reading.tokenize import tokenize


def read(tmp_path, content, name="train.txt"):
    """Return the samples of a file and what was reported, as training and scoring read it."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    notes = []
    return read_file(path, on_note=notes.append), notes


def both(tmp_path, content):
    """Return words and tags as training reads them; scoring must read the same."""
    samples, notes = read(tmp_path, content)
    scored = read_labelled_file(tmp_path / "train.txt", aliases={}).samples
    assert [(s.tokens, s.tags) for s in samples] == [(s.tokens, s.first) for s in scored]
    return [(s.tokens, s.tags) for s in samples], " ".join(notes)


ANN = (("Ann", "Lee", "in", "Oslo"), ("B-PER", "I-PER", "O", "B-LOC"))


@pytest.mark.parametrize(
    ("tags", "note"),
    [
        ("B-PER I-PER O B-LOC", ""),
        ("B-PER E-PER O S-LOC", "BIOES"),
        ("B-PER L-PER O U-LOC", "BILOU"),
        ("I-PER I-PER O I-LOC", "IOB1"),
        ("I-PER E-PER O E-LOC", "IOE;"),
        ("PER PER O LOC", "IO;"),
        ("b-per i-per o b-loc", "small letters"),
        ("B_PER I_PER O B_LOC", "underscore"),
        ("PER-B PER-I O LOC-B", "prefix at the end"),
    ],
)
@pytest.mark.parametrize("separator", ["\t", "\t\t", " ", "   ", "\t-\t", " NN "])
@pytest.mark.parametrize("end", ["", " "])
def test_schemes_separators_and_blanks(tmp_path, tags, note, separator, end):
    words = zip(ANN[0], tags.split(), strict=True)
    content = "".join(f"{word}{separator}{tag}{end}\n" for word, tag in words)
    read, notes = both(tmp_path, content)
    assert read == [ANN]
    assert note in notes
    assert ("blanks" in notes) == (bool(end) and "\t" in separator)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("B-A E-A I-A O", "B-A I-A B-A O"),
        ("B-A E-A B-A E-A", "B-A I-A B-A I-A"),
        ("S-A I-A S-A E-A", "B-A B-A B-A B-A"),
        ("O E-A I-B O S-A", "O I-A I-B O B-A"),
        ("I-A I-A B-A I-A I-B O", "B-A I-A B-A I-A B-B O"),
        ("B-A O I-A I-B", "B-A O I-A I-B"),
        ("I-A E-A I-A O", "B-A I-A B-A O"),
        ("I-A E-A E-A I-B E-B O E-A", "B-A I-A B-A B-B I-B O B-A"),
    ],
)
def test_an_end_ends_and_broken_bio2_stays(written, expected):
    assert " ".join(read_tags([written.split()]).tags[0]) == expected


def test_adjacent_iobes_are_scored_as_seqeval_does(tmp_path):
    rows = [
        *("North B-MISC B-MISC", "African E-MISC I-MISC", "Grand B-MISC I-MISC"),
        *("Prix E-MISC E-MISC", "", "New B-LOC B-LOC", "York E-LOC E-LOC", "city O I-LOC"),
    ]
    path = tmp_path / "both.txt"
    path.write_text("\n".join(rows).replace(" ", "\t") + "\n")
    pairs = read_pairs(path).pairs
    gold = [(p.id, e) for p in pairs for e in entities_of(p.gold)]
    predicted = [(p.id, e) for p in pairs for e in entities_of(p.predicted)]
    assert (len(gold), len(predicted), len(set(gold) & set(predicted))) == (3, 3, 1)


@pytest.mark.parametrize("comment", ["# id 7c1\tdomain=en", "# sent_id = 2", "# text = a b c"])
def test_comments_at_the_head_are_left_out_and_counted(tmp_path, comment):
    content = f"{comment}\n# more\nAnn\tB-PER\n#\tO\n#Oslo\tO\n\n\n{comment}\nBergen\tB-LOC\n"
    read, notes = both(tmp_path, content)
    assert [tokens for tokens, _ in read] == [("Ann", "#", "#Oslo"), ("Bergen",)]
    assert "3 comment lines" in notes
    samples, _ = read_file_of_ids(tmp_path, f"{comment}\nIMGID:5\n{comment}\na\tO\n")
    assert [(s.id, s.tokens) for s in samples] == [("5", ("a",))]
    with pytest.raises(DataError, match=r"train\.txt:3: expected 2 columns"):
        read_file_of_ids(tmp_path, "a\tO\nb\tO\n# no comment here\n")


COMMENTS = "# a\n# b\n\nAnn\tB-PER\n\n# c\n\nOslo\tB-LOC\n\n# d\n\n# e\n"


def test_comments_that_stand_alone_are_counted_everywhere(tmp_path):
    read, notes = both(tmp_path, COMMENTS)
    assert [tokens for tokens, _ in read] == [("Ann",), ("Oslo",)]
    assert "5 comment lines" in notes
    path = tmp_path / "train.txt"
    assert read_labelled_file(path).skipped_lines == 5
    source = open_source(path, options=InputOptions())
    rows = [row for shard in source.shards(1) for row in source.read(shard)]
    assert [row.sample.tokens for row in rows] == [("Ann",), ("Oslo",)]
    assert "5 comment lines" in source.note
    documents, report = read_documents(path)
    assert [document.text for document in documents] == ["Ann", "Oslo"]
    assert (*report.notes.values(),) == (5,)
    assert report.is_complete


def test_lines_of_conll_u_that_are_no_words_are_told_as_such(tmp_path):
    content = "# text = du\n1-2\tdu\tO\n1\tde\tO\n2\tle\tO\n3\tRhin\tB-LOC\n"
    assert (
        "2 comment lines (# ...) at the head of samples, and lines 1-2"
        in read(tmp_path, content)[1][0]
    )


def read_file_of_ids(tmp_path, content):
    return read(tmp_path, content)


def test_document_marks_and_lines_of_blanks_separate(tmp_path):
    read, _ = both(tmp_path, "-DOCSTART- -X- O\n\na\tO\n  \nb\tB-A\n \t \n-DOCSTART-\tO\nc\tO\n")
    assert [tokens for tokens, _ in read] == [("a",), ("b",), ("c",)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_other_encodings_are_read_by_training_and_scoring(tmp_path, encoding):
    content = "".join(f"{word}\t{tag}\r\n" for word, tag in zip(*ANN, strict=True))
    assert both(tmp_path, content.encode(encoding))[0] == [ANN]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Ann Lee spoke in Oslo\nBergen is wet\nWhat a day\n", "plain text, one post a line"),
        ("Ann,B-PER\nLee,I-PER\nin,O\n", "separated by ','"),
        ("Ann;B-PER\nLee;I-PER\nin;O\n", "separated by ';'"),
        ("Ann\u00a0B-PER\nLee\u00a0I-PER\nin\u00a0O\n", r"separated by '\\xa0'"),
        ("Ann B-PER\nLee\tI-PER\nin O\n", "TAB in some lines and by blanks in others"),
        ("B-PER\tAnn\nI-PER\tLee\nO\tin\n", "tags look to stand in column 1"),
        ("Ann\tB-PER\t\nLee\tI-PER\t\nin\tO\t\n", "a TAB stands behind each tag: remove it"),
        ("1 B-PER Ann\n2 I-PER Lee\n3 O in\n", "tags look to stand in column 2"),
        ("Ann\tB\nLee\tI\nin\tO\n", "tag 'B': expected O, B-TYPE"),
        ("Ann\tX\nin\tO\n", "tag 'X'"),
        ("Ann\t\uff22-PER\nin\tO\n", r"'\\uff22-PER' has full-width or invisible characters"),
        ("Ann\t\uff22_PER\nLee\t\uff29_PER\nin\tO\n", r"'\\uff22_PER' has full-width"),
        ("Ann\tB\u200b-PER\nLee\tI-PER\n", r"'B\\u200b-PER' has full-width"),
        ("Ann\tB-PER\nin\t\uff2f\n", r"'\\uff2f' has full-width"),
        ("Ann\tPER\nin\tO\nto\tO\u200b\n", r"tag 'PER'"),
        ("Ann\tB-PER\nLee\tPER\nin\tO\n", "tag 'PER'"),
        ("PK\x03\x04", "ZIP archive"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:a\n", "run git lfs pull"),
        ("\tAnn\tB-PER\n\tLee\tI-PER\n", "most words are empty"),
        ("Ann, B-PER\nLee, I-PER\nin, O\n", "most words end with ','"),
        ("Ann;\tB-PER\nLee;\tI-PER\nin;\tO\n", "most words end with ';'"),
        ('"Ann","B-PER"\n"Lee","I-PER"\n"in","O"\n', "separated by ','"),
        ("Token NER\nAnn B-PER\nLee I-PER\nin O\n", r"the first line is a header \('Token NER'\)"),
        ("Word,Tag\nAnn,B-PER\n", r"the first line is a header \('Word,Tag'\)"),
        ("Bank\tB-ORG|B-LOC\nin\tO\n", r"tag 'B-ORG\|B-LOC'"),
        ("Ann\tB-O\nin\tO\n", "tag 'B-O'"),
        ("Oslo\nAnn Lee is here\nBergen\n", "plain text, one post a line"),
        ("id\ttext\timage\n1\tAnn Lee\ta.jpg\n", "looks like a table of posts"),
        ("Ann\tB-PER|O\nin\tO\n", r"tag 'B-PER\|O'"),
        ("Ann\tB-PER#B-LOC\nin\tO\n", "tag 'B-PER#B-LOC'"),
        ("Ann\tB PER\nin\tO\n", "tag 'B PER'"),
        ("Ann\u2003B-PER\nin\u2003O\n", r"separated by '\\u2003'"),
        ("1\tAnn\tB-PER\n1\tLee\tI-PER\n2\tin\tO\n2\tOslo\tB-LOC\n", "name of a sentence"),
        ("Sentence: 1\tAnn\tB-PER\n\tLee\tI-PER\n\tin\tO\nSentence: 2\tx\tO\n", "of a sentence"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words_by_both(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, content)
    if "X" not in content:  # A service label is scored as O.
        with pytest.raises(DataError, match=message.partition("tag ")[2].rstrip(": ") or message):
            read_labelled_file(tmp_path / "train.txt")


@pytest.mark.parametrize(
    ("word", "second"),
    [("0", ["O", "O", "B-PER", "O", "O"]), ("ha", ["UH", "UH", "NN", "UH", "UH"])],
)
def test_words_that_repeat_are_no_names_of_sentences(tmp_path, word, second):
    tags = ["O", "O", "B-PER", "O", "O"]
    content = "".join(
        f"{word}\t{middle}\t{tag}\n" for middle, tag in zip(second, tags, strict=True)
    )
    read, _ = both(tmp_path, content)
    assert read == [((word,) * 5, tuple(tags))]


def test_numbers_before_two_columns_of_tags_are_words(tmp_path):
    (sample,), _ = read(tmp_path, "0\tO\tO\n1\tB-PER\tO\n2\tO\tB-LOC\n")
    assert (sample.tokens, sample.tags) == (("0", "1", "2"), ("O", "O", "B-LOC"))
    (scored,) = read_labelled_file(tmp_path / "train.txt").samples
    assert (scored.tokens, scored.first) == (("0", "1", "2"), ("O", "B-PER", "O"))


def test_a_separator_is_told_by_file_never_by_line():
    lines = ["New York\tB-LOC", "in\tO"]
    assert columns_of(lines, path="a").split(lines[0]) == ["New York", "B-LOC"]
    assert columns_of(["a O", "\u00a0 O"], path="a").split("\u00a0 O") == ["\u00a0", "O"]


@pytest.mark.parametrize("separator", ["\t", " "])
def test_words_are_read_behind_the_column_that_counts_them(tmp_path, separator):
    rows = [(str(n), w, "_", t) for n, (w, t) in enumerate(zip(*ANN, strict=True), 1)]
    rows.insert(0, ("1-2", "Annlee", "_", "_"))
    content = "# sent_id = 1\n" + "".join(f"{separator.join(row)}\n" for row in rows)
    read, notes = both(tmp_path, f"{content}\n{content}")
    assert read == [ANN, ANN]
    assert "the first column counts the words" in notes
    from_zero = "".join(f"{n}\t{w}\t{t}\n" for n, (w, t) in enumerate(zip(*ANN, strict=True)))
    assert both(tmp_path, f"{from_zero}\n{from_zero}")[0] == [ANN, ANN]
    # Where a word follows its number and no tag, numbers with tags are words.
    assert both(tmp_path, "1\tO\n2\tB-PER\n")[0] == [(("1", "2"), ("O", "B-PER"))]


def test_a_comment_with_a_tab_tells_no_separator(tmp_path):
    content = "# id 1f\tdomain=en\nAnn _ _ B-PER\nLee _ _ I-PER\nin _ _ O\nOslo _ _ B-LOC\n"
    read, notes = both(tmp_path, content)
    assert read == [ANN]
    assert "1 comment lines" in notes


def test_a_second_column_of_tags_is_told(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("Ann\tB-PER\tO\nin\tO\tO\nOslo\tB-LOC\tB-LOC\n")
    notes = []
    (sample,) = read_conll(path, on_note=notes.append)
    assert sample.tags == ("O", "O", "B-LOC")
    assert notes == ["column 2 holds tags, too; those of the last column are read"]


def test_phrases_of_conll_2003_are_no_gold(tmp_path):
    gold, found = tmp_path / "gold.txt", tmp_path / "found.txt"
    gold.write_text("EU NNP B-NP B-ORG\nrejects VBZ B-VP O\nGerman JJ B-NP B-MISC\n")
    found.write_text("EU B-ORG\nrejects O\nGerman O\n")
    (pair,) = read_pairs(gold, predicted=found).pairs
    assert pair.gold == ("B-ORG", "O", "B-MISC")
    gold.write_text("EU O B-ORG\nrejects O O\n")  # A column of O is a prediction.
    assert read_pairs(gold).pairs[0].gold == ("O", "O")


@pytest.mark.parametrize(
    ("gold", "found", "strict"),
    [
        ("B-PER I-PER O B-LOC", "I-PER I-PER O I-LOC", 0),  # of another scheme than the gold
        ("B-PER I-PER O B-LOC", "B-PER I-PER O I-LOC", 1),
        ("I-PER I-PER O I-LOC", "I-PER I-PER O I-LOC", 2),
        ("I-PER I-PER O I-LOC", "B-PER I-PER O B-LOC", "by file"),
        ("B-PER E-PER O S-LOC", "I-PER I-PER O I-LOC", 0),
        ("B-PER E-PER O S-LOC", "I-PER E-PER O E-LOC", 0),
        ("I-PER E-PER O E-LOC", "I-PER E-PER O E-LOC", 2),
        ("I-PER E-PER O E-LOC", "B-PER I-PER O B-LOC", "by file"),
    ],
)
@pytest.mark.parametrize("in_one_file", [False, True])
def test_gold_and_prediction_share_iob1(tmp_path, gold, found, strict, in_one_file):
    path, other = tmp_path / "gold.txt", None
    rows = list(zip(ANN[0], gold.split(), found.split(), strict=True))
    if in_one_file:
        path.write_text("".join(f"{w}\t{a}\t{b}\n" for w, a, b in rows))
    else:
        other = tmp_path / "found.txt"
        path.write_text("".join(f"{w}\t{a}\n" for w, a, _ in rows))
        other.write_text("".join(f"{w}\t{b}\n" for w, _, b in rows))
    (pair,) = read_pairs(path, predicted=other).pairs
    scores = score([pair.gold], [pair.predicted])
    # Both columns of a file have one scheme; two files may have two.
    strict = {"by file": 0 if in_one_file else 2}.get(strict, strict)
    assert scores.strict.micro.correct == strict
    assert scores.lenient.micro.correct == 2


def test_ioe_is_named_once(tmp_path):
    read, notes = both(tmp_path, "a\tI-A\nb\tE-A\nc\tI-A\nd\tO\n")
    assert read == [(tuple("abcd"), ("B-A", "I-A", "B-A", "O"))]
    assert notes.count("; read as BIO2") == notes.count("the tags are IOE; read as BIO2") == 1


def test_an_inside_tag_behind_an_end_is_an_entity_of_the_lenient_rule_alone(tmp_path):
    # seqeval: 0.40 in its strict mode of IOBES, 0.33 by default.
    words = "North African Grand Prix\tNew York city".replace("\t", " \n ").split(" ")
    gold = ["B-A", "E-A", "B-A", "E-A", "", "B-L", "E-L", "O"]
    found = ["B-A", "I-A", "I-A", "E-A", "", "B-L", "E-L", "I-L"]
    rows = [f"{w}\t{a}\t{b}\n" if a else "\n" for w, a, b in zip(words, gold, found, strict=True)]
    path = tmp_path / "both.txt"
    path.write_text("".join(rows))
    pairs = read_pairs(path).pairs
    scores = score([p.gold for p in pairs], [p.predicted for p in pairs])
    strict, lenient = scores.strict.micro, scores.lenient.micro
    assert (strict.gold, strict.predicted, strict.correct, strict.f1) == (3, 2, 1, 0.4)
    assert (lenient.gold, lenient.predicted, lenient.correct) == (3, 3, 1)


MNER_MI = {"id": 5302, "text": ["i", "love", "Oslo"], "images": ["5302_0.jpg", "5302_1.jpg"]}
MNER_MI |= {"label": ["O", "O", "B-LOC"], "url": "https://example.org"}


@pytest.mark.parametrize("write", [json.dumps, repr])
def test_mner_mi_lines_with_several_images(tmp_path, write):
    (tmp_path / "MNER-MI_train.txt").write_text(write(MNER_MI) + "\n")
    assert find_split(tmp_path, split="train").name == "MNER-MI_train.txt"
    (sample,) = read_split(tmp_path, "train")
    assert (sample.id, sample.tokens, sample.tags) == (
        "5302",
        ("i", "love", "Oslo"),
        ("O", "O", "B-LOC"),
    )
    assert [image.source.name for image in sample.images] == ["5302_0.jpg", "5302_1.jpg"]
    assert read_labelled_file(tmp_path / "MNER-MI_train.txt").samples[0].first == sample.tags


@pytest.mark.parametrize("line", ["IMGID:5", "IMGID: 5 ", "IMGID:\t5", "IMGID:5\t"])
def test_a_line_of_an_identifier_may_have_blanks(tmp_path, line):
    content = f"{line}\nIMGID:\tO\nAnn\tB-PER\n\nIMGID:\nin\tO\n"
    samples, _ = read(tmp_path, content)
    assert [(s.id, s.tokens) for s in samples] == [("5", ("IMGID:", "Ann")), ("train-2", ("in",))]
    assert [s.id for s in read_labelled_file(tmp_path / "train.txt").samples] == ["5", ""]
    source = open_source(tmp_path / "train.txt", options=InputOptions())
    assert [row.id for shard in source.shards(9) for row in source.read(shard)] == ["5", "train-2"]


def test_tags_in_small_letters_are_noted_once(tmp_path):
    _, (note,) = read(tmp_path, "Ann\tB-PER\nin\to\n")
    assert "1 tags in small letters, such as 'o'; read as O" in note


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "a", "entitys": []}, "did you mean 'entities'"),
        ({"text": "a", "photo": "a.png"}, "did you mean 'images'"),
        ({"text": "a", "data": {}, "annotations": []}, "gmf data convert|more faults"),
        ({"text": "a", "spans": []}, "gmf data convert"),
        ({"tokens": ["a"], "ner_tags": [0]}, "gmf data convert"),
        ({"text": "a", "entities": [{"start": 0, "end": 1, "type": "X", "text": "a"}]}, "what mod"),
        ({"text": "a", "entities": [{"start": 0, "end": 1, "type": "O"}]}, "tag 'B-O'"),
        (
            {"text": "Bank", "entities": [{"start": 0, "end": e, "type": "X"} for e in (4, 2)]},
            r"\[0, 4\) X overlaps another entity, \[0, 2\) X",
        ),
        ('{"text": "a", "text": "b"}', "key 'text' stands twice"),
        ('{"text": NaN}', "valid string"),
        ('{"text": "a", "entities": [{"start": 0, "end": 1, "type": null}]}', "valid string"),
        ('{"text": "\\ud800"}', "Invalid JSON"),
    ],
)
def test_json_keys_and_values_that_are_not_ours_are_named(tmp_path, row, message):
    line = row if isinstance(row, str) else json.dumps(row)
    with pytest.raises(DataError, match=rf"train\.jsonl:1.*({message})"):
        read(tmp_path, line + "\n", "train.jsonl")


def test_usual_forms_of_json_rows_are_read(tmp_path):
    rows = [
        {"id": 7, "text": "Ann sings", "image": "a.png", "entities": None},
        {"text": "Ann Lee in Oslo", "images": ["a.png", {"path": "b.png"}]},
    ]
    rows[1]["entities"] = [
        {"start": 0, "end": 3, "label": "B-PER"},
        {"start": 4, "end": 7, "label": "I-PER"},
        {"char_start": 11, "char_end": 15, "type": "Fabric Type"},
    ]
    (first, second), _ = read(tmp_path, "\n".join(map(json.dumps, rows)), "train.jsonl")
    assert (first.id, first.tags, first.images[0].source) == ("7", None, tmp_path / "a.png")
    assert second.tags == ("B-PER", "I-PER", "O", "B-Fabric Type")
    assert len(second.images) == 2


def test_outputs_of_a_pipeline_are_scored_as_entities(tmp_path):
    gold, found = tmp_path / "gold.jsonl", tmp_path / "found.jsonl"
    text = "Ann Lee in Oslo"
    entity = {"start": 0, "end": 7, "type": "PER"}
    gold.write_text(json.dumps({"id": "1", "text": text, "entities": [entity]}))
    parts = [
        {"entity": "B-PER", "label": "B-PER", "score": 0.9, "start": 0, "end": 3},
        {"entity": "I-PER", "score": 0.7, "start": 4, "end": 7, "word": "Lee"},
        {"entity_group": "LOC", "score": 0.5, "start": 11, "end": 15},
    ]
    found.write_text(json.dumps({"id": "1", "text": text, "entities": parts}))
    (pair,) = read_pairs(gold, predicted=found).pairs
    assert [(e.start, e.end, e.type) for e in entities_of(pair.predicted)] == [
        (0, 2, "PER"),
        (3, 4, "LOC"),
    ]
    assert [round(entity.confidence, 3) for entity in pair.scored] == [0.8, 0.5]


def test_offsets_in_utf_16_are_reported_by_training_and_scoring(tmp_path):
    row = {"id": "1", "text": "😀😀 Oslo is cold"}
    row["entities"] = [{"start": 5, "end": 9, "type": "LOC"}]
    _, notes = read(tmp_path, json.dumps(row), "train.jsonl")
    assert "1 entities begin or end inside a word" in notes[0]
    assert "look like UTF-16 units" in notes[0]
    assert "'Oslo', characters 3 to 7" in notes[0]
    assert "'Oslo'" in read_labelled_file(tmp_path / "train.jsonl").warning
    row["text"] = "😀😀😀 Oslo"
    with pytest.raises(DataError, match=r"UTF-16 units.*'Oslo', characters 4 to 8|length of the"):
        read(
            tmp_path,
            json.dumps(row | {"entities": [{"start": 7, "end": 11, "type": "LOC"}]}),
            "train.jsonl",
        )
    row["text"] = "東京 Oslo #OsloNow"
    row["entities"] = [{"start": 0, "end": 1, "type": "LOC"}, {"start": 3, "end": 7, "type": "LOC"}]
    assert read(tmp_path, json.dumps(row), "train.jsonl")[1] == []


@pytest.mark.parametrize(
    ("text", "span", "kind"),
    [
        ("Ann Lee sang", (0, 6), "characters, the last one counted in"),
        ("Ann Lee sang", (1, 8), "characters from 1"),
        ("caf\u0065\u0301\u0301 Ann Lee sang", (5, 12), "grapheme clusters"),
        ("Ann Lee sang", (1, 7), "characters from 1, the last one counted in"),
        ("Oh\r\nso\r\nAnn Lee sang", (6, 13), "characters with CR LF as one"),
        ("Ö and Ann Lee sang", (7, 14), "bytes of UTF-8"),
    ],
)
def test_what_offsets_count_instead_is_told_by_training_and_scoring(tmp_path, text, span, kind):
    row = {"text": text, "entities": [{"start": span[0], "end": span[1], "type": "PER"}]}
    path, told = tmp_path / "train.jsonl", []
    path.write_text(json.dumps(row))
    read_file(path, on_fault=lambda fault: told.append(str(fault)), on_note=told.append)
    for message in (*told, read_labelled_file(path).warning):
        assert f"look like {kind}" in message
        assert "read so it is 'Ann Lee'" in message


def test_an_entity_whose_text_is_another_is_no_prediction_and_no_document(tmp_path):
    entity = {"char_start": 0, "char_end": 6, "type": "PER", "text": "Ann Lee", "confidence": 0.5}
    row = {"row": 1, "id": "1", "text": "Ann Lee sang", "entities": [entity], "notes": []}
    path = tmp_path / "found.jsonl"
    message = "'Ann Le' in the text, and 'Ann Lee' in the entity; .*the last one counted in"
    path.write_text(json.dumps(row))
    with pytest.raises(DataError, match=message):
        read_labelled_file(path)
    documents, report = read_documents(path, format="gmf")
    assert documents == []
    assert re.search(message, report.faults[0])
    entity |= {"char_end": 7, "text": "ann  lee"}
    path.write_text(json.dumps(row))
    assert read_labelled_file(path).samples[0].first == ("B-PER", "I-PER", "O")
    assert read_documents(path, format="gmf")[1].is_complete


def test_a_list_of_json_is_no_file_of_lines_for_scoring(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text('[{"text": "a",\n "entities": []}]')
    with pytest.raises(DataError, match="expected one JSON object a line, this is a list"):
        read_labelled_file(path)
    path.write_text('{"text": "Ann", "label": [[0, 3, "PER"]]}')
    with pytest.raises(DataError, match="row of Doccano: run gmf data convert"):
        read_labelled_file(path)


DROPPED = "\u00ad\u200b\u2060\u200c\u200d\ufeff\u200e\u200f\ufe0f\u0301\u202a"
DROPPED += "\u2066\u061c\u180e\u034f\ufffd\x07"
UNITS = ["🇩", "\u00ad", "a\u00ad", "a-", "ก็", "a@b.", "\u0301", "👩\u200d", "www."]


@pytest.mark.parametrize("mark", DROPPED)
def test_what_a_tokenizer_drops_splits_no_word(mark):
    text = f"in Man{mark}chester, said @u{mark}ser #Os{mark}lo"
    tokens, offsets = tokenize(text)
    plain = ("in", "Manchester", ",", "said", "@user", "#Oslo")
    assert tuple(token.replace(mark, "") for token in tokens) == plain
    assert tuple(text[start:end] for start, end in offsets) == tokens


def seconds_of(text):
    start = time.process_time()
    tokenize(text)
    return time.process_time() - start


@pytest.mark.parametrize(
    "unit", ["🇩", "\u00ad", "a\u00ad", "a-", "ก็", "a@b.", "\u0301", "👩\u200d", "www."]
)
def test_words_are_found_in_a_time_in_proportion_to_the_length(unit):
    few, many = unit * (8_000 // len(unit)), unit * (64_000 // len(unit))
    assert seconds_of(many) < 30 * max(min(seconds_of(few) for _ in range(3)), 0.001)


def test_a_megabyte_of_awkward_characters():
    text = "🇩🇪\u200d\u00ada-b@c.\u0301ก็&'👩\u200d👩 " * 50_000
    assert len(text) > 900_000
    assert seconds_of(text) < 120


@pytest.mark.parametrize(
    ("text", "start", "end", "found"),
    [
        ("K\u00f6ln: Jos\u00e9 in Oslo", 7, 12, "'Jos\u00e9', characters 6 to 10"),
        ("K\u00f6ln hat Ann", 10, 13, "'Ann', characters 9 to 12"),
        ("\u0141\u00f3d\u017a is Ann", 11, 14, "'Ann', characters 8 to 11"),
    ],
)
def test_offsets_in_bytes_are_told(tmp_path, text, start, end, found):
    row = {"text": text, "entities": [{"start": start, "end": end, "type": "PER"}]}
    (tmp_path / "train.jsonl").write_text(json.dumps(row))
    faults, notes = [], []
    read_file(tmp_path / "train.jsonl", on_fault=faults.append, on_note=notes.append)
    assert f"look like bytes of UTF-8, as Go, Rust and C count them: read so it is {found}" in (
        " ".join([*map(str, faults), *notes])
    )


def test_a_surplus_key_of_an_entity_is_told_by_the_keys_of_entities(tmp_path):
    entity = {"start": 0, "end": 3, "type": "PER", "typ": "PER"}
    with pytest.raises(DataError, match=r"Extra inputs are not permitted; did you mean 'type'\?"):
        read(tmp_path, json.dumps({"text": "Ann", "entities": [entity]}), "a.jsonl")


def test_what_names_no_image_and_no_identifier_is_none(tmp_path):
    rows = ({"text": "Ann", "image": ""}, {"text": "Ann", "images": [None, "a.jpg"], "id": ""})
    samples, _ = read(tmp_path, "".join(f"{json.dumps(row)}\n" for row in rows), "train.jsonl")
    assert [len(sample.images) for sample in samples] == [0, 1]
    assert [sample.id for sample in samples] == ["train-1", "train-2"]


POSTS = ("Ann Lee spoke in Oslo", "Bergen is wet", "@ann Paris")
TABLES = {
    "label": ("positive\t{}", "negative\t{}", "neutral\t{}"),
    "id": ("a1\t{}", "b1\t{}", "c1\t{}"),
    "number": ("1\t{}", "2\t{}", "3\t{}"),
    "date": ("{}\t2020-01-01", "{}\t2020-01-02", "{}\t2020-01-03"),
    "both": ("7\t{}\tpositive", "9\t{}\tnegative", "7\t{}\tneutral"),
}


@pytest.mark.parametrize("name", ["posts.txt", "posts.conll"])
@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_posts_is_no_list_of_words(tmp_path, table, name):
    lines = (line.format(post) for line, post in zip(TABLES[table], POSTS, strict=True))
    path = tmp_path / name
    path.write_text("".join(f"{line}\n" for line in lines))
    message = f"{name}: looks like a table of posts: column . holds texts"
    for reading in (
        read_file,
        read_labelled_file,
        lambda path: open_source(path, options=InputOptions()),
        read_documents,
    ):
        with pytest.raises(DataError, match=message) as raised:
            reading(path)
        assert "--input-format csv" in str(raised.value)


def test_a_table_of_posts_without_blanks_between_words_is_told(tmp_path):
    with pytest.raises(DataError, match="column 2 holds texts"):
        read(tmp_path, "1\t北京，你好！再见\n2\t昨天。今天\n")


def test_words_with_blanks_are_words_where_tags_follow_or_few_have_one(tmp_path):
    assert both(tmp_path, "New York\tB-LOC\nLos Angeles\tB-LOC\n")[0] == [
        (("New York", "Los Angeles"), ("B-LOC", "B-LOC"))
    ]
    assert both(tmp_path, "New York\tLOC\nLos Angeles\tLOC\nvon der\tO\n")[0][0][1][2] == "O"
    path = tmp_path / "a.txt"
    path.write_text("1\tNew York\n2\tis\n3\tbig\n")
    assert open_source(path, options=InputOptions()).columns.word == 1
