"""Pretrained text encoders of any family; some accept visual clues in every layer."""

import inspect
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import MODEL_MAPPING, AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)

from gmf.core.errors import EncoderError
from gmf.encoders.resolve import hub_error, resolve_encoder
from gmf.models.kernels.dropout import use_fast_dropout
from gmf.models.modules.visual_clue_guidance import VisualClues
from gmf.models.text_encoders import TEXT_FAMILIES, families_with_clues, text_family


class TextEncoder(nn.Module):
    """A bidirectional encoder; its self-attention sees visual clues where its family takes them.

    Source: GMF, Sect. 3.3.1 and Eq. 11-13.

    Args:
        model: A transformers encoder that returns ``last_hidden_state``.

    Raises:
        EncoderError: If it reads from left to right, has a decoder, takes no attention mask, or
            returns no state a subword.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.config: PreTrainedConfig = model.config
        _check_config(self.config)
        use_fast_dropout(model)
        self.family = text_family(self.config.model_type)
        kind = self.config.model_type
        with TEXT_FAMILIES.named_in_errors(kind) if kind in TEXT_FAMILIES else nullcontext():
            self.family.prepare(model)
        self.model = model
        self.hidden_dim: int = self.config.hidden_size
        self.num_layers: int = self.config.num_hidden_layers
        self.num_heads: int = self.config.num_attention_heads
        # Tests look after the families of gmf that take clues.
        if not self.family.takes_clues or TEXT_FAMILIES.origin(kind).source != "gmf":
            _check_forward(self)

    @classmethod
    def load(cls, name: str) -> "TextEncoder":
        """Load pretrained weights: a packaged name, a local folder or a hub id.

        Raises:
            EncoderError: If it cannot be found or fetched, which names what installs without a
                hub, or is no encoder for words.
        """
        source = resolve_encoder(name)
        try:
            config = AutoConfig.from_pretrained(source)
            options = _options_of(config)
            model = AutoModel.from_pretrained(source, config=config, dtype=torch.float32, **options)
        except (OSError, ValueError) as error:
            raise hub_error(name, error) from error
        return cls(model)

    @classmethod
    def from_config(cls, options: Mapping[str, Any]) -> "TextEncoder":
        """Build an encoder with random weights from its saved configuration."""
        values = dict(options)
        config = AutoConfig.for_model(values.pop("model_type"), **values)
        return cls(AutoModel.from_config(config, **_options_of(config)))

    @property
    def max_subwords(self) -> int | None:
        """Subwords that it has positions for, special tokens included; ``None`` for any number."""
        for name, module in self.model.named_modules():
            if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
                # RoBERTa and its kin number positions from after the padding's.
                offset = 0 if module.padding_idx is None else module.padding_idx + 1
                return module.num_embeddings - offset
        limit = getattr(self.config, "max_position_embeddings", None)
        return limit if limit and limit > 0 else None

    def require_clues(self, model: str) -> None:
        """Refuse a model that sends visual clues where they cannot enter.

        Args:
            model: Name of the model, for the message.

        Raises:
            EncoderError: If the family takes no clues; names those that do.
        """
        if not self.family.takes_clues:
            raise EncoderError(
                f"model {model}: sends visual clues into every layer of its text encoder, and "
                f"they cannot enter the attention of {_name_of(self.config)}; use an encoder of "
                f"type {', '.join(families_with_clues())}, or a text-only or late-fusion model "
                "such as bert-crf or umt"
            )

    def forward(
        self,
        text_inputs: Mapping[str, Int[Tensor, "batch subwords"]],
        clues: VisualClues | None = None,
        *,
        read: Bool[Tensor, "batch subwords"] | None = None,
    ) -> Float[Tensor, "batch subwords hidden"]:
        """Return the last hidden states H.

        Args:
            text_inputs: What the tokenizer returned.
            clues: Visual clues of the batch; ``None`` gives exactly the text-only result.
            read: Positions whose states are wanted, all when ``None``; a family may leave out
                others, which are zero then. A mask that lies on the CPU, as ``TaggingHead.reads``
                gives it: no accelerator is asked how many they are.

        Raises:
            EncoderError: If clues are given to a family that takes none.
        """
        if clues is not None:
            self.require_clues("this model")
        if torch.compiler.is_exporting():
            read = None  # How many positions are read depends on the data, which no graph can take.
        return self.family.run(self.model, text_inputs, clues=clues, read=read)


def _check_config(config: PreTrainedConfig) -> None:
    """Refuse what is no encoder of words, before weights are read."""
    reason = None
    only_causal = (
        config.model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
        and config.model_type not in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    )
    missing = [name for name in _SIZES if not isinstance(getattr(config, name, None), int)]
    if config.is_encoder_decoder:
        reason = "it has an encoder and a decoder"
    elif only_causal or getattr(config, "is_decoder", False):
        reason = "transformers knows it as a generator of text, which reads from left to right"
    elif missing:
        reason = f"its configuration has no {', '.join(missing)}"
    if reason is not None:
        raise EncoderError(
            f"text encoder {_name_of(config)}: {reason}; expected a bidirectional text encoder "
            "such as BERT, RoBERTa, XLM-R, MPNet, ELECTRA, DeBERTa or ModernBERT"
        )


_SIZES = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")


def _options_of(config: PreTrainedConfig) -> dict[str, bool]:
    """Return the option that builds an encoder without its pooler, if there is one."""
    _check_config(config)
    model_class = MODEL_MAPPING.get(type(config), None)
    if not isinstance(model_class, type):
        raise EncoderError(
            f"text encoder {_name_of(config)}: transformers has no single model for it"
        )
    has_option = "add_pooling_layer" in inspect.signature(model_class.__init__).parameters
    return {"add_pooling_layer": False} if has_option else {}


@torch.no_grad()
def _check_forward(encoder: TextEncoder) -> None:
    """Refuse an encoder whose own forward does not do what models of words need."""
    name = f"text encoder {_name_of(encoder.config)}"
    model, mode = encoder.model, encoder.model.training
    if "attention_mask" not in inspect.signature(model.forward).parameters:
        raise EncoderError(f"{name}: takes no attention_mask, so padding would change its states")
    device = next(model.parameters()).device
    ids = torch.tensor([[3, 4, 5, 6], [3, 4, 5, 7]], device=device) % encoder.config.vocab_size
    mask, padding = torch.ones_like(ids), torch.full_like(ids, encoder.config.pad_token_id or 0)
    inputs = {"input_ids": ids, "attention_mask": mask}
    padded = {
        "input_ids": torch.cat([ids, padding], dim=1),
        "attention_mask": torch.cat([mask, 0 * mask], dim=1),
    }
    try:
        states, among_padding = (
            encoder.family.run(model.eval(), one, clues=None, read=None) for one in (inputs, padded)
        )
    except Exception as error:  # Whatever a stranger's model raises is named with it.
        raise EncoderError(f"{name}: cannot run on four subwords: {error}") from error
    finally:
        model.train(mode)
    if states.shape != (*ids.shape, encoder.hidden_dim):
        raise EncoderError(f"{name}: expected one state of width {encoder.hidden_dim} a subword")
    if torch.equal(states[0, 0], states[1, 0]):
        raise EncoderError(f"{name}: a word's state does not depend on the words after it")
    if not torch.allclose(states, among_padding[:, : ids.shape[1]], rtol=1e-3, atol=1e-4):
        raise EncoderError(f"{name}: padding changes its states, whatever attention_mask says")
    if encoder.family.takes_clues:
        _check_clues(encoder, inputs, states, name=name)


def _check_clues(
    encoder: TextEncoder, inputs: dict[str, Tensor], states: Tensor, *, name: str
) -> None:
    """Refuse a family that states that it takes clues and does not."""
    rows, width = len(states), encoder.hidden_dim // encoder.num_heads
    parts = [states.new_full((rows, encoder.num_heads, 2, width), 3.0)] * encoder.num_layers
    clues = VisualClues(parts, parts, states.new_ones(rows, 2, dtype=torch.bool))
    try:
        guided = encoder.family.run(encoder.model.eval(), inputs, clues=clues, read=None)
    except Exception as error:
        raise EncoderError(f"{name}: its family cannot run with clues: {error}") from error
    if guided.shape != states.shape or torch.allclose(guided, states, atol=1e-6):
        raise EncoderError(f"{name}: its family takes clues, and they change no state")


def _name_of(config: PreTrainedConfig) -> str:
    path = getattr(config, "name_or_path", "")
    return f"{path} (type {config.model_type!r})" if path else f"of type {config.model_type!r}"
