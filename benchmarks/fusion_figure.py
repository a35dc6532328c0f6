"""Draw what ``fusion_evidence.py`` measured: gates and attention by kind of pair, and the probes.

    python benchmarks/fusion_figure.py EVIDENCE.json docs/images/fusion-evidence.svg

Bars and points are means over runs, lines through them sample deviations.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

KINDS = {"related": "C0", "unrelated": "C1", "misleading": "C3"}
GUESS = "C7"


def main() -> None:
    """Read the JSON file of the first argument and write the picture of the second."""
    measured = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "gmf"
    figure, (gates, attention, probes) = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    by_kind(gates, {kind: measured["gates"][kind] for kind in KINDS})
    gates.set(title="Gates: weight of each stage", ylim=(0, 0.4))
    gates.axhline(0.25, color=GUESS, linestyle=":", label="even")
    gates.legend(fontsize="small", ncols=2)
    by_kind(attention, {kind: measured["attention"][kind]["entities"] for kind in KINDS})
    attention.set(title="Attention of entities to the image", ylim=(0, 0.4))
    attention.legend(fontsize="small")
    known = dict(measured["probes"])
    commonest = known.pop("commonest")["mean"]
    names = list(known)
    probes.bar(
        range(len(names)),
        [known[name]["mean"] for name in names],
        yerr=[known[name]["deviation"] for name in names],
        color=["C2" if name.startswith("stage") else "C4" for name in names],
    )
    probes.axhline(commonest, color=GUESS, linestyle=":", label="the commonest type")
    probes.set_xticks(range(len(names)), [short(name) for name in names], fontsize="small")
    probes.set_xlabel("stages S and clues C of text layers")
    probes.set(title="Probes: type of picture told from", ylim=(0, 1))
    probes.legend(fontsize="small")
    figure.savefig(sys.argv[2], metadata={"Date": None})


def by_kind(axes: Axes, values: dict[str, dict[str, Any]]) -> None:
    """Draw one group of bars for each name, a bar for each kind of pair."""
    width = 0.8 / len(values)
    for number, (kind, found) in enumerate(values.items()):
        axes.bar(
            [place + (number - (len(values) - 1) / 2) * width for place in range(len(found))],
            [value["mean"] for value in found.values()],
            width,
            yerr=[value["deviation"] for value in found.values()],
            color=KINDS[kind],
            label=kind,
        )
    names = next(iter(values.values()))
    axes.set_xticks(range(len(names)), list(names), fontsize="small")


def short(name: str) -> str:
    """Return ``S1`` for ``stage 1`` and ``C1`` for ``clues of layer 1``."""
    return ("S" if name.startswith("stage") else "C") + name.rpartition(" ")[2]


if __name__ == "__main__":
    main()
