"""``context.jsonl`` beside an input: the same contexts that training and evaluation read there."""

from functools import lru_cache
from pathlib import Path

from gmf.core.types import Sample
from gmf.reading.context_file import CONTEXT_FILE, ContextFile, read_context
from gmf.reading.image_folders import TEXT_FOLDERS


class ContextBeside:
    """The contexts of the posts and images of an input, if the file is there.

    Args:
        path: The input; beside a remote one and a folder nothing is looked for.
        image_folder: Folder that names of images are relative to.

    Raises:
        DataError: If a line of the file is wrong.
    """

    def __init__(self, path: Path, *, image_folder: Path) -> None:
        self._image_folder = image_folder
        home, is_local = path.parent, isinstance(path, Path)  # pyright: ignore[reportUnnecessaryIsInstance]
        homes = (home, home.parent) if home.name.lower() in TEXT_FOLDERS else (home,)
        has_any = is_local and not path.is_dir()
        files = [folder / CONTEXT_FILE for folder in homes] if has_any else []
        self.path = next((file for file in files if file != path and file.is_file()), None)
        self._contexts: ContextFile | None = None
        if self.path is not None:
            status = self.path.stat()
            self._contexts = _read(self.path, status.st_mtime_ns, status.st_size)

    @property
    def note(self) -> str:
        """What the user is told; empty without the file."""
        return "" if self.path is None else f"context is taken from {self.path} too"

    def files(self) -> list[Path]:
        """Return the file, if it is there."""
        return [] if self.path is None else [self.path]

    def added_to(self, sample: Sample) -> Sample:
        """Return a sample with what the file says of it."""
        if self._contexts is None:
            return sample
        return self._contexts.added_to(sample, image_folder=self._image_folder)


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> ContextFile:  # noqa: ARG001
    """Read the file once for all inputs beside it, and again when it changed."""
    return read_context(path)
