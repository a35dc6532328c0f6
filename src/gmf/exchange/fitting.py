"""A document cut to what a format can hold, each loss counted."""

from dataclasses import replace

from gmf.exchange.base import Trait, WritableFormat
from gmf.exchange.document import AnnotatedText, Mention
from gmf.exchange.offsets import UNITS, in_characters, misfits
from gmf.exchange.report import ConversionReport
from gmf.reading.tag_schemes import is_one_type


def checked(document: AnnotatedText, report: ConversionReport) -> AnnotatedText:
    """Return a document whose mentions lie in its text; what looks wrong is noted.

    Raises:
        TypeError: If it is no document.
        ValueError: If a mention is empty, outside the text, nothing but white space, or of no type,
            or the text is no Unicode.
    """
    if not isinstance(document, AnnotatedText):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"read: expected an AnnotatedText, got {document!r:.100}")
    text = document.text
    text.encode()
    mentions = document.mentions or ()
    for mention in mentions:
        start, end = mention.char_start, mention.char_end
        if not 0 <= start < end <= len(text):
            raise ValueError(
                f"[{start}, {end}) {mention.type}: expected 0 <= start < end <= {len(text)}, the "
                f"length of the text in characters{_cause(document)}"
            )
        if not is_one_type(mention.type):
            raise ValueError(
                f"[{start}, {end}) {text[start:end]!r}: type {mention.type!r} is that of no "
                "entity, or of two; write one type an entity"
            )
        if not text[start:end].strip() and not _has_words_at(document, mention):
            raise ValueError(
                f"[{start}, {end}) {mention.type} is {text[start:end]!r}, white space"
                f"{_cause(document)}"
            )
    spans = [(m.char_start, m.char_end) for m in mentions]
    odd = set(misfits(text, spans))
    cause = _cause(document) if odd else ""
    for mention, (start, end) in zip(mentions, spans, strict=True):
        if (start, end) in odd and not _has_words_at(document, mention):
            is_inside = text[start:end] == text[start:end].strip()
            where = "inside a word" if is_inside else "with white space"
            kind = f"entity that begins or ends {where}{cause}"
            report.note(kind, document.origin)
    distinct = tuple(dict.fromkeys(mentions))
    report.note("entity marked twice", document.origin, len(mentions) - len(distinct))
    return document if len(distinct) == len(mentions) else replace(document, mentions=distinct)


def fitted(
    document: AnnotatedText, target: WritableFormat, report: ConversionReport
) -> AnnotatedText:
    """Return a document without what a format cannot hold, which is counted.

    Raises:
        ValueError: If the document as a whole cannot be held.
    """
    traits, where = target.traits, document.origin
    if document.mentions is None and Trait.UNLABELLED not in traits:
        raise ValueError(
            "unlabelled: the format would show it as a text without entities; label it or leave "
            "it out"
        )
    if Trait.EDGES not in traits:
        document = _trimmed(document, report)
    if Trait.OVERLAP not in traits:
        document = _without_overlap(document, report)
    document = _with_plain_types(document, target, report)
    for kind, count in target.changes(document):
        report.note(kind, where, count)
    scored = [m for m in document.mentions or () if m.confidence is not None]
    if scored and Trait.CONFIDENCES not in traits:
        report.lose(Trait.CONFIDENCES, where, len(scored))
    for kind, count in target.losses(document):
        report.lose(kind, where, count)
    if Trait.IMAGES not in traits and not _counts_images(target):
        report.lose(Trait.IMAGES, where, len(document.images))
    if Trait.REGIONS not in traits and not _counts_images(target):
        report.lose(Trait.REGIONS, where, sum(len(image.regions) for image in document.images))
    if Trait.CONTEXT not in traits:
        report.lose(Trait.CONTEXT, where, len(document.context))
    if Trait.SPACING not in traits and not document.is_joined:
        spans, _ = document.tagged_words()
        joined = " ".join(document.text[start:end] for start, end in spans)
        report.note("text whose spacing is not kept", where, joined != document.text)
    return document


def _counts_images(target: WritableFormat) -> bool:
    """Return whether a format counts the images that it cannot hold by itself."""
    return type(target).losses is not WritableFormat.losses


def _trimmed(document: AnnotatedText, report: ConversionReport) -> AnnotatedText:
    mentions: list[Mention] = []
    for mention in document.mentions or ():
        span = document.text[mention.char_start : mention.char_end]
        if _has_words_at(document, mention):
            mentions.append(mention)
            continue
        start = mention.char_start + len(span) - len(span.lstrip())
        moved = replace(mention, char_start=start, char_end=start + len(span.strip()))
        report.note("entity freed of white space at an edge", document.origin, moved != mention)
        mentions.append(moved)
    return document if document.mentions is None else replace(document, mentions=tuple(mentions))


def _without_overlap(document: AnnotatedText, report: ConversionReport) -> AnnotatedText:
    """Return it with the longest of the mentions that overlap; of equals, the first."""
    mentions: list[Mention] = []
    order = sorted(document.mentions or (), key=lambda m: (m.char_start - m.char_end, m.char_start))
    taken: set[int] = set()
    for mention in order:
        characters = range(mention.char_start, mention.char_end)
        if taken.isdisjoint(characters):
            taken.update(characters)
            mentions.append(mention)
    lost = [mention for mention in order if mention not in mentions]
    report.lose(Trait.OVERLAP, document.origin, len(lost))
    return document.without(*lost) if lost else document


def _with_plain_types(
    document: AnnotatedText, target: WritableFormat, report: ConversionReport
) -> AnnotatedText:
    renamed: list[Mention] = []
    for mention in document.mentions or ():
        plain = target.type_name(mention.type)
        if plain != mention.type:
            report.note(f"type {mention.type!r} written as {plain!r}", document.origin)
        renamed.append(replace(mention, type=plain))
    return document if document.mentions is None else replace(document, mentions=tuple(renamed))


def _has_words_at(document: AnnotatedText, mention: Mention) -> bool:
    """Return whether the source's own words begin and end where a mention does."""
    words = document.words or ()
    return any(start == mention.char_start for start, _ in words) and any(
        end == mention.char_end for _, end in words
    )


def _cause(document: AnnotatedText) -> str:
    """Return the likely cause of offsets that do not fit, for a message; empty if unknown."""
    text = document.text
    spans = [(m.char_start, m.char_end) for m in document.mentions or ()]
    fewest, cause = len(misfits(text, spans)), ""
    for unit, name in UNITS.items():
        if (number := len(misfits(text, in_characters(text, spans, unit=unit)))) < fewest:
            fewest, cause = number, f"; the offsets look like {name}, try --offsets {unit}"
    if cause:
        return cause
    if "\r\n" in text:
        return "; the text has CR LF line ends, which some tools count as one character"
    return ""
