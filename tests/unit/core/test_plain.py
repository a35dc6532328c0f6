import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from gmf.core.config import Config
from gmf.core.plain import from_plain, plain


@dataclass
class Inner:
    box: tuple[float, float]
    path: Path


@dataclass
class Outer:
    items: tuple[Inner, ...]
    scores: np.ndarray
    names: dict[str, Inner] = field(default_factory=dict)


class Own:
    def to_dict(self):
        return {"inner": Inner((1.0, 2.0), Path("a"))}


class Options(Config):
    sizes: tuple[int, ...]
    path: Path


def test_plain_reaches_every_depth():
    inner = Inner((0.5, 1.0), Path("a/b.jpg"))
    value = Outer((inner,), np.array([[1.0], [2.0]]), {"x": inner})
    shown = {"box": [0.5, 1.0], "path": "a/b.jpg"}
    assert plain(value) == {"items": [shown], "scores": [[1.0], [2.0]], "names": {"x": shown}}
    assert json.loads(json.dumps(plain([value, None]))) == [plain(value), None]


def test_an_objects_own_form_is_taken_and_made_plain():
    assert plain((Own(),)) == [{"inner": {"box": [1.0, 2.0], "path": "a"}}]


def test_from_plain_takes_lists_for_tuples_and_text_for_paths():
    assert from_plain(Options, {"sizes": [1, 2], "path": "x"}) == Options(
        sizes=(1, 2), path=Path("x")
    )
    with pytest.raises(ValidationError, match="sizes"):
        from_plain(Options, {"sizes": ["1"], "path": "x"})
