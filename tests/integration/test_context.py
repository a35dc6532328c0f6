"""A model that reads context: from training over files and Python to an exported model."""

import json
import random
import re
import shlex
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from fixtures.captioner import save_tiny_blip
from PIL import Image
from typer.testing import CliRunner

import gmf
from gmf.cli.main import app
from gmf.core.errors import ConfigError, GmfError
from gmf.experiments.presets import load_run_config
from gmf.models.checkpoint import load_tagger
from gmf.prediction.onnx.export import export_onnx
from gmf.serving.app import create_app
from gmf.testing import save_tiny_encoders
from gmf.training.run_folder import checkpoint_of

NAMES = ("new", "snow", "ready", "season")


def rows(count, seed):
    """Posts in which only the context tells of what type a name is."""
    chosen = random.Random(seed)
    for _ in range(count):
        name, kind = chosen.choice(NAMES), chosen.choice(("PER", "LOC"))
        shown = {"PER": "rocky rocky", "LOC": "the the"}[kind]
        yield {
            "tokens": ["in", name, "is"],
            "tags": ["O", f"B-{kind}", "O"],
            "context": {"caption": shown},
        }


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("context")
    text, image = save_tiny_encoders(folder)
    (folder / "data").mkdir()
    for seed, (split, count) in enumerate({"train": 128, "dev": 64, "test": 32}.items()):
        lines = "".join(json.dumps(row) + "\n" for row in rows(count, seed))
        (folder / "data" / f"{split}.jsonl").write_text(lines)
    notes = []
    run = gmf.train(
        "twitter2017",
        run=folder / "runs" / "context",
        data={"folder": folder / "data", "context": ["caption"], "hide_context": 0.2},
        encoders={"text": text, "image": image},
        model={"name": "bert-crf"},
        training={
            "epochs": 6,
            "agreement": "context",
            "agreement_weight": 0.1,
            "batch_size": 8,
            "precision": "fp32",
            "learning_rate": 2e-3,
            "new_learning_rate": 2e-3,
        },
        on_note=notes.append,
    )
    return run, folder, notes


def test_the_type_of_a_name_is_learnt_from_the_context(trained):
    run, folder, notes = trained
    assert notes == []
    lines = (run.folder / "metrics.jsonl").read_text().splitlines()
    losses = [json.loads(line)["losses"] for line in lines]
    assert all(loss["agreement"] > 0 for loss in losses)
    assert gmf.evaluate(run.folder, split="test").report.scores.lenient.micro.f1 > 0.9
    nlp = gmf.load(run.folder)
    posts = [{"tokens": ["in", "snow", "is"], "context": c} for c in ({"caption": "the the"}, None)]
    posts.append({**posts[0], "context": {"caption": "rocky rocky"}})
    documents = nlp(posts)
    assert [d.entities[0].type for d in (documents[0], documents[2])] == ["LOC", "PER"]
    posts.append({**posts[0], "context": {"caption": "the " * 200}})
    assert documents[0].notes == ()
    assert "context read in part or not at all" in nlp(posts[-1]).notes[0]
    documents = nlp(posts)
    engine = gmf.load(export_onnx(load_tagger(checkpoint_of(run.folder)), folder / "onnx").folder)
    for one, other in zip(engine(posts), documents, strict=True):
        assert one.tags == other.tags
        assert one.notes == other.notes
        assert [e.confidence for e in one.entities] == pytest.approx(
            [e.confidence for e in other.entities], abs=1e-3
        )


def test_rows_of_files_bring_it_as_a_mapping_or_in_columns(trained):
    run, folder, _ = trained
    gmf.predict_files(run.folder, folder / "data" / "test.jsonl", folder / "a.jsonl")
    table = folder / "posts.csv"
    lines = [json.loads(line) for line in (folder / "data" / "test.jsonl").read_text().splitlines()]
    posts = [f"{' '.join(row['tokens'])},{row['context']['caption']}\n" for row in lines]
    table.write_text("".join(["text,caption\n", *posts]))
    gmf.predict_files(run.folder, table, folder / "b.jsonl", input={"context": ["caption"]})
    first, second = (
        [json.loads(line)["entities"] for line in (folder / name).read_text().splitlines()]
        for name in ("a.jsonl", "b.jsonl")
    )
    assert first == second
    assert [entities[0]["type"] for entities in first] == [row["tags"][1][2:] for row in lines]
    twice = {"context": ["caption", "post.caption"]}
    with pytest.raises(GmfError, match="two columns are the field 'caption'"):
        gmf.predict_files(run.folder, table, folder / "c.jsonl", input=twice)
    with pytest.raises(ConfigError, match=r"no column 'captions'.*did you mean 'caption'"):
        gmf.predict_files(run.folder, table, folder / "c.jsonl", input={"context": ["captions"]})


def test_the_service_takes_it(trained):
    run, _, _ = trained
    with TestClient(create_app(gmf.load(run.folder))) as client:
        for caption, kind in (("the the", "LOC"), ("rocky rocky", "PER")):
            post = {"text": "in snow is", "context": {"caption": caption}}
            answer = client.post("/v1/entities", json=post)
            assert [entity["type"] for entity in answer.json()["entities"]] == [kind]
            form = {"text": (None, "in snow is"), "context": (None, json.dumps(post["context"]))}
            answer = client.post("/v1/entities", files=form)
            assert [entity["type"] for entity in answer.json()["entities"]] == [kind]
        wrong = {"caption": 3}
        form = {"text": (None, "snow"), "context": (None, json.dumps(wrong))}
        for request in ({"json": {"text": "snow", "context": wrong}}, {"files": form}):
            answer = client.post("/v1/entities", **request)
            assert answer.status_code == 422
            assert "context: caption: expected text, got int" in answer.text
        assert client.get("/v1/model").json()["context"] == ["caption"]


def test_a_file_of_contexts_beside_the_input_is_read_as_in_training(trained, tmp_path):
    run, _, _ = trained
    (tmp_path / "posts.txt").write_text("IMGID:1\nin\nsnow\nis\n\nIMGID:2\nin\nsnow\nis\n")
    post = {"tokens": ["in", "snow", "is"]}
    lines = "".join(json.dumps({"id": name, **post}) + "\n" for name in "12")
    (tmp_path / "rows.jsonl").write_text(lines)
    (tmp_path / "rows.json").write_text(f"[{','.join(lines.splitlines())}]")
    (tmp_path / "table.csv").write_text("id,text\n1,in snow is\n2,in snow is\n")
    said = {"1": "rocky rocky", "2": "the the"}
    contexts = tmp_path / "context.jsonl"

    def types(name):
        report = gmf.predict_files(
            run.folder, tmp_path / name, tmp_path / "out.jsonl", overwrite=True
        )
        assert "context is taken from" in report.files[0]["note"]
        rows = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
        return [row["entities"][0]["type"] for row in rows]

    for order in (said, {"1": said["2"], "2": said["1"]}):
        rows = [{"id": name, "context": {"caption": text}} for name, text in order.items()]
        contexts.write_text("".join(json.dumps(row) + "\n" for row in rows))
        expected = ["PER" if text == said["1"] else "LOC" for text in order.values()]
        for name in ("posts.txt", "rows.jsonl", "rows.json", "table.csv"):
            assert types(name) == expected, name
    gmf.predict_files(run.folder, tmp_path / "rows.jsonl", tmp_path / "kept.jsonl")
    contexts.write_text("")
    with pytest.raises(ConfigError, match="input"):
        gmf.predict_files(run.folder, tmp_path / "rows.jsonl", tmp_path / "kept.jsonl")
    contexts.write_text("{}\n")
    with pytest.raises(GmfError, match=r"context\.jsonl"):
        gmf.predict_files(run.folder, tmp_path / "rows.jsonl", tmp_path / "other.jsonl")


def test_a_context_that_the_model_does_not_read_is_told(trained):
    run, _, _ = trained
    nlp = gmf.load(run.folder)
    post = {"tokens": ["in", "snow"]}
    for context, notes in (
        ({"captoin": "the the"}, ("context not used (captoin): the model reads caption",)),
        ({"captoin": "the the", "caption": "the"}, ()),
        ({"captoin": " "}, ()),
    ):
        assert nlp({**post, "context": context}).notes == notes


def test_no_context_and_anothers_are_worse(trained):
    run, _, _ = trained
    reports = {
        control: gmf.evaluate(run.folder, images=control).report
        for control in ("real", "no-context", "shuffled-context")
    }
    assert [report.provenance.context for report in reports.values()] == [
        "caption",
        "caption (no-context)",
        "caption (shuffled-context)",
    ]
    f1 = {control: report.scores.lenient.micro.f1 for control, report in reports.items()}
    assert f1["real"] > 0.9
    assert max(f1["no-context"], f1["shuffled-context"]) < 0.8


def test_what_is_scored_without_its_context_is_told(trained, tmp_path):
    run, folder, _ = trained
    rows = [json.loads(line) for line in (folder / "data" / "test.jsonl").read_text().splitlines()]
    bare = [{key: row[key] for key in ("tokens", "tags")} for row in rows]
    path = tmp_path / "test.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in bare))
    with pytest.raises(GmfError, match="test: no sample has the context field 'caption'"):
        gmf.evaluate(run.folder, data=tmp_path)
    assert gmf.evaluate(run.folder, data=tmp_path, images="no-context").notes == ()
    path.write_text("".join(json.dumps(row) + "\n" for row in (rows[0], *bare[1:])))
    (note,) = gmf.evaluate(run.folder, data=tmp_path).notes
    assert note == f"test: 1 of {len(rows)} samples have context 'caption'"


def test_a_field_that_no_sample_has_ends_training_before_it_begins(trained):
    _, folder, _ = trained
    with pytest.raises(GmfError, match="no sample has the context field 'ocr'"):
        gmf.train(
            "twitter2017",
            run=folder / "other",
            data={"folder": folder / "data", "context": ["ocr"]},
            model={"name": "bert-crf"},
        )
    assert not (folder / "other").exists()
    with pytest.raises(ConfigError, match=r"training\.agreement=context: expected data\.context"):
        load_run_config("twitter2017", ["training.agreement=context"])


def test_every_block_of_the_page_runs(trained, monkeypatch, capsys):
    _, folder, _ = trained
    monkeypatch.chdir(folder)
    (folder / "blip").mkdir()
    save_tiny_blip(folder / "blip")
    (folder / "posts.jsonl").write_text((folder / "data" / "test.jsonl").read_text())
    (folder / "posts.csv").write_text("text,caption\nin snow is,the the\n")
    first, *others = (folder / "data" / "train.jsonl").read_text().splitlines()
    Image.new("RGB", (40, 40), "red").save(folder / "data" / "red.png")
    shown = json.dumps({**json.loads(first), "image": "red.png"})
    (folder / "data" / "train.jsonl").write_text("\n".join([shown, *others, ""]))
    page = Path(__file__).parents[2] / "docs" / "context.md"
    blocks = re.findall(r"```(\w+)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    commands = [line for kind, block in blocks if kind == "sh" for line in block.splitlines()]
    for command in commands:
        words = shlex.split(command)[1:]
        if words[0] == "train":
            config = load_run_config(words[1], words[2 : words.index("--run")])
            assert (config.data.context, config.data.hide_context) == (("caption",), 0.1)
            continue
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
        if "--context" in words:
            assert "LOC" in done.output
    assert json.loads((folder / "entities.csv.jsonl").read_text())["entities"][0]["type"] == "LOC"
    for code in (block for kind, block in blocks if kind == "python"):
        exec(code, {})
    assert "[('snow', 'LOC')]" in capsys.readouterr().out
