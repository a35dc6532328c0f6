"""Documents as CoNLL columns."""

from gmf.data.conll_lines import DOCUMENT_MARK, ID_PREFIX
from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import LineFormat
from gmf.prediction.documents import Document

_SEPARATORS = frozenset("\t\n\r")


class ConllFormat(LineFormat):
    """``IMGID:<id>``, then a word and its BIO2 tag a line, then an empty line."""

    suffixes = (".conll", ".txt")

    def render(self, row: Row, document: Document) -> str:
        """Return a block.

        Raises:
            ValueError: If the post has no words, or one of them or the identifier would break the
                lines.
        """
        words = [document.text[start:end] for start, end in document.words]
        if not words:
            raise ValueError("CoNLL cannot hold a post without words")
        for name, value in (("identifier", row.id), *(("word", word) for word in words)):
            if not _SEPARATORS.isdisjoint(value):
                raise ValueError(f"CoNLL cannot hold {name} {value!r}: it has a TAB or a line end")
            if value.startswith(DOCUMENT_MARK):
                raise ValueError(f"CoNLL cannot hold {name} {value!r}: it marks a document")
        lines = [f"{word}\t{tag}\n" for word, tag in zip(words, document.tags, strict=True)]
        return f"{ID_PREFIX}{row.id}\n{''.join(lines)}\n"
