"""Reports as one HTML page: no outside resource, light and dark."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from gmf.evaluation.comparison import ChangedSample, Comparison
from gmf.evaluation.metrics.registry import show_all
from gmf.evaluation.report import Report, RunsReport
from gmf.evaluation.reports.plots import Bar, Figure, bar_chart
from gmf.evaluation.reports.report_tables import comparison_tables, report_tables, runs_tables
from gmf.evaluation.reports.tables import F1_LABEL, Percent, Table, f1_label, to_html
from gmf.evaluation.scores import RULES


def report_page(report: Report, *, title: str, first: Sequence[Table] = ()) -> str:
    """Return the page of one report: headline scores, charts, tables, examples of errors.

    Args:
        report: The report.
        title: Heading of the page.
        first: Tables that come before those of the report.
    """
    return whole_page(title, _sections(report, first))


def runs_page(runs: RunsReport, *, title: str, first: Sequence[Table] = ()) -> str:
    """Return the page of several runs: their summary, then the charts and tables of the first.

    Args:
        runs: The runs.
        title: Heading of the page.
        first: Tables that come before those of the summary.
    """
    bars: list[Bar] = []
    for series, rule in enumerate(RULES):
        summary = runs.measures[rule]["f1"]
        bars.append(
            Bar(
                f"mean, {rule}",
                summary.mean,
                str(Percent(summary.mean, summary.deviation)),
                series,
                None if summary.interval is None else max(summary.interval.low, 0),
                None if summary.interval is None else min(summary.interval.high, 1),
            )
        )
        bars += [
            Bar(f"run {number}, {rule}", value, str(Percent(value)), series)
            for number, value in enumerate(summary.values, 1)
        ]
    chart = bar_chart(bars, title="F1 of each run", maximum=1)
    sections = [
        Figure(
            "F1 of each run", chart, f"Whiskers: {runs.level:.0%} interval of the mean.", RULES
        ).to_html()
    ]
    sections += [to_html(table) for table in (*first, *runs_tables(runs))]
    return whole_page(title, [*sections, "<h2>First run</h2>", *_sections(runs.runs[0])])


def comparison_page(comparison: Comparison, *, title: str) -> str:
    """Return the page of a comparison: differences, and every sample that changed."""
    differences, _ = comparison_tables(comparison)
    bars = [
        Bar(f"{name}, {rule}", value, str(Percent(value)), series)
        for rule in RULES
        for series, (name, value) in enumerate(
            [
                ("A", comparison.differences[rule]["f1"].a),
                ("B", comparison.differences[rule]["f1"].b),
            ]
        )
    ]
    sections = [
        Figure("F1", bar_chart(bars, title="F1 of A and B", maximum=1), keys=("A", "B")).to_html(),
        to_html(differences),
    ]
    for change in ("better", "worse", "other"):
        samples = [sample for sample in comparison.changed if sample.change == change]
        if samples:
            sections.append(_changed(change, samples))
    return whole_page(title, sections)


def _sections(report: Report, first: Sequence[Table] = ()) -> list[str]:
    items = show_all(report.metrics, config=report.config, in_full=report.metrics)
    figures = [_types_figure(report), *(item for item in items if isinstance(item, Figure))]
    charts = "".join(figure.to_html() for figure in figures)
    tables = [to_html(table) for table in (*first, *report_tables(report, in_full=report.metrics))]
    return [_cards(report), f'<div class="figures">{charts}</div>', *tables]


def whole_page(title: str, sections: Iterable[str], *, style: str = "") -> str:
    """Return a page that needs no other file.

    Args:
        title: Its heading.
        sections: HTML of its parts; empty ones are left out.
        style: CSS beyond that of every report.
    """
    base = files("gmf.evaluation.reports").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{base}{style}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>\n"
        + "\n".join(section for section in sections if section)
        + "</main></body></html>\n"
    )


def _cards(report: Report) -> str:
    cards: list[str] = []
    for rule in RULES:
        micro, bounds = report.scores.under(rule).micro, report.intervals[rule]["f1"]
        cards.append(
            f'<div class="card"><b>{Percent(micro.f1)}</b><span>F1 in %, {rule}, micro</span>'
            f"<small>{Percent(bounds.low)} to {Percent(bounds.high)} "
            f"({report.config.level:.0%})</small>"
            f"<small>P {Percent(micro.precision)}, R {Percent(micro.recall)}; gold {micro.gold}, "
            f"predicted {micro.predicted}, correct {micro.correct}</small></div>"
        )
    cards.append(
        f'<div class="card"><b>{report.num_samples}</b><span>posts</span>'
        f"<small>{report.num_words} words</small>"
        f"<small>images: {escape(report.provenance.images)}</small></div>"
    )
    return f'<div class="cards">{"".join(cards)}</div>'


def _types_figure(report: Report) -> Figure:
    bars = [
        Bar(
            f"{name}, {rule}",
            counts.f1,
            f1_label(counts.f1, gold=counts.gold, predicted=counts.predicted),
            series,
        )
        for name in report.scores.lenient.types
        for series, rule in enumerate(RULES)
        if (counts := report.scores.under(rule).types.get(name))
    ]
    chart = bar_chart(bars, title="F1 by type", maximum=1)
    return Figure("F1 by type", chart, F1_LABEL, RULES)


def _changed(change: str, samples: Sequence[ChangedSample]) -> str:
    rows = tuple(
        (sample.id, sample.text, "; ".join(sample.gold), "; ".join(sample.a), "; ".join(sample.b))
        for sample in samples
    )
    title = f"B is {change}: {len(samples)} posts"
    return to_html(Table(title, ("post", "words", "gold", "A", "B"), rows))
