"""Options of the data side."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from gmf.core.config import Config
from gmf.reading.reader import ReadOptions

CacheKind = Literal["none", "pixels", "maps", "pooled_maps"]


class CacheConfig(Config):
    """How much of the visual side is computed once and kept on disk.

    Args:
        kind: ``none``; ``pixels`` keeps decoded and prepared images, exactly; ``maps`` keeps the
            stage maps of the frozen backbone, exactly; ``pooled_maps`` keeps them averaged over
            7 x 7 cells, an approximation.
        folder: Folder of all caches; by default ``cache/views`` below ``GMF_HOME``.
    """

    kind: CacheKind = "pixels"
    folder: str | None = None


class DataConfig(Config):
    """Where the data is and how it is read.

    Args:
        folder: Folder with ``train``, ``dev`` and ``test``; ``None`` must be overridden.
        images: Folder of the images; by default ``images`` in the folder, or a usual place beside
            it such as ``../twitter2015_images``. Own data (JSON lines) names images relative to it.
        encoding: Encoding of files that are not Unicode, for example ``cp1252``.
        max_subwords: Limit on subwords of a post, special tokens and context included.
        context: Fields of the samples' context that are read beside the words, in this order:
            a later one has the room that the words and the earlier ones leave.
        context_file: File of contexts; by default ``context.jsonl`` in the folder.
        hide_context: Share of samples in which a training step hides a field of the context, each
            field by itself, in [0, 1).
        missing_image: ``mask`` leaves an absent or broken image out; ``blank`` puts a white
            image in its place, as the paper does.
        cache: What of the images is kept on disk for training and evaluation.
    """

    folder: Path | None = Field(default=None, strict=False)
    images: Path | None = Field(default=None, strict=False)
    encoding: str | None = None
    max_subwords: int = Field(default=128, ge=8, le=512)
    context: tuple[str, ...] = Field(default=(), strict=False)
    context_file: Path | None = Field(default=None, strict=False)
    hide_context: float = Field(default=0.0, ge=0, lt=1)
    missing_image: Literal["mask", "blank"] = "mask"
    cache: CacheConfig = Field(default_factory=CacheConfig)

    @property
    def reading(self) -> ReadOptions:
        """How the files of the folder are read."""
        return ReadOptions(encoding=self.encoding, images=self.images, context=self.context_file)
