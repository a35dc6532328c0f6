"""Tags of other schemes than BIO2: as they are written, and as entities."""

from collections.abc import Iterable, Sequence

from gmf.core.tags import OUTSIDE, entities_of, tags_of
from gmf.core.types import Entity
from gmf.reading.tag_schemes import read_tags

#: Names of the schemes that are written; ``IOB2`` is BIO2.
SCHEMES = ("IOB2", "IOB1", "BIOES", "BILOU", "IO")


def entities_of_scheme(tags: Sequence[str]) -> list[Entity]:
    """Return the entities of the tags of one sample, whatever their scheme.

    Raises:
        ValueError: If a tag is of no scheme.
    """
    # IO without prefixes is told by a tag O, which a short sample may lack.
    (read,) = read_tags([[*tags, OUTSIDE]]).tags
    return entities_of((read or ())[:-1])


def tags_of_scheme(entities: Iterable[Entity], num_words: int, *, scheme: str) -> list[str]:
    """Return the tags of entities in a scheme. IO joins entities of one type that touch.

    Raises:
        ValueError: If the scheme is unknown, or the entities overlap or leave the words.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme {scheme!r}: expected one of {', '.join(SCHEMES)}")
    spans = list(entities)
    tags = tags_of(spans, num_words)
    if scheme == "IOB2":
        return tags
    before = {entity.end: entity.type for entity in spans}
    end, single = {"BIOES": "ES", "BILOU": "LU"}.get(scheme, "  ")
    for entity in spans:
        if scheme == "IO" or (scheme == "IOB1" and before.get(entity.start) != entity.type):
            tags[entity.start] = f"I-{entity.type}"
        elif scheme != "IOB1":
            tags[entity.end - 1] = f"{end}-{entity.type}"
            if entity.end - entity.start == 1:
                tags[entity.start] = f"{single}-{entity.type}"
    return tags
