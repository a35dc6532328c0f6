"""What a user is told of the data before the first epoch, and by ``gmf data``."""

import shutil
from dataclasses import replace

import pytest
from fixtures.corpus import write_corpus
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.core.errors import DataError, GmfError
from gmf.reading.trainable import images_tell_the_corpus
from gmf.testing import save_tiny_encoders, synthetic_samples


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    return save_tiny_encoders(tmp_path_factory.mktemp("encoders"))


def gmf(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


def train(folder, run, encoders, *more):
    text, image = encoders
    options = [f"data.folder={folder}", f"encoders.text={text}", f"encoders.image={image}"]
    options += ["training.epochs=1", "training.precision=fp32", *more]
    return gmf("train", "twitter2017", *options, "--run", run)


def test_absent_images_are_told_before_the_first_epoch_and_can_be_pointed_to(tmp_path, encoders):
    folder = write_corpus(tmp_path / "data")
    (folder / "images").rename(tmp_path / "pictures")
    result = train(folder, tmp_path / "run", encoders)
    assert result.exit_code == 0, result.output
    assert result.stderr.index("only 0 of") < result.stderr.index("epoch 1:")
    assert "data.images=DIR" in result.stderr
    assert result.stderr.count("is noise") == 1
    stated = f"data.images={tmp_path / 'pictures'}"
    result = train(folder, tmp_path / "seen", encoders, stated)
    assert "is noise" not in result.stderr
    assert "images: 16 read" in result.stderr
    assert gmf("evaluate", tmp_path / "seen").exit_code == 0
    result = gmf("data", "stats", folder, "--images", tmp_path / "pictures", "--json")
    assert '"images_present": 12' in result.stdout


def test_corpora_that_an_image_tells_apart_are_told(tmp_path, encoders):
    pictured, plain = (write_corpus(tmp_path / name) for name in ("pictured", "plain"))
    shutil.rmtree(plain / "images")
    mix = f"data.folders=[{pictured}, {plain}]"
    text, image = encoders
    options = [mix, f"encoders.text={text}", f"encoders.image={image}", "training.epochs=1"]
    shown = gmf("train", "twitter2017", *options, "--run", tmp_path / "run").stderr
    told = "warning: posts with images by corpus: pictured 12 of 12, plain 0 of 12; an image tells"
    assert shown.index(told) < shown.index("epoch 1:")


def test_corpora_that_are_alike_in_images_are_not_told(tmp_path):
    with_image, without = (
        [replace(sample, corpus=name) for sample in synthetic_samples(tmp_path, count=4)]
        for name in "ab"
    )
    assert images_tell_the_corpus([*with_image, *without]) == ""
    without = [replace(sample, images=()) for sample in without]
    assert images_tell_the_corpus([*with_image, *without]).startswith("posts with images by")
    assert images_tell_the_corpus(without) == ""
    mixed = [replace(sample, corpus="") for sample in [*with_image, *without]]
    assert images_tell_the_corpus(mixed) == ""


def test_what_is_read_otherwise_is_told(tmp_path, encoders):
    folder = write_corpus(tmp_path / "data")
    path = folder / "train.txt"
    content = path.read_text().replace("\tB-", "\tb-").replace("\tI-", "\ti-")
    path.write_text(f"{content}\nOslo\tB-Loc\n")
    result = train(folder, tmp_path / "run", encoders, "model=bert-crf")
    assert result.exit_code == 0, result.output
    assert result.stderr.index("in small letters") < result.stderr.index("epoch 1:")
    told = "types that differ by capitals alone are read as several: 'LOC' ("
    assert result.stderr.index(told) < result.stderr.index("epoch 1:")


def test_types_that_look_alike_and_urls_are_told_by_training(tmp_path, encoders):
    folder = write_corpus(tmp_path / "data")
    path = folder / "train.txt"
    content = path.read_text()
    path.write_text(f"{content}\nOslo\tB-LOC\u200b\n")
    result = train(folder, tmp_path / "run", encoders)
    assert isinstance(result.exception, DataError)
    assert r"type 'LOC\u200b' looks like 'LOC' of " in str(result.exception)
    path.write_text(f"{content}\nIMGID:https://example.org/a.jpg\nOslo\tB-LOC\n")
    result = train(folder, tmp_path / "run", encoders)
    assert "1 refused" in result.stderr
    assert "https://example.org/a.jpg: refused: no URL is fetched; download" in result.stderr


def test_data_without_entities_or_with_unknown_types_is_refused_by_both(tmp_path, encoders):
    folder = tmp_path / "set"
    folder.mkdir()
    for split in ("train", "dev"):
        (folder / f"{split}.txt").write_text("rain\tO\nagain\tO\n")
    for message in ("no entity in it", "types that split train does not: EVENT"):
        for result in (
            train(folder, tmp_path / "run", encoders, "model=bert-crf"),
            gmf("data", "validate", folder),
        ):
            assert result.exit_code == 1
            assert isinstance(result.exception, SystemExit | GmfError)
            assert message in result.output + str(result.exception)
        (folder / "train.txt").write_text("Ann\tB-PER\n")
        (folder / "dev.txt").write_text("Ann\tB-PER\nGala\tB-EVENT\n")


@pytest.mark.parametrize("name", ["n[m]", "d[red]", "s:100:"])
def test_names_are_shown_as_they_are(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "train.txt").write_text("Ann\tI-PER\nin\tO\n\nB\tB-PER\n")
    assert name in "".join(gmf("data", "stats", folder).output.split())
    out = tmp_path / "a[" / "b]"
    result = gmf("data", "doctor", folder, "--repair", out)
    assert f"{out}/train.txt: mended 1 orphan-tag" in result.output.replace("\n", "")
    assert result.exit_code == 1


def test_an_encoding_is_stated_for_checks_and_training(tmp_path, encoders):
    folder = tmp_path / "set"
    folder.mkdir()
    for split in ("train", "dev"):
        (folder / f"{split}.txt").write_bytes("København\tB-LOC\n".encode("cp1252"))
    refused = gmf("data", "validate", folder)
    assert refused.exit_code == 1
    assert "as Windows-1252 it would read 'København" in refused.output
    assert gmf("data", "validate", folder, "--encoding", "cp1252").exit_code == 0
    options = ["model=bert-crf", "data.encoding=cp1252"]
    assert train(folder, tmp_path / "run", encoders, *options).exit_code == 0


@pytest.mark.parametrize("name", ["train.tsv", "train.csv", "train.json", "train.bio"])
def test_a_split_with_another_ending_is_named(tmp_path, name):
    (tmp_path / name).write_text("Ann\tB-PER\n")
    result = gmf("data", "validate", tmp_path)
    assert result.exit_code == 1
    assert isinstance(result.exception, DataError)
    assert f"{name} is there" in str(result.exception)
