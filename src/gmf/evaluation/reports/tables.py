"""Tables that know no medium: written to the terminal, Markdown, LaTeX or HTML alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from gmf.core.shown import without_controls


@dataclass(frozen=True, slots=True)
class Percent:
    """A fraction that is shown as percent with two decimals, as papers of the field print scores.

    Args:
        mean: The fraction, or the mean of fractions.
        deviation: Sample standard deviation; ``None`` for a single value.
        is_signed: Whether it is a difference, shown with its sign.
    """

    mean: float
    deviation: float | None = None
    is_signed: bool = False

    def __str__(self) -> str:
        sign = "+" if self.is_signed else ""
        spread = "" if self.deviation is None else f" ± {100 * self.deviation:.2f}"
        # The sum makes a negative zero one without a sign.
        return f"{round(100 * self.mean, 2) + 0.0:{sign}.2f}{spread}"


#: A count, a fraction, a percentage, a number with its own decimals, a text, or nothing to show.
Cell = int | float | Percent | Decimal | str | None

#: Letters of a text cell that stay together in a terminal that is too narrow for more.
FOLDED = 16
#: Headings of ``count_cells``.
COUNT_COLUMNS = ("P", "R", "F1", "gold", "predicted", "correct")
#: How to read ``f1_label``.
F1_LABEL = "F1 in percent (gold entities)"
_LATEX_SPECIAL = {
    "±": r"$\pm$",
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Args:
        title: What it shows.
        columns: Headings; the first column names the rows.
        rows: As many cells as headings.
        note: What a reader must know, below the table.
        secondary: Indices of rows that stand back, for comparison only; seen in HTML.
        is_detail: Whether it is left out unless everything is asked for, as pages do.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    secondary: frozenset[int] = frozenset()
    is_detail: bool = False

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.title!r}: {len(row)} cells under {len(self.columns)} headings"
                )

    def is_number(self, column: int) -> bool:
        """Whether a column holds numbers only, and is set to the right."""
        return all(not isinstance(row[column], str) for row in self.rows)


def count_cells(counts: Mapping[str, Any]) -> tuple[Cell, ...]:
    """Return the cells under ``COUNT_COLUMNS`` of ``Counts.to_dict``."""
    measures = (Percent(counts[key]) for key in ("precision", "recall", "f1"))
    return (*measures, *(counts[key] for key in ("gold", "predicted", "correct")))


def f1_label(f1: float, *, gold: int, predicted: int) -> str:
    """Return what stands at a bar of F1: the score and how many gold entities it is of."""
    return f"{Percent(f1)} ({gold})" if gold or predicted else "no entity"


def plain_cell(cell: Cell) -> Cell:
    """Return a cell for JSON, where scores are fractions."""
    return cell.mean if isinstance(cell, Percent) else cell


def format_cell(cell: Cell) -> str:
    """Return a cell as text: probabilities and other fractions with four decimals."""
    if cell is None:
        return ""
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)


def print_tables(tables: Iterable[Table], *, console: Console) -> None:
    """Write tables to a terminal, every number whole.

    One that is too wide is turned where that helps, or else written as several that each begin with
    the names of the rows.
    """
    for table in tables:
        # Not the table's own title and caption, which fold to its width.
        console.print(_shown(table.title, style="bold"))
        for part in _fitting(table, console.width):
            console.print(_drawn(part))
        if table.note:
            console.print(_shown(table.note))


def _fitting(table: Table, width: int) -> list[Table]:
    """Return a table, or what shows all of it within a width."""
    if _width(table) <= width:
        return [table]
    # Where the corner names rows and columns, turning would exchange what it says.
    if len(table.rows) < len(table.columns) and "\\" not in table.columns[0]:
        turned = _turned(table)
        if _width(turned) <= width:
            return [turned]
    places = range(len(table.columns))
    names = next((place for place in places if table.is_number(place)), len(places)) or 1
    blocks: list[list[int]] = [[*range(names)]]
    for place in places[names:]:
        wider = _part(table, [*blocks[-1], place])
        if len(blocks[-1]) > names and _width(wider) > width:
            blocks.append([*range(names)])
        blocks[-1].append(place)
    return [_part(table, block) for block in blocks]


def _part(table: Table, places: Sequence[int]) -> Table:
    """Return a table of some of the columns."""
    rows = tuple(tuple(row[place] for place in places) for row in table.rows)
    return Table(table.title, tuple(table.columns[place] for place in places), rows)


def _drawn(table: Table) -> RichTable:
    drawn = RichTable()
    for index, heading in enumerate(table.columns):
        is_number = table.is_number(index)
        justify = "right" if is_number else "left"
        drawn.add_column(_shown(heading), justify=justify, overflow="fold", no_wrap=is_number)
    for row in table.rows:
        drawn.add_row(*(_shown(format_cell(cell)) for cell in row))
    return drawn


def _shown(text: str, *, style: str = "") -> Text:
    """Return a text that is no markup and controls no terminal."""
    return Text(without_controls(text), style=style)


def _width(table: Table) -> int:
    """Return the least width in which numbers and headings stand whole; long words may fold."""
    return 1 + sum(3 + _least(table, place) for place in range(len(table.columns)))


def _least(table: Table, place: int) -> int:
    cells = [format_cell(row[place]) for row in table.rows]
    if table.is_number(place):
        return max(map(len, [table.columns[place], *cells]))
    words = " ".join([table.columns[place], *cells]).split()
    return min(max(map(len, words), default=0), FOLDED)


def _turned(table: Table) -> Table:
    heading, *names = table.columns
    rows = tuple(
        (name, *(format_cell(row[index]) for row in table.rows))
        for index, name in enumerate(names, 1)
    )
    return Table(table.title, (heading, *(str(row[0]) for row in table.rows)), rows, table.note)


def to_markdown(tables: Iterable[Table]) -> str:
    """Return tables as GitHub Markdown."""
    return "\n\n".join(_markdown(table) for table in tables)


def to_latex(tables: Iterable[Table]) -> str:
    """Return tables as LaTeX; needs the package ``booktabs``."""
    return "\n\n".join(_latex(table) for table in tables)


def to_html(table: Table) -> str:
    """Return a table as an HTML ``table`` element."""

    def cells(row: Sequence[Cell], tag: str) -> str:
        parts: list[str] = []
        for index, cell in enumerate(row):
            name = "th" if tag == "th" or index == 0 else "td"
            kind = ' class="number"' if index and table.is_number(index) else ""
            scope = ' scope="row"' if name == "th" and tag == "td" else ""
            parts.append(f"<{name}{scope}{kind}>{escape(format_cell(cell))}</{name}>")
        return "".join(parts)

    def line(index: int) -> str:
        kind = ' class="secondary"' if index in table.secondary else ""
        return f"<tr{kind}>{cells(table.rows[index], 'td')}</tr>"

    body = "".join(map(line, range(len(table.rows))))
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="scroll"><table><caption><span>{escape(table.title)}</span></caption>'
        f"<thead><tr>{cells(table.columns, 'th')}</tr></thead><tbody>{body}</tbody></table></div>"
        f"{note}"
    )


def _markdown(table: Table) -> str:
    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(_one_line(cell) for cell in cells)} |"

    rules = ("---:" if table.is_number(index) else "---" for index in range(len(table.columns)))
    lines = [f"**{table.title}**", "", line(table.columns), line(rules)]
    lines += [line(map(format_cell, row)) for row in table.rows]
    return "\n".join(lines + (["", table.note] if table.note else []))


def _one_line(cell: str) -> str:
    return " ".join(cell.split("\n")).replace("|", "&#124;")


def _latex(table: Table) -> str:
    def line(cells: Iterable[str]) -> str:
        return f"{' & '.join(map(_escape_latex, cells))} \\\\"

    kinds = "".join("r" if table.is_number(index) else "l" for index in range(len(table.columns)))
    caption = f"{table.title}. {table.note}" if table.note else f"{table.title}."
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_escape_latex(caption)}}}",
            rf"\begin{{tabular}}{{{kinds}}}",
            r"\toprule",
            line(table.columns),
            r"\midrule",
            *(line(map(format_cell, row)) for row in table.rows),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    )


def _escape_latex(text: str) -> str:
    return "".join(_LATEX_SPECIAL.get(letter, letter) for letter in text)
