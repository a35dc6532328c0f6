"""The training loop: epochs over length-bucketed batches, chosen on dev, resumable."""

import math
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, cast

import torch
from accelerate.utils import gather_object

from gmf.core.errors import DataError, PeerError, TrainingError
from gmf.core.plain import plain
from gmf.core.types import Sample
from gmf.data.batch import Batch
from gmf.data.collate import Collator
from gmf.evaluation.pairs import SamplePair, pair_of_tags
from gmf.evaluation.scores import Scores, score
from gmf.models.checkpoint import load_tagger
from gmf.models.runtime import (
    computing_in,
    deterministic,
    resolve_precision,
    seed_everything,
    uses_tf32,
)
from gmf.models.tagger import Tagger
from gmf.training.accumulation import shares_of, weighed_loss
from gmf.training.agreement import read_twice
from gmf.training.calibration import fit_temperature
from gmf.training.config import RunConfig
from gmf.training.exchange import (
    average_gradients,
    by_first_process,
    share_weights,
    this_process,
    weigh_views,
)
from gmf.training.loading import ahead
from gmf.training.run_folder import RunFolder
from gmf.training.run_state import RunState
from gmf.training.sampling import batches, mixed, share_of
from gmf.training.step_losses import StepLosses
from gmf.training.teacher import Teacher
from gmf.training.updates import Updates

#: Batches after which losses are read from an accelerator, which waits for it to be done.
READ_EVERY = 16

#: Called for each training batch with (epoch, batch number, batches of the epoch, loss).
OnStep = Callable[[int, int, int, float], None]
#: Called after each epoch with its row of metrics.
OnEpoch = Callable[[dict[str, Any]], None]


class Trainer:
    """Train one model.

    Runs on whatever Accelerate finds: the CPU, one GPU, several, several machines. A global batch
    is shared out over the processes and the gradient is that of the whole batch.

    Args:
        config: The run.
        tagger: The untrained model with its tokenizer and image processor.
        collator: Makes its batches.
        train: Training samples.
        dev: Samples to choose the checkpoint on.
        folder: Where the run is written.
        teacher: Reads the training samples too, and the model is drawn to its tags.
        on_step: Called with each batch (main process only).
        on_epoch: Called with each epoch (main process only).

    Raises:
        DataError: If a split is empty or a sample has no tags.
    """

    def __init__(
        self,
        config: RunConfig,
        *,
        tagger: Tagger,
        collator: Collator,
        train: Sequence[Sample],
        dev: Sequence[Sample],
        folder: RunFolder,
        teacher: Teacher | None = None,
        on_step: OnStep = lambda *_: None,
        on_epoch: OnEpoch = lambda _: None,
    ) -> None:
        for name, split in (("train", train), ("dev", dev)):
            if not split or any(sample.tags is None for sample in split):
                raise DataError(f"{name}: expected one or more samples, each with tags")
        self.config, self.tagger, self.collator = config, tagger, collator
        self.train_split, self.dev_split, self.folder = train, dev, folder
        self._encoded = collator.encode(train)
        self.teacher, self._lessons = teacher, None
        self.on_step, self.on_epoch = on_step, on_epoch
        self.accelerator = this_process()

    def run(
        self,
        provenance: dict[str, Any],
        *,
        accept_changes: bool = False,
        on_note: Callable[[str], None] = lambda _: None,
    ) -> RunState:
        """Train, or go on where a killed run stood; return how the run ended.

        Raises:
            TrainingError: If the loss is not a number; names epoch, batch and samples.
            ConfigError: If the folder holds a run of another configuration.
        """
        provenance = {
            **provenance,
            "processes": self.accelerator.num_processes,
            "device": self.accelerator.device.type,
            "tf32": uses_tf32(self.accelerator.device),
        }

        def open_folder() -> tuple[RunState, dict[str, Any]]:
            state = self.folder.open(
                self.config, provenance, accept_changes=accept_changes, on_note=on_note
            )
            if not state.finished:
                if state.epochs_done:
                    self.folder.restore_model(state, self.tagger.model)
                self.folder.begin(self.config, provenance)
            return state, provenance

        state, provenance = by_first_process(open_folder)
        self.tagger.provenance.update(provenance)
        if state.finished:
            return state
        self.tagger.model.to(self.accelerator.device)
        share_weights(self.tagger.model)
        with self._computing(), deterministic(self.config.training.deterministic):
            self._lessons = self.teacher.lessons(self.train_split) if self.teacher else None
        updates = Updates(self.tagger.model, self.config.training, count=self._count_updates())
        if state.epochs_done:
            self.folder.restore(state, updates)
        with deterministic(self.config.training.deterministic):
            self._epochs(state, updates)
        return state

    def _epochs(self, state: RunState, updates: Updates) -> None:
        while not state.finished:
            epoch = state.epochs_done
            began = time.perf_counter()
            seed_everything(self.config.seed, epoch + 1, self.accelerator.process_index)
            losses = self._epoch(updates, epoch)
            trained = time.perf_counter()
            with updates.average.in_model():
                row = {
                    "epoch": epoch + 1,
                    "losses": losses,
                    "learning_rate": updates.learning_rate,
                    **plain(self.score(self.dev_split)),
                    "train_seconds": round(trained - began, 2),
                    "dev_seconds": round(time.perf_counter() - trained, 2),
                }
                self._close_epoch(state, row)
                if self.accelerator.is_main_process:
                    if state.finished:
                        state.calibration = self._calibrated(state)
                    self.folder.save(self.tagger, state, updates)
                    self.on_epoch(row)
            self.accelerator.wait_for_everyone()

    def score(self, samples: Sequence[Sample]) -> dict[str, Any]:
        """Return the scores of the model as it stands, the samples shared over the processes.

        Returns:
            ``dev``: of all samples; ``corpora``: by name, where samples of several are scored. Both
            are of what each corpus annotates.
        """
        rank, world = self.accelerator.process_index, self.accelerator.num_processes
        mine = samples[rank::world]
        with self._computing():
            pairs = [
                pair_of_tags(prediction.sample, prediction.tags)
                for prediction in self.tagger.predict(mine, collator=self.collator)
            ]
        pairs = gather_object(pairs) if world > 1 else pairs
        names = sorted({pair.corpus for pair in pairs})
        by_corpus = {name: _score([p for p in pairs if p.corpus == name]) for name in names}
        return {"dev": _score(pairs), **({"corpora": by_corpus} if len(names) > 1 else {})}

    def _calibrated(self, state: RunState) -> dict[str, Any] | None:
        """Return the temperature of the best checkpoint, fitted on dev."""
        is_best = state.best_epoch == state.epochs_done
        best = self.tagger if is_best else load_tagger(self.folder.checkpoint(state.best_epoch))
        best.model.to(self.accelerator.device)
        with self._computing():
            fitted = fit_temperature(best, self.dev_split, collator=self.collator)
        return fitted and fitted.to_dict()

    def _computing(self) -> torch.autocast:
        device = self.accelerator.device
        return computing_in(resolve_precision(self.config.training.precision, device), device)

    def _count_updates(self) -> int:
        size, options = len(self.train_split), self.config.training
        steps = len(self._batches(0)) if size else 0
        return math.ceil(steps / options.accumulation_steps) * options.epochs

    def _batches(self, epoch: int) -> list[list[int]]:
        seed, mix = self.config.seed, self.config.data.mix
        corpora = [encoded.sample.corpus for encoded in self._encoded]
        drawn = mixed(corpora, mix, seed=seed, epoch=epoch) if mix else range(len(corpora))
        cut = batches(
            [self._encoded[index].length for index in drawn],
            batch_size=self.config.training.batch_size,
            seed=seed,
            epoch=epoch,
            by=self.config.training.order,
        )
        return [[drawn[number] for number in batch] for batch in cut]

    def _epoch(self, updates: Updates, epoch: int) -> dict[str, float]:
        """Run one pass over the training split; return the mean of each loss."""
        model = self.tagger.model.train()
        options, plan = self.config.training, self._batches(epoch)
        losses, done, device = StepLosses(), 0, self.accelerator.device
        loaded = ahead(self._collated, plan, count=self._prefetch)
        for first in range(0, len(plan), options.accumulation_steps):
            group = plan[first : first + options.accumulation_steps]
            batches, sizes = list(islice(loaded, len(group))), [len(indices) for indices in group]
            shares = shares_of(model, batches, sizes=sizes, device=device)
            for indices, batch, share in zip(group, batches, shares, strict=True):
                batch = weigh_views(self._without_hidden_context(batch).to(device))
                with self._computing():
                    output = read_twice(
                        model,
                        batch,
                        second=options.agreement,
                        weight=options.agreement_weight,
                        lessons=self._lessons,
                    )
                weighed_loss(output, share).backward()
                losses.add({**output.losses, "total": cast(torch.Tensor, output.loss)})
                if len(losses) == self._read_every or indices is plan[-1]:
                    done = self._report(losses, plan, epoch=epoch, done=done)
            average_gradients(model.parameters())
            updates.step()
        return losses.means()

    @property
    def _read_every(self) -> int:
        return 1 if self.accelerator.device.type == "cpu" else READ_EVERY

    @property
    def _prefetch(self) -> int:
        return 0 if self.accelerator.device.type == "cpu" else self.config.training.prefetch

    def _collated(self, indices: Sequence[int]) -> Batch:
        """Return what this process reads of a batch, for the device to fetch."""
        rank, world = self.accelerator.process_index, self.accelerator.num_processes
        own = share_of(indices, rank=rank, world_size=world)
        batch = self.collator.collate([self._encoded[index] for index in own or indices[:1]])
        batch = batch if own else batch.stand_in()
        return batch.pinned() if self.accelerator.device.type == "cuda" else batch.to("cpu")

    def _without_hidden_context(self, batch: Batch) -> Batch:
        """Return a batch without the fields that are hidden in this step, drawn at random."""
        share, fields = self.config.data.hide_context, len(self.config.data.context)
        if not share or not fields:
            return batch
        return batch.without_context(torch.rand(len(batch), fields) < share)

    def _report(
        self, losses: StepLosses, plan: Sequence[Sequence[int]], *, epoch: int, done: int
    ) -> int:
        """Read the losses of further batches; return how many are done then."""
        is_main = self.accelerator.is_main_process
        for number, terms in enumerate(losses.read(), start=done + 1):
            if not math.isfinite(terms["total"]):
                ids = ", ".join(self._encoded[index].sample.id for index in plan[number - 1])
                text = (
                    f"the loss is {terms['total']} in epoch {epoch + 1}, batch {number} of "
                    f"{len(plan)} (samples {ids}); "
                    "lower the learning rates, or compute with training.precision=fp32"
                )
                raise TrainingError(text) if is_main else PeerError(text)
            if is_main:
                self.on_step(epoch + 1, number, len(plan), terms["total"])
            done = number
        return done

    def _close_epoch(self, state: RunState, row: dict[str, Any]) -> None:
        state.add(row)
        patience = self.config.training.patience
        waited = state.epochs_done - state.best_epoch
        state.finished = state.epochs_done >= self.config.training.epochs or (
            patience is not None and waited >= patience
        )


def _score(pairs: Sequence[SamplePair]) -> Scores:
    return score([pair.gold for pair in pairs], [pair.predicted for pair in pairs])
