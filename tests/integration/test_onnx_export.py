"""A model exported to ONNX says what its checkpoint says, and needs no torch to say it."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image

import gmf
from gmf.core.errors import CheckpointError, ConfigError, ExportError
from gmf.core.plain import plain
from gmf.core.types import ImageInput, Sample
from gmf.data.config import CacheConfig
from gmf.models.registry import models
from gmf.prediction.onnx.engine import OnnxEngine
from gmf.prediction.onnx.export import export_onnx
from gmf.prediction.onnx.model import _providers
from gmf.prediction.onnx.quantise import quantise
from gmf.prediction.pipeline import Pipeline
from gmf.prediction.torch_engine import TorchEngine
from gmf.testing import mixed_samples, tiny_tagger, tiny_text_encoder

TEXT = "Rocky is ready for snow season in New York !"
SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture(scope="module")
def tagger():
    tagger = tiny_tagger("gmf")
    return replace(tagger, data=tagger.data.model_copy(update={"context": ("caption", "ocr")}))


@pytest.fixture(scope="module")
def folder(tagger, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported") / "gmf"
    export_onnx(tagger, out)
    return out


@pytest.fixture(scope="module")
def exported(folder):
    return gmf.load(folder)


@pytest.fixture(scope="module")
def original(tagger):
    return Pipeline(TorchEngine(tagger))


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "a.png"
    noise = np.random.default_rng(1).integers(0, 256, (40, 48, 3), np.uint8)
    Image.fromarray(noise).save(path)
    return path


def emissions(tagger, engine, samples):
    """Emissions and masks of both, word by word."""
    batch = tagger.collator()(samples).to("cpu")
    with torch.no_grad():
        expected = tagger.model(batch).emissions.numpy()
    found = engine.model(engine.collator(samples))
    mask = tagger.model.head.mask(batch).numpy()
    return expected[mask], found[mask]


def assert_same(found, expected):
    assert [(e.text, e.type, e.char_start) for e in found.entities] == [
        (e.text, e.type, e.char_start) for e in expected.entities
    ]
    assert [e.confidence for e in found.entities] == pytest.approx(
        [e.confidence for e in expected.entities], abs=1e-4
    )
    assert (found.tags, found.notes) == (expected.tags, expected.notes)


def test_emissions_agree_with_and_without_images_in_batches_of_every_size(tagger, folder, tmp_path):
    engine = OnnxEngine(folder, device="cpu")
    samples = mixed_samples(tmp_path)
    batches = [samples, samples[:1], samples[-2:-1], samples[-1:], samples[:2] * 3]
    for batch in [*batches, [Sample("15", ("Oslo",))]]:
        expected, found = emissions(tagger, engine, batch)
        assert np.abs(found - expected).max() < 1e-4
    with_images, _ = emissions(tagger, engine, samples[:1])
    without, _ = emissions(tagger, engine, [Sample("0", samples[0].tokens)])
    assert np.abs(with_images - without).max() > 0.01


def test_images_that_count_in_part_count_as_much_as_in_the_checkpoint(tagger, folder, tmp_path):
    samples = mixed_samples(tmp_path)
    whole, half, other = (
        list(engine.predict(samples, batch_size=4))
        for engine in (
            OnnxEngine(folder),
            OnnxEngine(folder, image_trust=0.5),
            TorchEngine(tagger, image_trust=0.5),
        )
    )
    for one, wanted in zip(half, other, strict=True):
        assert (one.tags, one.notes) == (wanted.tags, wanted.notes)
        assert [e.confidence for e in one.entities] == pytest.approx(
            [e.confidence for e in wanted.entities], abs=1e-4
        )
    assert half != whole


def test_predictions_are_the_same_in_order_with_confidences_and_notes(tagger, folder, tmp_path):
    samples = mixed_samples(tmp_path)
    broken = (ImageInput(tmp_path / "absent.png"), ImageInput(b"junk"))
    samples += [
        Sample("16", ("Rocky", "in", "Oslo"), images=broken),
        Sample("17", ()),
        Sample("18", ("snow",) * 100),
    ]
    engine, other = OnnxEngine(folder), TorchEngine(tagger)
    found = list(engine.predict(samples, batch_size=4))
    expected = list(other.predict(samples, batch_size=4))
    assert sum(len(p.entities) for p in expected) > 20
    for one, wanted in zip(found, expected, strict=True):
        assert (one.sample, one.tags, one.notes) == (wanted.sample, wanted.tags, wanted.notes)
        assert [e.confidence for e in one.entities] == pytest.approx(
            [e.confidence for e in wanted.entities], abs=1e-4
        )
    assert plain(engine.report) == plain(other.report)
    assert any("not used: " in note for prediction in found for note in prediction.notes)


def test_the_pipeline_takes_and_gives_the_same(exported, original, png):
    assert exported.types == original.types
    assert_same(exported(TEXT, image=png), original(TEXT, image=png))
    texts, images = [TEXT, "", "Acme in Oslo\u00a0 \ufe0f x"], [None, png, [png, png]]
    pairs = zip(exported(texts, image=images), original(texts, image=images), strict=True)
    for found, expected in pairs:
        assert_same(found, expected)


def test_an_exported_model_computes_as_it_was_exported(folder, exported):
    assert gmf.load(folder, precision="auto")(TEXT) == exported(TEXT)
    with pytest.raises(ConfigError, match=r"precision 'bf16': .*this one in fp32; leave precision"):
        gmf.load(folder, precision="bf16")


def test_explanations_tell_the_result_without_images_and_context(exported, original, png):
    post = {"text": TEXT, "context": {"caption": "the rocky season", "ocr": "is new"}}
    bare = [exported(post, explain=True), original(post, explain=True)]
    shares = [[e.confidence_without_context for e in d.explanation.entities] for d in bare]
    assert len(shares[0]) == len(shares[1]) > 0
    for one, other in zip(*shares, strict=True):
        assert list(one) == ["caption", "ocr"]
        assert one == pytest.approx(other, abs=1e-4)
    found = exported({**post, "image": png}, explain=True).explanation
    expected = original({**post, "image": png}, explain=True).explanation
    assert found.pictures == expected.pictures
    assert found.gates is None
    assert expected.gates is not None
    for one, other in zip(found.entities, expected.entities, strict=True):
        assert one.confidence_without_images == pytest.approx(
            other.confidence_without_images, abs=1e-4
        )
        assert one.confidence_without_context == pytest.approx(
            other.confidence_without_context, abs=1e-4
        )
    for name in ("without_images", "without_context"):
        pairs = [[(e.text, e.type) for e in getattr(e_, name)] for e_ in (found, expected)]
        assert pairs[0] == pairs[1]


def test_no_torch_is_imported_to_run_an_exported_model(folder, png):
    code = (
        "import sys, gmf\n"
        f"nlp = gmf.load({str(folder)!r})\n"
        f"document = nlp({TEXT!r}, image={str(png)!r}, explain=True)\n"
        f"nlp([{TEXT!r}, 'Oslo'])\n"
        "assert document.entities and document.explanation\n"
        "print([name for name in ('torch', 'transformers', 'onnx') if name in sys.modules])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_graphs_have_free_sizes_clear_names_and_no_trace_of_the_machine(folder):
    graph = onnx.load(folder / "tagger.onnx").graph
    shapes = {
        value.name: [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in graph.input
    }
    assert shapes["input_ids"] == ["batch", "subwords"]
    assert shapes["first_subword"] == ["batch", "words"]
    assert shapes["view_index"] == ["batch", "slots"]
    assert shapes["stage_map_3"] == ["views", 32, 1, 1]
    assert [value.name for value in graph.output] == ["emissions"]
    for file in folder.iterdir():
        assert b".py" not in file.read_bytes()


def test_quantised_matrices_are_smaller_and_nearly_agree(tagger, folder, tmp_path):
    small = tmp_path / "int8"
    shutil.copytree(folder, small)
    quantise(folder / "tagger.onnx", small / "tagger.onnx")
    expected, found = emissions(tagger, OnnxEngine(small), mixed_samples(tmp_path))
    assert 0 <= np.abs(found - expected).max() < 0.2 * expected.std()


def test_a_graph_that_does_something_else_gets_no_name(folder, tmp_path, monkeypatch):
    def stale(model, path, **_):
        shutil.copy(folder / "tagger.onnx", path)

    monkeypatch.setattr("gmf.prediction.onnx.export.write_tagger_graph", stale)
    changed = tiny_tagger("gmf")
    with torch.no_grad():
        changed.model.head.emission.bias.add_(0.01)
    with pytest.raises(ExportError, match=r"differ from the checkpoint by 0\.01 in an emission"):
        export_onnx(changed, tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("int8", [False, True])
def test_weights_too_large_for_one_file_travel_beside_it(tagger, tmp_path, monkeypatch, int8):
    monkeypatch.setattr("torch.onnx._internal.exporter._onnx_program._LARGE_MODEL_THRESHOLD", 1000)
    export_onnx(tagger, tmp_path / "large", int8=int8)
    beside = {path.name for path in (tmp_path / "large").glob("*.data")}
    assert beside == ({"images.onnx.data"} if int8 else {"images.onnx.data", "tagger.onnx.data"})
    large = gmf.load(tmp_path / "large")
    saved = large.save_pretrained(tmp_path / "saved")
    assert gmf.load(saved)(TEXT) == large(TEXT)


def test_an_export_leaves_folders_of_others_and_takes_an_empty_one(tagger, tmp_path, monkeypatch):
    (tmp_path / "x.part").mkdir()
    (tmp_path / "x.part" / "notes.txt").write_text("mine")
    monkeypatch.chdir(tmp_path / "x.part")
    export_onnx(tagger, tmp_path / "x")
    assert (tmp_path / "x.part" / "notes.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    report = export_onnx(tagger, Path())
    assert {path.name for path in (tmp_path / "empty").iterdir()} == set(report.sizes)
    assert gmf.load(".").types == gmf.load(tmp_path / "x").types
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_folder_that_holds_something_is_left_alone(tagger, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is there already; choose another folder"):
        export_onnx(tagger, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_unknown_devices_are_refused(folder):
    with pytest.raises(ConfigError, match=r"device 'tpu': this ONNX Runtime has .*CPUExecution"):
        gmf.load(folder, device="tpu")


def test_the_number_of_a_device_counts(folder, monkeypatch):
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: both)
    assert _providers("cuda:1") == [(both[0], {"device_id": 1}), (both[1], {})]
    assert _providers("auto") == _providers("cuda") == [(both[0], {}), (both[1], {})]
    assert _providers("cpu") == [(both[1], {})]
    with pytest.raises(ConfigError, match="cuda:x"):
        _providers("cuda:x")
    # Where a provider cannot be started the runtime computes on the CPU, and says nothing.
    start = onnxruntime.InferenceSession
    monkeypatch.setattr(
        "onnxruntime.InferenceSession",
        lambda *arguments, providers, **options: start(*arguments, providers=both[1:], **options),
    )
    assert gmf.load(folder)(TEXT)
    with pytest.raises(ConfigError, match=r"device 'cuda:1': cannot be started here"):
        gmf.load(folder, device="cuda:1")


def test_a_broken_graph_is_named(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    graph = tmp_path / "copy" / "images.onnx"
    graph.write_bytes(graph.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"images\.onnx: cannot be loaded"):
        gmf.load(tmp_path / "copy")


@pytest.mark.slow
def test_models_trained_on_pooled_maps_read_them_here_too(tagger, tmp_path):
    cache = CacheConfig(kind="pooled_maps")
    pooled = replace(tagger, data=tagger.data.model_copy(update={"cache": cache}))
    samples = mixed_samples(tmp_path)
    report = export_onnx(pooled, tmp_path / "out")
    expected, found = emissions(pooled, OnnxEngine(report.folder), samples)
    assert np.abs(found - expected).max() < 1e-4
    full, _ = emissions(tagger, OnnxEngine(report.folder), samples)
    assert np.abs(full - expected).max() > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("family", ["roberta", "mpnet"])
def test_other_text_encoders_are_exported(family, tmp_path):
    other = tiny_tagger("gmf", text_encoder=partial(tiny_text_encoder, family))
    report = export_onnx(other, tmp_path / "out")
    expected, found = emissions(other, OnnxEngine(report.folder), mixed_samples(tmp_path))
    assert np.abs(found - expected).max() < 1e-4


@pytest.mark.slow
def test_labels_on_every_subword_and_free_moves_are_exported(tmp_path):
    tagger = tiny_tagger("gmf", subword_labels="x", legal_moves=False)
    engine = OnnxEngine(export_onnx(tagger, tmp_path / "out").folder)
    mixed = mixed_samples(tmp_path)
    bare = [Sample(sample.id, sample.tokens) for sample in mixed]
    for samples in (mixed, bare, mixed[:1], bare[:1]):
        expected, found = emissions(tagger, engine, samples)
        assert np.abs(found - expected).max() < 1e-4
        pairs = zip(engine.predict(samples), TorchEngine(tagger).predict(samples), strict=True)
        for one, wanted in pairs:
            assert one.tags == wanted.tags
            assert [e.confidence for e in one.entities] == pytest.approx(
                [e.confidence for e in wanted.entities], abs=1e-4
            )


@pytest.mark.parametrize("name", [n for n in models if models.get(n).reads_words])
def test_models_that_read_words_are_refused(name, tmp_path):
    tagger = tiny_tagger("bert")
    object.__setattr__(tagger, "model", models.get(name).__new__(models.get(name)))
    with pytest.raises(ExportError, match=f"{models.get(name).__name__}: reads words"):
        export_onnx(tagger, tmp_path / "out")
