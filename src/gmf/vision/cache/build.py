"""From the user's choice to a source of views."""

from pathlib import Path

from gmf.core.errors import ConfigError
from gmf.data.config import CacheConfig
from gmf.vision.cache.identity import preprocessing_digest
from gmf.vision.cache.maps import EncodeStages, cached_maps
from gmf.vision.cache.pixels import cached_pixels
from gmf.vision.cache.views import CachedViews
from gmf.vision.views import DirectViews


def build_view_source(
    direct: DirectViews,
    *,
    config: CacheConfig,
    encode: EncodeStages | None = None,
    encoder_digest: str | None = None,
) -> DirectViews | CachedViews:
    """Return where a collator gets its views from.

    Args:
        direct: Reads and prepares views.
        config: The choice.
        encode: The frozen image encoder; needed for maps.
        encoder_digest: Names everything that ``encode`` depends on; needed for maps.

    Raises:
        ConfigError: If maps are wanted without a frozen encoder.
    """
    root = Path(config.folder).expanduser() if config.folder is not None else None
    if config.kind == "none":
        return direct
    if config.kind == "pixels":
        return cached_pixels(direct, root=root)
    if encode is None or encoder_digest is None:
        raise ConfigError(
            f"cache kind {config.kind!r} keeps the output of a frozen image encoder, and this "
            "model has none; freeze the encoder, or choose pixels or none"
        )
    return cached_maps(
        direct,
        encode=encode,
        encoder_digest=encoder_digest,
        preprocessing=preprocessing_digest(direct.processor),
        kind=config.kind,
        root=root,
    )
