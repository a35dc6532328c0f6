"""Word vectors from a text file: word2vec's format (with a header line) or GloVe's (without)."""

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from gmf.core.errors import DataError


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors.

    Args:
        index: Row of each word.
        matrix: The vectors.
    """

    index: dict[str, int]
    matrix: Float32[np.ndarray, "words dim"]

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self.matrix.shape[1]

    def find(self, word: str) -> Float32[np.ndarray, " dim"] | None:
        """Return the vector of a word, or else of its lower-case form, or else ``None``."""
        row = self.index.get(word, self.index.get(word.lower()))
        return None if row is None else self.matrix[row]


def read_word_vectors(path: Path, *, wanted: Set[str], first: int) -> WordVectors:
    """Read the vectors of wanted words, and of the first words of the file.

    Such files list frequent words first. The file is read line by line; what is not kept costs no
    memory. Of a word that occurs twice the first vector is taken. Lines end at LF only, and a word
    may contain spaces.

    Args:
        path: UTF-8 text: a word and its numbers, separated by spaces, on each line.
        wanted: Words to keep wherever they stand.
        first: Number of lines from the top to keep whatever they hold.

    Raises:
        DataError: If the file cannot be read, is not UTF-8 text, or a line has another number of
            values than the first; names the line.
    """
    index: dict[str, int] = {}
    rows: list[Float32[np.ndarray, " dim"]] = []
    dim = 0
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                fields = line.rstrip(b" \r\n").split(b" ")
                if number == 1 and len(fields) == 2:
                    dim = _header(fields, path)
                    continue
                dim = dim or len(fields) - 1
                word = _word(fields, dim, path, number)
                if word not in index and (len(index) < first or word in wanted):
                    index[word] = len(rows)
                    rows.append(_numbers(fields[-dim:], path, number))
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", path=path) from error
    if not rows:
        raise DataError("expected lines of a word and its numbers, got none", path=path)
    return WordVectors(index, np.stack(rows))


def _header(fields: list[bytes], path: Path) -> int:
    if not all(field.isdigit() for field in fields) or int(fields[1]) < 1:
        raise DataError(
            "expected a header of word2vec (number of words, width) or a word and its numbers",
            path=path,
            line=1,
        )
    return int(fields[1])


def _word(fields: list[bytes], dim: int, path: Path, line: int) -> str:
    if dim < 1 or len(fields) <= dim:
        raise DataError(
            f"expected a word and {max(dim, 1)} numbers, got {len(fields)} fields; "
            "is the file binary, or cut off?",
            path=path,
            line=line,
        )
    try:
        return b" ".join(fields[:-dim]).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            "expected UTF-8 text; convert the file, also if it is binary word2vec",
            path=path,
            line=line,
        ) from error


def _numbers(fields: list[bytes], path: Path, line: int) -> Float32[np.ndarray, " dim"]:
    try:
        values = np.array(fields, dtype=np.bytes_).astype(np.float32)
    except ValueError as error:
        raise DataError(
            f"expected {len(fields)} numbers ({error})", path=path, line=line
        ) from error
    if not np.isfinite(values).all():
        raise DataError("expected finite numbers", path=path, line=line)
    return values
