"""A report as tables."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from gmf.core.plain import plain
from gmf.evaluation.comparison import Comparison
from gmf.evaluation.files.notes import FileNote, PairingNotes
from gmf.evaluation.metrics.registry import show_all
from gmf.evaluation.report import Report, RunsReport
from gmf.evaluation.reports.tables import COUNT_COLUMNS, Cell, Percent, Table, count_cells
from gmf.evaluation.scores import RULES, Rule
from gmf.evaluation.significance import MEASURES, Interval, SeedSummary

#: Ids that are written out before the rest is only counted.
_MAX_IDS = 8
_GROUP_MEASURES = {"f1": "f1", "expected_error": "ECE"}


def report_tables(report: Report, *, in_full: Container[str] = ()) -> list[Table]:
    """Return every part of a report that has something to say.

    Args:
        report: The report.
        in_full: Metrics whose details are shown too.
    """
    shown = show_all(report.metrics, config=report.config, in_full=in_full)
    return [
        *(score_table(report, rule) for rule in RULES),
        *([reading_table(report.reading)] if report.reading else []),
        *(item for item in shown if isinstance(item, Table)),
        provenance_table(report),
    ]


def score_table(report: Report, rule: Rule) -> Table:
    """Return micro, macro and per-type scores under a rule, with intervals."""
    scores, bounds = report.scores.under(rule), report.intervals[rule]
    macro = scores.macro
    rows: list[tuple[Cell, ...]] = [("micro", *count_cells(plain(scores.micro)))]
    means = map(Percent, (macro.precision, macro.recall, macro.f1))
    rows.append(("macro", *means, None, None, None))
    rows += [(name, *count_cells(plain(counts))) for name, counts in scores.types.items()]
    note = (
        f"{report.num_samples} posts, {report.num_words} words, scored post by post, exact span "
        f"and type, percent. {report.config.level:.0%} interval, bootstrap over posts: "
        + ", ".join(f"{name} {_interval(bounds[name])}" for name in MEASURES)
        + "."
    )
    meaning = (
        "an I- that continues nothing opens an entity (conlleval, seqeval by default)"
        if rule == "lenient"
        else "only B- opens an entity (IOB2)"
    )
    return Table(f"Scores, {rule}: {meaning}", ("", *COUNT_COLUMNS), tuple(rows), note)


def reading_table(notes: PairingNotes) -> Table:
    """Return what was decided, mended and left out when files were read."""
    files = [notes.gold_file, *([notes.predicted_file] if notes.predicted_file else [])]
    rows: list[tuple[Cell, ...]] = []
    for name, file in zip(("gold file", "prediction file"), files, strict=False):
        rows += _file_rows(name, file)
    rows.append(("columns", notes.columns))
    rows.append(("posts matched by", notes.matched_by))
    counts: list[tuple[str, int, str]] = [
        ("posts without prediction, all O", len(notes.missing), _ids(notes.missing)),
        ("predicted posts not in gold, left out", len(notes.extra), _ids(notes.extra)),
        ("words without prediction, O", _total(notes.unpredicted), f"in {_ids(notes.unpredicted)}"),
        ("words spelled otherwise, paired", notes.respelled_words, ""),
        ("predicted words not in gold, left out", notes.extra_words, ""),
        (
            "words without gold label, O",
            _total(notes.unlabelled_gold),
            f"in {_ids(notes.unlabelled_gold)}; give the gold file to count them",
        ),
        (
            "posts with other gold in the system's file",
            len(notes.changed_gold),
            _ids(f"{c.id} (entities: {c.gold}, there {c.own})" for c in notes.changed_gold),
        ),
        ("types that look like others", len(notes.alike), "; ".join(notes.alike[:3])),
        (
            "service labels in gold",
            sum(notes.gold_service_labels.values()),
            _tally(notes.gold_service_labels),
        ),
        (
            "service labels predicted",
            _total(notes.predicted_service_words),
            f"{_tally(notes.predicted_service_labels)}, in {_ids(notes.predicted_service_words)}",
        ),
    ]
    rows += [
        (name, f"{count}: {detail}" if detail else str(count))
        for name, count, detail in counts
        if count
    ]
    return Table("How it was read", ("", "what was found"), tuple(rows))


def _file_rows(name: str, file: FileNote) -> Iterator[tuple[Cell, ...]]:
    yield name, f"{file.path}: {file.format}, {file.tweets} posts"
    if file.respelled_labels:
        yield f"{name}: labels respelled", _tally(file.respelled_labels)
    if file.skipped_lines:
        yield f"{name}: lines skipped", str(file.skipped_lines)
    if file.warning:
        yield f"{name}: warning", file.warning


def runs_tables(runs: RunsReport) -> list[Table]:
    """Return mean, deviation and interval over runs."""
    tables: list[Table] = []
    for rule in RULES:
        rows = [
            _summary_row(f"micro {name}", summary) for name, summary in runs.measures[rule].items()
        ]
        rows += [_summary_row(f"{name} f1", item) for name, item in runs.types[rule].items()]
        tables.append(
            Table(
                f"{len(runs.runs)} runs, {rule} counting",
                ("", "mean", "deviation", "low", "high", "runs"),
                tuple(rows),
                f"Percent. Sample standard deviation; {runs.level:.0%} Student-t interval of the "
                "mean.",
            )
        )
    tables += [
        Table(
            f"{len(runs.runs)} runs, by {column}",
            ("", "mean", "deviation", "low", "high", "runs"),
            tuple(
                _summary_row(f"{group} {_GROUP_MEASURES[name]}", summary)
                for group, by_name in groups.items()
                for name, summary in by_name.items()
            ),
            "Percent, of the posts of each group; ECE: expected calibration error.",
        )
        for column, groups in runs.groups.items()
    ]
    return tables


def comparison_tables(comparison: Comparison, *, max_changed: int = 20) -> list[Table]:
    """Return differences, and the samples that changed.

    Args:
        comparison: B against A.
        max_changed: Changed samples to list.
    """
    rows = tuple(
        (
            f"{name}, {rule}",
            Percent(d.a),
            Percent(d.b),
            *(Percent(v, is_signed=True) for v in (d.difference, d.interval.low, d.interval.high)),
            d.p_value,
        )
        for rule in RULES
        for name, d in comparison.differences[rule].items()
    )
    numbers = ", ".join(
        f"{comparison.number_of(change)} {change}" for change in ("better", "worse", "other")
    )
    listed = comparison.changed[:max_changed]
    return [
        Table(
            "B against A",
            ("micro", "A", "B", "B - A", "low", "high", "p"),
            rows,
            f"Percent; {comparison.num_samples} posts. Two-sided p by approximate randomisation, "
            f"{comparison.rounds} rounds; {comparison.level:.0%} paired bootstrap interval.",
        ),
        Table(
            f"Posts that changed: {numbers} ({comparison.rule} counting)",
            ("post", "B is", "gold", "A", "B"),
            tuple((t.id, t.change, _listing(t.gold), _listing(t.a), _listing(t.b)) for t in listed),
            f"{len(listed)} of {len(comparison.changed)} shown; all are in the JSON report.",
        ),
    ]


def provenance_table(report: Report) -> Table:
    """Return what stands behind the result."""
    provenance = report.provenance
    rows: list[tuple[Cell, ...]] = [
        ("counting rule of analyses", provenance.rule),
        ("service labels", provenance.service_labels),
        ("images", provenance.images),
    ]
    rows += [
        (f"images {outcome}", str(count)) for outcome, count in provenance.image_counts.items()
    ]
    rows += [
        (
            f"data: {item.part}",
            f"{item.source}, {item.tweets} posts, {item.digest[:12]}"
            + ("" if item.part == "predictions" else f", {item.copy or 'no known release'}"),
        )
        for item in provenance.data
    ]
    rows += [
        (f"confidences: {name.replace('_', ' ')}", f"{value:g}")
        for name, value in provenance.calibration.items()
    ]
    rows += [(f"encoder {name}", digest[:12]) for name, digest in provenance.encoders.items()]
    if provenance.config_digest:
        rows.append(("configuration", provenance.config_digest[:12]))
    if provenance.precision:
        rows.append(("precision of training", provenance.precision))
    if provenance.context:
        rows.append(("context", provenance.context))
    if provenance.image_trust != 1:
        rows.append(("trust in images", f"{provenance.image_trust:g}"))
    if provenance.seeds:
        rows.append(("seeds", ", ".join(map(str, provenance.seeds))))
    rows += [
        ("versions", ", ".join(f"{name} {number}" for name, number in provenance.versions.items()))
    ]
    rows += [(name, text) for name, text in provenance.hardware.items()]
    return Table("Provenance", ("", "value"), tuple(rows), "Digests are cut; JSON has them whole.")


def _summary_row(name: str, summary: SeedSummary) -> tuple[Cell, ...]:
    bounds = summary.interval
    return (
        name,
        Percent(summary.mean),
        Percent(summary.deviation),
        None if bounds is None else Percent(bounds.low),
        None if bounds is None else Percent(bounds.high),
        " ".join(str(Percent(value)) for value in summary.values),
    )


def _interval(bounds: Interval) -> str:
    return f"{Percent(bounds.low)} to {Percent(bounds.high)}"


def _total(words: Mapping[str, Sequence[int]]) -> int:
    return sum(map(len, words.values()))


def _tally(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _ids(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _MAX_IDS
    return ", ".join(listed[:_MAX_IDS]) + (f" and {more} more" if more > 0 else "")


def _listing(entities: Sequence[str]) -> str:
    return ", ".join(entities) or "none"
