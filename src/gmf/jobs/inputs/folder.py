"""Posts as a folder: text files with images beside them."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from gmf.core.errors import DataError, GmfError
from gmf.core.types import Sample
from gmf.core.unicode import is_unicode
from gmf.jobs.inputs.fields import image_at
from gmf.jobs.inputs.rows import (
    InputFormat,
    InputOptions,
    Row,
    Shard,
    no_inputs,
    shards_of,
)
from gmf.jobs.inputs.scanned import MAX_LINE
from gmf.prediction.user_input import sample_of
from gmf.reading.compression import COMPRESSIONS
from gmf.reading.image_folders import IMAGE_SUFFIXES
from gmf.reading.near_files import near_name
from gmf.reading.text_files import decode, open_text

TEXT_SUFFIX = ".txt"
_NUMBERED = re.compile(r"(.+)[._-]\d+")


class FolderSource(InputFormat):
    """A folder of posts, subfolders included; other files are told, hidden ones are not.

    ``a.txt``, perhaps compressed, is a post. Its images are ``a.jpg`` (or another image ending) and
    ``a-1.jpg``, ``a_2.png``, ``a.3.jpg``, in the order of their names. Images without a text are
    error rows.

    Args:
        path: The folder.
        options: Only ``encoding`` is used.

    Raises:
        DataError: If there is no post in it.
    """

    is_folder = True

    def __init__(self, path: Path, *, options: InputOptions) -> None:
        super().__init__(path, options=options)
        used = {*self._texts.values(), *(image for _, images in self._posts for image in images)}
        others = [str(file) for file in self._files if str(file) not in used]
        self.note = no_inputs(others)
        if odd := next((str(file) for file in self._files if not is_unicode(str(file))), None):
            raise DataError(f"the name of {odd!a} is no UTF-8; rename it", path=path)
        if not self._posts:
            message = f"no post in it: expected texts ({TEXT_SUFFIX}) or files of an input format"
            raise DataError(f"{message}; {self.note or 'it is empty'}", path=path)

    def shards(self, size: int) -> Iterator[Shard]:
        """Yield the shards of the folder; see ``InputFormat``."""
        return shards_of(len(self._posts), size)

    def read(self, shard: Shard) -> Iterator[Row]:
        """Yield the rows of a shard; see ``InputFormat``."""
        posts = self._posts[shard.position : shard.position + shard.rows]
        for number, (name, images) in enumerate(posts, shard.first_row):
            origin = str(self.path / f"{name}{TEXT_SUFFIX}")
            try:
                sample = self._sample(name, images, origin)
            except OSError as error:
                yield Row(number, name, origin, error=f"cannot be read ({error.strerror or error})")
            except (ValueError, GmfError) as error:
                yield Row(number, name, origin, error=str(error))
            else:
                yield Row(number, name, origin, sample)

    def _sample(self, name: str, images: tuple[str, ...], origin: str) -> Sample:
        path = self.path / self._texts.get(name, f"{name}{TEXT_SUFFIX}")
        # os.path, for Path.resolve raises a RuntimeError on a loop of links before Python 3.13.
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.path)):
            raise ValueError(
                f"{path.name} is a symbolic link out of {self.path}: texts are not read through "
                "one, for they are written with the entities"
            )
        if not path.is_file():
            near = near_name(path, suffixes=(TEXT_SUFFIX,))
            hint = f"; {near} is there: rename one of them" if near else ""
            raise ValueError(f"no text beside {', '.join(images)}: expected {path.name}{hint}")
        with open_text(path, encoding=self.options.encoding) as file:
            content = file.read(MAX_LINE + 1)
        if len(content) > MAX_LINE:
            raise ValueError(f"the text is longer than {MAX_LINE} bytes")
        text = decode(content)
        listed = [image_at(self.path, image) for image in images]
        return sample_of(text, listed, name=name, origin=origin)

    def files(self) -> Iterator[Path]:
        """Yield all files that rows are made of."""
        for name, images in self._posts:
            for part in (self._texts.get(name, f"{name}{TEXT_SUFFIX}"), *images):
                yield self.path / part

    @cached_property
    def _files(self) -> list[PurePosixPath]:
        return list(_visible_files(self.path))

    @cached_property
    def _texts(self) -> dict[str, str]:
        """Text file of each post, whatever the case of its ending."""
        plain = {
            path: path.with_suffix("") if _is_compressed(path) else path for path in self._files
        }
        return {
            str(name.with_suffix("")): str(path)
            for path, name in plain.items()
            if name.suffix.lower() == TEXT_SUFFIX
        }

    @cached_property
    def _posts(self) -> list[tuple[str, tuple[str, ...]]]:
        """Name of each post without its ending, and the images beside it, sorted."""
        texts = self._texts
        images: dict[str, list[str]] = defaultdict(list)
        for path in self._files:
            if path.suffix.lower() in IMAGE_SUFFIXES:
                stem = str(path.with_suffix(""))
                numbered = _NUMBERED.fullmatch(stem)
                is_extra = stem not in texts and numbered and numbered[1] in texts
                images[numbered[1] if numbered and is_extra else stem].append(str(path))
        return [(name, tuple(images[name])) for name in sorted({*texts, *images})]


def _is_compressed(path: PurePosixPath) -> bool:
    return path.suffix.lower() in COMPRESSIONS


def _visible_files(root: Path) -> Iterator[PurePosixPath]:
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".")]
        inside = PurePosixPath(Path(folder).relative_to(root).as_posix())
        yield from sorted(inside / name for name in files if not name.startswith("."))
