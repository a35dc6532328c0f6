"""A trained model as teacher: it reads the samples that a student learns from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import torch
from accelerate.utils import gather_object
from torch import Tensor

from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.files import sha256_of
from gmf.core.installed import installed_model
from gmf.core.tags import TagSet
from gmf.core.types import Sample
from gmf.inference.exported_folder import is_exported
from gmf.models.base import MnerModel
from gmf.models.checkpoint import WEIGHTS, load_tagger
from gmf.models.tagger import Tagger
from gmf.reading.context_file import check_fields
from gmf.reading.trainable import absent_images
from gmf.training.config import TrainingConfig
from gmf.training.exchange import this_process
from gmf.training.run_folder import checkpoint_of
from gmf.training.teaching import Lessons

_BATCH = 32


@dataclass(frozen=True)
class Teacher:
    """A trained model that reads the samples of a student.

    Args:
        name: Its model and encoders.
        digest: Of its weights.
        weight: Weight of the divergence in the student's loss.
        tagger: The model with its own tokenizer and images.
        order: Index of each of the student's tags among its own.
    """

    name: str
    digest: str
    weight: float
    tagger: Tagger
    order: list[int]

    @classmethod
    def of(
        cls,
        config: TrainingConfig,
        *,
        student: Tagger,
        samples: Sequence[Sample],
        on_note: Callable[[str], None] = lambda _: None,
    ) -> Self | None:
        """Return the teacher that a configuration names; ``None`` if it names none.

        Args:
            config: Names a run folder or a checkpoint.
            student: The model that is to learn from it.
            samples: What both will read.
            on_note: Called with what some samples lack that it reads.

        Raises:
            CheckpointError: If it is neither.
            ConfigError: If it is an exported model, has other entity types, decodes in a way of its
                own (or the student does), or reads images where there are none.
            DataError: If it reads a context that no sample has.
        """
        if config.teacher is None:
            return None
        path, what = Path(config.teacher), f"training.teacher={config.teacher}"
        if installed_model(config.teacher) or is_exported(path):
            raise ConfigError(f"{what}: is an exported model; name the run that it was made from")
        if not path.exists():
            raise CheckpointError(f"{what}: no such folder; expected a run or a checkpoint")
        try:
            folder = checkpoint_of(path)
            tagger = load_tagger(folder)
        except CheckpointError as error:
            raise CheckpointError(f"{what}: {error}") from error
        for model in (tagger.model, student.model):
            if type(model).decode is not MnerModel.decode:
                raise ConfigError(
                    f"{what}: model {model.options.name!r} decodes in its own way, so that what it "
                    "expects of a word is not known; expected one that tags with its head alone"
                )
        order = _order(tagger.model.tags, student.model.tags, what)
        if tagger.model.uses_images and (fault := _no_images(samples)):
            raise ConfigError(f"{what}: reads images, and {fault}")
        for note in check_fields(samples, tagger.data.context, what=what):
            on_note(note)
        encoders = [encoder["name"] for encoder in tagger.provenance.get("encoders", {}).values()]
        name = " on ".join(filter(None, (tagger.model.options.name, " and ".join(encoders))))
        return cls(name, sha256_of(folder / WEIGHTS), config.teacher_weight, tagger, order)

    @torch.no_grad()
    def lessons(self, samples: Sequence[Sample]) -> Lessons:
        """Return what it expects of samples, shared over the processes; each is read once.

        Args:
            samples: The same in every process, in the same order.
        """
        process, model = this_process(), self.tagger.model.eval()
        model.to(process.device)
        collator = self.tagger.collator(cached=True)
        by_length = sorted(range(len(samples)), key=lambda index: len(samples[index].tokens))
        mine = by_length[process.process_index :: process.num_processes]
        found: list[tuple[int, Tensor]] = []
        for start in range(0, len(mine), _BATCH):
            indices = mine[start : start + _BATCH]
            collated = collator([samples[index] for index in indices])
            batch = replace(collated, labels=None, possible=None).to(process.device)
            marginals = model.head.log_marginals(model(batch).emissions, batch)
            expected = (marginals[:, :, self.order].exp() * batch.word_mask[:, :, None]).cpu()
            lengths = [len(samples[index].tokens) for index in indices]
            rows = [row[:n].clone() for row, n in zip(expected, lengths, strict=True)]
            found += zip(indices, rows, strict=True)
        model.to("cpu")
        found = gather_object(found) if process.num_processes > 1 else found
        return Lessons({samples[index]: row for index, row in found}, self.weight)


def _order(tags: TagSet, student: TagSet, what: str) -> list[int]:
    if set(tags.types) != set(student.types):
        raise ConfigError(
            f"{what}: has the entity types {', '.join(tags.types)}; expected those of the training "
            f"data, {', '.join(student.types)}"
        )
    return [tags.index[name] for name in student.names]


def _no_images(samples: Sequence[Sample]) -> str:
    if not any(sample.images for sample in samples):
        return "no training sample names one; take a text-only teacher"
    return absent_images(samples)
