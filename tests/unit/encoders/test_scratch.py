import pytest
import torch
from pydantic import ValidationError

from gmf.core.errors import ConfigError, DataError
from gmf.encoders.scratch import ScratchConfig, write_scratch_encoder
from gmf.encoders.tokenizers import load_tokenizer
from gmf.models.modules.text_encoder import TextEncoder

SMALL = ScratchConfig(layers=1, hidden_dim=8, heads=2, vocabulary=40, max_subwords=32)
POSTS = [("《", "雪", "山", "》", "Éva"), ("雪", "山", "图", "Éva", "eva")]


def test_an_encoder_with_the_characters_of_the_posts(tmp_path):
    folder = tmp_path / "own"
    number = write_scratch_encoder(folder, POSTS, config=SMALL)
    tokenizer = load_tokenizer(str(folder))
    encoder = TextEncoder.load(str(folder))
    assert (encoder.num_layers, encoder.hidden_dim, encoder.max_subwords) == (1, 8, 32)
    assert encoder.config.vocab_size == number == len(tokenizer)
    pieces = tokenizer(["雪", "Éva", "图", "x"], is_split_into_words=True)
    read = tokenizer.convert_ids_to_tokens(pieces["input_ids"])
    # Seen once, or never, is unknown; case and accents stay.
    assert read == ["[CLS]", "雪", "Éva", "[UNK]", "[UNK]", "[SEP]"]
    inputs = dict(tokenizer(["雪"], return_tensors="pt", is_split_into_words=True))
    assert encoder(inputs).shape == (1, 3, 8)


def test_the_same_seed_gives_the_same_weights_and_leaves_that_of_torch_alone(tmp_path):
    before = torch.random.get_rng_state()
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        config = SMALL.model_copy(update={"seed": seed})
        write_scratch_encoder(tmp_path / name, POSTS, config=config)
    assert torch.equal(torch.random.get_rng_state(), before)
    a, b, c = ((tmp_path / name / "model.safetensors").read_bytes() for name in "abc")
    assert a == b != c


def test_half_an_encoder_is_none(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("transformers.PreTrainedTokenizerFast.save_pretrained", fail)
    with pytest.raises(OSError, match="No space left"):
        write_scratch_encoder(tmp_path / "own", POSTS, config=SMALL)
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    write_scratch_encoder(tmp_path / "own", POSTS, config=SMALL)


def test_what_cannot_be_made_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="is there; choose another folder"):
        write_scratch_encoder(tmp_path, POSTS, config=SMALL)
    with pytest.raises(DataError, match="expected training posts to make a vocabulary from"):
        write_scratch_encoder(tmp_path / "new", [], config=SMALL)
    with pytest.raises(ValidationError, match="expected a divisor of the width 8"):
        ScratchConfig(hidden_dim=8, heads=3)
