"""Cases on the page: picture, gold, and what each system says, entities marked by type."""

from html import escape

from gmf.core.tags import PAPER_TYPES
from gmf.core.types import Entity
from gmf.data.images import UnusableImageError
from gmf.evaluation.pairs import SampleSpans
from gmf.evaluation.reports.pictures import picture_with_boxes
from gmf.experiments.suite.reporting.cases import Case, is_right


def case_card(case: Case) -> str:
    """Return a case as an HTML ``article``."""
    first = case.said[0][1]
    lines = [_line("Gold", first, first.gold, "")]
    for name, said in case.said:
        kind, verdict = ("right", "✓ right") if is_right(said) else ("missed", "✗ wrong")
        lines.append(_line(name, said, said.predicted, f'<small class="{kind}">{verdict}</small>'))
    return (
        f'<article class="post">{_picture(case)}<div class="said"><h3>{escape(case.title)}</h3>'
        f"<dl>{''.join(lines)}</dl></div></article>"
    )


def _picture(case: Case) -> str:
    try:
        shown = [picture_with_boxes(image) for image in case.sample.images[:1]]
    except UnusableImageError:
        shown = []
    return "".join(shown) or '<div class="picture">no picture</div>'


def _line(name: str, tweet: SampleSpans, entities: tuple[Entity, ...], note: str) -> str:
    starts = {entity.start: entity for entity in entities}
    pieces: list[str] = []
    place = 0
    while place < len(tweet.tokens):
        entity = starts.get(place)
        if entity is None:
            pieces.append(escape(tweet.tokens[place]))
            place += 1
        else:
            known = entity.type in PAPER_TYPES
            kind = f"type{PAPER_TYPES.index(entity.type)}" if known else "type-other"
            pieces.append(
                f'<mark class="{kind}">{escape(tweet.surface(entity))} '
                f"<b>{escape(entity.type)}</b></mark>"
            )
            place = entity.end
    return f"<div><dt>{escape(name)}</dt><dd>{' '.join(pieces)} {note}</dd></div>"
