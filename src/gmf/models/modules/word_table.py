"""Vectors of known words."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gmf.models.modules.vocabulary import UNKNOWN, Vocabulary
from gmf.models.word_vectors import WordVectors


class WordTable(nn.Module):
    """Vectors of known words: those of the training words train, those only in a file do not.

    Args:
        vocabulary: Which words are known.
        dim: Width of the vectors.
        unknown_dropout: Share of the words seen once that training takes for unknown.
    """

    def __init__(self, vocabulary: Vocabulary, *, dim: int, unknown_dropout: float) -> None:
        super().__init__()
        self.vocabulary, self.unknown_dropout = vocabulary, unknown_dropout
        self.trained = nn.Embedding(len(vocabulary.words) + 1, dim)
        bound = (3 / dim) ** 0.5
        nn.init.uniform_(self.trained.weight, -bound, bound)
        self.register_buffer("extra", torch.zeros(len(vocabulary.extra_words), dim))
        self.extra: Tensor

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
        if self.training and self.unknown_dropout:
            known = self.vocabulary
            is_rare = (words > known.num_repeated) & (words <= len(known.words))
            is_dropped = torch.rand(words.shape, device=words.device) < self.unknown_dropout
            words = words.masked_fill(is_rare & is_dropped, UNKNOWN)
        count = self.trained.num_embeddings
        vectors = self.trained(words.clamp(max=count - 1))
        if not len(self.extra):
            return vectors
        is_extra = (words >= count)[:, :, None]
        return torch.where(is_extra, self.extra[(words - count).clamp(min=0)], vectors)
