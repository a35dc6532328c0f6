"""Tag schemes, told by file: IOB1, IOE, BIOES, BILOU, BMES, IO in any usual spelling, as BIO2."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gmf.core.tags import OUTSIDE, STRAY, is_bio
from gmf.reading.looks import look_of

#: Labels that serve a model's machinery and name no entity: padding, sub-words, sentence marks.
SERVICE_LABELS = frozenset(
    ("X", "[CLS]", "[SEP]", "[PAD]", "PAD", "<PAD>", "<pad>", "<s>", "</s>", "<EOS>", "<unk>")
)
#: What is expected of a tag, for messages.
EXPECTED = "expected O, B-TYPE or I-TYPE, for example B-PER"
#: A second tag in one, as nested entities are written.
_SECOND = re.compile(r"[|/,;+&#]\s*[BIESLUM]-|[|,;#]\s*O$")
_TAG = re.compile(r"([BIESLUM])([-_])(\S.*)", re.IGNORECASE)
_SUFFIXED = re.compile(r"(\S.*)[-_]([BIESLUM])")
#: A type alone; ``B PER`` is a prefix with a blank behind it.
_TYPE = re.compile(r"(?![BIESLUM] )[^\W\d_][\w./&+ -]*\w")
#: Schemes in which ``I-`` and ``E-`` begin an entity wherever they continue none.
_OPENS_INSIDE = ("IO", "IOB1", "IOE")
_OPENS, _ENDS = frozenset("BSU"), frozenset("ELSU")
_BEGINS = _OPENS | {"I"}


@dataclass(frozen=True)
class FileTags:
    """The tags of a file as BIO2.

    Args:
        tags: Of each sample; ``None`` where it has none. What is no tag stays as it is.
        scheme: Name of the scheme that the file is written in.
        notes: What was read otherwise than written, for the report.
    """

    tags: tuple[tuple[str, ...] | None, ...]
    scheme: str
    notes: tuple[str, ...]


def read_tags(
    samples: Sequence[Sequence[str] | None], *, is_iob1: bool | None = None, strays: bool = False
) -> FileTags:
    """Return the tags of all samples of a file as BIO2.

    Broken BIO2 stays broken, for the two counting rules tell it apart. An ``I-`` that continues
    nothing begins an entity in IOB1 and IOE, and in BIOES after an entity of its type that has
    ended.

    Args:
        samples: Tags as written.
        is_iob1: Whether ``I-`` begins entities, as in IOB1 and IOE; ``None`` tells it by the tags.
        strays: Whether the latter is written ``i-``, as the strict rule counts no such entity.
    """
    written = Counter(tag for tags in samples for tag in tags or ())
    respelled = _respelled_all(written)
    lists = [None if tags is None else [respelled[tag] for tag in tags] for tags in samples]
    scheme = _scheme_of(set(respelled.values()), [tags for tags in lists if tags], is_iob1)
    stray = STRAY if strays else "B-"
    read = tuple(None if tags is None else tuple(_as_bio2(tags, scheme, stray)) for tags in lists)
    return FileTags(read, scheme, tuple(_notes(written, respelled, scheme)))


def tells_iob1(samples: Iterable[Sequence[str]]) -> tuple[bool, bool]:
    """Return whether tags as written fit IOB1 or IOE, not BIO2, and whether a ``B-`` is there."""
    written = list(samples)
    respelled = {tag: _respelled(tag) for tag in {tag for tags in written for tag in tags}}
    lists = [[respelled[tag] for tag in tags] for tags in written]
    tags_of_file = set(respelled.values())
    has_b = any(tag[:2] == "B-" for tag in tags_of_file)
    return _scheme_of(tags_of_file, lists) in ("IOB1", "IOE"), has_b


def is_tag(text: str) -> bool:
    """Return whether a column can be a tag of a scheme with prefixes, ``O`` or a service label."""
    return text in SERVICE_LABELS or is_prefixed(tag := _respelled(text)) or tag == OUTSIDE


def _respelled(tag: str) -> str:
    """Return a tag without blanks around it, with upper-case prefix and a dash."""
    tag = tag.strip()
    if tag == OUTSIDE.lower():
        return OUTSIDE
    match = _TAG.fullmatch(tag)
    if not match:
        return tag
    prefix, _, entity_type = match.groups()
    # All of the tag was put in small letters, so its type was too.
    return f"{prefix.upper()}-{entity_type.upper() if prefix.islower() else entity_type}"


def _respelled_all(written: Iterable[str]) -> dict[str, str]:
    """Return each tag respelled; where all have their prefix at the end, it is put in front."""
    respelled = {tag: _respelled(tag) for tag in written}
    names = set(respelled.values()) - {OUTSIDE} - SERVICE_LABELS
    behind = [_SUFFIXED.fullmatch(name) for name in names]
    if any(map(is_prefixed, names)) or not all(behind):
        return respelled
    moved = {match[0]: f"{match[2]}-{match[1]}" for match in behind if match}
    return {tag: moved.get(name, name) for tag, name in respelled.items()}


def is_prefixed(tag: str) -> bool:
    """Return whether a tag has the prefix of a scheme and a type."""
    return len(tag) > 2 and tag[1] == "-" and tag[0] in "BIESLUM"


def is_disguised(name: str) -> bool:
    """Return whether a name only looks like a tag, as one in full width does."""
    look = look_of(name)
    is_tag_by_look = look == OUTSIDE or is_prefixed(_respelled(look))
    return look != name.strip() and is_tag_by_look and not is_prefixed(_respelled(name))


def _scheme_of(
    tags: set[str], samples: Sequence[Sequence[str]], is_iob1: bool | None = None
) -> str:
    names = tags - {OUTSIDE} - SERVICE_LABELS
    prefixed = {tag for tag in names if is_prefixed(tag)}
    are_types = all(_TYPE.fullmatch(name) and not is_disguised(name) for name in names)
    if names and not prefixed and OUTSIDE in tags and are_types:
        return "IO"
    prefixes = {tag[0] for tag in prefixed}
    if prefixes & set("LU"):
        return "BILOU"
    if "E" in prefixes and prefixes <= set("IE") and is_iob1 is not False:
        return "IOE"
    if prefixes & set("ESM"):
        return "BMES" if "M" in prefixes else "BIOES"
    if is_iob1 is None:
        is_iob1 = "I" in prefixes and _is_iob1(samples)
    return "IOB1" if is_iob1 else "BIO2"


def _is_iob1(samples: Sequence[Sequence[str]]) -> bool:
    """Return whether ``B-`` is only ever used to tell two neighbours of one type apart."""
    opens = False
    for tags in samples:
        before = OUTSIDE
        for tag in tags:
            continues = before[2:] == tag[2:] != ""
            if tag[:2] == "B-" and not continues:
                return False
            opens |= tag[:2] == "I-" and not continues
            before = tag
    return opens


def _as_bio2(tags: Iterable[str], scheme: str, stray: str) -> Iterable[str]:
    current = ended = ""
    for tag in tags:
        if tag == OUTSIDE or not (scheme == "IO" or is_prefixed(tag)) or tag in SERVICE_LABELS:
            current = ended = ""
            yield tag
            continue
        prefix, name = ("I", tag) if scheme == "IO" else (tag[0], tag[2:])
        is_new = prefix in _OPENS or (name != current and scheme in _OPENS_INSIDE)
        is_stray = not is_new and name != current and name == ended
        yield f"{'B-' if is_new else stray if is_stray else 'I-'}{name}"
        current, ended = ("", name) if prefix in _ENDS else (name, "")


def _notes(written: Mapping[str, int], respelled: Mapping[str, str], scheme: str) -> Iterable[str]:
    if scheme != "BIO2":
        yield f"the tags are {scheme}; read as BIO2"
    kinds = {
        "with blanks around them": lambda tag: tag != tag.strip(),
        "in small letters": lambda tag: tag.strip() not in (tag.strip().upper(), respelled[tag]),
        "with the prefix at the end": lambda tag: _respelled(tag) != respelled[tag],
        "with an underscore": lambda tag: tag.strip()[1:2] == "_",
    }
    for kind, is_of_kind in kinds.items():
        mine = [tag for tag in written if respelled[tag] != tag and is_of_kind(tag)]
        if mine:
            total = sum(written[tag] for tag in mine)
            yield f"{total} tags {kind}, such as {mine[0]!r}; read as {respelled[mine[0]]}"


def prefixed_types(types: Iterable[str]) -> frozenset[str]:
    """Return which types of the entities of a file have the prefix of a tag, as ``B-PER`` has.

    ``B-`` and ``I-`` are prefixes. Another is one where a type is the same without it or with
    another one, or where all have one, not ``E-`` alone: ``E-mail`` and ``S-Bahn`` beside ``PER``
    are types.
    """
    tags = {name: _respelled(name) for name in set(types) - {OUTSIDE} - SERVICE_LABELS}
    prefixed = {name: tag for name, tag in tags.items() if is_prefixed(tag)}
    if len(prefixed) == len(tags) and any(tag[0] in _BEGINS for tag in prefixed.values()):
        return frozenset(prefixed)
    times = Counter(tag[2:] if is_prefixed(tag) else tag for tag in set(tags.values()))
    return frozenset(name for name, tag in prefixed.items() if tag[0] in "BI" or times[tag[2:]] > 1)


def join_prefixed(
    spans: Sequence[tuple[int, int, str]], *, text: str, prefixed: Collection[str]
) -> list[tuple[str, tuple[int, ...]]]:
    """Return entities whose types have prefixes, as pipelines of Hugging Face give words, as ours.

    ``I-`` continues an entity of its type that ends before it with nothing but blanks between,
    wherever it stands in the list.

    Args:
        spans: First character, one past the last, and type of each.
        text: The text.
        prefixed: The types that have prefixes, see ``prefixed_types``.

    Returns:
        Type of each entity, and which of the spans it is made of; as they are without prefixes.
    """
    joined: list[tuple[str, tuple[int, ...]]] = []
    may_go_on = False
    for index in sorted(range(len(spans)), key=lambda index: spans[index][:2]):
        start, _, name = spans[index]
        tag = _respelled(name)
        prefix, name = (tag[0], tag[2:]) if name in prefixed else ("S", name)
        before = spans[joined[-1][1][-1]] if joined else None
        if (
            before
            and may_go_on
            and prefix not in _OPENS
            and joined[-1][0] == name
            and before[1] <= start
            and not text[before[1] : start].strip()
        ):
            joined[-1] = name, (*joined[-1][1], index)
        else:
            joined.append((name, (index,)))
        may_go_on = prefix not in _ENDS
    return sorted(joined, key=lambda entity: min(entity[1]))


def mean_confidence(confidences: Sequence[float | None]) -> float | None:
    """Return the confidence of an entity of several pieces; ``None`` where one has none."""
    known = [confidence for confidence in confidences if confidence is not None]
    return sum(known) / len(known) if known and len(known) == len(confidences) else None


def what_is_expected(tag: str) -> str:
    """Return what is expected in the stead of a tag that is none, for messages."""
    hint = f"; {tag!a} has full-width or invisible characters" if is_disguised(tag) else ""
    return f"{EXPECTED}{hint}"


def foreign_tag(tags: Sequence[str]) -> int | None:
    """Return the position of the first of a sample's tags that is none, if any is."""
    return next((position for position, tag in enumerate(tags) if not is_one_tag(tag)), None)


def is_one_tag(tag: str) -> bool:
    """Return whether a tag is BIO2, not two as in ``B-ORG|B-LOC``, and its type not ``O``."""
    return is_bio(tag) and is_one_type(tag[2:])


def is_one_type(name: str) -> bool:
    """Return whether the name of a type is not ``O``, and no second tag is in it."""
    return name != OUTSIDE and not _SECOND.search(name)
