"""What a metric is: plain values from gold and predicted entities, and how they are shown."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gmf.core.types import Sample
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.pairs import SamplePair, SampleSpans
from gmf.evaluation.reports.plots import Figure
from gmf.evaluation.reports.tables import Cell, Table


@dataclass(frozen=True, slots=True)
class MetricInput:
    """What a metric may read.

    Args:
        samples: Gold and predicted entities of each sample under ``config.rule``.
        pairs: Labels of the same samples as read, before the policy for service labels.
        training: Training samples with tags; ``None`` when they were not given.
        config: Options of the evaluation.
    """

    samples: Sequence[SampleSpans]
    pairs: Sequence[SamplePair]
    training: Sequence[Sample] | None
    config: EvaluationConfig


class Metric(ABC):
    """One analysis; made without arguments, registered in ``METRICS`` under its key in JSON.

    Only ``title`` and ``measure`` are needed: numbers by name, or rows of numbers by name, are
    shown as a table.
    """

    #: Heading of its table.
    title: ClassVar[str]

    @abstractmethod
    def measure(self, given: MetricInput) -> Any:
        """Return plain values or dataclasses; ``None`` where the input lacks what is needed."""

    def show(self, values: Any, *, config: EvaluationConfig) -> Sequence[Table | Figure]:
        """Return the tables and, for pages, the charts of it.

        Args:
            values: From ``measure``, as JSON has them; not ``None``.
            config: Options of the evaluation.
        """
        return [value_table(f"{self.title} ({config.rule} counting)", values)]


def value_table(title: str, values: Any) -> Table:
    """Return a table of plain values: a row a name; a column a key where values are mappings."""
    rows: Mapping[str, Any] = values if isinstance(values, Mapping) else {"value": values}
    inner: list[Mapping[str, Any]] = [row for row in rows.values() if isinstance(row, Mapping)]
    columns = list(dict.fromkeys(key for row in inner for key in row))
    if not columns:
        return Table(title, ("", "value"), tuple((name, _cell(row)) for name, row in rows.items()))
    return Table(
        title,
        ("", *columns),
        tuple(
            (name, *(_cell(row.get(key)) for key in columns))
            if isinstance(row, Mapping)
            else (name, _cell(row), *(None,) * (len(columns) - 1))
            for name, row in rows.items()
        ),
    )


def _cell(value: Any) -> Cell:
    return value if value is None or isinstance(value, int | float | str) else str(value)
