"""Cases on the page: image, gold, and the prediction of each system, entities marked by type."""

from gmf.data.images import UnusableImageError
from gmf.evaluation.reports.cards import card, image_with_boxes, tagged_line
from gmf.experiments.suite.reporting.cases import Case, is_right


def case_card(case: Case) -> str:
    """Return a case as an HTML ``article``."""
    tokens, gold = case.sample.tokens, case.answers[0][1].gold
    lines = [tagged_line("Gold", tokens, gold)]
    for name, answer in case.answers:
        kind, verdict = ("right", "✓ right") if is_right(answer) else ("missed", "✗ wrong")
        note = f'<small class="{kind}">{verdict}</small>'
        lines.append(tagged_line(name, tokens, answer.predicted, note=note))
    return card(case.title, images=_image(case), lines=lines)


def _image(case: Case) -> str:
    try:
        images = [image_with_boxes(image) for image in case.sample.images[:1]]
    except UnusableImageError:
        images = []
    return "".join(images) or '<div class="picture">no image</div>'
