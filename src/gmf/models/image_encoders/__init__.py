"""Families of image encoders: which class each has, and how its output becomes a pyramid."""

from gmf.core.errors import EncoderError
from gmf.core.registry import Registry
from gmf.models.image_encoders.base import ImageFamily

#: ``model_type`` of a Hugging Face configuration to the family that reads it as a pyramid.
IMAGE_FAMILIES: Registry[type[ImageFamily]] = Registry(
    "image encoder family",
    group="gmf.image_encoders",
    base=ImageFamily,
    built_in={
        "clip": "gmf.models.image_encoders.vision_transformer:Clip",
        "clip_vision_model": "gmf.models.image_encoders.vision_transformer:Clip",
        "convnext": "gmf.models.image_encoders.convolutional:ConvNext",
        "convnextv2": "gmf.models.image_encoders.convolutional:ConvNextV2",
        "dinov2": "gmf.models.image_encoders.vision_transformer:Dinov2",
        "dinov2_with_registers": "gmf.models.image_encoders.vision_transformer:Dinov2Registers",
        "mobilenet_v2": "gmf.models.image_encoders.convolutional:MobileNetV2",
        "resnet": "gmf.models.image_encoders.convolutional:ResNet",
        "siglip": "gmf.models.image_encoders.vision_transformer:Siglip",
        "siglip_vision_model": "gmf.models.image_encoders.vision_transformer:Siglip",
        "swin": "gmf.models.image_encoders.swin:Swin",
        "vit": "gmf.models.image_encoders.vision_transformer:Vit",
    },
)


def image_family(model_type: str) -> ImageFamily:
    """Return the family of a ``model_type``.

    Raises:
        EncoderError: If there is none; lists those that exist.
        ConfigError: If the package that brings it cannot be imported.
    """
    if model_type not in IMAGE_FAMILIES:
        raise EncoderError(
            f"image encoder of type {model_type!r}: expected one of {', '.join(IMAGE_FAMILIES)}; "
            "others come with the package that brings them, or from a file with --code FILE"
        )
    return IMAGE_FAMILIES.get(model_type)()
