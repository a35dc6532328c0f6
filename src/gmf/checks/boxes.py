"""Checks of object boxes: ``regions.jsonl``, boxes in JSONL rows, Pascal-VOC annotations."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from gmf.checks.findings import Finding, finding_of
from gmf.checks.image_files import Album, image_paths
from gmf.checks.raw_samples import Split, regular_tags
from gmf.core.errors import DataError
from gmf.core.tags import entities_of
from gmf.core.types import Region
from gmf.data.images import Box
from gmf.data.voc import VocFile, parse_voc
from gmf.reading.image_folders import annotation_sources, names_of
from gmf.reading.regions_file import REGIONS_FILE, read_regions

#: No annotation of one image is longer; what is may be an attack.
MAX_XML_BYTES = 1_000_000


def check_regions(
    splits: Sequence[Split], *, folder: Path, album: Album
) -> tuple[list[Finding], dict[str, dict[str, object]]]:
    """Check boxes of ``regions.jsonl`` and of JSONL rows."""
    boxes: list[tuple[str, Box, tuple[int, int] | None]] = []
    findings: list[Finding] = []
    facts: dict[str, dict[str, object]] = {}
    path = folder / REGIONS_FILE
    if path.is_file():
        faults: list[DataError] = []
        try:
            regions = read_regions(path, on_fault=faults.append)
        except DataError as error:
            faults, regions = [error], {}
        message = str(faults[0]) if faults else ""
        findings += finding_of("format", (f.line for f in faults), file=path.name, message=message)
        names = _named(splits, album.folder)
        findings += finding_of(
            "region-without-tweet",
            sorted(set(regions) - names),
            file=path.name,
            message="regions of images that no post names",
        )
        for where, (name, own_boxes) in zip(
            image_paths(album.folder, regions), regions.items(), strict=True
        ):
            boxes += _boxes(name, own_boxes, album.size_of(where))
        facts[path.name] = {"images": len(regions), "regions": sum(map(len, regions.values()))}
        findings += _box_findings(boxes, file=path.name)
    for split in splits:
        boxes = [
            box
            for sample in split.raw_samples
            for image in sample.images
            if isinstance(image.source, Path)
            for box in _boxes(image.source.name, image.regions, album.size_of(image.source))
        ]
        findings += _box_findings(boxes, file=split.file)
    return findings, facts


def check_annotations(
    splits: Sequence[Split], *, folder: Path, album: Album
) -> tuple[list[Finding], dict[str, dict[str, object]]]:
    """Check Pascal-VOC files: an archive ``xml.zip`` and folders named ``xml*``, or beside."""
    findings: list[Finding] = []
    facts: dict[str, dict[str, object]] = {}
    for source in annotation_sources(folder):
        annotations: dict[str, VocFile] = {}
        faults: list[str] = []
        try:
            for name, content in _members(source):
                try:
                    annotations[Path(name).stem] = _parse(content)
                except ValueError as error:
                    faults.append(f"{name}: {error}")
        except (BadZipFile, OSError) as error:
            faults.append(f"{source.name}: {error}")
        message = "no Pascal-VOC annotations"
        findings += finding_of("format", faults, file=source.name, message=message)
        findings += _annotation_findings(annotations, splits, album, source.name)
        facts[source.name] = _annotation_facts(annotations, splits)
    return findings, facts


def _named(splits: Sequence[Split], folder: Path) -> set[str]:
    """Return the names by which ``regions.jsonl`` may mean the images of posts."""
    samples = [sample for split in splits for sample in split.raw_samples]
    return {f"{sample.id}.jpg" for sample in samples} | {
        name
        for sample in samples
        for image in sample.images
        if isinstance(image.source, Path)
        for name in names_of(image.source, folder)
    }


def _parse(content: bytes) -> VocFile:
    annotation = parse_voc(content)
    if annotation.size is None or not all(name for name, _ in annotation.objects):
        raise ValueError("expected a size, and a name for each object")
    return annotation


def _members(source: Path) -> Iterator[tuple[str, bytes]]:
    if source.is_dir():
        for path in sorted(source.rglob("*.xml")):
            yield path.name, path.read_bytes()[: MAX_XML_BYTES + 1]
        return
    with ZipFile(source) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".xml"):
                with archive.open(member) as stream:
                    yield member.filename, stream.read(MAX_XML_BYTES + 1)


def _boxes(
    name: str, regions: Sequence[Region], size: tuple[int, int] | None
) -> Iterator[tuple[str, Box, tuple[int, int] | None]]:
    for region in regions:
        if region.box is not None:
            yield name, region.box, size


def _box_findings(
    boxes: Sequence[tuple[str, Box, tuple[int, int] | None]], *, file: str
) -> list[Finding]:
    empty: list[str] = []
    outside: list[str] = []
    for name, box, size in boxes:
        if box[0] >= box[2] or box[1] >= box[3]:
            empty.append(f"{name} {box}")
        elif min(box) < 0 or (size and (box[2] > size[0] or box[3] > size[1])):
            outside.append(f"{name} {box}" + (f" of {size[0]} x {size[1]}" if size else ""))
    return [
        *finding_of("empty-box", empty, file=file, message="boxes without area"),
        *finding_of("box-outside", outside, file=file, message="boxes that reach out of the image"),
    ]


def _annotation_findings(
    annotations: dict[str, VocFile],
    splits: Sequence[Split],
    album: Album,
    file: str,
) -> list[Finding]:
    surfaces = _surfaces(splits)
    nameless = [
        f"{key} {name!r}"
        for key, item in annotations.items()
        for name, _ in item.objects
        if key in surfaces and name not in surfaces[key]
    ]
    boxes = [(key, box, item.size) for key, item in annotations.items() for _, box in item.objects]
    resized: list[str] = []
    paths = image_paths(album.folder, annotations)
    for path, (key, item) in zip(paths, annotations.items(), strict=True):
        size = album.size_of(path)
        if size and size != item.size:
            resized.append(f"{key}: {item.size} in the annotation, {size} in the image")
    return [
        *_box_findings(boxes, file=file),
        *finding_of(
            "annotation-without-tweet",
            sorted(set(annotations) - set(surfaces)),
            file=file,
            message="annotations of images that no post names",
        ),
        *finding_of(
            "box-without-entity",
            nameless,
            file=file,
            message="boxes whose name is no entity of the post",
        ),
        *finding_of(
            "size-mismatch", resized, file=file, message="the image has another size than stated"
        ),
    ]


def _annotation_facts(
    annotations: dict[str, VocFile], splits: Sequence[Split]
) -> dict[str, object]:
    facts: dict[str, object] = {
        "files": len(annotations),
        "boxes": sum(len(item.objects) for item in annotations.values()),
    }
    for split in splits:
        ids = {sample.id for sample in split.raw_samples}
        entities = boxless = 0
        for sample in split.raw_samples:
            item = annotations.get(sample.id)
            names = {name for name, _ in item.objects} if item else set[str]()
            for entity in entities_of(regular_tags(sample) or ()):
                entities += 1
                boxless += " ".join(sample.tokens[entity.start : entity.end]) not in names
        facts[split.name] = {
            "files": len(ids & set(annotations)),
            "entities": entities,
            "entities_without_box": boxless,
        }
    return facts


def _surfaces(splits: Sequence[Split]) -> dict[str, set[str]]:
    surfaces: dict[str, set[str]] = {}
    for split in splits:
        for sample in split.raw_samples:
            names = surfaces.setdefault(sample.id, set())
            for entity in entities_of(regular_tags(sample) or ()):
                names.add(" ".join(sample.tokens[entity.start : entity.end]))
    return surfaces
