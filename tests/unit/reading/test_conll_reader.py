import pytest

from gmf.core.errors import DataError
from gmf.core.types import ImageInput, Region
from gmf.reading.conll import read_conll
from gmf.reading.readers import find_split, read_split, splits_of

TWEETS = "IMGID:33\nRocky\tB-PER\nwins\tO\n\nIMGID:17_06_1\nOscar\tB-OTHER\nnight\tI-OTHER\n"


def written(tmp_path, content, name="train.txt"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_reads_ids_tokens_tags_and_alias(tmp_path):
    first, second = read_conll(written(tmp_path, TWEETS), image_folder=tmp_path / "images")
    assert (first.id, first.tokens, first.tags) == ("33", ("Rocky", "wins"), ("B-PER", "O"))
    assert first.images == (ImageInput(tmp_path / "images" / "33.jpg"),)
    assert second.id == "17_06_1"
    assert second.tags == ("B-MISC", "I-MISC")
    assert second.origin == f"{tmp_path / 'train.txt'}:5"


def test_alias_can_be_turned_off(tmp_path):
    assert read_conll(written(tmp_path, TWEETS), aliases={})[1].tags == ("B-OTHER", "I-OTHER")


@pytest.mark.parametrize(
    "token", ["\u00a0", "\ufe0f", "\u2028", "\x85", " ", "http://t.co/x", "a b", "\x0c"]
)
def test_odd_tokens_survive(tmp_path, token):
    path = written(tmp_path, f"IMGID:1\na\tO\n{token}\tO\nb\tO\n")
    assert read_conll(path)[0].tokens == ("a", token, "b")


@pytest.mark.parametrize("change", [lambda s: s.replace("\n", "\r\n"), lambda s: "\ufeff" + s])
def test_windows_line_ends_and_byte_order_mark(tmp_path, change):
    plain, other = written(tmp_path, TWEETS), written(tmp_path, change(TWEETS), "other.txt")
    left, right = read_conll(plain), read_conll(other)
    assert [(s.id, s.tokens, s.tags) for s in left] == [(s.id, s.tokens, s.tags) for s in right]


def test_files_without_ids_are_numbered(tmp_path):
    path = written(tmp_path, "a\tO\n\n\nb\tO\n", "dev.txt")
    assert [s.id for s in read_conll(path)] == ["dev-1", "dev-2"]


def test_one_column_is_unlabelled_and_four_columns_end_in_the_tag(tmp_path):
    assert read_conll(written(tmp_path, "a\nb\n"))[0].tags is None
    path = written(tmp_path, "-DOCSTART- -X- -X- O\n\na\t-\t-\tB-LOC\n")
    assert [s.tags for s in read_conll(path)] == [("B-LOC",)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("IMGID:1\na\tO\nb\n", r"train\.txt:3: expected 2 columns.*'b'"),
        ("IMGID:1\na\tO\n\u00a0\nb\tO\n", r"train\.txt:3: expected 2 columns"),
        ("IMGID:1\na\tO\nb\t\n", r"train\.txt:3: .*empty tag"),
        ("IMGID:1\na\tX\n", r"train\.txt:2, field 'tag': tag 'X': expected O, B-TYPE or I-TYPE"),
        ("IMGID:1\n\nIMGID:2\na\tO\n", r"train\.txt:1, field .IMGID.: post .1. has no tokens"),
        (b"IMGID:1\na\tO\n\xff\tO\n", r"train\.txt:3: expected UTF-8"),
        ("IMGID:../../etc/x\na\tO\n", r"train\.txt:1, field 'IMGID': path .* leaves its folder"),
    ],
)
def test_bad_lines_are_located(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        read_conll(written(tmp_path, content), image_folder=tmp_path)


def test_faults_can_be_collected(tmp_path):
    faults = []
    path = written(tmp_path, "IMGID:1\na\tO\nb\n\nIMGID:2\nc\tQ\n\nIMGID:3\nd\tO\n")
    samples = read_conll(path, on_fault=faults.append)
    assert [s.id for s in samples] == ["1", "3"]
    assert [fault.line for fault in faults] == [3, 6]


def test_id_line_opens_a_tweet_without_empty_line(tmp_path):
    path = written(tmp_path, "IMGID:1\na\tO\nIMGID:2\nb\tO\n")
    assert [(s.id, s.tokens) for s in read_conll(path)] == [("1", ("a",)), ("2", ("b",))]


def test_split_is_found_under_either_name_with_regions(tmp_path):
    written(tmp_path, TWEETS, "valid.txt")
    written(
        tmp_path,
        '{"image": "33.jpg", "regions": [{"box": [1, 2, 3, 4], "label": "dog", "score": 0.5}]}\n',
        "regions.jsonl",
    )
    sample = read_split(tmp_path, "dev")[0]
    assert sample.images[0].regions == (Region((1, 2, 3, 4), label="dog", score=0.5),)
    assert splits_of(tmp_path) == ["dev"]


def test_split_faults(tmp_path):
    with pytest.raises(DataError, match=r"no file for split 'test'; expected test\.txt"):
        find_split(tmp_path, split="test")
    with pytest.raises(DataError, match="split 'eval': expected one of train, dev, test"):
        find_split(tmp_path, split="eval")
    written(tmp_path, TWEETS, "dev.txt"), written(tmp_path, TWEETS, "valid.txt")
    with pytest.raises(DataError, match=r"several files for split 'dev': dev\.txt, valid\.txt"):
        read_split(tmp_path, "dev")
