from io import StringIO

import pytest
from rich.console import Console

from gmf.evaluation.reports.tables import (
    Percent,
    Table,
    f1_label,
    print_tables,
    to_html,
    to_latex,
    to_markdown,
)

TABLE = Table(
    "Scores & more", ("", "F1", "gold", "what"), (("PER", 0.5, 3, "a|b_c"), ("LOC", None, 4, "<b>"))
)


def test_f1_of_no_entity_at_all_is_no_number():
    assert f1_label(0.95, gold=262, predicted=260) == "95.00 (262)"
    assert f1_label(0.0, gold=0, predicted=1) == "0.00 (0)"
    assert f1_label(0.0, gold=0, predicted=0) == "no entity"


def test_markdown_aligns_numbers_and_escapes_bars():
    assert to_markdown([TABLE]).splitlines() == [
        "**Scores & more**",
        "",
        "|  | F1 | gold | what |",
        "| --- | ---: | ---: | --- |",
        "| PER | 0.5000 | 3 | a&#124;b_c |",
        "| LOC |  | 4 | <b> |",
    ]


def test_latex_escapes_and_aligns():
    text = to_latex([TABLE])
    assert r"\caption{Scores \& more.}" in text
    assert r"\begin{tabular}{lrrl}" in text
    assert r"PER & 0.5000 & 3 & a|b\_c \\" in text
    assert r"LOC &  & 4 & \textless{}b\textgreater{} \\" in text


def test_html_escapes():
    text = to_html(TABLE)
    assert "<td>&lt;b&gt;</td>" in text
    assert "<caption><span>Scores &amp; more</span></caption>" in text
    assert '<td class="number">0.5000</td>' in text


def test_terminal_shows_markup_as_it_is():
    console = Console(width=80, record=True, file=StringIO())
    print_tables([Table("t", ("[b]y[/b]",), (("[red]x[/red]",),), "note")], console=console)
    shown = console.export_text()
    assert "[red]x[/red]" in shown
    assert "[b]y[/b]" in shown
    assert "note" in shown


@pytest.mark.parametrize(("width", "is_turned"), [(24, False), (23, True)])
def test_a_table_is_turned_as_soon_as_its_numbers_do_not_fit(width, is_turned):
    """Four edges, the longest name, and the number and heading with a blank at either side."""
    console = Console(width=width, record=True, file=StringIO())
    print_tables([Table("t", ("", "a", "bcd"), (("names", 1.5, 3),))], console=console)
    shown = console.export_text()
    assert ("| bcd" in shown.replace("│", "|")) == is_turned
    assert "1.5000" in shown


@pytest.mark.parametrize(("width", "is_turned"), [(10, False), (9, True)])
def test_a_table_without_rows_is_turned_when_its_headings_do_not_fit(width, is_turned):
    console = Console(width=width, record=True, file=StringIO())
    print_tables([Table("t", ("", "abc"), ())], console=console)
    assert ("│ abc │" in console.export_text()) == is_turned


WIDE = Table(
    "by group and images",
    ("group", "images", *(f"column {n}" for n in range(9)), "p"),
    tuple(
        (group, images, *(Percent(0.9 + n / 1000) for n in range(9)), 0.0396)
        for group in ("related", "unrelated", "misleading")
        for images in ("real", "none", "blank", "shuffled", "noise")
    ),
)


@pytest.mark.parametrize("width", [40, 60, 80, 110])
def test_a_table_that_cannot_be_turned_is_written_in_parts_with_the_names_of_its_rows(width):
    console = Console(width=width, record=True, file=StringIO())
    print_tables([WIDE], console=console)
    shown = console.export_text()
    lines = shown.splitlines()
    assert max(map(len, lines)) <= width
    for row in WIDE.rows:
        cells = [f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row]
        of_row = [line for line in lines if cells[0] in line.split() and cells[1] in line.split()]
        assert len(of_row) == sum(line.startswith("│") is False for line in lines if "┏" in line)
        found = [word for line in of_row for word in line.split("│") if word.strip()]
        assert [w.strip() for w in found if w.strip() not in cells[:2]] == cells[2:]
    assert shown.count("by group and images") == 1


def test_a_table_whose_corner_names_rows_and_columns_is_not_turned():
    types = [f"creative-work-{n}" for n in range(6)]
    rows = tuple((name, *(10 * row + n for n in range(6))) for row, name in enumerate(types))
    console = Console(width=80, record=True, file=StringIO())
    print_tables([Table("types", ("gold \\ predicted", *types), rows)], console=console)
    found = [line for line in console.export_text().splitlines() if "creative-work-4" in line]
    assert [int(x) for line in found if "│" in line for x in line.split("│")[2:-1]] == list(
        range(40, 46)
    )


def test_rows_must_fit_the_headings():
    with pytest.raises(ValueError, match="table 't': 2 cells under 1 headings"):
        Table("t", ("a",), (("b", "c"),))


def test_percentages_with_deviation_and_sign():
    table = Table("t", ("", "F1", "less"), (("a", Percent(0.8711, 0.0012), Percent(-0.005)),))
    signed = Percent(0.005, is_signed=True)
    assert str(signed) == "+0.50"
    assert str(Percent(-1e-9, is_signed=True)) == "+0.00"
    assert "| a | 87.11 ± 0.12 | -0.50 |" in to_markdown([table])
    assert r"a & 87.11 $\pm$ 0.12 & -0.50 \\" in to_latex([table])
    assert table.is_number(1)
