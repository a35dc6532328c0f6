"""One shard of a job: its rows predicted and written, whole or not at all."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from gmf.core.errors import DataError, GmfError
from gmf.core.types import Sample
from gmf.data.image_report import ImageReport
from gmf.jobs.inputs.rows import MAX_WORDS, Row, RowSource, Shard
from gmf.jobs.outputs.base import OutputFormat
from gmf.prediction.atomic import replacing
from gmf.prediction.documents import Document
from gmf.prediction.pipeline import Pipeline

#: Batches that are in memory at once, images included, and sorted by length.
CHUNK_BATCHES = 8


@dataclass
class ShardStats:
    """What became of the rows of a shard.

    Args:
        documents: Rows with a document.
        noted: Documents with a note, such as an image that could not be read.
        errors: The error rows: ``row``, ``id``, ``origin``, ``error``.
        types: Entity types that occur, sorted.
        images: Counts of the images, see ``ImageReport.as_dict``.
    """

    documents: int = 0
    noted: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    types: list[str] = field(default_factory=list[str])
    images: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def rows(self) -> int:
        """Rows of both kinds."""
        return self.documents + len(self.errors)


def run_shard(
    pipeline: Pipeline,
    source: RowSource,
    shard: Shard,
    *,
    output: OutputFormat,
    documents: Path,
    stats: Path,
    batch_size: int,
    on_rows: Callable[[int], None] = lambda _: None,
) -> None:
    """Predict the rows of a shard; its files appear at once, the statistics last.

    Args:
        pipeline: The model.
        source: The input.
        shard: Which rows.
        output: Format of the documents.
        documents: Where the documents go.
        stats: Where the statistics go; a shard that has them is complete.
        batch_size: Posts of one pass.
        on_rows: Hears of rows that are done.

    Raises:
        DataError: If the input no longer holds these rows.
        GmfError: If the model fails on every post.
    """
    report, found = ImageReport(), ShardStats()
    types: set[str] = set()
    with replacing(documents) as half:
        writer = output.open(half)
        try:
            rows = source.read(shard)
            while chunk := list(islice(rows, CHUNK_BATCHES * batch_size)):
                for row, outcome in _outcomes(pipeline, chunk, batch_size, report):
                    if isinstance(outcome, Document):
                        try:
                            writer.add(row, outcome)
                        except ValueError as error:
                            outcome = str(error)
                    if isinstance(outcome, Document):
                        found.documents += 1
                        found.noted += bool(outcome.notes)
                        types.update(entity.type for entity in outcome.entities)
                    else:
                        place = {"row": row.number, "id": row.id, "origin": row.origin}
                        found.errors.append({**place, "error": outcome})
                on_rows(len(chunk))
        finally:
            writer.close()
        if found.rows != shard.rows:
            raise DataError(
                f"expected {shard.rows} rows from row {shard.first_row} on, got {found.rows}: the "
                "input changed while it was read; start again with --overwrite"
            )
    found.types, found.images = sorted(types), report.as_dict()
    with replacing(stats) as half:
        half.write_text(json.dumps(asdict(found), ensure_ascii=False) + "\n", encoding="utf-8")


def _outcomes(
    pipeline: Pipeline, rows: list[Row], batch_size: int, report: ImageReport
) -> Iterator[tuple[Row, Document | str]]:
    """Yield each row with its document, or the reason why it has none."""
    errors = {row.number: error for row in rows if (error := _fault_of(row))}
    samples = [row.sample for row in rows if row.sample and row.number not in errors]
    found = _documents(pipeline, samples, batch_size, report)
    for row in rows:
        yield row, errors.get(row.number) or next(found)


def _fault_of(row: Row) -> str:
    if row.sample is None:
        return row.error
    words = len(row.sample.tokens)
    return f"{words} words; expected at most {MAX_WORDS}" if words > MAX_WORDS else ""


def _documents(
    pipeline: Pipeline, samples: list[Sample], batch_size: int, report: ImageReport
) -> Iterator[Document | str]:
    def predict(part: Iterable[Sample]) -> list[Document]:
        return list(pipeline.predict(part, batch_size=batch_size, report=report))

    try:
        yield from predict(samples)
        return
    # Whatever a library raises on one odd post must not end a job of a million: the posts are
    # taken one by one, and only what fails alone becomes an error row.
    except Exception as error:
        first = error
    outcomes: list[Document | str] = []
    for sample in samples:
        try:
            outcomes += predict([sample])
        except Exception as error:
            outcomes.append(f"the model failed: {type(error).__name__}: {error}")
    if len(samples) > 1 and not any(isinstance(outcome, Document) for outcome in outcomes):
        raise GmfError(
            f"the model fails on every post, {samples[0].origin} and {len(samples) - 1} more: "
            f"{outcomes[0]}"
        ) from first
    yield from outcomes
