import pytest
from fixtures.corpus import write_corpus
from typer.testing import CliRunner

from gmf.cli.main import app
from gmf.core.errors import ConfigError
from gmf.experiments.presets import load_run_config
from gmf.testing import save_tiny_encoders
from gmf.training.caching import plan_cache
from gmf.training.run import train
from gmf.vision.cache import views as cached_views


@pytest.fixture
def options(tmp_path):
    text, image = save_tiny_encoders(tmp_path)
    data = write_corpus(tmp_path / "data")
    (data / "images" / "train0.jpg").write_bytes(b"no picture")
    (data / "images" / "train1.jpg").unlink()
    return [
        f"data.folder={data}",
        f"data.cache.folder={tmp_path / 'caches'}",
        "data.cache.kind=maps",
        f"encoders.text={text}",
        f"encoders.image={image}",
        "training.epochs=1",
    ]


def run(*arguments):
    return CliRunner().invoke(app, ["cache", "fill", "twitter2017", *arguments])


def test_a_filled_cache_leaves_training_nothing_to_encode(options, tmp_path, monkeypatch):
    planned = run(*options, "--plan")
    assert planned.exit_code == 0, planned.output
    _, plan = plan_cache(load_run_config("twitter2017", options))
    assert f"{plan.views} views, {plan.views} to compute" in planned.output
    assert "1 have no readable file" in planned.output
    filled = run(*options)
    assert filled.exit_code == 0, filled.output
    assert f"{plan.views - 1} views written; 1 cannot be read, 0 cannot be kept" in filled.output
    assert f"{plan.views} views, 1 to compute" in run(*options, "--plan").output
    sources = []
    fetch = cached_views.CachedViews.fetch
    monkeypatch.setattr(
        cached_views.CachedViews,
        "fetch",
        lambda self, views: sources.append(self) or fetch(self, views),
    )
    _, images = train(load_run_config("twitter2017", options), tmp_path / "run")
    assert images.images["read"] == 14
    assert images.images.total() == 16
    assert (sources[0].counts.misses, sources[0].counts.stored) == (1, 0)


def test_a_full_disk_is_said_before_anything_is_computed(options, monkeypatch):
    monkeypatch.setattr(cached_views.CachedViews, "_free_bytes", lambda self: 10_000)
    refused = run(*options)
    assert refused.exit_code != 0
    assert "the cache needs" in str(refused.exception)


@pytest.mark.parametrize("choice", ["model=bert-crf", "data.cache.kind=none"])
def test_runs_that_keep_no_views_have_nothing_to_fill(options, choice):
    with pytest.raises(ConfigError, match="nothing to fill: model"):
        plan_cache(load_run_config("twitter2017", [*options, choice]))
