"""Image files of converted documents: brought beside the target, or left where they are."""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gmf.core.errors import ConfigError
from gmf.core.files import replacing, sha256_of
from gmf.exchange.report import ConversionReport
from gmf.reading.near_files import is_there

#: Linked (a hard link, or a copy where the file system takes none), copied, or left.
ImageFiles = Literal["link", "copy", "keep"]
IMAGE_FILES: tuple[ImageFiles, ...] = ("link", "copy", "keep")


@dataclass
class ImagePlaces:
    """Where the images of documents lie, and where the target's paths lead.

    Args:
        source: Folder that the paths of the source are relative to.
        target: Folder that those of the target are relative to.
        how: What is done with the files.
        names: Paths that the target names.
    """

    source: Path
    target: Path
    how: ImageFiles
    names: dict[str, None] = field(default_factory=dict[str, None])

    def add(self, names: Iterable[str]) -> None:
        """Note paths that the target names."""
        self.names.update(dict.fromkeys(names))

    def bring(self, report: ConversionReport, *, home: Path | None = None) -> None:
        """Bring the files to the target, and tell what became of each.

        Args:
            report: Notes what was linked, copied, left and absent.
            home: Folder to bring them to, if it becomes the target's later.

        Raises:
            ConfigError: If another file is there; nothing is brought then.
        """
        home = home or self.target
        here = self.source.resolve() == self.target.resolve()
        wanted = [name for name in self.names if is_there(self.source / name)]
        for name in self.names.keys() - set(wanted):
            report.note("image that is not there", str(self.source / name))
        if here or self.how == "keep":
            left = 0 if here else len(wanted)
            report.note("image left in the folder of the source", str(self.source), left)
            return
        absent = [name for name in wanted if not _is_same(self.source / name, home / name)]
        for name in absent:
            done = _brought(self.source / name, home / name, self.how)
            report.note(f"image {done} into the folder of the target", str(self.source / name))


def _is_same(source: Path, target: Path) -> bool:
    """Return whether a file is there already.

    Raises:
        ConfigError: If it is another one.
    """
    if not os.path.lexists(target):
        return False
    if is_there(target) and (target.samefile(source) or sha256_of(target) == sha256_of(source)):
        return True
    raise ConfigError(
        f"{target}: another file is there; choose a target in a folder of its own, or leave the "
        "images with --image-files keep"
    )


def _brought(source: Path, target: Path, how: ImageFiles) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    if how == "link":
        with suppress(OSError):
            os.link(source.resolve(), target)
            return "linked"
    with replacing(target) as half:
        shutil.copyfile(source, half)
    return "copied"
