"""The rows of several inputs, one after the other."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from gmf.core.files import sha256_of
from gmf.jobs.inputs.beside import ContextBeside
from gmf.jobs.inputs.names import InputFile, naming
from gmf.jobs.inputs.open import open_source, reading, rows_of
from gmf.jobs.inputs.rows import InputFormat, InputOptions, Row, Shard
from gmf.reading.image_folders import IMAGE_SUFFIXES


@dataclass
class Inputs:
    """Reads the rows of files, with their contexts; rows are numbered through all of them.

    Args:
        files: The files, in order.
        options: How the posts are found in them.
    """

    files: Sequence[InputFile]
    options: InputOptions
    _open: tuple[int, InputFormat] | None = field(default=None, repr=False)
    _notes: dict[int, str] = field(default_factory=dict[int, str], repr=False)

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the shards of all files; a shard never spans two.

        Args:
            size: Rows of a shard.

        Raises:
            ConfigError: If a column that was asked for is absent.
            DataError: If a file cannot be read at all.
        """
        rows = number = 0
        for file in range(len(self.files)):
            before = rows
            with (
                naming(self.files[file].name, self.files[file].path),
                reading(source := self._source(file)),
            ):
                for shard in source.shards(size):
                    first = before + shard.first_row
                    yield replace(
                        shard, number=number, first_row=first, file=file, rows_before=before
                    )
                    number, rows = number + 1, rows + shard.rows
                self._notes[file] = source.note

    def read(self, shard: Shard) -> Iterator[Row]:
        """Yield exactly the rows of a shard."""
        file = self.files[shard.file]
        local = replace(shard, first_row=shard.first_row - shard.rows_before)
        origin = "the beginning"
        with naming(file.name, file.path), reading(source := self._source(shard.file)):
            context = self._context(shard.file)
            try:
                for row in rows_of(source, local):
                    origin = row.origin
                    if file.is_pipe:
                        origin = file.name + origin.removeprefix(str(file.path))
                    sample = row.sample and context.added_to(row.sample)
                    number = row.number + shard.rows_before
                    yield replace(row, number=number, origin=origin, sample=sample)
            except Exception as error:
                error.add_note(f"after {origin}")
                raise

    def check(self) -> None:
        """Open every file once.

        Raises:
            ConfigError: If a column that was asked for is absent.
            DataError: If a file cannot be read at all.
        """
        for number, file in enumerate(self.files):
            with naming(file.name, file.path):
                self._context(number)

    def side_files(self) -> list[Path]:
        """Return the files beside the inputs that rows take something from."""
        return [file for n in range(len(self.files)) for file in self._beside(n)]

    def counts(self, shards: Sequence[Shard]) -> Iterator[dict[str, Any]]:
        """Yield the name of each file with its rows, the number of its first row, and a note.

        Args:
            shards: What ``shards`` yielded.
        """
        for number, file in enumerate(self.files):
            mine = [shard for shard in shards if shard.file == number]
            first = mine[0].first_row if mine else None
            counts = {"name": file.name, "first_row": first, "rows": sum(s.rows for s in mine)}
            # A job that goes on has scanned nothing yet.
            own = self._notes[number] if number in self._notes else self._source(number).note
            note = "; ".join(filter(None, (file.note, own, self._context(number).note)))
            yield counts | ({"note": note} if note else {})

    def digest(self) -> str:
        """Return the digest of all contents: of files, and of the names and sizes of images."""
        digest = hashlib.sha256()
        for number, file in enumerate(self.files):
            if not file.path.is_dir():
                for path in (file.path, *self._beside(number)):
                    with path.open("rb") as content:
                        digest.update(hashlib.file_digest(content, "sha256").digest())
                continue
            for path in self._source(number).files():
                size = path.stat().st_size if path.exists() else None
                digest.update(f"{path.relative_to(file.path)}:{size};".encode())
                if path.is_file() and path.suffix.lower() not in IMAGE_SUFFIXES:
                    digest.update(sha256_of(path).encode())
        return digest.hexdigest()

    def column_types(self) -> dict[str, Any]:
        """Return the Arrow types of the kept columns, where the first input has types."""
        return self._source(0).column_types() if self.options.keep and self.files else {}

    def _beside(self, number: int) -> list[Path]:
        return [*self._source(number).side_files(), *self._context(number).files()]

    def _context(self, number: int) -> ContextBeside:
        source = self._source(number)
        return ContextBeside(source.path, image_folder=source.image_folder)

    def _source(self, number: int) -> InputFormat:
        if self._open is None or self._open[0] != number:
            self._open = number, self._opened(self.files[number])
        return self._open[1]

    def _opened(self, file: InputFile) -> InputFormat:
        changes: dict[str, Any] = {"format": file.format}
        if file.is_pipe and self.options.image_root is None:
            changes["image_root"] = Path.cwd()
        source = open_source(file.path, options=self.options.model_copy(update=changes))
        if file.is_pipe:
            source.default_id = partial("{}-{}".format, file.name)
        return source
