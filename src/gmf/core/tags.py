"""The BIO2 tag scheme: tags to spans and back, under both counting rules, and legal moves."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from gmf.core.types import Entity

OUTSIDE = "O"
#: Prefix of an ``I-`` that continues nothing although an entity of its type ends before it, which
#: only schemes with ends can say; known to ``entities_of`` alone.
STRAY = "i-"
#: Spellings of one type that the field's files use; the key is read as the value.
TYPE_ALIASES = {"OTHER": "MISC"}
#: Types of Twitter-2015 and Twitter-2017, in the order of the paper's tables.
PAPER_TYPES = ("PER", "LOC", "ORG", "MISC")


def split_tag(tag: str) -> tuple[str, str]:
    """Split a tag into prefix and type.

    Args:
        tag: ``O``, ``B-TYPE`` or ``I-TYPE``.

    Returns:
        ``("O", "")``, ``("B", type)`` or ``("I", type)``.

    Raises:
        ValueError: If the tag has another form.
    """
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, dash, entity_type = tag.partition("-")
    if prefix not in ("B", "I") or not dash or not entity_type:
        raise ValueError(f"tag {tag!r}: expected O, B-TYPE or I-TYPE, for example B-PER")
    return prefix, entity_type


def alias_tag(tag: str, *, aliases: Mapping[str, str] = TYPE_ALIASES) -> str:
    """Return the tag with its type renamed where an alias says so.

    Raises:
        ValueError: If the tag is not of the scheme.
    """
    prefix, entity_type = split_tag(tag)
    return OUTSIDE if prefix == OUTSIDE else f"{prefix}-{aliases.get(entity_type, entity_type)}"


@lru_cache(maxsize=1024)
def is_bio(tag: str) -> bool:
    """Return whether a tag is ``O``, ``B-TYPE`` or ``I-TYPE``."""
    try:
        split_tag(tag)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1024)
def regular_tag(tag: str) -> str:
    """Return the tag with its type renamed by alias; ``O`` for a tag of another scheme."""
    return alias_tag(tag) if is_bio(tag) else OUTSIDE


def entities_of(tags: Sequence[str], *, strict: bool = False) -> list[Entity]:
    """Return the entities of one sample, in order.

    Lenient (the field's counting; conlleval and seqeval's default mode): an ``I-`` that cannot
    continue the previous tag opens an entity. Strict: only ``B-`` opens one, and such an ``I-``
    belongs to no entity (seqeval ``mode="strict", scheme=IOB2``).

    Args:
        tags: Tags of one sample.
        strict: Which rule.

    Raises:
        ValueError: If a tag is not of the scheme.
    """
    entities: list[Entity] = []
    start, current = 0, ""
    for index, tag in enumerate([*tags, OUTSIDE]):
        is_stray = tag.startswith(STRAY)
        prefix, entity_type = split_tag(tag.replace(STRAY, "I-", 1) if is_stray else tag)
        if prefix == "I" and current and entity_type == current and not is_stray:
            continue
        if current:
            entities.append(Entity(start, index, current))
        opens = prefix == "B" or (prefix == "I" and not strict)
        start, current = index, entity_type if opens else ""
    return entities


def tags_of(entities: Iterable[Entity], num_words: int) -> list[str]:
    """Return BIO2 tags of non-overlapping entities.

    Raises:
        ValueError: If an entity is empty, outside the words, or overlaps another.
    """
    tags = [OUTSIDE] * num_words
    for entity in entities:
        if not 0 <= entity.start < entity.end <= num_words:
            raise ValueError(f"{entity}: expected 0 <= start < end <= {num_words} words")
        if any(tag != OUTSIDE for tag in tags[entity.start : entity.end]):
            raise ValueError(f"{entity}: overlaps another entity")
        tags[entity.start] = f"B-{entity.type}"
        tags[entity.start + 1 : entity.end] = [f"I-{entity.type}"] * (entity.end - entity.start - 1)
    return tags


def ordered_types(types: Iterable[str]) -> list[str]:
    """Return distinct types, the paper's first and in its order, others by name."""
    distinct = set(types)
    paper_types = [name for name in PAPER_TYPES if name in distinct]
    return [*paper_types, *sorted(distinct - set(paper_types))]


def is_legal_move(previous: str | None, tag: str) -> bool:
    """Say whether BIO2 allows ``tag`` after ``previous`` (``None`` at the start of a sample)."""
    prefix, entity_type = split_tag(tag)
    return prefix != "I" or (
        previous is not None and previous != OUTSIDE and split_tag(previous)[1] == entity_type
    )


def mend_tags(tags: Iterable[str]) -> tuple[list[str], Counter[str]]:
    """Return regular BIO2 tags of a sample, and how many were repaired by kind of finding.

    An ``I-`` that continues nothing becomes ``B-``, alias types get their name, foreign tags stay.
    """
    mended: list[str] = []
    counts: Counter[str] = Counter()
    previous: str | None = None
    for tag in tags:
        regular = regular_tag(tag)
        counts["alias-type"] += is_bio(tag) and regular != tag
        if not is_legal_move(previous, regular):
            orphan = previous is None or split_tag(previous)[0] == "O"
            counts["orphan-tag" if orphan else "switched-tag"] += 1
            regular = f"B-{split_tag(regular)[1]}"
        previous = regular
        mended.append(regular if is_bio(tag) else tag)
    return mended, +counts


@dataclass(frozen=True)
class TagSet:
    """The tags of a model, in index order: ``O``, then ``B-`` and ``I-`` of each type.

    Args:
        types: Entity types, in order, without repeats.
    """

    types: tuple[str, ...] = PAPER_TYPES

    def __post_init__(self) -> None:
        if not self.types or len(set(self.types)) != len(self.types):
            raise ValueError(f"types {self.types}: expected one or more distinct names")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All tags; their position is their index."""
        return (OUTSIDE, *(f"{prefix}-{t}" for t in self.types for prefix in ("B", "I")))

    @cached_property
    def index(self) -> dict[str, int]:
        """Tag to index."""
        return {name: position for position, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def of(cls, tags: Iterable[str]) -> "TagSet":
        """Build the set of the types that occur; the paper's types come first, others sorted.

        Raises:
            ValueError: If a tag is not of the scheme or no entity occurs.
        """
        seen = {split_tag(tag)[1] for tag in set(tags)} - {""}
        return cls(tuple(ordered_types(seen)))
