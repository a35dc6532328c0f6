"""Models to ONNX graphs: text and stage maps to emissions, images to stage maps."""

import logging
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from torch import Tensor, nn

from gmf.core.errors import ExportError
from gmf.data.batch import Batch
from gmf.models.base import MnerModel
from gmf.models.exported_weights import TRANSPOSED
from gmf.models.modules.image_encoder import ImageEncoder
from gmf.vision.cache.maps import pool_stage

#: Sizes of the example that is traced: none is 1, no two are alike, so that all stay free.
_BATCH, _SUBWORDS, _WORDS, _VIEWS, _SLOTS = 3, 11, 7, 5, 4


class _TaggerGraph(nn.Module):
    """Puts a batch together from plain tensors and returns its emissions."""

    def __init__(self, model: MnerModel[Any], text_inputs: Sequence[str], num_stages: int) -> None:
        super().__init__()
        self.model, self.text_inputs, self.num_stages = model, text_inputs, num_stages

    def forward(self, fields: dict[str, Tensor]) -> Float[Tensor, "batch positions states"]:
        """Return emissions.

        Args:
            fields: Tensors of a batch by name; the maps as ``stage_map_0`` and so on.
        """
        none = fields["word_mask"][:, :0]
        maps = tuple(fields[f"stage_map_{number}"] for number in range(self.num_stages))
        batch = Batch(
            samples=(),
            text_inputs={name: fields[name] for name in self.text_inputs},
            first_subword=fields["first_subword"],
            word_mask=fields["word_mask"],
            subword_words=fields["subword_words"],
            labels=None,
            views=None,
            stage_maps=maps or None,
            view_index=fields.get("view_index", none.long()),
            view_is_region=fields.get("view_is_region", none),
            view_is_blank=fields.get("view_is_blank", none),
        )
        return self.model(batch).emissions


class _ImageGraph(nn.Module):
    """Returns the maps of an image encoder as the model was trained on them."""

    def __init__(self, encoder: ImageEncoder, pooled_size: int | None) -> None:
        super().__init__()
        self.encoder, self.pooled_size = encoder, pooled_size

    def forward(self, fields: dict[str, Tensor]) -> tuple[Tensor, ...]:
        """Return the map of each stage."""
        # Not `forward`: it reads a few views at a time, and so a number of times that is not free.
        stages = self.encoder.run(fields["views"])
        if self.pooled_size is None:
            return stages
        return tuple(pool_stage(stage, size=self.pooled_size) for stage in stages)


def write_tagger_graph(
    model: MnerModel[Any],
    path: Path,
    *,
    text_inputs: Sequence[str],
    stage_shapes: Sequence[tuple[int, int, int]],
) -> None:
    """Write the graph from words and stage maps to emissions; it takes any sizes.

    Args:
        model: A model that reads subwords, in evaluation mode.
        path: File to write.
        text_inputs: Names of the tokenizer's arrays that the text encoder takes.
        stage_shapes: ``(channels, height, width)`` of each stage; empty for text-only models.

    Raises:
        ExportError: If the model cannot be written as a graph.
    """
    subwords = torch.ones(_BATCH, _SUBWORDS, dtype=torch.long)
    words = torch.ones(_BATCH, _WORDS, dtype=torch.long)
    slots = torch.zeros(_BATCH, _SLOTS, dtype=torch.long)
    by_axis: dict[str, dict[str, Tensor]] = {
        "subwords": {**dict.fromkeys(text_inputs, subwords), "subword_words": subwords},
        "words": {"first_subword": words, "word_mask": words.bool()},
        "slots": {
            "view_index": slots,
            "view_is_region": slots.bool(),
            "view_is_blank": slots.bool(),
        },
    }
    if not stage_shapes:
        del by_axis["slots"]
    fields = {name: value.clone() for group in by_axis.values() for name, value in group.items()}
    axes = {name: {0: "batch", 1: axis} for axis, group in by_axis.items() for name in group}
    for number, shape in enumerate(stage_shapes):
        fields[f"stage_map_{number}"] = torch.zeros(_VIEWS, *shape)
        axes[f"stage_map_{number}"] = {0: "views"}
    graph = _TaggerGraph(model, text_inputs, len(stage_shapes))
    _write(graph, path, fields=fields, axes=axes, outputs=["emissions"])


def write_image_graph(
    encoder: ImageEncoder,
    path: Path,
    *,
    image_shape: tuple[int, int, int],
    pooled_size: int | None,
) -> tuple[tuple[int, int, int], ...]:
    """Write the graph from images to the maps of their stages; it takes any number of them.

    Args:
        encoder: The image encoder, in evaluation mode.
        path: File to write.
        image_shape: ``(3, height, width)`` of a prepared image.
        pooled_size: Cells a side over which maps are averaged; ``None`` keeps them in full.

    Returns:
        ``(channels, height, width)`` of each stage.

    Raises:
        ExportError: If the encoder cannot be written as a graph.
    """
    graph = _ImageGraph(encoder, pooled_size)
    fields = {"views": torch.zeros(_VIEWS, *image_shape)}
    with torch.no_grad():
        stages = graph(fields)
    outputs = [f"stage_map_{number}" for number in range(len(stages))]
    _write(graph, path, fields=fields, axes={"views": {0: "views"}}, outputs=outputs)
    return tuple((stage.shape[1], stage.shape[2], stage.shape[3]) for stage in stages)


def _write(
    graph: nn.Module,
    path: Path,
    *,
    fields: Mapping[str, Tensor],
    axes: Mapping[str, Mapping[int, str]],
    outputs: Sequence[str],
) -> None:
    try:
        with _quiet(), torch.no_grad():
            program: Any = torch.onnx.export(
                graph.eval(),
                kwargs={"fields": dict(fields)},
                dynamic_shapes={"fields": dict(axes)},
                input_names=list(fields),
                output_names=list(outputs),
                dynamo=True,
                verbose=False,
            )
            # Without this each node would carry source lines and paths of the machine.
            ClearMetadataAndDocStringPass()(program.model)
            _drop_unused_inputs(program.model)
            _name_turned_weights(program.model, graph)
            program.save(str(path))
    except Exception as error:  # What the exporter raises is wide and changes with its version.
        raise ExportError(f"{path.name}: the graph cannot be written: {error}") from error


def _drop_unused_inputs(model: Any) -> None:
    unused = [value for value in model.graph.inputs if not value.uses()]
    for value in unused:
        model.graph.inputs.remove(value)


def _name_turned_weights(model: Any, graph: nn.Module) -> None:
    """Give weights that the exporter turned their names back, for ``exported_weights``."""
    weights = graph.state_dict()
    turned = {w.T.contiguous().numpy().tobytes(): n for n, w in weights.items() if w.ndim == 2}
    for constant in list(model.graph.initializers.values()):
        if constant.name in weights or len(constant.shape) != 2:
            continue
        if name := turned.get(constant.const_value.tobytes()):
            constant.name = f"{name}{TRANSPOSED}"


@contextmanager
def _quiet() -> Generator[None]:
    """Keep the exporter's remarks on optional parts and axis names from users."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
