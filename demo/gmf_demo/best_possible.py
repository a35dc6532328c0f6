r"""The best F1 that any tagger can reach on demo posts, computed from the generator itself.

What a tagger may know. Given the sentence :math:`s` (the template) and what the image shows
:math:`c`, the rest of a post (names, trimmings, drawing style, layout, size) is drawn without
regard to the kind of :math:`A`. So :math:`v = s` holds all that text can tell about the type
:math:`t` of :math:`A`, and :math:`v = (s, c)` all that text and image can. The spans, and the
type of :math:`B`, follow from the sentence. From the joint distribution of
:mod:`gmf_demo.generator`, summed over the ways :math:`o` a post can come out,

.. math:: P(t \mid v) = \sum_{o: v(o) = v,\, t(o) = t} P(o) \Big/ \sum_{o: v(o) = v} P(o).

Which decision is best. On given posts a tagger that predicts type :math:`d(v)` for :math:`A`, or
leaves it out, finds each :math:`A` with probability :math:`P(d(v) \mid v)`. Gold and predicted
counts do not depend on chance, so its expected micro F1 is exactly

.. math:: F(d) = 2 \Big(n_B + \sum_{i: d(v_i) \neq \emptyset} P(d(v_i) \mid v_i)\Big) \Big/
          \Big(2 n_B + |\{i: d(v_i) \neq \emptyset\}| + n_A\Big).

For each post the best type is the likeliest. Leaving out can pay: a prediction raises F only when
its probability is above F / 2. So the optimum keeps the posts with the highest probabilities, and
trying every such prefix finds it.

By kind of pair, the sums run over outcomes and posts of that kind, so that the figure bounds every
tagger on those posts, also one that was tuned to them. A trained tagger may by luck score a little
above the expectation; none can on average.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from gmf_demo.corpus import PostFacts
from gmf_demo.generator import PairShares, outcomes
from gmf_demo.pair_kinds import PAIRS, TYPE_OF_KIND, Content, Pair

#: Probability of each type, by what a tagger sees.
Posterior = Mapping[Hashable, Mapping[str, float]]


@dataclass(frozen=True)
class Limit:
    """The best expected micro F1 on some posts, in [0, 1].

    Args:
        text_only: Of any tagger that reads the text.
        multimodal: Of any tagger that reads the text and recognises what the image shows.
        support: Gold entities in these posts.
    """

    text_only: float
    multimodal: float
    support: int


def limits_of(posts: Iterable[PostFacts], *, shares: PairShares) -> dict[str, Limit]:
    """Return the limits on posts, by kind of pair and over ``all``.

    Kinds of pair that do not occur are left out.

    Args:
        posts: Facts of the posts, for example of the test split.
        shares: How often the generator made each kind of pair.

    Raises:
        ValueError: If a post cannot come from the generator.
    """
    named = [post for post in posts if post.kind is not None]
    limits: dict[str, Limit] = {}
    for scope in (*PAIRS, None):
        chosen = [post for post in named if scope in (None, post.pair)]
        if chosen:
            limits[scope or "all"] = _limit(chosen, shares=shares, pair=scope)
    return limits


def _limit(posts: Sequence[PostFacts], *, shares: PairShares, pair: Pair | None) -> Limit:
    certain = sum(post.second is not None for post in posts)
    scores: list[float] = []
    for sees_image in (False, True):
        posterior = type_posterior(shares, sees_image=sees_image, pair=pair)
        hits = [_best_hit(posterior, post, sees_image=sees_image) for post in posts]
        scores.append(best_expected_f1(hits, certain=certain))
    return Limit(scores[0], scores[1], len(posts) + certain)


def _view(template: str, content: Content, *, sees_image: bool) -> Hashable:
    return (template, content) if sees_image else template


def _best_hit(posterior: Posterior, post: PostFacts, *, sees_image: bool) -> float:
    view = _view(post.template, post.content, sees_image=sees_image)
    if view not in posterior:
        raise ValueError(
            f"post {post.template!r} with an image of {post.content!r}: not from this generator; "
            "give the shares that the corpus was written with"
        )
    return max(posterior[view].values())


def type_posterior(shares: PairShares, *, sees_image: bool, pair: Pair | None = None) -> Posterior:
    """Return the probability of each type of ``A`` given what a tagger sees.

    Args:
        shares: How often the generator makes each kind of pair.
        sees_image: Whether the view is sentence and image, or the sentence alone.
        pair: Only outcomes of this kind of pair; all when ``None``.
    """
    mass: dict[Hashable, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for outcome in outcomes(shares):
        if pair in (None, outcome.pair):
            view = _view(outcome.template.text, outcome.content, sees_image=sees_image)
            mass[view][TYPE_OF_KIND[outcome.kind]] += outcome.probability
    return {
        view: {entity_type: share / sum(by_type.values()) for entity_type, share in by_type.items()}
        for view, by_type in mass.items()
    }


def best_expected_f1(hits: Iterable[float], *, certain: int = 0) -> float:
    """Return the best expected micro F1 when predictions may be left out.

    Args:
        hits: Probability, for each uncertain entity, that the likeliest type is right.
        certain: Further entities that are always found.

    Raises:
        ValueError: If there is no entity at all.
    """
    ordered = sorted(hits, reverse=True)
    gold = len(ordered) + certain
    if not gold:
        raise ValueError("no entities: expected at least one to score")
    kept = enumerate(accumulate(ordered, initial=0.0))
    return max(2 * (certain + found) / (certain + count + gold) for count, found in kept)
