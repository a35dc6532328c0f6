"""Endings of files by which parts are found."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gmf.core.errors import ConfigError
from gmf.core.registry import Registry


def names_by_suffix(registry: Registry[type[Any]]) -> dict[str, str]:
    """Return the name of the part for each ending of files, in the order of the registry.

    Args:
        registry: Its parts are classes with ``suffixes``, endings in lower case with the dot;
            those of broken packages are left out.

    Raises:
        ConfigError: If two parts have the same ending.
    """
    names: dict[str, str] = {}
    for name, part in registry.usable().items():
        for suffix in part.suffixes:
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
