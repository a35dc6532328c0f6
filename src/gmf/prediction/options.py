"""How posts are predicted: options and their checks."""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, TypedDict, cast, get_args

from gmf.core.errors import ConfigError
from gmf.inference.long_posts import LongPosts


class PredictOptions(TypedDict, total=False):
    """How posts are predicted; see ``Pipeline.predict`` for each of them."""

    batch_size: int
    explain: bool
    threshold: float
    types: Iterable[str] | None
    long: LongPosts


def check_predict_options(
    *,
    batch_size: int,
    threshold: float,
    types: Iterable[str] | None,
    long: str,
    known: Iterable[str],
) -> None:
    """Check how posts are to be predicted; see ``Pipeline.predict``.

    Raises:
        ConfigError: If an option is wrong; names it.
    """
    if isinstance(types, str):
        raise ConfigError(f"types: expected a list of entity types, got {types!r}")
    unknown = sorted(set(types or ()) - set(known))
    if unknown:
        raise ConfigError(
            f"types: the model has no {', '.join(unknown)}; it predicts {', '.join(known)}"
        )
    if not isinstance(cast(Any, threshold), Real) or not 0 <= threshold <= 1:
        raise ConfigError(f"threshold {threshold!r}: expected a confidence from 0 to 1")
    if not isinstance(cast(Any, batch_size), Integral) or batch_size < 1:
        raise ConfigError(f"batch_size {batch_size!r}: expected a whole number, 1 or more")
    if long not in get_args(LongPosts):
        raise ConfigError(f"long {long!r}: expected {', '.join(get_args(LongPosts))}")


def listed(types: object) -> tuple[str, ...]:
    """Return names of types, which an iterator gives but once.

    Args:
        types: The names.

    Raises:
        ConfigError: If they are no names.
    """
    is_list = isinstance(types, Iterable) and not isinstance(types, str)
    names = tuple(cast(Iterable[object], types)) if is_list else (None,)
    if not all(isinstance(name, str) for name in names):
        raise ConfigError(f"types: expected a list of entity types, got {types!r}")
    return cast(tuple[str, ...], names)
