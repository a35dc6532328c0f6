"""Whole images of samples as vectors."""

import torch

from gmf.models.modules.visual_inputs import whole_images
from gmf.testing import tiny_batch


def test_a_sample_has_the_mean_of_its_whole_images_and_none_of_its_regions():
    batch = tiny_batch((2, 3, 1), slots=((0, 1), (2,), ()), num_views=3)
    second_is_whole = torch.zeros_like(batch.view_is_region)
    maps = [torch.arange(3.0)[:, None, None, None] + torch.ones(3, 4, 2, 2)]
    found = whole_images(batch, maps, channels=4)
    assert found.mask.any(dim=1).tolist() == [True, True, False]
    assert found.mean()[:, 0].tolist() == [1.0, 3.0, 0.0]
    object.__setattr__(batch, "view_is_region", second_is_whole)
    assert whole_images(batch, maps, channels=4).mean()[:, 0].tolist() == [1.5, 3.0, 0.0]


def test_a_batch_without_images_has_no_vectors():
    batch = tiny_batch((2, 3), slots=((), ()), num_views=0)
    found = whole_images(batch, None, channels=4)
    assert found.mean().shape == (2, 4)
    assert not found.mean().any()
