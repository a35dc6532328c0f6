"""Image files of converted documents: brought beside the target, or left where they are."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gmf.core.errors import ConfigError
from gmf.core.files import replacing, sha256_of
from gmf.exchange.base import Trait
from gmf.exchange.report import ConversionReport
from gmf.reading.image_folders import stem_of
from gmf.reading.near_files import is_there, url_in

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
        names: Paths that the target names, and those of the source.
    """

    source: Path
    target: Path
    how: ImageFiles
    names: dict[str, str] = field(default_factory=dict[str, str])
    _meant: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def takes(self, identifier: str, names: Mapping[str, str]) -> bool:
        """Note which images an identifier means, where the target names them by it.

        Args:
            identifier: Of a document; empty where paths name them.
            names: See ``add``.

        Returns:
            False if it, or one of its images' names, means other images already.
        """
        if not identifier or "/" in identifier:
            return True
        kept = {name: s for name, s in names.items() if self.how != "keep" or name == s}
        meant = {stem_of(name): (source,) for name, source in kept.items()}
        meant |= {stem_of(identifier): tuple(kept.values())}
        if any(self._meant.get(stem, images) != images for stem, images in meant.items()):
            return False
        self._meant |= meant
        return True

    def add(self, names: Mapping[str, str]) -> list[str]:
        """Note paths that the target names, with those of the source.

        Returns:
            Those that are lost: they mean another image already, or its file is left under another
            name.
        """
        return [
            name
            for name, source in names.items()
            if (self.how == "keep" and name != source)
            or self.names.setdefault(name, source) != source
        ]

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
        files = {home / name: self.source / source for name, source in self.names.items()}
        wanted = {target: source for target, source in files.items() if is_there(source)}
        for source in (source for target, source in files.items() if target not in wanted):
            url = url_in(source)
            kind = "image at a URL, which is not fetched" if url else "image that is not there"
            report.note(kind, url or str(source))
        # The target has nothing of the name of a file that is not there.
        gone = [s for name, s in self.names.items() if name != s and home / name not in wanted]
        report.lose(Trait.IMAGES, str(self.source), len(gone))
        if self.how == "keep":
            left = 0 if here else len(wanted)
            report.note("image left in the folder of the source", str(self.source), left)
            return
        absent = {to: source for to, source in wanted.items() if not _is_same(source, to)}
        for target, source in absent.items():
            done = _brought(source, target, self.how)
            report.note(f"image {done} into the folder of the target", str(source))
            renamed = target.name != source.name
            report.note("image under the name that its document has", str(source), renamed)


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
