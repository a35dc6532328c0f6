"""Word-level text encoder: word vectors and character LSTMs under a bidirectional LSTM."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from pydantic import Field
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from gmf.core.errors import ConfigError
from gmf.core.types import Sample
from gmf.data.batch import Batch
from gmf.models.modules.recurrence import last_states, run_lstm
from gmf.models.modules.tagging_head import WordsOnlyConfig
from gmf.models.modules.vocabulary import UNKNOWN, Vocabulary
from gmf.models.word_vectors import WordVectors, read_word_vectors

#: Characters of a word that are read; what follows (of a long link) is cut.
MAX_CHARACTERS = 32


class WordConfig(WordsOnlyConfig):
    """Options of models that read words.

    Args:
        dropout: Dropout of the LSTM's input and before the emission layer, in [0, 1).
        word_vectors: File of word vectors in the text format of word2vec or GloVe; vectors are
            trained from random values when ``None``.
        max_vectors: Words from the top of that file that are known beside the training words.
        word_dim: Width of vectors trained from random values; a file brings its own width.
        hidden_dim: Width of the word LSTM, both directions together.
        unknown_dropout: A word that occurs ``n`` times in the training split is taken for unknown
            with this probability by ``n`` in a training step, in [0, 1].
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


class WordTable(nn.Module):
    """Vectors of known words: those of the training words train, those only in a file do not.

    Args:
        vocabulary: Which words are known.
        dim: Width of the vectors.
        unknown_dropout: Probability that training takes a word for unknown, by how often it occurs.

    Source: Kiperwasser & Goldberg 2016, Sect. 4, which has the frequency in the denominator too;
    words that occur once are treated as by Lample et al. 2016 (docs/decisions/0200).
    """

    def __init__(self, vocabulary: Vocabulary, *, dim: int, unknown_dropout: float) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.trained = nn.Embedding(len(vocabulary.words) + 1, dim)
        bound = (3 / dim) ** 0.5
        nn.init.uniform_(self.trained.weight, -bound, bound)
        self.register_buffer("extra", torch.zeros(len(vocabulary.extra_words), dim))
        self.extra: Tensor
        dropped = torch.zeros(1 + len(vocabulary.words) + len(self.extra))
        dropped[1 : 1 + len(vocabulary.words)] = unknown_dropout / torch.tensor(vocabulary.counts)
        self.register_buffer("dropped", dropped, persistent=False)
        self.dropped: Tensor

    @torch.no_grad()
    def fill(self, vectors: WordVectors) -> None:
        """Take over the vectors of a file; training words that it lacks keep random ones."""
        for row, word in enumerate(self.vocabulary.words, start=1):
            vector = vectors.find(word)
            if vector is not None:
                self.trained.weight[row] = torch.from_numpy(vector)
        for row, word in enumerate(self.vocabulary.extra_words):
            self.extra[row] = torch.from_numpy(vectors.matrix[vectors.index[word]])

    def forward(self, words: Int[Tensor, "batch words"]) -> Float[Tensor, "batch words dim"]:
        """Return the vector of each word index."""
        if self.training:
            is_dropped = torch.rand(words.shape, device=words.device) < self.dropped[words]
            words = words.masked_fill(is_dropped, UNKNOWN)
        count = self.trained.num_embeddings
        vectors = self.trained(words.clamp(max=count - 1))
        if not len(self.extra):
            return vectors
        is_extra = (words >= count)[:, :, None]
        return torch.where(is_extra, self.extra[(words - count).clamp(min=0)], vectors)


class CharacterEncoder(nn.Module):
    """One vector a word from its characters: the last states of both directions of an LSTM.

    Source: Lample et al. 2016, Sect. 4.1. Departs from it: no.

    Args:
        vocabulary: Which characters are known.
        dim: Width of character vectors.
        hidden_dim: Width of the word's vector.
    """

    def __init__(self, vocabulary: Vocabulary, *, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.characters = nn.Embedding(len(vocabulary.characters) + 1, dim)
        self.lstm = nn.LSTM(dim, hidden_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, words: Sequence[str]) -> Float[Tensor, "words hidden"]:
        """Return the vector of each word."""
        spelled = [
            [self.vocabulary.character(c) for c in word[:MAX_CHARACTERS]] or [UNKNOWN]
            for word in words
        ]
        lengths = torch.tensor([len(indices) for indices in spelled])
        padded = pad_sequence([torch.tensor(i) for i in spelled], batch_first=True)
        vectors = self.characters(padded.to(self.characters.weight.device, non_blocking=True))
        mask = torch.arange(vectors.shape[1]) < lengths[:, None]
        return last_states(run_lstm(self.lstm, vectors, mask), mask)


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
            vocabulary = Vocabulary.restored(assets["vocabulary"])
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
        """Return the state of each word; zero beyond the end of a sample."""
        mask = batch.host.word_mask
        device = self.words.trained.weight.device
        lengths = mask.sum(dim=1).tolist()
        samples = [sample.tokens[:n] for sample, n in zip(batch.samples, lengths, strict=True)]
        distinct = list(dict.fromkeys(word for tokens in samples for word in tokens)) or [""]
        index = {word: number for number, word in enumerate(distinct)}
        words = torch.zeros(mask.shape, dtype=torch.long)
        for row, tokens in enumerate(samples):
            words[row, : len(tokens)] = torch.tensor([index[word] for word in tokens])
        words = words.to(device, non_blocking=True)
        indices = torch.tensor([self.vocabulary.word(word) for word in distinct])
        vectors = self.words(indices.to(device, non_blocking=True)[words])
        if self.characters is not None:
            vectors = torch.cat([vectors, self.characters(distinct)[words]], dim=-1)
        return run_lstm(self.lstm, self.dropout(vectors), mask)
