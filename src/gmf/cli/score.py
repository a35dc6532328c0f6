"""``gmf score`` and ``gmf compare``: scores of any system's predictions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gmf.cli.output import (
    Device,
    progress_bar,
    report_images,
    say,
    tables,
    warn_of,
    write,
    write_json,
)
from gmf.cli.output_files import check_outputs, tell_copies, write_page
from gmf.core.errors import ConfigError
from gmf.core.tags import TYPE_ALIASES
from gmf.core.types import Sample
from gmf.evaluation.comparison import compare
from gmf.evaluation.config import EvaluationConfig
from gmf.evaluation.evaluator import evaluate
from gmf.evaluation.files.labelled import ColumnOrder
from gmf.evaluation.files.labels import ServicePolicy
from gmf.evaluation.files.notes import PairedSamples
from gmf.evaluation.files.read import read_pairs, read_training
from gmf.evaluation.pairs import SamplePair, mark_images
from gmf.evaluation.post_groups import with_groups
from gmf.evaluation.provenance import (
    Provenance,
    describe_hardware,
    package_versions,
)
from gmf.evaluation.report import Report, summarise_runs
from gmf.evaluation.reports.html import comparison_page, report_page, runs_page
from gmf.evaluation.reports.report_tables import comparison_tables, report_tables, runs_tables
from gmf.evaluation.reports.tables import Table, print_tables, to_latex, to_markdown
from gmf.evaluation.scores import Rule
from gmf.reading.groups import read_groups
from gmf.reading.releases import DataFingerprint, release_of

Columns = Annotated[
    ColumnOrder | None,
    typer.Option(
        "--columns",
        help="Order of two label columns. Without it: the format's own, or with a gold file the "
        "column that agrees with it is gold.",
    ),
]
AnalysisRule = Annotated[
    Rule, typer.Option("--rule", help="Counting rule of the analyses; both are always scored.")
]
Service = Annotated[
    ServicePolicy,
    typer.Option("--service-labels", help="How X, [CLS], [SEP], PAD are counted; outside is O."),
]
Alias = Annotated[
    list[str] | None,
    typer.Option("--alias", help="Read a type as another, e.g. person=PER. OTHER=MISC is known."),
]
Level = Annotated[float, typer.Option(min=0.5, max=0.999, help="Confidence of intervals.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the resampling.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsMarkdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown.")]
AsLatex = Annotated[bool, typer.Option("--latex", help="Print LaTeX.")]
GroupsFile = Annotated[
    Path | None,
    typer.Option(
        "--groups",
        help="File that puts posts in groups (.tsv, .csv, .json, .jsonl), to score each group; by "
        "default groups.tsv or the like of the data folder.",
    ),
]
HtmlFile = Annotated[
    Path | None, typer.Option("--html", dir_okay=False, help="Write a page with charts.")
]


def score_command(
    gold: Annotated[
        Path, typer.Argument(help="Gold file, or a file with gold and predicted labels.")
    ],
    predicted: Annotated[
        list[Path] | None,
        typer.Argument(help="Prediction file; several are runs with different seeds."),
    ] = None,
    columns: Columns = None,
    train: Annotated[
        Path | None, typer.Option(help="Training file, to tell seen names from unseen ones.")
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Folder of images, to tell posts with and without."),
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option(help="File that puts posts in groups (.tsv, .csv, .json, .jsonl)."),
    ] = None,
    rule: AnalysisRule = "lenient",
    service_labels: Service = "outside",
    alias: Alias = None,
    countings: Annotated[
        bool, typer.Option("--countings", help="Show other ways to count even if all agree.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = 1000,
    level: Level = 0.95,
    seed: Seed = 0,
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
    as_latex: AsLatex = False,
    html: HtmlFile = None,
) -> None:
    """Score predictions: lenient and strict, and every analysis of them.

    Files are CoNLL with one or two label columns, blocks of image name, text
    and two lines of tags, or JSON lines with tokens and tags or with text and
    entities by character offsets.

    Examples:
      gmf score test.txt predictions.jsonl
      gmf score both-columns.conll --columns gold-predicted
      gmf score test.txt seed1.jsonl seed2.jsonl seed3.jsonl
    """
    runs_of = predicted or []
    inputs = [gold, *runs_of, *filter(None, (train, images, groups))]
    check_outputs(page=html, inputs=inputs)
    if len({path.resolve() for path in runs_of}) < len(runs_of):
        raise ConfigError("a file of predictions is given twice; each run counts once")
    aliases = read_aliases(alias)
    config = EvaluationConfig(
        rule=rule, service_labels=service_labels, rounds=rounds, level=level, seed=seed
    )
    training = None if train is None else read_training(train, aliases=aliases)
    reports: list[Report] = []
    for path in predicted or [None]:
        paired = read_pairs(gold, predicted=path, order=columns, aliases=aliases)
        if path is not None and len(runs_of) > 1:  # Of one the report tells it.
            warn_of(path, paired.notes.losses)
        pairs = paired.pairs if images is None else mark_images(paired.pairs, folder=images)
        if groups is not None:
            ids = (sample.id for sample in training or ())
            pairs = with_groups(pairs, read_groups(groups), training=ids, on_note=say)
        provenance = _provenance(paired, config)
        reports.append(
            evaluate(
                pairs, training=training, notes=paired.notes, provenance=provenance, config=config
            )
        )
    title = f"Scores of {(predicted or [gold])[0].name}"
    if len(reports) > 1:
        tell_copies(runs_of, [report.provenance.data[-1].digest for report in reports])
        runs = summarise_runs(reports, level=level)
        write_page(html, lambda: runs_page(runs, title=f"{title} and {len(reports) - 1} more"))
        shown, content = runs_tables(runs), runs.to_dict()
    else:
        write_page(html, lambda: report_page(reports[0], title=title))
        shown, content = (
            report_tables(reports[0], in_full={"countings"} if countings else ()),
            reports[0].to_dict(),
        )
    show(shown, content, as_json=as_json, as_markdown=as_markdown, as_latex=as_latex)


def compare_command(
    a: Annotated[Path, typer.Argument(help="Predictions of system A, or its run.")],
    b: Annotated[Path, typer.Argument(help="Those of system B on the same posts, or its run.")],
    gold: Annotated[
        Path | None, typer.Option(help="Gold file; without it both files carry the gold.")
    ] = None,
    columns: Columns = None,
    data: Annotated[
        Path | None, typer.Option(help="Data folder of runs; their own by default.")
    ] = None,
    split: Annotated[str, typer.Option(help="What runs are compared on.")] = "test",
    device: Device = "auto",
    rule: AnalysisRule = "lenient",
    service_labels: Service = "outside",
    alias: Alias = None,
    rounds: Annotated[int, typer.Option(min=1, help="Random exchanges.")] = 10_000,
    level: Level = 0.95,
    seed: Seed = 0,
    changed: Annotated[int, typer.Option(min=0, help="Changed posts to list.")] = 20,
    as_json: AsJson = False,
    as_markdown: AsMarkdown = False,
    as_latex: AsLatex = False,
    html: HtmlFile = None,
) -> None:
    """Compare two systems on the same posts: difference, p-value, posts that changed.

    Examples:
      gmf compare runs/A runs/B
      gmf compare a.jsonl b.jsonl --gold test.txt
    """
    check_outputs(page=html, inputs=[a, b, *filter(None, (gold, data))])
    aliases = read_aliases(alias)
    config = EvaluationConfig(rule=rule, service_labels=service_labels, level=level, seed=seed)
    if a.is_dir() != b.is_dir():
        raise ConfigError(f"{a} and {b}: expected two files of predictions, or two runs")
    of_files = {"--gold": gold is not None, "--columns": columns is not None}
    of_runs = {"--data": data is not None, "--split": split != "test", "--device": device != "auto"}
    kind, others = ("runs", of_files) if a.is_dir() else ("files of predictions", of_runs)
    if given := [option for option, is_given in others.items() if is_given]:
        raise ConfigError(f"{' and '.join(given)}: not for {kind}; leave it out")
    sides: list[Sequence[SamplePair]] = []
    for path in (a, b):
        if path.is_dir():
            sides.append(_pairs_of_run(path, data=data, split=split, device=device, alias=alias))
            continue
        predicted = path if gold else None
        paired = read_pairs(gold or path, predicted=predicted, order=columns, aliases=aliases)
        warn_of(path, paired.notes.losses)
        sides.append(paired.pairs)
    comparison = compare(sides[0], sides[1], rounds=rounds, config=config)
    write_page(html, lambda: comparison_page(comparison, title=f"{b.name} against {a.name}"))
    show(
        comparison_tables(comparison, max_changed=changed),
        comparison.to_dict(),
        as_json=as_json,
        as_markdown=as_markdown,
        as_latex=as_latex,
    )


def _pairs_of_run(
    run: Path, *, data: Path | None, split: str, device: str, alias: Sequence[str] | None
) -> Sequence[SamplePair]:
    # Here, not above: files of predictions need no torch.
    from gmf.experiments.evaluate import evaluate_run

    with progress_bar() as bar:
        task = bar.add_task(str(run), total=None)
        result = evaluate_run(
            run,
            split=split,
            folder=data,
            device=device,
            aliases=read_aliases(alias) if alias else {},
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    report_images(result.images)
    warn_of(run, (*result.notes, *result.warnings))
    return result.pairs


def read_aliases(given: Sequence[str] | None) -> dict[str, str]:
    """Return types by the spelling that is read as them.

    Raises:
        ConfigError: If one has another form.
    """
    aliases = dict(TYPE_ALIASES)
    for item in given or ():
        spelling, equals, name = item.partition("=")
        if not spelling or not equals or not name:
            raise ConfigError(f"alias {item!r}: expected SPELLING=TYPE, for example person=PER")
        aliases[spelling] = name
    return aliases


def _provenance(paired: PairedSamples, config: EvaluationConfig) -> Provenance:
    notes = paired.notes
    files = [("gold", notes.gold_file), ("predictions", notes.predicted_file)]
    copies = {"gold": release_of(Sample(pair.id, pair.tokens, pair.gold) for pair in paired.pairs)}
    return Provenance(
        config.rule,
        data=tuple(
            DataFingerprint(
                part, Path(file.path).name, file.sha256, file.tweets, copies.get(part, "")
            )
            for part, file in files
            if file
        ),
        versions=package_versions(),
        hardware=describe_hardware(),
    )


def show(
    items: Sequence[Table],
    content: dict[str, object],
    *,
    as_json: bool,
    as_markdown: bool,
    as_latex: bool,
) -> None:
    """Print tables, or the same content as JSON, Markdown or LaTeX."""
    if as_json:
        write_json(content, indent=2)
    if as_markdown:
        write(to_markdown(items))
    if as_latex:
        write(to_latex(items))
    if not (as_json or as_markdown or as_latex):
        print_tables(items, console=tables)
