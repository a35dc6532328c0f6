"""Whether the graphs of an exported folder do what their checkpoint does."""

from pathlib import Path

import numpy as np
import torch

from gmf.core.errors import ExportError
from gmf.inference.exported_folder import ExportInfo
from gmf.models.tagger import Tagger
from gmf.prediction.onnx.engine import collator_of
from gmf.prediction.onnx.model import ArrayModel
from gmf.prediction.onnx.probe import probe_posts

#: Greatest difference of an emission from the checkpoint's own: absolute, and as share of it.
ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE = 1e-4, 1e-5


def compare(tagger: Tagger, folder: Path, info: ExportInfo) -> tuple[float, float]:
    """Run graphs and checkpoint on built-in posts.

    Args:
        tagger: The checkpoint.
        folder: Folder with all graphs.
        info: What it says of itself.

    Returns:
        The greatest absolute difference of an emission, and the share of words with the same tag.

    Raises:
        ExportError: If words are split otherwise, or emissions of graphs in float differ.
    """
    posts = probe_posts()
    model = ArrayModel(folder, info=info, device="cpu", num_threads=1)
    arrays = collator_of(folder, info=info)
    differences: list[float] = []
    same = total = 0
    for chosen in (posts, posts[1:2], posts[4:5]):
        batch, own = tagger.collator()(chosen).to("cpu"), arrays(chosen)
        if not all(
            np.array_equal(own.text_inputs[name], value)
            for name, value in batch.text_inputs.items()
        ) or not np.array_equal(own.first_subword, batch.first_subword):
            raise ExportError("the tokenizer's file splits words otherwise than the tokenizer")
        with torch.no_grad():
            expected = tagger.model(batch)
        actual = model(own)
        keep = tagger.model.head.mask(batch).numpy()
        reference = expected.emissions.numpy()[keep]
        differences.append(float(np.abs(actual[keep] - reference).max()))
        if not info.int8 and not np.allclose(
            actual[keep], reference, rtol=RELATIVE_TOLERANCE, atol=ABSOLUTE_TOLERANCE
        ):
            raise ExportError(
                f"the graphs differ from the checkpoint by {differences[-1]:.2g} in an emission, "
                f"expected at most {ABSOLUTE_TOLERANCE:g}; the model does something that a graph "
                "does not hold"
            )
        for one, other in zip(
            tagger.model.decode(expected, batch), model.decode(actual, own), strict=True
        ):
            same += sum(map(str.__eq__, one.tags, other.tags))
            total += len(one.tags)
    return max(differences), same / total
