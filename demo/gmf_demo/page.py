"""The demo's page: scores beside their limits, and posts with what GMF made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from gmf.core.types import Prediction
from gmf.evaluation.reports.cards import card_style
from gmf.evaluation.reports.html import whole_page
from gmf.evaluation.reports.plots import Bar, Figure, bar_chart
from gmf.evaluation.reports.tables import Percent, Table, to_html
from gmf_demo.sample_cards import post_card


@dataclass(frozen=True)
class ScoredRow:
    """F1 of one tagger, or one limit, by kind of pair.

    Args:
        name: The tagger.
        f1: One value in [0, 1] for each kind of pair, in the order of the page's kinds.
        is_limit: Whether it is a limit and no tagger.
    """

    name: str
    f1: tuple[float, ...]
    is_limit: bool = False


@dataclass(frozen=True)
class ShownPost:
    """A post to show.

    Args:
        caption: What is special about it.
        prediction: What GMF finds; with its explanation, the gates are drawn too.
        others: What further taggers find in the same words, by name.
    """

    caption: str
    prediction: Prediction
    others: tuple[tuple[str, Prediction], ...] = ()


@dataclass(frozen=True)
class PostGroup:
    """Posts under one heading.

    Args:
        title: Heading.
        note: What to look for.
        posts: The posts.
    """

    title: str
    note: str
    posts: tuple[ShownPost, ...]


def write_page(
    path: Path,
    *,
    title: str,
    kinds: Sequence[str],
    scores: Sequence[ScoredRow],
    groups: Sequence[PostGroup],
    notes: Sequence[str] = (),
) -> None:
    """Write one HTML page that needs no other file: images, style and charts are inside.

    Args:
        path: File to write.
        title: Heading of the page.
        kinds: Kinds of pair, as the columns of the score table.
        scores: Taggers and limits, as its rows.
        groups: Posts to show.
        notes: Paragraphs under the heading.

    Raises:
        UnusableImageError: If an image of a shown post cannot be read.
        ValueError: If a row has not one score a kind.
        OSError: If the file cannot be written.
    """
    path.write_text(
        page(title=title, kinds=kinds, scores=scores, groups=groups, notes=notes), encoding="utf-8"
    )


def page(
    *,
    title: str,
    kinds: Sequence[str],
    scores: Sequence[ScoredRow],
    groups: Sequence[PostGroup],
    notes: Sequence[str] = (),
) -> str:
    """Return the page that `write_page` writes."""
    sections = [f"<p class='lead'>{escape(note)}</p>" for note in notes]
    sections += [_scores(kinds, scores), *map(_group, groups)]
    return whole_page(title, sections, style=card_style())


def _scores(kinds: Sequence[str], scores: Sequence[ScoredRow]) -> str:
    for row in scores:
        if len(row.f1) != len(kinds):
            raise ValueError(f"{row.name!r}: expected {len(kinds)} scores, got {len(row.f1)}")
    charts = [
        Figure(f"{kind} pairs", _chart(column, kind, scores)).to_html()
        for column, kind in enumerate(kinds)
    ]
    table = Table(
        "F1 on the test split (lenient, micro, percent)",
        ("", *kinds),
        tuple((row.name, *map(Percent, row.f1)) for row in scores),
        note="Best possible: the highest F1 that any tagger can expect here. It is known, since "
        "the corpus is drawn by known rules.",
    )
    key = '<span class="key0">trained model</span>, <span class="key1">best possible</span>'
    return (
        f"<h2>What the images contribute</h2><p class='lead'>F1 by kind of pair: {key}.</p>"
        f'<div class="charts">{"".join(charts)}</div>{to_html(table)}'
    )


def _chart(column: int, kind: str, scores: Sequence[ScoredRow]) -> str:
    bars = [
        Bar(row.name, row.f1[column], f"{100 * row.f1[column]:.1f}", int(row.is_limit))
        for row in scores
    ]
    return bar_chart(bars, title=f"F1 on {kind} pairs", maximum=1)


def _group(group: PostGroup) -> str:
    cards = [post_card(post.caption, post.prediction, others=post.others) for post in group.posts]
    return (
        f"<h2>{escape(group.title)}</h2><p class='lead'>{escape(group.note)}</p>"
        f'<div class="posts">{"".join(cards)}</div>'
    )
