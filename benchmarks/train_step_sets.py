"""The two data sets of `train_step.py`: the demo corpus, and posts of full-size shapes."""

import json
import random
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

import numpy as np
from gmf_demo.corpus import DemoCorpusConfig, write_corpus
from PIL import Image
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, ResNetConfig, ResNetModel
from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil

from gmf.core.tags import PAPER_TYPES

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
SYLLABLES = [first + second for first, second in product("bdfgklmnprstvz", "aeiou")]
ENDINGS = ("qua", "que", "qui", "quo")
PICTURE_SIZE, REGIONS = (640, 480), 3


@dataclass(frozen=True)
class TrainingSet:
    """A data folder and the options of the run on it."""

    folder: Path
    preset: str
    overrides: tuple[str, ...]


def demo_set(place: Path, *, tweets: int) -> TrainingSet:
    """Write the demo corpus; one picture and one region a post, MiniLM and MobileNetV2."""
    folder = place / "demo"
    write_corpus(folder, config=DemoCorpusConfig(num_train=tweets, num_dev=1, num_test=1))
    return TrainingSet(folder, "demo-gmf", ())


def synthetic_set(place: Path, *, tweets: int, is_tiny: bool = False) -> TrainingSet:
    """Write posts with a picture and three regions each; shapes of BERT-base and ResNet-50.

    Tiny encoders are for trying a measurement out.
    """
    folder, encoders = place / "synthetic", place / "encoders"
    stems = ["".join(parts) for parts in islice(product(SYLLABLES, repeat=3), 30_000)]
    random.Random(0).shuffle(stems)
    write_encoders(encoders, stems, **(TINY if is_tiny else {}))
    (folder / "images").mkdir(parents=True)
    regions = [write_picture(folder / "images" / f"{n}.jpg", seed=n) for n in range(tweets + 1)]
    (folder / "regions.jsonl").write_text("".join(regions))
    rng = random.Random(0)
    posts = [write_post(n, stems, rng) for n in range(tweets + 1)]
    (folder / "train.txt").write_text("".join(posts[:tweets]))
    (folder / "dev.txt").write_text(posts[tweets])
    names = (f"encoders.text={encoders / 'bert'}", f"encoders.image={encoders / 'resnet'}")
    return TrainingSet(folder, "twitter2015", names)


TINY = {
    "text": BertConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=32
    ),
    "image": ResNetConfig(embedding_size=16, hidden_sizes=[16, 16, 32, 32], depths=[1] * 4),
}


def write_encoders(
    folder: Path,
    stems: list[str],
    *,
    text: BertConfig | None = None,
    image: ResNetConfig | None = None,
) -> None:
    BertModel(text or BertConfig()).save_pretrained(folder / "bert")
    pieces = [*SPECIAL, *(f"##{ending}" for ending in ENDINGS), *stems]
    backend = Tokenizer(WordPiece({p: n for n, p in enumerate(pieces)}, unk_token="[UNK]"))
    backend.normalizer, backend.pre_tokenizer = BertNormalizer(), BertPreTokenizer()
    backend.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = dict(zip(("pad", "unk", "cls", "sep", "mask"), SPECIAL, strict=True))
    PreTrainedTokenizerFast(
        tokenizer_object=backend, **{f"{name}_token": piece for name, piece in names.items()}
    ).save_pretrained(folder / "bert")
    ResNetModel(image or ResNetConfig()).save_pretrained(folder / "resnet")
    ConvNextImageProcessorPil(size={"shortest_edge": 224}).save_pretrained(folder / "resnet")


def write_picture(path: Path, *, seed: int) -> str:
    """Write a picture and return its line of ``regions.jsonl``."""
    rng = np.random.default_rng(seed)
    patches = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8))
    patches.resize(PICTURE_SIZE, Image.Resampling.BICUBIC).save(path, quality=88)
    corners = rng.integers(0, 200, (REGIONS, 2)).tolist()
    regions = [
        {"box": [x, y, x + 220, y + 200], "label": "object", "score": 1.0} for x, y in corners
    ]
    return json.dumps({"image": path.name, "regions": regions}) + "\n"


def write_post(number: int, stems: list[str], rng: random.Random) -> str:
    """Return a post of 6 to 28 words, 1.5 subwords each, with one to three names."""
    words = [rng.choice(stems) + rng.choice(("", rng.choice(ENDINGS))) for _ in range(16)]
    words = (words * 2)[: rng.randrange(6, 29)]
    tags = ["O"] * len(words)
    for place in rng.sample(range(0, len(words) - 1, 2), rng.randrange(1, 4)):
        kind = rng.choice(PAPER_TYPES)
        tags[place : place + 2] = [f"B-{kind}", rng.choice(("O", f"I-{kind}"))]
    lines = (f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True))
    return f"IMGID:{number}\n{''.join(lines)}\n"
