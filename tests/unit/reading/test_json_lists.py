import json
import random

import pytest

from gmf.core.errors import DataError
from gmf.reading import json_lists
from gmf.reading.json_lists import FaultyItem, is_json_list, list_items

VALUES = [1, 12345678901, 1.5, -2e-9, "\u00e9\U0001f600" * 3, {"a": [1, {"b": None}]}, True, []]


def test_lists_are_read_whatever_block_they_are_cut_in(tmp_path, monkeypatch):
    monkeypatch.setattr(json_lists, "HEAD_BYTES", 5)
    path, random_ = tmp_path / "a.json", random.Random(0)
    for _ in range(200):
        values = random_.choices(VALUES, k=random_.randint(0, 6))
        indent, ascii_ = random_.choice([None, 1]), random_.random() < 0.5
        path.write_text(json.dumps(values, ensure_ascii=ascii_, indent=indent), encoding="utf-8")
        assert list(list_items(path)) == values


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[1,\n2", "a.json:2: not valid JSON: expected , or ], got '', after item 2"),
        (b"[1,]", "Expecting value, after item 1"),
        (b"[1] x", "expected nothing behind the list, got 'x'"),
        (b"{}", "expected [, got '{}', after item 0"),
        (b'["a" \xff]', "expected , or ], got"),
        (b'[{"a": 1, "a": 2}, {"b"', "after item 1"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"a": "b"c"}, {"a": "d"}, {"a": "e"f"}]', "Expecting ',' delimiter, after item 0"),
        (b'[1, {"a": [1}, 2]', "Expecting ',' delimiter, after item 1"),
        (b'[1, {"a": 1, {"b": 2}, 3]', "after item 1"),
        (b"", "expected [, got ''"),
    ],
)
def test_what_is_no_list_is_refused_with_its_line(tmp_path, content, message):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        list(list_items(path))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("item", "error"),
    [
        (b'{"text": "a", "text": "b"}', "key 'text' stands twice in one object; keep one"),
        (b'{"x": {"y": [{"a": 1, "a": 2}]}, "z": 1}', "key 'a' stands twice"),
        (b'{"text": "a",}', "not valid JSON: "),
        (b'{text: "a, [b"}', "enclosed in double quotes at character 1"),
        (b"{'text': 'a'}", "enclosed in double quotes at character 1"),
        (b'{"text": "a\nb"}', "not valid JSON: Invalid control character at character 11"),
        (b'{"n": [01, {"m": 1}]}', "not valid JSON: "),
        (b"None", "not valid JSON: Expecting value at character 0"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b"9" * 5000, "a number has too many digits"),
        (b'{"n": ' + b"9" * 5000 + b', "text": "a"}', "a number has too many digits"),
        (b'{"text": "caf\xe9"}', "expected UTF-8, byte 13 is not (0xe9)"),
    ],
)
def test_an_item_that_cannot_be_used_costs_itself_alone(tmp_path, monkeypatch, item, error):
    path = tmp_path / "a.json"
    path.write_bytes(b'["\xc3\xa9", ' + item + b', {"text": "\\udcff"}, ' + item + b"]")
    for block in (5, 2**16):
        monkeypatch.setattr(json_lists, "HEAD_BYTES", block)
        first, wrong, third, last = list_items(path)
        assert (first, third, last) == ("é", {"text": "\udcff"}, wrong)
        assert isinstance(wrong, FaultyItem)
        assert error in wrong.error


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[{"a": 1}]', True),
        ('\ufeff [\n{"a": 1}\n]', True),
        ('[["t", {}], ["u", {}]]', True),
        ('["t", {}]', False),
        ('["t", {}]\n["u", {}]\n', False),
        ('{"a": 1}', False),
        ("", False),
    ],
)
def test_lines_of_lists_are_no_list(tmp_path, content, expected):
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")
    assert is_json_list(path) is expected
