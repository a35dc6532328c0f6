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
        return f"{100 * self.mean:{sign}.2f}{spread}"


#: A count, a fraction, a percentage, a number with its own decimals, a text, or nothing to show.
Cell = int | float | Percent | Decimal | str | None

#: Headings of ``count_cells``.
COUNT_COLUMNS = ("P", "R", "F1", "gold", "predicted", "correct")
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


def plain_cell(cell: Cell) -> Cell:
    """Return a cell for JSON, where scores are fractions."""
    return cell.mean if isinstance(cell, Percent) else cell


def format_cell(cell: Cell) -> str:
    """Return a cell as text: probabilities and other fractions with four decimals."""
    if cell is None:
        return ""
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)


def print_tables(tables: Iterable[Table], *, console: Console) -> None:
    """Write tables to a terminal; one whose numbers do not fit beside each other is turned."""
    for table in tables:
        drawn = _drawn(table)
        if len(table.rows) < len(table.columns) and _breaks(table, console):
            drawn = _drawn(_turned(table))
        # Not the table's own title and caption, which fold to its width.
        console.print(_shown(table.title, style="bold"))
        console.print(drawn)
        if table.note:
            console.print(_shown(table.note))


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


def _breaks(table: Table, console: Console) -> bool:
    """Return whether numbers or headings would be cut in the width of a terminal."""
    numbers = [i for i in range(len(table.columns)) if table.is_number(i)]
    widths = [
        max(len(table.columns[i]), *(len(format_cell(row[i])) for row in table.rows), 0) + 3
        for i in numbers
    ]
    longest = max((len(word) for row in table.rows for word in str(row[0]).split()), default=0)
    return sum(widths) + longest + 4 > console.width


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
        f'<div class="scroll"><table><caption>{escape(table.title)}</caption>'
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
