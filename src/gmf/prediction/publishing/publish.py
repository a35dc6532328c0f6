"""A trained model as a folder or hub repository that others can load, with its card."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from gmf.core.errors import CheckpointError, ConfigError
from gmf.core.files import write_text
from gmf.prediction.publishing.card import CARD, model_card
from gmf.prediction.publishing.hub import CALIBRATION, HUB_ID, METAS, PATTERNS, first_line
from gmf.prediction.publishing.scores import (
    SCORES,
    PublishedScore,
    read_scores,
    scores_of_run,
    write_scores,
)

#: Keys under which libraries note where something lay on the machine that trained.
_PLACES = ("_name_or_path", "name_or_path")
_ABSOLUTE = re.compile(r"/|~|[A-Za-z]:[\\/]")


def save_pretrained(
    source: Path,
    folder: Path,
    *,
    scores: Sequence[PublishedScore] = (),
    place: str | None = None,
    license: str | None = None,
) -> Path:
    """Write all that ``gmf.load`` needs into a folder, and a model card.

    What names a path on this machine, such as the data folder, is left out.

    Args:
        source: Checkpoint folder, or folder of an exported model.
        folder: Where to write; made when absent.
        scores: Scores for the card beside those that the run noted on dev.
        place: What ``gmf.load`` will take, for the card: a hub id, or the name of an installed
            model.
        license: Licence of the weights, as the hub names it (``mit``, ``cc-by-4.0``).

    Returns:
        The folder.

    Raises:
        CheckpointError: If the source is no model.
        ConfigError: If the folder is the source, or holds something else: another model too.
    """
    name = next((name for name in METAS if (source / name).is_file()), None)
    if name is None:
        raise CheckpointError(f"{source}: expected a checkpoint or an exported model")
    if folder.resolve() == source.resolve():
        raise ConfigError(f"{folder}: is the model itself; choose another folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / name).exists():
        raise ConfigError(f"{folder}: holds something else; choose an empty or a new folder")
    names = _files_of_model(source)
    if other := sorted(_files_of_model(folder) - names - {Path(SCORES)}):
        raise ConfigError(
            f"{folder}: holds another model, with {', '.join(map(str, other))}, which this one "
            "lacks; delete it or choose another folder"
        )
    for relative in sorted(names):
        (folder / relative).parent.mkdir(parents=True, exist_ok=True)
        _copy(source / relative, folder / relative)
    all_scores = {
        score.key: score for score in (*read_scores(source), *scores_of_run(source), *scores)
    }
    write_scores(list(all_scores.values()), folder)
    meta = json.loads((folder / name).read_text(encoding="utf-8"))
    if (folder / CALIBRATION).is_file():
        meta["provenance"]["calibration"] = json.loads((folder / CALIBRATION).read_bytes())
    card = model_card(meta, list(all_scores.values()), place=place, license=license)
    write_text(folder / CARD, card)
    return folder


def push_to_hub(
    source: Path,
    repo_id: str,
    *,
    scores: Sequence[PublishedScore] = (),
    license: str | None = None,
    private: bool = False,
    token: str | None = None,
) -> str:
    """Upload a model with its card; needs a login (``hf auth login``) or a token.

    Args:
        source: Checkpoint folder, or folder of an exported model.
        repo_id: ``owner/name``; made when absent.
        scores: Scores for the card beside those that the run noted on dev.
        license: Licence of the weights, as the hub names it.
        private: Whether a new repository is private.
        token: Instead of the login.

    Returns:
        Address of the commit.

    Raises:
        CheckpointError: If the source is no model, or the hub refuses.
        ConfigError: If the id has another form.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HTTPError, LocalTokenNotFoundError

    if not HUB_ID.fullmatch(repo_id):
        raise ConfigError(f"{repo_id!r}: expected a hub id of the form owner/name")
    api = HfApi(token=token)
    with TemporaryDirectory() as temporary:
        folder = save_pretrained(
            source, Path(temporary), scores=scores, place=repo_id, license=license
        )
        try:
            api.create_repo(repo_id, private=private, exist_ok=True)
            commit = api.upload_folder(
                repo_id=repo_id,
                folder_path=folder,
                commit_message="Upload a gmf model",
                # Files of an earlier model, such as its calibration, must not stay in use.
                delete_patterns=PATTERNS,
            )
        except (HTTPError, LocalTokenNotFoundError) as error:
            raise CheckpointError(
                f"{repo_id}: the hub did not take it ({first_line(error)}); log in with "
                "`hf auth login`"
            ) from error
    return commit.commit_url


def _files_of_model(folder: Path) -> set[Path]:
    """Return the files of a folder that are published, relative to it."""
    return {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and any(path.match(pattern) for pattern in PATTERNS)
    }


def _copy(path: Path, target: Path) -> None:
    if path.suffix != ".json" or path.name == "tokenizer.json":
        shutil.copyfile(path, target)
        return
    content = _public(json.loads(path.read_text(encoding="utf-8")))
    if path.name in METAS:
        _forget_places(content)
    text = json.dumps(content, indent=2, ensure_ascii=False)
    write_text(target, text + "\n")


def _public(value: Any) -> Any:
    """Return a JSON value without the keys that name paths."""
    if isinstance(value, dict):
        mapping = cast(dict[str, Any], value)
        return {key: _public(item) for key, item in mapping.items() if key not in _PLACES}
    if isinstance(value, list):
        return [_public(item) for item in cast(list[Any], value)]
    return value


def _forget_places(meta: dict[str, Any]) -> None:
    data = meta.get("data", {})
    if data.get("cache"):
        data["cache"]["folder"] = None
    data |= {key: None for key in ("folder", "images", "context_file") if key in data}
    if data.get("folders"):  # Their shares mean nothing without them.
        data |= {"folders": [], "mix": None}
    provenance = meta.get("provenance", {})
    sources = [(entry, "name") for entry in provenance.get("encoders", {}).values()]
    for entry, key in [*sources, (provenance.get("init"), "name"), (provenance, "model_origin")]:
        if isinstance(entry, dict) and _ABSOLUTE.match(str(entry.get(key, ""))):
            entry[key] = re.split(r"[\\/]", str(entry[key]).rstrip("\\/"))[-1]
