"""Draw what ``context.py`` measured: F1 by the context that is read, and what other context does.

    python benchmarks/context_figure.py RESULTS/context-DATA-ENCODERS.csv context.svg

Points are means over seeds, lines through them sample deviations.
"""

import csv
import sys
from pathlib import Path
from statistics import mean, stdev

import matplotlib as mpl
from matplotlib import pyplot as plt

CONTROLS = {"real": "own context", "no-context": "none shown", "shuffled-context": "another's"}


def main() -> None:
    """Read the CSV file of the first argument and write the picture of the second."""
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    settings = list(dict.fromkeys(row["setting"] for row in rows))
    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "gmf"
    figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
    for number, (control, label) in enumerate(CONTROLS.items()):
        found = {
            place: [float(row[control]) for row in rows if row["setting"] == setting]
            for place, setting in enumerate(settings)
            if all(row[control] for row in rows if row["setting"] == setting)
        }
        axes.errorbar(
            [place + (number - 1) * 0.15 for place in found],
            [mean(values) for values in found.values()],
            yerr=[stdev(values) if len(values) > 1 else 0 for values in found.values()],
            fmt="osD"[number],
            capsize=3,
            label=label,
        )
    axes.set_xticks(range(len(settings)), settings)
    axes.set(xlabel="context that the model reads", ylabel="F1, test")
    axes.set_xlim(-0.5, len(settings) - 0.5)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize="small", loc="upper left")
    figure.savefig(sys.argv[2], metadata={"Date": None})


if __name__ == "__main__":
    main()
