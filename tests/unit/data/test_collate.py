import numpy as np
import pytest
import torch
from tokenizers.processors import TemplateProcessing

from gmf.core.errors import ConfigError, DataError
from gmf.core.tags import TagSet
from gmf.core.types import Sample
from gmf.data.alignment import WordEncoder, standalone_tokenizer
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


def test_a_tokenizer_that_pads_and_cuts_on_the_left_does_so_on_the_right():
    tokenizer = tiny_tokenizer(padding_side="left", truncation_side="left")
    found = align([("ab",), ("a", "b", "c")], tokenizer=tokenizer, max_subwords=32)
    assert found.subword_words.tolist() == [[-1, 0, 0, -1, -1], [-1, 0, 1, 2, -1]]
    assert found.first_subword.tolist() == [[1, 0, 0], [1, 2, 3]]
    found = align([("a", "b", "c", "d")], tokenizer=tokenizer, max_subwords=4)
    assert found.word_mask.tolist() == [[True, True, False, False]]


def test_no_sample_is_no_row():
    found = align([], tokenizer=tiny_tokenizer(), max_subwords=32)
    assert found.text_inputs["input_ids"].shape == found.subword_words.shape == (0, 0)
    assert found.word_mask.shape == found.first_subword.shape == (0, 0)


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


def test_context_is_a_second_segment_and_its_fields_are_known():
    encoder = WordEncoder(
        standalone_tokenizer(tiny_tokenizer(), max_subwords=24),
        inputs=("input_ids", "token_type_ids", "attention_mask"),
        unknown_token="[UNK]",
    )
    told, bare = encoder.encode(
        [["rocky", "\u00a0"], ["snow"]], contexts=[[["is", "new"], [], ["the"]], [[], [], []]]
    )
    batch = encoder.align([told, bare], num_words=[2, 1])
    pieces = tiny_tokenizer().convert_ids_to_tokens(batch.text_inputs["input_ids"][0])
    assert pieces == ["[CLS]", "rocky", "[UNK]", "[SEP]", "is", "new", "the", "[SEP]"]
    assert batch.text_inputs["token_type_ids"].tolist() == [[0, 0, 0, 0, 1, 1, 1, 1], [0] * 8]
    assert batch.subword_words.tolist() == [[-1, 0, 1, *[-1] * 5], [-1, 0, *[-1] * 6]]
    assert batch.context_fields is not None
    assert batch.context_fields.tolist() == [[-1, -1, -1, -1, 0, 0, 2, 3], [-1] * 8]


@pytest.mark.parametrize(("room", "expected"), [(9, 3), (8, 2), (7, 1), (6, 0), (5, 0)])
def test_context_has_the_room_that_the_words_leave(room, expected):
    encoder = WordEncoder.of(tiny_tokenizer(), max_subwords=room)
    words = ["rocky", "is", "ready"]
    (told,) = encoder.encode([words], contexts=[[["new", "snow", "season"]]])
    assert told.words.tolist()[1:4] == [0, 1, 2]
    fields = told.context_fields
    assert (0 if fields is None else (fields == 0).sum()) == expected
    assert told.context_is_cut == (expected < 3)
    assert len(told) <= room


def test_roberta_joins_two_segments_by_two_marks():
    backend = tiny_tokenizer().backend_tokenizer
    backend.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] [SEP] $B [SEP]",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    tokenizer = tiny_tokenizer()
    tokenizer.backend_tokenizer.post_processor = backend.post_processor
    encoder = WordEncoder.of(tokenizer, max_subwords=24)
    (told,) = encoder.encode([["rocky"]], contexts=[[["new"], ["snow"]]])
    pieces = tokenizer.convert_ids_to_tokens(told.arrays["input_ids"])
    assert pieces == ["[CLS]", "rocky", "[SEP]", "[SEP]", "new", "snow", "[SEP]"]
    assert told.context_fields is not None
    assert told.context_fields.tolist() == [-1, -1, -1, 2, 0, 1, 2]


def test_fields_are_hidden_each_by_itself_and_their_marks_with_the_last():
    samples = [
        Sample("1", ("rocky",), context=(("b", "snow"), ("a", "is new"))),
        Sample("2", ("rocky",), context=(("b", "snow"),)),
        Sample("3", ("rocky",)),
    ]
    encoder = WordEncoder.of(tiny_tokenizer(), max_subwords=24)
    for move in (lambda batch: batch, lambda batch: batch.to("cpu")):
        batch = move(Collator(tags=TagSet(), encoder=encoder, context=("a", "b"))(samples))
        assert batch.context_fields[0].tolist() == [-1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 2]
        kept = np.array([[True, False], [True, True], [False, False]])
        hidden = kept if isinstance(batch.word_mask, np.ndarray) else torch.from_numpy(kept)
        read = batch.without_context(hidden).text_inputs["attention_mask"]
        assert read[0].tolist() == [1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]
        assert read[1].tolist() == [1, 1, 1, *[0] * 8]
        # The second sample's only field is hidden, so it is read as if it had none.
        kept = np.array([[False, False], [False, True], [True, True]])
        hidden = kept if isinstance(batch.word_mask, np.ndarray) else torch.from_numpy(kept)
        read = batch.without_context(hidden).text_inputs["attention_mask"]
        assert read.sum(1).tolist() == [11, 3, 3]
        assert batch.without_context().text_inputs["attention_mask"].sum(1).tolist() == [3, 3, 3]
        assert batch.text_inputs["attention_mask"].sum(1).tolist() == [11, 7, 3]


def test_models_of_words_have_no_room_for_a_context():
    with pytest.raises(ConfigError, match=r"data\.context: the model reads words"):
        Collator(tags=TagSet(), encoder=None, context=("caption",))
