"""The web page in a real browser: type, upload, read the result, break it."""

import contextlib
import os
from itertools import pairwise
from pathlib import Path

import pytest
from fixtures.browser import ARGUMENTS, CHROMIUM, served
from fixtures.serving import picture, tiny_pipeline

from gmf.serving.app import create_app
from gmf.serving.config import ServeConfig

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")

TEXT = "😀 Rocky is ready for snow in Oslo"
#: Where screenshots are kept to be looked at; nowhere by default.
SHOTS = os.environ.get("GMF_SCREENSHOTS")
KEY = "a-key-of-sufficient-length"


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


@pytest.fixture(scope="module")
def url(pipeline):
    with served(create_app(pipeline, config=ServeConfig(max_body_mb=1, max_pixels=250_000))) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser, url):
    with Opened(browser, url) as page:
        yield page


class Opened:
    """An open page; fails on errors in it and on any request that leaves the service."""

    def __init__(self, browser, url, **options):
        self.url, self.origin = url, url.removesuffix("/docs")
        self.context = browser.new_context(**options)

    def __enter__(self):
        page = self.context.new_page()
        page.set_default_timeout(60_000)
        self.errors, self.strangers = [], []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda m: "Failed to load" not in m.text and self.errors.append(m.text),
        )
        page.on("request", lambda request: self._meet(request.url))
        page.goto(self.url)
        return page

    def _meet(self, address):
        if not address.startswith((self.origin, "blob:", "data:")):
            self.strangers.append(address)

    def __exit__(self, kind, *_):
        self.context.close()
        if kind is None:
            assert not self.errors
            assert not self.strangers


def files(*named):
    return [
        {"name": name, "mimeType": "image/png", "buffer": content or picture(size=(120, 90))}
        for name, content in named
    ]


def write(page, text):
    page.get_by_label("Text", exact=True).fill(text)


def ask(page):
    page.get_by_role("button", name="Find entities").click()


def status(page, text):
    sync_api.expect(page.locator("#status")).to_contain_text(text, timeout=60_000)


def trouble(page, text):
    sync_api.expect(page.get_by_role("alert")).to_contain_text(text, timeout=60_000)


def shown_text(page):
    """Return the annotated text without its labels."""
    return page.locator("#found .text").first.evaluate(
        """element => { const copy = element.cloneNode(true);
        copy.querySelectorAll('.tag').forEach(tag => tag.remove()); return copy.textContent; }"""
    )


def shot(page, name):
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def test_typed_text_gives_the_entities_of_the_pipeline(page, pipeline):
    write(page, TEXT)
    page.keyboard.press("Control+Enter")
    document = pipeline(TEXT)
    status(page, f"{len(document.entities)} entit")
    marks = page.locator("#found mark.entity").all_inner_texts()
    assert len(marks) == len(document.entities) > 0
    for mark, entity in zip(marks, document.entities, strict=True):
        assert mark.startswith(entity.text)
        assert entity.type in mark
        assert f"{round(100 * entity.confidence)}%" in mark
    assert shown_text(page) == TEXT


def test_images_are_shown_with_regions_attention_and_stages(page):
    write(page, TEXT)
    page.locator("#files").set_input_files(files(("a.png", None), ("b.png", picture("blue"))))
    page.get_by_role("button", name="Mark region").first.click()
    ask(page)
    status(page, "found")
    sync_api.expect(page.get_by_role("heading", name="Text alone")).to_be_visible()
    assert page.locator("figure .region").count() == 3
    shares = page.locator("#found dl").first.locator("dd").all_inner_texts()
    assert len(shares) == 4
    assert abs(sum(int(share[:-1]) for share in shares) - 100) <= 2
    labels = page.locator("figure .region").all_inner_texts()
    assert [label.partition(": ")[0] for label in labels] == ["whole", "1", "whole"]
    assert [label.partition(": ")[2] for label in labels] == shares[1:]
    heading = page.get_by_role("heading", name="Visual stages of image 1, region 1")
    sync_api.expect(heading).to_be_visible()
    entities = page.locator("button.entity")
    assert entities.first.get_attribute("aria-pressed") == "true"
    entities.nth(1).click()
    assert entities.nth(1).get_attribute("aria-pressed") == "true"
    assert entities.first.get_attribute("aria-pressed") == "false"
    page.get_by_text("Stages in each text layer").click()
    tables = page.locator("details table")
    assert [tables.nth(n).locator("thead th").count() for n in range(3)] == [5, 5, 5]
    shot(page, "images")


def test_regions_are_drawn_and_edited_with_pointer_and_keyboard(page):
    page.locator("#files").set_input_files(files(("a.png", None)))
    page.get_by_role("button", name="Mark region").click()
    region = page.locator("#images button.region")
    assert region.evaluate("element => element === document.activeElement")
    for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    label = region.get_attribute("aria-label")
    assert "from left 23%, from top 23%, width 52%, height 52%" in label
    box = page.locator("#images .stage").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + box["height"] - 3)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] - 25, steps=3)
    page.mouse.up()
    assert region.count() == 2
    with page.expect_response("**/v1/entities") as answered:
        write(page, TEXT)
        ask(page)
    views = answered.value.json()["explanation"]["views"]
    assert [view["region"] for view in views] == [None, 0, 1]
    assert views[1]["box"] == pytest.approx([0.23 * 120, 0.23 * 90, 0.75 * 120, 0.75 * 90])
    region.first.focus()
    page.keyboard.press("Delete")
    assert region.count() == 1


def test_every_example_is_answered_by_keyboard_alone(page):
    for number in range(5):
        page.locator("#examples button").nth(number).focus()
        with page.expect_response("**/v1/entities"):
            page.keyboard.press("Enter")
        status(page, "found")
        assert page.locator("#images li").count() == (1 if number < 4 else 0)
    page.get_by_role("button", name="Clear").press("Enter")
    assert page.get_by_label("Text", exact=True).input_value() == ""
    assert page.locator("#found").inner_text() == ""


def test_images_can_be_dropped_and_pasted(page):
    for event in ("drop", "paste"):
        page.evaluate(
            """async event => {
              const canvas = document.createElement('canvas');
              canvas.width = canvas.height = 20;
              const blob = await new Promise(done => canvas.toBlob(done));
              const data = new DataTransfer();
              data.items.add(new File([blob], event + '.png', {type: 'image/png'}));
              const options = {bubbles: true, cancelable: true};
              document.querySelector('#drop').dispatchEvent(event === 'drop'
                ? new DragEvent(event, {...options, dataTransfer: data})
                : new ClipboardEvent(event, {...options, clipboardData: data}));
            }""",
            event,
        )
        sync_api.expect(page.locator("#images")).to_contain_text(f"{event}.png")
    page.get_by_role("button", name="Remove drop.png").click()
    sync_api.expect(page.locator("#images li")).to_have_count(1)


PASTE = """([text, hasImage]) => {
  const data = new DataTransfer();
  if (text) data.setData('text/plain', text);
  if (hasImage) data.items.add(new File([''], 'a.png', {type: 'image/png'}));
  const event = new ClipboardEvent('paste', {bubbles: true, cancelable: true, clipboardData: data});
  document.querySelector('#text').dispatchEvent(event);
  return event.defaultPrevented;
}"""


def test_what_is_pasted_with_a_text_is_the_text(page):
    assert not page.evaluate(PASTE, ["cells of a table", True])
    assert not page.evaluate(PASTE, ["words", False])
    assert page.evaluate(PASTE, ["", True])
    sync_api.expect(page.locator("#images li")).to_have_count(1)


def test_line_breaks_stay_what_they_are(page, pipeline):
    text = "Rocky\nis ready\n" + 50 * "a\n" + "in Oslo"
    write(page, text)
    with page.expect_response("**/v1/entities") as answered:
        ask(page)
    answer = answered.value.json()
    assert answer["text"] == text
    expected = [(e.text, e.char_start) for e in pipeline(text).entities]
    assert [(e["text"], e["char_start"]) for e in answer["entities"]] == expected


def test_what_goes_wrong_is_said_in_words_and_mended(page):
    ask(page)
    trouble(page, "There is no text.")
    write(page, TEXT)
    upload = page.locator("#files")
    upload.set_input_files(files(("fine.png", None), ("notes.png", b"no image")))
    ask(page)
    trouble(page, "Image 2 (notes.png) is no image that can be read.")
    shot(page, "error")
    page.get_by_role("button", name="Remove notes.png").click()
    upload.set_input_files(files(("cut.png", picture(size=(300, 300))[:40])))
    ask(page)
    trouble(page, "Image 2 (cut.png)")
    page.get_by_role("button", name="Remove cut.png").click()
    upload.set_input_files(files(("wide.png", picture(size=(600, 600)))))
    ask(page)
    trouble(page, "Image 2 (wide.png) has too many pixels (600 x 600 pixels, the limit is 250000)")
    page.get_by_role("button", name="Remove wide.png").click()
    upload.set_input_files(files(("heavy.png", bytes(1 << 20))))
    trouble(page, "heavy.png is too large.")
    upload.set_input_files(files(*((f"{n}.png", None) for n in range(5))))
    trouble(page, "Too many images.")
    assert page.locator("#images li").count() == 4
    ask(page)
    status(page, "found")
    sync_api.expect(page.get_by_role("alert")).to_be_hidden()


def test_text_from_right_to_left_is_read_from_right_to_left(page):
    words = ["زار", "محمد", "صلاح", "مدينة", "القاهرة", "أمس", "مع", "Angela", "Merkel"]
    write(page, " ".join(words))
    page.locator("#files").set_input_files(files(("a.png", None)))
    ask(page)
    status(page, "entit")
    shot(page, "right-to-left")
    assert page.locator("#text").evaluate("e => getComputedStyle(e).direction") == "rtl"
    for text in page.locator("#found .text").all():
        assert text.evaluate("e => getComputedStyle(e).direction") == "rtl"
        # On a line, what is written later stands further left.
        edges = text.evaluate(
            """(element, words) => {
              const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), found = [];
              while (walker.nextNode()) {
                if (walker.currentNode.parentElement.closest('.tag')) continue;
                for (const match of walker.currentNode.data.matchAll(/\\S+/g)) {
                  const range = document.createRange();
                  range.setStart(walker.currentNode, match.index);
                  range.setEnd(walker.currentNode, match.index + match[0].length);
                  const box = range.getBoundingClientRect();
                  found.push([match[0], Math.round(box.top / 20), box.left]);
                }
              }
              return found;
            }""",
            words,
        )
        assert [word for word, _, _ in edges] == words
        arabic = edges[:7]
        for (_, line, left), (_, next_line, next_left) in pairwise(arabic):
            assert next_line > line or next_left < left


def test_an_error_takes_the_older_result_away(page):
    write(page, TEXT)
    ask(page)
    status(page, "found")
    write(page, " ")
    ask(page)
    trouble(page, "There is no text.")
    assert page.locator("#found").inner_text() == ""
    status(page, "No result.")


def test_a_slow_answer_never_follows_a_newer_one(page):
    slow = []

    def hold_first(route):
        if slow:
            route.continue_()
        else:
            slow.append(route)

    page.route("**/v1/entities", hold_first)
    write(page, "Oslo is slow")
    ask(page)
    status(page, "Working")
    write(page, TEXT)
    ask(page)
    status(page, "found")
    assert shown_text(page) == TEXT
    with contextlib.suppress(sync_api.Error):  # The page has given it up.
        slow[0].continue_()
    page.wait_for_timeout(300)
    assert shown_text(page) == TEXT
    page.get_by_role("button", name="Clear").click()
    status(page, "Write a post, or choose an example.")


def test_a_slow_example_never_follows_a_newer_one(page):
    held = []
    page.route("**/page/dog.svg", lambda route: held.append(route))
    examples = page.locator("#examples button")
    examples.nth(0).click()
    examples.nth(2).click()
    status(page, "found")
    for route in held:
        route.continue_()
    page.wait_for_timeout(500)
    assert page.get_by_label("Text", exact=True).input_value() == "Jordan was amazing last night"
    assert page.locator("#images li").count() == 1


def test_a_text_beyond_the_limit_is_kept_whole_and_not_sent(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#text").focus()
    page.evaluate("document.execCommand('insertText', false, '\U0001f600' + 'word '.repeat(1200))")
    sync_api.expect(page.locator("#count")).to_have_text("6001 of 5000 characters")
    ask(page)
    trouble(page, "A post has at most 5000 characters; this one has 6001.")
    assert not [url for url in asked if "entities" in url]
    assert page.locator("#text").get_attribute("aria-invalid") == "true"
    shot(page, "too-long")
    write(page, "\U0001f600" * 5000)  # 10,000 units of UTF-16, and 5,000 characters.
    ask(page)
    status(page, "found.")
    assert page.locator("#text").get_attribute("aria-invalid") == "false"


def test_the_description_of_the_service_needs_nothing_from_outside(browser, url):
    with Opened(browser, f"{url}/docs") as page:
        page.get_by_text("/v1/entities", exact=True).click()
        page.get_by_role("button", name="Try it out").click()
        with page.expect_response("**/v1/entities") as answered:
            page.get_by_role("button", name="Execute").click()
        assert answered.value.json()["text"] == "Rocky is ready for snow season"
        shot(page, "docs")


def test_a_model_that_reads_context_gets_a_field_for_each_part_of_it(browser, page):
    assert not page.get_by_role("group", name="Context").is_visible()
    own = tiny_pipeline("bert-crf", context=("caption", "ocr"))
    with served(create_app(own)) as url, Opened(browser, url) as page:
        write(page, TEXT)
        page.get_by_label("caption").fill("snow <b>snow</b> snow")
        ask(page)
        status(page, "entit")
        document = own({"text": TEXT, "context": {"caption": "snow <b>snow</b> snow"}})
        plain = own(TEXT)
        assert [e.confidence for e in document.entities] != [e.confidence for e in plain.entities]
        shown = page.locator("#found .version").first.locator("mark.entity").all_inner_texts()
        assert len(shown) == len(document.entities) > 0
        for mark, entity in zip(shown, document.entities, strict=True):
            assert f"{round(100 * entity.confidence)}%" in mark
        heads = page.locator("#found table").first.locator("thead th").all_inner_texts()
        assert heads == ["Entity", "Text and context", "Text alone"]
        table = page.get_by_role("table", name="Confidence without one field")
        assert table.locator("thead th").all_inner_texts()[1:] == [
            "Text and context",
            "Without caption",
        ]
        post = {"text": TEXT, "context": {"caption": "snow <b>snow</b> snow"}}
        (*_, last) = own(post, explain=True).explanation.entities
        share = f"{round(100 * last.confidence_without_context['caption'])}%"
        assert table.locator("tbody tr").last.locator("td").last.inner_text() == share
        shot(page, "context")
        page.get_by_role("button", name="Clear").click()
        assert page.get_by_label("caption").input_value() == ""


def test_the_page_of_a_model_without_images_speaks_of_none(browser):
    own = tiny_pipeline("bert-crf")
    with served(create_app(own)) as url, Opened(browser, url) as page:
        page.get_by_text("finds PER (people), LOC (places)").wait_for()
        examples = page.get_by_role("list", name="Examples").get_by_role("button")
        assert not page.get_by_text("Text and images, read together.").is_visible()
        assert examples.locator("visible=true").count() == 3
        assert not page.locator(".of-images >> visible=true").count()
        with page.expect_response("**/v1/entities") as answered:
            examples.first.click()
        assert not answered.value.json()["notes"]
        shot(page, "text-only")
        assert not page.evaluate(PASTE, ["", True])
        page.evaluate(
            """() => {
              const data = new DataTransfer();
              data.items.add(new File([''], 'a.png', {type: 'image/png'}));
              const options = {bubbles: true, cancelable: true, dataTransfer: data};
              document.body.dispatchEvent(new DragEvent('drop', options));
            }"""
        )
        status(page, "This model reads no images")
        assert page.locator("#images li").count() == 0


def test_markup_in_a_post_stays_text(page):
    text = "<img src=x onerror=alert(1)> <b>Rocky</b>"
    write(page, text)
    ask(page)
    status(page, "entit")
    assert page.locator("#found img, #found b").count() == 0
    assert shown_text(page) == text


def test_a_server_that_is_gone_or_busy_is_explained(page):
    write(page, TEXT)
    page.route("**/v1/entities", lambda route: route.abort())
    ask(page)
    trouble(page, "The service cannot be reached.")
    page.unroute("**/v1/entities")
    headers = {"Retry-After": "5"}
    page.route("**/v1/entities", lambda r: r.fulfill(status=503, body="{}", headers=headers))
    ask(page)
    trouble(page, "The service could not answer now.Try again in 5 seconds.")
    page.unroute("**/v1/entities")
    page.route("**/v1/entities", lambda r: r.fulfill(body="<html>Log in</html>"))
    ask(page)
    trouble(page, "The answer is none of this service.")
    page.unroute("**/v1/entities")
    ask(page)
    status(page, "found")


def test_key_is_asked_for_when_the_service_wants_one(browser, pipeline):
    with served(create_app(pipeline, api_key=KEY)) as url, Opened(browser, url) as page:
        trouble(page, "This service asks for an API key.")
        key = page.get_by_label("API key of this service")
        write(page, TEXT)
        key.fill("ключ-ключ-ключ")
        ask(page)
        trouble(page, "This API key cannot be right.")
        key.fill(KEY)
        ask(page)
        status(page, "found")
        page.get_by_role("button", name="Clear").click()
        assert page.get_by_label("Text", exact=True).input_value() == ""
        write(page, TEXT)
        ask(page)
        status(page, "found")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_looks_right_and_is_accessible(browser, url, scheme, width):
    """Nothing scrolls sideways, contrast and labels pass axe, motion is off when asked to be."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    options = {
        "viewport": {"width": width, "height": 800},
        "color_scheme": scheme,
        "reduced_motion": "reduce",
    }
    with Opened(browser, url, **options) as page:
        write(page, TEXT + " and " + "long" * 60)
        page.locator("#files").set_input_files(files(("a.png", None)))
        page.get_by_role("button", name="Mark region").click()
        ask(page)
        status(page, "found")
        page.get_by_text("Stages in each text layer").click()
        shot(page, f"{scheme}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        duration = "getComputedStyle(document.querySelector('.primary')).transitionDuration"
        assert page.evaluate(duration) == "0s"
        found = axe.run(page).response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
        write(page, " ")
        ask(page)
        trouble(page, "There is no text.")
        assert axe.run(page).response["violations"] == []
