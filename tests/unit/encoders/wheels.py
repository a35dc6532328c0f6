"""Fake wheels: zip files with given members."""

import zipfile
from pathlib import Path


def make_wheel(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def make_installable_wheel(folder: Path, name: str, version: str, tag: str = "py3") -> Path:
    """A wheel that pip accepts."""
    stem = name.replace("-", "_")
    info = f"{stem}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    return make_wheel(
        folder / f"{stem}-{version}-{tag}-none-any.whl",
        {
            f"{stem}/weights.bin": b"weights",
            f"{info}/METADATA": metadata.encode(),
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}-none-any\n".encode(),
            f"{info}/RECORD": b"",
        },
    )
