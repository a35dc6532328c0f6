"""What a job has done, and the file that says so."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from gmf.core.errors import ConfigError, GmfError
from gmf.core.files import replacing, write_text
from gmf.data.image_report import ImageReport
from gmf.jobs.job_outputs import check_unchanged, error_file, report_file
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
    def of(cls, output: Path, stats: Iterable[ShardStats], *, rows: int) -> Self:
        """Add up the shards.

        Args:
            output: The output.
            stats: Statistics of all shards, in order.
            rows: Rows of the input.

        Raises:
            GmfError: If rows are lost or doubled.
        """
        report = cls(output, rows)
        types: set[str] = set()
        for shard in stats:
            report.documents += shard.documents
            report.noted += shard.noted
            report.windowed += shard.windowed
            report.errors += len(shard.errors)
            report.images.merge(ImageReport.from_dict(shard.images))
            types.update(shard.types)
            for row in shard.errors[:1]:
                report.first_error = report.first_error or f"{row['origin']}: {row['error']}"
        if report.documents + report.errors != rows:
            raise GmfError(
                f"{output}: {rows} rows gave {report.documents} documents and {report.errors} "
                "errors; this is a fault of gmf, please report it"
            )
        report.types = tuple(sorted(types))
        return report

    def write_errors(self, stats: Iterable[ShardStats]) -> None:
        """Write the error rows to ``<output>.errors.jsonl``, or remove those of a job before.

        Args:
            stats: Statistics of the shards whose error rows are listed, in order.
        """
        errors = error_file(self.output)
        with replacing(errors) as half, half.open("w", encoding="utf-8") as file:
            for shard in stats:
                for row in shard.errors:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        if not errors.stat().st_size:
            errors.unlink()

    def write(self, identity: dict[str, Any], *, facts: dict[str, Any]) -> None:
        """Write ``<output>.report.json``.

        Args:
            identity: What makes it the same job.
            facts: By what a change of the output is noticed, see ``facts_of``.
        """
        content = {
            "rows": self.rows,
            "documents": self.documents,
            "documents_with_notes": self.noted,
            "documents_in_windows": self.windowed,
            "errors": self.errors,
            "files": self.files,
            "types": self.types,
            "images": self.images.to_dict(),
            "output": facts,
            "job": identity,
        }
        write_text(
            report_file(self.output), json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        )

    @classmethod
    def read(cls, output: Path, identity: dict[str, Any]) -> Self:
        """Return the report of an output that is there.

        Raises:
            ConfigError: If it was not made by the same job, or was changed since.
        """
        try:
            content = json.loads(report_file(output).read_text(encoding="utf-8"))
            if content["job"] != identity:
                before = content["job"]
                changed = [k for k in {**before, **identity} if before.get(k) != identity.get(k)]
                raise ValueError(f"by a job with another {', '.join(changed)}")
            if "output" in content:  # Earlier versions did not write it.
                check_unchanged(output, content["output"])
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
                "another output, or replace it with --overwrite"
            ) from error
