import json

import pytest
import torch
from typer.testing import CliRunner

from gmf.cli.cache import cache_app
from gmf.core.config import parse_config
from gmf.core.errors import ConfigError
from gmf.core.tags import TagSet
from gmf.data.alignment import WordEncoder
from gmf.data.collate import Collator
from gmf.data.config import CacheConfig
from gmf.testing import synthetic_samples, tiny_image_processor, tiny_tokenizer
from gmf.vision.cache.build import build_view_source
from gmf.vision.cache.store import cache_root
from gmf.vision.views import DirectViews


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GMF_HOME", str(tmp_path / "home"))


def encode(pixels):
    return (torch.nn.functional.avg_pool2d(pixels, 4), torch.nn.functional.avg_pool2d(pixels, 8))


def batch_of(tmp_path, **options):
    config = parse_config(CacheConfig, options)
    source = build_view_source(
        DirectViews(tiny_image_processor()), config=config, encode=encode, encoder_digest="e"
    )
    encoder = WordEncoder.of(tiny_tokenizer(), max_subwords=128)
    collate = Collator(tags=TagSet(), encoder=encoder, view_source=source)
    return collate(synthetic_samples(tmp_path, count=6)).to("cpu")


def test_every_kind_gives_the_same_pictures_to_a_batch(tmp_path):
    direct = batch_of(tmp_path, kind="none")
    for _ in range(2):
        assert torch.equal(batch_of(tmp_path).views, direct.views)
        for got, wanted in zip(
            batch_of(tmp_path, kind="maps").stage_maps, encode(direct.views), strict=True
        ):
            assert torch.equal(got, wanted)
        pooled = batch_of(tmp_path, kind="pooled_maps")
        assert [stage.shape[-1] for stage in pooled.stage_maps] == [7, 4]
        assert torch.equal(pooled.view_index, direct.view_index)
    assert {path.name.split("-")[0] for path in cache_root().iterdir() if path.is_dir()} == {
        "pixels",
        "maps",
        "pooled_maps",
    }


def test_folder_can_be_chosen(tmp_path):
    batch_of(tmp_path, kind="pixels", folder=str(tmp_path / "elsewhere"))
    assert not cache_root().exists()
    assert any((tmp_path / "elsewhere").iterdir())


def test_maps_need_a_frozen_encoder():
    direct = DirectViews(tiny_image_processor())
    with pytest.raises(ConfigError, match=r"'maps' keeps the output of a frozen.*choose pixels"):
        build_view_source(direct, config=CacheConfig(kind="maps"))
    with pytest.raises(ConfigError, match=r"kind: Input should be 'none', 'pixels'"):
        parse_config(CacheConfig, {"kind": "everything"})


def test_commands(tmp_path):
    batch_of(tmp_path)
    runner = CliRunner()
    listed = json.loads(runner.invoke(cache_app, ["info", "--json"]).stdout)
    assert [(row["kind"], row["views"]) for row in listed] == [("pixels", 12)]
    assert "1 caches" in runner.invoke(cache_app, ["info"]).stdout
    assert "deleted 0" in runner.invoke(cache_app, ["clear", "--kind", "maps"]).stdout
    assert "deleted 1" in runner.invoke(cache_app, ["clear"]).stdout
    assert json.loads(runner.invoke(cache_app, ["info", "--json"]).stdout) == []
