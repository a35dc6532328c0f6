"""Documents as spaCy DocBin files."""

from collections.abc import Sequence
from pathlib import Path

from gmf.core.extras import require_extra
from gmf.jobs.inputs.rows import Row
from gmf.jobs.outputs.base import OutputFormat, ShardWriter
from gmf.prediction.documents import Document


class DocBinFormat(OutputFormat):
    """A folder of ``.spacy`` files, as spaCy's corpus reader takes it; see ``Document.to_spacy``.

    One file of a million documents would have to fit in memory, so there is one a shard.

    Raises:
        ConfigError: If spaCy is not installed.
    """

    suffixes = (".spacy",)

    def __init__(self) -> None:
        require_extra("spacy", extra="spacy", purpose="spaCy output")

    def open(self, path: Path) -> ShardWriter:
        """Begin a file."""
        return _DocBinWriter(path)

    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:  # noqa: ARG002
        """Move the folder to its place."""
        folder.rename(target)


class _DocBinWriter:
    def __init__(self, path: Path) -> None:
        from spacy.tokens import DocBin
        from spacy.vocab import Vocab

        self.path, self.vocab = path, Vocab()
        self.docs = DocBin(store_user_data=True)

    def add(self, row: Row, document: Document) -> None:
        doc = document.to_spacy(self.vocab)
        doc.user_data["gmf"]["id"] = row.id
        doc.user_data["gmf"]["row"] = row.number
        self.docs.add(doc)

    def close(self) -> None:
        self.docs.to_disk(self.path)
