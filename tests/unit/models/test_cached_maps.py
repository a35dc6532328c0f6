"""Cached maps are computed in the precision of the training that reads them."""

from dataclasses import replace

import pytest
import torch

from gmf.data.config import CacheConfig
from gmf.testing import synthetic_samples, tiny_tagger
from gmf.vision.cache.manage import cache_info


def tagger_of(precision, tmp_path, kind="maps"):
    tagger = tiny_tagger()
    cache = CacheConfig(kind=kind, folder=str(tmp_path / "caches"))
    data = tagger.data.model_copy(update={"cache": cache})
    return replace(tagger, data=data, provenance={**tagger.provenance, "precision": precision})


@pytest.fixture(params=[True, False], ids=["bf16-hardware", "other-hardware"])
def has_bf16(request, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": request.param})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    return request.param


def test_maps_take_half_the_space_where_bf16_is_computed(tmp_path, has_bf16):
    samples = synthetic_samples(tmp_path, count=3)
    exact = tagger_of("fp32", tmp_path).collator(cached=True)(samples)
    low = tagger_of("bf16", tmp_path).collator(cached=True)(samples)
    assert {stage.dtype for stage in exact.stage_maps} == {torch.float32}
    assert {stage.dtype for stage in low.stage_maps} == {
        torch.bfloat16 if has_bf16 else torch.float32
    }
    sizes = sorted(info.size_bytes / info.views for info in cache_info(tmp_path / "caches"))
    assert len(sizes) == (2 if has_bf16 else 1)
    if has_bf16:
        assert sizes[1] == pytest.approx(2 * sizes[0], rel=0.1)


def test_maps_of_other_settings_are_another_cache(tmp_path):
    samples = synthetic_samples(tmp_path, count=2)
    for _ in range(2):
        for activation in ("relu", "gelu"):
            tagger = tagger_of("fp32", tmp_path)
            tagger.model.image_encoder.config.hidden_act = activation
            tagger.collator(cached=True)(samples)
    assert len(cache_info(tmp_path / "caches")) == 2


@pytest.mark.parametrize("kind", ["maps", "pooled_maps"])
def test_a_model_reads_bf16_maps_without_autocast(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    samples = synthetic_samples(tmp_path, count=3)
    outputs = []
    for precision in ("fp32", "bf16"):
        tagger = tagger_of(precision, tmp_path, kind)
        with torch.no_grad():
            outputs.append(tagger.model(tagger.collator(cached=True)(samples).to("cpu")).emissions)
    assert outputs[1].dtype == torch.float32
    assert not torch.equal(*outputs)
    torch.testing.assert_close(*outputs, rtol=0.05, atol=0.05)


def test_a_model_of_pooled_maps_reads_them_without_a_cache_too(tmp_path):
    samples = synthetic_samples(tmp_path, count=3)
    pooled, whole = (tagger_of("fp32", tmp_path, kind) for kind in ("pooled_maps", "maps"))
    maps = pooled.collator()(samples).stage_maps
    exact = whole.model.image_encoder(torch.as_tensor(whole.collator()(samples).views))
    assert whole.collator()(samples).stage_maps is None
    assert max(stage.shape[-1] for stage in exact) > 7
    for stage, full in zip(maps, exact, strict=True):
        expected = torch.nn.functional.adaptive_avg_pool2d(full, min(7, full.shape[-1]))
        torch.testing.assert_close(torch.as_tensor(stage), expected)
