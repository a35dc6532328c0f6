"""Lines of brat's ``.ann`` files, and where in the text their entities stand."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gmf.exchange.document import Span
from gmf.exchange.offsets import UNITS, Unit, in_characters
from gmf.exchange.report import ConversionReport
from gmf.reading.text_files import BYTE_ORDER_MARK

_CONFIDENCE = re.compile(r"confidence (0(?:\.\d+)?|1(?:\.0+)?)")
#: First letters of other lines: what they hold is lost.
_OTHERS = {
    "R": "relation",
    "*": "relation",
    "E": "event",
    "A": "attribute",
    "M": "attribute",
    "N": "normalisation",
    "#": "note",
}


@dataclass(frozen=True, slots=True)
class Bound:
    """A text-bound annotation.

    Args:
        id: ``T1``.
        type: Name of its type.
        fragments: Its spans, in order.
        text: Its text as the line has it; empty without.
        confidence: From a note of ours.
    """

    id: str
    type: str
    fragments: tuple[Span, ...]
    text: str
    confidence: float | None = None


def text_bounds(content: str, where: str, report: ConversionReport) -> list[Bound]:
    """Return the text-bound annotations of a file; everything else is counted as lost.

    Raises:
        ValueError: If a line is none of brat's.
    """
    bounds: dict[str, Bound] = {}
    triggers: set[str] = set()
    for number, line in enumerate(content.split("\n"), 1):
        line = line.removesuffix("\r")
        if not line.strip():
            continue
        head, _, rest = line.partition("\t")
        if re.fullmatch(r"T\S*", head):
            if head in bounds:
                raise ValueError(f"line {number}: {head} is there twice")
            bounds[head] = _bound(head, rest, number)
            continue
        kind = _OTHERS.get(head[:1])
        if kind is None or not rest:
            raise ValueError(f"line {number}: expected an annotation of brat, got {line[:60]!r}")
        target, _, note = rest.partition("\t")
        confidence = _CONFIDENCE.fullmatch(note)
        owner = target.removeprefix("AnnotatorNotes ")
        if kind == "note" and confidence and owner in bounds:
            bounds[owner] = replace(bounds[owner], confidence=float(confidence[1]))
            continue
        if kind == "event":
            triggers.add(target.partition(" ")[0].partition(":")[2])
        report.lose(f"brat {kind}", f"{where}:{number}")
    report.lose("brat event trigger", where, len(triggers & bounds.keys()))
    return [bound for name, bound in bounds.items() if name not in triggers]


def _bound(head: str, rest: str, number: int) -> Bound:
    data, _, text = rest.partition("\t")
    name, _, fragments = data.partition(" ")
    spans: list[Span] = []
    for fragment in fragments.split(";"):
        match = re.fullmatch(r"(\d{1,12}) (\d{1,12}) *", fragment)
        if not match or int(match[1]) >= int(match[2]):
            raise ValueError(
                f"line {number}: expected `{head}<TAB>TYPE START END<TAB>TEXT`, got {data[:60]!r}"
            )
        spans.append((int(match[1]), int(match[2])))
    if not name:
        raise ValueError(f"line {number}: {head} has no type")
    return Bound(head, name, tuple(spans), text)


def placed(
    text: str,
    bounds: list[Bound],
    *,
    unit: Unit | None,
    where: str,
    report: ConversionReport,
) -> tuple[str, list[Bound]]:
    """Return the text without byte order mark, and annotations with offsets in it.

    brat counts code points, the mark among them, and CR LF as one character in some versions.
    Other writers count otherwise. The first counting is taken under which the annotations are the
    texts that they carry, and noted when it is not brat's own.

    Raises:
        ValueError: If there is none.
    """
    plain = text.removeprefix(BYTE_ORDER_MARK)
    mark = len(text) - len(plain)
    unix = plain.replace("\r\n", "\n")

    def counted(unit: Unit) -> Callable[[list[Span]], list[Span]]:
        return lambda spans: in_characters(plain, spans, unit=unit)

    ways: list[tuple[str, str, Callable[[list[Span]], list[Span]]]] = [
        ("", plain, lambda spans: [(s - mark, e - mark) for s, e in spans]),
        ("offsets that leave out the byte order mark", plain, list),
        ("offsets that count CR LF as one character", unix, list),
    ]
    others: list[Unit] = [u for u in UNITS if u != "code-points" and unit in (None, u)]
    counts = [(f"offsets counted in {UNITS[u]}", plain, counted(u)) for u in others]
    chosen = [*(ways if unit in (None, "code-points") else ()), *counts]
    fault = ""
    for name, candidate, move in chosen:
        moved = [replace(b, fragments=tuple(move(list(b.fragments)))) for b in bounds]
        problem = next(_problems(candidate, moved), "")
        if not problem:
            report.note(name, where, bool(name))
            return candidate, moved
        fault = fault or problem
    raise ValueError(fault)


def _problems(text: str, bounds: list[Bound]) -> Iterator[str]:
    for bound in bounds:
        parts = [text[max(s, 0) : e] for s, e in bound.fragments]
        if any(s < 0 or e > len(text) for s, e in bound.fragments):
            end = bound.fragments[-1][1]
            yield f"{bound.id} ends at {end}, the text has {len(text)} characters"
        elif bound.text and bound.text.rstrip() not in (
            " ".join(parts).rstrip(),
            "".join(parts).rstrip(),
            " ".join(parts).replace("\n", " ").rstrip(),
        ):
            yield f"{bound.id} is {' '.join(parts)!r} in the text, and {bound.text!r} in the line"


def entities_in(
    text: str, bounds: list[Bound], where: str, report: ConversionReport
) -> Iterator[tuple[Bound, Span]]:
    """Yield annotations with one span; discontinuous ones are counted as lost.

    Fragments with nothing but white space that ends a line between them are one span: brat has
    them wherever an annotation goes over a line end.
    """
    for bound in bounds:
        (start, end), *others = sorted(bound.fragments)
        for other_start, other_end in others:
            between = text[end:other_start]
            if between.strip() or (between and between.splitlines()[0]):
                break
            end = max(end, other_end)
        else:
            yield bound, (start, end)
            continue
        report.lose("discontinuous entity", f"{where}, {bound.id}")
