"""Training examples of spaCy 2, as JSON."""

import json
from typing import Any, ClassVar, cast

from gmf.exchange.base import Trait
from gmf.exchange.document import AnnotatedText, Mention
from gmf.exchange.json_format import JsonFormat
from gmf.exchange.json_values import identifier_of, listed, objects, span_of, text_of, type_of
from gmf.exchange.report import ConversionReport


class SpacyExamplesFormat(JsonFormat):
    """JSON of spaCy 2's training examples: ``[text, {"entities": [[start, end, type]]}]``.

    Source: https://v2.spacy.io/usage/training#ner. An object ``{"text", "entities"}`` of the same
    values is read too.
    """

    suffixes = (".json",)
    opening, between, closing = "[\n", ",\n", "\n]\n"
    keys: ClassVar = frozenset(("text", "entities", "id", "cats", "links", "relations"))
    traits: ClassVar = frozenset(
        (Trait.OVERLAP, Trait.UNLABELLED, Trait.SPACING, Trait.EDGES, Trait.ANY_TYPE)
    )
    tool = "spacy-examples"

    def object_of(self, row: object) -> dict[str, Any]:
        """Return ``[text, annotations]`` as one object."""
        if isinstance(row, list) and len(cast(list[Any], row)) == 2 and isinstance(row[1], dict):
            return {"text": row[0], **cast(dict[str, Any], row[1])}
        return super().object_of(cast(object, row))

    def parse(
        self, row: dict[str, Any], *, where: str, report: ConversionReport
    ) -> AnnotatedText | None:
        """Return the document of an example; see ``JsonFormat``."""
        mentions: list[Mention] = []
        for value in listed(row, "entities"):
            if not isinstance(value, list) or len(cast(list[Any], value)) < 3:
                raise ValueError(f"entity {value!r}: expected [start, end, type]")
            start, end, label = cast(list[Any], value)[:3]
            mentions.append(Mention(*span_of(start, end), type_of(label)))
        report.lose("relation", where, len(objects(row, "relations")))
        for name in ("cats", "links"):
            report.lose(f"{name} of the text", where, bool(row.get(name)))
        entities = tuple(mentions) if row.get("entities") is not None else None
        return AnnotatedText(text_of(row), entities, identifier_of(row.get("id")))

    def render(self, document: AnnotatedText) -> str:
        """Return an example."""
        annotations: dict[str, Any] = {}
        if document.mentions is not None:
            annotations["entities"] = [
                [m.char_start, m.char_end, m.type] for m in document.mentions
            ]
        if document.id:
            annotations["id"] = document.id
        return json.dumps([document.text, annotations], ensure_ascii=False)
