"""Take named files out of zip archives."""

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from gmf.core.errors import EncoderError


def extract_files(archive: Path, *, members: Mapping[str, str], folder: Path) -> None:
    """Copy members of a zip archive to files of a folder.

    Args:
        archive: A wheel or zip file.
        members: Name in the archive to plain file name in the folder.
        folder: An existing folder.

    Raises:
        EncoderError: If a member is absent or the archive cannot be read.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for member, name in members.items():
                with opened.open(member) as source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target, length=1 << 20)
    except (KeyError, zipfile.BadZipFile, OSError) as error:
        raise EncoderError(
            f"{archive.name}: expected {', '.join(members)} in it: {error}"
        ) from error
