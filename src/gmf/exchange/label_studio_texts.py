"""Which text of a task of Label Studio its results are about."""

from typing import Any, cast

from gmf.exchange.json_values import objects
from gmf.exchange.report import ConversionReport

#: Kinds of results that label spans of a text.
SPANS = ("labels", "hypertextlabels")


def text_key(data: dict[str, Any], chosen: dict[str, Any] | None) -> str:
    """Return the key of the text: ``text``, else that of the tag's name, else the only text.

    Where all entities are of a tag whose name is another key, it is that key if they fit it.
    """
    results = objects(chosen, "result") if chosen else []
    names = [str(r.get("to_name")) for r in results]
    if isinstance(data.get("text"), str):
        spans = [r for r in results if r.get("type") in SPANS]
        (name,) = tags if len(tags := {str(r.get("to_name")) for r in spans}) == 1 else ("text",)
        is_other = isinstance(data.get(name), str) and all(_fits(r, data[name]) for r in spans)
        return name if is_other else "text"
    texts = [key for key, value in data.items() if isinstance(value, str) and " " in value]
    return next(
        (n for n in names if isinstance(data.get(n), str)), texts[0] if len(texts) == 1 else "text"
    )


def on_text(
    chosen: dict[str, Any], key: str, where: str, report: ConversionReport
) -> dict[str, Any]:
    """Return an annotation without entities of other texts than that of a key, which are lost."""
    results = objects(chosen, "result")
    names = [r.get("to_name") for r in results if r.get("type") in SPANS]
    own = (key if key in names else next(filter(None, names), None), None)
    kept = [r for r in results if r.get("type") not in SPANS or r.get("to_name") in own]
    report.lose("entity of another text of its task", where, len(results) - len(kept))
    return {**chosen, "result": kept}


def _fits(result: dict[str, Any], text: str) -> bool:
    """Return whether the text that a result carries stands at its offsets."""
    value = result.get("value")
    region = cast(dict[str, Any], value) if isinstance(value, dict) else {}
    start, end, shown = region.get("start"), region.get("end"), region.get("text")
    return isinstance(start, int) and isinstance(end, int) and text[start:end] == shown
