"""What an explanation says that the context contributed is what predictions without it say."""

import pytest
from fixtures.serving import picture, tiny_pipeline

TEXT = "Rocky is ready for snow season in New York !"
CONTEXT = {"caption": "the rocky season", "ocr": "is new"}


@pytest.fixture(scope="module", params=["bert-crf", "gmf"])
def pipeline(request):
    return tiny_pipeline(request.param, context=("caption", "ocr"))


def spans(document):
    return {(e.char_start, e.char_end, e.type): e.confidence for e in document.entities}


def assert_tells(pipeline, document, post):
    """Check an explanation against predictions made without a field, the context, the images."""
    explanation, own = document.explanation, list(spans(document))
    assert len(explanation.entities) == len(own) > 0
    context, shared = post["context"], 0
    for name in context:
        rest = {field: text for field, text in context.items() if field != name}
        without = spans(pipeline({**post, "context": rest}))
        for key, evidence in zip(own, explanation.entities, strict=True):
            assert sorted(evidence.confidence_without_context) == sorted(context)
            share = evidence.confidence_without_context[name]
            assert 0 <= share <= 1
            if key in without:
                shared += 1
                assert share == pytest.approx(without[key], abs=1e-5)
    assert shared >= len(context)
    bare = {"text": post["text"], "image": post.get("image")}
    assert_same(explanation.without_context, pipeline(bare))
    assert_same(explanation.without_images, pipeline({**post, "image": None}))


def assert_same(entities, document):
    found = {(e.char_start, e.char_end, e.type): e.confidence for e in entities}
    assert found == pytest.approx(spans(document), abs=1e-5)


@pytest.mark.parametrize("fields", [("caption",), ("ocr",), ("ocr", "caption")])
@pytest.mark.parametrize("image", [None, picture()])
def test_the_result_without_each_field_is_that_of_the_post_without_it(pipeline, fields, image):
    post = {"text": TEXT, "image": image, "context": {name: CONTEXT[name] for name in fields}}
    document = pipeline(post, explain=True)
    assert spans(document) == spans(pipeline(post))
    assert_tells(pipeline, document, post)
    changed = [
        e.confidence != pytest.approx(share, abs=1e-4)
        for e, evidence in zip(document.entities, document.explanation.entities, strict=True)
        for share in evidence.confidence_without_context.values()
    ]
    assert any(changed)
    if image is None:
        assert document.explanation.pictures == ()
        shares = [evidence.confidence_without_images for evidence in document.explanation.entities]
        assert shares == [entity.confidence for entity in document.entities]
    told = document.to_dict()["explanation"]["entities"][0]["confidence_without_context"]
    assert sorted(told) == sorted(fields)
    assert isinstance(hash(document), int)


def test_posts_of_one_batch_have_different_fields(pipeline):
    posts = [
        {"text": TEXT, "context": CONTEXT},
        {"text": TEXT, "context": {"ocr": "is new", "caption": " "}},
        {"text": TEXT, "context": {"unread": "snow"}},
        {"text": TEXT, "image": picture(), "context": {}},
        {"text": TEXT, "image": picture(), "context": {"caption": "snow"}},
        TEXT,
        {"text": "", "context": CONTEXT},
    ]
    documents = pipeline(posts, explain=True)
    assert_tells(pipeline, documents[0], posts[0])
    assert_tells(pipeline, documents[1], {"text": TEXT, "context": {"ocr": "is new"}})
    assert_tells(pipeline, documents[4], posts[4])
    assert [documents[n].explanation for n in (2, 5, 6)] == [None] * 3
    pictured = documents[3].explanation
    assert (pictured is not None) == pipeline.engine.reads_images
    if pictured:
        assert pictured.without_context == documents[3].entities
        assert all(evidence.confidence_without_context == {} for evidence in pictured.entities)


def test_entities_that_a_document_drops_have_no_evidence(pipeline):
    post = {"text": TEXT, "context": CONTEXT}
    whole = pipeline(post, explain=True)
    least = sorted(entity.confidence for entity in whole.entities)[1]
    document = pipeline(post, explain=True, threshold=least)
    kept = zip(whole.entities, whole.explanation.entities, strict=True)
    assert document.explanation.entities == tuple(e for n, e in kept if n.confidence >= least)
    assert_same(document.explanation.without_context, pipeline(TEXT, threshold=least))


def test_long_posts_are_explained_over_all_windows(pipeline):
    post = {"text": " ".join([TEXT] * 10), "context": CONTEXT}
    document = pipeline(post, explain=True)
    assert document.windows > 2
    assert_tells(pipeline, document, post)
    shares = [evidence.confidence_without_context for evidence in document.explanation.entities]
    pairs = zip(document.entities, shares, strict=True)
    assert any(share["ocr"] != pytest.approx(e.confidence, abs=1e-4) for e, share in pairs)


def test_a_field_that_found_no_room_contributed_nothing_and_is_told(pipeline):
    post = {"text": TEXT, "context": {"caption": "the " * 60, "ocr": "is new"}}
    document = pipeline(post, explain=True)
    assert "context read in part" in document.notes[0]
    assert_tells(pipeline, document, post)
    for entity, evidence in zip(document.entities, document.explanation.entities, strict=True):
        share = evidence.confidence_without_context["ocr"]
        assert share == pytest.approx(entity.confidence, abs=1e-5)
