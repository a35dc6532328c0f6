import json
import re
from html.parser import HTMLParser

import pytest
import typer
from fixtures.metric_package import installed_metric
from fixtures.shared import shared_data
from typer.testing import CliRunner

from gmf.cli.score import compare_command, score_command
from gmf.core.errors import ConfigError, GmfError

GOLD = "IMGID:7\nRocky\tB-PER\nin\tO\nNew\tB-LOC\nYork\tI-LOC\n\nIMGID:8\nOscars\tB-OTHER\n"
A = "IMGID:7\nRocky\tB-PER\nin\tX\nNew\tB-LOC\nYork\tO\n\nIMGID:8\nOscars\tB-ORG\n"
B = "IMGID:7\nRocky\tB-PER\nin\tO\nNew\tB-LOC\nYork\tI-LOC\n\nIMGID:8\nOscars\tB-ORG\n"


@pytest.fixture
def run():
    app = typer.Typer()
    app.command("score")(score_command)
    app.command("compare")(compare_command)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def files(tmp_path):
    paths = {}
    for name, content in (("gold", GOLD), ("a", A), ("b", B)):
        paths[name] = tmp_path / f"{name}.txt"
        paths[name].write_text(content, encoding="utf-8")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "7.jpg").touch()
    paths["images"] = tmp_path / "images"
    return paths


def test_json_has_the_documented_form(run, files):
    result = run("score", files["gold"], files["a"], "--json", "--train", files["gold"],
                 "--images", files["images"])  # fmt: skip
    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert list(report)[:2] == ["lenient", "strict"]
    assert set(report["lenient"]["micro"]) == {
        "precision", "recall", "f1", "gold", "predicted", "correct",
    }  # fmt: skip
    assert report["lenient"]["micro"]["correct"] == 1
    assert report["seen"]["seen"]["gold"] == 3
    assert report["image"]["with image"]["gold"] == 2
    assert [item["part"] for item in report["provenance"]["data"]] == ["gold", "predictions"]
    assert report["reading"]["predicted_service_words"] == {"7": [1]}


def test_terminal_shows_scores_and_reading(run, files):
    result = run("score", files["gold"], files["a"])
    assert result.exit_code == 0
    for text in ("Scores, lenient", "Scores, strict", "33.33", "Errors by kind", "1: X 1, in 7"):
        assert text in result.stdout


def test_markdown_and_latex_are_printed(run, files):
    assert "| micro | 33.33 |" in run("score", files["gold"], files["a"], "--markdown").stdout
    assert r"\begin{tabular}" in run("score", files["gold"], files["a"], "--latex").stdout


def test_a_metric_of_a_package_is_scored_shown_and_on_the_page(run, files, tmp_path):
    scored = (files["gold"], files["a"])
    page = tmp_path / "page.html"
    with installed_metric(tmp_path / "site"):
        assert json.loads(run("score", *scored, "--json").stdout)["density"]["gold"] == 1.5
        assert "Entities a sample" in run("score", *scored, "--html", page).stdout
    assert "Entities a sample" in page.read_text(encoding="utf-8")


def test_other_countings_are_shown_when_they_differ_or_on_request(run, files):
    shown = "counted other ways"
    assert shown in run("score", files["gold"], files["a"]).stdout
    assert shown not in run("score", files["gold"], files["b"]).stdout
    assert shown in run("score", files["gold"], files["b"], "--countings").stdout


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "rect", "path", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", ["one", "runs", "compare"])
def test_page_is_whole_and_alone(run, files, tmp_path, kind):
    path = tmp_path / "page.html"
    words = {
        "one": ("score", files["gold"], files["a"], "--train", files["gold"]),
        "runs": ("score", files["gold"], files["a"], files["b"]),
        "compare": ("compare", files["a"], files["b"], "--gold", files["gold"]),
    }[kind]
    result = run(*words, "--html", path)
    assert result.exit_code == 0
    assert f"page written to {path}" in result.stderr
    content = path.read_text(encoding="utf-8")
    page = Page()
    page.feed(content)
    assert page.open == []
    assert any(tag == "svg" or of.get("class") == "bars" for tag, of in page.tags)
    assert not re.search(r"https?:|//|url\(|@import", content)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe"}
    assert "prefers-color-scheme: dark" in content


def test_several_predictions_are_runs(run, files):
    report = json.loads(run("score", files["gold"], files["a"], files["b"], "--json").stdout)
    f1 = report["lenient"]["micro"]["f1"]
    assert f1["values"] == pytest.approx([1 / 3, 2 / 3])
    assert f1["interval"]["low"] < f1["mean"] < f1["interval"]["high"]
    assert len(report["runs"]) == 2
    assert "2 runs, lenient" in run("score", files["gold"], files["a"], files["b"]).stdout


def test_a_copy_of_predictions_is_told(run, files, tmp_path):
    copy = tmp_path / "copy.txt"
    copy.write_bytes(files["a"].read_bytes())
    told = " ".join(run("score", files["gold"], files["a"], copy).stderr.split())
    assert f"copy.txt: the same bytes as {files['a']}; both count, as two runs" in told
    assert "the same bytes" not in run("score", files["gold"], files["a"], files["b"]).stderr


def test_compare_names_what_changed(run, files):
    result = run("compare", files["a"], files["b"], "--gold", files["gold"], "--json")
    report = json.loads(result.stdout)
    assert report["lenient"]["f1"]["difference"] == pytest.approx(1 / 3)
    assert [tweet["id"] for tweet in report["changed"]["tweets"]] == ["7"]
    shown = run("compare", files["a"], files["b"], "--gold", files["gold"]).stdout
    assert "1 better, 0 worse" in shown


def test_aliases_are_applied(run, files, tmp_path):
    path = tmp_path / "other.txt"
    path.write_text(A.replace("PER", "person"), encoding="utf-8")
    result = run("score", files["gold"], path, "--alias", "person=PER", "--json")
    assert json.loads(result.stdout)["lenient"]["micro"]["correct"] == 1
    result = run("score", files["gold"], path, "--alias", "person")
    assert isinstance(result.exception, ConfigError)
    assert "alias 'person': expected SPELLING=TYPE" in str(result.exception)


def test_faults_name_the_file(run, files, tmp_path):
    fault = run("score", files["gold"]).exception
    assert isinstance(fault, GmfError)
    assert "gold.txt: expected two label columns" in str(fault)
    fault = run("compare", files["a"], tmp_path / "none.txt", "--gold", files["gold"]).exception
    assert isinstance(fault, GmfError)
    assert "none.txt: cannot be read" in str(fault)
    page = tmp_path / "no" / "page.html"
    fault = run("score", files["gold"], files["a"], "--html", page).exception
    assert isinstance(fault, GmfError)
    assert "page.html: no such folder as" in str(fault)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("score", "a", "b", "--html", "gold"), "gold.txt: is there and is no page"),
        (("score", "gold", "a", "--html", "gold"), "gold.txt: is read by this command"),
        (("compare", "a", "b", "--gold", "gold", "--html", "gold"), "gold.txt: is read by"),
        (("score", "gold", "a", "a"), "a file of predictions is given twice"),
    ],
)
def test_nothing_that_is_there_is_written_over_but_pages(run, files, tmp_path, words, fault):
    page = tmp_path / "page.html"
    for _ in range(2):
        assert run("score", files["gold"], files["a"], "--html", page).exit_code == 0
    result = run(*(files.get(word, word) for word in words))
    assert re.search(fault, str(result.exception) + result.output)
    assert files["gold"].read_text() == GOLD


def test_published_file_alone(run):
    result = run("score", shared_data() / "mgcmt_outputs" / "twitter2017_pre_output.txt", "--json")
    report = json.loads(result.stdout)
    micro = report["lenient"]["micro"]
    assert (micro["gold"], micro["predicted"], micro["correct"]) == (1351, 1353, 1164)
    assert round(report["strict"]["micro"]["f1"], 4) == 0.8643


def test_groups_of_posts(run, files, tmp_path):
    (tmp_path / "kinds.csv").write_text("id,kind\n7,places\n8,works\n")
    words = ["score", files["gold"], files["a"], "--groups", tmp_path / "kinds.csv"]
    report = json.loads(run(*words, "--json").stdout)
    assert {kind: row["gold"] for kind, row in report["groups"]["kind"].items()} == {
        "places": 2,
        "works": 1,
    }
    assert "By group of posts: kind" in run(*words).stdout
