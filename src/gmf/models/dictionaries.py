"""Dictionaries of T-NER: gazetteers of names and Brown clusters of words, from text files."""

from pathlib import Path

from gmf.core.errors import DataError
from gmf.reading.reader import read_lines


def read_gazetteers(folder: Path) -> dict[str, tuple[str, ...]]:
    """Read the gazetteers of a folder: one ``NAME.txt`` each, one phrase a line.

    Phrases are lower-cased, their words separated by single spaces; empty lines are skipped.

    Args:
        folder: Folder with the files; sub-folders are not read.

    Raises:
        DataError: If there is no such file, or one cannot be read.
    """
    paths = {
        path.stem: tuple(
            dict.fromkeys(
                " ".join(line.lower().split()) for line in read_lines(path) if line.strip()
            )
        )
        for path in sorted(folder.glob("*.txt"))
    }
    if not paths:
        raise DataError("expected gazetteers, files NAME.txt of one phrase a line", path=folder)
    return paths


def read_clusters(path: Path) -> dict[str, str]:
    """Read Brown clusters in the format of ``wcluster``: bits, TAB, word, and further columns.

    Raises:
        DataError: If the file cannot be read or a line has another form; names the line.
    """
    clusters: dict[str, str] = {}
    for number, line in enumerate(read_lines(path), start=1):
        bits, tab, rest = line.partition("\t")
        word = rest.split("\t")[0]
        if not tab or not word or not bits or set(bits) - {"0", "1"}:
            raise DataError(
                f"expected bits, TAB, word (for example 0010<TAB>oslo), got {line[:60]!r}",
                path=path,
                line=number,
            )
        clusters.setdefault(word, bits)
    return clusters
