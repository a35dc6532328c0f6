"""On every road a sample is tokenised once and an image decoded once."""

import json
from collections import Counter
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from fixtures.corpus import write_corpus
from fixtures.rule_engine import rule_model
from fixtures.serving import encoded, picture, tiny_pipeline

from gmf.core.types import Region
from gmf.data import decoding
from gmf.data.alignment import WordEncoder
from gmf.experiments.presets import load_run_config
from gmf.jobs import job
from gmf.jobs.files import predict_files
from gmf.prediction import user_input
from gmf.reading import tokenize
from gmf.reading.readers import read_split
from gmf.regions.filters import RegionFilter
from gmf.serving.app import create_app
from gmf.serving.config import ServeConfig
from gmf.serving.regions import RegionFinder
from gmf.testing import save_tiny_encoders
from gmf.training.run import train

TEXTS = [f"{name} is in Oslo {'so ' * n}" for n, name in enumerate(["Ann", "Rocky", "Acme"])]
CONTENTS = [picture(colour) for colour in ("red", "green", "blue")]


class Counts:
    """How often words went to the tokenizer, text was split into words, an image was decoded."""

    def __init__(self, monkeypatch):
        self.encoded, self.split, self.decoded = Counter(), Counter(), Counter()
        encode, split, upright = WordEncoder._encode, tokenize.tokenize, decoding.upright_rgb

        def encode_counted(encoder, words, **options):
            self.encoded.update(map(tuple, words))
            return encode(encoder, words, **options)

        def split_counted(text, **options):
            self.split[text] += 1
            return split(text, **options)

        def decode_counted(image):
            self.decoded[image.fp.getvalue()] += 1
            return upright(image)

        monkeypatch.setattr(WordEncoder, "_encode", encode_counted)
        monkeypatch.setattr(user_input, "tokenize", split_counted)
        monkeypatch.setattr(decoding, "upright_rgb", decode_counted)

    def check(self, texts, contents):
        assert self.split == Counter(texts)
        assert self.encoded == Counter(tuple(text.split()) for text in texts)
        assert self.decoded == Counter(contents)


@pytest.fixture
def counts(monkeypatch):
    return Counts(monkeypatch)


class Middle:
    """Proposes the middle of each image."""

    source, needs_picture = "middle", True

    def queries_of(self, texts):
        return []

    def propose(self, requests):
        return [[Region((4, 4, r.upright.width - 4, r.upright.height - 4))] for r in requests]


def body(number, *boxes):
    regions = [{"box": box} for box in boxes]
    image = {"data": encoded(CONTENTS[number]), "regions": regions}
    return {"text": TEXTS[number], "images": [image], "explain": number == 1}


@pytest.mark.parametrize("kind", ["none", "pixels", "maps"])
def test_training(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("GMF_HOME", str(tmp_path / "home"))
    text, image = save_tiny_encoders(tmp_path)
    data, epochs = write_corpus(tmp_path / "data"), 2
    options = {
        "data.folder": data,
        "data.cache.kind": kind,
        "encoders.text": text,
        "encoders.image": image,
        "training.epochs": epochs,
        "training.batch_size": 4,
        "training.precision": "fp32",
        "training.patience": "null",
    }
    config = load_run_config("twitter2017", [f"{key}={value}" for key, value in options.items()])
    splits = {name: read_split(data, name) for name in ("train", "dev")}
    counts = Counts(monkeypatch)
    train(config, tmp_path / "run")
    # Dev is read after each epoch, and once more for the temperature of the best checkpoint.
    readings = {"train": 1, "dev": epochs + 1}
    expected = Counter(
        sample.tokens for name, split in splits.items() for sample in split * readings[name]
    )
    assert counts.encoded == expected
    for name, split in splits.items():
        files = {image.source for sample in split for image in sample.images}
        contents = {path.read_bytes() for path in files if Path(path).is_file()}
        assert contents
        # Without a cache pixels are not kept from one reading to the next.
        passes = epochs if name == "train" else readings[name]
        times = passes if kind == "none" else 1
        assert {counts.decoded[content] for content in contents} == {times}


def test_files(tmp_path, monkeypatch, counts):
    for number, content in enumerate(CONTENTS):
        (tmp_path / f"{number}.png").write_bytes(content)
    lines = [{"text": text, "image": f"{number}.png"} for number, text in enumerate(TEXTS)]
    posts = tmp_path / "posts.jsonl"
    posts.write_text("".join(json.dumps(line) + "\n" for line in lines))
    monkeypatch.setattr(job, "load", lambda *_, **__: tiny_pipeline())
    predict_files(rule_model(tmp_path / "model"), posts, tmp_path / "out.jsonl")
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 3
    counts.check(TEXTS, CONTENTS)


@pytest.mark.parametrize("finds_regions", [False, True])
def test_server(counts, finds_regions):
    finder = RegionFinder(Middle(), limits=RegionFilter(max_regions=3)) if finds_regions else None
    with TestClient(create_app(tiny_pipeline(), finder=finder)) as client:
        answer = client.post("/v1/entities", json=body(0, [0, 0, 9, 9], [1, 1, 20, 20]))
        assert answer.status_code == 200
        posts = {"posts": [body(1), body(2, [0, 0, 9, 9])]}
        items = client.post("/v1/entities/batch", json=posts).json()["items"]
        assert all(item["result"] for item in items)
        regions = [v for v in items[0]["result"]["explanation"]["views"] if v["region"] is not None]
        assert len(regions) == finds_regions
    counts.check(TEXTS, CONTENTS)


def test_images_beyond_what_may_wait_are_decoded_again(counts):
    config = ServeConfig(max_pixels=48 * 40)
    posts = [body(number % 3) for number in range(9)]
    with TestClient(create_app(tiny_pipeline(), config=config)) as client:
        for _ in range(2):
            items = client.post("/v1/entities/batch", json={"posts": posts}).json()["items"]
            assert all(item["result"] for item in items)
    decodes = sum(counts.decoded.values())
    # Room for four of the nine; a batch opens an image once for all its posts.
    assert 2 * 9 < decodes <= 2 * (9 + 3)
