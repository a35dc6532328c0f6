"""Filling a run's cache of views ahead of training."""

from gmf.core.device import torch_device
from gmf.core.errors import ConfigError
from gmf.reading.corpora import read_corpora
from gmf.reading.readers import read_split, splits_of
from gmf.training.config import RunConfig
from gmf.training.run import untrained_tagger
from gmf.vision.cache.views import CachedViews, CachePlan


def plan_cache(config: RunConfig) -> tuple[CachedViews, CachePlan]:
    """Return the cache that a run reads, and what of its data folder is not in it yet.

    All splits of the folder count; ``train`` must be there. Reads every image file once and writes
    nothing but the empty cache; `CachedViews.fill` carries the plan out.

    Raises:
        ConfigError: If no data folder is named, or the model or the cache kind keeps no views.
        DataError: If a data file breaks its format.
        EncoderError: If an encoder cannot be found or fetched.
    """
    corpora, encoding = config.data.corpora, config.data.encoding
    train = read_corpora(corpora, ("train",), encoding=encoding)["train"]
    device = torch_device()
    tagger = untrained_tagger(config, train, device=device)
    tagger.model.to(device)  # Where training computes, which the cache's name may tell.
    collator = tagger.collator(cached=True)
    cache = collator.view_source
    if not isinstance(cache, CachedViews):
        raise ConfigError(
            f"nothing to fill: model {config.model.name!r} with data.cache.kind="
            f"{config.data.cache.kind}; expected a model that reads images, and a cache kind of "
            "pixels, maps or pooled_maps"
        )
    others = [
        sample
        for corpus in corpora
        for name in splits_of(corpus.folder)
        if name != "train"
        for sample in read_split(corpus.folder, name, options=corpus.reading(encoding))
    ]
    return cache, cache.plan(collator.views([*train, *others]))
