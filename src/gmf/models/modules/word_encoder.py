"""Word-level text encoder: word vectors and character LSTMs under a bidirectional LSTM."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from gmf.core.errors import ConfigError
from gmf.core.plain import from_plain
from gmf.core.types import Sample
from gmf.data.batch import Batch
from gmf.models.modules.character_encoder import CharacterEncoder
from gmf.models.modules.recurrence import run_lstm
from gmf.models.modules.tagging_head import WordsOnlyConfig
from gmf.models.modules.vocabulary import Vocabulary
from gmf.models.modules.word_table import WordTable
from gmf.models.word_vectors import read_word_vectors


class WordConfig(WordsOnlyConfig):
    """Options of models that read words.

    Args:
        dropout: Dropout of the LSTM's input and before the emission layer, in [0, 1).
        word_vectors: File of word vectors in the text format of word2vec or GloVe; vectors are
            trained from random values when ``None``.
        max_vectors: Words from the top of that file that are known beside the training words.
        word_dim: Width of vectors trained from random values; a file brings its own width.
        hidden_dim: Width of the word LSTM, both directions together.
        unknown_dropout: Share of the words seen once that training takes for unknown, in [0, 1].
    """

    dropout: float = Field(default=0.5, ge=0, lt=1)
    word_vectors: Path | None = Field(default=None, strict=False)
    max_vectors: int = Field(default=200_000, ge=0)
    word_dim: int = Field(default=200, ge=1)
    hidden_dim: int = Field(default=200, ge=2, multiple_of=2)
    unknown_dropout: float = Field(default=0.5, ge=0, le=1)


class CharacterConfig(WordConfig):
    """Options of models that read words and their characters.

    Args:
        character_dim: Width of character vectors.
        character_hidden_dim: Width of the character LSTM, both directions together.
    """

    character_dim: int = Field(default=30, ge=1)
    character_hidden_dim: int = Field(default=50, ge=2, multiple_of=2)


class WordEncoder(nn.Module):
    """Contextual word states of a bidirectional LSTM over word vectors and character vectors.

    Source: Huang et al. 2015 without characters, Lample et al. 2016 with them. Departs from them:
    sizes are those of the multimodal literature (docs/decisions/0201).

    Args:
        vocabulary: Known words and characters.
        config: Sizes and dropouts; characters are read when it is a ``CharacterConfig``.
        word_dim: Width of word vectors.
    """

    def __init__(self, vocabulary: Vocabulary, *, config: WordConfig, word_dim: int) -> None:
        super().__init__()
        self.vocabulary, self.word_dim = vocabulary, word_dim
        self.hidden_dim = config.hidden_dim
        self.words = WordTable(vocabulary, dim=word_dim, unknown_dropout=config.unknown_dropout)
        width = word_dim
        self.characters: CharacterEncoder | None = None
        if isinstance(config, CharacterConfig):
            self.characters = CharacterEncoder(
                vocabulary, dim=config.character_dim, hidden_dim=config.character_hidden_dim
            )
            width += config.character_hidden_dim
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(width, config.hidden_dim // 2, batch_first=True, bidirectional=True)

    @classmethod
    def build(
        cls, config: WordConfig, *, samples: Sequence[Sample], assets: dict[str, Any]
    ) -> "WordEncoder":
        """Build the encoder of a training split, or again from the assets of a checkpoint.

        Args:
            config: Options.
            samples: The training split; read only without assets.
            assets: What ``assets`` returned when the checkpoint was written; empty before that.

        Raises:
            ConfigError: If there are neither assets nor samples.
            DataError: If the file of word vectors breaks its format.
        """
        if assets:
            vocabulary = from_plain(Vocabulary, assets["vocabulary"])
            return cls(vocabulary, config=config, word_dim=assets["word_dim"])
        if not samples:
            raise ConfigError("the model reads words: expected training samples to know them from")
        vocabulary = Vocabulary.of(sample.tokens for sample in samples)
        if config.word_vectors is None:
            return cls(vocabulary, config=config, word_dim=config.word_dim)
        forms = {form for word in vocabulary.words for form in (word, word.lower())}
        vectors = read_word_vectors(config.word_vectors, wanted=forms, first=config.max_vectors)
        vocabulary = vocabulary.with_extra(vectors.index)
        encoder = cls(vocabulary, config=config, word_dim=vectors.dim)
        encoder.words.fill(vectors)
        return encoder

    @property
    def assets(self) -> dict[str, Any]:
        """What a checkpoint must keep to build the encoder again."""
        return {"vocabulary": self.vocabulary.model_dump(mode="json"), "word_dim": self.word_dim}

    def forward(self, batch: Batch) -> Float[Tensor, "batch words hidden"]:
        """Return the state of each word; zero beyond the end of a post."""
        mask = batch.word_mask
        lengths = mask.sum(dim=1).tolist()
        posts = [sample.tokens[:n] for sample, n in zip(batch.samples, lengths, strict=True)]
        distinct = list(dict.fromkeys(word for post in posts for word in post)) or [""]
        place = {word: index for index, word in enumerate(distinct)}
        places = torch.zeros(mask.shape, dtype=torch.long)
        for row, post in enumerate(posts):
            places[row, : len(post)] = torch.tensor([place[word] for word in post])
        places = places.to(mask.device)
        indices = torch.tensor([self.vocabulary.word(word) for word in distinct])
        vectors = self.words(indices.to(mask.device)[places])
        if self.characters is not None:
            vectors = torch.cat([vectors, self.characters(distinct)[places]], dim=-1)
        return run_lstm(self.lstm, self.dropout(vectors), mask)
