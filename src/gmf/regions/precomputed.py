"""Regions that others have found, delivered as if they were proposed now."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from gmf.core.errors import ConfigError, DataError
from gmf.core.files import sha256_of
from gmf.core.types import Region
from gmf.reading.paths import inside
from gmf.reading.regions_file import read_regions
from gmf.regions.base import NoOptions, ProposerChoice, RegionRequest, Wordless, source_name
from gmf.regions.pickles import read_name_lists


class PrecomputedProposer(Wordless):
    """Looks regions up by image name.

    Args:
        name: What kind of file they come from.
        regions: Regions by image file name.
        digest: Names the files they come from.
        by_stem: Whether names are compared without folder and file ending.
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
        self._regions = {self._key(image): tuple(boxes) for image, boxes in regions.items()}
        self.source = source_name(name, digest, {"by_stem": by_stem})

    def propose(self, requests: Sequence[RegionRequest]) -> list[list[Region]]:
        """Return the known regions of each image; none for an image that is not listed."""
        return [list(self._regions.get(self._key(request.name), ())) for request in requests]

    def _key(self, name: str) -> str:
        path = PurePosixPath(name)
        return path.stem if self._by_stem else path.name


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
    digest = "+".join(sha256_of(dictionary) for dictionary, _ in pairs)
    return PrecomputedProposer("hvpnet", regions=regions, digest=digest, by_stem=True)


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
