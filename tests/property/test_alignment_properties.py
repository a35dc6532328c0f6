import numpy as np
import pytest
from fixtures.tokenizers import byte_level_tokenizer, packaged_tokenizer, unigram_tokenizer
from hypothesis import given, settings
from hypothesis import strategies as st

from gmf.data.alignment import WordEncoder
from gmf.testing import tiny_tokenizer

WORD = st.text(max_size=6) | st.sampled_from(["\u00a0", "\ufe0f", "\u200b", "the", "", " ", "\n"])
POSTS = st.lists(st.lists(WORD, min_size=1, max_size=6), min_size=1, max_size=3)
BUILDERS = {
    "wordpiece": tiny_tokenizer,
    "byte-level": byte_level_tokenizer,
    "unigram": unigram_tokenizer,
    "MiniLM": lambda: packaged_tokenizer("all-MiniLM-L6-v2"),
    "MPNet": lambda: packaged_tokenizer("all-mpnet-base-v2"),
}


def align(posts, *, tokenizer, max_subwords):
    encoder = WordEncoder.of(tokenizer, max_subwords=max_subwords)
    return encoder.align(encoder.encode(posts), num_words=[len(post) for post in posts])


@pytest.fixture(scope="module", params=list(BUILDERS))
def tokenizer(request):
    return BUILDERS[request.param]()


@settings(deadline=None)
@given(posts=POSTS)
def test_every_word_has_a_first_subword_and_order_is_kept(tokenizer, posts):
    found = align(posts, tokenizer=tokenizer, max_subwords=512)
    for row, post in enumerate(posts):
        assert found.word_mask[row].tolist() == [
            i < len(post) for i in range(len(found.word_mask[row]))
        ]
        words = [word for word in found.subword_words[row].tolist() if word >= 0]
        assert words == sorted(words)
        assert set(words) == set(range(len(post)))
        for word in range(len(post)):
            first = int(found.first_subword[row, word])
            assert found.subword_words[row, first] == word
            assert word not in found.subword_words[row, :first].tolist()
    attended = found.text_inputs["attention_mask"].astype(bool)
    assert not (found.subword_words[~attended] >= 0).any()


@settings(deadline=None)
@given(posts=POSTS, limit=st.integers(3, 12))
def test_limit_masks_a_suffix_and_is_kept(tokenizer, posts, limit):
    found = align(posts, tokenizer=tokenizer, max_subwords=limit)
    assert found.text_inputs["input_ids"].shape[1] <= limit
    mask = found.word_mask.astype(int)
    assert (mask[:, 1:] <= mask[:, :-1]).all()
    assert mask[:, 0].all()
    for row, post in enumerate(posts):
        if mask[row].sum() < len(post):
            assert found.text_inputs["attention_mask"][row].sum() == limit


@settings(deadline=None)
@given(posts=POSTS)
def test_a_post_alone_is_encoded_as_in_a_batch(tokenizer, posts):
    together = align(posts, tokenizer=tokenizer, max_subwords=512)
    for row, post in enumerate(posts):
        alone = align([post], tokenizer=tokenizer, max_subwords=512)
        length = alone.text_inputs["input_ids"].shape[1]
        assert np.array_equal(
            together.text_inputs["input_ids"][row, :length], alone.text_inputs["input_ids"][0]
        )
        assert np.array_equal(together.first_subword[row, : len(post)], alone.first_subword[0])
