"""Several corpora as one data set, each with the entity types that it annotates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from gmf.core.config import Config, near_hint
from gmf.core.errors import ConfigError
from gmf.core.tags import OUTSIDE, TYPE_ALIASES, entities_of, ordered_types, split_tag
from gmf.core.types import Entity, Sample
from gmf.reading.reader import ReadOptions
from gmf.reading.readers import read_split, splits_of
from gmf.reading.releases import DataFingerprint, fingerprint

#: What a type map leads to where nothing is known of the words.
UNKNOWN = "unknown"


class CorpusConfig(Config):
    """One of several corpora.

    Args:
        folder: Folder with ``train`` and ``dev``.
        name: Its name in scores and in ``data.mix``; the name of the folder by default.
        images: Folder of its images, as ``data.images`` is for one folder.
        context_file: File of its contexts; by default ``context.jsonl`` in the folder.
        types: Its types as those of the model. ``O``: no entity; ``unknown``: the words may be
            anything. A type that is not named keeps its name.
        annotates: Types of the model that it annotates; by default those that its train and dev
            have and those that ``types`` leads to. An ``O`` may be an entity of any other.
        partly: Those of which it annotates only some entities: an ``O`` may be one of them too, and
            what is predicted of them counts only where it is right.
    """

    folder: Path = Field(strict=False)
    name: str = ""
    images: Path | None = Field(default=None, strict=False)
    context_file: Path | None = Field(default=None, strict=False)
    types: dict[str, str] = Field(default_factory=dict)
    annotates: tuple[str, ...] | None = Field(default=None, strict=False)
    partly: tuple[str, ...] = Field(default=(), strict=False)

    @field_validator("types")
    @classmethod
    def _knows_aliases(cls, types: dict[str, str]) -> dict[str, str]:
        return {
            TYPE_ALIASES.get(name, name): TYPE_ALIASES.get(to, to) for name, to in types.items()
        }

    def reading(self, encoding: str | None) -> ReadOptions:
        """Return how its files are read."""
        return ReadOptions(encoding=encoding, images=self.images, context=self.context_file)

    @property
    def is_plain(self) -> bool:
        """Whether its types are the model's, and every entity of them is annotated."""
        return not self.types and self.annotates is None and not self.partly

    @property
    def title(self) -> str:
        """Its name in scores."""
        return self.name or self.folder.resolve().name


def corpus_of(options: Any) -> Any:
    """Return the options of a corpus, of which a folder may stand alone."""
    return {"folder": options} if isinstance(options, str | Path) else options


def read_corpora(
    corpora: Sequence[CorpusConfig],
    splits: Sequence[str],
    *,
    encoding: str | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> dict[str, list[Sample]]:
    """Return the samples of splits, one corpus after the other.

    Of one corpus without a type map the samples are as they are read. Of several, each sample says
    which corpus it is of and, where that lacks types of another, which types it annotates.

    Args:
        corpora: The corpora.
        splits: ``train``, ``dev`` or ``test``.
        encoding: Encoding of files that are not Unicode.
        on_note: Called with what is read otherwise than the files have it.

    Raises:
        ConfigError: If a type map or a list of annotated types does not suit the files.
        DataError: If a file is absent or breaks its format.
    """
    read = [_read(corpus, splits, encoding, on_note) for corpus in corpora]
    if len(corpora) == 1 and corpora[0].is_plain:
        return {split: read[0][split] for split in splits}
    for corpus, own in zip(corpora, read, strict=True):
        _check_map(corpus, own)
    mapped = [
        {
            name: [_mapped(sample, corpus.types) for sample in samples]
            for name, samples in own.items()
        }
        for corpus, own in zip(corpora, read, strict=True)
    ]
    annotated = [_annotated(*pair) for pair in zip(corpora, mapped, strict=True)]
    every = {name for names in annotated for name in names}
    found: dict[str, list[Sample]] = {split: [] for split in splits}
    for corpus, own, names in zip(corpora, mapped, annotated, strict=True):
        whole = tuple(name for name in names if name not in corpus.partly)
        known = None if every <= set(whole) else whole
        for split in splits:
            found[split] += [
                replace(sample, corpus=corpus.title, annotated=known) for sample in own[split]
            ]
    return found


def fingerprints(
    samples: Sequence[Sample], *, part: str, corpora: Sequence[CorpusConfig]
) -> list[DataFingerprint]:
    """Return the digest of words and tags of each corpus, as read.

    Args:
        samples: One split of all of them.
        part: ``train``, ``dev`` or ``test``.
        corpora: Where they were read.
    """
    if len(corpora) == 1:
        return [fingerprint(samples, part=part, folder=corpora[0].folder)]
    found: list[DataFingerprint] = []
    for corpus in corpora:
        own = [sample for sample in samples if sample.corpus == corpus.title]
        print_of_own = fingerprint(own, part=part, folder=corpus.folder)
        source = f"{corpus.title}/{print_of_own.source}"
        found.append(replace(print_of_own, source=source))
    return found


def judged(sample: Sample, entities: Iterable[Any], *, partly: bool = True) -> list[Any]:
    """Return the predicted entities that an annotation can judge.

    Those of types that the sample's corpus does not annotate are left out, and those with a word of
    which nothing is known.

    Args:
        sample: A sample with tags.
        entities: What was predicted.
        partly: Whether entities of types that it annotates partly, or not, stay if they are right.
    """
    unknown = set(sample.unknown)
    gold = entities_of(sample.tags or ()) if partly and sample.annotated is not None else ()
    right = {(entity.start, entity.end, entity.type) for entity in gold}
    return [
        entity
        for entity in entities
        if (
            sample.annotated is None
            or entity.type in sample.annotated
            or (entity.start, entity.end, entity.type) in right
        )
        and unknown.isdisjoint(range(entity.start, entity.end))
    ]


def judged_tags(sample: Sample, tags: Sequence[str]) -> tuple[str, ...]:
    """Return predicted tags without the entities that the annotation cannot judge."""
    if sample.annotated is None and not sample.unknown:
        return tuple(tags)
    kept: set[Entity] = set(judged(sample, entities_of(tags)))
    without = list(tags)
    for entity in entities_of(tags):
        if entity not in kept:
            without[entity.start : entity.end] = [OUTSIDE] * (entity.end - entity.start)
    return tuple(without)


def _read(
    corpus: CorpusConfig,
    splits: Sequence[str],
    encoding: str | None,
    on_note: Callable[[str], None],
) -> dict[str, list[Sample]]:
    """Return the asked splits, and those that tell what the corpus annotates."""
    options = corpus.reading(encoding)
    found = {
        split: read_split(corpus.folder, split, options=options, on_note=on_note)
        for split in splits
    }
    telling = {"train", "dev"}.intersection(splits_of(corpus.folder)) - found.keys()
    return found | {
        split: read_split(corpus.folder, split, options=options) for split in sorted(telling)
    }


def _mapped(sample: Sample, types: Mapping[str, str]) -> Sample:
    if not types or sample.tags is None:
        return sample
    tags: list[str] = []
    unknown: list[int] = []
    before = ""
    for word, tag in enumerate(sample.tags):
        prefix, own = split_tag(tag)
        name = types.get(own, own)
        if name == UNKNOWN:
            unknown.append(word)
        if name in ("", OUTSIDE, UNKNOWN):
            tags.append(OUTSIDE)
        else:
            # Neighbours of two types that have become one stay two entities.
            joins = prefix == "I" and own != before and tags and tags[-1].endswith(f"-{name}")
            tags.append(f"{'B' if joins else prefix}-{name}")
        before = own
    return replace(sample, tags=tuple(tags), unknown=tuple(unknown))


def _types_in(splits: Mapping[str, Sequence[Sample]]) -> set[str]:
    tags = {tag for samples in splits.values() for sample in samples for tag in sample.tags or ()}
    return {split_tag(tag)[1] for tag in tags} - {""}


def _check_map(corpus: CorpusConfig, splits: Mapping[str, Sequence[Sample]]) -> None:
    present = _types_in(splits)
    if absent := sorted(corpus.types.keys() - present):
        raise ConfigError(
            f"data.folders: types of {corpus.folder} names {absent[0]!r}, which it does not have; "
            f"it has {', '.join(ordered_types(present))}{near_hint(absent[0], present)}"
        )


def _annotated(corpus: CorpusConfig, splits: Mapping[str, Sequence[Sample]]) -> tuple[str, ...]:
    """Return the types that a corpus annotates.

    Raises:
        ConfigError: If it has others than it states.
    """
    present = _types_in(splits)
    if absent := sorted(set(corpus.partly) - present):
        raise ConfigError(
            f"data.folders: {corpus.folder} annotates {absent[0]} partly, of which it has no "
            f"entity; it has {', '.join(ordered_types(present))}{near_hint(absent[0], present)}"
        )
    if corpus.annotates is None:
        led_to = set(corpus.types.values()) - {OUTSIDE, UNKNOWN}
        return tuple(ordered_types(present | led_to))
    if beyond := sorted(present - set(corpus.annotates)):
        raise ConfigError(
            f"data.folders: {corpus.folder} has entities of {', '.join(beyond)}, which its "
            f"annotates ({', '.join(corpus.annotates)}) does not list"
            f"{near_hint(beyond[0], corpus.annotates)}; list them, or map them in its types"
        )
    return corpus.annotates
