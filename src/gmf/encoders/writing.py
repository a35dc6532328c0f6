"""What the libraries of tensors say of a file that cannot be written, in one error of ours."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from gmf.core.errors import GmfError


@contextmanager
def writing(path: Path, *, raises: type[GmfError]) -> Generator[None]:
    """Say in one error what a library of tensors says when it cannot write a file.

    Args:
        path: The file, in a folder that is there.
        raises: Class of the error; it tells how much room there is.
    """
    try:
        yield
    except (SafetensorError, RuntimeError) as error:  # PyTorch has no class of its own for it.
        free = shutil.disk_usage(path.parent).free / 1e6
        raise raises(
            f"{path}: cannot be written ({error}); {free:,.0f} MB are free there. What was saved "
            "before is whole: make room and run the same command again"
        ) from error
