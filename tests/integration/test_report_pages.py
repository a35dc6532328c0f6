"""Pages of reports in a real browser, as wide as a phone and as a desk: charts can be read."""

import pytest
from fixtures.browser import ARGUMENTS, CHROMIUM

from gmf.evaluation.reports.html import whole_page
from gmf.evaluation.reports.plots import Bar, Figure, bar_chart
from gmf.evaluation.reports.tables import Percent, Table, to_html

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")

#: Text that is smaller, in pixels, is no text for most eyes.
LEAST_PX = 9
WIDTHS = "nodes => nodes.map(node => node.getBoundingClientRect().width)"
INNER = "nodes => nodes.map(node => node.parentNode.scrollWidth - node.parentNode.clientWidth)"
SIZES = "nodes => nodes.map(node => node.getBoundingClientRect().height)"


def test_charts_and_tables_are_read_on_a_phone_and_on_a_desk(tmp_path):
    names = ("only images", "impossible", "a tagger with a long name, images shuffled, lenient")
    bars = [Bar(name, 0.5, "50.00 of 1,234", 0, 0.25, 0.75) for name in names]
    figure = Figure("F1", bar_chart(bars, title="F1", maximum=1)).to_html()
    table = Table("F1", ("", *(f"kind {n}" for n in range(8))), (("images", *[Percent(0.5)] * 8),))
    path = tmp_path / "page.html"
    body = [f'<div class="figures">{figure}</div>', to_html(table)]
    path.write_text(whole_page("Report", body), encoding="utf-8")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for width in (390, 1280):
            page = browser.new_page(viewport={"width": width, "height": 800})
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert min(page.eval_on_selector_all("svg text, .bars span", SIZES)) >= LEAST_PX
            (track, *_) = page.eval_on_selector_all(".track", WIDTHS)
            bars = page.eval_on_selector_all(".track .series0", WIDTHS)
            assert bars == [pytest.approx(track / 2, abs=1)] * len(names)
            assert track >= 180
            # Nothing scrolls within a chart of bars.
            assert page.eval_on_selector_all(".bars", INNER) == [0]
            assert max(page.eval_on_selector_all("tbody tr", SIZES)) < 2 * 24 + 20
        browser.close()


def test_titles_and_names_of_rows_stay_in_sight_while_a_table_scrolls(tmp_path):
    title = "What images contribute, and how sure that is, for every kind of post of the test split"
    table = Table(title, ("", *(f"kind {n}" for n in range(20))), (("GMF", *[Percent(0.5)] * 20),))
    path = tmp_path / "page.html"
    path.write_text(whole_page("Report", [to_html(table)]), encoding="utf-8")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(path.as_uri())
        page.eval_on_selector(".scroll", "node => node.scrollLeft = 600")
        for selector in ("caption span", "tbody th"):
            box = page.locator(selector).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
        browser.close()
