"""One shard of a job: its rows predicted and written, whole or not at all."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from gmf.core.errors import ConfigError, DataError, GmfError, ModelError
from gmf.core.files import replacing, write_text
from gmf.core.types import Sample
from gmf.data.image_report import ImageReport
from gmf.jobs.inputs.rows import MAX_WORDS, Row, Shard
from gmf.jobs.inputs.several import Inputs
from gmf.jobs.outputs.base import OutputFormat, ShardWriter
from gmf.jobs.outputs.kept import check_columns
from gmf.prediction.documents import Document
from gmf.prediction.options import PredictOptions
from gmf.prediction.pipeline import Pipeline
from gmf.reading.tokenize import check_length


@dataclass
class ShardStats:
    """What became of the rows of a shard.

    Args:
        documents: Rows with a document.
        noted: Documents with a note, such as an image that could not be read.
        windowed: Documents that are longer than the model reads at once.
        errors: The error rows: ``row``, ``id``, ``origin``, ``error``.
        types: Entity types that occur, sorted.
        images: Counts of the images, see ``ImageReport.to_dict``.
    """

    documents: int = 0
    noted: int = 0
    windowed: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    types: list[str] = field(default_factory=list[str])
    images: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def rows(self) -> int:
        """Rows of both kinds."""
        return self.documents + len(self.errors)

    def add(self, document: Document) -> None:
        """Count a document."""
        self.documents += 1
        self.noted += bool(document.notes)
        self.windowed += document.windows > 1


def run_shard(
    pipeline: Pipeline,
    source: Inputs,
    shard: Shard,
    *,
    output: OutputFormat,
    documents: Path,
    stats: Path,
    options: PredictOptions,
    max_errors: int | None = None,
    on_rows: Callable[[int], None] = lambda _: None,
) -> ShardStats:
    """Predict the rows of a shard; its files appear at once, the statistics last.

    Args:
        pipeline: The model.
        source: The input.
        shard: Which rows.
        output: Format of the documents.
        documents: Where the documents go.
        stats: Where the statistics go; a shard that has them is complete.
        options: How posts are predicted.
        max_errors: Error rows after which the shard is given up; ``None`` for any number.
        on_rows: Called with the number of rows that were done.

    Returns:
        The statistics.

    Raises:
        DataError: If the input no longer holds these rows.
        GmfError: If the model fails on every post, or there are more error rows.
    """
    report, counts = ImageReport(), ShardStats()
    types: set[str] = set()
    with replacing(documents) as half:
        writer = output.open(half)
        if not all(callable(getattr(writer, name, None)) for name in ("add", "close")):
            raise TypeError(f"open: expected a writer with add and close, got {writer!r:.100}")
        try:
            done = 0
            outcomes = _Outcomes(pipeline, source.read(shard), options, report)
            for row, outcome in outcomes:
                outcome = _written(output, writer, row, outcome)
                if isinstance(outcome, Document):
                    counts.add(outcome)
                    types.update(entity.type for entity in outcome.entities)
                else:
                    origin = {"row": row.number, "id": row.id, "origin": row.origin}
                    counts.errors.append({**origin, "error": outcome})
                    _check_errors(counts.errors, max_errors)
                done += 1
                if not outcomes.waiting:
                    on_rows(done)
                    done = 0
        finally:
            writer.close()
        if not half.exists():
            raise FileNotFoundError(f"open: its writer wrote nothing at its path, {half}")
        if counts.rows != shard.rows:
            raise DataError(
                f"expected {shard.rows} rows from row {shard.first_row} on, got "
                f"{counts.rows}: the input changed while it was read; start again "
                "with --overwrite"
            )
    counts.types, counts.images = sorted(types), report.to_dict()
    write_text(stats, json.dumps(asdict(counts), ensure_ascii=False) + "\n")
    return counts


def _written(
    output: OutputFormat, writer: ShardWriter, row: Row, outcome: Document | str
) -> Document | str:
    """Write a document; return it as it was written, or why the row has none."""
    if isinstance(outcome, Document):
        try:
            check_columns(row.columns)
            columns, notes = output.fitted(row.columns)
            row = replace(row, columns=columns)
            outcome = replace(outcome, notes=(*outcome.notes, *notes))
            writer.add(row, outcome)
        except ValueError as error:
            return str(error)
        except RecursionError:
            return "a kept column is nested too deeply"
        except Exception as error:
            error.add_note(row.origin)
            raise
    return outcome


def _check_errors(errors: list[dict[str, Any]], most: int | None) -> None:
    if most is not None and len(errors) > most:
        last = errors[-1]
        raise GmfError(
            f"{last['origin']}: {last['error']}; stopped, since no more rows may fail: mend the "
            "input, or raise --max-errors"
        )


class _Outcomes:
    """Each row with its document, or the reason why it has none, in order.

    The pipeline alone decides how many rows are read ahead; those without outcome are ``waiting``.
    """

    def __init__(
        self, pipeline: Pipeline, rows: Iterator[Row], options: PredictOptions, report: ImageReport
    ) -> None:
        self._rows, self.waiting = rows, deque[Row]()
        self._options: dict[str, Any] = {**options, "report": report}
        self._pipeline = pipeline
        self._reading_fault: Exception | None = None

    def __iter__(self) -> Iterator[tuple[Row, Document | str]]:
        is_complete = False
        while not is_complete:
            try:
                for document in self._pipeline.predict(self._samples(), **self._options):
                    yield from self._faulty()
                    yield self.waiting.popleft(), document
                is_complete = True
            # Whatever a library raises on one odd sample must not end a job of a million: those
            # read ahead are taken one by one, and only what fails alone becomes an error row.
            except Exception as error:
                if isinstance(error, ConfigError) or not self.waiting:
                    raise
                yield from self._one_by_one(error)
        yield from self._faulty()
        if self._reading_fault is not None:
            raise self._reading_fault

    def _samples(self) -> Iterator[Sample]:
        try:
            for row in self._rows:
                self.waiting.append(row)
                if row.sample is not None and not _fault_of(row):
                    yield row.sample
        except Exception as error:  # The input's, not the model's; raised when all is written.
            self._reading_fault = error

    def _faulty(self) -> Iterator[tuple[Row, str]]:
        """Yield the rows without a sample to predict that are next."""
        while self.waiting and (fault := _fault_of(self.waiting[0])):
            yield self.waiting.popleft(), fault

    def _one_by_one(self, first: Exception) -> Iterator[tuple[Row, Document | str]]:
        outcomes: list[tuple[Row, Document | str]] = []
        usable = [row for row in self.waiting if not _fault_of(row)]
        for row in self.waiting:
            outcomes.append((row, _fault_of(row) or self._alone(row)))
        self.waiting.clear()
        if (
            len(usable) > 1
            and (isinstance(first, ModelError) or not isinstance(first, GmfError))
            and not any(isinstance(outcome, Document) for _, outcome in outcomes)
        ):
            reason = next(outcome for row, outcome in outcomes if not _fault_of(row))
            raise GmfError(
                f"the model fails on every post, {usable[0].origin} and {len(usable) - 1} more: "
                f"{reason}"
            ) from first
        yield from outcomes

    def _alone(self, row: Row) -> Document | str:
        try:
            return next(self._pipeline.predict(iter(filter(None, [row.sample])), **self._options))
        except GmfError as error:
            return str(error)
        except Exception as error:
            return f"the model failed: {type(error).__name__}: {error}"


def _fault_of(row: Row) -> str:
    if row.sample is None:
        return row.error
    words = row.sample.tokens
    if len(words) > MAX_WORDS:
        return f"{len(words)} words; expected at most {MAX_WORDS}"
    try:
        check_length(sum(map(len, words)))
    except ValueError as error:
        return str(error)
    return ""
