"""What a job has done, and the file that says so."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from gmf.core.errors import ConfigError, GmfError
from gmf.core.files import replacing, write_text
from gmf.data.image_report import ImageReport
from gmf.jobs.shards import ShardStats


@dataclass
class JobReport:
    """What a job has done; every row is a document or an error.

    Args:
        output: The output.
        rows: Rows of the input.
        documents: Rows with a document in the output.
        noted: Documents with a note.
        errors: Rows with an error instead.
        windowed: Documents that were read in several windows.
        files: Inputs, their rows and the number of their first row.
        types: Entity types that occur, sorted.
        images: What became of the images; an image counts once a batch of rows.
        resumed_rows: Rows that an earlier process had finished.
        first_error: The first error, its position and what was wrong; empty if there is none or
            an earlier job told it.
    """

    output: Path
    rows: int = 0
    documents: int = 0
    noted: int = 0
    errors: int = 0
    types: tuple[str, ...] = ()
    images: ImageReport = field(default_factory=ImageReport)
    resumed_rows: int = 0
    windowed: int = 0
    files: tuple[dict[str, Any], ...] = ()
    first_error: str = field(default="", compare=False)

    @classmethod
    def of(
        cls, output: Path, stats: Iterable[ShardStats], *, rows: int, lists_errors: bool = True
    ) -> Self:
        """Add up the shards and write the error rows to ``<output>.errors.jsonl``.

        Args:
            output: The output.
            stats: Statistics of all shards, in order.
            rows: Rows of the input.
            lists_errors: Whether to write the error rows, not only to count them.

        Raises:
            GmfError: If rows are lost or doubled.
        """
        report = cls(output, rows)
        types: set[str] = set()
        errors = error_file(output)
        with replacing(errors) as half, half.open("w", encoding="utf-8") as file:
            for shard in stats:
                report.documents += shard.documents
                report.noted += shard.noted
                report.windowed += shard.windowed
                report.errors += len(shard.errors)
                report.images.merge(ImageReport.from_dict(shard.images))
                types.update(shard.types)
                for row in shard.errors:
                    report.first_error = report.first_error or f"{row['origin']}: {row['error']}"
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        if not (report.errors and lists_errors):
            errors.unlink()
        if report.documents + report.errors != rows:
            raise GmfError(
                f"{output}: {rows} rows gave {report.documents} documents and {report.errors} "
                "errors; this is a fault of gmf, please report it"
            )
        report.types = tuple(sorted(types))
        return report

    def write(self, identity: dict[str, Any]) -> None:
        """Write ``<output>.report.json``."""
        content = {
            "rows": self.rows,
            "documents": self.documents,
            "documents_with_notes": self.noted,
            "documents_in_windows": self.windowed,
            "errors": self.errors,
            "files": self.files,
            "types": self.types,
            "images": self.images.to_dict(),
            "job": identity,
        }
        write_text(
            report_file(self.output), json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        )

    @classmethod
    def read(cls, output: Path, identity: dict[str, Any]) -> Self:
        """Return the report of an output that is there.

        Raises:
            ConfigError: If it was not made by the same job.
        """
        try:
            content = json.loads(report_file(output).read_text(encoding="utf-8"))
            if content["job"] != identity:
                before = content["job"]
                changed = [k for k in {**before, **identity} if before.get(k) != identity.get(k)]
                raise ValueError(f"by a job with another {', '.join(changed)}")
            return cls(
                output,
                content["rows"],
                content["documents"],
                content["documents_with_notes"],
                content["errors"],
                tuple(content["types"]),
                ImageReport.from_dict(content["images"]),
                content["rows"],
                content["documents_in_windows"],
                tuple(content["files"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{output}: is there already, and was not made by this job ({error}); choose "
                "another output, or start anew with --overwrite"
            ) from error


def error_file(output: Path) -> Path:
    """Return where the error rows of a job go."""
    return output.with_name(output.name + ".errors.jsonl")


def report_file(output: Path) -> Path:
    """Return where the summary of a job goes."""
    return output.with_name(output.name + ".report.json")
