"""What a proposer of others returns is checked: one error names it, or the image fails in words."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gmf.core.errors import ConfigError, DataError
from gmf.core.types import Region
from gmf.reading.image_tasks import ImageTask
from gmf.regions.base import ProposerChoice
from gmf.regions.filters import RegionFilter
from gmf.regions.registry import build_proposer, region_proposers
from gmf.regions.run import RegionsJob


@pytest.fixture
def propose(tmp_path, monkeypatch):
    """Run a job of a proposer on three images of 40 x 30 pixels; return its report."""
    monkeypatch.setattr(region_proposers, "_registered", {})
    tasks: list[ImageTask] = []
    for number in range(3):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (40, 30), "red").save(path)
        tasks.append(ImageTask(path.name, path, (("Ann",),)))

    def run(answer, **stated):
        usual = {"source": "mine@1", "needs_picture": True, "queries_of": lambda _: []}
        region_proposers.register("mine")(
            lambda _: SimpleNamespace(propose=answer, **(usual | stated))
        )
        proposer = build_proposer(ProposerChoice("mine"))
        return RegionsJob(proposer, limits=RegionFilter(), out=tmp_path / "out").run(tasks)

    return run


def of_each(*regions):
    return lambda requests: [list(regions) for _ in requests]


BOX = (0, 0, 9, 9)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda _: None, "got None"),
        (lambda _: "abc", "got 'abc'"),
        (lambda _: [[]], "3 in all, got 1"),
        (lambda requests: [None] * len(requests), "got None"),
        (lambda requests: [Region(BOX)] * len(requests), r"got Region\("),
        (of_each({"box": BOX}), r"got \{'box': .*\} as number 1"),
    ],
)
def test_what_is_no_list_of_regions_ends_the_job_and_names_the_proposer(propose, answer, told):
    expected = (
        rf"proposer 'mine' of {__file__}: TypeError: propose: expected a list of regions for "
        rf"each image, {told}"
    )
    with pytest.raises(ConfigError, match=expected):
        propose(answer)


@pytest.mark.parametrize(
    ("region", "told"),
    [
        (Region(BOX, score=float("nan")), "score: expected a number from 0 to 1, got nan"),
        (Region(BOX, score=87), "score: expected a number from 0 to 1, got 87"),
        (Region(BOX, label=None), "label: expected text, got None"),
        (Region((20, 20, 9, 9)), r"box: expected \(left, top, right, bottom\) in pixels, got"),
        (Region((0, 0, 9)), r"box: expected \(left, top, right, bottom\)"),
        (Region((0, 0, float("inf"), 9)), r"box: expected \(left, top, right, bottom\)"),
        (Region((40, 0, 60, 9)), r"\(40, 0, 60, 9\) lies outside the image of 40 x 30 pixels"),
        (Region((0, -9, 9, 0)), "lies outside the image of 40 x 30 pixels"),
        (Region(crop="a.png"), "crop: expected a pathlib.Path, got 'a.png'"),
        (Region(), "expected either a box or a crop"),
    ],
)
def test_an_image_with_an_impossible_region_fails_in_words(propose, region, told):
    with pytest.raises(DataError, match=rf"2\.png: ValueError\(.*{told}.*\)\n?$"):
        propose(of_each(region))


def test_generators_and_numbers_of_numpy_are_fine(propose):
    box, score = np.array([0, 0, 9.5, 9], dtype=np.float32), np.float32(0.5)

    def answer(requests):
        for _ in requests:
            yield (Region(box, score=score) for _ in range(1))

    report = propose(answer)
    assert report.images == {"proposed": 3}
    assert report.regions.total() == 3


def test_where_it_raises_is_told_with_the_image(propose):
    with pytest.raises(DataError, match=rf"ZeroDivisionError.* \(raised at {__file__}:\d+\)"):
        propose(lambda _: 1 / 0)


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"source": None}, "source: expected str, got None"),
        ({"source": ""}, "source: expected str, got ''"),
        ({"needs_picture": "no"}, "needs_picture: expected bool, got 'no'"),
        ({"queries_of": 3}, "which lacks queries_of"),
    ],
)
def test_what_a_proposer_must_state_is_checked(propose, stated, told):
    expected = "TypeError: expected a proposer with queries_of, propose, source, needs_picture"
    with pytest.raises(ConfigError, match=rf"proposer 'mine' of .*: {expected}.*{told}$"):
        propose(of_each(), **stated)


def test_queries_are_texts(propose):
    with pytest.raises(ConfigError, match="queries_of: expected a list of texts, got 'dog'"):
        propose(of_each(), queries_of=lambda _: "dog")


@pytest.mark.parametrize(
    ("build", "told"),
    [(lambda _: Path, r"got the class Path: return Path\(\.\.\.\)"), (lambda: 1, "arguments")],
)
def test_what_builds_no_proposer_is_told_without_a_place_of_ours(monkeypatch, build, told):
    monkeypatch.setattr(region_proposers, "_registered", {})
    region_proposers.register("mine")(build)
    with pytest.raises(ConfigError, match=told) as caught:
        build_proposer(ProposerChoice("mine"))
    assert "raised at" not in str(caught.value)
