"""Every format gives its rows, from any shard on; what is wrong is an error of its row alone."""

import gzip
import json
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gmf.checks.validation import validate_folder
from gmf.core.errors import ConfigError, DataError
from gmf.core.types import ImageInput, Region
from gmf.data.images import RefusedImage, UnusableImageError, open_image
from gmf.jobs.inputs import scanned
from gmf.jobs.inputs.names import input_files
from gmf.jobs.inputs.open import open_source
from gmf.jobs.inputs.rows import InputOptions
from gmf.jobs.inputs.several import Inputs
from gmf.prediction.user_input import sample_of_post
from gmf.reading.readers import read_file, read_split


def rows_of(path, *, size=3, **options):
    """Read by shards, in reverse, as several workers may; return all rows in order."""
    options = InputOptions(**options)
    shards = list(open_source(path, options=options).shards(size))
    read = [list(open_source(path, options=options).read(shard)) for shard in reversed(shards)]
    rows = [row for part in reversed(read) for row in part]
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert all(bool(row.error) == (row.sample is None) for row in rows)
    return rows


def texts(rows):
    return [row.sample.text if row.sample else None for row in rows]


def test_json_lines(tmp_path):
    (tmp_path / "a.png").touch()
    lines = [
        {"id": "x", "text": "One 😀", "image": "a.png", "likes": 3},
        {"id": 7, "text": "", "images": ["a.png", {"path": "a.png"}]},
        {"tokens": ["two", "\u00a0"], "tags": ["O", "O"]},
        {"text": "entities are not read", "entities": [{"start": 0, "end": 2, "type": "PER"}]},
    ]
    path = tmp_path / "posts.jsonl"
    content = "\n\n".join(json.dumps(line) for line in lines) + "\r\n  \n"
    path.write_bytes(b"\xef\xbb\xbf" + content.encode())
    rows = rows_of(path)
    assert texts(rows) == ["One 😀", "", None, "entities are not read"]
    assert [row.id for row in rows] == ["x", "7", "posts-3", "posts-4"]
    assert [len(row.sample.images) for row in rows] == [1, 2, 0, 0]
    assert rows[0].sample.images[0].source == tmp_path / "a.png"
    assert rows[2].sample.tokens == ("two", "\u00a0")
    assert rows[3].origin == f"{path}:7"


def test_regions_of_own_data(tmp_path):
    path = tmp_path / "posts.jsonl"
    image = {"path": "a.png", "regions": [{"box": [0, 1, 2, 3], "label": "dog"}]}
    path.write_text(json.dumps({"text": "a", "images": [image]}))
    assert rows_of(path)[0].sample.images[0].regions == (Region((0, 1, 2, 3), label="dog"),)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"{", "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1]", "expected a JSON object, got list"),
        (b"\xff{}", "expected UTF-8"),
        (b"{}", "no text: expected 'text' or 'tokens'"),
        (b'{"text": 3}', "expected text, got int"),
        (b'{"text": {"0": "a"}}', "expected text, got dict; a table by columns"),
        (b'{"text": "a", "id": {"0": 1}}', "got dict; a table by columns"),
        (b'["a", "b"]', 'write a text as {"text": "..."}'),
        (b'{"text": "\\ud800"}', "surrogate"),
        (b'{"tokens": ["a", ""]}', "expected a list of words"),
        (b'{"tokens": ["\\udc00"]}', "tokens: character 1 is half of a surrogate pair"),
        (b'{"text": "a", "id": "x\\ud800"}', "identifier: character 2 is half of a surrogate"),
        (b'{"text": "a", "n": ' + b"9" * 5000 + b"}", "a number has too many digits"),
        (b'{"text": "a", "context": {"b": "\\ud800"}}', "context.b: character 1 is half of a"),
        (b'{"text": "a", "context": {"' + b"b" * 101 + b'": "a"}}', "then up to 99 letters"),
        (b'{"text": "a", "id": [1]}', "identifier"),
        (b'{"text": "a", "image": 3}', "expected a path or bytes, got int"),
        (b'{"text": "a", "image": {"path": "a.png", "regions": [{}]}}', "either box or crop"),
        (
            b'{"text": "a", "image": {"path": "a.png", "regions": [{"crop": "../c.png"}]}}',
            "leaves its folder",
        ),
    ],
)
def test_a_wrong_line_is_one_error_row(tmp_path, line, error):
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "posts.jsonl"
    path.write_bytes(b'{"text": "before"}\n' + line + b'\n{"text": "after"}\n')
    before, wrong, after = rows_of(path)
    assert error in wrong.error
    assert wrong.origin == f"{path}:2"
    assert texts([before, after]) == ["before", "after"]


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("../secret.png", "leaves its folder"),
        ("/etc/passwd", "leaves its folder"),
        ("C:\\x.png", "leaves its folder"),
        ("https://example.org/a.png", "no URL is fetched"),
        ("data:image/png;base64,AAAA", "no URL is fetched"),
        ({"bytes": None, "path": "../a"}, "leaves its folder"),
        ({"path": "https://example.org/a.png", "regions": []}, "no URL is fetched"),
        ("a\0.png", "has a NUL character, which no file name has"),
        ("inside/../../a.png", "leaves its folder"),
    ],
)
def test_an_image_that_is_not_to_be_opened_is_a_note_and_the_text_is_read(tmp_path, image, reason):
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "posts.jsonl"
    path.write_text(json.dumps({"text": "Ann", "images": [image, "b.png"]}))
    (row,) = rows_of(path)
    refused, usable = row.sample.images
    assert row.sample.text == "Ann"
    assert usable.source == folder / "b.png"
    with pytest.raises(UnusableImageError, match=f"refused: .*{reason}"):
        open_image(refused.source)


@pytest.mark.parametrize("kind", ["jsonl", "txt"])
@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("a.png", ""),
        ("secret.txt", "not an image"),
        ("/dev/zero", "it is a pipe or a device"),
        ("gone.png", "a link to ../gone.png, which is not there"),
        (".git/annex/objects/gone.png", "run git annex get"),
        ("images/1.jpg", "cannot be read"),
    ],
)
def test_links_of_images_are_followed_to_images_alone_in_training_and_prediction(
    tmp_path, kind, target, fault
):
    """Links lie as git-annex and DVC place them; the last case is a link to itself."""
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "secret.txt").write_text("secret words")
    images = tmp_path / "data" / "images"
    images.mkdir(parents=True)
    to = {"/dev/zero": target, "images/1.jpg": "1.jpg"}.get(target, f"../../{target}")
    (images / "1.jpg").symlink_to(to.replace("../../gone", "../gone"))
    path = images.parent / f"train.{kind}"
    row = {"id": "1", "tokens": ["Ann"], "tags": ["B-PER"], "images": ["images/1.jpg"]}
    path.write_text("IMGID:1\nAnn\tB-PER\n" if kind == "txt" else json.dumps(row))
    (trained,) = read_split(images.parent, "train")
    (predicted,) = rows_of(path)
    assert predicted.sample.images == trained.images == (ImageInput(images / "1.jpg"),)
    told = " ".join(f.message for f in validate_folder(images.parent, only=["train"]))
    if not fault:
        assert open_image(trained.images[0].source).size == (4, 4)
        assert not told
        return
    with pytest.raises(UnusableImageError, match=fault) as error:
        open_image(trained.images[0].source)
    assert "secret words" not in str(error.value) + told
    assert told


def test_links_to_folders_of_images_are_followed(tmp_path):
    (tmp_path / "disk").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "disk" / "1.png")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "photos").symlink_to(tmp_path / "disk")
    path = tmp_path / "data" / "train.jsonl"
    path.write_text('{"text": "Ann", "images": ["photos/1.png"], "entities": []}')
    (row,) = rows_of(path)
    assert row.sample.images == read_file(path)[0].images
    assert open_image(row.sample.images[0].source).size == (4, 4)


def test_absolute_paths_below_the_image_root_are_taken(tmp_path):
    path, root = tmp_path / "in" / "posts.jsonl", tmp_path / "media"
    path.parent.mkdir()
    path.write_text(
        json.dumps({"text": "a", "images": [str(root / "a.png"), str(path.parent / "b")]})
    )
    inside, outside = rows_of(path, image_root=root)[0].sample.images
    assert inside.source == root / "a.png"
    assert isinstance(outside.source, RefusedImage)
    inside, outside = rows_of(path)[0].sample.images[::-1]
    assert inside.source == path.parent / "b"
    assert isinstance(outside.source, RefusedImage)


def test_nested_keys_and_columns(tmp_path):
    path = tmp_path / "posts.jsonl"
    row = {"post": {"text": "Ann", "id": 7}, "media": [{"file": "a.png"}, {"file": "b.png"}]}
    path.write_text(json.dumps(row | {"likes": 3}))
    names = {"text": "post.text", "id": "post.id", "images": ("media.file",)}
    (read,) = rows_of(path, **names, keep=("likes", "post.id", "post.absent"))
    assert (read.id, read.sample.text) == ("7", "Ann")
    assert [image.source.name for image in read.sample.images] == ["a.png", "b.png"]
    assert read.columns == {"likes": 3, "post.id": 7, "post.absent": None}
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    feather = pytest.importorskip("pyarrow.feather")
    table = pyarrow.Table.from_pylist([row | {"likes": n} for n in range(200)])
    parquet.write_table(table, tmp_path / "t.parquet", row_group_size=70)
    feather.write_feather(table, tmp_path / "t.feather", chunksize=33)
    with pyarrow.OSFile(str(tmp_path / "t.arrow"), "wb") as file:
        writer = pyarrow.ipc.new_stream(file, table.schema)
        writer.write_table(table, max_chunksize=50)
        writer.close()
    for name in ("t.parquet", "t.feather", "t.arrow"):
        for size in (7, 64, 1000):
            read = rows_of(tmp_path / name, size=size, **names, keep=("likes",))
            assert [r.columns["likes"] for r in read] == list(range(200))
            assert read[-1].sample.text == "Ann"
            assert [i.source.name for i in read[5].sample.images] == ["a.png", "b.png"]
        with pytest.raises(ConfigError, match="no column 'nothing'"):
            open_source(tmp_path / name, options=InputOptions(**names, keep=("nothing",)))
    (tmp_path / "t.arrow").write_bytes(b"ARROW1 but no more")
    with pytest.raises(DataError, match="cannot be read as Arrow"):
        open_source(tmp_path / "t.arrow", options=InputOptions(**names))


def test_a_link_is_followed_to_a_named_image_root(tmp_path):
    path, root = tmp_path / "in" / "posts.jsonl", tmp_path / "elsewhere"
    path.parent.mkdir()
    path.write_text('{"text": "a", "image": "a.png"}')
    image = rows_of(path, image_root=root)[0].sample.images[0]
    assert image.source == root / "a.png"


def test_an_endless_line_is_an_error_row(tmp_path, monkeypatch):
    monkeypatch.setattr(scanned, "MAX_LINE", 100)
    path = tmp_path / "posts.jsonl"
    for tail in (b"", b"\n"):
        path.write_bytes(b'{"text": "a"}\n' + b"x" * 1000 + tail)
        rows = rows_of(path, size=1)
        assert "longer than" in rows[1].error
        assert len(rows) == 2
    path.write_bytes(b"x" * 1000 + b'\n{"text": "a"}\n')
    assert texts(rows_of(path, size=1)) == [None, "a"]


def test_csv_with_quotes_line_ends_and_wrong_rows(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_bytes(
        b"\xef\xbb\xbfid,text,photo,more\r\n"
        b'1,"two\r\nlines, ""quoted""",a.png,\r\n'
        b"\r\n"
        b"2,too,few\r\n"
        b'3,"odd"quote,,\r\n'
        b"4,not \xff utf-8,,\r\n"
        b",plain,,\r\n"
        b'5,"never closed,,\r\n'
    )
    for size in (1, 2, 10):
        rows = rows_of(path, size=size, images=("photo",))
        assert texts(rows) == [
            'two\r\nlines, "quoted"',
            *[None] * 3,
            "plain",
            None,
        ]
        assert "expected 4 columns, as the header has, got 3" in rows[1].error
        assert "not valid CSV" in rows[2].error
        assert "expected UTF-8, byte 4 is not (0xff)" in rows[3].error
        assert rows[4].id == "posts-5"
        assert "unexpected end of data" in rows[5].error
        assert rows[0].origin == f"{path}:2"
        assert rows[1].origin == f"{path}:5"
        assert rows[0].sample.images[0].source == tmp_path / "a.png"


def test_tsv_and_columns(tmp_path):
    path = tmp_path / "posts.tsv"
    path.write_text("tweet\ta\tb\nhello\tx.png\ty.png\n")
    row = rows_of(path, text="tweet", images=("a", "b"))[0]
    assert [image.source.name for image in row.sample.images] == ["x.png", "y.png"]
    with pytest.raises(ConfigError, match="no column 'text'; the header has 'tweet', 'a', 'b'"):
        open_source(path, options=InputOptions())
    path.write_text("")
    with pytest.raises(DataError, match="the file is empty"):
        open_source(path, options=InputOptions())


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("size", [1, 10])
def test_tables_as_excel_writes_them(tmp_path, name, size):
    path = tmp_path / name
    wanted = ["Łódź, 😀", "Oslo", 'Ann "Lee"\r\nin Rome']
    for mark in ("\t", ";", ","):
        table = f'id{mark}text\r\n1{mark}"{wanted[0]}"\r\n2{mark}Oslo\r\n'
        table += f'3{mark}"Ann ""Lee""\r\nin Rome"\r\n'
        for encoding in ("utf-8", "utf-8-sig", "utf-16"):
            path.write_bytes(table.encode(encoding))
            assert texts(rows_of(path, size=size)) == wanted
    path.write_bytes(b"sep=;\rid;text\r1;Ann, in Oslo\r2;Bergen\r")
    assert texts(rows_of(path, size=size)) == ["Ann, in Oslo", "Bergen"]
    path.write_bytes("id,text\n1,in København\n2,Oslo\n".encode("cp1252"))
    wrong, right = rows_of(path, size=size)
    assert "as Windows-1252 it would read 'in København'" in wrong.error
    assert right.sample.text == "Oslo"
    assert texts(rows_of(path, size=size, encoding="cp1252")) == ["in København", "Oslo"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_lines_of_other_encodings(tmp_path, encoding):
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"text": "Łódź 😀"}\n{"text": "b"}\n'.encode(encoding))
    assert texts(rows_of(path, size=1)) == ["Łódź 😀", "b"]
    path = tmp_path / "a.conll"
    path.write_bytes("Łódź\tO\n\nb\tO\n".encode(encoding))
    assert [row.sample.tokens for row in rows_of(path, size=1)] == [("Łódź",), ("b",)]


def test_columns_that_were_asked_for_and_are_absent_are_refused(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "a.csv").write_text("key,text,photo\n1,a,b.png\n")
    columns = {"key": ["1"], "text": ["a"], "photo": ["b.png"]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text('{"key": "1", "text": "a", "photo": "b.png"}\n\n{}\n[')
    for name in ("a.csv", "a.parquet", "a.jsonl"):
        for option, message in (
            ({"text": "texts"}, "no column 'texts'.*did you mean 'text'"),
            ({"images": ["phto"]}, "no column 'phto'.*did you mean 'photo'"),
            ({"images": ["media"]}, "no column 'media'.*with --image-column"),
            ({"id": "number"}, "no column 'number'.*with --id-column"),
        ):
            with pytest.raises(ConfigError, match=message):
                open_source(tmp_path / name, options=InputOptions(**option))


def test_rows_of_mner_mi_and_keys_that_may_be_meant(tmp_path):
    path = tmp_path / "a.jsonl"
    row = {
        "id": 5,
        "text": ["in", "Oslo"],
        "label": ["O", "B-LOC"],
        "images": ["5_0.jpg", "5_1.jpg"],
    }
    path.write_text(json.dumps(row) + '\n{"tweet": "a"}\n{"texts": "a"}\n')
    first, second, third = rows_of(path)
    assert first.sample.tokens == ("in", "Oslo")
    assert [image.source.name for image in first.sample.images] == row["images"]
    assert second.error == "no text: expected 'text' or 'tokens'; did you mean 'text'?"
    assert "did you mean 'text'?" in third.error


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".parquet", ".arrow"])
@pytest.mark.parametrize("key", ["text", "tokens"])
def test_lists_of_words_are_words_in_every_format(tmp_path, suffix, key):
    path, row = tmp_path / f"a{suffix}", {key: ["in", "New York"], "context": {"caption": "a"}}
    row |= {"ocr": "b", "photo": "a.jpg"}
    if suffix in (".jsonl", ".json"):
        path.write_text(json.dumps(row if suffix == ".jsonl" else [row]))
    else:
        pyarrow = pytest.importorskip("pyarrow")
        table = pyarrow.Table.from_pylist([row])
        if suffix == ".parquet":
            pytest.importorskip("pyarrow.parquet").write_table(table, path)
        else:
            pytest.importorskip("pyarrow.feather").write_feather(table, path)
    (read,) = rows_of(path, context=("ocr",))
    assert (read.sample.tokens, read.sample.text) == (("in", "New York"), None)
    assert read.sample.context == (("caption", "a"), ("ocr", "b"))
    assert "add --image-column photo" in str(read.sample.images[0].source.fault)
    assert sample_of_post(row).tokens == ("in", "New York")
    named = rows_of(path, text=key)[0].sample
    assert named.tokens == ("in", "New York")


def test_a_text_of_one_post_a_line_is_no_column_file(tmp_path):
    path = tmp_path / "posts.txt"
    path.write_text("Ann Lee spoke in Oslo\nBergen is wet\nWhat a day for Rocky\n")
    source = open_source(path, options=InputOptions())
    assert source.note == "read as a plain text, one post a line"
    lines = ["Ann Lee spoke in Oslo", "Bergen is wet", "What a day for Rocky"]
    assert texts(rows_of(path, size=2)) == lines
    with pytest.raises(DataError, match="looks like a plain text, one post a line"):
        open_source(path, options=InputOptions(format="conll"))
    other = path.rename(tmp_path / "posts.conll")
    with pytest.raises(DataError, match="looks like a plain text, one post a line"):
        open_source(other, options=InputOptions())
    path.write_bytes(b"Ann Lee\nJos\xe9 Lee\n\n \t\nBergen is wet\n")
    first, second, third = rows_of(path)
    assert (first.sample.text, third.sample.text) == ("Ann Lee", "Bergen is wet")
    assert "expected UTF-8, byte 3" in second.error
    path.write_text("# sent_id = 1\nAnn B-PER\nLee I-PER\n\n# text = b\nBergen B-LOC\n")
    assert [row.sample.tokens for row in rows_of(path, size=1)] == [("Ann", "Lee"), ("Bergen",)]


def test_conll_as_in_training(tmp_path):
    path = tmp_path / "test.txt"
    path.write_bytes(
        b"-DOCSTART-\tO\n\nIMGID:33\nNew\tB-LOC\n\xc2\xa0\tO\nIMGID:34\nx\n\nIMGID:35\n\nAnn\tPER\r\n"
        b"\nIMGID:../36\nx\tO\n\n\xff\tO\n"
    )
    (tmp_path / "images").mkdir()
    (tmp_path / "regions.jsonl").write_text('{"image": "33.jpg", "regions": [{"box": [0,0,1,1]}]}')
    rows = rows_of(path, size=2)
    assert [row.id for row in rows] == ["33", "34", "35", "test-4", "../36", "test-6"]
    assert rows[0].sample.tokens == ("New", "\u00a0")
    assert rows[0].sample.tags is None
    assert rows[0].sample.images[0].source == tmp_path / "images" / "33.jpg"
    assert rows[0].sample.images[0].regions == (Region((0, 0, 1, 1)),)
    assert "no tokens" in rows[2].error
    assert rows[3].sample.tokens == ("Ann",)
    assert rows[3].sample.images == ()
    assert "leaves its folder" in str(rows[4].sample.images[0].source.fault)
    assert "UTF-8" in rows[5].error
    (tmp_path / "images").rmdir()
    assert rows_of(path)[0].sample.images == ()


def test_a_folder_of_texts_and_images(tmp_path):
    folder, outside = tmp_path / "in", tmp_path / "outside.txt"
    (folder / "sub").mkdir(parents=True)
    outside.write_text("secret")
    for name in ("b.jpg", "b-2.png", "b_1.PNG", "sub/c.1.webp", "alone.png", ".hidden.txt", "n.md"):
        (folder / name).touch()
    (folder / "b.txt").write_bytes(b"\xef\xbb\xbfpost b\n")
    (folder / "sub" / "c.txt").write_text("post c")
    (folder / "bad.txt").write_bytes(b"\xff")
    (folder / "link.txt").symlink_to(outside)
    rows = rows_of(folder, size=2)
    assert [row.id for row in rows] == ["alone", "b", "bad", "link", "sub/c"]
    assert "no text beside alone.png" in rows[0].error
    assert rows[1].sample.text == "post b\n"
    names = [image.source.name for image in rows[1].sample.images]
    assert names == ["b-2.png", "b.jpg", "b_1.PNG"]
    assert "UTF-8" in rows[2].error
    assert "symbolic link" in rows[3].error
    assert [i.source.name for i in rows[4].sample.images] == ["c.1.webp"]


def test_a_text_of_another_spelling_beside_an_image_is_named(tmp_path):
    (tmp_path / "C.txt").write_text("Ann")
    (tmp_path / "c.jpg").touch()
    assert "expected c.txt; C.txt is there: rename one of them" in rows_of(tmp_path)[1].error


def test_a_folder_tells_what_is_not_read_and_is_no_input_without_a_post(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(DataError, match=r"no post in it: .*; it is empty"):
        open_source(folder, options=InputOptions())
    (folder / "n.md").touch()
    with pytest.raises(DataError, match=r"; 1 files of the folder are no inputs .*: n\.md"):
        open_source(folder, options=InputOptions())
    (folder / "a.txt.gz").write_bytes(gzip.compress(b"Ann"))
    (folder / "a.jpg").touch()
    assert [(row.id, len(row.sample.images)) for row in rows_of(folder)] == [("a", 1)]
    assert "1 files" in open_source(folder, options=InputOptions()).note
    (folder / "p.jsonl").write_text('{"text": "Ann", "image": "a.jpg"}')
    (folder / "regions.jsonl").touch()
    (file,) = input_files([folder], options=InputOptions(format="jsonl"))
    assert (file.path.name, file.note.rpartition(": ")[2]) == ("p.jsonl", "a.txt.gz, n.md")
    (counts,) = Inputs([file], InputOptions()).counts([])
    assert counts["note"] == file.note


@pytest.mark.parametrize("name", ["metadata.csv", "p.jsonl", "p.parquet", "sub/p.tsv.gz"])
def test_a_folder_of_tables_and_texts_is_refused_unless_one_kind_is_asked_for(tmp_path, name):
    (tmp_path / "sub").mkdir()
    (tmp_path / "README.txt").touch()
    (tmp_path / name).touch()
    assert [f.path for f in input_files([tmp_path], options=InputOptions())] == [tmp_path / name]
    for text in ("a.txt", "sub/b.TXT.gz"):
        (tmp_path / text).touch()
        with pytest.raises(DataError, match=rf"{name[-5:]} and texts such as .*{text[-5:]}:"):
            input_files([tmp_path], options=InputOptions())
        for format_, path in (("folder", tmp_path), (None, tmp_path / name)):
            options = InputOptions(format=format_)
            assert [f.path for f in input_files([path], options=options)] == [path]
        (tmp_path / text).unlink()


def test_parquet_with_paths_bytes_and_structs(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    png = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(png)
    rows = 10
    table = pyarrow.table(
        {
            "text": [f"post {n}" for n in range(rows - 1)] + [None],
            "id": list(range(rows)),
            "image": [
                {"bytes": png.read_bytes() if n % 2 else None, "path": "a.png"} for n in range(rows)
            ],
            "images": [["a.png", "../b.png"] if n == 4 else None for n in range(rows)],
            "more": [0.5] * rows,
        }
    )
    path = tmp_path / "posts.parquet"
    parquet.write_table(table, path, row_group_size=4)
    for size in (1, 3, 100):
        found = rows_of(path, size=size)
        assert texts(found) == [
            *[f"post {n}" for n in range(9)],
            None,
        ]
        first, second, third = found[4].sample.images
        assert (first.source, second.source) == (png, png)
        assert "leaves its folder" in str(third.source.fault)
        assert "no text" in found[9].error
        assert found[0].sample.images[0].source == png
        assert found[1].sample.images[0].source == png.read_bytes()
    with pytest.raises(ConfigError, match="no column 'tweet'"):
        open_source(path, options=InputOptions(text="tweet"))
    path.write_bytes(b"no parquet")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        open_source(path, options=InputOptions())


def test_unknown_and_absent_inputs(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        open_source(tmp_path / "absent.csv", options=InputOptions())
    (tmp_path / "a.docx").touch()
    with pytest.raises(ConfigError, match=r"expected a folder or a file that ends with \.jsonl"):
        open_source(tmp_path / "a.docx", options=InputOptions())
    with pytest.raises(ConfigError, match="format csv does not fit"):
        open_source(tmp_path, options=InputOptions(format="csv"))


def test_an_empty_file_has_no_rows(tmp_path):
    (tmp_path / "a.jsonl").touch()
    assert rows_of(tmp_path / "a.jsonl") == []


@settings(max_examples=60, deadline=None)
@given(
    content=st.binary(max_size=200),
    size=st.integers(1, 4),
    suffix=st.sampled_from([".jsonl", ".conll"]),
)
def test_any_bytes_give_the_same_rows_by_any_shards(tmp_path_factory, content, size, suffix):
    path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
    path.write_bytes(content)
    try:
        expected = rows_of(path, size=10_000)
    except DataError as error:  # First bytes of an archive: no text at all.
        with pytest.raises(DataError, match=re.escape(str(error))):
            rows_of(path, size=size)
        return
    assert rows_of(path, size=size) == expected


CELLS = st.lists(st.text(st.sampled_from('ab,"\n\r 😀'), max_size=6), min_size=2, max_size=3)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(CELLS, max_size=8), size=st.integers(1, 4), is_quoted=st.booleans())
def test_any_csv_gives_the_same_rows_by_any_shards(tmp_path_factory, rows, size, is_quoted):
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    quote = '"{}"' if is_quoted else "{}"
    lines = [",".join(quote.format(cell) for cell in row) for row in rows]
    path.write_bytes("\n".join(["text,id", *lines]).encode())
    assert rows_of(path, size=size) == rows_of(path, size=10_000)


def test_lines_of_columns_that_differ_are_error_rows(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("Ann\tB-PER\nLee I-PER\n\nOslo\tB-LOC\n\nin\t\n")
    first, second, third = rows_of(path)
    assert first.error.startswith("line 2: expected 2 columns separated by TAB")
    assert second.sample.tokens == ("Oslo",)
    assert "empty tag" in third.error
    path.write_text("1\tAnn\tB-PER\n2\tin\tO\n\n1\tOslo\tB-LOC\n")
    assert [row.sample.tokens for row in rows_of(path, size=1)] == [("Ann", "in"), ("Oslo",)]


@pytest.mark.parametrize("indent", [None, 1])
def test_a_json_list_is_read_item_by_item(tmp_path, indent):
    path = tmp_path / "a.json"
    posts = [{"text": "Ann"}, {"id": 7, "text": "Oslo"}, 3, {"text": "x"}, {"txt": "y"}]
    path.write_text(json.dumps(posts, indent=indent))
    rows = rows_of(path, size=2)
    assert texts(rows) == ["Ann", "Oslo", None, "x", None]
    assert (rows[1].id, rows[2].error) == ("7", "expected a JSON object, got int")
    assert "did you mean 'text'?" in rows[4].error
    source = open_source(path, options=InputOptions())
    in_order = [row for shard in source.shards(2) for row in source.read(shard)]
    assert texts(in_order) == texts(rows)
    with pytest.raises(ConfigError, match="no column 'pic'"):
        open_source(path, options=InputOptions(images=("pic",)))
    path.write_text("".join(json.dumps(post) + "\n" for post in posts))
    assert texts(rows_of(path)) == texts(rows)
    path.write_text('[{"text": "a"},\n{"text" 3}]')
    with pytest.raises(DataError, match=r"a\.json:2: not valid JSON: .*, after item 1"):
        rows_of(path)


def test_a_folder_of_texts_keeps_what_is_told_of_them_in_json_apart(tmp_path):
    (tmp_path / "meta.json").write_text("[]")
    options = InputOptions()
    assert [f.format for f in input_files([tmp_path], options=options)] == ["json"]
    (tmp_path / "a.txt").write_text("Ann")
    assert [f.format for f in input_files([tmp_path], options=options)] == ["folder"]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".json"])
@pytest.mark.parametrize("key", ["photo", "Image", "img_path", "media"])
def test_images_under_keys_of_others_are_notes(tmp_path, suffix, key):
    path = tmp_path / f"a{suffix}"
    row = json.dumps({"text": "Ann", key: "a.jpg"})
    contents = {".jsonl": row, ".json": f"[{row}]", ".csv": f"text,{key}\nAnn,a.jpg\n"}
    path.write_text(contents[suffix])
    (image,) = rows_of(path)[0].sample.images
    assert isinstance(image.source, RefusedImage)
    assert f"add --image-column {key}" in str(image.source.fault)
    assert rows_of(path, images=(key,))[0].sample.images == (ImageInput(tmp_path / "a.jpg"),)


def test_images_of_ours_that_are_null_are_none(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "images": [null]}\n{"text": "a", "photo": null}\n')
    assert [row.sample.images for row in rows_of(path)] == [(), ()]


def test_cells_with_lists_of_words_are_no_posts(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,tokens\n1,"[""Ann""]"\n')
    with pytest.raises(ConfigError, match="no column 'text'; words"):
        open_source(path, options=InputOptions())
    path.write_text("id^text\n1^Ann\n")
    with pytest.raises(ConfigError, match=r"it looks separated by '\^': add --delimiter '\^'"):
        open_source(path, options=InputOptions())


def test_a_cell_may_hold_a_list_of_images(tmp_path):
    path = tmp_path / "a.csv"
    cells = ("\"['x.jpg', 'y.jpg']\"", '"[""x.jpg""]"', "[x].jpg", "[x]", "[]")
    path.write_text("text,images\n" + "".join(f"a,{cell}\n" for cell in cells))
    names = [[image.source.name for image in row.sample.images] for row in rows_of(path)]
    assert names == [["x.jpg", "y.jpg"], ["x.jpg"], ["[x].jpg"], ["[x]"], []]


def test_records_in_quotes_that_swallow_records_are_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,"open\n2,b\n3,c"\n4,d\n')
    assert "like records (line 2)" in open_source(path, options=InputOptions()).note
    path.write_text('id,text\n1,"two, or\nmore, lines"\n4,d\n')
    assert open_source(path, options=InputOptions()).note == ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('id,text\n1,a\n2,"open\n3,b"\n4,d\n', 3),
        ('id,text\n1,a\n2,"open\n3,b"\n', 3),
        ('text,image\na,1.jpg\n"Ann,x.jpg\nBob",y.PNG\nc,2.jpg\n', 3),
        ('id,text\n1,a\n2,"two, or\nmore, lines"\n4,d\n', 0),
        ('id,text\n1,a\n2,"in 2019,\n2020, or 2021, it"\n4,d\n', 0),
        ('text,image\na,1.jpg\n"Hello, world\nBye",y.jpg\nc,2.jpg\n', 0),
        ('text,image\na,1.jpg\n"see x.jpg,\nor y.jpg",y.jpg\nc,2.jpg\n', 0),
        ('text\na\n"1\n2"\n3\n4\n', 0),
        ('text,b\nx,y\n"open,z\nt",u\nv,w\n', 0),
        ('id,text\n1,a\n2,"in\n2019, we"\n4,d\n', 0),
    ],
)
def test_a_pair_of_quotes_that_swallows_one_record_is_told(tmp_path, text, line):
    path = tmp_path / "a.csv"
    path.write_text(text)
    note = open_source(path, options=InputOptions()).note
    assert (
        note.startswith(f"a record in quotes holds lines that look like records (line {line})")
        if line
        else note == ""
    )


def test_posts_that_lie_deeper_and_urls_in_objects_are_told(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"data": [{"text": "Ann"}]}')
    assert "posts seem to lie in 'data'" in rows_of(path)[0].error
    path.write_text('{"tokenized_text": ["Ann"], "ner": []}')
    assert "row of GLiNER: run gmf data convert" in rows_of(path)[0].error
    path.write_text('[{"text": "Ann", "images": [{"url": "https://example.org/a.jpg"}]}]')
    (image,) = rows_of(path)[0].sample.images
    assert "no URL is fetched" in str(image.source.fault)


def test_a_key_that_stands_twice_is_refused_as_in_training(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "text": "b"}\n{"text": "c"},\n')
    first, second = rows_of(path)
    assert first.error == "key 'text' stands twice in one object; keep one"
    assert "expected one object a line, or one list of them in a .json file" in second.error


def test_images_lie_beside_the_folder_of_texts_too(tmp_path):
    text, images = tmp_path / "text", tmp_path / "images"
    text.mkdir()
    images.mkdir()
    (images / "a.jpg").write_bytes(b"")
    path = text / "a.jsonl"
    path.write_text('{"text": "a", "images": ["a.jpg", "b.jpg"]}\n')
    sources = [image.source for image in rows_of(path)[0].sample.images]
    assert sources == [images / "a.jpg", text / "b.jpg"]
    assert [i.source for i in read_file(path)[0].images] == sources
    sources = [image.source for image in rows_of(path, image_root=text)[0].sample.images]
    assert sources == [text / "a.jpg", text / "b.jpg"]


@pytest.mark.parametrize("kind", ["arrow", "parquet"])
def test_text_of_a_table_that_is_no_utf8_costs_its_row(tmp_path, kind):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    bad = pyarrow.array([b"Ann", b"Jos\xe9", b"Oslo"]).view(pyarrow.string())
    table, path = pyarrow.table({"text": bad}), tmp_path / f"a.{kind}"
    if kind == "parquet":
        parquet.write_table(table, path)
    else:
        with pyarrow.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    first, second, third = rows_of(path)
    assert (first.sample.text, third.sample.text) == ("Ann", "Oslo")
    assert "text is expected to be UTF-8" in second.error


@pytest.mark.parametrize("mark", [",", ";"])
def test_a_blank_before_the_quotes_of_a_header_loses_no_column(tmp_path, mark):
    path = tmp_path / "posts.csv"
    path.write_text(f'"text"{mark} "image"\n"Ann Lee"{mark} "x.jpg"\n')
    with pytest.raises(DataError, match='has "image" in quotes that are read as characters'):
        open_source(path, options=InputOptions())
    path.write_text(f'"text"{mark}"image"\n"Ann Lee"{mark}"x.jpg"\n')
    (row,) = rows_of(path)
    assert (row.sample.text, row.sample.images[0].source.name) == ("Ann Lee", "x.jpg")


@pytest.mark.parametrize("suffix", [".arrow", ".parquet"])
def test_columns_of_one_name_are_refused_in_tables_of_arrow(tmp_path, suffix):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table([pyarrow.array(["Ann"]), pyarrow.array(["Lee"])], names=["text", "text"])
    path = tmp_path / f"posts{suffix}"
    if suffix == ".parquet":
        parquet.write_table(table, path)
    else:
        with pyarrow.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    with pytest.raises(DataError, match="has two columns 'text'; rename or remove one"):
        open_source(path, options=InputOptions())


def test_a_text_of_short_posts_is_no_column_file(tmp_path):
    path = tmp_path / "posts.txt"
    path.write_text("Oslo\nAnn Lee is here\nBergen\n")
    assert texts(rows_of(path)) == ["Oslo", "Ann Lee is here", "Bergen"]


def test_folders_that_a_glob_finds_are_read_and_those_that_are_links_are_told(tmp_path):
    for name in ("mix/x.jsonl", "mix/d/y.jsonl", "far/z.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"text": "Oslo"}\n')
    options = InputOptions()
    found = input_files([tmp_path / "mix" / "*"], options=options)
    assert sorted(file.path.name for file in found) == ["x.jsonl", "y.jsonl"]
    found = input_files([tmp_path / "mix" / "**" / "*.jsonl"], options=options)
    assert sorted(file.path.name for file in found) == ["x.jsonl", "y.jsonl"]
    (tmp_path / "mix" / "link").symlink_to(tmp_path / "far", target_is_directory=True)
    found = input_files([tmp_path / "mix"], options=options)
    assert "folders that are links are not read" in found[0].note
    assert str(tmp_path / "mix" / "link") in found[0].note


@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"caf\xe9.jsonl"])
def test_a_file_name_that_is_no_text_is_refused_by_its_bytes(tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    path.write_text('{"text": "Oslo"}\n')
    options = InputOptions()

    def opened():
        files = input_files([tmp_path], options=options)
        return [open_source(file.path, options=options) for file in files]

    with pytest.raises(DataError, match=r"caf.*no UTF-8; rename it"):
        opened()


@pytest.mark.parametrize("name", ["posts.txt", "posts.conll", "folder"])
def test_columns_of_rows_that_have_none_are_refused(tmp_path, name):
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    (path / "a.txt" if name == "folder" else path).write_text(
        "Oslo\tO\n" if "." in name else "Oslo"
    )
    open_source(path, options=InputOptions())
    options = InputOptions(keep=("author",), text="tweet")
    with pytest.raises(ConfigError, match="no columns; leave out --text-column, --keep-columns"):
        open_source(path, options=options)
