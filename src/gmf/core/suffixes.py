"""Endings of files by which parts are found."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gmf.core.errors import ConfigError
from gmf.core.registry import Registry


def is_suffix(suffix: object) -> bool:
    """Return whether an ending of files is one as parts state it."""
    return isinstance(suffix, str) and suffix.startswith(".") and suffix == suffix.lower()


def names_by_suffix(registry: Registry[type[Any]]) -> dict[str, str]:
    """Return the name of the part for each ending of files, in the order of the registry.

    Args:
        registry: Its parts are classes with ``suffixes``, endings in lower case with the dot.

    Raises:
        ConfigError: If two parts have the same ending, or one has others than stated.
    """
    names: dict[str, str] = {}
    for name in registry:
        with registry.named_in_errors(name):
            suffixes = registry.get(name).suffixes
            if not isinstance(suffixes, tuple) or not all(map(is_suffix, suffixes)):
                raise TypeError(f"expected suffixes like ('.md',), got {suffixes!r}")
        for suffix in suffixes:
            other = names.setdefault(suffix, name)
            if other != name:
                sources = [f"{n!r} of {registry.origin(n).source}" for n in (other, name)]
                raise ConfigError(
                    f"{registry.kind}s {' and '.join(sources)} both claim files that end with "
                    f"{suffix}; change one"
                )
    return names


def suffix_of(path: Path, suffixes: Iterable[str]) -> str | None:
    """Return the longest of the endings that a file name has, in whatever case, if it has any."""
    name = path.name.lower()
    return max(filter(name.endswith, suffixes), key=len, default=None)
