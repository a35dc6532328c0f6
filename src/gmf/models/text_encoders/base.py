"""What a family of text encoders states about itself."""

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import PreTrainedModel

from gmf.models.modules.visual_clue_guidance import VisualClues


class TextFamily:
    """Encoders that run their own forward and take no clues; subclasses override what differs.

    A family without state; one class in one file adds it:
    ``@TEXT_FAMILIES.register("my_model_type") class MyFamily(TextFamily): ...``.

    Attributes:
        takes_clues: Whether visual clues can enter its attention.
    """

    takes_clues: ClassVar[bool] = False

    def prepare(self, model: PreTrainedModel) -> None:
        """Change a model once after it was built; the default removes a pooler, which nobody reads.

        Args:
            model: The encoder, with the weights that it will keep.
        """
        if isinstance(getattr(model, "pooler", None), nn.Module):
            model.register_module("pooler", None)

    def run(
        self,
        model: PreTrainedModel,
        text_inputs: Mapping[str, Int[Tensor, "batch subwords"]],
        *,
        clues: VisualClues | None,  # noqa: ARG002
        read: Bool[Tensor, "batch subwords"] | None,  # noqa: ARG002
    ) -> Float[Tensor, "batch subwords hidden"]:
        """Return the last hidden states.

        Args:
            model: The encoder.
            text_inputs: What the tokenizer returned; arrays that the model does not take are
                left out.
            clues: Visual clues of the batch; always ``None`` for families that take none.
            read: Positions whose states are wanted, a mask that lies on the CPU; the others may
                hold anything finite.
        """
        return model(**own_inputs(model, text_inputs)).last_hidden_state


def own_inputs(model: nn.Module, text_inputs: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return those of a tokenizer's arrays that the model's forward has a parameter for."""
    parameters = inspect.signature(model.forward).parameters
    return {name: value for name, value in text_inputs.items() if name in parameters}
