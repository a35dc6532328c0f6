"""Whole conversions: losses, folders, targets, and the tools' own readers of what is written."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gmf.core.errors import ConfigError, DataError
from gmf.core.registry import load_code
from gmf.exchange.base import ReadableFormat, TextFormat, Trait
from gmf.exchange.convert import convert, read_documents, write_documents
from gmf.exchange.document import AnnotatedText, Mention
from gmf.exchange.formats import document_formats
from gmf.reading.readers import read_file

TEXT = "😀 Ann Lee in Oslo."
ROWS = [
    {
        "id": "a",
        "text": TEXT,
        "entities": [
            {"char_start": 2, "char_end": 9, "type": "PER"},
            {"char_start": 13, "char_end": 17, "type": "LOC"},
        ],
        "images": [
            {"path": "pics/a.jpg", "regions": [{"box": [1.0, 2.0, 3.0, 4.0], "label": "man"}]}
        ],
    },
    {"id": "b", "text": "no one here", "entities": []},
]


def own(path, rows=ROWS):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def gmf(*arguments):
    command = [sys.executable, "-m", "gmf", "data", "convert", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


LOST = {
    "gmf": {},
    "label-studio": {"regions of images": 1},
    "prodigy": {"regions of images": 1},
}


@pytest.mark.parametrize("name", document_formats)
def test_every_format_counts_the_images_that_it_cannot_hold(tmp_path, name):
    report = convert(own(tmp_path / "a.jsonl"), tmp_path / "out", to_format=name)
    assert (report.read, report.written, report.faults) == (2, 2, [])
    assert report.lost == LOST.get(name, {"images": 1, "regions of images": 1})
    assert report.is_complete == (name == "gmf")


@pytest.mark.parametrize("name", document_formats)
def test_a_context_stays_in_own_data_and_is_lost_by_count_elsewhere(tmp_path, name):
    said = {"caption": "a fjord", "ocr": "OSLO"}
    rows = [{"id": "a", "text": "Oslo", "entities": [], "context": said}]
    rows.append({"id": "b", "tokens": ["Oslo"], "tags": ["O"], "context": {"alt": "a ship"}})
    report = convert(own(tmp_path / "a.jsonl", rows), tmp_path / "out", to_format=name)
    assert report.written == 2
    assert report.lost == ({} if name == "gmf" else {"fields of the context": 3})
    if name == "gmf":
        kept = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
        assert [row["context"] for row in kept] == [said, {"alt": "a ship"}]


@pytest.mark.parametrize("name", document_formats)
def test_a_source_of_no_documents_is_a_target_of_none(tmp_path, name):
    source = tmp_path / "empty.jsonl"
    source.write_text("\n")
    report = convert(source, tmp_path / "out", from_format="gmf", to_format=name)
    assert (report.read, report.written) == (0, 0)
    assert (tmp_path / "out").exists()
    back, again = read_documents(tmp_path / "out", format=name)
    assert (back, again.read) == ([], 0)


def test_what_overlaps_is_kept_where_there_is_room_and_lost_by_count_elsewhere(tmp_path):
    mentions = (Mention(0, 13, "ORG"), Mention(0, 2, "LOC"), Mention(8, 15, "X"))
    text = AnnotatedText("UK Parliament in", mentions, "a")
    for name, kind in ((n, document_formats.get(n)) for n in document_formats):
        report = write_documents([text], tmp_path / name, format=name)
        back, _ = read_documents(tmp_path / name, format=name)
        kept = {m.type for m in back[0].mentions}
        room = "overlapping entities" in kind.traits
        assert kept == ({"ORG", "LOC", "X"} if room else {"ORG"}), name
        assert report.lost == ({} if room else {"overlapping entities": 2})


def test_confidences_unlabelled_texts_and_types_with_blanks(tmp_path):
    found = AnnotatedText("Oslo x", (Mention(0, 4, "Fabric\tType", 0.5),), "a", is_predicted=True)
    nobody = AnnotatedText("x y", None, "b", origin="in:2")
    report = write_documents([found, nobody], tmp_path / "o.jsonl", format="gmf")
    assert report.lost == {"confidences": 1}
    assert report.notes == {
        r"type 'Fabric\tType' written as 'Fabric_Type'": 1,
        "text that nobody labelled": 1,
    }
    rows = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert rows[1] == {"id": "b", "text": "x y"}
    report = write_documents([nobody], tmp_path / "o.conll")
    assert report.faults[0].startswith("in:2: unlabelled: the format would show it")
    clash = AnnotatedText("x y", (Mention(0, 1, "Fabric_Type"), Mention(2, 3, "Fabric\tType")))
    with pytest.raises(ConfigError, match="would both be 'Fabric_Type'; rename one"):
        write_documents([clash], tmp_path / "p.jsonl", format="gmf")


def test_types_with_blanks_stay_in_own_data_and_are_trained_on(tmp_path):
    names = ("Fabric Type", "Fabric_Type", "a  b")
    marked = tuple(Mention(2 * n, 2 * n + 1, name) for n, name in enumerate(names))
    for name, is_joined in (("text.jsonl", False), ("words.jsonl", True)):
        document = AnnotatedText("x y z", marked, words=None, is_joined=is_joined)
        report = write_documents([document], tmp_path / name, format="gmf")
        assert not report.notes
        assert read_documents(tmp_path / name)[0][0].mentions == marked
        (sample,) = read_file(tmp_path / name)
        assert sample.tags == tuple(f"B-{name}" for name in names)


@pytest.mark.parametrize("text", ["a\r\nOslo\r\nb\rc", "a\nOslo\nb\nc"])
def test_line_ends_that_brat_does_not_have_are_counted(tmp_path, text):
    start = text.index("Oslo")
    document = AnnotatedText(text, (Mention(start, start + 4, "LOC"),))
    report = write_documents([document], tmp_path / "out", format="brat")
    number = text.count("\r")
    assert report.notes == ({"line end CR LF or CR, written as LF": 3} if number else {})
    assert report.is_complete
    (back,), _ = read_documents(tmp_path / "out")
    (mention,) = back.mentions
    assert back.text[mention.char_start : mention.char_end] == "Oslo"


CLUSTERS = "\u2764\ufe0f e\u0301t\u00e9 \U0001f468\u200d\U0001f469\u200d\U0001f467 Oslo now"


@pytest.mark.parametrize("unit", ["graphemes", "utf-16"])
@pytest.mark.parametrize("name", ["doccano", "prodigy", "gmf", "label-studio", "brat"])
def test_offsets_of_other_units_are_read_and_else_named(tmp_path, name, unit):
    # Heart, blank, three letters, blank, family, blank.
    start = 8 if unit == "graphemes" else len(CLUSTERS.partition("Oslo")[0]) + 3
    path, span = tmp_path / "a.jsonl", {"start": start, "end": start + 4}
    rows = {
        "doccano": {"text": CLUSTERS, "label": [[start, start + 4, "L"]]},
        "prodigy": {"text": CLUSTERS, "spans": [span | {"label": "L"}]},
        "gmf": {
            "text": CLUSTERS,
            "entities": [{"char_start": start, "char_end": start + 4, "type": "L"}],
        },
        "label-studio": {
            "data": {"text": CLUSTERS},
            "annotations": [
                {"result": [{"type": "labels", "value": span | {"text": "Oslo", "labels": ["L"]}}]}
            ],
        },
    }
    if name == "brat":
        path = tmp_path / "b"
        path.mkdir()
        (path / "a.txt").write_text(CLUSTERS)
        (path / "a.ann").write_text(f"T1\tL {start} {start + 4}\tOslo\n")
    else:
        path.write_text(json.dumps(rows[name]) + "\n")
    (document,), report = read_documents(path, format=name, offsets=unit)
    (mention,) = document.mentions
    assert CLUSTERS[mention.char_start : mention.char_end] == "Oslo"
    documents, report = read_documents(path, format=name)
    told = " ".join((*report.faults, *report.notes))
    if name in ("doccano", "label-studio", "brat"):  # What they say besides tells.
        assert documents[0].mentions == (mention,)
        assert ("offsets counted in grapheme clusters" in told) == (unit == "graphemes")
    else:
        assert f"try --offsets {unit}" in told


def test_entities_inside_words_are_said_with_the_cause_and_never_moved(tmp_path):
    shifted = [{"char_start": 3, "char_end": 10, "type": "PER"}]
    rows = [
        {"text": "😀 Ann Lee x", "entities": shifted},
        {"text": "Pariser", "entities": [{"char_start": 0, "char_end": 5, "type": "LOC"}]},
    ]
    report = convert(own(tmp_path / "a.jsonl", rows), tmp_path / "b.conll")
    assert report.notes["entity that begins or ends inside a word"] == 1
    cause = "; the offsets look like UTF-16 units, try --offsets utf-16"
    assert sum(cause in kind for kind in report.notes) == 1
    assert "Paris\tB-LOC\ner\tO\n" in (tmp_path / "b.conll").read_text()
    report = convert(tmp_path / "a.jsonl", tmp_path / "c.jsonl", offsets="utf-16")
    first = json.loads((tmp_path / "c.jsonl").read_text().splitlines()[0])
    assert first["entities"] == [{"char_start": 2, "char_end": 9, "type": "PER"}]


def test_offsets_outside_the_text_cost_their_document_and_name_the_cause(tmp_path):
    rows = [
        {"text": "😀 Oslo", "entities": [{"char_start": 3, "char_end": 7, "type": "L"}]},
        {"text": "x", "entities": []},
    ]
    report = convert(own(tmp_path / "a.jsonl", rows), tmp_path / "b.jsonl", to_format="gmf")
    assert (report.read, report.written, len(report.faults)) == (2, 1, 1)
    assert "expected 0 <= start < end <= 6" in report.faults[0]
    assert "try --offsets utf-16" in report.faults[0]
    with pytest.raises(DataError, match="none of its 1 documents could be converted; the first: "):
        convert(own(tmp_path / "c.jsonl", rows[:1]), tmp_path / "d.jsonl")
    assert not (tmp_path / "d.jsonl").exists()


def test_a_folder_of_splits_becomes_a_folder_of_splits(tmp_path):
    for name in ("train", "valid", "test"):
        own(tmp_path / f"data/{name}.jsonl")
    for to, ending in (("conll", ".conll"), ("brat", ""), ("spacy", ".spacy")):
        report = convert(tmp_path / "data", tmp_path / to, to_format=to)
        assert report.written == 6
        files = {path.name for path in (tmp_path / to).iterdir()}
        assert files == {f"{name}{ending}" for name in ("train", "valid", "test")}
    report = convert(tmp_path / "conll", tmp_path / "back", to_format="gmf")
    assert len(read_file(tmp_path / "back/valid.jsonl")) == 2


def test_the_target_is_new_whole_and_not_the_source(tmp_path):
    source = own(tmp_path / "in/a.jsonl")
    (tmp_path / "b.conll").write_text("mine")
    with pytest.raises(ConfigError, match="is there already; choose another or add --overwrite"):
        convert(source, tmp_path / "b.conll")
    assert (tmp_path / "b.conll").read_text() == "mine"
    convert(source, tmp_path / "b.conll", overwrite=True)
    for target in (source, tmp_path / "in"):
        with pytest.raises(ConfigError, match="is the source, or holds it"):
            convert(source, target, to_format="gmf", overwrite=True)
    with pytest.raises(ConfigError, match="no such folder as"):
        convert(source, tmp_path / "none/b.conll")
    with pytest.raises(ConfigError, match="name its format with --to, one of gmf"):
        convert(source, tmp_path / "b.xyz")
    assert {path.name for path in tmp_path.iterdir()} == {"in", "b.conll"}


def test_overwrite_loses_no_file_that_is_not_written_anew(tmp_path):
    own(tmp_path / "data/test.jsonl")
    convert(tmp_path / "data", tmp_path / "out", to_format="gmf")
    convert(tmp_path / "data", tmp_path / "out", to_format="gmf", overwrite=True)
    (tmp_path / "out" / "images").mkdir()
    (tmp_path / "out" / "images" / "1.jpg").touch()
    for source, target in (("data", "out"), ("data/test.jsonl", "out")):
        with pytest.raises(ConfigError, match=r"out: holds images.1.jpg.*, which this conversion"):
            convert(tmp_path / source, tmp_path / target, to_format="gmf", overwrite=True)
    assert (tmp_path / "out" / "images" / "1.jpg").exists()
    assert (tmp_path / "out" / "test.jsonl").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"data", "out"}


def test_the_folder_that_one_is_in_may_be_the_target(tmp_path, monkeypatch):
    own(tmp_path / "data/test.jsonl")
    (tmp_path / "here").mkdir()
    (tmp_path / "here/test.jsonl").write_text("of before")
    monkeypatch.chdir(tmp_path / "here")
    convert(tmp_path / "data", Path(), to_format="gmf", overwrite=True)
    assert len(read_file(Path("test.jsonl"))) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"data", "here"}


def test_the_command_says_what_is_lost_by_its_exit_status(tmp_path):
    source = own(tmp_path / "a.jsonl")
    (tmp_path / "pics").mkdir()
    (tmp_path / "pics" / "a.jpg").touch()
    done = gmf(source, tmp_path / "b.jsonl", "--to", "gmf")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / 'b.jsonl'}: 2 documents of 2 in {source}\n"
    lossy = gmf(source, tmp_path / "c.conll", "--scheme", "BILOU", "--json")
    assert lossy.returncode == 3
    assert f"lost: regions of images: 1, first in {source}:1" in lossy.stderr
    assert json.loads(lossy.stdout)["lost"] == {"regions of images": 1}
    assert gmf(source, tmp_path / "d.conll", "--scheme", "X").returncode == 2
    broken = tmp_path / "broken.json"
    broken.write_text('[{"data": ')
    failed = gmf(broken, tmp_path / "e.jsonl", "--from", "label-studio")
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"error: {broken}:1: not valid JSON: Expecting value")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_exports_in_other_encodings_are_read(tmp_path, encoding):
    path = tmp_path / "export.json"
    row = {"data": {"text": "Łódź"}, "annotations": [{"result": []}]}
    path.write_text(json.dumps([row], ensure_ascii=False), encoding=encoding)
    documents, _ = read_documents(path)
    assert [d.text for d in documents] == ["Łódź"]


def test_a_line_that_is_wrong_costs_itself_only(tmp_path):
    path = tmp_path / "a.jsonl"
    good = json.dumps({"text": "Oslo", "label": [[0, 4, "L"]]}).encode()
    half = b'{"text": "\\ud83d x", "label": []}'
    path.write_bytes(b"\n".join([good, b"{", b'{"text": "\xff", "label": []}', half, good]))
    report = convert(path, tmp_path / "b.jsonl", to_format="gmf")
    assert (report.read, report.written) == (5, 2)
    lines = [fault.split(": ", 1)[0] for fault in report.faults]
    assert lines == [f"{path}:{number}" for number in (2, 3, 4)]
    assert "half of a surrogate pair" in report.faults[2]


def test_own_data_that_is_converted_is_own_data_that_is_trained_on(tmp_path):
    exports = [
        ("label-studio", [{"data": {"text": TEXT}, "annotations": [{"result": []}]}]),
        ("doccano", [{"text": TEXT + " ", "label": [[14, 18, "LOC"], [3, 11, "PER"]]}]),
        ("gliner", [{"tokenized_text": ["Ann", "Lee"], "ner": [[0, 1, "first name"]]}]),
    ]
    for name, rows in exports:
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(rows))
        convert(path, tmp_path / f"{name}.jsonl", from_format=name, to_format="gmf")
        assert len(read_file(tmp_path / f"{name}.jsonl")) == 1
    sample = read_file(tmp_path / "doccano.jsonl")[0]
    assert [t for t in zip(sample.tokens, sample.tags, strict=True) if t[1] != "O"] == [
        ("Ann", "B-PER"),
        ("Lee", "I-PER"),
        ("Oslo", "B-LOC"),
    ]


def brat_faults(folder):
    """Yield what brat's ``annotation.py`` and ``projectconfig.py`` would refuse in a collection."""
    types = []
    for path in folder.rglob("*.conf"):
        types += [line.split("|")[0].strip() for line in path.read_text().split("\n")]
    for path in folder.rglob("*.ann"):
        text = path.with_suffix(".txt").read_bytes().decode()
        if "\r" in text:
            yield f"{path}: CR"
        for line in path.read_text(encoding="utf-8").splitlines():
            head, data, tail = line.split("\t", 2)
            if head.startswith("#"):
                continue
            label, _, places = data.partition(" ")
            spans = [tuple(map(int, place.split(" "))) for place in places.split(";")]
            if any(not 0 <= start < end <= len(text) for start, end in spans):
                yield f"{path}: {line}: span"
            for index, (start, end) in enumerate(spans):
                if any(end >= first and start < last for first, last in spans[:index]):
                    yield f"{path}: {line}: overlap"
            if tail != " ".join(text[start:end] for start, end in spans):
                yield f"{path}: {line}: text"
            if not label.replace("_", "a").replace("-", "a").isalnum() or not label.isascii():
                yield f"{path}: {line}: type"
            if label not in types:
                yield f"{path}: {line}: not in annotation.conf"


def test_brat_takes_what_is_written(tmp_path):
    documents = [
        AnnotatedText("Ann Lee\r\nmoved.\r\nOslo", (Mention(4, 14, "X"), Mention(17, 21, "人名"))),
        AnnotatedText("a\u2028b \x85c\td|", (Mention(0, 3, "地名"), Mention(4, 9, "Fabric Type"))),
        AnnotatedText("😀x", (Mention(0, 2, "T1"), Mention(0, 1, "a.b"), Mention(1, 2, "---"))),
    ]
    report = write_documents(documents, tmp_path / "b", format="brat")
    assert report.is_complete
    assert list(brat_faults(tmp_path / "b")) == []
    back, again = read_documents(tmp_path / "b")
    assert again.is_complete
    assert [{m.type for m in d.mentions} for d in back] == [
        {m.type for m in d.mentions} for d in documents
    ]
    (tmp_path / "b" / "0000001-.ann").write_text("T1\tX 0 99\tx\n")
    assert list(brat_faults(tmp_path / "b"))


def test_spacy_reads_what_is_written(tmp_path):
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import DocBin
    from spacy.training import Corpus

    documents = [
        AnnotatedText(TEXT, (Mention(2, 9, "PER"), Mention(13, 17, "LOC")), "a"),
        AnnotatedText("  Bergen\u00a0is\nwet", (), "b"),
    ]
    assert write_documents(documents, tmp_path / "o.spacy").is_complete
    nlp = spacy.blank("en")
    docs = list(DocBin().from_disk(tmp_path / "o.spacy").get_docs(nlp.vocab))
    assert [doc.text for doc in docs] == [d.text for d in documents]
    examples = list(Corpus(tmp_path / "o.spacy")(nlp))
    assert [e.label_ for e in examples[0].reference.ents] == ["PER", "LOC"]
    assert examples[0].get_aligned_ner().count("-") == 0


def test_spacy_convert_reads_conll_without_identifiers(tmp_path):
    pytest.importorskip("spacy")
    from spacy.training.converters import conll_ner_to_docs

    convert(own(tmp_path / "a.jsonl"), tmp_path / "b.conll", to_format="conll-plain")
    docs = list(conll_ner_to_docs((tmp_path / "b.conll").read_text(), no_print=True))
    assert [(e.text, e.label_) for doc in docs for e in doc.ents] == [
        ("Ann Lee", "PER"),
        ("Oslo", "LOC"),
    ]


def test_datasets_reads_and_gives_what_is_written(tmp_path):
    datasets = pytest.importorskip("datasets")
    from gmf.exchange.hugging_face import dataset_of, documents_of

    source = own(tmp_path / "a.jsonl")
    convert(source, tmp_path / "b.parquet", to_format="huggingface-parquet", scheme="BIOES")
    table = datasets.Dataset.from_parquet(str(tmp_path / "b.parquet"), cache_dir=str(tmp_path))
    names = table.features["ner_tags"].feature.names
    assert [names[tag] for tag in table[0]["ner_tags"]] == [
        *("O", "B-PER", "E-PER", "O", "S-LOC", "O")
    ]
    documents, _ = read_documents(tmp_path / "b.parquet")
    made = dataset_of(documents)
    assert made.features["ner_tags"].feature.names == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    again = list(documents_of(made))
    assert [d.mentions for d in again] == [d.mentions for d in documents]
    with pytest.raises(DataError, match="row 1: 'tokens': expected a list of words"):
        list(documents_of([{"text": "x"}]))
    with pytest.raises(ValueError, match="unlabelled; expected entities"):
        dataset_of([AnnotatedText("x", None)])


def test_a_format_of_a_stranger_is_read_and_written(tmp_path, monkeypatch):
    monkeypatch.setattr(document_formats, "_registered", {**document_formats._registered})
    code = tmp_path / "stars.py"
    code.write_text(
        '''
"""A text a line, its one entity between stars."""
from gmf.exchange.base import ReadableFormat, TextFormat, Trait
from gmf.exchange.document import AnnotatedText, Mention
from gmf.exchange.formats import document_formats


@document_formats.register("stars")
class Stars(ReadableFormat, TextFormat):
    """A text a line, its one entity between stars."""

    suffixes = (".stars",)
    traits = frozenset((Trait.SPACING,))

    def read(self, path, *, report):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            report.read += 1
            before, inside, after = line.split("*")
            start = len(before)
            mention = Mention(start, start + len(inside), "X")
            yield AnnotatedText(before + inside + after, (mention,), number=number)

    def render(self, document):
        (mention,) = document.mentions
        text, start, end = document.text, mention.char_start, mention.char_end
        return f"{text[:start]}*{text[start:end]}*{text[end:]}\\n"
'''
    )
    load_code(code)
    (tmp_path / "a.stars").write_text("in *Oslo* now\n")
    convert(tmp_path / "a.stars", tmp_path / "b.json", from_format="stars")
    convert(tmp_path / "b.json", tmp_path / "c.stars")
    assert (tmp_path / "c.stars").read_text() == "in *Oslo* now\n"


class BrokenFormat(ReadableFormat, TextFormat):
    """Fails where its file says, or where the text does."""

    suffixes = (".broken",)
    traits = frozenset(Trait)

    @classmethod
    def recognises(cls, path, head):
        if "recognises" in path.name:
            raise KeyError("recognises")
        return path.suffix == ".broken"

    def read(self, path, *, report):
        report.read += 1
        yield AnnotatedText("Oslo", (), number=1) if path.stem == "read" else "no document"
        raise KeyError("read")

    def render(self, document):
        raise {"key": KeyError, "value": ValueError}[document.text](document.text)

    def merge(self, folder, target, *, types):
        raise OSError("merge")


def test_a_format_of_a_stranger_that_raises_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(document_formats, "_registered", {**document_formats._registered})
    document_formats.register("broken")(BrokenFormat)
    told = r"document format 'broken' of .*test_convert.py: "
    for name, fault in (
        ("read", r"KeyError: 'read' \(raised at "),
        ("kind", "TypeError: read: expected an AnnotatedText, got 'no document'"),
        ("recognises", r"KeyError: 'recognises' \(raised at "),
    ):
        (tmp_path / f"{name}.broken").touch()
        with pytest.raises(ConfigError, match=rf"{told}.*{name}.broken: {fault}"):
            convert(tmp_path / f"{name}.broken", tmp_path / "out.json")
    for text, fault in (("key", "row 1: KeyError: 'key'"), ("value", ".*OSError: merge")):
        document = AnnotatedText(text, (), origin="row 1")
        with pytest.raises(ConfigError, match=told + fault):
            write_documents([document], tmp_path / "out.broken")
    assert not list(tmp_path.glob("out.*"))


def test_no_path_of_an_image_leaves_the_folder(tmp_path):
    for name in ("../a.jpg", "/a.jpg", "C:\\a.jpg"):
        row = {"text": "x", "entities": [], "images": [{"path": name}]}
        with pytest.raises(DataError, match="none of its 1 documents"):
            convert(own(tmp_path / "a.jsonl", [row]), tmp_path / "b.json")


def with_images(folder):
    (folder / "img").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "crop.png"):
        (folder / "img" / name).write_bytes(name.encode())
    regions = [{"crop": "img/crop.png"}]
    rows = [
        {"id": "1", "text": "Ann", "images": [{"path": "img/a.jpg", "regions": regions}]},
        {"id": "2", "text": "Oslo", "images": ["img/b.jpg", "img/none.jpg"], "entities": []},
    ]
    path = folder / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("how", ["link", "copy"])
def test_images_come_to_where_the_paths_of_the_target_lead(tmp_path, how):
    source, target = with_images(tmp_path / "in"), tmp_path / "out" / "again.jsonl"
    target.parent.mkdir()
    report = convert(source, target, to_format="gmf", image_files=how)
    done = {"link": "linked", "copy": "copied"}[how]
    assert report.is_complete
    assert report.notes[f"image {done} into the folder of the target"] == 3
    assert report.notes["image that is not there"] == 1
    for name in ("a.jpg", "b.jpg", "crop.png"):
        new = target.parent / "img" / name
        assert new.read_bytes() == name.encode()
        assert new.samefile(source.parent / "img" / name) == (how == "link")
    # The same files are taken as they are, others are never replaced.
    convert(source, target, to_format="gmf", image_files=how, overwrite=True)
    (target.parent / "img" / "a.jpg").unlink()
    (target.parent / "img" / "a.jpg").write_bytes(b"mine")
    with pytest.raises(ConfigError, match=r"a\.jpg: another file is there"):
        convert(source, tmp_path / "out" / "more.jsonl", to_format="gmf")
    assert not (tmp_path / "out" / "more.jsonl").exists()
    assert (target.parent / "img" / "a.jpg").read_bytes() == b"mine"


def test_images_of_splits_come_with_the_folder_or_are_left(tmp_path):
    with_images(tmp_path / "in")
    report = convert(tmp_path / "in", tmp_path / "out", to_format="label-studio")
    assert (tmp_path / "out" / "img" / "b.jpg").read_bytes() == b"b.jpg"
    assert not (tmp_path / "out" / "img" / "crop.png").exists()
    assert report.lost == {"regions of images": 1}
    report = convert(tmp_path / "in", tmp_path / "left", to_format="gmf", image_files="keep")
    assert report.notes["image left in the folder of the source"] == 3
    assert not (tmp_path / "left" / "img").exists()
    # Beside the source they lie where the paths lead.
    report = convert(tmp_path / "in" / "train.jsonl", tmp_path / "in" / "b.jsonl", to_format="gmf")
    assert report.notes == {"text that nobody labelled": 1, "image that is not there": 1}


def test_documents_of_python_are_checked_as_those_of_files(tmp_path):
    twice = (Mention(0, 1, "PER"), Mention(0, 1, "PER"))
    documents = [AnnotatedText("a", twice), AnnotatedText("a", (Mention(0, 9, "PER"),))]
    report = write_documents(documents, tmp_path / "out", format="spacy")
    assert (report.read, report.written, len(report.faults)) == (2, 1, 1)
    assert report.notes["entity marked twice"] == 1


def test_a_span_of_prodigy_whose_text_is_another_is_left_out(tmp_path):
    path = tmp_path / "tasks.jsonl"
    rows = [
        {"text": "Ann Lee", "spans": [{"start": 0, "end": 3, "label": "PER", "text": word}]}
        for word in ("Ann", "Lee")
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    documents, report = read_documents(path, format="prodigy")
    assert [document.mentions for document in documents] == [(Mention(0, 3, "PER"),)]
    assert "[0, 3) is 'Ann' in the text, and 'Lee' in the span" in report.faults[0]


def test_tags_under_the_key_ner_are_read_and_not_told_as_left_out(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"words": ["Ann", "in"], "ner": ["B-PER", "O"]}\n')
    (document,), report = read_documents(path, format="huggingface")
    assert (document.mentions, dict(report.notes)) == ((Mention(0, 3, "PER"),), {})


ENCODED = {
    "gmf": '{"text": "Café Zoë", "entities": [{"char_start": 5, "char_end": 8, "type": "P"}]}\n',
    "doccano": '[{"text": "Café Zoë", "label": [[5, 8, "P"]]}]\n',
    "conll": "Café\tO\nZoë\tB-P\n",
    "webanno": (
        "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.NER|value\n\n\n#Text=Café Zoë\n"
        "1-1\t0-4\tCafé\t_\t\n1-2\t5-8\tZoë\tP\t\n"
    ),
    "brat": "T1\tP 5 8\tZoë\n",
}


@pytest.mark.parametrize("name", [*ENCODED])
@pytest.mark.parametrize("is_named", [True, False])
def test_sources_of_other_encodings_are_read_where_it_is_stated(tmp_path, name, is_named):
    path = tmp_path / {"conll": "a.txt", "webanno": "a.tsv"}.get(name, "a.jsonl")
    if name == "brat":
        path = tmp_path / "b"
        path.mkdir()
        (path / "a.txt").write_bytes("Café Zoë".encode("cp1252"))
    (path / "a.ann" if name == "brat" else path).write_bytes(ENCODED[name].encode("cp1252"))
    format = name if is_named or name == "doccano" else None
    (document,), report = read_documents(path, format=format, encoding="cp1252")
    assert (document.text, document.mentions) == ("Café Zoë", (Mention(5, 8, "P"),))
    assert report.is_complete
    convert(path, tmp_path / "out.jsonl", from_format=format, encoding="cp1252")
    with pytest.raises(DataError, match="--encoding"):
        convert(path, tmp_path / "not.jsonl", from_format=name)
    with pytest.raises(ConfigError, match="no such text encoding"):
        convert(path, tmp_path / "not.jsonl", from_format=name, encoding="cp12")


@pytest.mark.parametrize("name", [*ENCODED])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
def test_sources_of_every_unicode_encoding_are_read(tmp_path, name, encoding):
    path = tmp_path / "b"
    path.mkdir()
    suffix = {"conll": ".txt", "webanno": ".tsv", "brat": ".ann"}.get(name, ".jsonl")
    (path / f"a{suffix}").write_bytes(ENCODED[name].encode(encoding))
    if name == "brat":
        (path / "a.txt").write_bytes("Café Zoë".encode(encoding))
    elif name != "webanno":
        path = path / f"a{suffix}"
    (document,), report = read_documents(path, format="doccano" if name == "doccano" else None)
    assert (document.text, document.mentions) == ("Café Zoë", (Mention(5, 8, "P"),))
    assert report.is_complete


@pytest.mark.parametrize(
    "content",
    [
        "Ann B-PER\nLee I-PER\n",
        "-DOCSTART- -X- -X- O\r\n\r\nAnn NNP B-NP B-PER\r\nLee NNP I-NP I-PER\r\n",
        "# id 1\nAnn\tB-PER\nLee\tI-PER",
        "IMGID:7\nAnn B-PER\nLee I-PER\n",
    ],
)
def test_columns_are_recognised_however_they_are_separated(tmp_path, content):
    path = tmp_path / "a.txt"
    path.write_bytes(content.encode())
    (document,), _ = read_documents(path)
    assert (document.text, document.mentions) == ("Ann Lee", (Mention(0, 7, "PER"),))


def test_texts_are_no_columns(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Ann Lee spoke in Oslo\nBergen is wet\n")
    with pytest.raises(ConfigError, match="not known as a format"):
        read_documents(path)


def test_a_format_without_text_takes_no_encoding(tmp_path):
    with pytest.raises(ConfigError, match="format 'spacy' is no text"):
        read_documents(tmp_path / "a.spacy", format="spacy", encoding="cp1252")


@pytest.mark.parametrize("how", ["link", "copy", "keep"])
def test_images_of_any_name_go_to_columns_under_that_of_their_document(tmp_path, how):
    images = {"33": ["pics/a.PNG"], "34": ["images/34.jpg"], "35.JPG": ["x.jpg", "y.jpg"]}
    images |= {"": ["x.jpg"], "a/b": ["y.jpg"], "36": ["none.jpg"], "37": ["x"]}
    rows = [
        {"id": name or None, "tokens": ["Ann"], "tags": ["O"], "images": paths}
        for name, paths in images.items()
    ]
    source = own(tmp_path / "in" / "a.jsonl", rows)
    for n, path in enumerate(("pics/a.PNG", "images/34.jpg", "x.jpg", "y.jpg", "x")):
        (tmp_path / "in" / path).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / path).write_bytes(bytes([n]))
    (tmp_path / "out").mkdir()
    report = convert(source, tmp_path / "out" / "train.txt", to_format="conll", image_files=how)
    read = read_file(tmp_path / "out" / "train.txt")
    found = [[i.source.read_bytes() for i in s.images if i.source.is_file()] for s in read]
    if how == "keep":
        assert not any(found)
        assert report.lost == {"images": 7}
        return
    assert found == [[b"\0"], [b"\1"], [b"\2", b"\3"], [], [], [], []]
    assert report.lost == {"images": 4}
    assert report.notes["image under the name that its document has"] == 3


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        (["B-PER", "E-PER", "S-PER"], ["B-PER", "I-PER", "B-PER"]),
        (["I-PER", "I-PER", "O"], ["B-PER", "I-PER", "O"]),
        (["PER", "PER", "O"], ["B-PER", "I-PER", "O"]),
        (["b-per", "i-per", "o"], ["B-PER", "I-PER", "O"]),
    ],
)
def test_tags_of_own_data_are_read_as_training_does(tmp_path, tags, read):
    rows = [{"tokens": ["Ann", "Lee", "Bo"], "tags": tags}, {"tokens": ["x"], "tags": ["O"]}]
    source = own(tmp_path / "train.jsonl", rows)
    convert(source, tmp_path / "new.jsonl")
    assert [s.tags for s in read_file(tmp_path / "new.jsonl")] == [tuple(read), ("O",)]
    assert [s.tags for s in read_file(source)] == [tuple(read), ("O",)]


def test_a_fault_of_own_data_has_its_line_and_field_alone(tmp_path):
    rows = [{"tokens": ["Ann"], "tags": ["X"]}, {"tokens": ["x"], "tags": ["B-PER"]}]
    _, report = read_documents(own(tmp_path / "a.jsonl", rows))
    assert report.faults[0].startswith(f"{tmp_path / 'a.jsonl'}:1: field 'tags': tag 'X'")


@pytest.mark.parametrize("name", ["O", "ORG|B-LOC", "ORG;O"])
def test_two_types_in_one_and_that_of_no_entity_are_left_out_by_all(tmp_path, name):
    (tmp_path / "a.conll").write_text(f"Ann\tB-{name}\nx\tO\n\nBo\tB-PER\n\n")
    rows = [{"tokens": ["Ann"], "ner_tags": [f"B-{name}"]}, {"tokens": ["Bo"], "ner_tags": ["O"]}]
    own(tmp_path / "a.jsonl", rows)
    rows = [{"text": "Ann", "label": [[0, 3, name]]}, {"text": "Bo", "label": [[0, 2, "B|O-X"]]}]
    own(tmp_path / "b.jsonl", rows)
    for file in ("a.conll", "a.jsonl", "b.jsonl"):
        documents, report = read_documents(tmp_path / file)
        assert len(documents) == len(report.faults) == 1
        assert f"type {name!r} is that of no entity, or of two" in report.faults[0]


def test_no_identifier_of_columns_means_the_images_of_another_document(tmp_path):
    images = {"1": "a.jpg", "4": "ab", "8": "", "8_0.jpg": "b.jpg", "v1.5": "a.jpg"}
    taken = [("1", "b.jpg"), ("1.png", ""), ("4_0", "c.jpg"), ("4", "")]
    rows = [
        {"id": name, "text": "Ann", "images": [f"{c}.jpg" for c in names.removesuffix(".jpg")]}
        for name, names in [*images.items(), *taken, (" 9 ", "c.jpg")]
    ]
    source = own(tmp_path / "in" / "a.jsonl", [row | {"entities": []} for row in rows])
    for n, name in enumerate("abc"):
        (tmp_path / "in" / f"{name}.jpg").write_bytes(bytes([n]))
    (tmp_path / "out").mkdir()
    report = convert(source, tmp_path / "out" / "train.txt", to_format="conll")
    read = read_file(tmp_path / "out" / "train.txt")
    found = [[i.source.read_bytes()[0] for i in s.images if i.source.is_file()] for s in read]
    assert found == [[0], [0, 1], [], [1], [0], [], [], [], [], [2]]
    assert [s.id for s in read][5:] == ["train-6", "train-7", "train-8", "train-9", "9"]
    assert report.lost == {"images": 2}
    assert report.notes["identifier left out, it means images of another"] == 4
    assert report.notes["identifier without the blanks around it"] == 1


def test_two_images_of_one_name_are_lost_by_count(tmp_path):
    rows = [
        {"id": "33", "tokens": ["Ann"], "tags": ["O"], "images": [f"{n}.jpg"]} for n in range(2)
    ]
    source = own(tmp_path / "a.jsonl", rows)
    for n in range(2):
        (tmp_path / f"{n}.jpg").touch()
    assert convert(source, tmp_path / "train.txt", to_format="conll").lost == {"images": 1}


def test_urls_of_own_data_stay_and_are_told_as_urls(tmp_path):
    url = "https://example.org/a.jpg"
    row = {"text": "a", "entities": [], "images": [url, "absent.jpg"]}
    report = convert(own(tmp_path / "a.jsonl", [row]), tmp_path / "b.jsonl", to_format="gmf")
    assert report.notes == {
        "image at a URL, which is not fetched": 1,
        "image that is not there": 1,
    }
    assert report.examples["image at a URL, which is not fetched"] == url
    assert json.loads((tmp_path / "b.jsonl").read_text())["images"][0] == {"path": url}


def test_entities_with_prefixes_are_whole_ones_as_in_training(tmp_path):
    parts = [(0, 3, "B-PER"), (4, 7, "I-PER"), (11, 15, "B-LOC")]
    entities = [{"char_start": s, "char_end": e, "type": t} for s, e, t in parts]
    path = own(tmp_path / "a.jsonl", [{"text": "Ann Lee in Oslo", "entities": entities}])
    assert convert(path, tmp_path / "out.txt", to_format="conll").is_complete
    (sample,) = read_file(tmp_path / "out.txt")
    assert sample.tags == read_file(path)[0].tags == ("B-PER", "I-PER", "O", "B-LOC")


def test_pieces_of_a_prediction_are_whole_with_their_mean_confidence(tmp_path):
    pieces = [(0, 3, "B-PER", 0.5), (4, 7, "I-PER", 0.7), (11, 15, "B-LOC", 0.9)]
    keys = ("char_start", "char_end", "type", "confidence")
    row = {"text": "Ann Lee in Oslo", "entities": [dict(zip(keys, p, strict=True)) for p in pieces]}
    path = own(tmp_path / "a.jsonl", [row | {"row": 1, "notes": []}])
    ((document,), report) = read_documents(path)
    found = [(m.type, m.char_end, round(m.confidence, 3)) for m in document.mentions]
    assert found == [("PER", 7, 0.6), ("LOC", 15, 0.9)]
    assert report.notes == {"entity of a type such as B-PER, read as one of PER": 3}
    pieces[1] = (4, 7, "I-PER", None)
    row["entities"] = [dict(zip(keys, piece, strict=True)) for piece in pieces]
    ((document,), _) = read_documents(own(path, [row | {"row": 1, "notes": []}]))
    assert [m.confidence for m in document.mentions] == [None, 0.9]


def test_a_wrong_row_is_left_out_alone_with_its_place(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"text": "Oslo"}\n'
        '{"text": ["one two", "three four"]}\n'
        '{"text": "Ann", "entities": [], "entities": []}\n'
    )
    report = convert(path, tmp_path / "out.jsonl", to_format="gmf")
    assert (report.read, report.written) == (3, 1)
    second, third = report.faults
    assert f"{path}:2" in second
    assert f"{path}:3: key 'entities' stands twice" in third


def test_groups_beside_the_texts_are_no_texts(tmp_path):
    own(tmp_path / "in" / "train.jsonl", [{"id": "1", "text": "Oslo", "entities": []}])
    (tmp_path / "in" / "groups.tsv").write_text("id\tkind\n1\trelated\n")
    report = convert(tmp_path / "in", tmp_path / "out", to_format="gmf")
    assert report.notes == {"file beside the texts that is not converted; copy it": 1}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["train.jsonl"]


def test_predictions_of_further_models_are_counted(tmp_path):
    def prediction(start, end, kind):
        value = {"start": start, "end": end, "text": "Ann in Oslo"[start:end], "labels": [kind]}
        region = {"type": "labels", "from_name": "label", "to_name": "text", "value": value}
        return {"result": [region]}

    found = [prediction(0, 3, "PER"), prediction(7, 11, "LOC")]
    task = {"data": {"text": "Ann in Oslo"}, "annotations": [], "predictions": found}
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps([task]))
    documents, report = read_documents(path)
    assert [mention.type for mention in documents[0].mentions] == ["LOC"]
    assert report.lost == {"prediction of another model": 1}
