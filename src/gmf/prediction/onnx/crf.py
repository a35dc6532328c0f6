"""The linear-chain CRF in NumPy: the decoding half of ``gmf.models.modules.crf``."""

from collections.abc import Sequence
from copy import copy

import numpy as np
from jaxtyping import Bool, Float, Int

from gmf.inference.decoding import FORBIDDEN


class ArrayCrf:
    """Best paths and probabilities of runs of tags, over legal sequences.

    Adds and compares float32 in the same order as ``LinearChainCrf``, so that the best path of the
    same emissions is the same path.

    Source: GMF, Sect. 3.6, Eq. 17-21.

    Args:
        transitions: Score of the move from one tag to another.
        start: Score of each tag at the first word.
        end: Score of each tag at the last word.
        legal_moves: ``[from, to]`` is True where decoding may make the move.
        legal_starts: True where decoding may start.
        temperature: What all scores are divided by in probabilities, and only there; these are
            computed in float64.
    """

    def __init__(
        self,
        transitions: Float[np.ndarray, "tags tags"],
        *,
        start: Float[np.ndarray, " tags"],
        end: Float[np.ndarray, " tags"],
        legal_moves: Bool[np.ndarray, "tags tags"],
        legal_starts: Bool[np.ndarray, " tags"],
        temperature: float = 1.0,
    ) -> None:
        self.temperature = temperature
        self._set(transitions, start, end, ~legal_moves, ~legal_starts, np.float32)
        moves, starts, ends = (
            scores.astype(np.float64) / temperature for scores in (transitions, start, end)
        )
        self._exact = copy(self)
        self._exact._set(moves, starts, ends, ~legal_moves, ~legal_starts, np.float64)

    def _set(
        self,
        transitions: np.ndarray,
        start: np.ndarray,
        end: np.ndarray,
        illegal_moves: np.ndarray,
        illegal_starts: np.ndarray,
        dtype: type[np.float32] | type[np.float64],
    ) -> None:
        self.moves = transitions.astype(dtype) + dtype(FORBIDDEN) * illegal_moves
        self.start = start.astype(dtype) + dtype(FORBIDDEN) * illegal_starts
        self.end = end.astype(dtype)

    def best_path(
        self,
        emissions: Float[np.ndarray, "batch words tags"],
        mask: Bool[np.ndarray, "batch words"],
    ) -> Int[np.ndarray, "batch words"]:
        """Return the best legal tag sequence of each row (Viterbi); 0 where the mask is off.

        Args:
            emissions: Score of each tag at each word.
            mask: Which words count; a prefix of each row.
        """
        rows, length, num_tags = emissions.shape
        score = self.start + emissions[:, 0]
        stay = np.broadcast_to(np.arange(num_tags), (rows, num_tags))
        origins: list[np.ndarray] = []
        for step in range(1, length):
            reached = score[:, :, None] + self.moves
            active = mask[:, step, None]
            score = np.where(active, reached.max(axis=1) + emissions[:, step], score)
            origins.append(np.where(active, reached.argmax(axis=1), stay))
        tag = (score + self.end).argmax(axis=1)
        path = [tag]
        for origin in reversed(origins):
            tag = origin[np.arange(rows), tag]
            path.append(tag)
        return np.stack(path[::-1], axis=1) * mask

    def segment_log_probabilities(
        self,
        emissions: Float[np.ndarray, "batch words tags"],
        mask: Bool[np.ndarray, "batch words"],
        segments: Sequence[tuple[int, int, Sequence[int], int]],
    ) -> list[float]:
        """Return the log-probability of given runs of tags, summed over all else.

        Args:
            emissions: Score of each tag at each word.
            mask: Which words count; a prefix of each row.
            segments: ``(row, first word, tags of the run, tag that must not follow)``.
        """
        cooled = emissions.astype(np.float64) / self.temperature
        return self._exact._segment_log_probabilities(cooled, mask, segments)

    def _segment_log_probabilities(
        self,
        emissions: np.ndarray,
        mask: np.ndarray,
        segments: Sequence[tuple[int, int, Sequence[int], int]],
    ) -> list[float]:
        forward, backward = self._forward(emissions, mask), self._backward(emissions, mask)
        total = _log_sum(forward[:, -1] + self.end, axis=1)
        lengths = mask.sum(axis=1)
        results: list[float] = []
        for row, first, tags, not_next in segments:
            score = forward[row, first, tags[0]]
            for offset in range(1, len(tags)):
                tag = tags[offset]
                score = score + self.moves[tags[offset - 1], tag]
                score = score + emissions[row, first + offset, tag]
            after = first + len(tags)
            if after == lengths[row]:
                score = score + self.end[tags[-1]]
            else:
                follow = self.moves[tags[-1]] + emissions[row, after] + backward[row, after]
                score = score + _log_sum(np.delete(follow, not_next), axis=0)
            results.append(float(score - total[row]))
        return results

    def _forward(self, emissions: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Log-sum of all prefixes that end in each tag, its emission included."""
        messages = [self.start + emissions[:, 0]]
        for step in range(1, emissions.shape[1]):
            reached = _log_sum(messages[-1][:, :, None] + self.moves, axis=1) + emissions[:, step]
            messages.append(np.where(mask[:, step, None], reached, messages[-1]))
        return np.stack(messages, axis=1)

    def _backward(self, emissions: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Log-sum of all suffixes after each tag, its own emission not included."""
        messages = [np.broadcast_to(self.end, emissions[:, 0].shape)]
        for step in range(emissions.shape[1] - 1, 0, -1):
            follow = (emissions[:, step] + messages[-1])[:, None, :]
            reached = _log_sum(self.moves + follow, axis=2)
            messages.append(np.where(mask[:, step, None], reached, messages[-1]))
        return np.stack(messages[::-1], axis=1)


def _log_sum(scores: np.ndarray, *, axis: int) -> np.ndarray:
    highest = scores.max(axis=axis, keepdims=True)
    return np.log(np.exp(scores - highest).sum(axis=axis)) + highest.squeeze(axis)
