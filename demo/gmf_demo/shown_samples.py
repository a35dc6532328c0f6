"""Which posts the demo shows, and what each model makes of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gmf.core.types import Prediction, Sample
from gmf.models.checkpoint import load_tagger
from gmf.training.run_folder import checkpoint_of
from gmf_demo.corpus import DemoCorpus
from gmf_demo.page import PostGroup, ScoredRow, ShownPost, write_page
from gmf_demo.pair_kinds import KINDS as THINGS
from gmf_demo.pair_kinds import PAIRS
from gmf_demo.run import KINDS, DemoResult

#: Posts shown of each kind of pair.
POSTS_OF_PAIR = 3
_MODELS = (
    "Two models were trained on a corpus that was drawn for this: one reads the text alone, GMF "
    "reads text and image."
)
_KINDS = (
    "Related pairs: the image shows what the name stands for. Unrelated: nothing that could be "
    "named. Misleading: another kind of thing. A text is telling where its words say what is "
    "meant, hinting where they make it likely, neutral where only an image can tell."
)


def write_demo_page(result: DemoResult, path: Path) -> list[ShownPost]:
    """Write the page of a demo; return the posts that show one sentence with several images."""
    corpus = result.corpus
    groups = [
        PostGroup(
            "One sentence, several images",
            "The words are the same; only the image tells what the name stands for.",
            _shown(result, _one_sentence(corpus)),
        )
    ]
    notes = {
        "related": "The image shows what the name stands for.",
        "unrelated": "The image shows nothing that could be named.",
        "misleading": "The image shows another kind of thing; the text tells what is meant.",
    }
    groups += [
        PostGroup(f"Pair: {pair}", notes[pair], _shown(result, _posts_of(corpus, pair)))
        for pair in PAIRS
    ]
    limits = [
        ScoredRow(label, tuple(getattr(result.limits[kind], name) for kind in KINDS), is_limit=True)
        for label, name in (
            ("best possible, text only", "text_only"),
            ("best possible, text and image", "multimodal"),
        )
    ]
    rows = [ScoredRow(n, tuple(s[kind] for kind in KINDS)) for n, s in result.scores.items()]
    write_page(
        path,
        title="GMF learns to use images",
        kinds=KINDS,
        scores=rows + limits,
        groups=groups,
        notes=[_MODELS, f"{result.summary}.", _KINDS],
    )
    return list(groups[0].posts)


def _one_sentence(corpus: DemoCorpus) -> list[tuple[str, Sample]]:
    """A neutral test sentence under an image of each kind of thing."""
    test = corpus.splits["test"]
    neutral = [s for s in test if corpus.facts[s.id].strength == "neutral"]
    plain = [s for s in neutral if corpus.facts[s.id].second is None]
    images = {corpus.facts[s.id].content: s.images for s in plain}
    return [
        (f"with an image of: {thing}", replace(plain[0], images=images[thing], tags=None))
        for thing in THINGS
        if thing in images
    ]


def _posts_of(corpus: DemoCorpus, pair: str) -> list[tuple[str, Sample]]:
    posts = [s for s in corpus.splits["test"] if corpus.facts[s.id].pair == pair]
    named = [s for s in posts if corpus.facts[s.id].kind is not None]
    return [
        (f"{corpus.facts[s.id].kind}, text: {corpus.facts[s.id].strength}", s)
        for s in named[:POSTS_OF_PAIR]
    ]


def _shown(result: DemoResult, posts: Sequence[tuple[str, Sample]]) -> tuple[ShownPost, ...]:
    samples = [sample for _, sample in posts]
    gmf, text = (_predictions(result.runs[model], samples) for model in ("gmf", "bert-crf"))
    return tuple(
        ShownPost(caption, mine, others=(("text only", other),))
        for (caption, _), mine, other in zip(posts, gmf, text, strict=True)
    )


def _predictions(run: Path, samples: Sequence[Sample]) -> list[Prediction]:
    return list(load_tagger(checkpoint_of(run)).predict(samples, explain=True))
