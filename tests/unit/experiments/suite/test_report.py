import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from fixtures.corpus import write_corpus
from fixtures.suite import write_run

from gmf.core.errors import DataError
from gmf.core.types import Sample
from gmf.evaluation.significance import summarise_seeds
from gmf.experiments.suite.report import write_report
from gmf.experiments.suite.reporting.cases import choose_cases
from gmf.experiments.suite.reporting.corrected_entities import corrections_of, count_corrections
from gmf.experiments.suite.reporting.figures.groups import draw_calibration, draw_gains
from gmf.experiments.suite.reporting.figures.learning import mean_and_band
from gmf.experiments.suite.reporting.figures.style import LIGHT
from gmf.experiments.suite.reporting.figures.sweep import _apart
from gmf.experiments.suite.reporting.findings import findings, told_by_runs
from gmf.experiments.suite.reporting.group_tables import group_tables
from gmf.experiments.suite.reporting.missing_runs import missing_runs
from gmf.experiments.suite.reporting.names import is_system, system_order
from gmf.experiments.suite.reporting.post_groups import Grouping, GroupResults
from gmf.experiments.suite.reporting.reported_scores import reported_scores, reported_statistics
from gmf.experiments.suite.reporting.result_tables import (
    ablation_table,
    sweeps_table,
    systems_table,
)
from gmf.experiments.suite.reporting.results import SuiteResults
from gmf.experiments.suite.reporting.sweeps import sweep_points
from gmf.experiments.suite.variants import SWEEPS
from gmf.models.registry import models
from gmf.reading.readers import read_split

pytest.importorskip("matplotlib")

#: Forty tweets of two entities each.
SAMPLES = [
    Sample(f"t{number}", ("Ann", "in", "Oslo"), ("B-PER", "O", "B-LOC")) for number in range(40)
]
RIGHT = ("B-PER", "O", "B-LOC")
HALF = ("B-PER", "O", "O")
WRONG = ("B-ORG", "O", "O")


def tags(right, half=0):
    """Tags for all samples: first right ones, then half right ones, the rest wrong."""
    return [RIGHT] * right + [HALF] * half + [WRONG] * (len(SAMPLES) - right - half)


def run(root, variant, right, half=0, **options):
    return write_run(root, variant, tags(right, half), SAMPLES, **options)


def row(table, name):
    found = next(row for row in table.rows if row[0] == name)
    return dict(zip(table.columns, found, strict=True))


def test_mean_and_deviation_over_seeds_by_hand(tmp_path):
    # Right tweets give 2 of 2 gold, half right ones 1 of 2, wrong ones a false entity.
    runs = [run(tmp_path, "gmf", 20, 20, seed=1), run(tmp_path, "gmf", 40, seed=2, minutes=4.0)]
    cells = row(systems_table(SuiteResults(runs), dataset="demo"), "GMF")
    # Seed 1: 60 correct of 60 predicted and 80 gold; F1 is 6/7. Seed 2: all.
    mean, deviation = (6 / 7 + 1) / 2, (1 / 7) / 2**0.5
    assert (cells["F1"].mean, cells["F1"].deviation) == pytest.approx((mean, deviation))
    assert str(cells["F1"]) == "92.86 ± 10.10"
    assert cells["R"].mean == pytest.approx((0.75 + 1) / 2)
    # LOC of seed 1: 20 of 40, none wrong: F1 is 2/3.
    assert str(cells["LOC"]) == "83.33 ± 23.57"
    assert (str(cells["minutes"]), cells["runs"], cells["p"]) == ("3.0", 2, None)


def test_a_single_run_has_no_deviation(tmp_path):
    table = systems_table(SuiteResults([run(tmp_path, "gmf", 40)]), dataset="demo")
    assert str(row(table, "GMF")["F1"]) == "100.00"


def test_differences_have_the_sign_of_the_other_system(tmp_path):
    runs = [run(tmp_path, "gmf", 30, seed=s) for s in (1, 2)]
    runs += [run(tmp_path, "bert-crf", 10, seed=s) for s in (1, 2)]
    runs += [run(tmp_path, "umt", 31, seed=2)]
    runs += [run(tmp_path, "maf", 40, seed=s) for s in (1, 2)]
    runs += [run(tmp_path, "bfcl", 40, seed=9)]
    results = SuiteResults(runs)
    table = systems_table(results, dataset="demo")
    behind, near, ahead = (row(table, name) for name in ("BERT-CRF", "UMT-BERT-CRF", "MAF"))
    assert behind["minus GMF"].mean < 0 < near["minus GMF"].mean < ahead["minus GMF"].mean
    assert behind["p"] == pytest.approx(1 / 10_001)
    assert behind["p Holm"] == pytest.approx(3 / 10_001)
    # One tweet differs: every exchange is as large.
    assert near["p"] == 1.0
    assert ahead["p"] < 0.05
    # No seed in common: no p-value.
    assert row(table, "BFCL")["p"] is None
    compared = results.against_gmf("demo")["umt"].f1
    shared = [results.get("demo", variant=name).runs[2].micro("f1") for name in ("gmf", "umt")]
    assert [compared.a, compared.b] == shared
    said = " ".join(findings(results, dataset="demo", statistics={}))
    assert "GMF is in place 4" in said
    assert re.search(r"Significantly behind GMF: BERT-CRF -\d", said)
    assert "Ahead of GMF, but not significantly: UMT-BERT-CRF +" in said
    assert "Significantly ahead of GMF: MAF +" in said


def test_the_paper_stands_beside(tmp_path):
    runs = [run(tmp_path, v, 40, dataset="twitter2017") for v in ("gmf", "hvpnet")]
    table = systems_table(SuiteResults(runs), dataset="twitter2017")
    assert table.title == "Table 3. Systems on Twitter-2017"
    printed = row(table, "GMF, paper")
    assert (str(printed["F1"]), str(printed["LOC"])) == ("87.11", "84.68")
    assert [r[0] for r in table.rows] == ["HVPNeT", "GMF", "GMF, paper"]
    assert table.secondary == {2}


@pytest.mark.parametrize(
    ("dataset", "doubts"),
    [
        ("twitter2015", ("T-NER is named", "UMGF are the same")),
        ("twitter2017", ("T-NER is named", "UMGF (84.26", "70.25", "64.63", "61.63")),
        ("demo", ()),
    ],
)
def test_oddities_of_the_printed_numbers_are_footnotes(tmp_path, dataset, doubts):
    runs = [run(tmp_path, "gmf", 40, dataset=dataset)]
    note = systems_table(SuiteResults(runs), dataset=dataset).note
    assert all(doubt in note for doubt in doubts)
    assert ("The F1 per type of UMGF" in note) == bool(doubts)


def test_ablations_with_difference_to_gmf_and_to_the_paper(tmp_path):
    runs = [
        run(tmp_path, "gmf", 30, dataset="twitter2015"),
        run(tmp_path, "gmf-without-vcg", 10, dataset="twitter2015"),
        run(tmp_path, "gmf-without-cm", 40, dataset="twitter2015"),
    ]
    results = SuiteResults(runs)
    table = ablation_table(results, dataset="twitter2015")
    assert row(table, "GMF w/o VCG")["minus GMF"].mean < 0
    assert str(row(table, "GMF w/o VCG, paper")["minus GMF"]) == "-0.73"
    said = " ".join(findings(results, dataset="twitter2015", statistics={}))
    assert re.search(r"GMF w/o VCG: F1 -\S+ \(p 0\.0002\), a significant loss", said)
    assert "The paper prints -0.73, as here in sign." in said
    assert "The paper prints -0.87, unlike here in sign." in said
    assert "One seed (1)" in said
    assert ablation_table(SuiteResults(runs[1:]), dataset="twitter2015") is None


def test_corrections_by_hand(tmp_path):
    # Against gold PER and LOC of each tweet: BERT-CRF finds 10 x 2 + 5 x 1, the system 4 x 2 and,
    # on the last six tweets, 6 x 2.
    baseline = run(tmp_path, "bert-crf", 10, 5).pairs()
    found = [RIGHT] * 4 + [WRONG] * 30 + [RIGHT] * 6
    system = write_run(tmp_path, "umt", found, SAMPLES).pairs()
    # Only the system: the last six tweets, 12. Only BERT-CRF: tweets 4 to 9, 12, and 10 to 14, 5.
    assert count_corrections(baseline, system=system) == (12, 17)
    assert count_corrections(system, system=baseline) == (17, 12)


def test_corrections_are_averaged_over_common_seeds(tmp_path):
    runs = [run(tmp_path, "bert-crf", 10, seed=s) for s in (1, 2)]
    runs += [run(tmp_path, "umt", 12, seed=1), run(tmp_path, "umt", 13, seed=2)]
    runs += [run(tmp_path, "umt", 40, seed=3), run(tmp_path, "bert", 40), run(tmp_path, "gmf", 9)]
    umt, gmf = corrections_of(SuiteResults(runs), dataset="demo")
    assert (umt.variant, umt.corrected.values, umt.corrected.mean) == ("umt", (4.0, 6.0), 5.0)
    assert (gmf.variant, gmf.corrected.mean, gmf.broken.mean) == ("gmf", 0.0, 2.0)


def test_missing_runs_are_listed(tmp_path):
    runs = [run(tmp_path, name, 40) for name in models if name != "t-ner"]
    runs += [run(tmp_path, "gmf", 40, seed=2), run(tmp_path, "gmf-alpha-0.3", 40)]
    lines = missing_runs(SuiteResults(runs), datasets=["demo", "twitter2015"])
    assert lines[0] == "Twitter-2015: no run of any system"
    assert lines[1].startswith("Demo corpus: no run of T-NER, GMF w/o VCG, GMF w/o CSA")
    assert "Demo corpus: BERT lacks seed 2" in lines
    assert not any("GMF lacks" in line for line in lines)
    assert "no sweep of direction weight λ" in lines[-1]


def test_sweeps_take_gmf_as_a_point(tmp_path):
    runs = [run(tmp_path, "gmf", n, seed=s, dev=(0.2, 0.8, 0.5)) for s, n in ((1, 40), (2, 0))]
    runs += [run(tmp_path, "gmf-alpha-0.9", 0), run(tmp_path, "gmf-alpha-0.1", 0)]
    runs += [run(tmp_path, "gmf-layers-upper", 0)]
    by_name = {sweep.name: sweep for sweep in SWEEPS}
    results = SuiteResults(runs)
    alpha = sweep_points(results, dataset="demo", sweep=by_name["alpha"])
    assert [(p.value, p.is_default) for p in alpha] == [(0.1, False), (0.7, True), (0.9, False)]
    # Seed 2 is not in the sweep.
    assert (alpha[1].test.mean, alpha[1].dev.mean) == (1.0, 0.8)
    layers = sweep_points(results, dataset="demo", sweep=by_name["layers"])
    assert [p.value for p in layers] == ["all", "upper"]
    assert sweep_points(results, dataset="demo", sweep=by_name["learning-rate"]) == []
    table = sweeps_table(results, dataset="demo")
    assert [row[:3] for row in table.rows] == [
        ("task weight α", "0.1", 1),
        ("", "0.7 (GMF)", 1),
        ("", "0.9", 1),
        ("layers that receive clues", "all (GMF)", 1),
        ("", "upper", 1),
    ]
    assert [str(cell) for cell in table.rows[1][3:]] == ["80.00", "100.00"]
    assert sweeps_table(SuiteResults([runs[0]]), dataset="demo") is None
    wrong = SuiteResults([run(tmp_path, "gmf-alpha-big", 0)])
    with pytest.raises(DataError, match="expected a number after 'gmf-alpha-'"):
        sweep_points(wrong, dataset="demo", sweep=by_name["alpha"])


def test_the_mean_curve_is_over_the_runs_that_got_there():
    mean, low, high = mean_and_band([[1.0, 2.0], [3.0, 4.0, 5.0]])
    assert mean.tolist() == [2.0, 3.0, 5.0]
    assert (low.tolist(), high.tolist()) == ([1.0, 2.0, 5.0], [3.0, 4.0, 5.0])


def test_doubtful_runs_are_named(tmp_path):
    old = run(tmp_path, "gmf", 20)
    newer = run(tmp_path / "new", "gmf", 30)
    (old.folder / "test.jsonl").write_bytes((newer.folder / "test.jsonl").read_bytes())
    said = findings(SuiteResults([old]), dataset="demo", statistics={})
    assert said[-1].startswith("Warning: predictions and report do not give the same F1")
    assert "gmf, seed 1" in said[-1]


def test_wrong_runs_are_refused(tmp_path):
    one = run(tmp_path, "gmf", 20)
    with pytest.raises(ValueError, match="demo, gmf, seed 1: given twice"):
        SuiteResults([one, one])
    other = write_run(tmp_path, "umt", tags(20)[:30], SAMPLES[:30])
    with pytest.raises(DataError, match="demo, umt and gmf: the two systems were not scored on"):
        SuiteResults([one, other]).against_gmf("demo")


def test_names_and_order():
    assert system_order(
        {"gmf", "umt", "bert", "gmf-without-cm", "gmf-alpha-0.1", "bilstm-crf"}
    ) == [
        "bilstm-crf",
        "bert",
        "umt",
        "gmf",
    ]
    assert is_system("thirteenth")
    for model in models:
        assert is_system(model)


def test_printed_numbers():
    assert reported_scores("twitter2015", variant="umt").overall["f1"] == pytest.approx(0.7341)
    assert reported_scores("demo", variant="umt") is None
    assert reported_scores("twitter2017", variant="gmf-without-all").types == {}
    assert reported_statistics("twitter2017")["total"] == {"train": 6049, "dev": 1324, "test": 1351}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("suite")
    folder = write_corpus(root / "data")
    samples = read_split(folder, "test")
    nothing = [["O"] * len(sample.tokens) for sample in samples]
    right = [list(sample.tags) for sample in samples]
    mixed = [right[0], right[1], *nothing[2:]]
    runs = [
        write_run(root / "out" / "runs", variant, said, samples)
        for variant, said in (
            ("bert-crf", nothing),
            ("debiascl", mixed),
            ("a_b&c", nothing),
            ("gmf-without-vcg", [*nothing[:3], right[3]]),
            ("gmf", [right[0], *nothing[1:]]),
            ("gmf-alpha-0.3", mixed),
            ("gmf-layers-upper", mixed),
        )
    ]
    write_report(runs, root / "out", data={"demo": folder}, encoders="tiny <pair>")
    return root / "out", runs, folder


def test_files_of_a_report(written):
    out, _, _ = written
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    figures = [f"figure-{number}-demo" for number in (7, 8, 9)] + ["sweeps-demo"]
    for name in figures:
        assert {f"figures/{name}.png", f"figures/{name}.svg"} <= names
    for name in ("table-1-demo", "systems-demo", "table-4-demo", "sweeps-demo"):
        assert {f"tables/{name}.md", f"tables/{name}.tex"} <= names


def test_latex_is_escaped(written):
    text = (written[0] / "tables" / "systems-demo.tex").read_text(encoding="utf-8")
    assert r"a\_b\&c & 1 &" in text
    assert r"Mean $\pm$ sample deviation" in text
    assert "95\\% interval" in (written[0] / "tables" / "table-4-demo.tex").read_text()


def test_tables_as_json(written):
    content = json.loads((written[0] / "tables" / "tables.json").read_text(encoding="utf-8"))
    assert (content["encoders"], content["rule"]) == ("tiny <pair>", "lenient")
    assert any("no run of BiLSTM-CRF" in line for line in content["missing"])
    runs = {item["variant"]: item for item in content["runs"]}
    assert runs["gmf"]["folder"] == "runs/demo/gmf/seed-1"
    assert len(runs["gmf"]["predictions"]) == 64
    assert str(written[0]) not in json.dumps(content)
    table = content["tables"]["systems-demo"]
    place = table["columns"].index("F1")
    assert {"mean"} == set(next(r for r in table["rows"] if r[0] == "GMF")[place])


def test_page_needs_nothing_else(written):
    page = (written[0] / "report.html").read_text(encoding="utf-8")
    assert re.search(r"(\d+) runs, \d+ minutes of training in all; precision: \1 in bf16\.", page)
    sources = re.findall(r"(?:src|srcset|href)=\"([^\"]{5})", page)
    assert sources
    assert all(source == "data:" or source.startswith("#") for source in sources)
    assert "http" not in re.sub(r"data:[^\"]+", "", page)
    assert "tiny &lt;pair&gt;" in page
    assert page.count('<article class="post">') >= 2


def test_every_table_and_figure_is_in_the_contents_of_its_chapter(written):
    page = (written[0] / "report.html").read_text(encoding="utf-8")
    links = re.findall(r'<a href="#([^"]+)">([^<]+)</a>', page)
    assert {key for key, _ in links} <= set(re.findall(r'id="([^"]+)"', page))
    titles = [title for _, title in links]
    captions = re.findall(r"<caption><span>([^<]+)</span>", page)
    assert [title for title in captions if title not in titles] == ["Runs behind the numbers"]
    assert "Case studies" in titles


def test_cases_follow_the_rule(written):
    _, runs, folder = written
    study = choose_cases(SuiteResults(runs), dataset="demo", folder=folder)
    shown = {case.title: case.sample.id for case in study.cases}
    # Of the first tweets GMF has one right, DebiasCL two; the last is right in w/o VCG alone.
    assert shown["GMF right, GMF w/o VCG wrong"] == "test0"
    assert shown["GMF wrong, another right"] in ("test1", "test3")
    assert "GMF right, DebiasCL wrong" in study.absent
    assert len(set(shown.values())) == len(shown)


def test_the_same_runs_give_the_same_files(written, tmp_path):
    out, runs, folder = written
    write_report(runs, tmp_path, data={"demo": folder}, encoders="tiny <pair>")
    for name in ("figures/figure-9-demo.svg", "tables/systems-demo.md"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_a_tweet_that_the_data_lacks(written, tmp_path):
    moved = [replace(r, dataset="other") for r in written[1] if r.variant in ("gmf", "debiascl")]
    shorter = tmp_path / "data"
    shorter.mkdir()
    (shorter / "test.txt").write_text("IMGID:1\nAnn\tB-PER\n\n", encoding="utf-8")
    with pytest.raises(DataError, match="other: post 'test0' of the runs is not in its test"):
        choose_cases(SuiteResults(moved), dataset="other", folder=shorter)


def test_names_of_near_values_do_not_run_into_each_other():
    names = ["0.1", "0.9", "0.95"]
    assert _apart([0.1, 0.9, 0.95], names, first=0) == ["0.1", "0.9", ""]
    assert _apart([0.1, 0.9, 0.95], names, first=2) == ["0.1", "", "0.95"]
    assert _apart([1.0], ["1"], first=0) == ["1"]


@pytest.fixture
def grouped(tmp_path):
    """Runs of BERT-CRF and GMF on 40 posts: 10 related ones first, then unrelated ones."""
    data = tmp_path / "demo"
    data.mkdir()
    others = [replace(sample, id=f"other-{sample.id}") for sample in SAMPLES[:2]]
    for split, part in (("train", others), ("dev", others), ("test", SAMPLES)):
        blocks = [
            "".join(f"{w}\t{t}\n" for w, t in zip(s.tokens, s.tags, strict=True)) for s in part
        ]
        lines = [f"IMGID:{s.id}\n{block}\n" for s, block in zip(part, blocks, strict=True)]
        (data / f"{split}.txt").write_text("".join(lines))
    rows = [f"t{n}\t{'related' if n < 10 else 'unrelated'}\n" for n in range(40)]
    (data / "groups.tsv").write_text("id\tpair\n" + "".join(rows))
    runs = [run(tmp_path, "bert-crf", 0, 40, seed=s) for s in (1, 2)]
    runs += [run(tmp_path, "gmf", 10, 30, seed=1), run(tmp_path, "gmf", 10, 29, seed=2)]
    for one in runs[2:]:
        # With other images GMF finds what BERT-CRF finds.
        (one.folder / "test-shuffled.jsonl").write_text((runs[0].folder / "test.jsonl").read_text())
    return runs, data


def test_systems_by_group_of_posts_and_control(grouped, tmp_path):
    runs, data = grouped
    groups = GroupResults(SuiteResults(runs), dataset="demo", folder=data)
    tables = group_tables(groups, dataset="demo")
    assert [name.removesuffix("-demo-pair") for name in tables] == [
        *("groups", "gains", "controls", "changes", "calibration"),
    ]
    f1 = row(tables["groups-demo-pair"], "GMF")
    # Half right posts have F1 2/3; seed 2 has one wrong post among the unrelated ones.
    assert str(f1["related (10)"]) == "100.00 ± 0.00"
    wrong = 2 * 29 / (30 + 60)
    assert f1["unrelated (30)"].mean == pytest.approx((2 / 3 + wrong) / 2)
    assert f1["all posts (40)"].mean < f1["related (10)"].mean
    gains = row(tables["gains-demo-pair"], "GMF")
    assert gains["related"].mean == pytest.approx(1 / 3)
    assert gains["unrelated"].mean == pytest.approx((wrong - 2 / 3) / 2)
    compared = groups.gains(groups.groupings[0])
    p_values = [compared["gmf", group].adjusted_p for group in ("", "related", "unrelated")]
    assert p_values[0] < 0.01
    assert p_values[1] < 0.01
    assert p_values[2] > 0.5
    changes = row(tables["changes-demo-pair"], "GMF, shuffled")
    assert changes["related"].mean == pytest.approx(-1 / 3)
    errors = row(tables["calibration-demo-pair"], "GMF")
    # Every entity that was found is right, at confidence 0.9.
    assert errors["related (10)"].mean == pytest.approx(0.1)
    assert row(tables["controls-demo-pair"], "GMF, shuffled")["related (10)"].mean == (
        pytest.approx(2 / 3)
    )


def test_the_report_has_tables_and_figures_by_group(grouped, tmp_path):
    runs, data = grouped
    out = tmp_path / "out"
    write_report(runs, out, data={"demo": data}, encoders="tiny")
    assert (out / "tables" / "gains-demo-pair.md").is_file()
    for stem in ("gains-demo-pair", "calibration-demo-pair"):
        assert (out / "figures" / f"{stem}.svg").stat().st_size > 5000
    assert "Gain over BERT-CRF on Demo corpus by pair" in (out / "report.html").read_text()


def test_a_file_of_groups_that_does_not_fit_is_told_in_the_report(grouped):
    runs, data = grouped
    (data / "groups.tsv").write_text("id\tpair\nnobody\tx\n")
    groups = GroupResults(SuiteResults(runs), dataset="demo", folder=data)
    assert groups.notes[0].startswith("scores have no groups of posts: groups.tsv: ")
    assert list(group_tables(groups, dataset="demo")) == [
        *("controls-demo", "changes-demo", "calibration-demo"),
    ]


def test_runs_on_other_posts_are_refused(tmp_path):
    runs = [run(tmp_path, "bert-crf", 40), write_run(tmp_path, "gmf", [RIGHT], SAMPLES[:1])]
    with pytest.raises(DataError, match="gmf: runs were scored on other posts than those of bert"):
        GroupResults(SuiteResults(runs), dataset="demo", folder=None)


def test_a_group_named_as_all_posts_are_is_a_group_of_its_own(grouped):
    runs, data = grouped
    names = {0: "all", 1: "all posts", 2: "web"}
    rows = [f"t{n}\t{names[n % 3]}\n" for n in range(40)]
    (data / "groups.tsv").write_text("id\tplace\n" + "".join(rows))
    groups = GroupResults(SuiteResults(runs), dataset="demo", folder=data)
    table = group_tables(groups, dataset="demo")["groups-demo-place"]
    assert table.columns[2:] == ("all posts (40)", "all (14)", "all posts (13)", "web (13)")
    figure = draw_calibration(
        groups.groupings[0],
        right=[s for s in groups.systems if s.variant == "gmf"],
        wrong=[s for s in groups.controlled if s.control == "shuffled"],
        theme=LIGHT,
    )
    assert [axes.get_title() for axes in figure.axes] == ["all posts", "all", "all posts", "web"]


def test_groupings_whose_names_differ_in_signs_or_capitals_have_files_of_their_own(grouped):
    runs, data = grouped
    names = ["kind!", "kind?", "Kind?", "kind--2"]
    rows = [f"t{n}" + f"\t{n % 2}" * len(names) + "\n" for n in range(40)]
    (data / "groups.tsv").write_text("\t".join(["id", *names]) + "\n" + "".join(rows))
    groups = GroupResults(SuiteResults(runs), dataset="demo", folder=data)
    assert [grouping.stem for grouping in groups.groupings] == [
        *("-kind-", "-kind--2", "-Kind--2-2", "-kind-2"),
    ]
    assert len(group_tables(groups, dataset="demo")) == 5 * len(names)


def test_a_group_with_nothing_to_find_has_no_score(grouped):
    runs, data = grouped
    groups = GroupResults(SuiteResults(runs), dataset="demo", folder=data)
    nothing, everything = np.zeros(40, dtype=bool), np.ones(40, dtype=bool)
    groups.groupings = [Grouping("kind", {"": everything, "nothing": nothing}, "-kind")]
    tables = group_tables(groups, dataset="demo")
    assert row(tables["groups-demo-kind"], "GMF")["nothing (0)"] is None
    gains = row(tables["gains-demo-kind"], "GMF")
    assert (gains["nothing"], gains["p Holm"]) == (None, None)
    # It does not count among the comparisons that p is adjusted for.
    assert list(groups.gains(groups.groupings[0])) == [("gmf", "")]
    figure = draw_gains(groups.groupings[0], gains=groups.gains(groups.groupings[0]), theme=LIGHT)
    assert [axes.get_title() for axes in figure.axes] == ["all posts", "nothing"]


def test_what_runs_told_is_in_the_report_without_folders(grouped):
    runs, _ = grouped
    for one, told in zip(runs, (["/a/b/kinds.tsv: odd"], ["known"], [], []), strict=True):
        path = one.folder / "result.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "warnings": told}))
    told = told_by_runs(SuiteResults(runs), dataset="demo", known=["known"])
    assert told == ["Told while runs were trained and scored: kinds.tsv: odd (1 of 4 runs)."]
    assert not told_by_runs(SuiteResults(runs), dataset="demo", known=["known", "kinds.tsv: odd"])


def test_one_run_has_no_whisker():
    assert math.isnan(summarise_seeds([0.5]).spread)
    assert summarise_seeds([0.5, 0.7]).spread == pytest.approx(0.02**0.5)
