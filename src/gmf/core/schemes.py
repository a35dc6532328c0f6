"""Tag schemes beside BIO2: IOB1, BIOES, BILOU and IO, read and written."""

from collections.abc import Iterable, Sequence

from gmf.core.tags import OUTSIDE, tags_of
from gmf.core.types import Entity

#: Names of the schemes that are written; ``IOB2`` is BIO2.
SCHEMES = ("IOB2", "IOB1", "BIOES", "BILOU", "IO")
#: Prefixes by what they do; M is the middle of BMES.
_OPENS, _CONTINUES, _CLOSES, _SINGLE = "B", "IM", "EL", "SU"


def entities_of_scheme(tags: Sequence[str]) -> list[Entity]:
    """Return the entities of tags of any scheme, in order.

    An entity ends at ``E-`` or ``L-``; ``S-`` and ``U-`` stand alone; a tag that cannot continue
    the one before opens an entity, as in IOB1 and IO. Prefixes and ``o`` may be in lower case.

    Raises:
        ValueError: If a tag is of no scheme.
    """
    found: list[Entity] = []
    start, current = 0, ""
    for index, tag in enumerate([*tags, OUTSIDE]):
        prefix, entity_type = _split(tag)
        continues = prefix in (*_CONTINUES, *_CLOSES) and entity_type == current
        if current and not continues:
            found.append(Entity(start, index, current))
        if not continues:
            start, current = index, entity_type
        if prefix in (*_CLOSES, *_SINGLE):
            found.append(Entity(start, index + 1, current))
            current = ""
    return found


def tags_of_scheme(entities: Iterable[Entity], num_words: int, *, scheme: str) -> list[str]:
    """Return the tags of entities in a scheme. IO joins entities of one type that touch.

    Raises:
        ValueError: If the scheme is unknown, or the entities overlap or leave the words.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme {scheme!r}: expected one of {', '.join(SCHEMES)}")
    known = list(entities)
    tags = tags_of(known, num_words)
    if scheme == "IOB2":
        return tags
    before = {entity.end: entity.type for entity in known}
    end, single = {"BIOES": "ES", "BILOU": "LU"}.get(scheme, "  ")
    for entity in known:
        if scheme == "IO" or (scheme == "IOB1" and before.get(entity.start) != entity.type):
            tags[entity.start] = f"I-{entity.type}"
        elif scheme != "IOB1":
            tags[entity.end - 1] = f"{end}-{entity.type}"
            if entity.end - entity.start == 1:
                tags[entity.start] = f"{single}-{entity.type}"
    return tags


def _split(tag: str) -> tuple[str, str]:
    if tag in (OUTSIDE, "o"):
        return OUTSIDE, ""
    prefix, dash, entity_type = tag.partition("-")
    if len(prefix) != 1 or prefix.upper() not in "BIMELSU" or not dash or not entity_type.strip():
        raise ValueError(f"tag {tag!r}: expected O, or a prefix of B, I, E, S, L, U and a type")
    return prefix.upper(), entity_type
