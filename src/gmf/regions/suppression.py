"""Non-maximum suppression."""

import numpy as np
from jaxtyping import Float, Int


def suppress(
    boxes: Float[np.ndarray, "boxes 4"],
    scores: Float[np.ndarray, " boxes"],
    *,
    max_overlap: float,
    classes: Int[np.ndarray, " boxes"] | None = None,
) -> list[int]:
    """Return the boxes that no better box overlaps too much, best first.

    Args:
        boxes: ``(x1, y1, x2, y2)``.
        scores: Confidence of each; of equal ones the earlier box comes first.
        max_overlap: Highest intersection over union.
        classes: Only boxes of one class suppress each other; ``None`` for all.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(int(best))
        too_near = _overlaps(boxes[best], boxes[order]) > max_overlap
        if classes is not None:
            too_near &= classes[order] == classes[best]
        order = order[~too_near]
    return kept


def _overlaps(
    box: Float[np.ndarray, " 4"], others: Float[np.ndarray, "boxes 4"]
) -> Float[np.ndarray, " boxes"]:
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.prod(np.clip(sides, 0, None), axis=1)
    union = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
