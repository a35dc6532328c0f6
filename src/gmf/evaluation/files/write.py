"""Gold and prediction of each sample as JSON lines, as ``read_pairs`` reads them back."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gmf.core.files import write_text
from gmf.evaluation.pairs import SamplePair


def write_pairs(path: Path, pairs: Iterable[SamplePair]) -> None:
    """Write one sample a line: id, words, gold tags, and the prediction.

    The prediction is entities with confidences, by ``word_start`` and ``word_end``, or tags where
    confidences are not known.
    """
    lines = [json.dumps(_row(pair), ensure_ascii=False) + "\n" for pair in pairs]
    write_text(path, "".join(lines))


def _row(pair: SamplePair) -> dict[str, Any]:
    row: dict[str, Any] = {"id": pair.id, "tokens": pair.tokens, "gold_tags": pair.gold}
    if pair.scored is None:
        row["predicted_tags"] = pair.predicted
    else:
        row["predicted_entities"] = [
            {
                "word_start": entity.start,
                "word_end": entity.end,
                "type": entity.type,
                "confidence": entity.confidence,
            }
            for entity in pair.scored
        ]
    if pair.has_image is not None:
        row["has_image"] = pair.has_image
    return row
