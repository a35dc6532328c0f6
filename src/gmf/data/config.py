"""Options of the data side."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PositiveFloat, field_validator, model_validator

from gmf.core.config import Config, near_hint
from gmf.core.errors import ConfigError
from gmf.reading.corpora import CorpusConfig, corpus_of

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
        folders: Several corpora in place of ``folder``: folders, or mappings with ``folder``,
            ``name``, ``images``, ``context_file``, ``types``, ``annotates``, ``partly``.
        mix: Share of each corpus in an epoch of training, by name, in any unit; an epoch has as
            many samples as all corpora together. ``None``: each sample once.
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
    folders: tuple[CorpusConfig, ...] = Field(default=(), strict=False)
    mix: dict[str, PositiveFloat] | None = None
    encoding: str | None = None
    max_subwords: int = Field(default=128, ge=8, le=512)
    context: tuple[str, ...] = Field(default=(), strict=False)
    context_file: Path | None = Field(default=None, strict=False)
    hide_context: float = Field(default=0.0, ge=0, lt=1)
    missing_image: Literal["mask", "blank"] = "mask"
    cache: CacheConfig = Field(default_factory=CacheConfig)

    @field_validator("folders", mode="before")
    @classmethod
    def _name_folders(cls, folders: Any) -> Any:
        return tuple(map(corpus_of, folders)) if isinstance(folders, list | tuple) else folders

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [corpus.title for corpus in self.folders]
        own = ("folder", "images", "context_file")
        if self.folders and (given := [key for key in own if getattr(self, key) is not None]):
            raise ValueError(
                f"folders: stands in place of {given[0]}, which each corpus has of its own; give "
                "one or the other"
            )
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"folders: two are named {min(twice)!r}; give each a name")
        if self.mix is not None and set(self.mix) != set(names):
            odd = sorted(set(self.mix) ^ set(names))[0]
            listed = ", ".join(names) or "none, for data.folders is empty"
            raise ValueError(
                f"mix: expected a share of every corpus and no other ({listed}); "
                f"{odd!r} {'has none' if odd in names else 'is none' + near_hint(odd, names)}"
            )
        return self

    @property
    def corpora(self) -> tuple[CorpusConfig, ...]:
        """What is read: the folders, or the one folder.

        Raises:
            ConfigError: If none is named.
        """
        if self.folders:
            return self.folders
        if self.folder is None:
            raise ConfigError(
                "data.folder: expected a folder with train and dev; add data.folder=DIR"
            )
        return (
            CorpusConfig(folder=self.folder, images=self.images, context_file=self.context_file),
        )
