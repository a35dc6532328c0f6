from collections import Counter, defaultdict
from itertools import product
from random import Random

import pytest
from gmf_demo.best_possible import best_expected_f1, limits_of, type_posterior
from gmf_demo.corpus import DemoCorpusConfig, PostFacts, plan_split
from gmf_demo.generator import PairShares, outcomes
from gmf_demo.pair_kinds import PAIRS, TYPE_OF_KIND
from gmf_demo.templates import TEMPLATES


def simulate(count, *, shares, seed):
    """Draw posts step by step, as the module's text says, without the enumeration."""
    every = list(outcomes(shares))
    drawn = Random(seed).choices(every, weights=[o.probability for o in every], k=count)
    return [
        PostFacts(
            "test",
            o.pair,
            o.template.strength,
            o.kind,
            o.template.second,
            o.template.text,
            o.content,
            "",
        )
        for o in drawn
    ]


def empirical_f1(posts, *, sees_image, pair):
    """F1 of the tagger that answers with the most frequent type among the scored posts."""
    chosen = [p for p in posts if pair in (None, p.pair)]
    seen = defaultdict(Counter)
    for post in chosen:
        view = (post.template, post.content) if sees_image else post.template
        seen[view][TYPE_OF_KIND[post.kind]] += 1
    certain = sum(p.second is not None for p in chosen)
    hits = [c.most_common(1)[0][1] / c.total() for c in seen.values() for _ in range(c.total())]
    return best_expected_f1(hits, certain=certain)


def test_limits_agree_with_a_simulation():
    shares = PairShares()
    posts = simulate(60_000, shares=shares, seed=0)
    limits = limits_of(posts, shares=shares)
    for pair in (*PAIRS, None):
        limit = limits[pair or "all"]
        for sees_image, value in ((False, limit.text_only), (True, limit.multimodal)):
            found = empirical_f1(posts, sees_image=sees_image, pair=pair)
            assert value == pytest.approx(found, abs=0.006), (pair, sees_image)


def test_the_posterior_agrees_with_counted_posts():
    shares = PairShares(unrelated=0.3, misleading=0.2)
    posterior = type_posterior(shares, sees_image=True)
    counts = defaultdict(Counter)
    for post in simulate(60_000, shares=shares, seed=1):
        counts[post.template, post.content][TYPE_OF_KIND[post.kind]] += 1
    for view, count in counts.items():
        if count.total() > 300:
            for entity_type, share in posterior[view].items():
                assert count[entity_type] / count.total() == pytest.approx(share, abs=0.1)


def test_the_optimum_is_the_best_of_all_taggers():
    hits, certain = [0.9, 0.45, 0.3, 0.1], 1
    gold = len(hits) + certain
    every = [
        2
        * (certain + sum(h for h, keep in zip(hits, kept, strict=True) if keep))
        / (certain + sum(kept) + gold)
        for kept in product((False, True), repeat=len(hits))
    ]
    assert best_expected_f1(hits, certain=certain) == pytest.approx(max(every))
    assert best_expected_f1(hits, certain=certain) > every[-1]


def test_no_entities_is_an_error():
    with pytest.raises(ValueError, match="no entities"):
        best_expected_f1([])


@pytest.fixture(scope="module")
def test_split_limits():
    config = DemoCorpusConfig()
    return limits_of(plan_split("test", 600, config=config, rng=Random(3)), shares=config)


def test_pictures_help_where_they_are_related_and_harm_nowhere(test_split_limits):
    limits = test_split_limits
    assert limits["related"].multimodal == pytest.approx(1.0)
    assert limits["related"].multimodal - limits["related"].text_only > 0.2
    assert limits["misleading"].text_only == limits["misleading"].multimodal == 1.0
    assert limits["unrelated"].multimodal == pytest.approx(limits["unrelated"].text_only, abs=0.002)
    assert limits["all"].text_only < limits["all"].multimodal < 1.0


def test_the_overall_optimum_does_not_lose_on_any_kind_of_pair():
    """One Bayes tagger that cannot see the kind of pair answers as one that can."""
    shares = PairShares()
    for sees_image in (False, True):
        overall = type_posterior(shares, sees_image=sees_image)
        for pair in PAIRS:
            for view, by_type in type_posterior(shares, sees_image=sees_image, pair=pair).items():
                answer = max(overall[view], key=overall[view].__getitem__)
                assert by_type.get(answer, 0) == pytest.approx(max(by_type.values()))


def test_a_posterior_of_one_kind_of_pair_holds_its_posts_only():
    shares = PairShares()
    telling = {t.text for t in TEMPLATES if t.strength == "telling"}
    assert set(type_posterior(shares, sees_image=False, pair="misleading")) == telling
    seen = type_posterior(shares, sees_image=True, pair="unrelated")
    assert {content for _, content in seen} == {"unrelated"}


def test_support_counts_both_names_and_skips_empty_posts(test_split_limits):
    parts = [test_split_limits[pair].support for pair in PAIRS]
    assert test_split_limits["all"].support == sum(parts) > 564


def test_posts_of_another_generator_are_refused():
    post = PostFacts("test", "misleading", "neutral", "work", None, "we love {A}", "place", "")
    with pytest.raises(ValueError, match="not from this generator"):
        limits_of([post], shares=PairShares())
