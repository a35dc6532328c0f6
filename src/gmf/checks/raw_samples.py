"""A data set as it stands: tweets with raw tags and line numbers, faults of format as findings."""

from dataclasses import dataclass
from pathlib import Path

from gmf.checks.findings import Finding, finding_of
from gmf.core.errors import DataError
from gmf.core.tags import is_bio, regular_tag
from gmf.core.types import ImageInput, Sample
from gmf.data.conll import BYTE_ORDER_MARK, read_blocks
from gmf.data.jsonl import read_jsonl
from gmf.data.readers import SPLIT_NAMES, SPLIT_SUFFIXES, find_split, splits_of


@dataclass(frozen=True, slots=True)
class Tweet:
    """One post of a file.

    Args:
        id: Identifier; empty when the file gives none.
        line: First line.
        lines: Line of each token.
        tokens: Words.
        tags: Tags as written, of whatever scheme; ``None`` when unlabelled.
        images: Images that a JSONL row names.
    """

    id: str
    line: int
    lines: tuple[int, ...]
    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None
    images: tuple[ImageInput, ...] = ()


@dataclass(frozen=True)
class Split:
    """One file of a data set.

    Args:
        name: ``train``, ``dev`` or ``test``.
        path: The file.
        tweets: Its posts, without what was written behind them.
        findings: Faults of format, service tags and appended text.
    """

    name: str
    path: Path
    tweets: tuple[Tweet, ...]
    findings: tuple[Finding, ...]

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.path.name

    def samples(self) -> list[Sample]:
        """Return the posts as samples: types renamed by alias, foreign tags read as ``O``."""
        return [
            Sample(tweet.id, tweet.tokens, regular_tags(tweet), tweet.images)
            for tweet in self.tweets
        ]


def regular_tags(tweet: Tweet) -> tuple[str, ...] | None:
    """Return tags with alias types renamed and tags of another scheme read as ``O``."""
    if tweet.tags is None:
        return None
    return tuple(map(regular_tag, tweet.tags))


def load_folder(folder: Path) -> list[Split]:
    """Read all splits of a folder.

    Raises:
        DataError: If the folder holds no split or several files of one.
    """
    return [load_split(find_split(folder, split=name), name=name) for name in splits_of(folder)]


def first_split(folder: Path) -> Path | None:
    """Return the first split file of a folder, if there is any."""
    there = [
        folder / f"{stem}{suffix}"
        for stems in SPLIT_NAMES.values()
        for stem in stems
        for suffix in SPLIT_SUFFIXES
    ]
    return next((path for path in there if path.is_file()), None)


def load_split(path: Path, *, name: str) -> Split:
    """Read one file, faults as findings."""
    faults: list[DataError] = []
    findings: list[Finding] = []
    try:
        if path.suffix == ".jsonl":
            tweets = [_of_sample(s) for s in read_jsonl(path, aliases={}, on_fault=faults.append)]
        else:
            blocks = list(read_blocks(path, on_fault=faults.append))
            tweets = [
                Tweet(block.id or "", block.line, block.row_lines, block.tokens, block.tags)
                for block in blocks
            ]
            findings += finding_of(
                "missing-blank-line",
                (block.line for block in blocks if not block.is_separated),
                file=path.name,
                message="an IMGID line follows a tweet without an empty line",
            )
    except DataError as error:
        return Split(name, path, (), (Finding("format", 1, path.name, str(error)),))
    for kind in ("format", "empty-tweet"):
        mine = [f for f in faults if (f.field == "IMGID") == (kind == "empty-tweet")]
        message = str(mine[0]) if mine else ""
        findings += finding_of(kind, (f.line for f in mine), file=path.name, message=message)
    findings += _line_ends(path)
    kept, service = _without_service_tags(tweets, file=path.name)
    return Split(name, path, tuple(kept), (*findings, *service))


def _of_sample(sample: Sample) -> Tweet:
    file, _, number = sample.origin.rpartition(":")
    line = int(number)
    lines = (line,) * len(sample.tokens)
    # The reader names rows without identifier by their position; that says nothing elsewhere.
    is_named = sample.id != f"{Path(file).stem}-{line}"
    return Tweet(
        sample.id if is_named else "", line, lines, sample.tokens, sample.tags, sample.images
    )


def _line_ends(path: Path) -> list[Finding]:
    content = path.read_bytes()
    found: list[Finding] = []
    if content.startswith(BYTE_ORDER_MARK.encode()):
        found.append(Finding("line-ends", 1, path.name, "the file begins with a byte order mark"))
    carriage_returns = content.count(b"\r\n")
    if carriage_returns:
        message = "lines end with CR LF; expected LF"
        found.append(Finding("line-ends", carriage_returns, path.name, message))
    return found


def _without_service_tags(tweets: list[Tweet], *, file: str) -> tuple[list[Tweet], list[Finding]]:
    """Cut appended text (``<EOS>`` and what follows, all with foreign tags) and count it."""
    kept: list[Tweet] = []
    places: list[int] = []
    tags: set[str] = set()
    appended = 0
    for tweet in tweets:
        foreign = [i for i, tag in enumerate(tweet.tags or ()) if not is_bio(tag)]
        places += (tweet.lines[index] for index in foreign)
        tags |= {(tweet.tags or ())[index] for index in foreign}
        end = len(tweet.tokens)
        while tweet.tags is not None and end and not is_bio(tweet.tags[end - 1]):
            end -= 1
        if 0 < end < len(tweet.tokens) and tweet.tokens[end] == "<EOS>":
            appended += 1
            tweet = _cut(tweet, end)
        kept.append(tweet)
    listed = ", ".join(sorted(tags)[:5])
    message = f"tags that are not O, B-TYPE or I-TYPE: {listed}; read as O"
    if appended:
        message += f"; {appended} tweets are followed by <EOS> and other text, which is left out"
    return kept, finding_of("service-tag", places, file=file, message=message)


def _cut(tweet: Tweet, end: int) -> Tweet:
    tags = None if tweet.tags is None else tweet.tags[:end]
    return Tweet(tweet.id, tweet.line, tweet.lines[:end], tweet.tokens[:end], tags, tweet.images)
