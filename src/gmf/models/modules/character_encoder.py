"""Character LSTM: a vector of each word from its spelling."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from gmf.models.modules.recurrence import last_states, run_lstm
from gmf.models.modules.vocabulary import UNKNOWN, Vocabulary

#: Characters of a word that are read; what follows (of a long link) is cut.
MAX_CHARACTERS = 32


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
        vectors = self.characters(padded.to(self.characters.weight.device))
        mask = torch.arange(vectors.shape[1]) < lengths[:, None]
        return last_states(run_lstm(self.lstm, vectors, mask), mask)
