"""A data set as it stands: samples with raw tags and line numbers, faults of format as findings."""

from dataclasses import dataclass, replace
from pathlib import Path

from gmf.checks.findings import Finding, finding_of
from gmf.core.errors import DataError
from gmf.core.tags import regular_tag
from gmf.core.types import Sample
from gmf.reading.reader import BYTE_ORDER_MARK, DEFAULTS, RawSample, ReadOptions
from gmf.reading.readers import SPLIT_NAMES, find_split, present_files, reader_of, splits_of
from gmf.reading.tag_schemes import is_one_tag, read_tags


@dataclass(frozen=True)
class Split:
    """One file of a data set.

    Args:
        name: ``train``, ``dev`` or ``test``.
        path: The file.
        raw_samples: Its posts, without what was written behind them.
        findings: Faults of format, service tags and appended text.
    """

    name: str
    path: Path
    raw_samples: tuple[RawSample, ...]
    findings: tuple[Finding, ...]

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.path.name

    def samples(self) -> list[Sample]:
        """Return the posts as samples: types renamed by alias, foreign tags read as ``O``."""
        return [
            Sample(
                sample.id,
                sample.tokens,
                regular_tags(sample),
                sample.images,
                origin=f"{self.file}:{sample.line}",
            )
            for sample in self.raw_samples
        ]


def regular_tags(sample: RawSample) -> tuple[str, ...] | None:
    """Return tags with alias types renamed and what is no tag read as ``O``."""
    if sample.tags is None:
        return None
    return tuple(map(regular_tag, sample.tags))


def load_folder(folder: Path, *, options: ReadOptions = DEFAULTS) -> list[Split]:
    """Read all splits of a folder.

    Args:
        folder: The folder.
        options: How its files are read, where they cannot tell.

    Raises:
        DataError: If the folder holds no split or several files of one.
    """
    return [
        load_split(find_split(folder, split=name), name=name, options=options)
        for name in splits_of(folder)
    ]


def first_split(folder: Path) -> Path | None:
    """Return the first split file of a folder, if there is any."""
    return next((path for split in SPLIT_NAMES for path in present_files(folder, split)), None)


def load_split(path: Path, *, name: str, options: ReadOptions = DEFAULTS) -> Split:
    """Read one file, faults as findings; tags are those that training reads."""
    reader = reader_of(path, options=options)
    faults: list[DataError] = []
    try:
        samples = reader.read_raw(path, on_fault=faults.append)
    except DataError as error:
        return Split(name, path, (), (Finding("format", 1, path.name, str(error)),))
    read = read_tags([sample.tags for sample in samples])
    samples = [replace(s, tags=tags) for s, tags in zip(samples, read.tags, strict=True)]
    findings = finding_of(
        "missing-blank-line",
        (sample.line for sample in samples if not sample.is_separated),
        file=path.name,
        message="an IMGID line follows a post without an empty line",
    )
    for kind in ("format", "empty-tweet"):
        mine = [f for f in faults if (f.field == "IMGID") == (kind == "empty-tweet")]
        message = str(mine[0]) if mine else ""
        findings += finding_of(kind, (f.line for f in mine), file=path.name, message=message)
    findings += _line_ends(path) if reader.is_text else []
    findings += finding_of("tag-scheme", read.notes, file=path.name, message="; ".join(read.notes))
    kept, service = _without_service_tags(samples, file=path.name)
    return Split(name, path, tuple(kept), (*findings, *service))


def _line_ends(path: Path) -> list[Finding]:
    content = path.read_bytes()
    findings: list[Finding] = []
    if content.startswith(BYTE_ORDER_MARK.encode()):
        findings.append(
            Finding("line-ends", 1, path.name, "the file begins with a byte order mark")
        )
    carriage_returns = content.count(b"\r\n")
    if carriage_returns:
        message = "lines end with CR LF; expected LF"
        findings.append(Finding("line-ends", carriage_returns, path.name, message))
    return findings


def _without_service_tags(
    raw_samples: list[RawSample], *, file: str
) -> tuple[list[RawSample], list[Finding]]:
    """Cut appended text (``<EOS>`` and what follows, all with foreign tags) and count it."""
    samples: list[RawSample] = []
    lines: list[int] = []
    tags: set[str] = set()
    appended = 0
    for sample in raw_samples:
        foreign = [i for i, tag in enumerate(sample.tags or ()) if not is_one_tag(tag)]
        lines += (sample.lines[index] for index in foreign)
        tags |= {(sample.tags or ())[index] for index in foreign}
        end = len(sample.tokens)
        while sample.tags is not None and end and not is_one_tag(sample.tags[end - 1]):
            end -= 1
        if 0 < end < len(sample.tokens) and sample.tokens[end] == "<EOS>":
            appended += 1
            sample = _cut(sample, end)
        samples.append(sample)
    listed = ", ".join(sorted(tags)[:5])
    message = (
        f"tags that are not O, B-TYPE or I-TYPE: {listed}; counted here as O, refused by training"
    )
    if appended:
        message += f"; {appended} posts are followed by <EOS> and other text, which is left out"
    return samples, finding_of("service-tag", lines, file=file, message=message)


def _cut(sample: RawSample, end: int) -> RawSample:
    tags = None if sample.tags is None else sample.tags[:end]
    return RawSample(
        sample.id, sample.line, sample.lines[:end], sample.tokens[:end], tags, sample.images
    )
