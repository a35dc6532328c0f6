"""``gmf context``: a field of the context, found in images."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.context.base import DescriberChoice
from gmf.context.registry import build_describer, describers
from gmf.context.run import ContextJob
from gmf.core.errors import ConfigError, DataError
from gmf.reading.context_file import read_context
from gmf.reading.image_tasks import ImageTask
from gmf.testing import synthetic_samples


class Sizes:
    """Says what mode an image has; of one image, nothing; notes how many it saw."""

    def __init__(self, source="sizes@1", field="size", stops_after=None, silent=()):
        self.source, self.field, self.stops_after, self.silent = source, field, stops_after, silent
        self.seen = 0

    def describe(self, images):
        if self.stops_after is not None and self.seen >= self.stops_after:
            raise KeyboardInterrupt
        first, self.seen = self.seen, self.seen + len(images)
        return [
            "" if first + number in self.silent else f"{image.mode} image"
            for number, image in enumerate(images)
        ]


@pytest.fixture
def tasks(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    samples = synthetic_samples(folder, count=5)
    paths = [sample.images[0].source for sample in samples]
    return [ImageTask(path.name, path, ((),)) for path in paths]


def run(describer, tasks, out, **options):
    return ContextJob(describer, out=out, batch_size=2).run(tasks, **options)


def test_each_image_gets_its_text_and_the_file_is_read_as_context(tasks, tmp_path):
    report = run(Sizes(silent=[3]), tasks, tmp_path)
    assert report.images == {"described": 5}
    assert report.empty == 1
    file = read_context(tmp_path / "context.jsonl")
    assert file.images[tasks[0].name] == {"size": "RGB image"}
    assert file.images[tasks[3].name] == {}
    assert len(file.images) == 5


def test_a_job_that_was_cut_short_goes_on_where_it_stopped(tasks, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(Sizes(stops_after=2), tasks, tmp_path)
    second = Sizes()
    assert run(second, tasks, tmp_path).images == {"described": 3, "kept": 2}
    assert second.seen == 3
    tasks[0].path.write_bytes(tasks[1].path.read_bytes() + b"more")
    assert run(third := Sizes(), tasks, tmp_path).images == {"described": 1, "kept": 4}
    assert third.seen == 1


def test_fields_of_others_and_lines_of_posts_stay(tasks, tmp_path):
    path = tmp_path / "context.jsonl"
    own = {"id": "7", "context": {"size": "of the post"}}
    path.write_text(json.dumps(own) + "\n", encoding="utf-8")
    run(Sizes(silent=[0]), tasks, tmp_path)
    run(Sizes("other@1", "other"), tasks, tmp_path)
    run(Sizes(silent=[0]), tasks, tmp_path)
    file = read_context(path)
    assert file.posts["7"] == {"size": "of the post"}
    assert file.images[tasks[0].name] == {"other": "RGB image"}
    assert file.images[tasks[1].name] == {"size": "RGB image", "other": "RGB image"}


def test_a_field_of_another_source_is_not_replaced_unless_it_is_said(tasks, tmp_path):
    run(Sizes(), tasks, tmp_path)
    with pytest.raises(DataError, match=r"context.jsonl:1: holds context of sizes@1.*--overwrite"):
        run(Sizes("sizes@2"), tasks, tmp_path)
    assert run(Sizes("sizes@2"), tasks, tmp_path, overwrite=True).images == {"described": 5}


def test_a_field_that_is_no_name_is_refused_before_the_work(tmp_path):
    with pytest.raises(ConfigError, match=r"describer: context: field 'my field': expected a let"):
        ContextJob(Sizes(field="my field"), out=tmp_path)


def test_what_cannot_be_read_is_counted_and_left_out(tasks, tmp_path):
    tasks[0].path.unlink()
    tasks[1].path.write_bytes(b"no image")
    report = run(Sizes(), tasks, tmp_path)
    assert report.images == {"described": 3, "absent": 1, "not an image": 1}
    assert str(tasks[0].path) in report.summary()


def test_the_command_writes_beside_the_data(tmp_path, monkeypatch):
    monkeypatch.setattr(describers, "_registered", dict(describers._registered))
    describers.register("sizes")(lambda choice: Sizes(field=choice.options.get("field", "size")))
    (tmp_path / "images").mkdir()
    samples = synthetic_samples(tmp_path / "images", count=2)
    rows = [{"text": "Rocky", "image": f"images/{s.images[0].source.name}"} for s in samples]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ["context", str(tmp_path), "--describer", "sizes", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, [*arguments, "field=width", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["images"] == {"described": 2}
    names = read_context(tmp_path / "context.jsonl").images
    assert all(fields == {"width": "RGB image"} for fields in names.values())
    assert len(names) == 2


class Chokes(Sizes):
    """Fails on the first image that it sees alone, and on all that it sees with it."""

    def describe(self, images):
        if len(images) > 1 or not self.seen:
            self.seen += len(images) == 1
            raise RuntimeError("out of words")
        return super().describe(images)


@pytest.mark.parametrize(
    ("describer", "present", "status", "told"),
    [
        (Sizes(), 2, 0, "2 described"),
        (Sizes(), 1, 0, "1 absent, 1 described"),
        (Sizes(), 0, 1, "none of the 2 images that the posts name was described"),
        (Chokes(), 2, 3, "1 failed"),
    ],
)
def test_the_exit_status_says_whether_all_went_well(
    describer, present, status, told, tmp_path, monkeypatch
):
    monkeypatch.setattr(describers, "_registered", dict(describers._registered))
    describers.register("sizes")(lambda choice: describer)
    (tmp_path / "images").mkdir()
    paths = [s.images[0].source for s in synthetic_samples(tmp_path / "images", count=2)]
    rows = [{"text": "Rocky", "image": f"images/{path.name}"} for path in paths]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for path in paths[present:]:
        path.unlink()
    result = CliRunner().invoke(
        app, ["context", str(tmp_path), "--describer", "sizes", "--out", str(tmp_path)]
    )
    assert result.exit_code == status
    assert told in (str(result.exception) if status == 1 else result.stdout)


def test_an_unknown_describer_is_refused(tmp_path):
    result = CliRunner().invoke(
        app, ["context", str(tmp_path), "--describer", "rapidocr", "--out", "x", "--from", "y"]
    )
    assert result.exit_code != 0
    with pytest.raises(ConfigError, match="did you mean 'rapidocr'"):
        build_describer(DescriberChoice("rapidocrr"))
    with pytest.raises(ConfigError, match="takes no --from"):
        build_describer(DescriberChoice("rapidocr", ("models",)))
    with pytest.raises(ConfigError, match=r"options of describer rapidocr.*min_scor.*min_score"):
        build_describer(DescriberChoice("rapidocr", (), {"min_scor": 0.2}))


def test_overwriting_a_field_leaves_the_others_of_its_line(tasks, tmp_path):
    path = tmp_path / "context.jsonl"
    line = {"image": tasks[0].name, "context": {"size": "by hand", "caption": "a dog"}}
    path.write_text(json.dumps(line) + "\n")
    run(Sizes(), tasks, tmp_path, overwrite=True)
    assert read_context(path).images[tasks[0].name] == {"caption": "a dog", "size": "RGB image"}


def test_unfinished_work_of_another_describer_stays(tasks, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(Sizes(stops_after=2), tasks, tmp_path)
    run(Sizes("words@1", "words"), tasks, tmp_path)
    second = Sizes()
    assert run(second, tasks, tmp_path).images == {"described": 3, "kept": 2}
    found = read_context(tmp_path / "context.jsonl").images
    assert all(set(found[task.name]) == {"size", "words"} for task in tasks)
    assert not (tmp_path / "context.jsonl.partial").exists()


def test_images_without_text_refuse_no_other_field(tasks, tmp_path):
    run(Sizes(silent=range(5)), tasks, tmp_path)
    report = run(Sizes("sizes@2", "strict"), tasks, tmp_path)
    assert report.images == {"described": 5}


def test_a_line_in_another_encoding_is_refused_and_stays_as_it_is(tasks, tmp_path):
    path = tmp_path / "context.jsonl"
    content = b'{"id": "7", "context": {"caption": "caf\xe9"}}\n'
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"context\.jsonl:1"):
        run(Sizes(), tasks, tmp_path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda _: None, "got None"),
        (lambda _: "abcde", "got 'ab?c?d?e?'"),
        (lambda _: ["a"], "2 in all, got 1"),
        (lambda images: [None] * len(images), "got None as number 1"),
    ],
)
def test_what_is_no_text_for_each_image_names_the_describer(
    tasks, tmp_path, monkeypatch, answer, told
):
    monkeypatch.setattr(describers, "_registered", {})
    mine = SimpleNamespace(source="mine@1", field="size", describe=answer)
    describers.register("mine")(lambda _: mine)
    expected = (
        rf"describer 'mine' of {__file__}: TypeError: describe: expected a list of texts, one an "
        rf"image, {told}"
    )
    with pytest.raises(ConfigError, match=expected):
        run(build_describer(DescriberChoice("mine")), tasks, tmp_path)


def test_a_describer_of_others_may_yield_and_a_text_that_is_none_fails_its_image(
    tasks, tmp_path, monkeypatch
):
    monkeypatch.setattr(describers, "_registered", {})
    seen = []

    def describe(images):
        for image in images:
            seen.append(image)
            yield "half \ud800" if len(seen) == 5 else "whole"

    mine = SimpleNamespace(source="mine@1", field="size", describe=describe)
    describers.register("mine")(lambda _: mine)
    report = run(build_describer(DescriberChoice("mine")), tasks, tmp_path)
    assert report.images == {"described": 4, "failed": 1}
    assert "character 6 is half of a surrogate pair" in report.examples[0]
    mine.field = "no name"
    with pytest.raises(ConfigError, match=r"describer 'mine' of .*field 'no name': expected a let"):
        build_describer(DescriberChoice("mine"))
