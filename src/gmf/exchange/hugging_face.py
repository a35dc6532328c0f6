"""Token classification as Hugging Face's datasets have it: JSON lines, Parquet, objects."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from gmf.core.errors import DataError
from gmf.core.extras import require_extra
from gmf.core.files import replacing
from gmf.exchange.base import DocumentWriter, ReadableFormat, Trait, WritableFormat, shards_in
from gmf.exchange.document import AnnotatedText, document_of_words
from gmf.exchange.hugging_face_features import (
    TAG_COLUMNS,
    class_names,
    features_of,
    names_beside,
    row_schema,
    schema_metadata,
    tag_names,
)
from gmf.exchange.json_format import JsonFormat
from gmf.exchange.json_values import identifier_of, words_in
from gmf.exchange.report import ConversionReport
from gmf.exchange.schemes import entities_of_scheme, tags_of_scheme

if TYPE_CHECKING:
    from datasets import Dataset

_TOKEN_COLUMNS = ("tokens", "words")
#: Key of a Parquet schema under which the library keeps the names of the tags.
_METADATA = b"huggingface"
_GROUP_ROWS = 512


class HuggingFaceFormat(JsonFormat):
    """JSON lines of ``id``, ``tokens`` and ``ner_tags``, tags by name.

    Tags that are numbers need names: those of ``dataset_info.json`` beside the file, which
    ``datasets`` writes, else the file is refused.

    Source: https://huggingface.co/docs/transformers/tasks/token_classification.
    """

    suffixes = (".jsonl",)
    keys: ClassVar = frozenset(
        (*_TOKEN_COLUMNS, *TAG_COLUMNS, "ner", "id", "pos_tags", "chunk_tags")
    )
    traits: ClassVar = frozenset((Trait.UNLABELLED, Trait.ANY_TYPE))
    names: tuple[str, ...] | None = None
    tool = "huggingface"

    def read(self, path: Path, *, report: ConversionReport) -> Iterator[AnnotatedText]:
        """Yield the documents of a file; see ``ReadableFormat``."""
        self.names = names_beside(path)
        return super().read(path, report=report)

    def parse(
        self,
        row: dict[str, Any],
        *,
        where: str,  # noqa: ARG002
        report: ConversionReport,  # noqa: ARG002
    ) -> AnnotatedText | None:
        """Return the document of a row; see ``JsonFormat``."""
        return _document_of(row, self.names)

    def render(self, document: AnnotatedText) -> str:
        """Return a row.

        Raises:
            ValueError: If the text has no words.
        """
        return json.dumps(_row_of(document, self.scheme), ensure_ascii=False) + "\n"


class HuggingFaceParquetFormat(ReadableFormat, WritableFormat):
    """Parquet of ``id``, ``tokens`` and ``ner_tags``, numbers whose names the schema keeps.

    ``datasets.load_dataset("parquet", ...)`` has them as ``ClassLabel``.
    """

    suffixes = (".parquet",)
    is_text = False
    traits: ClassVar = frozenset((Trait.ANY_TYPE,))

    @classmethod
    def recognises(cls, path: Path, head: object) -> bool:  # noqa: ARG003
        """Return whether a file is Parquet with words."""
        if path.suffix.lower() != ".parquet" or not path.is_file():
            return False
        columns = _table(path).schema_arrow.names
        return any(name in columns for name in _TOKEN_COLUMNS)

    def read(self, path: Path, *, report: ConversionReport) -> Iterator[AnnotatedText]:
        """Yield the document of each row."""
        with _table(path) as table:
            content = (table.schema_arrow.metadata or {}).get(_METADATA, b"{}")
            names = class_names(features_of(content))
            for row in _rows_of(table, path):
                report.read += 1
                number = report.read
                where = f"{path}, row {number}"
                try:
                    document = _document_of(row, names, number=number, origin=where)
                except ValueError as error:
                    report.fault(f"{where}: {error}")
                else:
                    yield document

    def open(self, path: Path) -> DocumentWriter:
        """Begin a shard, in which tags are names still."""
        return _RowWriter(path, self.scheme)

    def merge(self, folder: Path, target: Path, *, types: Sequence[str]) -> None:
        """Copy the shards into one table, tags as numbers."""
        import pyarrow
        from pyarrow import parquet

        names = tag_names(types, self.scheme)
        index = {name: position for position, name in enumerate(names)}
        schema = row_schema(pyarrow.int64()).with_metadata({_METADATA: schema_metadata(names)})
        with replacing(target) as half, parquet.ParquetWriter(half, schema) as writer:
            for shard in shards_in(folder):
                with parquet.ParquetFile(shard) as file:
                    for batch in file.iter_batches(_GROUP_ROWS * 8):
                        rows = [
                            row | {"ner_tags": [index[tag] for tag in row["ner_tags"]]}
                            for row in batch.to_pylist()
                        ]
                        writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))


class _RowWriter:
    def __init__(self, path: Path, scheme: str) -> None:
        require_extra("pyarrow", extra="parquet", purpose="Parquet")
        import pyarrow
        from pyarrow import parquet

        self.schema = row_schema(pyarrow.string())
        self.writer, self.scheme = parquet.ParquetWriter(path, self.schema), scheme
        self.waiting: list[dict[str, Any]] = []

    def add(self, document: AnnotatedText) -> None:
        self.waiting.append(_row_of(document, self.scheme))
        if len(self.waiting) >= _GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        self._flush()
        self.writer.close()

    def _flush(self) -> None:
        import pyarrow

        if self.waiting:
            self.writer.write_table(pyarrow.Table.from_pylist(self.waiting, schema=self.schema))
        self.waiting = []


def documents_of(dataset: "Dataset | Iterable[dict[str, Any]]") -> Iterator[AnnotatedText]:
    """Yield the documents of a dataset of the library ``datasets``, or of dicts.

    Args:
        dataset: Rows of ``tokens`` and ``ner_tags``; its ``features`` name tags that are numbers.

    Raises:
        DataError: If a row is not of token classification; names the row, from 1.
    """
    names = class_names(getattr(dataset, "features", None) or {})
    for number, row in enumerate(cast(Iterable[dict[str, Any]], dataset), 1):
        try:
            yield _document_of(row, names, number=number, origin=f"row {number}")
        except ValueError as error:
            raise DataError(f"row {number}: {error}") from error


def dataset_of(documents: Iterable[AnnotatedText], *, scheme: str = "IOB2") -> "Dataset":
    """Return documents as a dataset of the library ``datasets``, tags as ``ClassLabel``.

    Args:
        documents: Labelled ones, without overlap.
        scheme: Tag scheme.

    Raises:
        ConfigError: If ``datasets`` is not installed.
        ValueError: If a document is unlabelled, has no words, or has overlapping entities.
    """
    require_extra("datasets", extra="datasets", purpose="a dataset of Hugging Face")
    from datasets import ClassLabel, Dataset, Features, Sequence, Value

    rows: list[dict[str, Any]] = []
    types: set[str] = set()
    for document in documents:
        if document.mentions is None:
            raise ValueError(f"{document.origin or document.id}: unlabelled; expected entities")
        rows.append(_row_of(document, scheme))
        types.update(mention.type for mention in document.mentions)
    names = tag_names(sorted(types), scheme)
    index = {name: position for position, name in enumerate(names)}
    for row in rows:
        row["ner_tags"] = [index[tag] for tag in row["ner_tags"]]
    tags = Sequence(ClassLabel(names=list(names)))
    features = {"id": Value("string"), "tokens": Sequence(Value("string")), "ner_tags": tags}
    return Dataset.from_list(rows, features=Features(features))


def _document_of(
    row: dict[str, Any], names: tuple[str, ...] | None, **fields: Any
) -> AnnotatedText:
    column = next((name for name in _TOKEN_COLUMNS if name in row), "tokens")
    words = words_in(row, column)
    tags: object = next((row[n] for n in (*TAG_COLUMNS, "ner") if row.get(n) is not None), None)
    entities = None
    if tags is not None:
        entities = entities_of_scheme(_named(tags, names))
        if len(cast(list[Any], tags)) != len(words):
            raise ValueError(
                f"expected {len(words)} tags, one a word, got {len(cast(list[Any], tags))}"
            )
    return document_of_words(words, entities, id=identifier_of(row.get("id")), **fields)


def _named(tags: object, names: tuple[str, ...] | None) -> list[str]:
    if not isinstance(tags, list):
        raise ValueError(f"tags: expected a list, got {type(tags).__name__}")
    result: list[str] = []
    for tag in cast(list[object], tags):
        if isinstance(tag, str):
            result.append(tag)
        elif isinstance(tag, int) and not isinstance(tag, bool):
            if names is None:
                raise ValueError(
                    "the tags are numbers and nothing names them: put dataset_info.json, which "
                    "datasets writes, beside the file, or write the names of the tags"
                )
            if not 0 <= tag < len(names):
                raise ValueError(f"tag {tag}: expected 0 to {len(names) - 1}")
            result.append(names[tag])
        else:
            raise ValueError(f"tag {tag!r}: expected a name or a number")
    return result


def _row_of(document: AnnotatedText, scheme: str) -> dict[str, Any]:
    spans, entities = document.tagged_words()
    if not spans:
        raise ValueError("a dataset cannot hold a text without words")
    words = [document.text[start:end] for start, end in spans]
    row: dict[str, Any] = {"id": document.id, "tokens": words}
    if document.mentions is not None:
        row["ner_tags"] = tags_of_scheme(entities, len(words), scheme=scheme)
    return row


def _rows_of(table: Any, path: Path) -> Iterator[dict[str, Any]]:
    try:
        for batch in table.iter_batches(_GROUP_ROWS):
            yield from batch.to_pylist()
    except (OSError, ValueError) as error:  # pyarrow's own derive from these.
        raise DataError(f"cannot be read as Parquet ({error})", path=path) from error


def _table(path: Path) -> Any:
    require_extra("pyarrow", extra="parquet", purpose="Parquet")
    from pyarrow import ArrowException, parquet

    try:
        return parquet.ParquetFile(path)
    except (OSError, ValueError, ArrowException) as error:
        raise DataError(f"cannot be read as Parquet ({error})", path=path) from error
