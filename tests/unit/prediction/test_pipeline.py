"""Posts in every accepted form give the same documents; explanations add up; threads agree."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

import gmf
from gmf.core.errors import CheckpointError, DataError, ImageError
from gmf.core.types import ImageInput, Region
from gmf.prediction.pipeline import Pipeline
from gmf.prediction.torch_engine import TorchEngine
from gmf.testing import synthetic_samples, tiny_checkpoint, tiny_tagger

TEXT = "Rocky is ready for snow season in New York !"


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline(TorchEngine(tiny_tagger()))


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "a.png"
    image = Image.new("RGB", (48, 40), "red")
    image.putpixel((3, 3), (0, 9, 200))
    image.save(path)
    return path


def test_loads_a_checkpoint_and_agrees_with_the_model_it_was_saved_from(pipeline, tmp_path, png):
    loaded = gmf.load(tiny_checkpoint(tmp_path / "run"))
    assert loaded(TEXT, image=png) == pipeline(TEXT, image=png)
    assert loaded.types == ("PER", "LOC", "ORG", "MISC")
    again = Pipeline.from_pretrained(tmp_path / "run", device="cpu")
    assert again(TEXT) == pipeline(TEXT)


def test_entities_are_pieces_of_the_text_with_probabilities(pipeline):
    document = pipeline("  Rocky\n\nis in  New York😀!")
    assert document.entities
    for entity in document.entities:
        assert entity.text == document.text[entity.char_start : entity.char_end]
        assert 0 < entity.confidence <= 1
    assert document.to_dict()["entities"][0]["char_start"] == document.entities[0].char_start
    assert "explanation" not in document.to_dict()


def test_every_form_of_an_image_gives_the_same_document(pipeline, png):
    expected = pipeline(TEXT, image=png)
    buffer = io.BytesIO()
    Image.open(png).save(buffer, format="TIFF")
    forms = [str(png), png.read_bytes(), Image.open(png), ImageInput(png), [png], (png,)]
    for form in [*forms, bytearray(png.read_bytes()), buffer.getvalue()]:
        assert pipeline(TEXT, image=form) == expected
    transparent = Image.open(png).convert("RGBA")
    assert pipeline(TEXT, image=transparent) == expected
    assert pipeline(TEXT, image=[png, png]).entities != pipeline(TEXT).entities


def test_lists_give_lists_and_generators_are_read_as_they_go(pipeline, png):
    texts = [TEXT, "Oslo", "", "Acme in Oslo with Ann Lee"] * 3
    images = [png, None, None, [png, png]] * 3
    expected = [pipeline(text, image=image) for text, image in zip(texts, images, strict=True)]
    found = pipeline(texts, image=images)
    assert isinstance(found, list)
    for one, other in zip(found, expected, strict=True):
        assert [(e.text, e.type) for e in one.entities] == [
            (e.text, e.type) for e in other.entities
        ]
        assert [e.confidence for e in one.entities] == pytest.approx(
            [e.confidence for e in other.entities], abs=1e-4
        )
    assert [d.text for d in pipeline(text for text in texts)] == texts
    read = []

    def endless():
        while True:
            read.append(1)
            yield TEXT

    stream = pipeline.stream(endless(), batch_size=2)
    next(stream)
    assert len(read) == 16
    with pytest.raises(DataError, match="12 posts and 1 images: expected as many"):
        pipeline(texts, image=[png])
    with pytest.raises(DataError, match="the images end before position 1"):
        list(pipeline(iter(texts), image=iter([png])))


def test_a_text_without_words_is_no_error(pipeline):
    document = pipeline(" \n ")
    assert document.entities == ()
    assert document.notes == ("the post has no words",)


def test_bad_input_is_named(pipeline, tmp_path):
    with pytest.raises(DataError, match="character 3 is half of a surrogate pair"):
        pipeline("a \ud800")
    document = pipeline(TEXT, image="https://example.org/a.png")
    assert document.notes == (
        "image 1 not used: https://example.org/a.png: refused: no URL is fetched; download the "
        "image and name the file",
    )
    assert document.entities == pipeline(TEXT).entities
    with pytest.raises(ImageError, match="got int"):
        pipeline(TEXT, image=3)
    with pytest.raises(CheckpointError, match="expected a run folder"):
        gmf.load(tmp_path / "absent")


def test_pictures_that_cannot_be_used_are_noted_with_the_reason(pipeline, png, tmp_path):
    regions = (Region((0, 0, 10, 10)), Region((100, 100, 120, 120)))
    image = ImageInput(png, regions)
    document = pipeline(TEXT, image=[tmp_path / "absent.jpg", b"no image", image])
    assert len(document.notes) == 3
    assert "image 1 not used" in document.notes[0]
    assert "no such file" in document.notes[0]
    assert "image 2 not used: <8 bytes>: not an image" in document.notes[1]
    assert "region 2 of image 3 not used" in document.notes[2]
    usable = pipeline(TEXT, image=ImageInput(png, regions[:1]))
    assert document.entities == usable.entities


def test_a_text_model_says_that_it_does_not_read_images(png):
    pipeline = Pipeline(TorchEngine(tiny_tagger("bert-crf")))
    document = pipeline(TEXT, image=png, explain=True)
    assert document.notes == ("1 image not used: the model reads text only",)
    assert document.explanation is None


def test_an_explanation_adds_up(pipeline, png):
    image = ImageInput(png, (Region((0, 0, 20, 20), label="dog", score=0.9),))
    plain, bare = pipeline(TEXT, image=[b"", image]), pipeline(TEXT)
    document = pipeline(TEXT, image=[b"", image], explain=True)
    assert document.entities == plain.entities
    found = document.explanation
    assert [(p.image, p.region, p.label) for p in found.pictures] == [(1, None, ""), (1, 0, "dog")]
    assert found.pictures[1].box == (0, 0, 20, 20)
    layers, words = 2, len(document.words)
    assert found.gates.shape == (layers, 2, 4)
    assert found.attention.shape == (layers, words, 2)
    np.testing.assert_allclose(found.gates.sum(axis=-1), 1, rtol=1e-5)
    assert len(found.entities) == len(document.entities) > 0
    for evidence in found.entities:
        assert len(evidence.picture_attention) == 2
        assert evidence.text_attention + sum(evidence.picture_attention) == pytest.approx(1)
        assert 0 < evidence.text_attention < 1
    assert found.without_images == bare.entities
    same = {(e.char_start, e.char_end, e.type): e.confidence for e in bare.entities}
    shared = 0
    for entity, evidence in zip(document.entities, found.entities, strict=True):
        key = (entity.char_start, entity.char_end, entity.type)
        assert 0 <= evidence.confidence_without_images <= 1
        if key in same:
            shared += 1
            assert evidence.confidence_without_images == pytest.approx(same[key], abs=1e-4)
            assert evidence.confidence_without_images != pytest.approx(entity.confidence, abs=1e-4)
    assert shared
    told = document.to_dict()["explanation"]
    assert told["pictures"][1]["label"] == "dog"
    assert len(told["gates"]) == layers


def test_an_explanation_of_blank_stand_ins_and_of_posts_without_pictures(png):
    pipeline = Pipeline(TorchEngine(tiny_tagger(missing_image="blank")))
    document = pipeline(TEXT, explain=True)
    assert [p.is_blank for p in document.explanation.pictures] == [True]
    assert document.notes == ("blank stand-in in place of an image",)
    pipeline = Pipeline(TorchEngine(tiny_tagger()))
    with_image, without = pipeline([TEXT, TEXT], image=[png, None], explain=True)
    assert with_image.explanation is not None
    assert without.explanation is None


class Frozen:
    """A tokenizer's backend that cannot be set."""

    def __init__(self, backend):
        self.backend = backend

    def __getattr__(self, name):
        assert not name.startswith(("enable_", "no_")), name
        return getattr(self.backend, name)


def test_the_tokenizer_is_only_read_once_the_engine_is_made():
    tagger = tiny_tagger()
    pipeline = Pipeline(TorchEngine(tagger))
    encoder = pipeline.engine._collator.encoder
    encoder._tokenizer = Frozen(encoder._tokenizer)
    assert pipeline([TEXT, "Oslo " * 99])


def test_many_threads_get_what_one_gets(tmp_path):
    samples = synthetic_samples(tmp_path)
    posts = [(" ".join(s.tokens), s.images if i % 3 else None) for i, s in enumerate(samples)]
    expected = list(Pipeline(TorchEngine(tiny_tagger())).stream(posts, explain=True))
    pipeline = Pipeline(TorchEngine(tiny_tagger()))

    def work(number):
        text, images = posts[number % len(posts)]
        return pipeline(text, image=images, explain=number % 2 == 0)

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(work, range(100)))
    for number, document in enumerate(found):
        other = expected[number % len(posts)]
        assert document.text == other.text
        assert document.tags == other.tags
        for one, two in zip(document.entities, other.entities, strict=True):
            assert one.confidence == pytest.approx(two.confidence, abs=1e-4)
    seen = sum(1 for number in range(100) if number % len(posts) % 3)
    assert pipeline.report.images == {"read": seen}


def test_spacy_document_has_the_same_text_words_and_entities(pipeline):
    pytest.importorskip("spacy")
    for text in [TEXT, "  Rocky\n\n is in\tNew  York😀! ", ""]:
        document = pipeline(text)
        doc = document.to_spacy()
        assert doc.text == text
        assert [(e.text, e.label_, e.start_char, e.end_char) for e in doc.ents] == [
            (e.text, e.type, e.char_start, e.char_end) for e in document.entities
        ]
        assert doc.user_data["gmf"]["confidences"] == [e.confidence for e in document.entities]
