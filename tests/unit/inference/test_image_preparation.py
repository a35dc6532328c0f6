"""Pictures become the pixels that the image processor makes, for processors of several kinds."""

import numpy as np
import pytest
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil
from transformers.models.mobilenet_v2.image_processing_pil_mobilenet_v2 import (
    MobileNetV2ImageProcessorPil,
)
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from gmf.core.errors import ExportError
from gmf.inference.image_preparation import ImagePreparation, preparation_of

PROCESSORS = {
    "crop after short side": MobileNetV2ImageProcessorPil(),
    "crop of an odd size": MobileNetV2ImageProcessorPil(
        size={"shortest_edge": 37}, crop_size={"height": 32, "width": 29}
    ),
    "crop share": ConvNextImageProcessorPil(size={"shortest_edge": 224}, crop_pct=0.875),
    "warped": ConvNextImageProcessorPil(size={"shortest_edge": 384}),
    "fixed size": ViTImageProcessorPil(size={"height": 48, "width": 40}),
    "bicubic": CLIPImageProcessorPil(size={"shortest_edge": 64}, crop_size=64),
    "no normalisation": ViTImageProcessorPil(do_normalize=False),
    "bytes": ViTImageProcessorPil(do_rescale=False, do_normalize=False),
}


@pytest.mark.parametrize("name", PROCESSORS)
@pytest.mark.parametrize("size", [(120, 90), (33, 200), (256, 256), (1, 1)])
def test_pixels_are_those_of_the_image_processor(name, size):
    processor = PROCESSORS[name]
    noise = np.random.default_rng(9).integers(0, 256, (size[1], size[0], 3), np.uint8)
    picture = Image.fromarray(noise)
    expected = processor(images=[picture], return_tensors="np")["pixel_values"][0]
    preparation = preparation_of(processor)
    found = preparation.prepare(picture)
    assert found.dtype == np.float32
    assert found.shape == expected.shape == preparation.shape
    assert np.abs(found - expected).max() <= 1e-6 * max(1, np.abs(expected).max())


def test_a_preparation_survives_json():
    preparation = preparation_of(PROCESSORS["crop share"])
    assert ImagePreparation.model_validate_json(preparation.model_dump_json()) == preparation


def test_a_processor_that_does_more_is_refused():
    class Mirroring(ViTImageProcessorPil):
        def __call__(self, images, **options):
            return super().__call__([image.transpose(0) for image in images], **options)

    with pytest.raises(ExportError, match="Mirroring: does more than resizing"):
        preparation_of(Mirroring())


def test_a_processor_without_understood_options_is_refused():
    with pytest.raises(ExportError, match="its options are not understood"):
        preparation_of(lambda images, **_: {"pixel_values": np.zeros((1, 3, 4, 4))})


def test_a_processor_that_keeps_sizes_has_no_shape():
    preparation = preparation_of(ViTImageProcessorPil(do_resize=False))
    with pytest.raises(ExportError, match="keeps sizes"):
        _ = preparation.shape
