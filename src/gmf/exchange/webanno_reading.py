"""The lines of a WebAnno TSV 3 file as a document."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gmf.exchange.document import AnnotatedText, Mention, Span
from gmf.exchange.report import ConversionReport
from gmf.reading.offsets import from_utf16, units_before

FORMAT_LINE = "#FORMAT=WebAnno TSV "
NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
_ESCAPED = re.compile(r"->|[\\\[\]|_;*]")
_LETTERS = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
_UNESCAPED = re.compile(r"\\(->|.)", re.DOTALL)
_TOKEN = re.compile(r"(\d+)-(\d+)(\.\d+)?")
_PLACE = re.compile(r"(\d{1,12})-(\d{1,12})")


def escaped(text: str) -> str:
    """Return a text with reserved characters escaped."""
    text = _ESCAPED.sub(lambda match: "\\" + match[0], text)
    return re.sub(r"[\t\n\r]", lambda match: _LETTERS[match[0]], text)


def unescaped(text: str) -> str:
    """Return an escaped text as it was."""
    letters = {"t": "\t", "n": "\n", "r": "\r"}
    return _UNESCAPED.sub(lambda match: letters.get(match[1], match[1]), text)


@dataclass
class _Token:
    """A row of the body."""

    line: int
    begin: int
    end: int
    text: str
    values: tuple[str, ...]
    is_part: bool


@dataclass
class _Sentence:
    lines: list[str] = field(default_factory=list[str])
    tokens: list[_Token] = field(default_factory=list[_Token])


def document_of_lines(
    lines: Sequence[str],
    *,
    where: str,
    report: ConversionReport,
    fields: dict[str, Any],
) -> AnnotatedText:
    """Return the document of a file.

    Args:
        lines: Its lines without ends.
        where: The file, for messages.
        report: Counts other layers and features as lost.
        fields: Other fields of the document.

    Raises:
        ValueError: If a line is none of the format's, with its number.
    """
    if not lines or not lines[0].startswith(f"{FORMAT_LINE}3"):
        raise ValueError(f"expected {FORMAT_LINE}3.x in the first line")
    columns = _columns(lines)
    taken = _taken(columns)
    sentences = list(_sentences(lines, width=sum(len(names) for _, _, names in columns)))
    text = _text_of(sentences)
    tokens = [token for sentence in sentences for token in sentence.tokens]
    spans = from_utf16(text, [(token.begin, token.end) for token in tokens])
    for token, (start, end) in zip(tokens, spans, strict=True):
        if text[start:end] != token.text:
            raise ValueError(
                f"line {token.line}: {token.begin}-{token.end} is {text[start:end]!r} in the text, "
                f"and {token.text!r} in the line"
            )
    mentions = () if taken is None else tuple(_mentions(tokens, spans, taken, where, report))
    _count_others(columns, tokens, taken, where, report)
    words = tuple(s for token, s in zip(tokens, spans, strict=True) if not token.is_part)
    return AnnotatedText(text, mentions, words=words or None, **fields)


def _columns(lines: Sequence[str]) -> list[tuple[str, str, list[str]]]:
    """Return kind, name and features of each layer."""
    columns: list[tuple[str, str, list[str]]] = []
    for line in lines:
        match = re.fullmatch(r"#(T_SP|T_CH|T_RL)=([^|]*)\|?(.*)", line)
        if match:
            names = match[3].split("|") if match[3] else [""]
            columns.append((match[1], match[2], names))
        elif line.startswith("#Text="):
            break
    return columns


def _taken(columns: list[tuple[str, str, list[str]]]) -> int | None:
    """Return the column of the entities' types, from 0.

    Raises:
        ValueError: If the file does not tell which it is.
    """
    position = 0
    positions: dict[str, int] = {}
    for kind, layer, names in columns:
        usable = [i for i, n in enumerate(names) if n in ("value", "")]
        usable = usable or [i for i, n in enumerate(names) if n not in ("identifier",)]
        if kind == "T_SP" and usable and not _is_linguistic(layer):
            positions[layer] = position + usable[0]
        position += len(names)
    layers = [name for name in positions if name.endswith(".NamedEntity")]
    if not positions:
        return None
    if len(layers or positions) > 1:
        raise ValueError(f"expected the layer NamedEntity or one layer, got {', '.join(positions)}")
    return positions[(layers or list(positions))[0]]


def _is_linguistic(layer: str) -> bool:
    """Return whether a layer holds parts of speech, lemmas and the like."""
    return bool(re.search(r"\.api\.(lexmorph|segmentation|syntax|transform|coref|pdf)\.", layer))


def _sentences(lines: Sequence[str], *, width: int) -> Iterator[_Sentence]:
    current: _Sentence | None = None
    for number, line in enumerate(lines, 1):
        if line.startswith("#Text="):
            if current is not None and current.tokens:
                yield current
                current = None
            current = current or _Sentence()
            current.lines.append(unescaped(line.removeprefix("#Text=")))
        elif not line or line.startswith("#"):
            continue
        else:
            if current is None:
                raise ValueError(f"line {number}: expected #Text= before the first token")
            current.tokens.append(_token(line, number, width))
    if current is not None:
        yield current


def _token(line: str, number: int, width: int) -> _Token:
    cells = line.split("\t")
    name = _TOKEN.fullmatch(cells[0])
    offsets = _PLACE.fullmatch(cells[1]) if len(cells) > 2 else None
    if not name or not offsets or len(cells) < 3 + width:
        raise ValueError(
            f"line {number}: expected sentence-token, begin-end, token and {width} columns, got "
            f"{line[:60]!r}"
        )
    values = tuple(cells[3 : 3 + width])
    return _Token(
        number, int(offsets[1]), int(offsets[2]), unescaped(cells[2]), values, bool(name[3])
    )


def _text_of(sentences: list[_Sentence]) -> str:
    """Return the text: sentences at their offsets, spaces where the file has nothing."""
    parts: list[str] = []
    length = 0
    for sentence in sentences:
        start = min((token.begin for token in sentence.tokens), default=length)
        if start < length:
            # A line end between sentences belongs to the text of neither; it may be counted twice.
            raise ValueError(
                f"line {sentence.tokens[0].line}: begins before the sentence before ends"
            )
        if start - length > 1_000_000:
            raise ValueError(
                f"line {sentence.tokens[0].line}: offset {start} is far beyond the text"
            )
        body = "\n".join(sentence.lines)
        parts += [" " * (start - length), body]
        length = start + units_before(body)[-1]
    return "".join(parts)


def _mentions(
    tokens: list[_Token], spans: list[Span], column: int, where: str, report: ConversionReport
) -> Iterator[Mention]:
    """Yield the entities of a column: rows with one number are one entity."""
    pieces: dict[tuple[str, str], list[Span]] = {}
    for token, span in zip(tokens, spans, strict=True):
        for position, (name, number) in enumerate(_values(token.values[column])):
            if name == "*":
                report.lose("entity without a type", f"{where}:{token.line}")
                continue
            key = (unescaped(name), number or f"{token.line}/{position}")
            pieces.setdefault(key, []).append(span)
    for (name, number), parts in pieces.items():
        if not name.strip():
            raise ValueError(f"entity {number} has an empty type")
        start, end = min(s for s, _ in parts), max(e for _, e in parts)
        yield Mention(start, end, name)


def _values(cell: str) -> Iterator[tuple[str, str]]:
    """Yield the values of a cell with their numbers, still escaped."""
    if cell == "_":
        return
    for value in re.findall(r"(?:\\.|[^\\|])+", cell, re.DOTALL):
        # An escaped bracket is part of the name.
        match = re.fullmatch(r"((?:\\.|[^\\\[])*)(?:\[(\d+)\])?", value, re.DOTALL)
        if not match:
            raise ValueError(f"value {value[:60]!r}: expected a name and perhaps [number]")
        yield match[1], match[2] or ""


def _count_others(
    columns: list[tuple[str, str, list[str]]],
    tokens: list[_Token],
    taken: int | None,
    where: str,
    report: ConversionReport,
) -> None:
    """Count the values of other layers and features."""
    position = 0
    for kind, layer, names in columns:
        for name in names:
            cells = [t.values[position] for t in tokens] if position != taken else []
            filled = sum(cell not in ("_", "*", "") and not cell.startswith("*[") for cell in cells)
            short = layer.rpartition(".")[2]
            what = {"T_RL": "relation", "T_CH": "chain"}.get(kind, f"feature {short}.{name}")
            if not (_is_linguistic(layer) and kind == "T_SP"):
                report.lose(f"WebAnno {what}", where, filled)
            else:
                report.note(f"WebAnno {what} not carried", where, filled)
            position += 1
