"""Each kind of defect, put alone into a clean data set, is found and nothing else is reported."""

import json

import pytest
from fixtures.dataset import clean_dataset, draw_image, voc
from PIL import Image

from gmf.checks import leaks
from gmf.checks import releases as recognition
from gmf.checks.examine import examine_folder
from gmf.checks.findings import KINDS
from gmf.checks.fingerprints import labelled_print
from gmf.checks.raw_samples import load_folder
from gmf.reading import releases
from gmf.reading.releases import split_digest


def replace(name, old, new, *, count=1):
    def inject(folder):
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_bytes(text.replace(old, new, count).encode())

    return inject


def append(name, text):
    def inject(folder):
        with (folder / name).open("a", encoding="utf-8", newline="") as stream:
            stream.write(text)

    return inject


def write(name, content):
    def inject(folder):
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)

    return inject


def drop(name, key):
    def inject(folder):
        path = folder / name
        content = json.loads(path.read_text())
        assert content.pop(key)
        path.write_text(json.dumps(content))

    return inject


def both(*injections):
    def inject(folder):
        for one in injections:
            one(folder)

    return inject


def picture(name, colour="pink", **options):
    return lambda folder: draw_image(folder / name, colour, **options)


def flat_picture(folder):
    path = folder / "images" / "b1.jpg"
    Image.new("RGB", (60, 50), "white").save(path)


def copied_picture(folder):
    (folder / "images" / "b1.jpg").write_bytes((folder / "images" / "c1.jpg").read_bytes())


def without_companions(folder):
    """Take away what goes by image name, so that a tweet can be added."""
    for path in (*folder.glob("objects/*"), *folder.glob("xml/*"), folder / "captions_blip2.txt"):
        path.unlink()
    (folder / "regions.jsonl").unlink()
    for path in folder.glob("crops/*/*"):
        path.unlink()


def tweet(identifier, words, *, name):
    rows = "".join("\t".join(word.rsplit("/", 1)) + "\n" for word in words.split())
    return both(
        without_companions,
        append(name, f"\nIMGID:{identifier}\n{rows}"),
        picture(f"images/{identifier}.jpg"),
    )


def removed_image(folder):
    (folder / "images" / "a2.jpg").unlink()


def removed_crop(folder):
    (folder / "crops" / "test" / "1_crop.png").unlink()


FIRST = "Rocky/B-PER is/O ready/O for/O the/O long/O snow/O season/O"
INJECTIONS = {
    "format": (replace("train.txt", "is\tO", "is"), 1),
    "format (encoding)": (write("test.txt", b"IMGID:c1\n\xff\tO\n"), None),
    "format (caption)": (append("captions_blip2.txt", "nonsense\n"), 1),
    "format (regions)": (append("regions.jsonl", '{"image": 7}\n'), 1),
    "format (annotation)": (write("xml/a1.xml", "<!DOCTYPE x><annotation/>"), 1),
    "format (crops)": (replace("objects/test_crops.json", '["0_crop.png"]', "7"), None),
    "format (score)": (replace("objects/test_image_text_scores.tsv", "0.25", "1.25"), 1),
    "line-ends": (append("train.txt", "\r\n"), 1),
    "line-ends (mark)": (replace("train.txt", "IMGID:a1", "\ufeffIMGID:a1"), 1),
    "missing-blank-line": (replace("train.txt", "\n\nIMGID:a2", "\nIMGID:a2"), 1),
    "empty-tweet": (append("train.txt", "\nIMGID:a9\n"), 1),
    "orphan-tag": (replace("train.txt", "Oslo\tB-LOC", "Oslo\tI-LOC"), 1),
    "switched-tag": (replace("valid.txt", "sleeps\tO", "sleeps\tI-LOC"), 1),
    "tag-scheme": (replace("valid.txt", "Bergen\tB-LOC", "Bergen\tS-LOC"), 1),
    "tag-scheme (blanks)": (replace("train.txt", "Oslo\tB-LOC", "Oslo\tB-LOC "), 1),
    "service-tag": (replace("valid.txt", "sleeps\tO", "sleeps\tX"), 1),
    "service-tag (appended)": (append("train.txt", "<EOS>\tX\nmore\tX\n"), 2),
    "alias-type": (replace("train.txt", "Oscars\tB-MISC", "Oscars\tB-OTHER"), 1),
    "look-alike-type": (
        replace("train.txt", "Rocky\tB-PER", "Rocky\tB-PER\u200b"),
        1,
    ),
    "type-not-in-train": (replace("valid.txt", "carpet\tO", "carpet\tB-CAR"), 1),
    "whitespace-token": (replace("train.txt", "long\tO", "\u00a0\tO"), 1),
    "whitespace-token (empty)": (replace("train.txt", "long\tO", "\tO"), 1),
    "invisible-token": (replace("train.txt", "long\tO", "\ufe0f\tO"), 1),
    "spaced-token": (replace("train.txt", "long\tO", "very long\tO"), 1),
    "control-character": (replace("train.txt", "long\tO", "lo\x92ng\tO"), 1),
    "replacement-character": (replace("train.txt", "long\tO", "l\ufffdng\tO"), 1),
    "duplicate-tweet": (tweet("d1", FIRST, name="train.txt"), 1),
    "near-duplicate-tweet": (
        tweet("d1", FIRST.replace("Rocky", "ROCKY"), name="train.txt"),
        1,
    ),
    "tweet-in-two-splits": (tweet("d1", FIRST, name="test.txt"), 1),
    "near-tweet-in-two-splits": (tweet("d1", f"{FIRST} http://t.co/x/O", name="test.txt"), 1),
    "duplicate-id": (tweet("a1", FIRST.replace("snow", "ski"), name="train.txt"), 1),
    "id-in-two-splits": (tweet("a1", FIRST.replace("snow", "ski"), name="test.txt"), 1),
    "absent-image": (both(removed_image), 1),
    "stray-image": (picture("images/z9.jpg"), 1),
    "stray-image (beside)": (picture("placeholder.png"), 1),
    "broken-image": (write("images/b1.jpg", b"\xff\xd8\xff\xe0 nothing"), 1),
    "too-large-image": (picture("images/b1.jpg", size=(8000, 7000)), 1),
    "blank-image": (flat_picture, 1),
    "duplicate-image": (copied_picture, 1),
    "misnamed-image": (picture("images/b1.jpg", "red", kind="PNG"), 1),
    "empty-box": (replace("regions.jsonl", "[5, 6, 40, 30]", "[5, 6, 5, 30]"), 1),
    "empty-box (annotation)": (write("xml/b1.xml", voc("Rocky", box=(9, 9, 9, 20))), 1),
    "box-outside": (replace("regions.jsonl", "[5, 6, 40, 30]", "[5, 6, 61, 30]"), 1),
    "box-outside (below zero)": (replace("regions.jsonl", "[5, 6, 40", "[-5, 6, 40"), 1),
    "box-outside (annotation)": (write("xml/b1.xml", voc("Rocky", box=(9, 9, 30, 51))), 1),
    "region-without-tweet": (append("regions.jsonl", '{"image": "z9.jpg", "regions": []}\n'), 1),
    "annotation-without-tweet": (write("xml/z9.xml", voc("Rocky")), 1),
    "box-without-entity": (write("xml/b1.xml", voc("carpet")), 1),
    "size-mismatch": (write("xml/b1.xml", voc("Rocky", size=(90, 80))), 1),
    "empty-caption": (replace("captions_blip2.txt", ":a picture of a3", ":"), 1),
    "caption-without-tweet": (append("captions_blip2.txt", "z9.jpg :a picture\n"), 1),
    "tweet-without-caption": (replace("captions_blip2.txt", "a3.jpg :a picture of a3\n", ""), 1),
    "double-caption": (append("captions_blip2.txt", "a3.jpg :another\n"), 1),
    "crops-without-tweet": (
        replace("objects/test_crops.json", "{", '{"z9.jpg": ["0_crop.png"], '),
        1,
    ),
    "tweet-without-crops": (
        both(drop("objects/test_crops.json", "c2.jpg"), removed_crop),
        1,
    ),
    "absent-crop": (both(removed_crop), 1),
    "stray-crop": (picture("crops/test/9_crop.png"), 1),
    "phrases-without-tweet": (
        replace("objects/test_phrases.json", "{", '{"z9.jpg": ["a thing"], '),
        1,
    ),
    "tweet-without-phrases": (drop("objects/test_phrases.json", "c1.jpg"), 1),
    "scores-without-tweet": (append("objects/test_image_text_scores.tsv", "z9.jpg\t0\t1\n"), 1),
    "tweet-without-scores": (
        replace("objects/test_image_text_scores.tsv", "c1.jpg\t0.25\t0.5\n", ""),
        1,
    ),
    "double-scores": (append("objects/test_image_text_scores.tsv", "c1.jpg\t0\t1\n"), 1),
}
#: A defect of one file that takes tweets away leaves other files without their tweets.
CONSEQUENCES = {
    "format (encoding)": {
        "region-without-tweet",
        "annotation-without-tweet",
        "caption-without-tweet",
        "crops-without-tweet",
        "phrases-without-tweet",
        "scores-without-tweet",
        "stray-image",
    },
    "format (annotation)": set(),
    "format (crops)": {"stray-crop"},
}


def test_clean_set_is_clean(tmp_path):
    report = examine_folder(clean_dataset(tmp_path / "set"))
    assert report.findings == []
    assert report.is_clean
    assert report.copy == ""
    assert report.facts["images"] == {"named": 8, "present": 8}
    assert report.facts["test.txt"]["entities_seen_in_train"] == 0
    assert report.facts["valid.txt"]["entities_seen_in_train"] == 1


@pytest.mark.parametrize("name", INJECTIONS)
def test_one_defect_is_found_and_nothing_else(tmp_path, name):
    folder = clean_dataset(tmp_path / "set")
    inject, count = INJECTIONS[name]
    inject(folder)
    found = examine_folder(folder).findings
    kind = name.split(" (")[0]
    assert {finding.kind for finding in found} == {kind, *CONSEQUENCES.get(name, ())}
    mine = [finding for finding in found if finding.kind == kind]
    assert len(mine) == 1
    assert count is None or mine[0].count == count
    assert mine[0].count == len(mine[0].places) or not mine[0].places


def test_appended_text_is_left_out_of_the_counts(tmp_path):
    folder = clean_dataset(tmp_path / "set")
    before = examine_folder(folder).facts["train.txt"]
    append("train.txt", "<EOS>\tX\nmore\tX\n")(folder)
    assert examine_folder(folder).facts["train.txt"] == before


# Kinds that need a known release, or files of another sort, are tested elsewhere.
ELSEWHERE = {
    "url-image",
    "other-annotation",
    "altered-copy",
    "missing-tweet",
    "test-leak-by-id",
    "test-leak-by-text",
    "id-not-text",
    "name-not-in-tokens",
    "cut-tweet",
    "gold-differs",
    "mention-not-in-text",
    "id-mismatch",
}


def test_every_kind_is_injected():
    assert {name.split(" (")[0] for name in INJECTIONS} == set(KINDS) - ELSEWHERE


@pytest.fixture
def known_release(tmp_path, monkeypatch):
    """Make a clean set a known release."""
    splits = load_folder(clean_dataset(tmp_path / "known"))
    release = releases.Release(
        name="toy",
        title="Toy",
        digests={split.name: split_digest(split.raw_samples) for split in splits},
        published={split.name: len(split.raw_samples) for split in splits},
    )
    prints = {
        f"toy/{split.name}/labelled": tuple(map(labelled_print, split.raw_samples))
        for split in splits
    }
    monkeypatch.setattr(releases, "releases", lambda: (release,))
    monkeypatch.setattr(recognition, "releases", lambda: (release,))
    monkeypatch.setattr(leaks, "releases", lambda: (release,))
    monkeypatch.setattr(releases, "shipped_prints", lambda: prints)
    return release


def test_known_copy_is_named(tmp_path, known_release):
    report = examine_folder(clean_dataset(tmp_path / "set"))
    assert (report.copy, report.findings) == ("Toy", [])


def test_altered_copy_says_which_tweets_differ(tmp_path, known_release):
    folder = clean_dataset(tmp_path / "set")
    replace("train.txt", "morning\tO", "morning\tB-ORG")(folder)
    report = examine_folder(folder)
    assert report.copy == "Toy, altered"
    assert [(f.kind, f.count, f.file, f.places) for f in report.findings] == [
        ("altered-copy", 1, "train.txt", ("11",))
    ]


def test_incomplete_copy_says_how_many_are_missing(tmp_path, known_release):
    folder = clean_dataset(tmp_path / "set")
    without_companions(folder)
    text = (folder / "train.txt").read_text()
    (folder / "train.txt").write_text(text[: text.index("IMGID:a4")])
    (folder / "images" / "a4.jpg").unlink()
    replace("test.txt", "MISC", "LOC", count=2)(folder)
    report = examine_folder(folder)
    assert report.copy == "Toy, altered"
    assert [(f.kind, f.count, f.file) for f in report.findings] == [
        ("altered-copy", 1, "test.txt"),
        ("missing-tweet", 1, "train.txt"),
    ]


def test_leaks_from_another_set(tmp_path):
    folder, other = clean_dataset(tmp_path / "set"), tmp_path / "other"
    other.mkdir()
    (other / "test.txt").write_text(
        "IMGID:a1\nsomething\tO\nelse\tO\n\nIMGID:q7\n"
        + "ANN LEE\tB-PER\nwalks\tO\nthroughOslo\tO\nin the\tO\nmorning\tO\nhttp://t.co/x\tO\n"
    )
    report = examine_folder(folder, against=[other])
    assert [(f.kind, f.count, f.places) for f in report.findings] == [
        ("test-leak-by-id", 1, ("1",)),
        ("test-leak-by-text", 1, ("11",)),
    ]
    assert report.facts["shared with other"]["train"] == {"test": 1}


def test_shipped_prints_fit_the_shipped_list():
    names = {release.name for release in releases.releases()}
    for key, values in releases.shipped_prints().items():
        assert key.split("/")[0] in names
        assert values
    for release in releases.releases():
        assert set(release.digests) == set(release.published)
