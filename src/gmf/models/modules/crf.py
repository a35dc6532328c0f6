"""Linear-chain conditional random field, vectorised over the batch (GMF, Eq. 17-21)."""

import copy
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from gmf.inference.decoding import FORBIDDEN


class LinearChainCrf(nn.Module):
    """Score tag sequences by emissions and by moves between neighbours.

    Source: GMF, Sect. 3.6, Eq. 17-21, with a start and an end score. Departs from it: decoding and
    confidences may be restricted to legal moves; the likelihood of a gold sequence never is, since
    the gold of Twitter-2015 itself breaks BIO2. Where a word may have several tags, the likelihood
    is that of all sequences that agree (Tsuboi et al., COLING 2008).

    Args:
        num_tags: Number of tags, at least 1.
        legal_moves: ``[from, to]`` is True where decoding may make the move; all when ``None``.
        legal_starts: True where decoding may start; all when ``None``.
        learn_moves: Off makes every move score zero, which is a softmax over each word.

    Attributes:
        temperature: What all scores are divided by in probabilities of runs of tags, and only
            there (Guo et al. 2017); best paths are the same at any.

    Raises:
        ValueError: If ``num_tags`` is below 1.
    """

    def __init__(
        self,
        num_tags: int,
        *,
        legal_moves: Bool[Tensor, "tags tags"] | None = None,
        legal_starts: Bool[Tensor, " tags"] | None = None,
        learn_moves: bool = True,
    ) -> None:
        super().__init__()
        if num_tags < 1:
            raise ValueError(f"num_tags is {num_tags}, expected at least 1")
        self.transitions = nn.Parameter(torch.zeros(num_tags, num_tags), requires_grad=learn_moves)
        self.start = nn.Parameter(torch.zeros(num_tags), requires_grad=learn_moves)
        self.end = nn.Parameter(torch.zeros(num_tags), requires_grad=learn_moves)
        if learn_moves:
            for parameter in (self.transitions, self.start, self.end):
                nn.init.uniform_(parameter, -0.1, 0.1)
        moves = torch.ones(num_tags, num_tags) if legal_moves is None else legal_moves
        starts = torch.ones(num_tags) if legal_starts is None else legal_starts
        self.register_buffer("move_penalty", FORBIDDEN * (1 - moves.float()), persistent=False)
        self.register_buffer("start_penalty", FORBIDDEN * (1 - starts.float()), persistent=False)
        self.move_penalty: Tensor
        self.temperature = 1.0
        self.start_penalty: Tensor

    def log_likelihood(
        self,
        emissions: Float[Tensor, "batch words tags"],
        labels: Int[Tensor, "batch words"],
        mask: Bool[Tensor, "batch words"],
        *,
        possible: Bool[Tensor, "batch words tags"] | None = None,
    ) -> Float[Tensor, " batch"]:
        """Return ``log p(labels | emissions)`` of each sequence; 0 for an empty one.

        Args:
            emissions: Score of each tag at each word, Eq. 20.
            labels: Gold tag indices; anything valid where the mask is off.
            mask: Which words count; a prefix of each row.
            possible: Tags that each word may have, at least one, in place of ``labels``: the
                log-sum over all sequences of them. A tag that is not the only one of its word
                is reached by legal moves only.
        """
        forward = self._forward(emissions, mask, legal=False)
        if possible is None:
            score = self._score(emissions, labels, mask)
        else:
            agreeing = emissions.masked_fill(~possible, FORBIDDEN)
            unsure = possible.sum(dim=2) > 1
            score = self._log_partition(self._forward(agreeing, mask, legal=unsure), mask)
        return score - self._log_partition(forward, mask)

    def log_marginals(
        self, emissions: Float[Tensor, "batch words tags"], mask: Bool[Tensor, "batch words"]
    ) -> Float[Tensor, "batch words tags"]:
        """Return the log-probability of each tag at each word, summed over all sequences.

        Args:
            emissions: Score of each tag at each word.
            mask: Which words count; a prefix of each row. What is returned of others means nothing.
        """
        forward = self._forward(emissions, mask, legal=False)
        return (forward + self._backward(emissions, mask, legal=False)).log_softmax(dim=2)

    def best_path(
        self,
        emissions: Float[Tensor, "batch words tags"],
        mask: Bool[Tensor, "batch words"],
        *,
        legal: bool = True,
    ) -> Int[Tensor, "batch words"]:
        """Return the best tag sequence of each row (Viterbi); 0 where the mask is off.

        Args:
            emissions: Score of each tag at each word.
            mask: Which words count; a prefix of each row.
            legal: Allow legal moves only.
        """
        moves, start = self._moves(legal)
        score = start + emissions[:, 0]
        backpointers: list[Tensor] = []
        for step in range(1, emissions.shape[1]):
            best, origin = (score[:, :, None] + moves).max(dim=1)
            active = mask[:, step, None]
            score = torch.where(active, best + emissions[:, step], score)
            stay = torch.arange(score.shape[1], device=score.device).expand_as(origin)
            backpointers.append(torch.where(active, origin, stay))
        tag = (score + self.end).argmax(dim=1)
        path = [tag]
        for origin in reversed(backpointers):
            tag = origin.gather(1, tag[:, None])[:, 0]
            path.append(tag)
        return torch.stack(path[::-1], dim=1) * mask

    def segment_log_probabilities(
        self,
        emissions: Float[Tensor, "batch words tags"],
        mask: Bool[Tensor, "batch words"],
        segments: Sequence[tuple[int, int, Sequence[int], int]],
        *,
        legal: bool = True,
    ) -> Float[Tensor, " segments"]:
        """Return the log-probability of given runs of tags, summed over all else, in float64.

        It is a small difference of sums over all words, which float32 cannot hold.

        Args:
            emissions: Score of each tag at each word.
            mask: Which words count; a prefix of each row.
            segments: ``(row, first word, tags of the run, tag that must not follow)``.
            legal: Sum over legal sequences only.
        """
        if not segments:
            return emissions.new_zeros(0, dtype=torch.float64)
        if self.temperature != 1 or emissions.dtype != torch.float64:
            return self._exact().segment_log_probabilities(
                emissions.double() / self.temperature, mask, segments, legal=legal
            )
        moves, _ = self._moves(legal)
        forward = self._forward(emissions, mask, legal=legal)
        backward = self._backward(emissions, mask, legal=legal)
        longest = max(len(run) for _, _, run, _ in segments)
        table = torch.tensor(
            [
                (row, first, len(run), not_next, *run, *[0] * (longest - len(run)))
                for row, first, run, not_next in segments
            ],
            device=emissions.device,
        )
        row, first, length, not_next = table[:, :4].unbind(dim=1)
        tags, step = table[:, 4:], torch.arange(longest, device=emissions.device)
        position = (first[:, None] + step).clamp(max=emissions.shape[1] - 1)
        inner = moves[tags[:, :-1], tags[:, 1:]] + emissions[row[:, None], position, tags][:, 1:]
        inner = torch.where(step[1:] < length[:, None], inner, 0).sum(dim=1)
        last = tags.gather(1, length[:, None] - 1)[:, 0]
        after = first + length
        next_position = after.clamp(max=emissions.shape[1] - 1)
        follow = moves[last] + emissions[row, next_position] + backward[row, next_position]
        follow = follow.scatter(1, not_next[:, None], float("-inf")).logsumexp(dim=1)
        rest = torch.where(after == mask.sum(dim=1)[row], self.end[last], follow)
        total = self._log_partition(forward, mask)
        return forward[row, first, tags[:, 0]] + inner + rest - total[row]

    def _exact(self) -> "LinearChainCrf":
        """Return the same in float64, its scores of moves divided by the temperature."""
        exact = copy.deepcopy(self).double()
        exact.temperature = 1.0
        for parameter in exact.parameters():
            parameter.data /= self.temperature
        return exact

    def _moves(self, legal: bool) -> tuple[Tensor, Tensor]:
        if not legal:
            return self.transitions, self.start
        return self.transitions + self.move_penalty, self.start + self.start_penalty

    def _score(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        weight = mask.to(emissions.dtype)
        emitted = emissions.gather(2, labels[:, :, None])[:, :, 0]
        moved = self.transitions[labels[:, :-1], labels[:, 1:]]
        last = labels.gather(1, (mask.sum(dim=1, keepdim=True) - 1).clamp(min=0))[:, 0]
        inner = (emitted * weight).sum(dim=1) + (moved * weight[:, 1:]).sum(dim=1)
        return inner + (self.start[labels[:, 0]] + self.end[last]) * weight[:, 0]

    def _forward(self, emissions: Tensor, mask: Tensor, *, legal: bool | Tensor) -> Tensor:
        """Log-sum of all prefixes that end in each tag, its emission included.

        Legal moves only; or into some words only, ``(batch, words)``.
        """
        if isinstance(legal, bool):
            moves, start = self._moves(legal)
            steps = [moves] * emissions.shape[1]
        else:
            only = legal.to(emissions.dtype)[:, :, None]
            start = self.start + only[:, 0] * self.start_penalty
            moves = self.transitions + only[..., None] * self.move_penalty
            steps = moves.unbind(dim=1)
        messages = [start + emissions[:, 0]]
        for step in range(1, emissions.shape[1]):
            reached = (messages[-1][:, :, None] + steps[step]).logsumexp(dim=1) + emissions[:, step]
            messages.append(torch.where(mask[:, step, None], reached, messages[-1]))
        return torch.stack(messages, dim=1)

    def _backward(self, emissions: Tensor, mask: Tensor, *, legal: bool) -> Tensor:
        """Log-sum of all suffixes after each tag, its own emission not included."""
        moves, _ = self._moves(legal)
        messages = [self.end.expand_as(emissions[:, 0])]
        for step in range(emissions.shape[1] - 1, 0, -1):
            follow = (emissions[:, step] + messages[-1])[:, None, :]
            reached = (moves + follow).logsumexp(dim=2)
            messages.append(torch.where(mask[:, step, None], reached, messages[-1]))
        return torch.stack(messages[::-1], dim=1)

    def _log_partition(self, forward: Tensor, mask: Tensor) -> Tensor:
        return (forward[:, -1] + self.end).logsumexp(dim=1) * mask[:, 0].to(forward.dtype)
