"""What a model computes from a batch, and whether what one of others computes is that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from jaxtyping import Float
from torch import Tensor, is_grad_enabled, nn
from torch.compiler import is_compiling

from gmf.core.errors import GmfError, ModelError
from gmf.data.batch import Batch
from gmf.models.modules.tagging_head import TaggingHead
from gmf.models.processes import Mean


@dataclass(frozen=True)
class ModelOutput:
    """What a model computes from a batch.

    Args:
        emissions: Scores of each state at each position that the head reads.
        losses: Each term of the loss by name, unweighted; empty without labels.
        loss: What training minimises, see `gmf.models.processes`; ``None`` without labels.
        weights: Weight of each term in ``loss``; empty where it is no weighted sum of them.
    """

    emissions: Float[Tensor, "batch positions states"]
    losses: dict[str, Float[Tensor, ""]] = field(default_factory=dict)
    loss: Float[Tensor, ""] | None = None
    weights: Mapping[str, float] = field(default_factory=dict[str, float])


class CheckedModule(nn.Module):
    """Base of models: what one of others raises, or gives in place of an output, names it."""

    def __call__(self, batch: Batch) -> ModelOutput:  # pyright: ignore
        """Return the output of a batch.

        Raises:
            ModelError: If a model of others raises anything but an error of gmf, or gives
                something else.
        """
        if type(self).__module__.partition(".")[0] == "gmf" or is_compiling():
            return super().__call__(batch)
        try:
            output = super().__call__(batch)
            if fault := _fault_of(output, batch, self):
                raise TypeError(f"forward: {fault}")
        except GmfError:
            raise
        except Exception:
            # Here, not above: the registry imports the models' base.
            from gmf.models.registry import models

            name = getattr(getattr(self, "options", None), "name", "")
            if name not in models:
                raise
            with models.named_in_errors(name, raises=ModelError):
                raise
        return output


def fault_of_model(model: object) -> str:
    """Return what a model that was built lacks; empty if nothing."""
    if not isinstance(model, CheckedModule):
        return f"build: expected a model, got {model!r:.100}"
    if not isinstance(getattr(model, "head", None), TaggingHead):
        call = "self.head = TaggingHead(dim, tags=tags, config=options)"
        return f"it has no head; its __init__ sets one: {call}"
    return ""


def check_emissions(emissions: object, batch: Batch, model: Any) -> None:
    """Check what the head of a model is to read.

    Raises:
        TypeError: If it is no tensor of floats, or has another shape.
    """
    if is_compiling():  # Of a graph that is traced the sizes are free.
        return
    by_words = model.options.subword_labels == "first"
    positions = (batch.word_mask if by_words else batch.subword_words).shape[1]
    expected = (len(batch.word_mask), positions, len(model.head.states))
    if not isinstance(emissions, Tensor) or not emissions.is_floating_point():
        raise TypeError(f"emissions: expected a tensor of floats, got {emissions!r:.100}")
    if emissions.shape != expected:
        raise TypeError(
            f"emissions: expected {expected}, samples x {'words' if by_words else 'subwords'} x "
            f"states, got {tuple(emissions.shape)}; self.head(hidden, batch) gives them"
        )


def check_terms(terms: Mapping[str, object]) -> None:
    """Check the further terms of a loss.

    Raises:
        TypeError: If one is no weight with a value, or the value no single number.
    """
    for name, term in terms.items():
        match term:
            case (_, Mean(total=Tensor() as value)) | (_, Tensor() as value):
                if value.ndim:
                    raise TypeError(
                        f"term {name!r}: expected one number, got {tuple(value.shape)} of them; "
                        "give its mean, or gmf.models.base.Mean(losses.sum(), len(losses))"
                    )
            case _:
                raise TypeError(
                    f"term {name!r}: expected its weight and its loss, a tensor, as in "
                    f"{name}=(0.3, loss), got {term!r:.100}"
                )


def _fault_of(output: object, batch: Batch, model: Any) -> str:
    """Return what makes a value no output of a model; empty if it is one."""
    if not isinstance(output, ModelOutput):
        return f"expected what self.output(emissions, batch) returns, got {output!r:.100}"
    check_emissions(output.emissions, batch, model)
    if batch.labels is None:
        return ""
    for name, loss in {"loss": output.loss, **output.losses}.items():
        if not isinstance(loss, Tensor) or loss.ndim:
            shown = tuple(loss.shape) if isinstance(loss, Tensor) else f"{loss!r:.100}"
            return f"{name}: expected a tensor of one number for a batch with labels, got {shown}"
    if model.training and is_grad_enabled() and not cast(Tensor, output.loss).requires_grad:
        return "loss: it depends on no parameter; was a tensor detached, or made anew from numbers?"
    return ""
