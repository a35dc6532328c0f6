from collections import Counter

import pytest

from gmf.data.image_report import ImageReport


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
