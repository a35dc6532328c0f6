"""Training examples of GLiNER."""

import json
from typing import Any, ClassVar, cast

from gmf.core.types import Entity
from gmf.exchange.base import Trait
from gmf.exchange.document import AnnotatedText, document_of_words
from gmf.exchange.json_format import JsonFormat
from gmf.exchange.json_values import identifier_of, listed, span_of, type_of, words_in
from gmf.exchange.report import ConversionReport


class GlinerFormat(JsonFormat):
    """JSON of GLiNER: ``tokenized_text``, and ``ner`` as first word, last word, type.

    The last word is inside the entity. Entities may overlap.

    Source: https://github.com/urchade/GLiNER (examples/finetune.ipynb).
    """

    suffixes = (".json",)
    opening, between, closing = "[\n", ",\n", "\n]\n"
    keys: ClassVar = frozenset(("tokenized_text", "ner", "id", "label", "negatives"))
    traits: ClassVar = frozenset((Trait.OVERLAP, Trait.UNLABELLED, Trait.ANY_TYPE))
    tool = "gliner"

    def parse(
        self,
        row: dict[str, Any],
        *,
        where: str,  # noqa: ARG002
        report: ConversionReport,  # noqa: ARG002
    ) -> AnnotatedText | None:
        """Return the document of an example; see ``JsonFormat``."""
        words = words_in(row, "tokenized_text")
        entities: list[Entity] = []
        for value in listed(row, "ner"):
            if not isinstance(value, list) or len(cast(list[Any], value)) != 3:
                raise ValueError(f"ner {value!r}: expected [first word, last word, type]")
            first, last, label = cast(list[Any], value)
            start, end = span_of(first, last)
            entities.append(Entity(start, end + 1, type_of(label)))
        mentions = entities if row.get("ner") is not None else None
        return document_of_words(words, mentions, id=identifier_of(row.get("id")))

    def render(self, document: AnnotatedText) -> str:
        """Return an example.

        Raises:
            ValueError: If the text has no words.
        """
        words, entities = document.tagged_words()
        if not words:
            raise ValueError("GLiNER cannot hold a text without words")
        row: dict[str, Any] = {"tokenized_text": [document.text[s:e] for s, e in words]}
        if document.mentions is not None:
            row["ner"] = [[e.start, e.end - 1, e.type] for e in entities]
        if document.id:
            row["id"] = document.id
        return json.dumps(row, ensure_ascii=False)
