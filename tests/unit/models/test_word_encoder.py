import json

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from gmf.core.errors import ConfigError
from gmf.core.plain import plain
from gmf.core.tags import TagSet
from gmf.core.types import Sample
from gmf.data.collate import Collator
from gmf.models.modules.recurrence import last_states, run_lstm
from gmf.models.modules.vocabulary import OFTEN, UNKNOWN, Vocabulary
from gmf.models.modules.word_encoder import CharacterConfig, WordConfig, WordEncoder
from gmf.models.registry import model_options

POSTS = (("Ann", "is", "in", "Oslo"), ("is", "it", "in", "New", "York"))
SAMPLES = tuple(Sample(str(row), post) for row, post in enumerate(POSTS))


def batch_of(*posts):
    samples = [Sample(str(row), tuple(post)) for row, post in enumerate(posts)]
    return Collator(tags=TagSet(), encoder=None)(samples).to("cpu")


def build(config=None, **options):
    return WordEncoder.build(config or WordConfig(**options), samples=SAMPLES, assets={})


@pytest.mark.parametrize(
    ("option", "value"),
    [("unknown_dropout", 1.01), ("unknown_dropout", -0.01), ("dropout", 1.0), ("hidden_dim", 3)],
)
def test_options_out_of_range_are_refused(option, value):
    with pytest.raises(ValidationError, match=option):
        model_options("bilstm-crf", {option: value})


def test_vocabulary_is_ranked_and_looked_up_with_lower_case_fallback():
    vocabulary = Vocabulary.of(POSTS)
    assert vocabulary.words[:2] == ("in", "is")
    assert vocabulary.counts == (2, 2, 1, 1, 1, 1, 1)
    assert vocabulary.word("IN") == vocabulary.word("in") == 1
    assert vocabulary.word("Oslo") != UNKNOWN
    assert vocabulary.word("oslo") == UNKNOWN
    assert vocabulary.word("Bergen") == UNKNOWN
    assert "n" in vocabulary.characters
    assert vocabulary.character("Y") == UNKNOWN


def test_further_words_follow_the_training_words():
    vocabulary = Vocabulary.of(POSTS).with_extra(["is", "bergen"])
    assert vocabulary.extra_words == ("bergen",)
    assert vocabulary.word("Bergen") == len(vocabulary.words) + 1


def test_vectors_come_from_the_file_and_test_words_are_found_in_it(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("bergen 7 7\nthe 8 8\nis 1 2\noslo 3 4\nOslo 5 6\nann 9 9\n")
    encoder = build(word_vectors=path, max_vectors=1, unknown_dropout=0.0)
    known = encoder.vocabulary
    assert known.extra_words == ("bergen", "oslo", "ann")

    def vector(word):
        return encoder.words(torch.tensor([[known.word(word)]]))[0, 0].tolist()

    assert vector("is") == [1, 2]
    assert vector("Oslo") == [5, 6]
    assert vector("Ann") == [9, 9]
    assert vector("BERGEN") == [7, 7]
    assert vector("the") == vector("nowhere")
    assert encoder.words.trained.weight.requires_grad
    assert not encoder.words.extra.requires_grad


def test_assets_build_the_same_encoder_without_the_file(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("bergen 7 7 7\nis 1 2 3\n")
    config = CharacterConfig(word_vectors=path)
    encoder = build(config).eval()
    path.unlink()
    assets = json.loads(json.dumps(encoder.assets))
    again = WordEncoder.build(config, samples=(), assets=assets).eval()
    again.load_state_dict(encoder.state_dict())
    batch = batch_of(("Ann", "is", "in", "bergen"))
    assert torch.equal(encoder(batch), again(batch))


def test_without_assets_and_samples_there_is_nothing_to_know():
    with pytest.raises(ConfigError, match="expected training samples"):
        WordEncoder.build(WordConfig(), samples=(), assets={})


def test_training_takes_a_word_for_unknown_the_more_seldom_the_oftener_it_occurs():
    encoder = build(unknown_dropout=1.0)
    unknown, known = encoder.words.trained.weight[0], encoder.vocabulary
    is_, oslo = known.word("is"), known.word("Oslo")
    number = known.counts[is_ - 1]
    assert number > 1
    assert known.counts[oslo - 1] == 1
    words = torch.tensor([[is_, oslo]] * 4000)
    share = (encoder.train().words(words) == unknown).all(dim=-1).float().mean(dim=0)
    assert share[0].item() == pytest.approx(1 / number, abs=0.03)
    assert share[1].item() == 1
    assert not torch.equal(encoder.eval().words(words)[0, 1], unknown)


def test_a_name_that_training_repeats_does_not_hide_what_an_unknown_one_is():
    # Names of a small pool, each many times: a new one must not be read as an ordinary word.
    encoder = build(unknown_dropout=0.5)
    assert (encoder.words.dropped[1 : 1 + len(encoder.vocabulary.words)] > 0).all()
    assert not encoder.words.dropped[0]


def test_a_vocabulary_of_an_earlier_checkpoint_is_read():
    given = json.loads(json.dumps(plain(build().vocabulary.model_dump())))
    repeated = sum(count > 1 for count in given.pop("counts"))
    vocabulary = Vocabulary.restored({**given, "num_repeated": repeated})
    assert vocabulary.words == tuple(given["words"])
    assert vocabulary.counts == (OFTEN,) * repeated + (1,) * (len(vocabulary.words) - repeated)


def test_characters_tell_unknown_words_apart():
    plain, spelled = build().eval(), build(CharacterConfig()).eval()
    batch = batch_of(("oslan", "siso"))
    assert torch.equal(plain.words(torch.tensor([[0]])), plain.words(torch.tensor([[0]])))
    vectors = spelled.characters(["oslan", "siso", "oslan"])
    assert torch.allclose(vectors[0], vectors[2])
    assert not torch.allclose(vectors[0], vectors[1])
    assert spelled(batch).shape == (1, 2, 200)


def test_empty_words_and_long_links_are_read():
    encoder = build(CharacterConfig()).eval()
    states = encoder(batch_of(("", "x" * 100_000)))
    assert torch.isfinite(states).all()


def test_lstm_stops_at_the_end_of_each_row_in_both_directions():
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 2, batch_first=True, bidirectional=True)
    vectors = torch.randn(2, 4, 3)
    mask = torch.tensor([[True, True, False, False], [True] * 4])
    states = run_lstm(lstm, vectors, mask)
    alone, (final, _) = lstm(vectors[:1, :2])
    torch.testing.assert_close(states[0, :2], alone[0])
    assert states[0, 2:].abs().sum() == 0
    torch.testing.assert_close(last_states(states, mask)[0], final.transpose(0, 1).reshape(-1))


def test_subword_labels_are_refused():
    with pytest.raises(ValueError, match="the model reads words and has no subwords to label"):
        WordConfig(subword_labels="x")
