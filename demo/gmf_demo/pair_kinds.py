"""The five kinds of things that demo posts name, and the entity type of each."""

from typing import Literal, get_args

Kind = Literal["person", "place", "organisation", "animal", "work"]
#: What an image shows: one of the kinds, or nothing that a post could name.
Content = Literal["person", "place", "organisation", "animal", "work", "unrelated"]
Pair = Literal["related", "unrelated", "misleading"]
Strength = Literal["neutral", "hinting", "telling"]

KINDS: tuple[Kind, ...] = get_args(Kind)
CONTENTS: tuple[Content, ...] = get_args(Content)
PAIRS: tuple[Pair, ...] = get_args(Pair)
STRENGTHS: tuple[Strength, ...] = get_args(Strength)

TYPE_OF_KIND: dict[Kind, str] = {
    "person": "PER",
    "place": "LOC",
    "organisation": "ORG",
    "animal": "MISC",
    "work": "MISC",
}
