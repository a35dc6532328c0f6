"""Documents as tasks of Label Studio."""

import json
from typing import Any

from gmf.core.types import ImageInput
from gmf.data.images import name_of
from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import LineFormat
from gmf.prediction.documents import Document


class LabelStudioFormat(LineFormat):
    """A JSON list of tasks with predictions, for a labelling interface as docs/predict-files.md.

    Offsets are Unicode code points, which Label Studio uses since 1.6. The names of image files go
    into ``data.images``; Label Studio shows them once they are replaced by what it can serve.
    """

    suffixes = (".json",)
    opening, between, closing = "[\n", ",\n", "\n]\n"

    def render(self, row: Row, document: Document) -> str:
        """Return a task."""
        images: tuple[ImageInput, ...] = () if row.sample is None else row.sample.images
        results = [
            {
                "id": f"{row.number}-{position}",
                "from_name": "label",
                "to_name": "text",
                "type": "labels",
                "score": entity.confidence,
                "value": {
                    "start": entity.char_start,
                    "end": entity.char_end,
                    "text": entity.text,
                    "labels": [entity.type],
                },
            }
            for position, entity in enumerate(document.entities)
        ]
        data = {
            "id": row.id,
            "row": row.number,
            "text": document.text,
            "images": [name_of(image.source) for image in images],
        }
        prediction: dict[str, Any] = {"model_version": "gmf", "result": results}
        if results:
            prediction["score"] = min(entity.confidence for entity in document.entities)
        return json.dumps({"data": data, "predictions": [prediction]}, ensure_ascii=False)
