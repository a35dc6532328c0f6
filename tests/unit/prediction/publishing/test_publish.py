"""A published model loads anywhere, tells no place of this machine, and its card tells no lies."""

import json

import pytest
import yaml
from fixtures.hub import install_fake_hub

import gmf
from gmf.core.errors import CheckpointError, ConfigError
from gmf.models.checkpoint import load_tagger
from gmf.prediction.onnx.export import export_onnx
from gmf.prediction.pipeline import Pipeline
from gmf.prediction.publishing.publish import save_pretrained
from gmf.prediction.publishing.scores import PublishedScore
from gmf.prediction.torch_engine import TorchEngine
from gmf.testing import tiny_checkpoint, tiny_tagger

TEXT = "Rocky is ready for snow season in New York !"
DEV = {"part": "dev", "source": "dev.txt", "digest": "d" * 64, "tweets": 7, "copy": ""}
TRAIN = {**DEV, "part": "train", "source": "train.txt", "digest": "t" * 64, "copy": "Twitter-X"}
CALIBRATION = {
    "temperature": 1.36,
    "entities": 1153,
    "expected_error_before": 0.0823,
    "expected_error_after": 0.0287,
}
TEST = PublishedScore(
    "test", "lenient", 0.5, 0.25, 1 / 3, 12, "Twitter-X", "e" * 64, "gmf evaluate --split test"
)


def micro(f1):
    return {"micro": {"precision": 0.8, "recall": 0.7, "f1": f1, "gold": 9}}


@pytest.fixture
def run(tmp_path):
    """A run folder of two epochs, the second the best, trained on a secret place."""
    folder = tmp_path / "run"
    checkpoint = tiny_checkpoint(folder / "checkpoints" / "epoch-002")
    (checkpoint / "optimizer.pt").write_bytes(b"secret")
    history = [
        {"epoch": n, "dev": {"lenient": micro(0.1 * n), "strict": micro(0.05 * n)}} for n in (1, 2)
    ]
    state = {"epochs_done": 2, "best_epoch": 2, "best_f1": 0.2, "finished": True}
    (folder / "state.json").write_text(json.dumps({**state, "history": history}))
    provenance = {
        "data": [TRAIN, DEV],
        "seed": 3,
        "precision": "fp32",
        "encoders": {"text": {"name": "/home/secret/bert-base", "digest": "a" * 64}},
        "versions": {"gmf": "0.1.0"},
        "model_origin": "/home/secret/mine.py",
    }
    (folder / "provenance.json").write_text(json.dumps(provenance))
    (folder / "config.yaml").write_text("{}")
    meta = json.loads((checkpoint / "gmf.json").read_text())
    meta["data"]["folder"] = "/home/secret/data"
    meta["encoders"]["text"]["_name_or_path"] = "/home/secret/bert-base"
    meta["provenance"] = provenance
    (checkpoint / "gmf.json").write_text(json.dumps(meta))
    return folder


def test_a_saved_folder_loads_and_gives_the_same(run, tmp_path):
    pipeline = gmf.load(run)
    saved = pipeline.save_pretrained(tmp_path / "saved")
    assert gmf.load(saved)(TEXT) == pipeline(TEXT)
    assert Pipeline.from_pretrained(saved)(TEXT) == pipeline(TEXT)
    for path in saved.rglob("*"):
        if path.is_file():
            assert b"secret" not in path.read_bytes(), path
    assert not list(saved.rglob("*.pt"))
    assert json.loads((saved / "gmf.json").read_text())["data"]["max_subwords"] == 48


def test_the_card_says_whether_confidences_were_calibrated(run, tmp_path):
    checkpoint = run / "checkpoints" / "epoch-002"
    card = gmf.load(run).save_pretrained(tmp_path / "plain") / "README.md"
    assert "It was not calibrated." in card.read_text()
    (checkpoint / "calibration.json").write_text(json.dumps(CALIBRATION))
    card = gmf.load(run).save_pretrained(tmp_path / "calibrated") / "README.md"
    text = "on 1153 predicted entities of dev (temperature 1.36): its expected error there is 0.029"
    assert text in card.read_text()
    exported = export_onnx(load_tagger(checkpoint), tmp_path / "exported").folder
    card = save_pretrained(exported, tmp_path / "again") / "README.md"
    assert text in card.read_text()


def test_no_place_of_several_corpora_is_published_and_each_has_its_own_score(run, tmp_path):
    meta_path = run / "checkpoints" / "epoch-002" / "gmf.json"
    meta = json.loads(meta_path.read_text())
    meta["data"] |= {
        "folder": None,
        "folders": [{"folder": "/home/secret/a"}, {"folder": "/home/secret/b"}],
        "mix": {"a": 1.0, "b": 2.0},
    }
    meta["data"]["cache"] = {"kind": "pixels", "folder": "/home/secret/cache"}
    meta["provenance"]["init"] = {"name": "/home/secret/runs/first", "digest": "c" * 64}
    meta["provenance"]["teacher"] = {"name": "gmf on large", "digest": "ab" * 32}
    meta_path.write_text(json.dumps(meta))
    state = json.loads((run / "state.json").read_text())
    dev = state["history"][1]["dev"]
    both = {rule: {"micro": {**dev[rule]["micro"], "gold": 3}} for rule in ("lenient", "strict")}
    state["history"][1]["corpora"] = {"a": both, "b": dev}
    (run / "state.json").write_text(json.dumps(state))
    provenance = json.loads((run / "provenance.json").read_text())
    part = next(p for p in provenance["data"] if p["part"] == "dev")
    provenance["data"] = [
        {**part, "source": f"{name}/dev.txt", "digest": name * 32} for name in "ab"
    ]
    (run / "provenance.json").write_text(json.dumps(provenance))
    saved = gmf.load(run).save_pretrained(tmp_path / "saved")
    assert b"secret" not in (saved / "gmf.json").read_bytes()
    assert "- teacher: gmf on large, weights `abababababab`" in (saved / "README.md").read_text()
    assert gmf.load(saved)(TEXT) == gmf.load(run)(TEXT)
    scores = json.loads((saved / "scores.json").read_text())
    assert {(s["data"], s["gold"]) for s in scores} == {
        ("a/dev.txt", 3),
        ("b/dev.txt", dev["lenient"]["micro"]["gold"]),
    }


def test_the_card_tells_data_scores_and_limits(run, tmp_path):
    saved = gmf.load(run).save_pretrained(tmp_path / "saved", scores=[TEST], license="mit")
    card = (saved / "README.md").read_text()
    head, body = card.removeprefix("---\n").split("---\n", 1)
    meta = yaml.safe_load(head)
    assert (meta["library_name"], meta["license"]) == ("gmf", "mit")
    results = meta["model-index"][0]["results"]
    values = {(r["dataset"]["split"], m["name"]): m["value"] for r in results for m in r["metrics"]}
    assert values["test", "f1 (micro, exact span, lenient)"] == 0.333333
    assert values["dev", "f1 (micro, exact span, strict)"] == pytest.approx(0.1)
    assert "| dev.txt, dev | lenient | 80.00 | 70.00 | 20.00 | 9 | gmf train, epoch 2" in body
    assert "| Twitter-X, test | lenient | 50.00 | 25.00 | 33.33 | 12 |" in body
    assert "| train | Twitter-X | 7 | `tttttttttttt` |" in body
    assert "text encoder: bert-base, weights `aaaaaaaaaaaa`" in body
    assert "more than 48 subwords is read in overlapping windows" in body
    assert "An image that has nothing to do with the text" in body
    for title in ("Use", "Scores", "Data", "Making", "Intended use", "Limits", "Licence"):
        assert f"## {title}\n" in body


def test_a_run_that_did_not_note_its_data_has_no_dev_score(run, tmp_path):
    path = run / "provenance.json"
    path.write_text(
        json.dumps({**json.loads(path.read_text()), "data": {"train": "a", "dev": "b"}})
    )
    saved = gmf.load(run).save_pretrained(tmp_path / "saved")
    assert json.loads((saved / "scores.json").read_text()) == []
    assert "None were recorded" in (saved / "README.md").read_text()


def test_scores_travel_and_are_not_doubled(run, tmp_path):
    first = gmf.load(run).save_pretrained(tmp_path / "a", scores=[TEST])
    again = gmf.load(first).save_pretrained(tmp_path / "b", scores=[TEST])
    assert (again / "scores.json").read_text() == (first / "scores.json").read_text()
    assert len(json.loads((again / "scores.json").read_text())) == 3


def test_a_model_without_history_says_so(tmp_path):
    checkpoint = tiny_checkpoint(tmp_path / "model", "bert-crf")
    card = (gmf.load(checkpoint).save_pretrained(tmp_path / "saved") / "README.md").read_text()
    assert "None were recorded with this model." in card
    assert "Not stated by whoever published it." in card
    assert "it reads no images" in card
    assert "model-index" not in card


def test_an_exported_model_is_saved_the_same_way(tmp_path):
    source = tmp_path / "exported"
    source.mkdir()
    encoders = {"text": {"name": "C:\\secret\\minilm", "digest": "b" * 64}}
    meta = {"model": "gmf", "types": ["PER"], "images": {"max_regions": 3}, "max_subwords": 64}
    (source / "export.json").write_text(json.dumps({**meta, "provenance": {"encoders": encoders}}))
    (source / "tagger.onnx").write_bytes(b"graph")
    (source / "tokenizer.json").write_text("{}")
    saved = save_pretrained(source, tmp_path / "saved")
    names = {"README.md", "export.json", "scores.json", "tagger.onnx", "tokenizer.json"}
    assert {path.name for path in saved.iterdir()} == names
    card = (saved / "README.md").read_text()
    assert "with the help of its images" in card
    assert "text encoder: minilm, weights" in card
    assert "more than 64 subwords is read in overlapping windows" in card
    assert "secret" not in card + (saved / "export.json").read_text()


def test_what_cannot_be_saved_is_named(run, tmp_path):
    pipeline = gmf.load(run)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.docx").touch()
    with pytest.raises(ConfigError, match="holds something else"):
        pipeline.save_pretrained(tmp_path / "full")
    with pytest.raises(ConfigError, match="is the model itself"):
        pipeline.save_pretrained(pipeline.source)
    with pytest.raises(ConfigError, match="was not loaded from a folder"):
        Pipeline(TorchEngine(tiny_tagger())).save_pretrained(tmp_path / "x")
    with pytest.raises(CheckpointError, match="expected a checkpoint or an exported model"):
        Pipeline(pipeline.engine, source=tmp_path).save_pretrained(tmp_path / "x")
    pipeline.save_pretrained(tmp_path / "saved")
    pipeline.save_pretrained(tmp_path / "saved")


def test_a_model_never_comes_to_lie_among_files_of_another(run, tmp_path):
    calibrated, plain = gmf.load(run), tiny_checkpoint(tmp_path / "plain", "bert-crf")
    calibrated.save_pretrained(tmp_path / "saved")
    before = {path: path.read_bytes() for path in (tmp_path / "saved").rglob("*.json")}
    with pytest.raises(ConfigError, match=r"saved: holds another model, with .*, which this one"):
        save_pretrained(plain, tmp_path / "saved")
    assert {path: path.read_bytes() for path in before} == before


@pytest.fixture
def hub(tmp_path, monkeypatch):
    return install_fake_hub(tmp_path / "hub", monkeypatch)


def test_pushed_and_loaded_by_its_id(run, hub):
    pipeline = gmf.load(run)
    url = pipeline.push_to_hub("someone/gmf-x", private=True, token="t", license="cc-by-4.0")
    assert url == "https://hub.example/someone/gmf-x/commit/1"
    assert hub.created == {"someone/gmf-x": True}
    card = (hub.root / "someone/gmf-x" / "README.md").read_text()
    assert "# gmf-x\n" in card
    assert 'gmf.load("someone/gmf-x")' in card
    loaded = gmf.load("someone/gmf-x", revision="v1")
    assert loaded(TEXT) == pipeline(TEXT)
    assert loaded.source == hub.root / "cache" / "v1" / "someone" / "gmf-x"
    assert not list(loaded.source.rglob("*.py"))


def test_pushing_again_leaves_nothing_of_the_model_before(run, hub, tmp_path):
    before, plain = gmf.load(run), gmf.load(tiny_checkpoint(tmp_path / "plain", "bert-crf"))
    (before.source / "calibration.json").write_text(json.dumps(CALIBRATION))
    for pipeline in (before, plain):
        pipeline.push_to_hub("someone/gmf-x", token="t")
    assert not (hub.root / "someone/gmf-x" / "calibration.json").exists()
    assert gmf.load("someone/gmf-x")(TEXT) == plain(TEXT)


def test_a_hub_that_refuses_is_named(run, hub):
    with pytest.raises(CheckpointError, match=r"the hub did not take it \(no token\); log in"):
        gmf.load(run).push_to_hub("someone/gmf-x", token="unknown")
    with pytest.raises(ConfigError, match="expected a hub id of the form owner/name"):
        gmf.load(run).push_to_hub("gmf-x")
    with pytest.raises(CheckpointError, match=r"did not give it \(cannot reach the hub\)"):
        gmf.load("someone/absent")
    with pytest.raises(ConfigError, match=r"revision 'v1': .* is here, and no hub id"):
        gmf.load(run, revision="v1")
