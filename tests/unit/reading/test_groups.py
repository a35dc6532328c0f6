import json

import pytest

from gmf.core.errors import DataError
from gmf.reading.groups import find_groups, read_groups

WANTED = {
    "1": {"kind": "related", "source": 'a "b'},
    "2": {"kind": "misleading"},
    "3": {"kind": "related", "source": "x"},
}


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_every_form_says_the_same(tmp_path):
    table = 'image\tkind\tsource\n1\trelated\ta "b\n2\tmisleading\t\n\n3\trelated\tx\n'
    assert read_groups(written(tmp_path / "g.tsv", table)).by_id == WANTED
    comma = 'kind,id,source\nrelated,1,"a ""b"\nmisleading,2,\nrelated,3,x\n'
    assert read_groups(written(tmp_path / "g.csv", comma)).by_id == WANTED
    mapping = WANTED | {"2": {"kind": "misleading", "source": None}}
    assert read_groups(written(tmp_path / "g.json", json.dumps(mapping))).by_id == WANTED
    lines = "".join(f"{json.dumps({'id': i, **row})}\n" for i, row in mapping.items())
    assert read_groups(written(tmp_path / "g.jsonl", lines)).by_id == WANTED
    short = written(tmp_path / "short.json", '{"1": "sports", "2": 3, "4": true}')
    assert read_groups(short).by_id == {
        "1": {"group": "sports"},
        "2": {"group": "3"},
        "4": {"group": "true"},
    }


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("g.txt", "", r"expected a file that ends with \.tsv, \.csv, \.jsonl, \.json"),
        ("g.tsv", "id\n1\n", r"g\.tsv:1: expected a heading of different names, id and one"),
        ("g.tsv", "id\tkind\tkind\n", r"g\.tsv:1: expected a heading of different names"),
        ("g.tsv", "id\tkind\n1\ta\n2\n", r"g\.tsv:3: expected 2 cells as in the heading, got 1"),
        ("g.csv", 'id,kind\n1,"a\n', r"g\.csv:2: expected a table \(unexpected end of data\)"),
        ("g.tsv", "id\tkind\n\ta\n", r"g\.tsv:2: expected the id of a post, got nothing"),
        ("g.tsv", "id\tkind\n1\ta\n1\tb\n", r"g\.tsv:3: post '1' is stated twice"),
        ("g.tsv", "id\tkind\n", r"g\.tsv: expected posts with their groups, got none"),
        ("g.json", "[1]", r"g\.json: expected an object, of ids to groups .* got list"),
        ("g.json", '{"1": {"kind": ["a"]}}', r"g\.json, field 'kind': expected the name of a gr"),
        ("g.jsonl", '{"id": 1, "k": "a"}\n{', r"g\.jsonl:2: expected JSON"),
        ("g.jsonl", '{"id": null, "k": "a"}', r"g\.jsonl:1: expected the id of a post"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, name, text, message):
    with pytest.raises(DataError, match=message):
        read_groups(written(tmp_path / name, text))


def test_the_side_file_of_a_folder(tmp_path):
    assert find_groups(tmp_path) is None
    kinds = written(tmp_path / "kinds.json", "{}")
    assert find_groups(tmp_path) == kinds
    groups = written(tmp_path / "groups.csv", "")
    assert find_groups(tmp_path) == groups
