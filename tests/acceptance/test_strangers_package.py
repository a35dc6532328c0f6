"""Parts of a stranger: a model, a reader, an output format and a metric, one file each.

They stand outside the tree, once as an installed package with entry points and once as files of
``--code``; every command runs in a process of its own.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fixtures.corpus import write_corpus

from gmf.testing import save_tiny_encoders, synthetic_samples

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
ENTRY_POINTS = """
[gmf.models]
late-fusion = late_fusion:LateFusion
[gmf.readers]
parallel = parallel_reader:ParallelReader
[gmf.output_formats]
brackets = bracket_format:BracketFormat
[gmf.metrics]
exact_match = exact_match:ExactMatch
"""
QUICK = ["training.epochs=2", "training.batch_size=4", "training.precision=fp32"]


@dataclass(frozen=True)
class Stranger:
    """Someone who has gmf and parts of their own.

    Args:
        code: The files, if each command must name them.
        environment: Of their processes.
    """

    code: tuple[Path, ...]
    environment: dict[str, str]

    def origin(self, part: str) -> str:
        """Return where lists say that a part comes from."""
        return next((str(path) for path in self.code if path.stem == part), "stranger 1.2")

    def gmf(self, *arguments: object) -> str:
        """Run a command; return what it prints."""
        named = [text for path in self.code for text in ("--code", path)]
        return self.python("-m", "gmf", *arguments, *named)

    def python(self, *arguments: object) -> str:
        """Run Python; return what it prints."""
        process = self.process(*arguments)
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout

    def process(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run Python, however it ends."""
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
        )


@pytest.fixture(scope="module", params=["package", "files"])
def stranger(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    files = tuple(Path(shutil.copy(path, folder)) for path in EXAMPLES)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "GMF_CODE": "", "COLUMNS": "250"}
    if request.param == "files":
        return Stranger(files, environment)
    info = folder / "stranger-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    environment["PYTHONPATH"] += os.pathsep + str(folder)
    return Stranger((), environment)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data set in the stranger's own format."""
    folder = tmp_path_factory.mktemp("data") / "parallel"
    (folder / "images").mkdir(parents=True)
    samples = synthetic_samples(folder / "images", count=16)
    for name, part in (("train", samples[:8]), ("dev", samples[8:12]), ("test", samples[12:])):
        words = "".join(f"{sample.id}\t{' '.join(sample.tokens)}\n" for sample in part)
        tags = "".join(f"{' '.join(sample.tags or ())}\n" for sample in part)
        (folder / f"{name}.words").write_text(words)
        (folder / f"{name}.tags").write_text(tags)
    return folder


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    return save_tiny_encoders(tmp_path_factory.mktemp("encoders"))


@pytest.fixture(scope="module")
def run(stranger, data, encoders, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "run"
    text, image = encoders
    settings = [f"data.folder={data}", f"encoders.text={text}", f"encoders.image={image}"]
    stranger.gmf("train", "late-fusion.twitter2017", *settings, *QUICK, "--run", folder)
    return folder


def test_the_parts_are_listed_with_their_origin(stranger):
    rows = {row["name"]: row for row in json.loads(stranger.gmf("models", "list", "--json"))}
    assert rows["late-fusion"]["title"] == "Late fusion"
    assert rows["late-fusion"]["exports"] is True
    assert rows["late-fusion"]["origin"] == stranger.origin("late_fusion")
    assert rows["gmf"]["origin"] == "gmf"
    formats = {row["name"]: row for row in json.loads(stranger.gmf("formats", "list", "--json"))}
    assert formats["parallel"]["origin"] == stranger.origin("parallel_reader")
    assert formats["brackets"]["origin"] == stranger.origin("bracket_format")
    assert formats["exact_match"]["origin"] == stranger.origin("exact_match")


@pytest.mark.parametrize("stranger", ["package"], indirect=True)
def test_the_model_passes_all_checks_in_the_strangers_own_tests(stranger, tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "import pytest\n"
        "from gmf.testing import model_checks\n"
        "@pytest.mark.parametrize('check', model_checks('late-fusion'), ids=str)\n"
        "def test_late_fusion(check):\n"
        "    check()\n"
    )
    output = stranger.python("-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path)
    assert "18 passed" in output


def test_the_model_learns_from_what_the_reader_reads(run):
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[1]["losses"]["ner"] < rows[0]["losses"]["ner"]


def test_the_metric_stands_in_evaluations_and_scores(stranger, run, tmp_path):
    predictions = tmp_path / "predictions.jsonl"
    evaluated = json.loads(stranger.gmf("evaluate", run, "--json", "--predictions", predictions))
    assert evaluated["exact_match"]["samples"] == 4
    scored = json.loads(stranger.gmf("score", predictions, "--json"))
    assert scored["exact_match"] == evaluated["exact_match"]
    assert "Samples without mistake" in stranger.gmf("score", predictions, "--markdown")


def test_checkpoint_and_export_predict_into_the_format(stranger, run, data, tmp_path):
    lines = (data / "test.words").read_text().splitlines()
    posts = [line.partition("\t") for line in lines]
    rows = [{"id": name, "text": text, "image": f"images/{name}.png"} for name, _, text in posts]
    (tmp_path / "posts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    stranger.gmf("export", run, "--out", tmp_path / "exported")
    outputs = []
    for model in (run, tmp_path / "exported"):
        output = tmp_path / f"{model.name}.brackets"
        where = "--output", output, "--image-root", data
        stranger.gmf("predict", model, tmp_path / "posts.jsonl", *where)
        outputs.append(output.read_text())
    assert outputs[0] == outputs[1]
    plain = outputs[0].replace("[", "").replace("]", "").splitlines()
    for line, (name, _, text) in zip(plain, posts, strict=True):
        words = [word for word in line.split() if word not in ("PER", "LOC", "ORG", "MISC")]
        assert words == [name, *text.split()]


FAMILY = """
from gmf.models.image_encoders import IMAGE_FAMILIES
from gmf.models.image_encoders.convolutional import ResNet

IMAGE_FAMILIES._built_in.pop("resnet", None)  # As if gmf did not know it.
IMAGE_FAMILIES.register("resnet")(type("TheirResNet", (ResNet,), {}))
"""


@pytest.mark.slow
def test_processes_of_training_load_the_parts(stranger, data, encoders, tmp_path):
    (tmp_path / "family.py").write_text(FAMILY)
    text, image = encoders
    report = stranger.python(
        *("-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2"),
        *("--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"),
        *("-m", "gmf", "train", "late-fusion.twitter2017", f"data.folder={data}"),
        *(f"encoders.text={text}", f"encoders.image={image}", *QUICK, "--run", tmp_path / "run"),
        *(text for path in (*stranger.code, tmp_path / "family.py") for text in ("--code", path)),
    )
    assert report.count("best dev F1") == 1
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("stranger", ["files"], indirect=True)
def test_workers_of_ray_load_the_parts(stranger, run, data, tmp_path):
    pytest.importorskip("ray")
    outputs = [tmp_path / "local.brackets", tmp_path / "ray.brackets"]
    for output, engine in zip(outputs, ("local", "ray"), strict=True):
        options = ("--output", output, "--output-format", "brackets", "--engine", engine)
        stranger.gmf("predict", run, data / "test.words", *options)
    assert outputs[0].read_text() == outputs[1].read_text() != ""


def test_the_model_stands_in_the_table_of_the_suite(stranger, data, encoders, tmp_path):
    text, image = encoders
    (tmp_path / "quick.yaml").write_text(json.dumps({"*": QUICK}))
    stranger.gmf(
        *("suite", "paper", "--data", data, "--encoders", f"{{text: {text}, image: {image}}}"),
        *("--only", "late-fusion", "--only", "bert-crf", "--seeds", "1"),
        *("--settings", tmp_path / "quick.yaml", "--jobs", "2", "--out", tmp_path / "suite"),
    )
    manifest = json.loads((tmp_path / "suite" / "manifest.json").read_text())
    states = {run["variant"]: run["status"] for run in manifest["runs"]}
    assert states == {"late-fusion": "finished", "bert-crf": "finished"}
    assert "Late fusion" in (tmp_path / "suite" / "report.html").read_text()


def test_it_takes_the_preset_of_the_data_set_with_its_own_defaults(stranger, encoders, tmp_path):
    text, image = encoders
    options = ["suite", "paper", "--data", write_corpus(tmp_path / "tiny"), "--dry-run"]
    options += ["--encoders", f"{{text: {text}, image: {image}}}"]
    rows = [line.split("│") for line in stranger.gmf(*options).splitlines()]
    rows = [[cell.strip() for cell in row] for row in rows if "late-fusion" in "".join(row)]
    assert [row[4:6] for row in rows] == [["late-fusion.twitter2017", "50"]] * 3
    if stranger.code:
        assert "late-fusion" not in replace(stranger, code=()).gmf(*options)


@pytest.mark.parametrize("stranger", ["files"], indirect=True)
def test_a_checkpoint_names_the_file_of_its_model_and_needs_it(stranger, run, tmp_path):
    stranger.gmf("export", run, "--out", tmp_path / "exported")
    predict = "-m", "gmf", "predict"
    told = stranger.process(*predict, run, "--text", "Rocky in Oslo")
    assert told.returncode == 1
    assert "its model 'late-fusion' comes from" in told.stderr
    assert stranger.origin("late_fusion") in told.stderr
    assert "name the file with --code FILE" in told.stderr
    assert stranger.python(*predict, tmp_path / "exported", "--text", "Rocky in Oslo")


def test_each_part_is_one_file():
    assert len(EXAMPLES) == 4
    for path in EXAMPLES:
        assert len(path.read_text().splitlines()) < 110
