"""The generator's joint distribution: which posts the corpus holds, and how often.

A post is drawn in this order, each step given the ones before:

1. the kind of pair: related, unrelated or misleading;
2. how far the text tells, given the pair (misleading pairs are always telling);
3. the kind of the thing named ``A``, independent of both;
4. the template, uniform over those of that strength that can name that kind;
5. what the image shows: the thing itself (related), nothing that could be named (unrelated), or
   a kind of another entity type than the post's entities, uniformly (misleading).

The corpus samples from it and :mod:`gmf_demo.best_possible` sums over it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from gmf.core.config import Config
from gmf_demo.pair_kinds import (
    KINDS,
    PAIRS,
    STRENGTHS,
    TYPE_OF_KIND,
    Content,
    Kind,
    Pair,
    Strength,
)
from gmf_demo.templates import TEMPLATES, Template

#: How often each kind is named. People lead, as in the field's data.
KIND_SHARES: dict[Kind, float] = {
    "person": 0.34,
    "place": 0.2,
    "organisation": 0.2,
    "animal": 0.13,
    "work": 0.13,
}
#: How far the text tells, by kind of pair. Unrelated pairs lean to telling text: where neither
#: text nor image tells, there is nothing to measure but luck.
STRENGTH_SHARES: dict[Pair, dict[Strength, float]] = {
    "related": {"neutral": 0.55, "hinting": 0.25, "telling": 0.2},
    "unrelated": {"neutral": 0.06, "hinting": 0.12, "telling": 0.82},
    "misleading": {"neutral": 0.0, "hinting": 0.0, "telling": 1.0},
}


#: Kind of pair, strength of the text, kind of ``A``.
Cell = tuple[Pair, Strength, Kind]


@dataclass(frozen=True)
class Outcome:
    """One way a post with a name can come out, with its probability.

    Args:
        pair: Kind of pair.
        kind: Kind of ``A``.
        template: The sentence; it has its strength and the kind of ``B``.
        content: What the image shows.
        probability: Of all of it together.
    """

    pair: Pair
    kind: Kind
    template: Template
    content: Content
    probability: float


class PairShares(Config):
    """How often each kind of pair occurs; the rest is related.

    Args:
        unrelated: Share of unrelated pairs (0.34: the share that the paper cites).
        misleading: Share of misleading pairs.
    """

    unrelated: float = Field(default=0.34, ge=0.0, le=1.0)
    misleading: float = Field(default=0.18, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _check_sum(self) -> Self:
        if self.unrelated + self.misleading > 1:
            total = self.unrelated + self.misleading
            raise ValueError(f"unrelated and misleading: expected at most 1 together, got {total}")
        return self

    @cached_property
    def of_pair(self) -> dict[Pair, float]:
        """Share of each kind of pair."""
        return {
            "related": 1 - self.unrelated - self.misleading,
            "unrelated": self.unrelated,
            "misleading": self.misleading,
        }


def templates_for(strength: Strength, kind: Kind) -> tuple[Template, ...]:
    """Return the templates of a strength that can name a kind."""
    return tuple(t for t in TEMPLATES if t.strength == strength and kind in t.kinds)


def contents_for(pair: Pair, kind: Kind, second: Kind | None) -> tuple[Content, ...]:
    """Return what the image may show, each equally likely."""
    if pair == "related":
        return (kind,)
    if pair == "unrelated":
        return ("unrelated",)
    named = {TYPE_OF_KIND[k] for k in (kind, second) if k is not None}
    return tuple(k for k in KINDS if TYPE_OF_KIND[k] not in named)


def cells(shares: PairShares) -> dict[Cell, float]:
    """Return the probability of every kind of pair, strength and kind of ``A``; no zeros."""
    return {
        (pair, strength, kind): probability
        for pair in PAIRS
        for strength in STRENGTHS
        for kind in KINDS
        if (
            probability := shares.of_pair[pair]
            * STRENGTH_SHARES[pair][strength]
            * KIND_SHARES[kind]
        )
        > 0
    }


def outcomes(shares: PairShares) -> Iterator[Outcome]:
    """Yield every way a post with a name can come out; the probabilities sum to 1."""
    for (pair, strength, kind), cell in cells(shares).items():
        templates = templates_for(strength, kind)
        for template in templates:
            contents = contents_for(pair, kind, template.second)
            for content in contents:
                share = cell / len(templates) / len(contents)
                yield Outcome(pair, kind, template, content, share)
