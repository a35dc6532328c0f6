"""The doctor finds every irregularity that is known of the public data sets, with its count.

The counts come from the description that accompanies the data, measured with other code.
"""

import pytest
from fixtures.shared import shared_data

from gmf.checks.examine import examine_folder
from gmf.checks.fingerprints import labelled_print
from gmf.checks.raw_samples import load_folder
from gmf.reading.releases import releases, shipped_prints, split_digest

pytestmark = pytest.mark.slow

SPLITS = ("train.txt", "valid.txt", "test.txt")


def examine(name, *against):
    data = shared_data()
    return examine_folder(data / name, against=[data / other for other in against])


def count(report, kind, *files):
    """Return how often a kind was found in each file; 0 when it was not."""
    by_file = {f.file: f.count for f in report.findings if f.kind == kind}
    return tuple(by_file.get(file, 0) for file in files or SPLITS)


def facts(report, name):
    return tuple(report.facts[file][name] for file in SPLITS)


def pairs(report, kind):
    files = ("train.txt, valid.txt", "train.txt, test.txt", "valid.txt, test.txt")
    return count(report, kind, *files)


def test_twitter2015():
    report = examine("twitter2015")
    assert report.copy == "Twitter-2015 (original annotation, as in UMT)"
    assert facts(report, "tweets") == (4000, 1000, 3257)
    assert facts(report, "tokens") == (64439, 16178, 52822)
    assert facts(report, "longest") == (37, 41, 36)
    assert facts(report, "without_entity") == (104, 31, 89)
    assert facts(report, "total_strict") == (6166, 1541, 5072)
    assert facts(report, "total_lenient") == (6352, 1594, 5207)
    assert report.facts["published"]["test"] == {"PER": 1816, "LOC": 1697, "ORG": 839, "MISC": 726}
    assert facts(report, "urls") == (5159, 1289, 4229)
    assert facts(report, "urls_in_entities") == (0, 0, 0)
    assert facts(report, "non_ascii_tokens") == (166, 42, 148)
    assert report.facts["test.txt"]["entities_seen_in_train"] == 1643
    assert count(report, "orphan-tag") == (175, 52, 129)
    assert count(report, "switched-tag") == (11, 1, 6)
    assert count(report, "whitespace-token") == (0, 1, 0)
    assert count(report, "invisible-token") == (0, 0, 0)
    assert count(report, "duplicate-tweet") == (1, 0, 3)
    assert pairs(report, "tweet-in-two-splits") == (2, 4, 3)
    assert pairs(report, "near-tweet-in-two-splits") == (0, 5, 0)
    assert report.facts["images"] == {"named": 8257, "present": 10}
    assert count(report, "absent-image") == (3997, 996, 3254)
    misnamed = [f.places for f in report.findings if f.kind == "misnamed-image"]
    assert misnamed == [("images/33.jpg is PNG",)]
    assert report.facts["captions_blip2.txt"]["tweets_with_caption"] == 8257
    assert count(report, "caption-without-tweet", "captions_blip2.txt") == (31,)
    assert report.facts["valid_crops.json"]["tweets_with_crops"] == 999
    assert count(report, "tweet-without-crops", "valid_crops.json") == (1,)
    for kind in ("format", "empty-tweet", "duplicate-id", "id-in-two-splits", "service-tag"):
        assert not [f for f in report.findings if f.kind == kind]


def test_twitter2017():
    report = examine("twitter2017", "twitter2015")
    assert report.copy == "Twitter-2017 (as in UMT)"
    assert facts(report, "tweets") == (3373, 723, 723)
    assert facts(report, "tokens") == (53007, 11309, 11330)
    assert facts(report, "longest") == (50, 33, 33)
    assert facts(report, "without_entity") == (392, 76, 86)
    assert facts(report, "total_strict") == facts(report, "total_lenient") == (6049, 1324, 1351)
    assert facts(report, "urls") == (0, 0, 0)
    assert facts(report, "non_ascii_tokens") == (1376, 271, 267)
    assert report.facts["test.txt"]["entities_seen_in_train"] == 698
    assert count(report, "invisible-token") == (110, 16, 26)
    assert count(report, "duplicate-tweet") == (2, 0, 0)
    assert pairs(report, "tweet-in-two-splits") == (1, 0, 0)
    assert pairs(report, "near-tweet-in-two-splits") == (0, 3, 0)
    assert report.facts["images"] == {"named": 4819, "present": 14}
    assert report.facts["captions_blip2.txt"] == {"captions": 4819, "tweets_with_caption": 4819}
    blank = [f.places for f in report.findings if f.kind == "blank-image"]
    assert blank == [("placeholder_image.jpg",)]
    shared = report.facts["shared with twitter2015"]
    assert all(number == 0 for ids in shared.values() for number in ids.values())
    absent = {"orphan-tag", "switched-tag", "whitespace-token", "format", "duplicate-id"}
    assert not absent & {finding.kind for finding in report.findings}


def test_twitter2015_tmr():
    report = examine("twitter2015_tmr")
    assert report.copy == "Twitter-2015, re-annotated (HVPNeT and TMR)"
    assert count(report, "other-annotation") == (9, 3, 239)
    test = report.facts["test.txt"]
    assert test["lenient"] == {"PER": 1880, "LOC": 1750, "ORG": 859, "MISC": 748}
    assert (test["total_lenient"], test["total_strict"]) == (5237, 5119)


def test_pgim():
    report = examine("pgim/twitter2015")
    assert report.copy == "Twitter-2015 (original annotation, as in UMT), incomplete"
    assert facts(report, "tweets") == (3999, 999, 3256)
    assert count(report, "missing-tweet") == (1, 1, 1)
    assert all(count(report, "service-tag"))
    assert count(report, "altered-copy") == (0, 0, 0)
    report = examine("pgim/twitter2017")
    assert report.copy == "Twitter-2017 (as in UMT)"
    assert count(report, "missing-tweet") == (0, 0, 0)


def test_gmner():
    report = examine("gmner", "twitter2015", "twitter2017")
    assert report.copy == "GMNER (Twitter10000 v2.0)"
    assert facts(report, "tweets") == (7000, 1500, 1500)
    assert facts(report, "total_strict") == facts(report, "total_lenient") == (11779, 2450, 2543)
    by_type = [tuple(report.facts[file]["lenient"].values()) for file in SPLITS]
    assert by_type == [(5019, 1918, 3035, 1807), (1072, 407, 595, 376), (1104, 404, 638, 397)]
    archive = report.facts["xml.zip"]
    assert (archive["files"], archive["boxes"]) == (5612, 8058)
    assert [archive[split]["files"] for split in ("train", "dev", "test")] == [3925, 832, 855]
    for split in ("train", "dev", "test"):
        share = archive[split]["entities_without_box"] / archive[split]["entities"]
        assert round(share, 2) in (0.59, 0.60)
    assert report.facts["xml_sample"]["files"] == 28
    leaks = {
        f.message: f.count
        for f in report.findings
        if f.kind == "test-leak-by-id" and f.file == "train.txt"
    }
    assert sorted(leaks.values()) == [467, 1563]
    absent = {"orphan-tag", "switched-tag", "box-outside", "empty-box", "box-without-entity"}
    assert not absent & {finding.kind for finding in report.findings}
    assert "annotation-without-tweet" not in {finding.kind for finding in report.findings}
    fine = examine("gmner/fine")
    assert fine.copy == "the posts of GMNER (Twitter10000 v2.0) with other labels"


def test_mnre():
    report = examine("mnre", "twitter2015", "twitter2017")
    assert facts(report, "instances") == (12247, 1624, 1614)
    assert facts(report, "images") == (7356, 931, 914)
    assert facts(report, "relations") == (23, 23, 21)
    assert {finding.kind for finding in report.findings} == {"absent-image"}
    first = examine("mnre/v1", "twitter2015", "twitter2017")
    assert facts(first, "instances") == (7824, 975, 1282)
    assert facts(first, "images") == (3996, 499, 675)
    assert facts(first, "relations") == (29, 25, 28)
    assert first.facts["images"]["named"] == 5170
    assert sum(count(first, "id-not-text")) == 353
    assert sum(count(first, "name-not-in-tokens")) == 582
    shared = [first.facts[f"shared with twitter{year}"] for year in (2015, 2017)]
    assert sum(n for corpus in shared for ids in corpus.values() for n in ids.values()) == 3361
    assert sum(ids["test"] for corpus in shared for ids in corpus.values()) == 773
    assert all(
        number == 0
        for year in (2015, 2017)
        for ids in report.facts[f"shared with twitter{year}"].values()
        for number in ids.values()
    )
    sample = examine("mnre/with_images")
    assert facts(sample, "instances") == (5, 5, 5)
    assert sample.facts["images"] == {"named": 12, "present": 12}
    crops = [f"{split}_crops.json" for split in ("train", "valid", "test")]
    listed = sum(int(str(sample.facts[file]["crops"])) for file in crops)
    assert listed - sum(count(sample, "absent-crop", *crops)) == 50


def test_outputs_and_linking_samples():
    report = examine("mgcmt_outputs", "twitter2015", "twitter2017")
    files = ("twitter2015_pre_output.txt", "twitter2017_pre_output.txt")
    assert [report.facts[file]["gold_lenient"] for file in files] == [5209, 1351]
    assert count(report, "service-tag", *files) == (60, 1)
    cut = {f.file: f.places for f in report.findings if f.kind == "cut-tweet"}
    assert cut == {
        files[0]: ("62654", "739055", "755795", "271877", "1058383"),
        files[1]: ("O_4060",),
    }
    differing = [f.places for f in report.findings if f.kind == "gold-differs"]
    assert differing == [("710240 (+2 entities)",)]
    linking = examine("mel")
    assert [facts["samples"] for facts in linking.facts.values()] == [500, 500]


@pytest.mark.parametrize(
    ("name", "tweets", "entities", "published"),
    [
        ("wnut17", (2715, 807, 1030), (1557, 658, 870), (3394, 1009, 1287)),
        ("btc", (5070, 801, 1601), (7067, 1419, 3426), (6338, 1001, 2001)),
        ("wnut16", (2394, 1000, 3850), (1496, 661, 3473), (2394, 1000, 3850)),
        ("tweebank_ner", (1639, 710, 1201), (979, 425, 750), (1639, 710, 1201)),
    ],
)
def test_text_only_sets(name, tweets, entities, published):
    report = examine(name)
    assert facts(report, "tweets") == tweets
    assert facts(report, "total_strict") == facts(report, "total_lenient") == entities
    missing = count(report, "missing-tweet")
    assert tuple(a + b for a, b in zip(tweets, missing, strict=True)) == published
    assert not {"orphan-tag", "switched-tag", "format"} & {f.kind for f in report.findings}
    blank = count(report, "whitespace-token")
    assert blank == ((0, 1, 2) if name == "btc" else (0, 0, 0))
    if name == "wnut17":
        assert report.facts["test.txt"]["longest"] == 105
    # The description gives 2 repeats between valid and test of btc; by words there is one.
    expected = {"btc": (4, 0, 1), "wnut16": (0, 0, 1)}.get(name, (0, 0, 0))
    assert pairs(report, "tweet-in-two-splits") == expected


def test_shipped_fingerprints_are_those_of_the_sets():
    for release in releases():
        splits = load_folder(shared_data() / release.name)
        assert release.digests == {split.name: split_digest(split.raw_samples) for split in splits}
        if not release.based_on:
            for split in splits:
                marks = sorted(map(labelled_print, split.raw_samples))
                assert list(shipped_prints()[f"{release.name}/{split.name}/labelled"]) == marks
