"""Pages and charts of reports, element by element."""

import re
from base64 import b64decode
from io import BytesIO
from xml.etree import ElementTree

from PIL import Image

from gmf.core.types import Entity, ImageInput, Region, ScoredEntity
from gmf.evaluation.comparison import compare
from gmf.evaluation.evaluator import evaluate
from gmf.evaluation.pairs import SamplePair
from gmf.evaluation.report import summarise_runs
from gmf.evaluation.reports.cards import image_with_boxes, tagged_line
from gmf.evaluation.reports.html import comparison_page, report_page, runs_page, whole_page
from gmf.evaluation.reports.plots import Bar, Figure, bar_chart, heat_map, reliability_plot
from gmf.evaluation.reports.report_tables import report_tables

#: One of three gold entities is found, under both rules; one word is wrongly one.
PAIRS = [
    SamplePair("1", ("Rocky", "in", "Oslo"), ("B-PER", "O", "B-LOC"), ("B-PER", "O", "O")),
    SamplePair("2", ("Acme", "it"), ("B-ORG", "O"), ("O", "B-ORG")),
]


def elements(chart, kind):
    """Return the attributes of a chart's elements of a class, and their texts."""
    found = [e for e in ElementTree.fromstring(chart).iter() if e.get("class") == kind]
    return [{**e.attrib, "text": e.text} for e in found]


def test_bars_have_their_share_of_the_width_and_whiskers_where_both_bounds_are_known():
    bars = [Bar("a", 0.5, "half", low=0.25, high=0.75), Bar("b", 0.25, "less", 1, low=0.1)]
    chart = bar_chart(bars, title="t", maximum=1)
    (one,), (other,) = elements(chart, "series0"), elements(chart, "series1")
    assert one["style"] == "left:0.00%;width:50.00%"
    assert other["style"] == "left:0.00%;width:25.00%"
    (whisker,) = elements(chart, "whisker")
    assert whisker["style"] == "left:25.00%;width:50.00%"
    for kind, texts in (("label", ["a", "b"]), ("value", ["half", "less"])):
        assert [element["text"] for element in elements(chart, kind)] == texts
    kinds = [element.get("class") for element in ElementTree.fromstring(chart)]
    assert kinds == ["label", "track", "value"] * 2
    # Without a maximum the longest bar is the whole room.
    (one,) = elements(bar_chart(bars, title="t"), "series0")
    assert one["style"] == "left:0.00%;width:100.00%"


def test_a_heat_map_shades_each_count_by_its_share_of_the_row():
    chart = heat_map([("x", [3, 1]), ("y", [None, 0])], columns=["p", "q"], title="t")
    cells = elements(chart, "series0")
    assert [cell["fill-opacity"] for cell in cells] == ["0.750", "0.250", "0.000"]
    assert [(cell["x"], cell["width"]) for cell in cells[:2]] == [
        ("150.0", "243.0"),
        ("395.0", "243.0"),
    ]
    assert [e["text"] for e in elements(chart, "value")] == ["1", "0"]
    # White on the light theme's pale blue, and black on the dark theme's, cannot be read.
    shares = heat_map([(str(n), [n, 100 - n]) for n in (60, 75, 90)], columns=["p", "q"], title="t")
    classes = {e["text"]: kind for kind in ("value", "half", "on") for e in elements(shares, kind)}
    assert [classes[n] for n in ("60", "75", "90")] == ["value", "half", "on"]


def test_a_heat_map_of_many_long_names_cuts_none():
    names = [f"creative-work-{number}" for number in range(18)]
    rows = [(name, [1] * 18) for name in names]
    chart = heat_map(rows, columns=names, title="t")
    _, _, width, height = map(float, re.search(r'viewBox="([^"]*)"', chart)[1].split())
    cells = elements(chart, "series0")
    assert all(float(cell["width"]) >= 36 for cell in cells)
    assert max(float(cell["x"]) + float(cell["width"]) for cell in cells) <= width
    upright = [e for e in elements(chart, "label") if "rotate(-90)" in e.get("transform", "")]
    assert [e["text"] for e in upright] == names
    # A capital of 13 pixels is no wider than 10.
    room = 10 * max(map(len, names))
    assert all(float(e["transform"].split()[1].rstrip(")")) >= room for e in upright)
    assert min(float(e["x"]) for e in elements(chart, "label") if "x" in e) >= room
    assert height > 18 * 34 + room


def test_a_reliability_curve_has_ticks_and_a_dot_a_filled_bin():
    bins = [
        {"entities": 4, "confidence": 0.25, "precision": 0.5},
        {"entities": 0, "confidence": 0.0, "precision": 0.0},
        {"entities": 1, "confidence": 1.0, "precision": 0.0},
    ]
    chart = reliability_plot(bins, title="t")
    # The square reaches from 50 to 330 and, upwards, from 290 to 10.
    dots = elements(chart, "series0")
    assert [(d["cx"], d["cy"], d["r"]) for d in dots] == [
        ("120.0", "150.0", "12.0"),
        ("330.0", "290.0", "7.5"),
    ]
    assert [e.text for e in ElementTree.fromstring(chart).iter("title")] == [
        "4 entities, confidence 0.250, precision 0.500",
        "1 entities, confidence 1.000, precision 0.000",
    ]
    (curve,) = elements(chart, "curve")
    assert curve["d"] == "M120.0 150.0L330.0 290.0"
    ticks = elements(chart, "tick")
    assert [tick["text"] for tick in ticks] == [
        t for t in ("0", "0.25", "0.5", "0.75", "1") for _ in "xy"
    ]
    assert [(tick["x"], tick["y"]) for tick in ticks[2:4]] == [
        ("120.0", "304.0"),
        ("42.0", "220.0"),
    ]


def test_a_figure_names_its_series_before_its_note():
    figure = Figure("F1", "<svg/>", "so", ("A", "B"))
    small = '<small><span class="key0">A</span>, <span class="key1">B</span>, so</small>'
    assert figure.to_html() == f"<figure><figcaption>F1{small}</figcaption><svg/></figure>"
    assert Figure("F1", "<svg/>").to_html() == "<figure><figcaption>F1</figcaption><svg/></figure>"


def test_empty_parts_of_a_page_are_left_out():
    page = whole_page("a & b", ["<p>1</p>", "", "<p>2</p>"], style=".own{}")
    assert "<h1>a &amp; b</h1>\n<p>1</p>\n<p>2</p></main></body></html>\n" in page
    assert ".own{}</style>" in page


def test_an_image_is_shown_small_with_its_boxes_and_not_with_crops(tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (640, 480), "red").save(path)
    crop = tmp_path / "crop.png"
    shown = image_with_boxes(
        ImageInput(path, (Region((10, 20, 110, 220)), Region(crop=crop), Region((0, 0, 5, 6))))
    )
    data = shown.partition("base64,")[2].partition('"')[0]
    assert Image.open(BytesIO(b64decode(data))).size == (320, 240)
    assert 'viewBox="0 0 640 480"' in shown
    assert 'aria-label="2 boxes"' in shown
    assert '<rect x="10" y="20" width="100" height="200"/><text x="15" y="37">1</text>' in shown
    assert '<rect x="0" y="0" width="5" height="6"/><text x="5" y="17">2</text>' in shown


def test_entities_of_a_line_are_marked_by_type():
    entities = [Entity(1, 3, "LOC"), ScoredEntity(3, 4, "CAR", 0.5)]
    line = tagged_line("gold", ("in", "New", "<York", "Audi", "<"), entities, note="n")
    assert "<dt>gold</dt><dd>in <mark " in line
    assert '<mark class="type1">New &lt;York&nbsp;<b>LOC</b></mark>' in line
    assert '<mark class="type-other">Audi&nbsp;<b>CAR</b></mark> &lt; n</dd>' in line


def test_the_page_of_a_report_has_its_scores_by_rule_and_type():
    report = evaluate(PAIRS)
    page = report_page(report, title="t")
    # P 1/2, R 1/3, F1 2/5.
    for rule in ("lenient", "strict"):
        card = page.partition(f"<span>F1 in %, {rule}, micro</span>")
        assert card[0].endswith("<b>40.00</b>")
        assert "P 50.00, R 33.33; gold 3, predicted 2, correct 1</small>" in card[2]
        bounds = report.intervals[rule]["f1"]
        interval = f"{100 * bounds.low:.2f} to {100 * bounds.high:.2f} (95%)"
        assert card[2].startswith(f"<small>{interval}</small>")
    types = page.partition("F1 by type<small>")[2].partition("</figure>")[0]
    assert types.count('class="series0"') == types.count('class="series1"') == 3
    assert types.count(">100.00 (1)</span>") == 2
    assert types.count(">0.00 (1)</span>") == 4
    assert "<b>2</b><span>posts</span><small>5 words</small>" in page


def test_the_tables_of_a_report_have_their_intervals_below_them():
    report = evaluate(PAIRS)
    tables = report_tables(report)
    for table, rule in zip(tables, ("lenient", "strict"), strict=False):
        assert table.title.startswith(f"Scores, {rule}: ")
        for name, bounds in report.intervals[rule].items():
            assert f"{name} {100 * bounds.low:.2f} to {100 * bounds.high:.2f}" in table.note
        assert [row[0] for row in table.rows] == ["micro", "macro", "PER", "LOC", "ORG"]
        assert table.rows[0][4:] == (3, 2, 1)
    assert not any(table.is_detail for table in tables)


def test_the_page_of_several_runs_has_a_bar_a_run_and_the_whiskers_of_the_mean():
    better = [PAIRS[0], SamplePair("2", ("Acme", "it"), ("B-ORG", "O"), ("B-ORG", "O"))]
    reports = [evaluate(PAIRS), evaluate(better)]
    page = runs_page(summarise_runs(reports), title="t")
    chart = page.partition("F1 of each run<small>")[2].partition("</figure>")[0]
    assert "Whiskers: 95% interval of the mean." in chart
    for text in (
        "mean, lenient",
        "run 1, strict",
        "run 2, strict",
        "40.00",
        "80.00",
        "60.00 ± 28.28",
    ):
        assert f">{text}</span>" in chart
    # F1 of 0.4 and 0.8: the interval is wider than all there is and cut to it.
    assert chart.count('class="whisker" style="left:0.00%;width:100.00%"') == 2
    alone = runs_page(summarise_runs(reports[:1]), title="t")
    assert "whisker" not in alone.partition("<main>")[2]


def test_the_page_of_a_comparison_has_both_systems_and_what_changed():
    better = [PAIRS[0], SamplePair("2", ("Acme", "it"), ("B-ORG", "O"), ("B-ORG", "O"))]
    page = comparison_page(compare(PAIRS, better, rounds=20), title="t")
    assert "<caption><span>B is better: 1 posts</span></caption>" in page
    assert "B is worse" not in page
    assert page.count(">40.00</span>") == page.count(">80.00</span>") == 2
    assert '<figcaption>F1<small><span class="key0">A</span>, <span class="key1">B</span>' in page
