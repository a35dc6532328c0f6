"""gmf in a spaCy pipeline: ``nlp.add_pipe("gmf", config={"model": ...})`` fills ``doc.ents``."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from gmf.core.errors import ConfigError
from gmf.prediction.documents import Entity
from gmf.prediction.pipeline import Pipeline, load

Alignment = Literal["strict", "contract", "expand"]
#: Keys of a context (``nlp.pipe(..., as_tuples=True)``) that hold the images of a text.
CONTEXT_KEYS = ("images", "image")
MODEL = "model"

for _name in ("gmf_images", "gmf_notes"):
    if not Doc.has_extension(_name):
        Doc.set_extension(_name, default=None)
if not Span.has_extension("gmf_confidence"):
    Span.set_extension("gmf_confidence", default=None)


@Language.factory(  # pyright: ignore[reportUntypedFunctionDecorator]
    "gmf",
    assigns=["doc.ents", "doc._.gmf_notes"],
    default_config={"model": "", "device": "auto", "alignment": "expand"},
)
def make_component(
    nlp: Language,  # noqa: ARG001 -- spaCy passes it
    name: str,
    model: str,
    device: str,
    alignment: Alignment,
) -> "GmfComponent":
    """Return the component; see ``GmfComponent``."""
    return GmfComponent(name, model=model, device=device, alignment=alignment)


class GmfComponent:
    """Finds the entities of documents, with images when there are any.

    Images come from ``doc._.gmf_images``, or else from ``image`` or ``images`` of the context that
    ``nlp.pipe([(text, context)], as_tuples=True)`` gave: paths, bytes or PIL images, one or a list.

    ``doc.ents`` is replaced. ``span._.gmf_confidence`` is the probability of an entity;
    ``doc._.gmf_notes`` lists what the model did not see, and the entities whose borders are no
    borders of spaCy's tokens: gmf cuts words as its training data did.

    Args:
        name: Name in the pipeline.
        model: What ``gmf.load`` takes.
        device: Where to compute.
        alignment: What becomes of such an entity: ``expand`` takes the whole tokens, ``contract``
            the tokens that lie inside, ``strict`` drops it. Of two entities that come to share a
            token the longer one stays.
    """

    def __init__(
        self,
        name: str = "gmf",
        *,
        model: str = "",
        device: str = "auto",
        alignment: Alignment = "expand",
    ) -> None:
        self.name, self.device, self.alignment = name, device, alignment
        self._model = model
        self._pipeline: Pipeline | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the loaded model out: workers of ``nlp.pipe(n_process=2)`` load it by its name."""
        return {**self.__dict__, "_pipeline": None}

    @property
    def pipeline(self) -> Pipeline:
        """The model, loaded when it is first asked for.

        A pipeline that is read from disk names the run that it was made with, which need not be
        there; then the model comes from the disk.

        Raises:
            ConfigError: If none was named and none was read from disk.
            CheckpointError: If there is no such model.
        """
        if self._pipeline is None:
            if not self._model:
                raise ConfigError(
                    f"component {self.name!r} has no model; "
                    'add it with nlp.add_pipe("gmf", config={"model": "RUN"})'
                )
            self._pipeline = load(self._model, device=self.device)
        return self._pipeline

    def __call__(self, doc: Doc) -> Doc:
        """Fill one document."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:  # noqa: ARG002
        """Fill documents in order; the model decides how many are read ahead."""
        waiting = deque[Doc]()

        def posts() -> Iterator[tuple[str, Any]]:
            for doc in stream:
                waiting.append(doc)
                yield doc.text, _images_of(doc)

        # One stream, so that an error tells a post's place in all of it.
        for document in self.pipeline.stream(posts()):
            doc = waiting.popleft()
            doc._.gmf_notes = [*document.notes, *self._fill(doc, document.entities)]
            yield doc

    def _fill(self, doc: Doc, mentions: Iterable[Entity]) -> list[str]:
        """Set the entities; return what became of those that are not whole tokens."""
        notes: list[str] = []
        chosen: dict[tuple[int, int], tuple[Span, Entity]] = {}
        for mention in sorted(mentions, key=lambda mention: mention.confidence):
            span = doc.char_span(
                mention.char_start,
                mention.char_end,
                label=mention.type,
                alignment_mode=self.alignment,
            )
            if span is None or not len(span):
                notes.append(f"{_shown(mention)} is left out: it is not whole tokens of spaCy")
                continue
            if span.text != mention.text:
                notes.append(f"{_shown(mention)} became {span.text!r}, whole tokens of spaCy")
            tokens = (span.start, span.end)
            if tokens in chosen:
                notes.append(
                    f"{_shown(chosen[tokens][1])} is left out: another has the same tokens"
                )
            chosen[tokens] = span, mention
        doc.ents = filter_spans([span for span, _ in chosen.values()])
        spans = {(span.start, span.end): span for span in doc.ents}
        for tokens, (_, mention) in chosen.items():
            if tokens in spans:
                spans[tokens]._.gmf_confidence = mention.confidence
            else:
                notes.append(f"{_shown(mention)} is left out: it shares a token with a longer one")
        return notes

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:  # noqa: ARG002
        """Write the model too, so that the pipeline can be read where the run is not."""
        folder = Path(path)
        folder.mkdir(exist_ok=True)
        source = self.pipeline.source
        if source is None or Path(source).resolve() != (folder / MODEL).resolve():
            self.pipeline.save_pretrained(folder / MODEL)

    def from_disk(
        self,
        path: str | Path,
        *,
        exclude: Iterable[str] = (),  # noqa: ARG002
    ) -> "GmfComponent":
        """Read the model that ``to_disk`` wrote; all else is in the pipeline's configuration."""
        self._model = str(Path(path) / MODEL)
        self._pipeline = load(self._model, device=self.device)
        return self


def _images_of(doc: Doc) -> Any:
    if doc._.gmf_images is not None:
        return doc._.gmf_images
    context = getattr(doc, "_context", None)
    if isinstance(context, Mapping):
        named = cast(Mapping[str, Any], context)
        return next((named[key] for key in CONTEXT_KEYS if named.get(key) is not None), None)
    return None


def _shown(mention: Entity) -> str:
    return f"{mention.type} {mention.text!r} [{mention.char_start}, {mention.char_end})"
