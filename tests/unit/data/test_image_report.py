from collections import Counter

import pytest

from gmf.core.types import Sample
from gmf.data.image_report import ImageReport
from gmf.data.images import FaultKind, UnusableImageError


@pytest.mark.parametrize(
    ("images", "is_told"),
    [
        ({}, False),
        ({"read": 1}, False),
        ({"read": 5, "absent": 95}, False),
        ({"read": 4, "absent": 96}, True),
        ({"absent": 3}, True),
    ],
)
def test_too_few_pictures_to_learn_from_are_told(images, is_told):
    told = ImageReport(images=Counter(images)).training_warning()
    assert bool(told) == is_told
    if is_told:
        total = sum(images.values())
        assert told.startswith(f"only {images.get('read', 0)} of {total} images could be read")


def test_what_several_processes_saw_counts_once(tmp_path):
    reports = [ImageReport(max_examples=2) for _ in range(2)]
    broken = [
        UnusableImageError(f"{n}.jpg", kind=FaultKind.BROKEN, detail="bits") for n in range(3)
    ]
    for report, rows in zip(reports, [(0, 1, 3), (1, 2, 4)], strict=True):
        for row in rows:
            fault = broken[row] if row < 3 else None
            report.count_view(tmp_path / str(row), None, False, fault)
        report.count_view(tmp_path / "4", (0, 0, 2, 2), True, None)
        report.count_blanks(Sample("same", ("a",)), 2)
    reports[1].count_blanks(Sample("own", ("a",)), 1)
    one, other = reports
    one.include(other)
    assert one.images == {FaultKind.BROKEN.value: 3, "read": 2}
    assert one.regions == {"read": 1}
    assert one.blanks == 3
    assert one.examples == {FaultKind.BROKEN.value: ["0.jpg: broken: bits", "1.jpg: broken: bits"]}
