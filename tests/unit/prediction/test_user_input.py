"""Posts in every usual form are the same posts; what is none is refused with its position."""

import copy
import io
import math
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gmf
from gmf.core.errors import CheckpointError, ConfigError, DataError, ImageError
from gmf.prediction.pipeline import Pipeline
from gmf.prediction.torch_engine import TorchEngine
from gmf.testing import tiny_checkpoint, tiny_tagger

TEXT = "Rocky is ready for snow season in New York !"
PIXELS = np.random.default_rng(0).integers(0, 256, (40, 48, 3), np.uint8)


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline(TorchEngine(tiny_tagger()))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return tiny_checkpoint(tmp_path_factory.mktemp("run") / "run")


def png(pixels=PIXELS):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def summary(documents):
    return [(d.text, d.id, d.notes, [(e.text, e.type) for e in d.entities]) for d in documents]


def test_arrays_and_open_files_are_images(pipeline, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png())
    expected = pipeline(TEXT, image=png())
    assert expected.entities != pipeline(TEXT).entities
    with path.open("rb") as file:
        for image in (PIXELS, io.BytesIO(png()), file, PIXELS[:, ::-1][:, ::-1], {"bytes": png()}):
            assert pipeline(TEXT, image=image).entities == expected.entities
    grey = PIXELS[..., 0]
    assert pipeline(TEXT, image=grey) == pipeline(TEXT, image=png(grey))
    assert pipeline(TEXT, image=grey[..., None]) == pipeline(TEXT, image=png(grey))
    opaque = np.dstack([PIXELS, np.full(PIXELS.shape[:2], 255, np.uint8)])
    assert pipeline(TEXT, image=opaque).entities == expected.entities


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (PIXELS.astype(np.float32) / 255, "array of uint8 .* got float32"),
        (PIXELS.transpose(2, 0, 1), r"channels; got uint8 of shape \(3, 40, 48\)"),
        (PIXELS[None], "got uint8 of shape"),
        (PIXELS[:0], "holds no pixel"),
        (io.StringIO("text"), "gives text: open it for bytes"),
        (3, "got int"),
    ],
)
def test_what_is_no_image_is_refused(pipeline, image, error):
    with pytest.raises(ImageError, match=f"position 0: .*{error}"):
        pipeline(TEXT, image=image)


def test_mappings_are_posts(pipeline):
    posts = [
        {"text": TEXT, "image": png(), "id": 7},
        {"text": TEXT, "images": [png(), PIXELS]},
        {"tokens": ["Ann", "Lee"], "id": "b", "images": None},
        {"text": "", "author": "Ann"},
    ]
    found = pipeline(posts)
    assert [d.id for d in found] == ["7", "", "b", ""]
    assert summary([pipeline(TEXT, image=png())])[0][3] == summary(found)[0][3]
    assert found[2].text == "Ann Lee"
    assert summary([pipeline(posts[0])]) == summary(found[:1])
    assert summary(pipeline.stream(iter(posts))) == summary(found)
    with pytest.raises(ConfigError, match="holds its own images"):
        pipeline(posts[0], image=png())


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "records"])
def test_tables_are_posts(pipeline, kind):
    rows = [
        {"author": "x", "text": TEXT, "image": png(), "id": "a"},
        {"author": "y", "text": "Oslo", "image": None, "id": "b"},
        {"author": "z", "text": "", "image": None, "id": None},
    ]
    expected = summary(pipeline([{k: v for k, v in row.items() if k != "author"} for row in rows]))
    if kind == "records":
        table, column = rows, None
    elif kind == "pandas":
        pandas = pytest.importorskip("pandas")
        table = pandas.DataFrame(rows, index=[5, 6, 7])
        column = table["text"]
    else:
        pyarrow = pytest.importorskip("pyarrow")
        table = pyarrow.Table.from_pylist(rows)
        column = table["text"]
    assert summary(pipeline(table)) == expected
    assert summary(pipeline.stream(table)) == expected
    if column is not None:
        texts = pipeline(column, image=[png(), None, None])
        assert isinstance(texts, list)
        assert [(d.text, d.entities) for d in texts] == [
            (d.text, d.entities) for d in pipeline(table)
        ]


def test_nested_columns_of_tables_are_lists_of_images(pipeline):
    pyarrow = pytest.importorskip("pyarrow")
    rows = [{"tokens": ["Ann", "in", "Oslo"], "images": [{"bytes": png(), "path": None}] * 2}]
    table = pyarrow.Table.from_pylist(rows)
    expected = pipeline({"tokens": ["Ann", "in", "Oslo"], "images": [png(), png()]})
    assert summary(pipeline(table)) == summary([expected])
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"tokens": [np.array(rows[0]["tokens"])], "images": [[png(), png()]]})
    assert summary(pipeline(frame)) == summary([expected])


@pytest.mark.parametrize(
    ("post", "error"),
    [
        (None, "expected text, got None"),
        (math.nan, r"expected text, got a missing value \(NaN\)"),
        (np.float32("nan"), "a missing value"),
        (3, "expected text, got int"),
        (b"Ann", "expected text, got bytes"),
        ({"txt": "Ann"}, "no text: expected the key 'text' or 'tokens', got 'txt'"),
        ({"text": None}, "expected text, got None"),
        ({"tokens": "Ann"}, "expected a list of words, got str"),
        (("Ann", None, 3), "a pair of text and images, got 3 values"),
        ("\ud800", "half of a surrogate pair"),
    ],
)
def test_what_is_no_post_is_refused_with_its_position(pipeline, post, error):
    with pytest.raises(DataError, match=f"post at position 2: .*{error}"):
        pipeline(["Ann", "Lee", post])


def test_missing_values_of_tables_are_refused_with_their_position(pipeline):
    pandas = pytest.importorskip("pandas")
    for dtype in (object, "string"):
        frame = pandas.DataFrame({"text": pandas.Series(["Ann", None, "Lee"], dtype=dtype)})
        with pytest.raises(DataError, match=r"position 1: .*expected text, got "):
            pipeline(frame)
    pyarrow = pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match=r"position 1: .*expected text, got None"):
        pipeline(pyarrow.table({"text": ["Ann", None]}))
    with pytest.raises(DataError, match="no column 'text' or 'tokens'; the table has 'tweet'"):
        pipeline(pandas.DataFrame({"tweet": ["Ann"]}))


@pytest.mark.parametrize("value", [b"Ann", bytearray(b"Ann"), 3, None, np.array("Ann")])
def test_what_is_neither_a_post_nor_several_is_refused_at_once(pipeline, value):
    with pytest.raises(DataError, match="expected text"):
        pipeline(value)


def test_a_threshold_and_types_choose_entities_and_their_tags(pipeline):
    texts = [TEXT, "Ann Lee flew from Oslo to New York with Acme"] * 2
    whole = pipeline(texts)
    values = sorted({e.confidence for d in whole for e in d.entities})
    middle = values[len(values) // 2]
    chosen = pipeline(texts, threshold=middle, batch_size=1)
    assert 0 < sum(len(d.entities) for d in chosen) < sum(len(d.entities) for d in whole)
    for document, all_of_it in zip(chosen, whole, strict=True):
        kept = [e for e in all_of_it.entities if e.confidence >= middle]
        assert [(e.text, e.type, e.char_start) for e in document.entities] == [
            (e.text, e.type, e.char_start) for e in kept
        ]
        assert sum(tag.startswith("B-") for tag in document.tags) == len(kept)
    kind = whole[0].entities[0].type
    found = pipeline(texts, types=[kind], image=[png()] * 4, explain=True)
    assert {e.type for d in found for e in d.entities} == {kind}
    assert all(len(d.explanation.entities) == len(d.entities) for d in found)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"types": ["PERSON"]}, "the model has no PERSON; it predicts PER, LOC, ORG, MISC"),
        ({"types": "PER"}, "expected a list of entity types, got 'PER'"),
        ({"types": 5}, "expected a list of entity types, got 5"),
        ({"types": [None]}, r"expected a list of entity types, got \[None\]"),
        ({"threshold": 1.5}, r"threshold 1.5: expected a confidence from 0 to 1"),
        ({"threshold": math.nan}, "threshold nan"),
        ({"batch_size": 0}, "batch_size 0"),
        ({"long": "never"}, "expected split, cut, fail"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_read(pipeline, options, error):
    with pytest.raises(ConfigError, match=error):
        pipeline(iter([TEXT]), **options)


def tagged(nlp):
    return summary([nlp(TEXT)])


def test_a_pipeline_travels_to_other_processes_by_its_folder(run):
    nlp = gmf.load(run, device="cpu")
    expected = tagged(nlp)
    for other in (pickle.loads(pickle.dumps(nlp)), copy.deepcopy(nlp), copy.copy(nlp)):
        assert tagged(other) == expected
        assert other.device == "cpu"
    assert len(pickle.dumps(nlp)) < 1000
    assert str(run) in repr(nlp)
    with pytest.raises(ConfigError, match="not loaded from a folder"):
        pickle.dumps(Pipeline(TorchEngine(tiny_tagger())))


@pytest.mark.slow
def test_workers_that_are_spawned_get_a_used_pipeline(run):
    nlp = gmf.load(run)
    expected = tagged(nlp)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert summary([pool.submit(nlp, TEXT).result()]) == expected


def test_images_under_keys_of_others_are_a_note_not_a_loss(pipeline):
    note = "image 1 not used: {}: refused: is not read as images; name it 'image' or 'images'"
    for key in ("img", "photo", "Image"):
        (told,) = pipeline({"text": TEXT, key: PIXELS}).notes
        assert note.format(key) in told
        assert pipeline({"text": TEXT, key: None}).notes == ()
    pandas = pytest.importorskip("pandas")
    (document,) = pipeline(pandas.DataFrame({"text": [TEXT], "picture": ["a.jpg"], "likes": [3]}))
    assert note.format("picture") in document.notes[0]


def test_a_table_brings_the_context_of_its_posts():
    from gmf.prediction.posts import posts_of, samples_of

    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"text": [TEXT], "context": [{"caption": "a dog"}]})
    (sample,) = samples_of(posts_of(table))
    assert sample.context == (("caption", "a dog"),)


def test_a_file_that_is_at_its_end_is_told(pipeline):
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG")
    with pytest.raises(ImageError, match=r"at its end: rewind it with seek\(0\)"):
        pipeline(TEXT, image=file)
    file.seek(0)
    assert pipeline(TEXT, image=file).notes == ()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"batch_size": "8"}, "batch_size '8': expected a whole number"),
        ({"batch_size": 2.5}, r"batch_size 2\.5: expected a whole number"),
        ({"threshold": "0.5"}, "threshold '0.5': expected a confidence"),
        ({"threshold": None}, "threshold None: expected a confidence"),
    ],
)
def test_options_of_another_type_are_refused_by_name(pipeline, options, error):
    with pytest.raises(ConfigError, match=error):
        pipeline(TEXT, **options)


def test_types_may_come_from_an_iterator(pipeline):
    (kind, *_) = (entity.type for entity in pipeline(TEXT).entities)
    assert (
        pipeline(TEXT, types=iter([kind])).entities == pipeline(TEXT, types=[kind]).entities != ()
    )


@pytest.mark.parametrize("post", [TEXT, {"text": TEXT}])
def test_one_post_is_no_stream_of_characters_or_keys(pipeline, post):
    with pytest.raises(DataError, match="expected several posts, got one: put it in a list"):
        pipeline.stream(post)


@pytest.mark.parametrize("image", ["ab", b"ab", {"path": "a.jpg"}])
def test_one_image_is_not_that_of_several_posts(pipeline, image):
    with pytest.raises(DataError, match="expected the images of each post, got"):
        pipeline([TEXT, TEXT], image=image)


def test_arrays_and_batches_of_arrow_are_posts(pipeline):
    pyarrow = pytest.importorskip("pyarrow")
    expected = summary(pipeline([TEXT, "Ann"]))
    for posts in (pyarrow.array([TEXT, "Ann"]), pyarrow.record_batch({"text": [TEXT, "Ann"]})):
        documents = pipeline(posts)
        assert isinstance(documents, list)
        assert summary(documents) == expected
    with pytest.raises(DataError, match=r"position 1: .*expected text, got None"):
        pipeline(pyarrow.array(["Ann", None]))


def test_columns_of_one_name_are_refused(pipeline):
    pandas = pytest.importorskip("pandas")
    with pytest.raises(DataError, match="two columns of one name"):
        pipeline(pandas.DataFrame([["Ann", "Lee"]], columns=["text", "text"]))


def test_an_empty_path_is_no_image(pipeline):
    assert pipeline(TEXT, image="").notes == ()
    assert pipeline([{"text": TEXT, "image": ""}])[0].notes == ()


def test_images_beside_posts_that_hold_their_own_are_refused_in_tables_too(pipeline):
    frame = pytest.importorskip("pandas").DataFrame({"text": [TEXT]})
    for posts in (frame, [{"text": TEXT}]):
        with pytest.raises(DataError, match=r"position 0: .*row of a table, holds its own images"):
            pipeline(posts, image=[png()])
    (found,) = summary(pipeline(frame["text"], image=[png()]))
    assert found == summary([pipeline(TEXT, image=png())])[0]


def test_no_image_is_none_in_a_list_too(pipeline):
    expected = summary([pipeline(TEXT)])
    assert summary([pipeline(TEXT, image=[None])]) == expected
    assert summary(pipeline([TEXT], image=[None])) == expected
    assert summary(pipeline([TEXT], image=[[None]])) == expected


def test_what_is_no_sample_is_refused_with_its_position(pipeline):
    with pytest.raises(DataError, match="position 0: expected a Sample, got str; texts"):
        list(pipeline.predict([TEXT]))


@pytest.mark.parametrize("name", ["", " ", 5, b"x"])
def test_an_empty_name_means_no_folder(name):
    with pytest.raises(CheckpointError, match="expected the name of a model or its folder"):
        gmf.load(name)
    doors = [
        partial(gmf.read_samples, name, split="train"),
        partial(gmf.score, Path("a"), name) if isinstance(name, str) else None,
        partial(gmf.train, "twitter2017", run=name),
    ]
    for door in filter(None, doors):
        with pytest.raises(ConfigError, match="expected the path of a file or folder"):
            door()
