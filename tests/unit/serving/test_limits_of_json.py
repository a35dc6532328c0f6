"""What a request can cost before it is refused."""

import time

import pytest
from pydantic import ValidationError

from gmf.serving.config import ServeConfig
from gmf.serving.intake import Intake
from gmf.serving.json_text import read_json
from gmf.serving.problems import RefusedError, faults_of
from gmf.serving.schemas import MAX_KEYS, Post


def test_a_key_that_stands_twice_among_many_is_found_at_once():
    keys = [f'"{number}": 0' for number in range(200_000)]
    begun = time.perf_counter()
    with pytest.raises(RefusedError, match="key '199999' stands twice in one object"):
        read_json("{" + ", ".join([*keys, keys[-1]]) + "}")
    assert time.perf_counter() - begun < 10


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"text": "a", "images": [0] * 100_000}, "images.0"),
        ({"text": "a", "images": [{"data": "", "regions": [0] * 100_000}]}, "images.0.regions.0"),
        ({str(number): 0 for number in range(100_000)}, ""),
        ({"text": "a", "images": [{str(n): 0 for n in range(MAX_KEYS + 1)}]}, "images.0"),
    ],
)
def test_many_faults_of_one_kind_are_one(value, field):
    with pytest.raises(ValidationError) as refused:
        Post.model_validate(value)
    (fault,) = faults_of(refused.value)
    assert fault.field == field


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"caption": "\ud800"}, "caption: character 1 is half of a surrogate pair"),
        ({"caption": 5}, "caption: expected text, got int"),
        ({"x" * 50_000: "a"}, "field 'x"),
        ([], "expected texts by field"),
    ],
)
def test_a_fault_of_a_context_names_its_field_once(context, message):
    with pytest.raises(ValidationError) as refused:
        Post.model_validate({"text": "a", "context": context})
    (fault,) = faults_of(refused.value)
    assert fault.field == "context"
    assert fault.message.startswith(message)
    assert len(fault.message) < 200


def test_the_names_of_a_context_count_as_its_text():
    context = {f"{'k' * 90}{number}": "a" for number in range(60)}
    with pytest.raises(RefusedError, match=r"context: 5570 characters in all its fields and their"):
        Intake(ServeConfig())._check(Post(text="a", context=context))
