"""The card of a published model: what it is, what it was made of, what it is worth, its limits."""

from collections.abc import Mapping, Sequence
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from gmf.prediction.publishing.scores import PublishedScore, fingerprints_of

CARD = "README.md"
_PLACEHOLDER = "FOLDER-OR-HUB-ID"

_USE = """## Use

```python
import gmf

nlp = gmf.load("{place}")
for entity in nlp("Rocky is ready for snow season"{image}).entities:
    print(entity.text, entity.type, entity.char_start, entity.char_end, entity.confidence)
```

What the model could not see of a post is said in `.notes`.{images}"""

_READS_IMAGES = "the model reads an image only to type the names in the text, it recognises nobody."

_INTENDED = """## Intended use

Finding named entities in short social-media posts, for research and for the analysis of text at
scale. Not meant for decisions about single persons, for surveillance, or for identifying people in
images: {images}"""


def model_card(
    meta: Mapping[str, Any],
    scores: Sequence[PublishedScore],
    *,
    place: str | None = None,
    license: str | None = None,
) -> str:
    """Return the card as Markdown with the metadata that the hub reads.

    Args:
        meta: What the checkpoint (``gmf.json``) or export (``export.json``) says of itself.
        scores: What was measured, with where it comes from.
        place: What ``gmf.load`` will take: a hub id, or the name of an installed model.
        license: Licence of the weights, as the hub names it.
    """
    model = meta["model"]
    name = str(model["name"] if isinstance(model, dict) else model)
    title = place.split("/")[-1] if place else f"gmf: {name}"
    provenance: Mapping[str, Any] = meta.get("provenance", {})
    sections = [
        f"# {title}",
        f"A `{name}` model of gmf for multimodal named entity "
        f"recognition. It finds {', '.join(f'`{t}`' for t in meta['types'])} in a post"
        f"{', with the help of its images' if _reads_images(meta) else '; it reads no images'}.",
        _USE.format(
            place=place or _PLACEHOLDER,
            image=', image="rocky.jpg"' if _reads_images(meta) else "",
            images=" Images may be left out." if _reads_images(meta) else "",
        ),
        _scores(scores),
        _data(provenance),
        _making(provenance, meta),
        _INTENDED.format(images=_READS_IMAGES if _reads_images(meta) else "the model reads none."),
        _limits(meta),
        f"## Licence\n\n{license or 'Not stated by whoever published it.'}",
    ]
    return f"---\n{_metadata(title, scores, license)}\n---\n\n" + "\n\n".join(sections) + "\n"


def _metadata(title: str, scores: Sequence[PublishedScore], license: str | None) -> str:
    results = [
        EvalResult(
            task_type="token-classification",
            dataset_type=f"sha256-{score.digest[:16]}",
            dataset_name=score.data,
            dataset_split=score.split,
            metric_type=kind,
            metric_name=f"{kind} (micro, exact span, {score.rule})",
            metric_value=round(getattr(score, kind), 6),
        )
        for score in scores
        for kind in ("precision", "recall", "f1")
    ]
    return ModelCardData(
        library_name="gmf",
        pipeline_tag="token-classification",
        license=license,
        tags=["named-entity-recognition", "multimodal", "social-media"],
        model_name=title,
        eval_results=results or None,
    ).to_yaml()


def _scores(scores: Sequence[PublishedScore]) -> str:
    if not scores:
        return "## Scores\n\nNone were recorded with this model."
    rows = [
        f"| {s.data}, {s.split} | {s.rule} | {100 * s.precision:.2f} | {100 * s.recall:.2f} | "
        f"{100 * s.f1:.2f} | {s.gold} | {s.source} | `{s.digest[:12]}` |"
        for s in scores
    ]
    return "\n".join(
        [
            "## Scores",
            "",
            "Micro, exact spans, post by post; `lenient` is the field's counting, `strict` BIO2.",
            "",
            "| data | rule | P | R | F1 | entities | measured by | digest of the data |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def _data(provenance: Mapping[str, Any]) -> str:
    rows = [
        f"| {part['part']} | {part.get('copy') or part['source']} | {part.get('tweets', '')} | "
        f"`{part['digest'][:12]}` |"
        for part in fingerprints_of(provenance)
    ]
    if not rows:
        return "## Data\n\nNot recorded with this model."
    head = ["| part | data | posts | digest |", "| --- | --- | --- | --- |"]
    return "\n".join(["## Data", "", "Trained on `train`, chosen on `dev`.", "", *head, *rows])


def _making(provenance: Mapping[str, Any], meta: Mapping[str, Any]) -> str:
    encoders = [
        f"- {side} encoder: {encoder['name']}, weights `{encoder['digest'][:12]}`"
        for side, encoder in provenance.get("encoders", {}).items()
        if isinstance(encoder, dict)
    ]
    versions = ", ".join(
        f"{name} {number}" for name, number in provenance.get("versions", {}).items()
    )
    if teacher := provenance.get("teacher"):
        encoders.append(f"- teacher: {teacher['name']}, weights `{teacher['digest'][:12]}`")
    facts = [f"- {key}: {provenance[key]}" for key in ("seed", "precision") if key in provenance]
    if hardware := provenance.get("hardware"):
        facts.append(f"- hardware: {', '.join(f'{n} {v}' for n, v in hardware.items())}")
    if "config_digest" in provenance:
        facts.append(f"- digest of the configuration: `{provenance['config_digest'][:12]}`")
    if meta.get("int8"):
        facts.append("- large matrices and embeddings are stored in eight bits")
    if versions:
        facts.append(f"- versions: {versions}")
    return "\n".join(["## Making", "", *(encoders + facts or ["Not recorded with this model."])])


def _reads_images(meta: Mapping[str, Any]) -> bool:
    return bool(meta.get("images") or "image" in meta.get("encoders", {}))


def _calibration(fitted: Mapping[str, float] | None) -> str:
    if not fitted:
        return "It was not calibrated."
    before, after = fitted["expected_error_before"], fitted["expected_error_after"]
    return (
        f"It was calibrated on {fitted['entities']} predicted entities of dev (temperature "
        f"{fitted['temperature']}): its expected error there is {after:.3f}, and was {before:.3f}."
    )


def _limits(meta: Mapping[str, Any]) -> str:
    longest = meta.get("max_subwords") or meta.get("data", {}).get("max_subwords")
    lines = [
        "It knows the language, the time and the kind of posts that it was trained on; expect "
        "less on others; the scores above do not say how much less.",
        f"A post of more than {longest} subwords is read in overlapping windows, unless one asks "
        "otherwise; the result says so.",
        "A confidence is the model's own probability of a span and its type. "
        + _calibration(meta.get("provenance", {}).get("calibration")),
        "Rare names, and names of groups that the data hardly shows, may be missed more often; "
        "this was not measured.",
    ]
    if _reads_images(meta):
        lines.insert(1, "An image that has nothing to do with the text can mislead it.")
    return "\n".join(["## Limits", "", *(f"- {line}" for line in lines)])
