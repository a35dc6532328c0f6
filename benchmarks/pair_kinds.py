"""F1 by kind of pair, for scripts with tables of their own; the suite reports it by itself."""

from pathlib import Path
from statistics import mean, stdev

from gmf_demo.run import KINDS

from gmf.evaluation.files.read import read_pairs
from gmf.evaluation.scores import score
from gmf.reading.groups import find_groups, read_groups


def kinds_of(data: Path) -> dict[str, str]:
    """Return the kind of pair of each post, from the groups of a data folder; empty without."""
    path = find_groups(data)
    by_id = {} if path is None else read_groups(path).by_id
    return {post: row.get("pair", row.get("kind", "")) for post, row in by_id.items()}


def f1_by_kind(
    path: Path, kinds: dict[str, str], columns: tuple[str, ...] = KINDS
) -> dict[str, float]:
    """Return lenient micro F1 in percent of each kind, and of all, from a file of predictions."""
    pairs = read_pairs(path).pairs
    result: dict[str, float] = {}
    for kind in columns:
        part = [pair for pair in pairs if kind in ("all", kinds.get(pair.id))]
        scores = score([pair.gold for pair in part], [pair.predicted for pair in part])
        result[kind] = 100 * scores.lenient.micro.f1
    return result


def spread(values: list[float]) -> str:
    """Return the mean, and the sample deviation of more than one value."""
    return f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")
