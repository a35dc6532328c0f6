"""Tasks of Prodigy."""

import json
from typing import Any, ClassVar, cast

from gmf.exchange.base import Trait
from gmf.exchange.document import AnnotatedText, Mention, Span
from gmf.exchange.images import image_of
from gmf.exchange.json_format import JsonFormat
from gmf.exchange.json_values import identifier_of, objects, span_of, text_of, type_of
from gmf.exchange.report import ConversionReport

#: Interfaces in which entities are marked, and those of other tasks.
_OF_ENTITIES = ("ner", "ner_manual", "spans", "spans_manual", "rel", "relations", "pos", "dep")
_OF_OTHERS = ("choice", "classification", "text", "text_input", "html", "compare", "diff", "llm_io")


class ProdigyFormat(JsonFormat):
    """JSON lines of Prodigy: ``text``, ``tokens``, ``spans``, ``answer``.

    Offsets are code points: Prodigy's texts are tokenised by spaCy. A task that was rejected or
    ignored is no labelled text and is left out, as Prodigy's own recipes do; so is one in which
    nobody was asked for entities (a choice, a label of the whole text), or about one span alone (a
    binary task, as of ``ner.teach``: what the other words are nobody has said). Of one task that
    several have annotated the first answer is taken.

    Source: https://prodi.gy/docs/api-interfaces#ner_manual.
    """

    suffixes = (".jsonl",)
    keys: ClassVar = frozenset(
        (
            *("text", "tokens", "spans", "relations", "answer", "image", "images", "meta", "id"),
            *("label", "_input_hash", "_task_hash", "_view_id", "_session_id", "_annotator_id"),
            *("_timestamp", "_is_binary"),
        )
    )
    traits: ClassVar = frozenset(
        (Trait.IMAGES, Trait.OVERLAP, Trait.UNLABELLED, Trait.SPACING, Trait.EDGES, Trait.ANY_TYPE)
    )
    tool = "prodigy"
    has_annotators = True

    def parse(
        self, row: dict[str, Any], *, where: str, report: ConversionReport
    ) -> AnnotatedText | None:
        """Return the document of a task; see ``JsonFormat``."""
        if row.get("_is_binary", _asks_for_one_span(row)):
            report.fault(
                f"{where}: a binary task (ner.teach and others): one span was accepted or rejected "
                "and nobody has said what the other words are; run ner.correct or "
                "ner.silver-to-gold, and convert its tasks"
            )
            return None
        answer = row.get("answer", "accept")
        if answer != "accept":
            report.fault(f"{where}: its answer is {answer!r}")
            return None
        if "answer" in row and _asks_for_others(row):
            report.fault(
                f"{where}: a task of another kind (a choice or a label of the whole text): nobody "
                "was asked for its entities"
            )
            return None
        text = text_of(row)
        mentions: list[Mention] = []
        for span in objects(row, "spans"):
            start, end = span_of(span.get("start"), span.get("end"))
            if (marked := span.get("text", text[start:end])) != text[start:end]:
                raise ValueError(
                    f"[{start}, {end}) is {text[start:end]!r} in the text, and {marked!r} in the "
                    "span"
                )
            mentions.append(Mention(start, end, type_of(span.get("label"))))
        report.lose("relation", where, len(objects(row, "relations")))
        several = row.get("images")
        names = cast(list[Any], several) if isinstance(several, list) else [row.get("image")]
        is_labelled = "spans" in row or "answer" in row
        meta = row.get("meta")
        identifier = cast(dict[str, Any], meta).get("id") if isinstance(meta, dict) else None
        return AnnotatedText(
            text,
            tuple(mentions) if is_labelled else None,
            identifier_of(row.get("id")) or identifier_of(identifier),
            words=_words(objects(row, "tokens")),
            images=tuple(r for n in names for r in image_of(n, where=where, report=report)),
        )

    def annotated_item(self, row: dict[str, Any]) -> tuple[object, str] | None:
        """Return the task and its annotator; see ``JsonFormat``."""
        names = (row.get("_annotator_id"), row.get("_session_id"))
        name = next((n for n in names if isinstance(n, str) and n), None)
        key = row.get("_task_hash", row.get("_input_hash", row.get("text")))
        return None if name is None else (key, name)

    def render(self, document: AnnotatedText) -> str:
        """Return a task."""
        task: dict[str, Any] = {"text": document.text}
        if document.images:
            task["image"] = document.images[0].path
        if len(document.images) > 1:
            task["images"] = [image.path for image in document.images]
        if document.id:
            task["meta"] = {"id": document.id}
        words = _tokens_of(document)
        if words:
            task["tokens"] = [
                {
                    "text": document.text[start:end],
                    "start": start,
                    "end": end,
                    "id": position,
                    "ws": document.text[end : end + 1] == " ",
                }
                for position, (start, end) in enumerate(words)
            ]
        if document.mentions is not None:
            task["spans"] = [_span(mention, words) for mention in document.mentions]
            task["answer"] = "accept"
        return json.dumps(task, ensure_ascii=False) + "\n"


def _asks_for_others(row: dict[str, Any]) -> bool:
    """Return whether a task asks for something else than entities."""
    view = row.get("_view_id")
    if "spans" in row or view in _OF_ENTITIES:
        return False
    return view in _OF_OTHERS or not row.keys().isdisjoint(("options", "accept", "label"))


def _asks_for_one_span(row: dict[str, Any]) -> bool:
    """Return whether a task without ``_is_binary`` is binary: shown, not marked, and one span."""
    spans = objects(row, "spans")
    return "answer" in row and row.get("_view_id") == "ner" and len(spans) == 1


def _tokens_of(document: AnnotatedText) -> tuple[Span, ...]:
    """Return words that every mention begins and ends with; none where a mention does not."""
    try:
        return document.tagged_words()[0]
    except ValueError:
        return ()


def _span(mention: Mention, words: tuple[Span, ...]) -> dict[str, Any]:
    span = {"start": mention.char_start, "end": mention.char_end, "label": mention.type}
    if words:
        span["token_start"] = [start for start, _ in words].index(mention.char_start)
        span["token_end"] = [end for _, end in words].index(mention.char_end)
    return span


def _words(tokens: list[dict[str, Any]]) -> tuple[Span, ...] | None:
    spans = [span_of(token.get("start"), token.get("end")) for token in tokens]
    return tuple(span for span in spans if span[0] < span[1]) or None
