import pytest
import torch

from gmf.core.errors import ConfigError, DataError
from gmf.core.tags import TagSet
from gmf.core.types import Sample
from gmf.data.alignment import WordEncoder
from gmf.data.collate import Collator
from gmf.testing import synthetic_samples, tiny_image_processor, tiny_tokenizer
from gmf.vision.views import DirectViews


def align(posts, *, tokenizer, max_subwords):
    encoder = WordEncoder.of(tokenizer, max_subwords=max_subwords)
    return encoder.align(encoder.encode(posts), num_words=[len(post) for post in posts])


def cut_words(batch):
    return sum(len(sample.tokens) for sample in batch.samples) - int(batch.word_mask.sum())


def test_alignment_by_hand():
    found = align([("Rocky", "ab", "!"), ("snow",)], tokenizer=tiny_tokenizer(), max_subwords=32)
    pieces = [tiny_tokenizer().convert_ids_to_tokens(row) for row in found.text_inputs["input_ids"]]
    assert pieces[0] == ["[CLS]", "rocky", "a", "##b", "!", "[SEP]"]
    assert found.first_subword.tolist() == [[1, 2, 4], [1, 0, 0]]
    assert found.word_mask.tolist() == [[True] * 3, [True, False, False]]
    assert found.subword_words.tolist() == [[-1, 0, 1, 1, 2, -1], [-1, 0, -1, -1, -1, -1]]


@pytest.mark.parametrize("odd", ["\u00a0", "\ufe0f", "", "\u200d", "  "])
def test_word_without_subword_becomes_unknown(odd):
    tokenizer = tiny_tokenizer()
    found = align([(odd, "ab", odd)], tokenizer=tokenizer, max_subwords=32)
    pieces = tokenizer.convert_ids_to_tokens(found.text_inputs["input_ids"][0])
    assert pieces == ["[CLS]", "[UNK]", "a", "##b", "[UNK]", "[SEP]"]
    assert found.first_subword.tolist() == [[1, 2, 4]]
    assert found.word_mask.all()


def test_words_beyond_the_limit_are_a_masked_suffix():
    words = ("ab", "\u00a0", "abc", "\u00a0", "d")
    found = align([words], tokenizer=tiny_tokenizer(), max_subwords=7)
    assert found.text_inputs["input_ids"].shape == (1, 7)
    assert found.word_mask.tolist() == [[True, True, True, False, False]]
    assert found.first_subword.tolist() == [[1, 3, 4, 0, 0]]


def test_padding_on_the_left_shifts_positions():
    found = align(
        [("ab",), ("a", "b", "c")], tokenizer=tiny_tokenizer(padding_side="left"), max_subwords=32
    )
    assert found.subword_words.tolist() == [[-1, -1, 0, 0, -1], [-1, 0, 1, 2, -1]]
    assert found.first_subword.tolist() == [[2, 0, 0], [1, 2, 3]]


def test_lengths_are_those_that_the_model_reads():
    samples = [Sample("1", ("ab", "c")), Sample("2", ()), Sample("3", ("a" * 40, "b"))]
    encoder = WordEncoder.of(tiny_tokenizer(), max_subwords=12)
    of_subwords = Collator(tags=TagSet(), encoder=encoder)
    of_words = Collator(tags=TagSet(), encoder=None)
    assert [item.length for item in of_subwords.encode(samples)] == [5, 2, 12]
    assert [item.length for item in of_words.encode(samples)] == [2, 0, 2]
    assert of_subwords.encode([]) == []


def test_limit_without_room_is_refused():
    with pytest.raises(ConfigError, match="max_subwords 2: leaves no room"):
        align([("a",)], tokenizer=tiny_tokenizer(), max_subwords=2)


def test_batch_of_synthetic_posts(tmp_path):
    samples = synthetic_samples(tmp_path, count=4)
    collate = Collator(
        tags=TagSet(),
        encoder=WordEncoder.of(tiny_tokenizer(), max_subwords=128),
        view_source=DirectViews(tiny_image_processor()),
    )
    batch = collate(samples)
    assert len(batch) == 4
    assert batch.samples == tuple(samples)
    assert batch.views.shape == (8, 3, 32, 32)
    assert batch.view_index.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert batch.word_mask.sum(1).tolist() == [len(s.tokens) for s in samples]
    names = TagSet().names
    for row, sample in enumerate(samples):
        assert [names[i] for i in batch.labels[row][: len(sample.tokens)]] == list(sample.tags)
        assert not batch.labels[row][len(sample.tokens) :].any()
    assert collate.report.images == {"read": 4}
    assert cut_words(batch) == 0


def test_batch_of_words_only():
    samples = [Sample("1", ("a", "b"), ("O", "B-LOC")), Sample("2", ("c",), ("O",))]
    batch = Collator(tags=TagSet(), encoder=None)(samples)
    assert batch.text_inputs == {}
    assert batch.first_subword.tolist() == [[0, 1], [0, 0]]
    assert batch.subword_words.tolist() == [[0, 1], [0, -1]]
    assert batch.word_mask.tolist() == [[True, True], [True, False]]
    assert batch.labels.tolist() == [[0, TagSet().index["B-LOC"]], [0, 0]]
    assert not batch.has_views
    assert batch.view_index.shape == (2, 0)


def test_unlabelled_sample_means_no_labels():
    samples = [Sample("1", ("a",), ("O",)), Sample("2", ("c",))]
    assert Collator(tags=TagSet(), encoder=None)(samples).labels is None


def test_cut_words_are_counted():
    encoder = WordEncoder.of(tiny_tokenizer(), max_subwords=4)
    batch = Collator(tags=TagSet(), encoder=encoder)(
        [Sample("1", ("a", "b", "c", "d")), Sample("2", ("a",))]
    )
    assert cut_words(batch) == 2


def test_unknown_type_names_the_origin():
    sample = Sample("7", ("a",), ("B-CAR",), origin="train.txt:9")
    with pytest.raises(
        DataError, match=r"train\.txt:9: word 0 of '7' has tag 'B-CAR'; the model knows PER"
    ):
        Collator(tags=TagSet(), encoder=None)([sample])


def test_batch_survives_a_move_and_loss_of_images(tmp_path):
    collate = Collator(tags=TagSet(), encoder=None, view_source=DirectViews(tiny_image_processor()))
    batch = collate(synthetic_samples(tmp_path, count=2)).to(torch.device("cpu"))
    assert not batch.without_images().has_views
