"""From the user's choice to a source of views."""

from pathlib import Path
from typing import Literal

from gmf.core.config import Config
from gmf.core.errors import ConfigError
from gmf.data.cache.identity import preprocessing_digest
from gmf.data.cache.maps import EncodeStages, cached_maps
from gmf.data.cache.pixels import cached_pixels
from gmf.data.cache.views import CachedViews
from gmf.data.views import DirectViews

CacheKind = Literal["none", "pixels", "maps", "pooled_maps"]


class CacheConfig(Config):
    """How much of the visual side is computed once and kept on disk.

    Args:
        kind: ``none``; ``pixels`` keeps decoded and prepared pictures, exactly; ``maps`` keeps the
            stage maps of the frozen backbone, exactly; ``pooled_maps`` keeps them averaged over
            7 x 7 cells, an approximation.
        folder: Folder of all caches; by default ``cache/views`` below ``GMF_HOME``.
    """

    kind: CacheKind = "pixels"
    folder: str | None = None


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
        encode: The frozen image encoder; needed for maps. Fill a cache of maps before data-loading
            workers start, since they would each need the encoder.
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
