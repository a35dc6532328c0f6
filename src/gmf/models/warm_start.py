"""A warm start: a model that begins with the weights of a trained one, with other tags too."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from gmf.core.errors import ConfigError
from gmf.core.tags import TagSet
from gmf.inference.decoding import TagStates
from gmf.inference.exported_folder import TOKENIZER
from gmf.models.base import MnerModel
from gmf.models.exported_weights import exported_weights
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.tagger import Tagger

_LAYER = re.compile(r"\.layers?\.(\d+)\.")


@dataclass(frozen=True)
class WarmStart:
    """What became of the parameters of a model.

    Args:
        taken: Parameters that are those of the trained model, in full or in the rows of its tags.
        new: Parameters that it does not have, or in another size.
        new_types: Entity types that it does not know; their rows are new.
    """

    taken: tuple[str, ...]
    new: tuple[str, ...]
    new_types: tuple[str, ...]

    def describe(self) -> str:
        """Return it in a line."""
        parts = sorted({name.partition(".")[0] for name in self.new})
        return (
            f"{len(self.taken)} of {len(self.taken) + len(self.new)} tensors are taken"
            + (f"; types that are new: {', '.join(self.new_types)}" if self.new_types else "")
            + (f"; new or of another size: parts of {', '.join(parts)}" if parts else "")
        )


@dataclass(frozen=True)
class TrainedWeights:
    """What another model can begin with.

    Args:
        weights: Weights and buffers by name.
        states: Of each head by its name.
        types: Entity types.
        vocabulary: The tokenizer's; ``None`` for models that read words.
        provenance: What is known of the model's origin.
    """

    weights: Mapping[str, Tensor]
    states: Mapping[str, Sequence[str]]
    types: Sequence[str]
    vocabulary: Mapping[str, int] | None
    provenance: Mapping[str, Any]

    @classmethod
    def of_tagger(cls, tagger: Tagger) -> Self:
        """Return those of a trained model, of any kind."""
        return cls(
            tagger.model.state_dict(),
            {name: head.states for name, head in _heads(tagger.model).items()},
            tagger.model.tags.types,
            None if tagger.model.reads_words else _vocabulary(tagger),
            tagger.provenance,
        )

    @classmethod
    def of_export(cls, folder: Path) -> Self:
        """Return those of an exported model; ones in eight bits are what these stand for.

        Raises:
            CheckpointError: If the folder is damaged.
            ConfigError: If the model reads images, or ``onnx`` is not installed.
        """
        info, weights = exported_weights(folder)
        states = TagStates(TagSet(info.types), info.subword_labels).names
        vocabulary = Tokenizer.from_file(str(folder / TOKENIZER)).get_vocab()
        return cls(weights, {"head": states}, info.types, vocabulary, info.provenance)


@torch.no_grad()
def warm_start(tagger: Tagger, source: TrainedWeights, *, name: str) -> WarmStart:
    """Give a model the weights of a trained one.

    Heads take the rows of the tags that both have; other rows, what the trained model does not have
    in this size, and a frozen image encoder stay as they are.

    Args:
        tagger: The untrained model.
        source: What it begins with.
        name: What it was named by, for messages.

    Raises:
        ConfigError: If their encoders are not of one kind and size, or split words otherwise.
    """
    _check_encoders(tagger, source, name)
    own_heads = _heads(tagger.model)
    frozen = "image_encoder." if tagger.model.frozen_image_encoder is not None else None
    taken: list[str] = []
    new: list[str] = []
    for key, own in tagger.model.state_dict().items():
        if frozen and key.startswith(frozen):
            continue
        part = key.rpartition(".crf.")[0] or key.rpartition(".emission.")[0]
        states = own_heads[part].states if part in own_heads else ()
        before, known_states = source.weights.get(key), source.states.get(part, ())
        is_taken = before is not None and _take(own, before, states, known_states)
        (taken if is_taken else new).append(key)
    types = [t for t in tagger.model.tags.types if t not in source.types]
    return WarmStart(tuple(taken), tuple(new), tuple(types))


def freeze_layers(model: MnerModel[Any], count: int) -> None:
    """Keep the embeddings and the first layers of the text encoder as they are in training.

    Raises:
        ConfigError: If the model has no text encoder with as many layers.
    """
    if count == 0:
        return
    named = {n: p for n, p in model.named_parameters() if n.startswith("text_encoder.")}
    layers = {name: int(found[1]) for name in named if (found := _LAYER.search(name))}
    there = len(set(layers.values()))
    if count > there:
        raise ConfigError(
            f"training.freeze {count}: the text encoder of model {model.options.name!r} has "
            f"{there} layers that can be frozen"
        )
    for name, parameter in named.items():
        if layers.get(name, count) < count or "embed" in name:
            parameter.requires_grad_(False)


def _heads(model: nn.Module) -> dict[str, TaggingHead]:
    return {name: part for name, part in model.named_modules() if isinstance(part, TaggingHead)}


def _take(own: Tensor, before: Tensor, states: Sequence[str], known: Sequence[str]) -> bool:
    """Copy a tensor, or of one by states what both have; say whether its other axes fit."""
    # Emissions of any width have biases; only moves have states on both axes.
    is_moves = own.shape == (len(states),) * 2 and before.shape == (len(known),) * 2
    if own.shape[bool(states) :] != before.shape[bool(states) :] and not is_moves:
        return False
    if not states:
        own.copy_(before)
        return True
    shared = [state for state in states if state in known]
    to = torch.tensor([states.index(state) for state in shared])
    of = torch.tensor([known.index(state) for state in shared])
    if is_moves:
        own[to[:, None], to] = before[of[:, None], of]
    else:
        own[to] = before[of]
    return True


def _check_encoders(tagger: Tagger, source: TrainedWeights, name: str) -> None:
    """Refuse weights that would mean something else here."""
    if tagger.model.reads_words or source.vocabulary is None:
        raise ConfigError(f"init={name}: models that read words have a vocabulary of their own")
    weights = dict(tagger.model.named_parameters())
    for role in ("text", "image"):
        own, other = (_sizes(tensors, f"{role}_encoder.") for tensors in (weights, source.weights))
        is_frozen = role == "image" and tagger.model.frozen_image_encoder is not None
        # Buffers and layers that are not there are seen by what is on one side only.
        is_of_kind = own.items() <= other.items() and _depth(own) == _depth(other)
        if own and other and not is_frozen and not is_of_kind:
            raise ConfigError(_other_encoder(role, tagger, source, name))
    if _vocabulary(tagger) != source.vocabulary:
        raise ConfigError(_other_encoder("text", tagger, source, name))


def _sizes(weights: Mapping[str, Tensor], prefix: str) -> dict[str, torch.Size]:
    return {name: w.shape for name, w in weights.items() if name.startswith(prefix)}


def _depth(sizes: Mapping[str, torch.Size]) -> int:
    """Return how many layers there are, by the weights' names."""
    return len({found[1] for name in sizes if (found := _LAYER.search(name))})


def _vocabulary(tagger: Tagger) -> Mapping[str, int] | None:
    return tagger.tokenizer.get_vocab() if tagger.tokenizer else None


def _other_encoder(role: str, tagger: Tagger, source: TrainedWeights, name: str) -> str:
    own, trained = (t.provenance["encoders"][role]["name"] for t in (tagger, source))
    return (
        f"init={name}: was trained with the {role} encoder {trained}, which is of another kind, "
        f"size or vocabulary than {own}; set encoders.{role}={trained}"
    )
