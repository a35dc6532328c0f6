import json
from collections import Counter
from random import Random

import pytest
from gmf_demo.corpus import (
    DemoCorpusConfig,
    apportion,
    plan_split,
    template_words,
    write_corpus,
)
from gmf_demo.drawing import STYLES_OF_SPLIT
from gmf_demo.generator import PairShares, outcomes
from gmf_demo.pair_kinds import TYPE_OF_KIND
from PIL import Image

from gmf.core.config import parse_config
from gmf.core.errors import ConfigError
from gmf.core.tags import entities_of

SMALL = DemoCorpusConfig(num_train=40, num_dev=12, num_test=20)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("demo"), config=SMALL)


def read_conll(path):
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        if block.strip():
            head, *lines = block.strip("\n").split("\n")
            tokens, tags = zip(*(line.split("\t") for line in lines), strict=True)
            yield head.removeprefix("IMGID:"), tokens, tags


def test_files_hold_the_returned_samples(corpus):
    regions = {
        (row := json.loads(line))["image"]: row["regions"]
        for line in (corpus.folder / "regions.jsonl").read_text().splitlines()
    }
    for split, samples in corpus.splits.items():
        written = list(read_conll(corpus.folder / f"{split}.txt"))
        assert written == [(s.id, s.tokens, s.tags) for s in samples]
        for sample in samples:
            (image,) = sample.images
            assert image.source == corpus.folder / "images" / f"{sample.id}.jpg"
            with Image.open(image.source) as opened:
                assert opened.format == "JPEG"
                assert all(
                    r.box[2] <= opened.width and r.box[3] <= opened.height for r in image.regions
                )
            assert regions[image.source.name] == [
                {"box": list(r.box), "label": "object", "score": 1.0} for r in image.regions
            ]


def test_sizes_and_ids(corpus):
    sizes = {split: len(samples) for split, samples in corpus.splits.items()}
    assert sizes == {"train": 40, "dev": 12, "test": 20}
    ids = [s.id for samples in corpus.splits.values() for s in samples]
    assert len(set(ids)) == len(ids) == len(corpus.facts)
    assert {len(i) for i in ids} == {6}


def test_facts_agree_with_tags_and_the_written_file(corpus):
    written = json.loads((corpus.folder / "kinds.json").read_text())
    for sample in (s for samples in corpus.splits.values() for s in samples):
        post = corpus.facts[sample.id]
        types = Counter(e.type for e in entities_of(sample.tags))
        assert types == Counter(TYPE_OF_KIND[k] for k in (post.kind, post.second) if k)
        assert written[sample.id]["pair"] == post.pair
        assert post.style in {style.name for style in STYLES_OF_SPLIT[post.split]}


def test_no_name_or_handle_of_one_split_occurs_in_another(corpus):
    known = {w.strip("!.?,:") for w in template_words()}
    invented = {
        split: {
            token.lower()
            for sample in samples
            for token, tag in zip(sample.tokens, sample.tags, strict=True)
            if tag != "O" or token.startswith("@")
        }
        for split, samples in corpus.splits.items()
    }
    assert not invented["train"] & (invented["dev"] | invented["test"])
    assert not invented["dev"] & invented["test"]
    assert not known & set().union(*invented.values())


def test_the_same_seed_writes_the_same_bytes(corpus, tmp_path):
    write_corpus(tmp_path, config=SMALL)
    for path in sorted(corpus.folder.rglob("*")):
        if path.is_file():
            assert (tmp_path / path.relative_to(corpus.folder)).read_bytes() == path.read_bytes()


def test_another_seed_writes_other_posts(corpus, tmp_path):
    other = write_corpus(tmp_path, config=SMALL.model_copy(update={"seed": 5}))
    assert {s.tokens for s in other.splits["test"]}.isdisjoint(
        s.tokens for s in corpus.splits["test"]
    )


def test_shares_of_pairs_and_kinds_are_as_configured():
    config = DemoCorpusConfig()
    posts = list(plan_split("test", 600, config=config, rng=Random(0)))
    named = [post for post in posts if post.kind]
    pairs = Counter(post.pair for post in named)
    assert len(named) == 564
    assert pairs["unrelated"] / len(named) == pytest.approx(0.34, abs=0.005)
    assert pairs["misleading"] / len(named) == pytest.approx(0.18, abs=0.005)
    for pair in pairs:
        people = sum(post.kind == "person" for post in named if post.pair == pair)
        assert people / pairs[pair] == pytest.approx(0.34, abs=0.02)


def test_pictures_show_what_the_kind_of_pair_says():
    for post in plan_split("train", 1000, config=DemoCorpusConfig(), rng=Random(0)):
        if post.kind is None:
            assert (post.content == "unrelated") == (post.pair == "unrelated")
        elif post.pair == "misleading":
            assert post.strength == "telling"
            named = {TYPE_OF_KIND[k] for k in (post.kind, post.second) if k}
            assert TYPE_OF_KIND[post.content] not in named
        else:
            assert post.content == {"related": post.kind, "unrelated": "unrelated"}[post.pair]


def test_the_joint_distribution_sums_to_one():
    assert sum(o.probability for o in outcomes(PairShares())) == pytest.approx(1)
    assert all(o.probability > 0 for o in outcomes(PairShares(misleading=0.0)))


def test_apportioning_gives_every_share_within_one_and_the_exact_total():
    shares = {"a": 0.5, "b": 0.3, "c": 0.15, "d": 0.05}
    for total in (1, 7, 20, 333):
        counts = Counter(apportion(shares, total))
        assert counts.total() == total
        assert all(abs(counts[key] - share * total) < 1 for key, share in shares.items())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_test": 0}, "num_test: Input should be greater than or equal to 1"),
        ({"unrelated": 0.8, "misleading": 0.4}, "unrelated and misleading: expected at most 1"),
        ({"unrelated": -0.1}, "unrelated: Input should be greater than or equal to 0"),
        ({"size": 3}, "size: Extra inputs"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        parse_config(DemoCorpusConfig, options)
