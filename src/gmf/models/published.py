"""What a publication states and its public code does, as settings, and what is still otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Departure(NamedTuple):
    """Where a model differs from its publication, whatever its options.

    Args:
        topic: What differs.
        there: How the publication has it; that it is silent, if it is.
        here: How it is here.
    """

    topic: str
    there: str
    here: str


@dataclass(frozen=True)
class Published:
    """The setting of a publication.

    Args:
        source: What it follows, for people.
        settings: Dotted options of a run and their values, over those of the model's preset.
        departures: What no option changes.
    """

    source: str
    settings: Mapping[str, Any]
    departures: tuple[Departure, ...] = ()
