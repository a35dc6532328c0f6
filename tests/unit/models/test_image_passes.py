import torch

from gmf.core.types import Sample
from gmf.testing import synthetic_samples, tiny_tagger


def test_each_distinct_picture_runs_once_through_the_frozen_backbone(tmp_path):
    tagger = tiny_tagger()
    first, second = (item.images for item in synthetic_samples(tmp_path, count=2))
    shown = [first, second, first, (*second, *first)]
    samples = [Sample(str(n), ("a", "b"), ("O", "O"), images) for n, images in enumerate(shown)]
    seen = []
    backbone = tagger.model.image_encoder.model
    backbone.register_forward_pre_hook(lambda _, inputs: seen.extend(inputs[0].detach()))
    output = tagger.model.train()(tagger.collator()(samples).to("cpu"))
    distinct = {picture.numpy().tobytes() for picture in seen}
    assert len(seen) == len(distinct) == 4
    assert torch.isfinite(output.loss)
