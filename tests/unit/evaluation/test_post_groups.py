import json

import pytest

from gmf.core.errors import DataError
from gmf.core.types import ScoredEntity
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.control_tables import group_control_tables
from gmf.evaluation.evaluator import evaluate
from gmf.evaluation.pairs import SamplePair
from gmf.evaluation.post_groups import groups_of_folder, with_groups
from gmf.evaluation.report import summarise_runs
from gmf.evaluation.reports.report_tables import report_tables, runs_tables
from gmf.evaluation.reports.tables import Percent
from gmf.reading.groups import read_groups

KINDS = {"1": "related", "2": "related", "3": "misleading", "4": "related", "train": "related"}
SOURCES = {"1": "a", "2": "a", "3": "b", "4": "c", "train": "a"}
CONFIG = EvaluationConfig(rounds=10)


def pair(identifier, *, right=True, confidence=0.5):
    scored = (ScoredEntity(0, 1, "PER" if right else "LOC", confidence=confidence),)
    tag = f"B-{scored[0].type}"
    return SamplePair(identifier, ("a", "b"), ("B-PER", "O"), (tag, "O"), scored=scored)


@pytest.fixture
def groups(tmp_path):
    rows = {
        i: {"kind": kind, "source": SOURCES[i], "split": "train" if i == "train" else "test"}
        for i, kind in KINDS.items()
    }
    (tmp_path / "groups.json").write_text(json.dumps(rows))
    return read_groups(tmp_path / "groups.json")


def test_scores_and_calibration_of_each_group(groups):
    pairs = [pair("1"), pair("2", right=False), pair("3", confidence=0.9), pair("4")]
    notes = []
    grouped = with_groups(pairs, groups, training=["train", "other"], on_note=notes.append)
    assert notes == [
        f"{groups.path}: columns that are no groupings, which have 2 to 24 values: split (1)"
    ]
    report = evaluate(grouped, config=CONFIG)
    found = report.to_dict()["groups"]
    assert list(found) == ["kind", "source", "kind, in training", "source, in training"]
    related, misleading = found["kind"]["related"], found["kind"]["misleading"]
    assert (related["posts"], related["gold"], related["correct"]) == (3, 3, 2)
    assert related["f1"] == pytest.approx(2 / 3)
    assert related["expected_error"] == pytest.approx(2 / 3 - 0.5)
    assert (misleading["posts"], misleading["f1"]) == (1, 1.0)
    assert misleading["expected_error"] == pytest.approx(0.1)
    unseen = found["source, in training"]
    assert {name: row["posts"] for name, row in unseen.items()} == {"seen": 2, "unseen": 2}
    (table,) = [t for t in report_tables(report) if "By group of posts: kind (" in t.title]
    assert table.rows[0][:4] == ("related", 3, Percent(2 / 3), Percent(2 / 3))


def test_posts_that_the_file_lacks_are_told_and_a_group_of_their_own(groups):
    notes = []
    grouped = with_groups([pair("1"), pair("3"), pair("new")], groups, on_note=notes.append)
    assert notes[-1] == f"{groups.path}: 1 of 3 posts have no group"
    assert [p.groups["kind"] for p in grouped] == ["related", "misleading", "no group"]
    with pytest.raises(DataError, match=r"has none of the 1 posts \(ids there: 1, 2, 3; of the "):
        with_groups([pair("new")], groups)
    with pytest.raises(
        DataError, match=r"no column divides the posts .* \(values: kind \(1\), sou"
    ):
        with_groups([pair("1"), pair("2")], groups)


def test_a_file_that_nobody_named_ends_no_evaluation(groups):
    folder, notes = groups.path.parent, []
    pairs = [pair("1"), pair("3")]
    assert groups_of_folder(pairs, folder)[1].groups["kind"] == "misleading"
    groups.path.write_text("{")
    assert groups_of_folder(pairs, folder, on_note=notes.append) == pairs
    assert "scores have no groups of posts: " in notes[0]
    assert groups_of_folder(pairs, folder / "elsewhere") == pairs


def test_several_runs_and_controls_by_group(groups):
    real = with_groups([pair("1"), pair("2"), pair("3")], groups)
    other = with_groups([pair("1"), pair("2"), pair("3", right=False)], groups)
    runs = summarise_runs([evaluate(pairs, config=CONFIG) for pairs in (real, other)])
    misleading = runs.to_dict()["groups"]["kind"]["misleading"]
    assert misleading["f1"]["values"] == [1.0, 0.0]
    assert misleading["expected_error"]["mean"] == pytest.approx(0.5)
    (table,) = [t for t in runs_tables(runs) if t.title == "2 runs, by kind"]
    assert table.rows[0][:3] == ("related f1", Percent(1.0), Percent(0.0))
    tables = group_control_tables({"real": real, "shuffled": other}, rounds=50, config=CONFIG)
    assert list(tables) == ["kind", "source"]
    rows = {row[:2]: row for row in tables["kind"].rows}
    assert len(rows) == 4
    shuffled = rows["misleading", "shuffled"]
    assert (shuffled[2], shuffled[5], shuffled[7]) == (
        1,
        Percent(0.0),
        Percent(-1.0, is_signed=True),
    )
    assert rows["related", "shuffled"][7] == Percent(0.0, is_signed=True)
    assert evaluate([pair("1")], config=CONFIG).to_dict()["groups"] is None
