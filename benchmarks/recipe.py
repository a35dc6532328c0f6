"""What each change of the recommended recipe is worth, and what public code's settings are.

    python benchmarks/recipe.py DATA_FOLDER --out OUT --results FOLDER --seeds 3

Trains GMF by the recommended recipe, in the paper's setting, and by the recipe with one change
taken back at a time; then UMT, MAF, UMGF and HVPNeT by the common protocol and as their public code
has them. Resumable: finished runs are kept, those whose row stands in the results with the same
options are not run again, and a killed one goes on. After every run it writes the runs as CSV and
their mean and sample deviation over seeds as a Markdown table. Encoders are small ones and the
epochs few, so rates are those of small encoders too: what a preset has at 5e-5, 3e-5 or 1e-4 stands
at 2e-4 here.
"""

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from gmf_demo.run import KINDS
from pair_kinds import f1_by_kind, kinds_of, spread
from training_pool import train_each

from gmf.evaluation.provenance import digest_of_options
from gmf.experiments.presets import load_run_config
from gmf.experiments.suite.finished_run import PREDICTIONS, RESULT
from gmf.experiments.suite.plan import PlannedRun
from gmf.experiments.suite.single_run import finish, is_finished

RATE = "2e-4"


@dataclass(frozen=True)
class Setting:
    """A preset, and what is changed in it.

    Args:
        group: What it is compared within.
        name: Name in the table.
        preset: Preset, without the data set.
        options: Changes.
    """

    group: str
    name: str
    preset: str
    options: tuple[str, ...] = ()


def recipe(name: str, *options: str) -> Setting:
    """Return the recipe of GMF with changes."""
    return Setting("changes", name, "gmf", options)


ONE_RATE = tuple(
    f"training.{kind}={RATE}" for kind in ("new_learning_rate", "transitions_learning_rate")
)
SETTINGS = (
    Setting("main", "recipe", "gmf"),
    Setting("main", "paper", "paper", ONE_RATE),
    Setting("main", "text alone", "bert-crf"),
    recipe("one rate", *ONE_RATE),
    recipe("stages not normalised", "model.normalise_stages=false"),
    recipe("blank images, contrasted", "data.missing_image=blank", "model.contrast_blanks=true"),
    recipe("one pass (guided)", "model.consistency_text=guided"),
    recipe("all subwords", "model.subword_labels=x"),
    recipe("all moves", "model.legal_moves=false"),
    recipe("batches at random", "training.order=random"),
    recipe("7 x 7 cells", "model.cells_per_side=7"),
    *(
        Setting("published", f"{model}{kind}", f"{model}{kind}", options)
        for model, options in {
            "umt": ONE_RATE,
            "maf": ONE_RATE,
            # Its backbone is left frozen: fine-tuned maps cannot be kept on disk.
            "umgf": (*ONE_RATE, "model.finetune_image_encoder=false"),
            "hvpnet": (f"training.new_learning_rate={RATE}",),
        }.items()
        for kind in ("", ".published")
    ),
)


def main() -> None:
    """Train what is missing and write what there is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="run folders")
    parser.add_argument("--results", type=Path, required=True, help="folder of CSV and table")
    parser.add_argument("--groups", nargs="+", default=["main", "changes", "published"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--encoders", default="minilm-mobilenet")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    runs = [
        (setting, planned(setting, seed, options))
        for group in options.groups
        for seed in range(1, options.seeds + 1)
        for setting in SETTINGS
        if setting.group == group
    ]
    listed = {(key_of(row), row["options"]) for row in rows_of(results_of(options))}
    todo = [
        run
        for setting, run in runs
        if not is_finished(run)
        and ((setting.group, setting.name, str(run.seed)), " ".join(setting.options)) not in listed
    ]
    write_results(runs, options)
    for _ in train_each(train_one, [(run,) for run in todo], jobs=options.jobs):
        write_results(runs, options)


def planned(setting: Setting, seed: int, options: argparse.Namespace) -> PlannedRun:
    """Return the run of a setting."""
    preset = f"{setting.preset}.twitter2015"
    config = load_run_config(
        preset,
        [
            f"data.folder={json.dumps(str(options.data))}",
            f"encoders={options.encoders}",
            "data.cache.kind=pooled_maps",
            "training.precision=auto",
            f"training.epochs={options.epochs}",
            "training.batch_size=16",
            f"training.learning_rate={RATE}",
            *setting.options,
            f"seed={seed}",
        ],
    )
    name = f"{setting.group}/{setting.name.replace(' ', '-').replace(',', '')}"
    folder = options.out / options.data.name / name / f"seed-{seed}"
    return PlannedRun(options.data.name, name, seed, preset, config, folder)


def train_one(run: PlannedRun) -> str:
    """Train and score a run; return a line of what came out."""
    torch.set_num_threads(1)
    done = finish(run)
    return f"{run.name}: {100 * done.test_f1:.2f}, {done.result()['minutes']:.1f} min"


def write_results(runs: Sequence[tuple[Setting, PlannedRun]], options: argparse.Namespace) -> None:
    """Write a row a finished run, and the table; rows of other groups in the file stay."""
    kinds, path = kinds_of(options.data), results_of(options)
    rows = [row_of(setting, run, kinds) for setting, run in runs if is_finished(run)]
    finished = {key_of(row) for row in rows}
    rows += [row for row in rows_of(path) if key_of(row) not in finished]
    order = [(setting.group, setting.name) for setting in SETTINGS]
    rows.sort(key=lambda row: (order.index((row["group"], row["setting"])), row["seed"]))
    options.results.mkdir(parents=True, exist_ok=True)
    if not rows:
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = "\n".join(table(rows, options))
    path.with_suffix(".md").write_text(lines + "\n", encoding="utf-8")


def row_of(setting: Setting, run: PlannedRun, kinds: dict[str, str]) -> dict[str, str]:
    """Return the row of a finished run: lenient micro F1 on test by kind of pair, in percent."""
    scores = f1_by_kind(run.folder / PREDICTIONS, kinds)
    result = json.loads((run.folder / RESULT).read_text(encoding="utf-8"))
    return {
        "group": setting.group,
        "setting": setting.name,
        "preset": run.preset,
        "options": " ".join(setting.options),
        "seed": str(run.seed),
        **{kind: f"{scores[kind]:.2f}" for kind in KINDS},
        "dev": f"{100 * result['dev_f1']:.2f}",
        "epochs": str(result["epochs"]),
        "minutes": f"{result['minutes']:.1f}",
        "config": digest_of_options(run.config.model_dump(mode="json", exclude={"data"}))[:12],
    }


def results_of(options: argparse.Namespace) -> Path:
    """Return the file of the runs."""
    return options.results / f"recipe-{options.data.name}.csv"


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the runs of a file; none if it is not there yet."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def key_of(row: dict[str, str]) -> tuple[str, str, str]:
    """Return what names a run."""
    return row["group"], row["setting"], row["seed"]


def table(rows: Sequence[dict[str, str]], options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"Data `{options.data.name}`, encoders {options.encoders}, epochs {options.epochs}."
    yield ""
    yield (
        f"    python benchmarks/recipe.py DATA/{options.data.name} --out OUT --results RESULTS "
        f"--seeds {options.seeds} --epochs {options.epochs}"
    )
    yield ""
    yield f"| | | seeds | {' | '.join(KINDS)} | minutes |"
    yield f"| --- | --- | --- |{' ---: |' * (len(KINDS) + 1)}"
    for group, name in dict.fromkeys((row["group"], row["setting"]) for row in rows):
        found = [row for row in rows if (row["group"], row["setting"]) == (group, name)]
        columns = (*KINDS, "minutes")
        cells = [spread([float(row[column]) for row in found]) for column in columns]
        seeds = ", ".join(row["seed"] for row in found)
        yield f"| {group} | {name} | {seeds} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
