"""Tasks of Label Studio."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast

from gmf.exchange.base import Trait
from gmf.exchange.document import AnnotatedText, Mention, Span
from gmf.exchange.images import image_of
from gmf.exchange.json_format import OTHER_ANNOTATION, SAME_ANNOTATION, JsonFormat
from gmf.exchange.json_values import identifier_of, listed, objects, span_of, text_of, type_of
from gmf.exchange.label_studio_texts import SPANS, on_text, text_key
from gmf.exchange.offsets import UNITS, Unit, in_characters
from gmf.exchange.report import ConversionReport

#: What results that are no spans are counted as.
_OTHER_KIND = "result of type"


class LabelStudioFormat(JsonFormat):
    """A JSON list of tasks of Label Studio, with annotations or predictions; JSON-MIN is read too.

    Offsets are Unicode code points, CR LF two of them. Label Studio before 1.6 wrote UTF-16 units:
    where a result carries its text, the unit in which it stands there is taken. The names of image
    files go into ``data.images``; Label Studio shows them once they are replaced by what it can
    serve. What a model found are predictions, the rest annotations.

    Sources: https://labelstud.io/tags/text (line ends, spaces),
    https://github.com/HumanSignal/label-studio/pull/1559 (code points),
    https://labelstud.io/guide/export (JSON and JSON-MIN).
    """

    suffixes = (".json",)
    opening, between, closing = "[\n", ",\n", "\n]\n"
    traits: ClassVar = frozenset(
        (
            Trait.IMAGES,
            Trait.CONFIDENCES,
            Trait.OVERLAP,
            Trait.UNLABELLED,
            Trait.SPACING,
            Trait.EDGES,
            Trait.ANY_TYPE,
        )
    )
    tool = "label-studio"
    has_annotators = True

    def read(self, path: Path, *, report: ConversionReport) -> Iterator[AnnotatedText]:
        """Yield the documents of a file; ``parse`` gives their offsets in code points.

        Where results are all of other kinds (choices, ratings), nobody was asked for entities.
        """
        before = report.lost.copy()
        documents = list(self.parsed(path, report))
        others = any(kind.startswith(_OTHER_KIND) for kind in report.lost - before)
        is_asked = not others or any(document.mentions for document in documents)
        for document in documents:
            if is_asked or document.mentions is None:
                yield document
            else:
                report.fault(f"{document.origin}: nobody was asked for its entities")

    def parse(
        self, row: dict[str, Any], *, where: str, report: ConversionReport
    ) -> AnnotatedText | None:
        """Return the document of a task; see ``JsonFormat``."""
        if not isinstance(row.get("data"), dict):
            return self._of_minimal(row, where, report)
        data = cast(dict[str, Any], row["data"])
        done = [*objects(row, "annotations"), *objects(row, "completions")]
        annotations = [each for each in done if not each.get("was_cancelled")]
        report.lose("draft of an annotation", where, len(objects(row, "drafts")))
        report.lose("cancelled annotation", where, len(done) - len(annotations))
        if done and not annotations:
            report.fault(f"{where}: its annotation was cancelled")
            return None
        if self.annotator is not None:
            mine = [each for each in annotations if self.annotator in self._names_of(each)]
            if not mine:
                report.fault(f"{where}: no annotation by {self.annotator!r}")
                return None
            annotations = [*mine[-1:], *(each for each in annotations if each not in mine)]
        is_predicted = not annotations
        predictions = objects(row, "predictions") if is_predicted else []
        report.lose("prediction of another model", where, max(0, len(predictions) - 1))
        chosen = (
            _chosen(annotations, where, report, is_first=self.annotator is not None)
            if annotations
            else _last(predictions)
        )
        key = text_key(data, chosen)
        text = text_of(data, key)
        if chosen is not None:
            chosen = on_text(chosen, key, where, report)
        mentions = None if chosen is None else self._mentions(chosen, text, where, report)
        used = {key, "id", "row", "image", "images", "meta_info"}
        for name in sorted(data.keys() - used):
            report.note(f"field 'data.{name}' not carried", where)
        return AnnotatedText(
            text,
            mentions,
            identifier_of(data.get("id")) or identifier_of(row.get("id")),
            images=_images(data, where, report),
            is_predicted=is_predicted and chosen is not None,
        )

    def annotated_item(self, row: dict[str, Any]) -> tuple[object, str] | None:
        """Return the task and the annotator of a JSON-MIN row; see ``JsonFormat``."""
        name = row.get("annotator")
        if "data" in row or not isinstance(name, str | int):
            return None
        return row.get("id", row.get("text")), str(name)

    def _names_of(self, annotation: dict[str, Any]) -> set[str]:
        """Return the identifier, and the address where it has one, of who made an annotation."""
        who = annotation.get("completed_by")
        parts = cast(dict[str, Any], who) if isinstance(who, dict) else {"id": who}
        known = {str(parts[key]) for key in ("id", "email") if parts.get(key) not in (None, "")}
        self.annotators |= known
        return known

    def _of_minimal(
        self, row: dict[str, Any], where: str, report: ConversionReport
    ) -> AnnotatedText:
        """Return the document of a JSON-MIN row: data at the top, regions by name of their tag."""
        regions: list[dict[str, Any]] = []
        labelled = "annotation_id" in row
        for value in row.values():
            for each in cast(list[Any], value) if isinstance(value, list) else ():
                if isinstance(each, dict) and "start" in each and "end" in each:
                    regions.append({"type": "labels", "value": each})
        labelled = labelled or bool(regions)
        text = text_of(row, text_key(row, None))
        mentions = self._mentions({"result": regions}, text, where, report) if labelled else None
        identifier = identifier_of(row.get("id"))
        return AnnotatedText(text, mentions, identifier, images=_images(row, where, report))

    def _mentions(
        self, chosen: dict[str, Any], text: str, where: str, report: ConversionReport
    ) -> tuple[Mention, ...]:
        mentions: list[Mention] = []
        texts: list[str | None] = []
        for result in objects(chosen, "result"):
            kind = str(result.get("type"))
            if kind not in SPANS:
                report.lose("relation" if kind == "relation" else f"{_OTHER_KIND} {kind!r}", where)
                continue
            value = result.get("value")
            if not isinstance(value, dict):
                raise ValueError("a result has no value")
            region = cast(dict[str, Any], value)
            if kind == "hypertextlabels":
                region |= cast(dict[str, Any], region.get("globalOffsets") or {})
            start, end = span_of(region.get("start"), region.get("end"))
            labels = listed(region, "labels") or listed(region, kind)
            if not labels:
                report.lose("region without a label", where)
            score = result.get("score")
            confidence = float(score) if isinstance(score, int | float) else None
            for label in labels:
                mentions.append(Mention(start, end, type_of(label), confidence))
                shown = region.get("text")
                texts.append(shown if isinstance(shown, str) and shown else None)
        return _placed(text, mentions, texts, unit=self.offsets, where=where, report=report)

    def render(self, document: AnnotatedText) -> str:
        """Return a task."""
        results = [
            {
                "id": f"{document.number}-{position}",
                "from_name": "label",
                "to_name": "text",
                "type": "labels",
                **({} if mention.confidence is None else {"score": mention.confidence}),
                "value": {
                    "start": mention.char_start,
                    "end": mention.char_end,
                    "text": document.text[mention.char_start : mention.char_end],
                    "labels": [mention.type],
                },
            }
            for position, mention in enumerate(document.mentions or ())
        ]
        data = {
            "id": document.id,
            "row": document.number,
            "text": document.text,
            "images": [image.path for image in document.images],
        }
        task: dict[str, Any] = {"data": data}
        if document.is_predicted:
            scores = [m.confidence for m in document.mentions or () if m.confidence is not None]
            score = {"score": min(scores)} if scores else {}
            task["predictions"] = [{"model_version": "gmf", "result": results, **score}]
        elif document.mentions is not None:
            task["annotations"] = [{"result": results}]
        return json.dumps(task, ensure_ascii=False)


def _chosen(
    annotations: list[dict[str, Any]], where: str, report: ConversionReport, *, is_first: bool
) -> dict[str, Any]:
    """Return the annotation that counts: ground truth, or else the first; others are counted."""
    truth = (each for each in annotations if each.get("ground_truth") and not is_first)
    chosen = next(truth, annotations[0])
    others = [each for each in annotations if each is not chosen]
    different = [each for each in others if _regions(each) != _regions(chosen)]
    report.lose(OTHER_ANNOTATION, where, len(different))
    report.note(SAME_ANNOTATION, where, len(others) - len(different))
    return chosen


def _regions(annotation: dict[str, Any]) -> set[str]:
    return {
        json.dumps([result.get("type"), _plain(result.get("value"))], sort_keys=True)
        for result in objects(annotation, "result")
    }


def _plain(value: object) -> object:
    names = ("start", "end", "labels")
    return {n: value.get(n) for n in names} if isinstance(value, dict) else value


def _last(predictions: list[dict[str, Any]]) -> dict[str, Any] | None:
    return predictions[-1] if predictions else None


def _images(data: dict[str, Any], where: str, report: ConversionReport) -> tuple[Any, ...]:
    several = data.get("images")
    names = [data.get("image"), *(cast(list[Any], several) if isinstance(several, list) else [])]
    return tuple(row for name in names for row in image_of(name, where=where, report=report))


def _placed(
    text: str,
    mentions: list[Mention],
    texts: list[str | None],
    *,
    unit: Unit | None,
    where: str,
    report: ConversionReport,
) -> tuple[Mention, ...]:
    """Return mentions in code points, in the unit in which they are the text that they carry.

    Raises:
        ValueError: If they are that text in none.
    """
    spans = [(m.char_start, m.char_end) for m in mentions]
    faults: dict[Unit, str] = {}
    for name in UNITS if unit is None else (unit,):
        counter = in_characters(text, spans, unit=name)
        fault = next(_mismatches(text, counter, texts), "")
        if not fault:
            if counter != spans:
                report.note(f"offsets counted in {UNITS[name]}", where)
            pairs = zip(mentions, counter, strict=True)
            return tuple(replace(m, char_start=s, char_end=e) for m, (s, e) in pairs)
        faults[name] = fault
    raise ValueError(next(iter(faults.values())))


def _mismatches(text: str, spans: list[Span], texts: list[str | None]) -> Iterator[str]:
    """Yield where the text is another one; white space does not count, Label Studio changes it."""
    for (start, end), shown in zip(spans, texts, strict=True):
        if shown is not None and _squeezed(text[start:end]) != _squeezed(shown):
            yield (
                f"[{start}, {end}) is {text[start:end]!r} in the text, and {shown!r} in the "
                "annotation"
            )


def _squeezed(text: str) -> str:
    return "".join(text.replace("\\n", " ").split())
