"""Regions that others have found, delivered as if they were proposed now."""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from gmf.core.errors import ConfigError, DataError
from gmf.core.files import sha256_of
from gmf.core.types import Region
from gmf.reading.image_folders import stem_of
from gmf.reading.paths import inside
from gmf.reading.regions_file import read_regions
from gmf.regions.base import NoOptions, ProposerChoice, RegionRequest, Wordless, source_name
from gmf.regions.pickles import read_name_lists


class PrecomputedProposer(Wordless):
    """Looks regions up by image name: as it is listed, else by the file's name alone.

    Args:
        name: What kind of file they come from.
        regions: Regions by image file name.
        digest: Names the files they come from.
        by_stem: Whether the file's name is compared without its ending.
    """

    needs_picture = False

    def __init__(
        self,
        name: str,
        *,
        regions: Mapping[str, Sequence[Region]],
        digest: str,
        by_stem: bool = False,
    ) -> None:
        self._by_stem = by_stem
        self._regions = {_whole(image): tuple(boxes) for image, boxes in regions.items()}
        self._listed: dict[str, list[str]] = defaultdict(list)
        for image in self._regions:
            self._listed[self._file_name(image)].append(image)
        self._given: dict[str, str] = {}
        self.source = source_name(name, digest, {"by_stem": by_stem})

    def propose(self, requests: Sequence[RegionRequest]) -> list[list[Region]]:
        """Return the known regions of each image; none for an image that is not listed.

        Raises:
            DataError: If an image is not listed itself, and it is not clear which of several that
                have its file's name is meant.
        """
        return [list(self._regions.get(self._entry_of(r.name), ())) for r in requests]

    def _entry_of(self, name: str) -> str:
        """Return which listed image is meant; the name itself if none is."""
        whole = _whole(name)
        found = [] if whole in self._regions else self._listed.get(self._file_name(name), [])
        if not found:
            return whole
        if len(found) > 1:
            raise DataError(f"{name} may be {' or '.join(found)}; list it by its whole name")
        other = self._given.setdefault(found[0], whole)
        if other != whole:
            raise DataError(f"{found[0]} may be {other} or {name}; list each by its whole name")
        return found[0]

    def _file_name(self, name: str) -> str:
        return stem_of(name) if self._by_stem else PurePosixPath(_whole(name)).name


def _whole(name: str) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(name).as_posix())


def no_regions() -> PrecomputedProposer:
    """Return the proposer that finds nothing: the whole image is the only view."""
    return PrecomputedProposer("none", regions={}, digest="")


def own_regions(path: Path) -> PrecomputedProposer:
    """Return the regions of a ``regions.jsonl``.

    Raises:
        DataError: If a line is wrong.
    """
    return PrecomputedProposer("jsonl", regions=read_regions(path), digest=sha256_of(path))


def crop_folder(pairs: Sequence[tuple[Path, Path]]) -> PrecomputedProposer:
    """Return ready crops in the layout of HVPNeT.

    Args:
        pairs: A dictionary from image to crop names (JSON or pickle), and the folder of the crops.

    Raises:
        DataError: If a dictionary cannot be read, an image is listed twice, a folder is absent or a
            crop's name leaves its folder.
    """
    regions: dict[str, list[Region]] = {}
    for dictionary, folder in pairs:
        if not folder.is_dir():
            raise DataError("no such folder of crops", path=folder)
        for image, names in read_name_lists(dictionary).items():
            if image in regions:
                raise DataError(f"image {image!r} is listed twice", path=dictionary)
            try:
                regions[image] = [Region(crop=inside(folder, name)) for name in names]
            except ValueError as error:
                raise DataError(str(error), path=dictionary, field=image) from error
    digest = hashlib.sha256()
    for path in (*(dictionary for dictionary, _ in pairs), *_crops_of(regions)):
        digest.update((sha256_of(path) if path.is_file() else "absent").encode())
    return PrecomputedProposer("hvpnet", regions=regions, digest=digest.hexdigest(), by_stem=True)


def _crops_of(regions: Mapping[str, Sequence[Region]]) -> list[Path]:
    crops = (region.crop for boxes in regions.values() for region in boxes)
    return [crop for crop in crops if crop is not None]


def build_hvpnet(choice: ProposerChoice) -> PrecomputedProposer:
    """Ready crops in the layout of HVPNeT."""
    choice.parse(NoOptions)
    pairs = [place.partition("=") for place in choice.places]
    if not pairs or not all(equals and folder for _, equals, folder in pairs):
        raise ConfigError(
            "proposer hvpnet: give each dictionary and its folder of crops as "
            "--from train_dict.pth=crops/train"
        )
    return crop_folder([(Path(dictionary), Path(folder)) for dictionary, _, folder in pairs])


def build_own(choice: ProposerChoice) -> PrecomputedProposer:
    """The regions of a `regions.jsonl`."""
    choice.parse(NoOptions)
    return own_regions(choice.place("the regions.jsonl"))


def build_none(choice: ProposerChoice) -> PrecomputedProposer:
    """No regions: the whole image is the only view."""
    choice.parse(NoOptions)
    return no_regions()
