"""Documents as spaCy DocBin files."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from gmf.core.errors import DataError
from gmf.core.extras import require_extra
from gmf.core.files import replacing
from gmf.exchange.base import DocumentWriter, ReadableFormat, Trait, WritableFormat, shards_in
from gmf.exchange.document import AnnotatedText, Mention, Span
from gmf.exchange.offsets import Unit
from gmf.exchange.report import ConversionReport
from gmf.reading.near_files import files_ending

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

#: Where ``Doc.user_data`` holds what spaCy has no field for.
USER_DATA = "gmf"


class DocBinFormat(ReadableFormat, WritableFormat):
    """DocBin of spaCy: texts, words, ``ents``; ``user_data["gmf"]`` holds confidences and names.

    Offsets are code points.

    Source: https://spacy.io/api/docbin.

    Raises:
        ConfigError: If spaCy is not installed.
    """

    suffixes = (".spacy",)
    is_text = False
    is_merged_in_memory = True
    traits: ClassVar = frozenset(
        (Trait.CONFIDENCES, Trait.SPACING, Trait.ANY_TYPE, Trait.UNLABELLED)
    )

    def __init__(self, *, offsets: Unit | None = None, scheme: str = "IOB2") -> None:
        super().__init__(offsets=offsets, scheme=scheme)
        require_extra("spacy", extra="spacy", purpose="spaCy output")

    @classmethod
    def recognises(cls, path: Path, head: object) -> bool:  # noqa: ARG003
        """Return whether a file, or the files of a folder, end with ``.spacy``."""
        return path.suffix.lower() == ".spacy"

    def read(self, path: Path, *, report: ConversionReport) -> Iterator[AnnotatedText]:
        """Yield the documents of a file, or of the ``.spacy`` files of a folder."""
        from spacy.vocab import Vocab

        for file in files_ending(path, ".spacy") if path.is_dir() else [path]:
            for position, doc in enumerate(_docs_in(file, Vocab()), 1):
                report.read += 1
                where = f"{file}, document {position}"
                lost = {"span group": len(doc.spans), "category of the text": len(doc.cats)}
                for kind, count in lost.items():
                    report.lose(kind, where, count)
                yield document_of_doc(doc, number=report.read, origin=where)

    def open(self, path: Path) -> DocumentWriter:
        """Begin a file."""
        return _DocBinWriter(path)

    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:  # noqa: ARG002
        """Make one file of the shards."""
        from spacy.tokens import DocBin

        shards = shards_in(folder)
        with replacing(target) as half:
            if len(shards) == 1:
                shards[0].rename(half)
                return
            whole = DocBin(store_user_data=True)
            for shard in shards:
                whole.merge(DocBin(store_user_data=True).from_disk(shard))
            whole.to_disk(half)


class _DocBinWriter:
    def __init__(self, path: Path) -> None:
        from spacy.tokens import DocBin
        from spacy.vocab import Vocab

        self.path, self.vocab = path, Vocab()
        self.docs = DocBin(store_user_data=True)

    def add(self, document: AnnotatedText) -> None:
        document.text.encode()
        words, _ = document.tagged_words()
        doc = doc_of(document.text, words, document.mentions, vocab=self.vocab)
        mentions = sorted(document.mentions or (), key=lambda m: m.char_start)
        doc.user_data[USER_DATA] |= {
            "id": document.id,
            "row": document.number,
            "is_labelled": document.mentions is not None,
            "confidences": [mention.confidence for mention in mentions],
        }
        self.docs.add(doc)

    def close(self) -> None:
        self.docs.to_disk(self.path)


def doc_of(
    text: str,
    words: Sequence[Span],
    mentions: Sequence[Mention] | None,
    *,
    vocab: "Vocab | None" = None,
) -> "Doc":
    """Return a spaCy document of a text and its words, mentions in ``ents``.

    Args:
        text: The text.
        words: Its words; each mention begins and ends with one.
        mentions: Without overlap; ``None`` leaves the document without annotation.
        vocab: The vocabulary of the pipeline that goes on with it; a new one when ``None``.

    Raises:
        ImportError: If spaCy is not installed (``pip install 'gmf[spacy]'``).
    """
    from spacy.tokens import Doc, Span
    from spacy.vocab import Vocab

    parts, spaces = _words_and_spaces(text, words)
    doc = Doc(Vocab() if vocab is None else vocab, words=parts, spaces=spaces)
    doc.user_data[USER_DATA] = {}
    if mentions is not None:
        spans = [
            doc.char_span(m.char_start, m.char_end, label=m.type, alignment_mode="expand")
            for m in mentions
        ]
        doc.set_ents(cast(list[Span], spans), default="outside")
    return doc


def document_of_doc(doc: "Doc", *, number: int = 0, origin: str = "") -> AnnotatedText:
    """Return a spaCy document as a document; white space that is a token is no word."""
    data = cast(dict[str, Any], doc.user_data.get(USER_DATA) or {})
    confidences = list(data.get("confidences") or ())
    if len(confidences) != len(doc.ents):
        confidences = [None] * len(doc.ents)
    mentions = tuple(
        Mention(ent.start_char, ent.end_char, ent.label_, confidence)
        for ent, confidence in zip(doc.ents, confidences, strict=True)
    )
    words = tuple((t.idx, t.idx + len(t)) for t in doc if not t.is_space)
    # spaCy cannot tell it of a document without tokens.
    is_labelled = data.get("is_labelled", doc.has_annotation("ENT_IOB"))
    return AnnotatedText(
        doc.text,
        mentions if is_labelled else None,
        str(data.get("id") or ""),
        words=words or None,
        number=number,
        origin=origin,
        is_predicted=any(c is not None for c in confidences),
    )


def _docs_in(path: Path, vocab: "Vocab") -> Iterator["Doc"]:
    from spacy.tokens import DocBin

    try:
        yield from DocBin(store_user_data=True).from_disk(path).get_docs(vocab)
    except Exception as error:  # msgpack, zlib and spaCy each raise their own.
        message = f"cannot be read as DocBin ({type(error).__name__}: {error})"
        raise DataError(message, path=path) from error


def _words_and_spaces(text: str, words: Sequence[Span]) -> tuple[list[str], list[bool]]:
    """Return spaCy's words, and whether one space follows; other white space is a word."""
    parts: list[str] = []
    spaces: list[bool] = []
    position = 0
    for start, end in (*words, (len(text), len(text))):
        gap = text[position:start]
        if parts and gap.startswith(" "):
            spaces[-1], gap = True, gap[1:]
        for word in (gap, text[start:end]):
            if word:
                parts.append(word)
                spaces.append(False)
        position = end
    return parts, spaces
