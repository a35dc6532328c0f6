"""Documents of Doccano."""

import json
from typing import Any, ClassVar, cast

from gmf.exchange.base import Trait
from gmf.exchange.document import AnnotatedText, Mention
from gmf.exchange.json_format import JsonFormat, in_unit
from gmf.exchange.json_values import identifier_of, listed, objects, span_of, text_of, type_of
from gmf.exchange.report import ConversionReport


class DoccanoFormat(JsonFormat):
    """JSON lines of Doccano: ``label`` or ``labels`` as lists, or ``entities`` as objects.

    Offsets count UTF-16 units, as its editor in JavaScript does. Projects that count grapheme
    clusters, and files made by Python, count otherwise: the unit in which more entities of the
    file begin and end with words is taken, UTF-16 when they tie; ``--offsets`` decides itself.

    Source: https://github.com/doccano/doccano/issues/2290.
    """

    suffixes = (".jsonl",)
    between, unit = "", "utf-16"
    keys: ClassVar = frozenset(
        ("id", "text", "data", "label", "labels", "entities", "relations", "Comments", "cats")
    )
    traits: ClassVar = frozenset(
        (Trait.OVERLAP, Trait.UNLABELLED, Trait.SPACING, Trait.EDGES, Trait.ANY_TYPE)
    )
    tool = "doccano"

    def parse(
        self, row: dict[str, Any], *, where: str, report: ConversionReport
    ) -> AnnotatedText | None:
        """Return the document of a line; see ``JsonFormat``."""
        text = text_of(row, "text" if "text" in row else "data")
        keys = [name for name in ("label", "labels", "entities") if row.get(name) is not None]
        mentions: list[Mention] = []
        for name in keys:
            for value in listed(row, name):
                mentions.append(_mention(value))
        report.lose("relation", where, len(objects(row, "relations")))
        report.lose("comment", where, len(listed(row, "Comments")))
        if row.get("cats"):
            report.lose("category of the whole text", where)
        entities = tuple(mentions) if keys else None
        return AnnotatedText(text, entities, identifier_of(row.get("id")))

    def render(self, document: AnnotatedText) -> str:
        """Return a line."""
        fields: dict[str, Any] = {"text": document.text}
        if document.id:
            fields["id"] = document.id
        if document.mentions is not None:
            mentions = in_unit(document, self.unit)
            fields["label"] = [[m.char_start, m.char_end, m.type] for m in mentions]
        return json.dumps(fields, ensure_ascii=False) + "\n"


def _mention(value: object) -> Mention:
    if isinstance(value, dict):
        entity = cast(dict[str, Any], value)
        start, end = span_of(entity.get("start_offset"), entity.get("end_offset"))
        return Mention(start, end, type_of(entity.get("label")))
    if isinstance(value, list) and len(cast(list[Any], value)) == 3:
        start, end, label = cast(list[Any], value)
        return Mention(*span_of(start, end), type_of(label))
    raise ValueError(f"label {value!r}: expected [start, end, name]")
