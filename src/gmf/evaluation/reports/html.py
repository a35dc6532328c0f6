"""Reports as one HTML page: no outside resource, light and dark."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from gmf.evaluation.comparison import ChangedTweet, Comparison
from gmf.evaluation.metrics import RULES
from gmf.evaluation.report import Groups, Report, RunsReport
from gmf.evaluation.reports.plots import Bar, bar_chart, heat_map, reliability_plot
from gmf.evaluation.reports.report_tables import comparison_tables, report_tables, runs_tables
from gmf.evaluation.reports.tables import Table, to_html


def report_page(report: Report, *, title: str) -> str:
    """Return the page of one report: headline scores, charts, tables, examples of errors."""
    return whole_page(title, _sections(report))


def runs_page(runs: RunsReport, *, title: str) -> str:
    """Return the page of several runs: their summary, then the charts and tables of the first."""
    bars: list[Bar] = []
    for series, rule in enumerate(RULES):
        summary = runs.measures[rule]["f1"]
        bars.append(
            Bar(
                f"mean, {rule}",
                summary.mean,
                f"{summary.mean:.4f} ± {summary.deviation:.4f}",
                series,
                None if summary.interval is None else max(summary.interval.low, 0),
                None if summary.interval is None else min(summary.interval.high, 1),
            )
        )
        bars += [
            Bar(f"run {number}, {rule}", value, f"{value:.4f}", series)
            for number, value in enumerate(summary.values, 1)
        ]
    chart = bar_chart(bars, title="F1 of each run", maximum=1)
    sections = [
        _figure(
            "F1 of each run", chart, f"Whiskers: {runs.level:.0%} interval of the mean.", keys=RULES
        )
    ]
    sections += [to_html(table) for table in runs_tables(runs)]
    return whole_page(title, [*sections, "<h2>First run</h2>", *_sections(runs.runs[0])])


def comparison_page(comparison: Comparison, *, title: str) -> str:
    """Return the page of a comparison: differences, and every tweet that changed."""
    differences, _ = comparison_tables(comparison)
    bars = [
        Bar(f"{name}, {rule}", value, f"{value:.4f}", series)
        for rule in RULES
        for series, (name, value) in enumerate(
            [
                ("A", comparison.differences[rule]["f1"].a),
                ("B", comparison.differences[rule]["f1"].b),
            ]
        )
    ]
    sections = [
        _figure("F1", bar_chart(bars, title="F1 of A and B", maximum=1), keys=("A", "B")),
        to_html(differences),
    ]
    for change in ("better", "worse", "other"):
        tweets = [tweet for tweet in comparison.changed if tweet.change == change]
        if tweets:
            sections.append(_changed(change, tweets))
    return whole_page(title, sections)


def _sections(report: Report) -> list[str]:
    tables = [to_html(table) for table in report_tables(report, all_countings=True)]
    return [_cards(report), *_charts(report), *tables, _examples(report)]


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
            f'<div class="card"><b>{micro.f1:.4f}</b><span>F1, {rule}, micro</span>'
            f"<small>{bounds.low:.4f} to {bounds.high:.4f} ({report.level:.0%})</small>"
            f"<small>P {micro.precision:.4f}, R {micro.recall:.4f}; gold {micro.gold}, "
            f"predicted {micro.predicted}, correct {micro.correct}</small></div>"
        )
    cards.append(
        f'<div class="card"><b>{report.num_tweets}</b><span>tweets</span>'
        f"<small>{report.num_words} words</small>"
        f"<small>images: {escape(report.provenance.images)}</small></div>"
    )
    return f'<div class="cards">{"".join(cards)}</div>'


def _charts(report: Report) -> list[str]:
    note = f"{report.rule} counting"
    types = [
        Bar(f"{name}, {rule}", counts.f1, f"{counts.f1:.4f} of {counts.gold}", series)
        for name in report.scores.lenient.types
        for series, rule in enumerate(RULES)
        if (counts := report.scores.under(rule).types.get(name))
    ]
    errors = [Bar(error.kind, error.errors, str(error.errors)) for error in report.errors]
    table = report.confusion.to_dict()
    names = report.confusion.types
    heat = heat_map(
        [
            *((gold, [table[gold][found] for found in (*names, "missed")]) for gold in names),
            ("spurious", [*(table["spurious"][found] for found in names), None]),
        ],
        columns=[*names, "missed"],
        title="Confusion of types",
    )
    figures = [
        _figure(
            "F1 by type",
            bar_chart(types, title="F1 by type", maximum=1),
            "F1 of so many gold entities",
            keys=RULES,
        ),
        _figure("Types over equal spans", heat, f"Gold by row, predicted by column; {note}"),
        _figure("Errors by kind", bar_chart(errors, title="Errors by kind"), note),
    ]
    grouped: Sequence[tuple[str, Groups | None]] = [
        ("F1 by names in training", report.seen),
        ("F1 by entity length in words", report.entity_length),
        ("F1 by tweet length in words", report.tweet_length),
        ("F1 with and without image", report.image),
    ]
    figures += [
        _figure(title, _group_chart(title, groups), note) for title, groups in grouped if groups
    ]
    if report.calibration is not None:
        plot = reliability_plot(report.calibration, title="Reliability curve")
        error = report.calibration.expected_error
        figures.append(
            _figure("Reliability", plot, f"Expected calibration error {error:.4f}; {note}")
        )
    return ['<div class="figures">', *figures, "</div>"]


def _group_chart(title: str, groups: Groups) -> str:
    bars = [
        Bar(name, counts.f1, f"{counts.f1:.4f} of {counts.gold}") for name, counts in groups.items()
    ]
    return bar_chart(bars, title=title, maximum=1)


def _examples(report: Report) -> str:
    rows = tuple(
        (error.kind, example.id, "; ".join(example.gold), "; ".join(example.predicted))
        for error in report.errors
        for example in error.examples
    )
    if not rows:
        return ""
    return to_html(Table("Examples of errors", ("kind", "tweet", "gold", "predicted"), rows))


def _changed(change: str, tweets: Sequence[ChangedTweet]) -> str:
    rows = tuple(
        (tweet.id, tweet.text, "; ".join(tweet.gold), "; ".join(tweet.a), "; ".join(tweet.b))
        for tweet in tweets
    )
    title = f"B is {change}: {len(tweets)} tweets"
    return to_html(Table(title, ("tweet", "words", "gold", "A", "B"), rows))


def _figure(title: str, chart: str, note: str = "", *, keys: Sequence[str] = ()) -> str:
    named = [f'<span class="key{place}">{escape(key)}</span>' for place, key in enumerate(keys)]
    content = ", ".join([*named, *([escape(note)] if note else [])])
    small = f"<small>{content}</small>" if content else ""
    return f"<figure><figcaption>{escape(title)}{small}</figcaption>{chart}</figure>"
