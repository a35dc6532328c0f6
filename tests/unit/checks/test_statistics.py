import json

import pytest
from fixtures.command import exit_status
from fixtures.shared import shared_data
from typer.testing import CliRunner

from gmf.checks.statistics import folder_statistics, split_statistics
from gmf.cli.data import data_app
from gmf.core.types import Sample
from gmf.reading.jsonl import JsonlReader
from gmf.reading.readers import readers
from gmf.testing import synthetic_samples

# tweets, tokens, longest, without entity, strict by PER LOC ORG MISC, lenient likewise
EXPECTED = {
    ("twitter2015", "train"): (
        4000,
        64439,
        37,
        104,
        (2217, 2091, 927, 931),
        (2285, 2135, 957, 975),
    ),
    ("twitter2015", "dev"): (1000, 16178, 41, 31, (552, 522, 247, 220), (567, 543, 251, 233)),
    ("twitter2015", "test"): (3257, 52822, 36, 89, (1816, 1697, 839, 720), (1873, 1720, 860, 754)),
    ("twitter2017", "train"): (3373, 53007, 50, 392, *[(2943, 731, 1674, 701)] * 2),
    ("twitter2017", "dev"): (723, 11309, 33, 76, *[(626, 173, 375, 150)] * 2),
    ("twitter2017", "test"): (723, 11330, 33, 86, *[(621, 178, 395, 157)] * 2),
}
IMAGES = {"twitter2015": (3, 4, 3), "twitter2017": (10, 2, 2)}


@pytest.mark.parametrize("corpus", ["twitter2015", "twitter2017"])
def test_real_sets_give_the_published_counts(corpus):
    counts = folder_statistics(shared_data() / corpus)
    for split, found in counts.items():
        assert (
            found.tweets,
            found.tokens,
            found.longest,
            found.without_entity,
            tuple(found.strict.values()),
            tuple(found.lenient.values()),
        ) == EXPECTED[corpus, split]
        assert list(found.strict) == ["PER", "LOC", "ORG", "MISC"]
    assert tuple(found.images_present for found in counts.values()) == IMAGES[corpus]


def test_counts_by_hand(tmp_path):
    samples = [
        Sample("1", ("a", "b", "c"), ("B-PER", "I-PER", "I-LOC")),
        Sample("2", ("d",), ("O",)),
        Sample("3", ("e", "f")),
        *synthetic_samples(tmp_path, count=1),
    ]
    found = split_statistics(samples)
    assert (found.tweets, found.longest, found.without_entity, found.unlabelled) == (4, 8, 1, 1)
    assert (found.strict, found.lenient) == ({"PER": 2}, {"PER": 2, "LOC": 1})
    assert (found.images, found.images_present, found.regions) == (1, 1, 1)


TWEETS = "IMGID:1\nRocky\tB-PER\nwins\tO\n\nIMGID:2\nOslo\tI-LOC\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.txt").write_text(TWEETS)
    (tmp_path / "test.txt").write_text(TWEETS.replace("IMGID:", "IMGID:9"))
    return tmp_path


def test_stats_command(folder):
    result = CliRunner().invoke(data_app, ["stats", str(folder)])
    assert result.exit_code == 0
    assert "total (lenient)" in result.stdout
    result = CliRunner().invoke(data_app, ["stats", str(folder), "--json"])
    counts = json.loads(result.stdout)
    assert list(counts) == ["train", "test"]
    assert (counts["train"]["total_strict"], counts["train"]["total_lenient"]) == (1, 2)


def test_stats_command_fails_with_place(folder, monkeypatch, capsys):
    (folder / "test.txt").write_text("a\tO\nb\n")
    assert exit_status(monkeypatch, "data", "stats", folder) == 1
    printed = capsys.readouterr()
    assert "test.txt:2: expected 2 columns" in printed.err
    assert printed.out == ""


def test_validate_command(folder):
    assert CliRunner().invoke(data_app, ["validate", str(folder)]).exit_code == 1  # no dev
    splits = ["--split", "train", "--split", "test"]
    result = CliRunner().invoke(data_app, ["validate", str(folder), *splits])
    assert result.exit_code == 0
    assert "I-LOC at the start" in result.stdout
    assert "2 of 2 images are absent" in result.stdout
    (folder / "images").mkdir()
    (folder / "images" / "1.jpg").write_bytes(b"junk")
    (folder / "test.txt").write_text("IMGID:1\na\tO\nb\n\nIMGID:5\nc\tQ\n")
    result = CliRunner().invoke(data_app, ["validate", str(folder), "--json", *splits])
    assert result.exit_code == 1
    findings = json.loads(result.stdout)
    assert [f["kind"] for f in findings].count("format") == 2
    assert {f["kind"] for f in findings} == {
        "bio2",
        "absent-image",
        "image",
        "format",
        "duplicate-id",
    }
    assert "errors" in result.stderr


def test_no_folder(tmp_path, monkeypatch, capsys):
    assert exit_status(monkeypatch, "data", "validate", tmp_path / "no") == 1
    assert "no such folder" in capsys.readouterr().err


def test_a_wrong_configuration_is_2_as_everywhere(folder, monkeypatch, capsys):
    for name in ("one", "other"):
        readers.register(name)(type(name, (JsonlReader,), {"suffixes": (".same",)}))
    try:
        for command in ("stats", "validate", "doctor"):
            assert exit_status(monkeypatch, "data", command, folder) == 2
            assert "both claim files that end with .same" in capsys.readouterr().err
    finally:
        for name in ("one", "other"):
            del readers._registered[name]
