"""Small charts, bars as HTML and others as SVG, in the colours of the page and so of its theme."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

#: Width of a chart in user units; the page scales it.
WIDTH = 640
_LABEL_WIDTH = 150
#: Upper bound of the width of a letter of a label, and least width of a cell of a heat map.
_LETTER, _CELL = 10, 38


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Args:
        label: Left of it.
        value: Its length.
        text: Right of it.
        series: 0 or 1, for its colour.
        low: Lower bound of an interval drawn over it.
        high: Upper bound.
    """

    label: str
    value: float
    text: str
    series: int = 0
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart on a page.

    Args:
        title: What it shows.
        chart: HTML or SVG.
        note: Below the title.
        keys: Names of the series, in the order of their colours.
    """

    title: str
    chart: str
    note: str = ""
    keys: Sequence[str] = ()

    def to_html(self) -> str:
        """Return an HTML ``figure``."""
        keys = [f'<span class="key{i}">{escape(key)}</span>' for i, key in enumerate(self.keys)]
        content = ", ".join([*keys, *([escape(self.note)] if self.note else [])])
        small = f"<small>{content}</small>" if content else ""
        return f"<figure><figcaption>{escape(self.title)}{small}</figcaption>{self.chart}</figure>"


def bar_chart(bars: Sequence[Bar], *, title: str, maximum: float | None = None) -> str:
    """Return horizontal bars in HTML: they take the width that the page has for them.

    Args:
        bars: From top to bottom.
        title: What they show, for readers who cannot see them.
        maximum: Value at full length; the largest value when left out.
    """
    full = maximum or max((bar.value for bar in bars), default=0) or 1
    rows = "".join(
        f'<span class="label">{escape(bar.label)}</span>'
        f'<span class="track">{_part(f"series{bar.series}", 0, bar.value / full)}'
        f"{_whisker(bar, full)}</span>"
        f'<span class="value">{escape(bar.text)}</span>'
        for bar in bars
    )
    return f'<div class="bars" role="group" aria-label="{escape(title)}">{rows}</div>'


def _whisker(bar: Bar, full: float) -> str:
    if bar.low is None or bar.high is None:
        return ""
    return _part("whisker", bar.low / full, bar.high / full)


def _part(kind: str, begin: float, end: float) -> str:
    """Return a part of a track from a share of its length to another."""
    left, width = max(begin, 0), max(min(end, 1) - max(begin, 0), 0)
    return f'<i class="{kind}" style="left:{left:.2%};width:{width:.2%}"></i>'


def heat_map(
    rows: Sequence[tuple[str, Sequence[int | None]]], *, columns: Sequence[str], title: str
) -> str:
    """Return a table of counts whose shade is each count's share of its row.

    It grows with the number of columns and with the names; headings that are wider than their
    column stand upright.

    Args:
        rows: Name and counts; ``None`` leaves a cell empty.
        columns: Headings.
        title: What it shows, for readers who cannot see it.
    """
    edge = max(_LABEL_WIDTH, 16 + _LETTER * max((len(name) for name, _ in rows), default=0))
    width = max((WIDTH - _LABEL_WIDTH) / max(len(columns), 1), _CELL)
    longest, height = _LETTER * max(map(len, columns), default=0), 34
    is_upright = longest > width
    top = 16 + longest if is_upright else 28
    parts = [
        _heading(edge + (column + 0.5) * width, top, name, is_upright=is_upright)
        for column, name in enumerate(columns)
    ]
    for line, (name, counts) in enumerate(rows):
        middle = top + (line + 0.5) * height
        total = sum(count or 0 for count in counts) or 1
        parts.append(_text(edge - 8, middle, name, anchor="end"))
        for column, count in enumerate(counts):
            if count is None:
                continue
            left, share = edge + column * width, count / total
            parts += [
                _rect(left, middle - height / 2, width - 2, height - 2, "series0", opacity=share),
                _text(
                    left + width / 2 - 1,
                    middle,
                    str(count),
                    anchor="middle",
                    kind=_ink(share),
                ),
            ]
    return _svg(parts, edge + len(columns) * width, top + len(rows) * height, title)


def _ink(share: float) -> str:
    """Return the class of a number on a cell: where the text of each theme is read best."""
    return "value" if share <= 0.6 else "half" if share <= 0.85 else "on"


def _heading(x: float, bottom: float, name: str, *, is_upright: bool) -> str:
    if not is_upright:
        return _text(x, bottom / 2, name, anchor="middle")
    return (
        f'<text class="label" transform="translate({x:.1f} {bottom - 6:.1f}) rotate(-90)" '
        f'dominant-baseline="central">{escape(name)}</text>'
    )


def reliability_plot(bins: Sequence[Mapping[str, Any]], *, title: str) -> str:
    """Return the reliability curve: precision over confidence; the diagonal is perfect.

    A dot's area tells how many entities it stands for.

    Args:
        bins: Each with ``entities``, ``confidence`` and ``precision``.
        title: What it shows, for readers who cannot see it.
    """
    left, size, top = 50, 280, 10
    bottom = top + size

    def at(confidence: float, precision: float) -> tuple[float, float]:
        return left + confidence * size, bottom - precision * size

    parts = [
        f'<rect class="frame" x="{left}" y="{top}" width="{size}" height="{size}"/>',
        f'<path class="guide" d="M{left} {bottom}L{left + size} {top}"/>',
    ]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x, y = at(tick, tick)
        parts += [
            _text(x, bottom + 14, f"{tick:g}", anchor="middle", kind="tick"),
            _text(left - 8, y, f"{tick:g}", anchor="end", kind="tick"),
        ]
    filled = [b for b in bins if b["entities"]]
    points = [at(b["confidence"], b["precision"]) for b in filled]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    parts.append(f'<path class="curve" d="M{line}"/>')
    largest = max(b["entities"] for b in filled)
    for (x, y), item in zip(points, filled, strict=True):
        radius = 3 + 9 * (item["entities"] / largest) ** 0.5
        parts.append(
            f'<circle class="series0" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
            f"<title>{item['entities']} entities, confidence {item['confidence']:.3f}, "
            f"precision {item['precision']:.3f}</title></circle>"
        )
    parts += [
        _text(left + size / 2, bottom + 32, "confidence", anchor="middle"),
        f'<text class="label" transform="translate(12 {top + size / 2}) rotate(-90)" '
        'text-anchor="middle">precision</text>',
    ]
    return _svg(parts, left + size + 20, bottom + 44, title)


def _svg(parts: Sequence[str], width: float, height: float, title: str) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {width:g} {height:g}" style="max-width:{width:g}px" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _rect(x: float, y: float, width: float, height: float, kind: str, *, opacity: float = 1) -> str:
    shade = "" if opacity == 1 else f' fill-opacity="{opacity:.3f}"'
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
        f'height="{height:.1f}" rx="2"{shade}/>'
    )


def _text(x: float, y: float, content: str, *, anchor: str = "start", kind: str = "label") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
        f'dominant-baseline="central">{escape(content)}</text>'
    )
