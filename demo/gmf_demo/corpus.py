"""The demo corpus: drawn and written from a seed, in the project's own file formats."""

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import TypeVar

from pydantic import Field

from gmf.core.types import ImageInput, Region, Sample
from gmf_demo.drawing import STYLES_OF_SPLIT, draw_image
from gmf_demo.generator import Cell, PairShares, cells, contents_for, templates_for
from gmf_demo.names import NameMaker
from gmf_demo.pair_kinds import KINDS, Content, Kind, Pair, Strength
from gmf_demo.templates import EMPTY, TEMPLATES
from gmf_demo.writing import write_post

#: Quality of the written JPEG files.
JPEG_QUALITY = 88
#: Images that a process of an executor draws before it takes the next.
DRAWN_AT_ONCE = 50
REGION_LABEL = "object"
Key = TypeVar("Key", bound=Hashable)


class DemoCorpusConfig(PairShares):
    """What to draw and write.

    Args:
        seed: Everything follows from it.
        num_train: Posts of the training split.
        num_dev: Posts of the dev split.
        num_test: Posts of the test split.
        empty: Share of posts that name nothing.
    """

    seed: int = 1234
    num_train: int = Field(default=2000, ge=1)
    num_dev: int = Field(default=200, ge=1)
    num_test: int = Field(default=500, ge=1)
    empty: float = Field(default=0.06, ge=0.0, lt=1.0)


@dataclass(frozen=True)
class PostFacts:
    """What the generator knows of a post; no tagger may see it.

    Args:
        split: ``train``, ``dev`` or ``test``.
        pair: Kind of pair.
        strength: How far the text tells the kind of ``A``; ``None`` when nothing is named.
        kind: True kind of ``A``; ``None`` when nothing is named.
        second: True kind of ``B``; ``None`` without a second name.
        template: The sentence.
        content: What the image shows.
        style: Drawing style.
    """

    split: str
    pair: Pair
    strength: Strength | None
    kind: Kind | None
    second: Kind | None
    template: str
    content: Content
    style: str


@dataclass(frozen=True)
class _Draft:
    """A post whose image is still to be drawn: at ``path``, from ``rng`` as the text left it."""

    sample: Sample
    post: PostFacts
    path: Path
    rng: Random


@dataclass(frozen=True)
class DemoCorpus:
    """The written corpus.

    Args:
        folder: Where it lies.
        splits: Samples of ``train``, ``dev`` and ``test``.
        facts: What the generator knows, by sample id.
    """

    folder: Path
    splits: Mapping[str, tuple[Sample, ...]]
    facts: Mapping[str, PostFacts]


def write_corpus(
    folder: Path, *, config: DemoCorpusConfig | None = None, executor: Executor | None = None
) -> DemoCorpus:
    """Draw and write the corpus.

    Writes ``train.txt``, ``dev.txt`` and ``test.txt`` (Twitter CoNLL layout), ``images/<id>.jpg``,
    ``regions.jsonl`` (boxes of each image) and ``kinds.json`` (the facts, for analysis only).

    Args:
        folder: Made if absent; files of the same names are replaced.
        config: What to draw; the defaults when ``None``.
        executor: Draws the images; ``None`` for this process. The files are the same.

    Raises:
        OSError: If the folder cannot be written.
    """
    config = config or DemoCorpusConfig()
    (folder / "images").mkdir(parents=True, exist_ok=True)
    names = NameMaker(Random(f"{config.seed}/names"), taken=template_words())
    ids = iter(Random(f"{config.seed}/ids").sample(range(100_000, 1_000_000), _num_posts(config)))
    apply = executor.map if executor else map
    splits: dict[str, tuple[Sample, ...]] = {}
    facts: dict[str, PostFacts] = {}
    for split, count in _split_sizes(config).items():
        plan = plan_split(split, count, config=config, rng=Random(f"{config.seed}/{split}"))
        drafts: list[_Draft] = []
        for position, post in enumerate(plan):
            sample_id = str(next(ids))
            rng = Random(f"{config.seed}/{split}/{position}")
            tokens, tags = write_post(post.template, kinds=_kinds(post), names=names, rng=rng)
            path = folder / "images" / f"{sample_id}.jpg"
            drafts.append(_Draft(Sample(sample_id, tokens, tags), post, path, rng))
            facts[sample_id] = post
        parts = [drafts[start : start + DRAWN_AT_ONCE] for start in range(0, count, DRAWN_AT_ONCE)]
        splits[split] = tuple(sample for part in apply(_draw, parts) for sample in part)
        (folder / f"{split}.txt").write_text("".join(map(conll, splits[split])), encoding="utf-8")
    _write_side_files(folder, splits, facts)
    return DemoCorpus(folder, splits, facts)


def _split_sizes(config: DemoCorpusConfig) -> dict[str, int]:
    return {"train": config.num_train, "dev": config.num_dev, "test": config.num_test}


def _num_posts(config: DemoCorpusConfig) -> int:
    return sum(_split_sizes(config).values())


def template_words() -> frozenset[str]:
    """Return every word of the sentences, in lower case: no invented name may be one of them."""
    texts = [*(t.text for t in TEMPLATES), *EMPTY]
    return frozenset(word.lower() for text in texts for word in text.split())


def apportion(shares: Mapping[Key, float], total: int) -> list[Key]:
    """Return keys, each as often as its share of the total says, by largest remainder."""
    whole = sum(shares.values())
    exact = {key: total * share / whole for key, share in shares.items()}
    counts = {key: int(value) for key, value in exact.items()}
    by_remainder = sorted(exact, key=lambda key: counts[key] - exact[key])
    for key in by_remainder[: total - sum(counts.values())]:
        counts[key] += 1
    return [key for key, count in counts.items() for _ in range(count)]


def plan_split(
    split: str, count: int, *, config: DemoCorpusConfig, rng: Random
) -> Iterator[PostFacts]:
    """Yield what the posts of a split are to be, in random order.

    Kinds of pair, strengths and kinds are apportioned rather than drawn, so that a small split
    holds them in the generator's proportions; the rest is drawn.
    """
    num_empty = round(config.empty * count)
    planned: list[Cell | None] = [None] * num_empty
    planned += apportion(cells(config), count - num_empty)
    rng.shuffle(planned)
    styles = STYLES_OF_SPLIT[split]
    for position, cell in enumerate(planned):
        style = styles[position % len(styles)].name
        if cell is None:
            is_unrelated = rng.random() < config.unrelated
            content: Content = "unrelated" if is_unrelated else rng.choice(KINDS)
            pair: Pair = "unrelated" if is_unrelated else "related"
            yield PostFacts(split, pair, None, None, None, rng.choice(EMPTY), content, style)
            continue
        yield _named_post(split, cell, style=style, rng=rng)


def _named_post(split: str, cell: Cell, *, style: str, rng: Random) -> PostFacts:
    pair, strength, kind = cell
    template = rng.choice(templates_for(strength, kind))
    content = rng.choice(contents_for(pair, kind, template.second))
    return PostFacts(split, pair, strength, kind, template.second, template.text, content, style)


def _kinds(post: PostFacts) -> dict[str, Kind]:
    named: dict[str, Kind | None] = {"A": post.kind, "B": post.second}
    return {slot: kind for slot, kind in named.items() if kind is not None}


def _draw(drafts: Sequence[_Draft]) -> list[Sample]:
    """Draw and write the images of posts; return the posts with their images."""
    return [_draw_one(draft) for draft in drafts]


def _draw_one(draft: _Draft) -> Sample:
    post = draft.post
    style = next(s for s in STYLES_OF_SPLIT[post.split] if s.name == post.style)
    drawing = draw_image(post.content, style=style, rng=draft.rng)
    drawing.image.save(draft.path, quality=JPEG_QUALITY)
    regions = tuple(Region(box=box, label=REGION_LABEL) for box in drawing.boxes)
    return replace(draft.sample, images=(ImageInput(draft.path, regions),))


def conll(sample: Sample) -> str:
    """Return a sample in the Twitter CoNLL layout."""
    tagged = zip(sample.tokens, sample.tags or (), strict=True)
    lines = "".join(f"{token}\t{tag}\n" for token, tag in tagged)
    return f"IMGID:{sample.id}\n{lines}\n"


def _write_side_files(
    folder: Path, splits: Mapping[str, tuple[Sample, ...]], facts: Mapping[str, PostFacts]
) -> None:
    lines: list[str] = []
    for sample in (s for samples in splits.values() for s in samples):
        for image in sample.images:
            regions = [{"box": r.box, "label": r.label, "score": r.score} for r in image.regions]
            lines.append(json.dumps({"image": Path(str(image.source)).name, "regions": regions}))
    (folder / "regions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    posts = {sample_id: asdict(post) for sample_id, post in facts.items()}
    (folder / "kinds.json").write_text(json.dumps(posts, indent=1) + "\n", encoding="utf-8")
