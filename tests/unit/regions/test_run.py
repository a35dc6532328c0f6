import hashlib
import json

import pytest
from filelock import FileLock
from PIL import Image
from typer.testing import CliRunner

from gmf.cli.regions import regions_app
from gmf.core.errors import ConfigError, DataError
from gmf.core.types import Region
from gmf.reading.image_tasks import ImageTask, collect_images
from gmf.reading.readers import read_split
from gmf.reading.regions_file import read_regions
from gmf.regions.contact_sheet import SheetEntry, contact_sheet
from gmf.regions.filters import RegionFilter
from gmf.regions.precomputed import PrecomputedProposer, no_regions
from gmf.regions.run import RegionsJob
from gmf.testing import synthetic_samples


class Corners:
    """Proposes the upper left quarter; notes what it was asked."""

    needs_picture = True

    def __init__(self, source="corners@1", fails_on=(), stops_after=None):
        self.source, self.fails_on, self.stops_after = source, fails_on, stops_after
        self.seen = []

    def queries_of(self, texts):
        return [text[0] for text in texts]

    def propose(self, requests):
        if self.stops_after is not None and len(self.seen) >= self.stops_after:
            raise KeyboardInterrupt
        if any(request.name in self.fails_on for request in requests):
            raise RuntimeError("out of ideas")
        self.seen += [request.name for request in requests]
        return [
            [Region((0, 0, r.upright.width / 2, r.upright.height / 2), label="corner", score=0.7)]
            for r in requests
        ]


@pytest.fixture
def tasks(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    return [
        ImageTask(sample.images[0].source.name, sample.images[0].source, (sample.tokens,))
        for sample in synthetic_samples(folder, count=7)
    ]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def run(proposer, tasks, out, batch_size=3, limits=None, **options):
    job = RegionsJob(proposer, limits=limits or RegionFilter(), out=out, batch_size=batch_size)
    return job.run(tasks, **options)


def rows(out, name="regions.jsonl"):
    return [json.loads(line) for line in (out / name).read_text().splitlines()]


def test_lines_hold_boxes_labels_scores_source_and_digest(tasks, out):
    done = []
    report = run(Corners(), tasks[::-1], out, on_progress=done.append)
    assert done[-1] == 7
    assert report.to_dict()["images"] == {"proposed": 7}
    found = rows(out)
    assert [row["image"] for row in found] == sorted(task.name for task in tasks)
    first = found[0]
    assert first["regions"] == [{"box": [0, 0, 24, 20], "label": "corner", "score": 0.7}]
    assert first["digest"] == hashlib.sha256(tasks[0].path.read_bytes()).hexdigest()
    assert first["source"].startswith("corners@")
    assert first["queries"] == [tasks[0].texts[0][0]]
    assert read_regions(out / "regions.jsonl")["0.png"][0].box == (0, 0, 24, 20)
    assert not (out / "regions.jsonl.partial").exists()


def test_interrupted_job_goes_on_and_ends_with_the_same_file(tasks, out, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(Corners(stops_after=3), tasks, out)
    assert len(rows(out, "regions.jsonl.partial")) == 3
    assert not (out / "regions.jsonl").exists()
    with (out / "regions.jsonl.partial").open("a") as file:
        file.write('{"image": "torn')
    second = Corners()
    report = run(second, tasks, out)
    assert second.seen == [task.name for task in tasks[3:]]
    assert report.images == {"kept": 3, "proposed": 4}
    run(Corners(), tasks, tmp_path / "unbroken")
    unbroken = (tmp_path / "unbroken" / "regions.jsonl").read_bytes()
    assert (out / "regions.jsonl").read_bytes() == unbroken


def test_line_after_a_torn_one_survives_a_second_interruption(tasks, out):
    with pytest.raises(KeyboardInterrupt):
        run(Corners(stops_after=1), tasks, out, batch_size=1)
    with (out / "regions.jsonl.partial").open("a") as file:
        file.write('{"image": "torn')
    with pytest.raises(KeyboardInterrupt):
        run(Corners(stops_after=1), tasks, out, batch_size=1)
    third = Corners()
    run(third, tasks, out, batch_size=1)
    assert third.seen == [task.name for task in tasks[2:]]


def test_only_what_changed_is_done_again(tasks, out):
    run(Corners(), tasks[:5], out)
    Image.new("RGB", (80, 80), "red").save(tasks[1].path)
    again = Corners()
    changed = [*tasks[:2], ImageTask(tasks[2].name, tasks[2].path, (("Other",),)), *tasks[3:6]]
    report = run(again, changed, out)
    assert again.seen == ["1.png", "2.png", "5.png"]
    assert report.images["kept"] == 3
    assert len(rows(out)) == 6


def test_broken_and_absent_images_are_counted_and_left_out(tasks, out, tmp_path):
    tasks[2].path.write_bytes(b"no image")
    tasks[4].path.unlink()
    report = run(Corners(), tasks, out)
    assert report.images == {"proposed": 5, "not an image": 1, "absent": 1}
    assert "2.png" in report.summary()
    assert len(rows(out)) == 5


def test_the_line_of_an_image_that_is_another_now_goes(tasks, out):
    run(Corners(), tasks, out)
    tasks[0].path.write_bytes(b"no image")
    tasks[1].path.unlink()
    Image.new("RGB", (80, 80), "red").save(tasks[2].path)
    report = run(Corners(fails_on=(tasks[2].name,)), tasks, out)
    assert report.images == {"kept": 4, "not an image": 1, "absent": 1, "failed": 1}
    assert {row["image"] for row in rows(out)} == {t.name for t in (tasks[1], *tasks[3:])}


def test_failing_on_one_image_does_not_end_the_job(tasks, out):
    report = run(Corners(fails_on=("4.png",)), tasks, out)
    assert report.images == {"proposed": 6, "failed": 1}
    assert "4.png: RuntimeError('out of ideas')" in report.summary()
    names = {task.name for task in tasks}
    with pytest.raises(DataError, match=r"(?s)none of the 7 images .* was proposed.*out of ideas"):
        run(Corners(fails_on=names), tasks, out.with_name("none"))


def test_another_source_is_not_mixed_in(tasks, out):
    run(Corners(), tasks, out)
    for proposer, limits in (
        (Corners("corners@2"), None),
        (Corners(), RegionFilter(max_regions=1)),
    ):
        with pytest.raises(
            DataError, match=r"regions.jsonl:1: holds regions of corners@.*overwrite"
        ):
            run(proposer, tasks, out, limits=limits)
    report = run(Corners("corners@2"), tasks[:2], out, overwrite=True)
    assert report.images == {"proposed": 2}
    assert len(rows(out)) == 2


def test_two_jobs_do_not_write_the_same_file(tasks, out):
    out.mkdir()
    with (
        FileLock(out / ".regions.lock"),
        pytest.raises(ConfigError, match="another process works on it"),
    ):
        run(Corners(), tasks, out)


def test_damaged_file_is_not_overwritten(tasks, out):
    out.mkdir()
    (out / "regions.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match=r"regions.jsonl:1: not a line of regions"):
        run(Corners(), tasks, out)


def test_crops_are_copied_beside_the_file(tasks, out, tmp_path):
    crop = tmp_path / "crop.png"
    Image.new("RGB", (5, 5)).save(crop)
    known = {tasks[0].name: [Region(crop=crop), Region(crop=tmp_path / "absent.png")]}
    tasks[0].path.unlink()  # the whole image may be missing
    report = run(PrecomputedProposer("hvpnet", regions=known, digest="d"), tasks[:1], out)
    assert report.images == {"proposed": 1, "absent crop": 1}
    (region,) = read_regions(out / "regions.jsonl")[tasks[0].name]
    assert region.crop == out / "crops" / tasks[0].name / "0.png"
    assert region.crop.read_bytes() == crop.read_bytes()
    assert "digest" not in rows(out)[0]


def test_none_writes_images_without_regions(tasks, out):
    report = run(no_regions(), tasks, out)
    assert (report.empty, report.regions.total()) == (7, 0)


@pytest.fixture
def data(tmp_path):
    """A CoNLL data set whose two posts share an image, and an own one with two images a post."""
    conll, own = tmp_path / "conll", tmp_path / "own"
    for folder in (conll / "images", own / "pictures"):
        folder.mkdir(parents=True)
        for name in ("1.jpg", "2.jpg"):
            Image.effect_noise((40, 30), 50).convert("RGB").save(folder / name)
    (conll / "train.txt").write_text("IMGID:1\nAnn\tB-PER\n\nIMGID:1\nOslo\tB-LOC\n\n")
    (conll / "test.txt").write_text("IMGID:2\nsnow\tO\n\nIMGID:3\nsnow\tO\n\n")
    images = [{"path": "pictures/1.jpg"}, {"path": "pictures/2.jpg"}]
    (own / "train.jsonl").write_text(json.dumps({"text": "Ann in Oslo", "images": images}) + "\n")
    return conll, own


def test_each_image_comes_once_with_the_words_of_its_posts(data):
    conll, own = data
    found = collect_images(conll)
    assert [(task.name, task.texts) for task in found] == [
        ("1.jpg", (("Ann",), ("Oslo",))),
        ("2.jpg", (("snow",),)),
        ("3.jpg", (("snow",),)),
    ]
    assert [task.name for task in collect_images(conll, splits=("test",))] == ["2.jpg", "3.jpg"]
    assert [task.name for task in collect_images(own)] == ["pictures/1.jpg", "pictures/2.jpg"]


@pytest.mark.parametrize("kind", [0, 1])
def test_command_writes_what_readers_read(data, kind, tmp_path):
    folder = data[kind]
    name = ("1.jpg", "pictures/1.jpg")[kind]
    known = tmp_path / "known.jsonl"
    regions = [{"box": [0, 0, 20, 20], "label": "left"}, {"box": [20, 0, 40, 30], "score": 0.2}]
    known.write_text(json.dumps({"image": name, "regions": regions}))
    arguments = [str(folder), "--proposer", "jsonl", "--from", str(known), "--out", str(folder)]
    result = CliRunner().invoke(regions_app, [*arguments, "filter.min_score=0.5", "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["labels"] == {"left": 1}
    sample = read_split(folder, "train")[0]
    assert [region.label for region in sample.images[0].regions] == ["left"]
    sheet = tmp_path / "sheet.png"
    shown = CliRunner().invoke(regions_app, ["show", str(folder), "--out", str(sheet)])
    assert "2 of 2 images" in shown.stdout
    with Image.open(sheet) as image:
        assert image.width > 2 * 320


def test_show_needs_regions(data, tmp_path):
    result = CliRunner().invoke(regions_app, ["show", str(data[0]), "--out", str(tmp_path / "a")])
    assert isinstance(result.exception, DataError)
    assert "find regions first" in str(result.exception)


def test_sheet_draws_boxes_crops_and_faults(tmp_path):
    picture, crop = tmp_path / "a.png", tmp_path / "crop.png"
    Image.new("RGB", (64, 64), "white").save(picture)
    Image.new("RGB", (64, 64), "blue").save(crop)
    regions = (Region((16.0, 16.0, 48.0, 48.0), label="x"), Region(crop=crop))
    entries = [
        SheetEntry(picture, regions, "a caption " * 30),
        SheetEntry(tmp_path / "absent.png", ()),
    ]
    sheet = contact_sheet(entries, columns=9, tile_px=64)
    assert sheet.width == 2 * (64 + 8) + 8
    tile = sheet.crop((8, 8, 72, 72))
    assert tile.getpixel((47, 40)) == (0xE6, 0x19, 0x4B)
    assert tile.getpixel((4, 60)) == (0, 0, 255)
    assert tile.getpixel((60, 4)) == (255, 255, 255)
    assert sheet.getpixel((72 + 8 + 40, 40)) == (211, 211, 211)
    assert contact_sheet([]).size[0] > 0


def test_thin_and_swapped_boxes_do_not_end_a_sheet(tmp_path):
    Image.new("RGB", (400, 8), "white").save(tmp_path / "a.png")
    boxes = ((0.0, 0.0, 400.0, 4.0), (0.0, 0.0, 2.0, 8.0), (30.0, 6.0, 10.0, 2.0))
    entry = SheetEntry(tmp_path / "a.png", tuple(Region(box) for box in boxes))
    assert contact_sheet([entry], tile_px=64).getpixel((8 + 30, 8)) == (0xE6, 0x19, 0x4B)
