"""What the model used, from the pipeline's arrays to the shares that a reader looks at."""

import numpy as np

from gmf.prediction import documents
from gmf.prediction.documents import Document
from gmf.prediction.explanation import Evidence
from gmf.serving.schemas import Entity, EntityEvidence, Explanation, View

#: More digits of a share say nothing and double the answer.
DIGITS = 6


def entity_of(entity: documents.Entity) -> Entity:
    """Return an entity as it is answered."""
    return Entity(
        text=entity.text,
        type=entity.type,
        char_start=entity.char_start,
        char_end=entity.char_end,
        confidence=entity.confidence,
    )


def explanation_of(document: Document) -> Explanation:
    """Return the explanation of a document that was asked to be explained.

    One whose model read neither image nor context has none of its own: what was found is what the
    text says.
    """
    explanation = document.explanation
    if explanation is None:
        found = [entity_of(mention) for mention in document.entities]
        return Explanation(views=[], evidence=[], without_images=found, without_context=found)
    views = [
        View(
            image=view.image,
            region=view.region,
            box=view.box,
            label=view.label,
            gates=None
            if explanation.gates is None
            else _rounded(explanation.gates[:, index].mean(axis=0)),
            gates_by_layer=(
                None
                if explanation.gates is None
                else [_rounded(row) for row in explanation.gates[:, index]]
            ),
        )
        for index, view in enumerate(explanation.pictures)
    ]
    return Explanation(
        views=views,
        evidence=[_evidence_of(one) for one in explanation.entities],
        without_images=[entity_of(mention) for mention in explanation.without_images],
        without_context=[entity_of(mention) for mention in explanation.without_context],
    )


def _evidence_of(evidence: Evidence) -> EntityEvidence:
    text = evidence.text_attention
    return EntityEvidence(
        text_attention=None if text is None else _share(text),
        view_attention=None if text is None else _rounded(np.array(evidence.picture_attention)),
        confidence_without_images=_share(evidence.confidence_without_images),
        confidence_without_context={
            name: _share(share) for name, share in evidence.confidence_without_context.items()
        },
    )


def _rounded(shares: np.ndarray) -> list[float]:
    return [_share(share) for share in shares]


def _share(value: float) -> float:
    return round(min(max(float(value), 0.0), 1.0), DIGITS)
