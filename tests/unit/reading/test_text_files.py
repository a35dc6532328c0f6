"""One door: every text file is read through it, whatever its encoding, line ends and packing."""

import gzip
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmf.core.errors import ConfigError, DataError
from gmf.reading.text_files import decode, open_text, read_lines

TEXT = "Ann\tB-PER\nŁódź 😀\tB-LOC\n"
UNICODE = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "utf-32-be",
]


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_encoding_the_line_ends_and_gzip_are_found(tmp_path, encoding, end, pack):
    path = tmp_path / "a.txt"
    path.write_bytes(pack(TEXT.replace("\n", end).encode(encoding)))
    assert read_lines(path) == ["Ann\tB-PER", "Łódź 😀\tB-LOC"]


def test_utf_16_of_big_endian_with_a_mark(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xfe\xff" + TEXT.encode("utf-16-be"))
    assert read_lines(path)[1] == "Łódź 😀\tB-LOC"


def test_an_encoding_can_be_stated(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("København – “x”".encode("cp1252"))
    with pytest.raises(DataError, match=r"a\.csv:1: expected UTF-8, byte 1 is not \(0xf8\)") as it:
        read_lines(path)
    assert "'København – “'" in str(it.value)
    assert "--encoding cp1252" in str(it.value)
    assert read_lines(path, encoding="cp1252") == ["København – “x”"]
    assert read_lines(path, encoding="Windows-1252") == ["København – “x”"]
    with pytest.raises(ConfigError, match="encoding 'cp9999': no such text encoding"):
        read_lines(path, encoding="cp9999")
    with pytest.raises(ConfigError, match="encoding 'base64'"):
        read_lines(path, encoding="base64")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"ab\n\xff\n", 2),
        (b"\xef\xbb\xbfab\nk\xf8\n", 2),
        ("ab\nc\n".encode("utf-16") + b"\x00\xd8a\0\n\0", 3),
        ("ab\nc".encode("utf-16") + b"\x00", 2),
    ],
)
def test_what_is_in_no_encoding_is_named_by_its_line(tmp_path, content, line):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match="expected UTF-8, byte"):
        read_lines(path)
    with open_text(path) as file:
        lines = file.read().split(b"\n")
    faulty = []
    for number, content in enumerate(lines, 1):
        try:
            decode(content)
        except ValueError:
            faulty.append(number)
    assert faulty == [line]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04...", "ZIP archive"),
        (b"PAR1\x15", r"a Parquet table: gmf predict reads it as \.parquet; save it as JSON"),
        (b"\xd0\xcf\x11\xe0", "Excel"),
        (gzip.compress(b"abc" * 1000, mtime=0)[:-9], "cannot be read"),
        (gzip.compress(b"abc" * 1000, mtime=0)[:12] + b"\0\xff\0", "cannot be read"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, content, message):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_lines(path)
    with pytest.raises(DataError, match=r"cannot be read \(Is a directory\)"):
        read_lines(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        read_lines(tmp_path / "absent")


def test_a_pipe_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writing = os.open(path, os.O_RDWR)
    os.write(writing, b"Ann\tB-PER\n")
    with pytest.raises(DataError, match=r"it is a pipe.*save it to a file first"):
        read_lines(path)
    os.close(writing)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), max_size=300),
    st.sampled_from(UNICODE),
    st.data(),
)
def test_any_place_of_a_stream_can_be_sought(tmp_path_factory, text, encoding, data):
    path = tmp_path_factory.getbasetemp() / "sought.txt"
    content = text.encode()
    path.write_bytes(("a\n" + text).encode(encoding if "sig" in encoding else "utf-8-sig"))
    with open_text(path) as file:
        assert file.read() == b"a\n" + content
        place = data.draw(st.integers(0, len(content) + 2))
        file.seek(place)
        assert file.read() == (b"a\n" + content)[place:]
