"""What the model used, from the arrays of the pipeline to views, gates and attention by entity."""

from collections.abc import Sequence

import numpy as np

from gmf.data.tokenize import tokenize
from gmf.prediction.pipeline import Document, Mention
from gmf.serving.schemas import Attention, Entity, Explanation, Post, View

#: More digits of a share say nothing and double the answer.
DIGITS = 6


def explanation_of(
    document: Document, post: Post, *, max_regions: int, without_images: Sequence[Entity]
) -> Explanation:
    """Return the explanation of a post.

    Args:
        document: With ``gates`` (layers, slots, stages) and ``slot_attention`` (layers, words,
            slots), or neither when the model read no picture. A slot is a whole image or one of
            its regions, images in order.
        post: The post, all of whose images can be read.
        max_regions: Regions of each image that the model reads.
        without_images: What is found in the text alone.
    """
    gates, attention = (document.explanation.get(k) for k in ("gates", "slot_attention"))
    if gates is None or attention is None:
        return Explanation(views=[], attention=[], without_images=list(without_images))
    places = [
        (number, region)
        for number, image in enumerate(post.images)
        for region in (None, *range(min(len(image.regions), max_regions)))
    ]
    views = [
        View(
            image=image,
            region=region,
            gates=_rounded(gates[:, slot].mean(axis=0)),
            gates_by_layer=[_rounded(layer) for layer in gates[:, slot]],
        )
        for slot, (image, region) in zip(range(gates.shape[1]), places, strict=True)
    ]
    _, offsets = tokenize(document.text)
    mass = attention.mean(axis=0)
    return Explanation(
        views=views,
        attention=[_attention(mention, mass, offsets) for mention in document.entities],
        without_images=list(without_images),
    )


def _attention(mention: Mention, mass: np.ndarray, offsets: Sequence[tuple[int, int]]) -> Attention:
    words = [
        word
        for word, (start, end) in enumerate(offsets[: len(mass)])
        if start < mention.char_end and mention.char_start < end
    ]
    views = mass[words].mean(axis=0)
    return Attention(text=_rounded(1 - views.sum(keepdims=True))[0], views=_rounded(views))


def _rounded(shares: np.ndarray) -> list[float]:
    return [round(float(share), DIGITS) for share in np.clip(shares, 0, 1)]
