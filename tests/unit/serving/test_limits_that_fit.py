import pytest
from pydantic import ValidationError

from gmf.serving.config import ServeConfig


@pytest.mark.parametrize(
    ("given", "follows"),
    [
        ({"max_queue": 8}, {"max_posts": 8}),
        ({"max_posts": 500}, {"max_queue": 500}),
        ({"max_held_mb": 8}, {"max_body_mb": 8}),
        ({"max_body_mb": 1024}, {"max_held_mb": 1024}),
        ({"max_posts": 32}, {"max_queue": 256}),
    ],
)
def test_one_limit_alone_is_enough(given, follows):
    usual = ServeConfig().model_dump()
    assert ServeConfig(**given).model_dump() == usual | given | follows


@pytest.mark.parametrize(
    "given", [{"max_queue": 8, "max_posts": 9}, {"max_held_mb": 1, "max_body_mb": 2}]
)
def test_two_limits_that_do_not_fit_are_refused(given):
    with pytest.raises(ValidationError, match="could never be answered; raise max_"):
        ServeConfig(**given)
