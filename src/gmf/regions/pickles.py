"""Dictionaries from files of the field, JSON or pickle, without running anything in them."""

import json
import pickle
from pathlib import Path
from typing import Any, NoReturn, cast

import torch

from gmf.core.errors import DataError


class _PlainUnpickler(pickle.Unpickler):
    """Reads dicts, lists, strings and numbers; whatever names a class or function is refused."""

    def find_class(self, module_name: str, global_name: str, /) -> NoReturn:
        raise pickle.UnpicklingError(f"the file asks for {module_name}.{global_name}")


def read_name_lists(path: Path) -> dict[str, tuple[str, ...]]:
    """Read a dictionary from image to crop names, as HVPNeT and its successors ship it.

    Args:
        path: ``.json``; ``.pth`` or ``.pt`` as ``torch.save`` writes it; else a plain pickle.

    Raises:
        DataError: If the file cannot be read, holds more than plain values, or has another form.
    """
    try:
        if path.suffix == ".json":
            content: object = json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix in (".pth", ".pt"):
            content = torch.load(path, weights_only=True, map_location="cpu")
        else:
            with path.open("rb") as file:
                content = _PlainUnpickler(file).load()
    except Exception as error:  # A damaged pickle raises nearly anything, MemoryError too.
        raise DataError(f"not a readable dictionary of plain values: {error}", path=path) from error
    names = _as_name_lists(content)
    if names is None:
        raise DataError(
            'expected a dictionary from image name to a list of crop names, {"33.jpg": '
            '["0_pred_yolo_crop_1.png"]}',
            path=path,
        )
    return names


def _as_name_lists(content: object) -> dict[str, tuple[str, ...]] | None:
    if not isinstance(content, dict):
        return None
    phrases: dict[str, tuple[str, ...]] = {}
    for key, value in cast(dict[Any, Any], content).items():
        if not isinstance(value, list | tuple):
            return None
        names = cast(list[Any], value)
        if not all(isinstance(name, str) for name in names):
            return None
        phrases[str(key)] = tuple(names)
    return phrases
