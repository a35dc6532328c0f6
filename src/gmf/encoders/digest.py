"""Digests of files and of installed encoder folders, so that results can name their encoder."""

from pathlib import Path

from gmf.core.errors import EncoderError
from gmf.core.files import sha256_of, write_text

#: Manifest of an installed folder, in the form that ``sha256sum --check`` reads.
DIGEST_FILE = "digest"
_WEIGHT_SUFFIXES = (".safetensors", ".onnx", ".weights")


def write_digest(folder: Path) -> None:
    """Write the manifest of all files of an encoder folder into it."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    files = [name for name in names if name != DIGEST_FILE and (folder / name).is_file()]
    text = "".join(f"{sha256_of(folder / name)}  {name}\n" for name in files)
    write_text(folder / DIGEST_FILE, text)


def read_digest(folder: Path) -> str:
    """Return the digest that names an installed encoder: the sha256 of its weights file.

    Raises:
        EncoderError: If the folder has no manifest or the manifest names no single weights file.
    """
    weights = [sha for name, sha in _manifest(folder).items() if name.endswith(_WEIGHT_SUFFIXES)]
    if len(weights) != 1:
        raise EncoderError(f"{folder / DIGEST_FILE}: names {len(weights)} weights files, not one")
    return weights[0]


def is_complete(folder: Path) -> bool:
    """Return whether the folder has a manifest and all its files are there; reads none of them."""
    try:
        manifest = _manifest(folder)
    except EncoderError:
        return False
    return bool(manifest) and all((folder / name).is_file() for name in manifest)


def is_verified(folder: Path) -> bool:
    """Return whether the folder has a manifest and every file in it is there with its sha256."""
    return is_complete(folder) and all(
        sha256_of(folder / name) == sha for name, sha in _manifest(folder).items()
    )


def _manifest(folder: Path) -> dict[str, str]:
    path = folder / DIGEST_FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise EncoderError(f"{path}: cannot be read ({error})") from error
    pairs = [line.partition("  ") for line in lines]
    return {name: sha for sha, _, name in pairs}
