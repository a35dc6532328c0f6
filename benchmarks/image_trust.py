"""What `--image-trust` gives and costs: F1 by trust and kind of pair, and with others' images.

    python benchmarks/image_trust.py RUN... > benchmarks/results/image-trust-CORPUS.json

Scores runs of one setting, which differ in seed, at several trusts on the split of the data that
they were trained on; kinds of pair are those that the data folder's side file of groups states.
"""

import argparse
import json
import sys
from collections import defaultdict
from statistics import mean, stdev
from typing import Any

from gmf.experiments.evaluate import evaluate_run

TRUSTS = (0.0, 0.3, 0.5, 0.7, 1.0)


def main() -> None:
    """Print mean and sample deviation of lenient micro F1, in percent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--column", default="kind", help="grouping of the data folder")
    parser.add_argument("--split", default="test")
    parser.add_argument("--trusts", type=float, nargs="+", default=TRUSTS)
    options = parser.parse_args()
    result: dict[str, dict[str, Any]] = {}
    for trust in options.trusts:
        found: dict[str, list[float]] = defaultdict(list)
        for run in options.runs:
            for control in ("real", "shuffled"):
                report = evaluate_run(
                    run, split=options.split, control=control, image_trust=trust
                ).report
                name = "all" if control == "real" else control
                found[name].append(report.scores.lenient.micro.f1)
                groups = report.metrics.get("groups") or {}
                for kind, scores in groups.get(options.column, {}).items():
                    if control == "real":
                        found[kind].append(scores["f1"])
        result[f"{trust:g}"] = {kind: shown(values) for kind, values in found.items()}
        print(trust, {k: v["mean"] for k, v in result[f"{trust:g}"].items()}, file=sys.stderr)
    print(json.dumps({"split": options.split, "f1_by_trust": result}, indent=1))


def shown(values: list[float]) -> dict[str, Any]:
    """Return mean, sample deviation and values of runs, in percent."""
    return spread_of([100 * value for value in values], digits=2)


def spread_of(values: list[float], *, digits: int) -> dict[str, Any]:
    """Return mean, sample deviation and values of runs."""
    return {
        "mean": round(mean(values), digits),
        "deviation": round(stdev(values), digits) if len(values) > 1 else None,
        "runs": [round(value, digits) for value in values],
    }


if __name__ == "__main__":
    main()
