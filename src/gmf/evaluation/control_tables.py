"""What images and context contribute, as tables: scores under each control against real images."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import compress

from gmf.evaluation.comparison import compare
from gmf.evaluation.config import DEFAULTS, EvaluationConfig
from gmf.evaluation.image_controls import CONTROLS, Control
from gmf.evaluation.metrics.calibration import calibrate
from gmf.evaluation.pairs import SamplePair, apply_service_policy, spans_of_pairs
from gmf.evaluation.post_groups import group_of, groupings_of, groups_of
from gmf.evaluation.reports.tables import Cell, Percent, Table

#: Pairs of the same samples under each control; ``real`` is among them.
Runs = Mapping[Control, Sequence[SamplePair]]
_AGAINST = ("F1 - real", "low", "high", "p", "ECE", "changed")


def control_table(
    runs: Runs, *, rounds: int = 10_000, config: EvaluationConfig = DEFAULTS
) -> Table:
    """Return the scores of one model under each control, against the real images.

    Args:
        runs: Pairs under each control.
        rounds: Random exchanges behind the p-values.
        config: Rule, service labels, level and seed.

    Raises:
        ValueError: If ``real`` is absent.
        DataError: If the samples or their gold differ.
    """
    if "real" not in runs:
        raise ValueError("expected a run with real images to compare with")
    other = "strict" if config.rule == "lenient" else "lenient"
    number = len(runs["real"])
    with_image = sum(bool(pair.has_image) for pair in runs["real"])
    return Table(
        f"What the image contributes ({config.rule} counting, micro)",
        ("images", "P", "R", "F1", f"F1 {other}", *_AGAINST),
        tuple(_rows(runs, rounds, config)),
        f"Percent; {number} posts, {with_image} with an image. low, high: {config.level:.0%} "
        f"paired bootstrap interval; p: approximate randomisation, {rounds} rounds; ECE: expected "
        "calibration error; changed: posts with other entities than with real images.",
    )


def group_control_tables(
    runs: Runs, *, rounds: int = 10_000, config: EvaluationConfig = DEFAULTS
) -> dict[str, Table]:
    """Return the same of each group of posts, a table a grouping, by its name.

    Args:
        runs: Pairs under each control, with their groups.
        rounds: Random exchanges behind the p-values.
        config: Rule, service labels, level and seed.

    Raises:
        DataError: If the samples or their gold differ.
    """
    real = runs["real"]
    tables: dict[str, Table] = {}
    for column in groupings_of(real):
        rows: list[tuple[Cell, ...]] = []
        for group in groups_of(real, column):
            chosen = [group_of(pair, column) == group for pair in real]
            part: Runs = {name: list(compress(pairs, chosen)) for name, pairs in runs.items()}
            rows += [
                (group, control, sum(chosen), *cells)
                for control, *cells in _rows(part, rounds, config)
            ]
        other = "strict" if config.rule == "lenient" else "lenient"
        tables[column] = Table(
            f"What the image contributes, by {column} ({config.rule} counting, micro)",
            (column, "images", "posts", "P", "R", "F1", f"F1 {other}", *_AGAINST),
            tuple(rows),
            "Percent; as for all posts together. p is not adjusted for the number of groups.",
        )
    return tables


def expected_error(pairs: Sequence[SamplePair], *, config: EvaluationConfig) -> float | None:
    """Return the expected calibration error in [0, 1]; ``None`` without confidences."""
    clean = apply_service_policy(pairs, policy=config.service_labels)
    calibration = calibrate(spans_of_pairs(clean, rule=config.rule), num_bins=config.num_bins)
    return calibration and calibration.expected_error


def _rows(runs: Runs, rounds: int, config: EvaluationConfig) -> Iterator[tuple[Cell, ...]]:
    """Yield control, scores, and what is told of it against real images."""
    for control in CONTROLS:
        if control not in runs:
            continue
        comparison = compare(runs["real"], runs[control], rounds=rounds, config=config)
        scores = comparison.differences[config.rule]
        f1 = scores["f1"]
        strict = comparison.differences["strict" if config.rule == "lenient" else "lenient"]["f1"].b
        against: tuple[Cell, ...] = (None,) * 4
        if control != "real":
            change = (f1.difference, f1.interval.low, f1.interval.high)
            against = (*(Percent(value, is_signed=True) for value in change), f1.p_value)
        error = expected_error(runs[control], config=config)
        yield (
            control,
            *(Percent(value) for value in (scores["precision"].b, scores["recall"].b, f1.b)),
            Percent(strict),
            *against,
            None if error is None else Percent(error),
            None if control == "real" else len(comparison.changed),
        )
