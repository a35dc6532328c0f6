from collections import Counter
from random import Random

import pytest
from gmf_demo.names import TELLING_ENDINGS, NameMaker
from gmf_demo.pair_kinds import KINDS, STRENGTHS, TYPE_OF_KIND
from gmf_demo.templates import EMPTY, TEMPLATES
from gmf_demo.writing import write_post

from gmf.core.tags import entities_of, is_legal_move


def test_names_never_repeat_a_word_and_have_one_or_two():
    maker = NameMaker(Random(1), taken=["what"])
    names = [maker.name() for _ in range(3000)]
    words = [word.lower() for name in names for word in name]
    assert len(words) == len(set(words))
    assert {len(name) for name in names} == {1, 2}
    assert not any(word.endswith(TELLING_ENDINGS) for word in words)


def test_taken_words_are_not_given_out():
    first = NameMaker(Random(7)).name()
    again = NameMaker(Random(7), taken=[word.lower() for word in first]).name()
    assert not set(first) & set(again)


def test_templates_are_distinct_and_name_what_they_say():
    texts = [t.text for t in TEMPLATES] + list(EMPTY)
    assert len(texts) == len(set(texts))
    for template in TEMPLATES:
        words = Counter(template.text.split())
        assert words["{A}"] == 1
        assert words["{B}"] == (template.second is not None)


def test_strengths_leave_open_what_they_should():
    for template in TEMPLATES:
        types = {TYPE_OF_KIND[kind] for kind in template.kinds}
        assert {
            "neutral": template.kinds == KINDS,
            "hinting": 1 < len(types) < 4,
            "telling": len(types) == 1,
        }[template.strength]
    for strength in STRENGTHS:
        assert {k for t in TEMPLATES if t.strength == strength for k in t.kinds} == set(KINDS)


def test_words_do_not_depend_on_the_kind():
    for seed in range(100):
        written = [
            write_post(
                "{A} again", kinds={"A": kind}, names=NameMaker(Random(seed)), rng=Random(seed)
            )
            for kind in KINDS
        ]
        assert len({tokens for tokens, _ in written}) == 1
        for kind, (_, tags) in zip(KINDS, written, strict=True):
            assert [entity.type for entity in entities_of(tags)] == [TYPE_OF_KIND[kind]]


def test_tweets_are_legal_bio2_with_both_names():
    names = NameMaker(Random(0))
    for seed in range(200):
        tokens, tags = write_post(
            "{A} was seen in {B}",
            kinds={"A": "person", "B": "place"},
            names=names,
            rng=Random(seed),
        )
        assert len(tokens) == len(tags)
        assert all(tokens)
        assert all(map(is_legal_move, [None, *tags], tags))
        assert [e.type for e in entities_of(tags, strict=True)] == ["PER", "LOC"]


def test_tweets_look_like_tweets():
    names = NameMaker(Random(0))
    tweets = [
        " ".join(write_post("so {A}", kinds={"A": "work"}, names=names, rng=Random(s))[0])
        for s in range(300)
    ]
    for mark in ("RT @", "# ", "https://t.co/", "!", "🔥"):
        assert 10 < sum(mark in tweet for tweet in tweets) < 290, mark
    assert sum(tweet == tweet.lower() for tweet in tweets) > 20


def test_a_name_without_a_kind_is_an_error():
    with pytest.raises(KeyError, match="B"):
        write_post("{A} {B}", kinds={"A": "work"}, names=NameMaker(Random(0)), rng=Random(0))
