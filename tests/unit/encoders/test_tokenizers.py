"""Tokenizers of text encoders, loaded for separated words."""

import pytest
from fixtures.text_families import CONFIGS, byte_pieces, text_config, tokenizer_of
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import BPE
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from gmf.core.errors import EncoderError
from gmf.data.alignment import WordEncoder
from gmf.encoders.tokenizers import load_tokenizer


def saved(tokenizer, folder, family="roberta"):
    tokenizer.save_pretrained(folder)
    text_config(family).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("family", CONFIGS)
def test_separated_words_have_the_subwords_of_running_text(family, tmp_path):
    published = tokenizer_of(family)
    tokenizer = load_tokenizer(saved(published, tmp_path / "encoder", family))
    tokenizer.save_pretrained(tmp_path / "checkpoint")
    again = AutoTokenizer.from_pretrained(tmp_path / "checkpoint")
    for words in (["a", "b", "c"], ["it's", "C3PO", "!", "a"]):
        running = published(" " + " ".join(words))["input_ids"]
        for loaded in (tokenizer, again):
            encoder = WordEncoder.of(loaded, max_subwords=64)
            found = encoder.align(encoder.encode([words]), num_words=[len(words)])
            assert found.text_inputs["input_ids"][0].tolist() == running
            assert found.word_mask.all()
            covered = found.subword_words[0].tolist()
            assert covered[0] == covered[-1] == -1
            assert sorted(covered[1:-1]) == covered[1:-1]
            assert set(covered[1:-1]) == set(range(len(words)))


@pytest.mark.parametrize("family", ["roberta", "modernbert"])
def test_byte_level_tokenizers_lack_the_space_as_published(family):
    published = tokenizer_of(family)
    words = published(["a", "b", "c"], is_split_into_words=True)["input_ids"]
    assert words != published(" a b c")["input_ids"]


def test_a_tokenizer_without_padding_token_is_refused(tmp_path):
    vocabulary, merges = byte_pieces()
    backend = Tokenizer(BPE(vocabulary, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel()
    folder = saved(PreTrainedTokenizerFast(tokenizer_object=backend), tmp_path)
    with pytest.raises(EncoderError, match="has no padding token"):
        load_tokenizer(folder)


def test_a_tokenizer_that_joins_words_is_refused(tmp_path):
    """Without pre-tokenisation pieces may reach over spaces, which separated words do not have."""
    vocabulary = {piece: index for index, piece in enumerate(["<pad>", "a", "b", " ", "a b"])}
    backend = Tokenizer(BPE({**vocabulary, " b": 5}, [(" ", "b"), ("a", " b")]))
    folder = saved(PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>"), tmp_path)
    with pytest.raises(EncoderError, match="otherwise than the same words in running text"):
        load_tokenizer(folder)


def test_a_slow_tokenizer_is_refused(tmp_path, monkeypatch):
    class Slow:
        is_fast = False

    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda *_, **__: Slow())
    with pytest.raises(EncoderError, match=r"\(Slow\): cannot tell which subword"):
        load_tokenizer(str(tmp_path))
