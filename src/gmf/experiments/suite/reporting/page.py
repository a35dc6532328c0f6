"""The suite as one page that needs no other file."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files

from gmf.evaluation.reports.cards import card_style
from gmf.evaluation.reports.html import whole_page
from gmf.evaluation.reports.tables import Table, to_html
from gmf.experiments.suite.reporting.case_cards import case_card
from gmf.experiments.suite.reporting.cases import RULE_OF_CHOICE, CaseStudy

#: Beginning of findings that are shown as warnings.
_WARNING = "Warning:"


@dataclass(frozen=True)
class PlacedFigure:
    """A figure.

    Args:
        name: File name without ending.
        title: What it shows.
        caption: How to read it.
        images: SVG by theme, ``light`` and ``dark``.
    """

    name: str
    title: str
    caption: str
    images: dict[str, bytes]


@dataclass
class Chapter:
    """What the page shows of one data set.

    Args:
        key: Its name among the files.
        title: Its name for readers.
        findings: Paragraphs.
        tables: In order.
        figures: In order.
        study: Case studies.
    """

    key: str
    title: str
    findings: list[str] = field(default_factory=list[str])
    tables: list[Table] = field(default_factory=list[Table])
    figures: list[PlacedFigure] = field(default_factory=list[PlacedFigure])
    study: CaseStudy | None = None


def report_page(
    chapters: Sequence[Chapter],
    *,
    notes: Sequence[str],
    shared: Sequence[PlacedFigure],
    missing: Sequence[str],
    runs: Table,
) -> str:
    """Return the page.

    Args:
        chapters: One a data set.
        notes: Paragraphs that hold for all.
        shared: Figures over several data sets.
        missing: What a complete suite has beyond this.
        runs: The runs behind the numbers.
    """
    links = [(f"data-{chapter.key}", chapter.title) for chapter in chapters]
    links += [("figures", "Figures")] if shared else []
    links += [("missing", "Missing runs")] if missing else []
    links.append(("runs", "Runs"))
    nav = "".join(f'<a href="#{escape(key)}">{escape(title)}</a>' for key, title in links)
    sections = [f"<nav>{nav}</nav>", *map(_paragraph, notes), *map(_chapter, chapters)]
    if shared:
        sections += ['<h2 id="figures">Figures</h2>', *map(_figure, shared)]
    if missing:
        listed = "".join(f"<li>{escape(line)}</li>" for line in missing)
        sections.append(f'<h2 id="missing">Missing runs</h2><ul>{listed}</ul>')
    sections += ['<h2 id="runs">Runs</h2>', to_html(runs)]
    return whole_page("GMF and the systems of its paper", sections, style=_style())


def _style() -> str:
    own = files("gmf.experiments.suite.reporting").joinpath("page.css").read_text(encoding="utf-8")
    return card_style() + own


def _chapter(chapter: Chapter) -> str:
    items = [(table.title, to_html(table)) for table in chapter.tables]
    items += [(figure.title, _figure(figure)) for figure in chapter.figures]
    if chapter.study is not None:
        items.append(("Case studies", _cases(chapter.study)))
    key = escape(f"data-{chapter.key}")
    links = [f'<a href="#{key}-{n}">{escape(title)}</a>' for n, (title, _) in enumerate(items, 1)]
    return "\n".join(
        [
            f'<h2 id="{key}">{escape(chapter.title)}</h2>',
            *map(_paragraph, chapter.findings),
            f'<nav class="contents" aria-label="{escape(chapter.title)}">{"".join(links)}</nav>',
            *(f'<div id="{key}-{n}">{content}</div>' for n, (_, content) in enumerate(items, 1)),
        ]
    )


def _paragraph(text: str) -> str:
    kind = "lead warning" if text.startswith(_WARNING) else "lead"
    return f'<p class="{kind}">{escape(text)}</p>'


def _figure(figure: PlacedFigure) -> str:
    light, dark = (
        f"data:image/svg+xml;base64,{b64encode(figure.images[theme]).decode('ascii')}"
        for theme in ("light", "dark")
    )
    return (
        f"<figure><figcaption>{escape(figure.title)}<small>{escape(figure.caption)}</small>"
        '</figcaption><div class="plot"><picture>'
        f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="{escape(figure.title)}"></picture></div></figure>'
    )


def _cases(study: CaseStudy) -> str:
    absent = f" No such post: {'; '.join(study.absent)}." if study.absent else ""
    return (
        f"<h3>Figure 8. Case studies, seed {study.seed}</h3>"
        f'<p class="lead note">{escape(RULE_OF_CHOICE + absent)}</p>'
        f'<div class="posts">{"".join(map(case_card, study.cases))}</div>'
    )
