"""Labels as other systems write them: spelling, and the policies for service labels."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from gmf.core.tags import OUTSIDE
from gmf.reading.tag_schemes import SERVICE_LABELS

#: How service labels are counted. ``outside`` reads them as O. The others first drop the words
#: whose gold label is one, as the older scorers do; then ``skip-gold`` reads the predicted ones as
#: O, ``seqeval`` counts them as seqeval does when they are left in, ``chunker`` counts each run of
#: them as an entity of its own type, as the hand-written chunker of UMT does.
ServicePolicy = Literal["outside", "skip-gold", "seqeval", "chunker"]
SERVICE_POLICIES: tuple[ServicePolicy, ...] = ("outside", "skip-gold", "seqeval", "chunker")


def count_service_labels(labels: Sequence[Sequence[str]]) -> dict[str, int]:
    """Count the service labels that occur, by label."""
    counts = Counter(label for sample in labels for label in sample if label in SERVICE_LABELS)
    return dict(sorted(counts.items()))


def resolve_service_labels(
    gold: Sequence[str], predicted: Sequence[str], *, policy: ServicePolicy = "outside"
) -> tuple[list[str], list[str], list[int]]:
    """Return the BIO tags of one sample under a policy, and the words that are scored.

    Args:
        gold: Canonical labels.
        predicted: As many canonical labels.
        policy: How service labels are counted.

    Returns:
        Gold tags, predicted tags, and for each the index of its word.
    """
    if policy == "outside":
        positions = list(range(len(gold)))
    else:
        positions = [index for index, label in enumerate(gold) if label not in SERVICE_LABELS]
    gold_labels = [_as_outside(gold[index]) for index in positions]
    predicted_labels = [predicted[index] for index in positions]
    if policy == "seqeval":
        return gold_labels, _as_seqeval(predicted_labels), positions
    if policy == "chunker":
        return gold_labels, _as_own_type(predicted_labels), positions
    return gold_labels, [_as_outside(label) for label in predicted_labels], positions


def _as_outside(label: str) -> str:
    return OUTSIDE if label in SERVICE_LABELS else label


def _as_own_type(labels: Sequence[str]) -> list[str]:
    """Make each run of one service label an entity whose type is the label."""
    before = [OUTSIDE, *labels]
    return [
        f"{'I' if previous == label else 'B'}-{label}" if label in SERVICE_LABELS else label
        for previous, label in zip(before, labels, strict=False)
    ]


def _as_seqeval(labels: Sequence[str]) -> list[str]:
    """Make service labels the wrong entities that seqeval's default mode counts for them.

    Seqeval takes the first letter for a prefix and the rest for a type (``_`` when there is none,
    as for O) and closes an entity wherever the type changes, opened or not: an X before O counts
    for nothing, an X before a B-PER for one entity of type ``_``. Each stands here at its last
    word, since seqeval's start for it is left over from an earlier entity.
    """
    types = [label[1:].split("-", 1)[-1] or "_" for label in (*labels, OUTSIDE)]
    return [
        label
        if label not in SERVICE_LABELS
        else (OUTSIDE if types[index] == types[index + 1] else f"B-{types[index]}")
        for index, label in enumerate(labels)
    ]
