"""Checks of what a model does with images."""

from dataclasses import replace

import torch

from gmf.testing.subject import Subject


def image_matters_and_a_masked_one_does_not(subject: Subject) -> None:
    """Other pixels change the emissions of exactly the samples that have an image."""
    model, batch = subject.model, subject.batch
    assert batch.views is not None
    other = replace(batch, views=torch.randn(batch.views.shape))
    difference = (model(batch).emissions - model(other).emissions).abs().amax(dim=(1, 2))
    has_image = (batch.view_index >= 0).any(dim=1)
    for row, (changed, expected) in enumerate(zip(difference > 1e-5, has_image, strict=True)):
        fault = "has no image and changes" if changed else "has an image and does not change"
        subject.require(
            bool(changed == expected), f"sample {row} {fault} when all pixels are others"
        )


def samples_without_images_are_the_same_in_any_batch(subject: Subject) -> None:
    """Images of other samples do not enter."""
    model, batch = subject.model, subject.batch
    bare = ~(batch.view_index >= 0).any(dim=1)
    torch.testing.assert_close(
        model(batch).emissions[bare],
        model(batch.without_images()).emissions[bare],
        rtol=1e-4,
        atol=1e-5,
        msg=lambda text: f"{subject.name}: images of other samples enter: {text}",
    )


def cached_maps_stand_for_pixels(subject: Subject) -> None:
    """Maps of the frozen image encoder give bit for bit what the pixels give."""
    model, batch = subject.model, subject.batch
    maps = model.get_submodule("image_encoder")(batch.views)
    cached = replace(batch, views=None, stage_maps=maps)
    subject.require(
        torch.equal(model(cached).emissions, model(batch).emissions),
        "emissions from cached maps differ from those of the pixels",
    )
