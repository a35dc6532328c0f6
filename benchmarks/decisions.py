"""What the choices of docs/decisions change: each beside the system that it belongs to.

    python benchmarks/decisions.py DATA_FOLDER --out OUT --settings SETTINGS.yaml --seeds 3

Trains and scores what the set allows (a drawn corpus: choices about pictures; Twitter: choices
about words and missing pictures), resumable like the suite, and prints a table of what is finished:
lenient micro F1 on test, mean and sample deviation over seeds, on a drawn corpus by kind of pair
too.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import mean
from unittest.mock import patch

import torch
from gmf_demo.run import KINDS
from pair_kinds import f1_by_kind, kinds_of, spread
from training_pool import train_each

from gmf.experiments.presets import load_run_config
from gmf.experiments.suite.finished_run import PREDICTIONS, FinishedRun
from gmf.experiments.suite.plan import PlannedRun, preset_of
from gmf.experiments.suite.settings import read_settings
from gmf.experiments.suite.single_run import finish, is_finished
from gmf.models.modules.visual_attention import VisualAttention


@dataclass(frozen=True)
class Choice:
    """A system, and the option in which it departs from that system's default."""

    record: str
    model: str
    name: str = "as chosen"
    options: tuple[str, ...] = ()
    is_patched: bool = False

    @property
    def folder(self) -> str:
        return f"{self.model}/{self.name.replace(' ', '-')}"


#: Of a drawn corpus.
DRAWN = (
    Choice("", "gmf"),
    Choice("0003", "gmf", "stages not normalised", ("model.normalise_stages=false",)),
    Choice("0005", "gmf", "contrast from a plain pass", ("model.consistency_text=plain",)),
    Choice("0006", "gmf", "tags of all subwords", ("model.subword_labels=x",)),
    Choice("0009", "gmf", "no hidden images", ("model.hide_images=0",)),
    Choice("0010", "gmf", "types told from clues", ("model.type_presence_weight=0.1",)),
    Choice("", "gvatt-bert-crf"),
    Choice("0203", "gvatt-bert-crf", "attention without the text", is_patched=True),
    Choice("", "umt"),
    Choice("0206", "umt", "no span loss", ("model.span_weight=0",)),
    Choice("0206", "umt", "no conversion", ("model.conversion_weight=0",)),
    Choice("", "maf"),
    Choice("0207", "maf", "no matching", ("model.use_matching=false",)),
    Choice("0207", "maf", "half of the posts swapped", ("model.swap_share=0.5",)),
    Choice("", "umgf"),
    Choice("0208", "umgf", "whole pictures as nodes", ("model.max_objects=0",)),
    Choice("", "bfcl"),
    Choice("0209", "bfcl", "decoupled contrast", ("model.contrast=decoupled",)),
    Choice("0209", "bfcl", "one bottleneck", ("model.num_bottlenecks=1",)),
    Choice("", "debiascl"),
    Choice("0210", "debiascl", "no debiasing", ("model.positive_prior=0",)),
)
BLANK = ("data.missing_image=blank",)
#: Of Twitter, where almost all pictures are missing.
TWITTER = (
    Choice("", "gmf"),
    Choice("0004", "gmf", "blank pictures", BLANK),
    Choice("", "umt"),
    Choice("0205", "umt", "blank pictures", BLANK),
    Choice("", "bert-crf"),
    Choice("0006", "bert-crf", "tags of all subwords", ("model.subword_labels=x",)),
    Choice("", "bilstm-crf"),
    Choice("0200", "bilstm-crf", "rare words kept", ("model.unknown_dropout=0",)),
    Choice("", "hbilstm-crf"),
    Choice("0201", "hbilstm-crf", "twice the width", ("model.hidden_dim=400",)),
)


def attends_without_text(attention: VisualAttention, query: torch.Tensor, regions):
    """What the printed equation amounts to: the text's term is the same for all regions."""
    return ATTEND(attention, torch.zeros_like(query), regions)


ATTEND = VisualAttention.forward


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--encoders", default="minilm-mobilenet")
    parser.add_argument("--models", nargs="+", help="all by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    chosen = DRAWN if kinds_of(options.data) else TWITTER
    chosen = [c for c in chosen if c.model in (options.models or [c.model])]
    runs = [(c, planned(c, seed, options)) for seed in range(1, options.seeds + 1) for c in chosen]
    todo = [(choice, run) for choice, run in runs if not is_finished(run)]
    for _ in train_each(train_one, todo, jobs=options.jobs):
        pass
    for line in table(runs, options.data):
        print(line)


def planned(choice: Choice, seed: int, options: argparse.Namespace) -> PlannedRun:
    preset = preset_of(choice.model, options.data.name)
    settings = read_settings(options.settings)
    common = [
        value
        for key, values in settings.items()
        if fnmatchcase(choice.model, key)
        for value in values
    ]
    config = load_run_config(
        preset,
        [
            f"data.folder={options.data}",
            f"encoders={options.encoders}",
            *common,
            *choice.options,
            f"seed={seed}",
        ],
    )
    folder = options.out / choice.folder / f"seed-{seed}"
    return PlannedRun(options.data.name, choice.folder, seed, preset, config, folder)


def train_one(choice: Choice, run: PlannedRun) -> str:
    torch.set_num_threads(1)
    forward: Callable = attends_without_text if choice.is_patched else ATTEND
    with patch.object(VisualAttention, "forward", forward):
        found = finish(run)
    return f"{run.name}: {100 * found.test_f1:.2f}, {found.result()['minutes']:.1f} min"


def table(runs: list[tuple[Choice, PlannedRun]], data: Path) -> Iterator[str]:
    kinds = kinds_of(data)
    columns = KINDS if kinds else ("all",)
    yield f"| record | system | | seeds | {' | '.join(columns)} | minutes |"
    yield f"| --- | --- | --- | ---: |{' ---: |' * (len(columns) + 1)}"
    for choice in dict.fromkeys(choice for choice, _ in runs):
        done = [run for c, run in runs if c == choice and is_finished(run)]
        if not done:
            continue
        scores = [f1_by_kind(run.folder / PREDICTIONS, kinds, columns) for run in done]
        results = [
            FinishedRun(run.dataset, run.variant, run.seed, run.folder).result() for run in done
        ]
        minutes = mean(result["minutes"] for result in results)
        cells = [spread([score[column] for score in scores]) for column in columns]
        row = choice.record, choice.model, choice.name, str(len(done)), *cells, f"{minutes:.1f}"
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    main()
