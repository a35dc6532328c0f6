import random

import numpy as np
import pytest

from gmf.core.types import Region
from gmf.regions.filters import RegionFilter, filter_regions, overlap, suppress


def at(*box, score=0.5, label=""):
    return Region(tuple(map(float, box)), label=label, score=score)


ALL = RegionFilter(min_area_ratio=0.0, max_area_ratio=1.0, max_overlap=1.0, max_regions=100)


def test_overlap_by_hand():
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(50 / 150)
    assert overlap((0, 0, 10, 10), (20, 20, 30, 30)) == 0
    assert overlap((1, 1, 1, 1), (1, 1, 1, 1)) == 0


def test_order_does_not_depend_on_the_order_of_arrival():
    regions = [
        at(0, 0, 10, 10, score=0.9),
        at(0, 0, 20, 10, score=0.9),
        at(5, 0, 15, 10, score=0.9, label="b"),
        at(5, 0, 15, 10, score=0.9, label="a"),
        at(0, 0, 5, 5, score=0.95),
    ]
    expected = filter_regions(regions, limits=ALL, size=(100, 100))
    assert [region.score for region in expected] == [0.95, 0.9, 0.9, 0.9, 0.9]
    assert expected[1].box == (0, 0, 20, 10)
    assert [region.label for region in expected[3:]] == ["a", "b"]
    for seed in range(5):
        shuffled = random.Random(seed).sample(regions, len(regions))
        assert filter_regions(shuffled, limits=ALL, size=(100, 100)) == expected


def test_boxes_are_clipped_and_empty_ones_dropped():
    regions = [at(-5.001, 90, 20, 130), at(200, 200, 210, 210), at(9, 9, 3, 3)]
    (kept,) = filter_regions(regions, limits=ALL, size=(100, 100))
    assert kept.box == (0, 90, 20, 100)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"min_score": 0.5}, [0.9, 0.5]),
        ({"min_area_ratio": 0.05}, [0.9, 0.4]),
        ({"max_area_ratio": 0.5}, [0.5, 0.4]),
        ({"max_overlap": 0.2}, [0.9, 0.5]),
        ({"max_regions": 1}, [0.9]),
        ({"max_regions": 0}, []),
    ],
)
def test_each_limit(limits, expected):
    regions = [
        at(0, 0, 100, 80, score=0.9),
        at(0, 0, 20, 20, score=0.5),
        at(50, 0, 100, 80, score=0.4),
    ]
    kept = filter_regions(regions, limits=ALL.model_copy(update=limits), size=(100, 100))
    assert [region.score for region in kept] == expected


def test_crops_and_unknown_sizes_pass(tmp_path):
    crop = Region(crop=tmp_path / "crop.png", score=0.3)
    far = at(1000, 1000, 2000, 2000, score=0.2)
    assert filter_regions([far, crop], limits=RegionFilter(), size=None) == (crop, far)
    assert filter_regions([far, crop], limits=RegionFilter(), size=(100, 100)) == (crop,)


def test_suppression_keeps_the_best_of_each_class():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 8], [50, 50, 60, 60]], float)
    scores = np.array([0.5, 0.9, 0.7, 0.1])
    assert suppress(boxes, scores, max_overlap=0.5) == [1, 3]
    assert suppress(boxes, scores, max_overlap=0.5, classes=np.array([0, 0, 1, 1])) == [1, 2, 3]
    assert suppress(boxes, scores, max_overlap=0.95) == [1, 2, 0, 3]
    assert suppress(boxes[:0], scores[:0], max_overlap=0.5) == []
