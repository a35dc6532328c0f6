"""What the REST service answers, over a tiny GMF, without a socket."""

import json

import pytest
from fastapi.testclient import TestClient
from fixtures.serving import encoded, image, picture, same, tiny_pipeline

from gmf.core.installed import InstalledModel
from gmf.core.types import ImageInput, Region
from gmf.prediction.pipeline import Pipeline, load
from gmf.regions.filters import RegionFilter
from gmf.serving.app import create_app
from gmf.serving.regions import RegionFinder
from gmf.testing import tiny_tagger

TEXT = "Rocky is ready for snow season in New York"


class FakePackage:
    version = "1.2"

    def __init__(self, name, folder):
        self.metadata, self.locate_file = {"Name": f"gmf-{name}"}, folder.joinpath


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


@pytest.fixture(scope="module")
def client(pipeline):
    with TestClient(create_app(pipeline)) as client:
        yield client


def test_json_post_equals_the_pipeline(client, pipeline):
    body = {"text": TEXT, "images": [{"data": encoded(picture("blue"))}]}
    answer = client.post("/v1/entities", json=body)
    assert answer.status_code == 200
    assert answer.json()["text"] == TEXT
    assert answer.json()["explanation"] is None
    same(answer.json()["entities"], pipeline(TEXT, image=picture("blue")))


def test_form_equals_json(client):
    boxes = [[1, 2, 20, 30.5], [0, 0, 9, 9]]
    by_json = client.post(
        "/v1/entities",
        json={
            "text": TEXT,
            "images": [image(None, *boxes), image(picture("blue"))],
            "explain": True,
        },
    )
    by_form = client.post(
        "/v1/entities",
        data={
            "text": TEXT,
            "explain": "true",
            "regions": json.dumps([[{"box": box} for box in boxes], []]),
        },
        files=[("image", ("../x.txt", picture(), "text/plain")), ("image", ("b", picture("blue")))],
    )
    assert by_form.status_code == 200
    assert by_form.json() == by_json.json()


def test_explanation_names_views_gates_and_attention(client, pipeline):
    red, blue = picture(), picture("blue", format="JPEG")
    body = {"text": TEXT, "images": [image(red, [2, 2, 30, 30]), image(blue)], "explain": True}
    answer = client.post("/v1/entities", json=body).json()
    inputs = [ImageInput(red, (Region((2, 2, 30, 30)),)), ImageInput(blue)]
    expected = pipeline(TEXT, image=inputs, explain=True).explanation
    found = answer["explanation"]
    places = [(view["image"], view["region"], view["box"]) for view in found["views"]]
    assert places == [(0, None, None), (0, 0, [2, 2, 30, 30]), (1, None, None)]
    for number, view in enumerate(found["views"]):
        assert sum(view["gates"]) == pytest.approx(1, abs=1e-4)
        assert view["gates_by_layer"][1] == pytest.approx(expected.gates[1, number], abs=1e-5)
    assert len(found["evidence"]) == len(answer["entities"]) > 0
    for evidence, truth in zip(found["evidence"], expected.entities, strict=True):
        shares = evidence["view_attention"]
        assert evidence["text_attention"] + sum(shares) == pytest.approx(1, abs=1e-4)
        assert shares == pytest.approx(truth.picture_attention, abs=1e-5)
        alone = evidence["confidence_without_images"]
        assert alone == pytest.approx(truth.confidence_without_images, abs=1e-4)
    same(found["without_images"], pipeline(TEXT))


def test_explanation_of_text_alone_is_empty(client):
    answer = client.post("/v1/entities", json={"text": TEXT, "explain": True}).json()
    assert answer["explanation"]["views"] == answer["explanation"]["evidence"] == []
    assert answer["explanation"]["without_images"] == answer["entities"]
    assert answer["explanation"]["without_context"] == answer["entities"]


def test_explanation_tells_what_each_field_of_the_context_contributed():
    own = tiny_pipeline("bert-crf", context=("caption", "ocr"))
    post = {"text": TEXT, "context": {"ocr": "is new", "caption": "snow", "unread": "season"}}
    expected = own(post, explain=True).explanation
    with TestClient(create_app(own)) as client:
        found = client.post("/v1/entities", json={**post, "explain": True}).json()["explanation"]
    assert found["views"] == []
    assert len(found["evidence"]) == len(expected.entities) > 0
    for evidence, truth in zip(found["evidence"], expected.entities, strict=True):
        assert list(evidence["confidence_without_context"]) == ["caption", "ocr"]
        assert evidence["confidence_without_context"] == pytest.approx(
            truth.confidence_without_context, abs=1e-4
        )
        assert evidence["view_attention"] is None
    same(found["without_context"], own(TEXT))
    same(found["without_images"], own(post))


def test_text_only_models_and_blank_stand_ins_are_explained():
    body = {"text": TEXT, "images": [image()], "explain": True}
    with TestClient(create_app(tiny_pipeline("bert-crf"))) as client:
        assert client.get("/v1/model").json()["reads_images"] is False
        answer = client.post("/v1/entities", json=body).json()
        assert answer["notes"] == ["1 image not used: the model reads text only"]
        assert answer["explanation"]["views"] == []
    with TestClient(create_app(tiny_pipeline(missing_image="blank"))) as client:
        answer = client.post("/v1/entities", json={**body, "images": []}).json()
        assert answer["notes"] == ["blank stand-in in place of an image"]
        assert answer["explanation"]["views"][0]["image"] is None


def test_an_installed_model_is_told_by_its_package(pipeline, tmp_path, monkeypatch):
    installed = [InstalledModel(name, name, FakePackage(name, tmp_path)) for name in ("a", "b")]
    monkeypatch.setattr("gmf.serving.engine.installed_models", lambda: installed)
    for source, title in ((tmp_path / "b", "gmf-b 1.2"), (tmp_path, "gmf"), (None, "gmf")):
        with TestClient(create_app(Pipeline(pipeline.engine, source=source))) as client:
            told = client.get("/v1/model").json()
            assert (told["name"], told["title"]) == ("gmf", title)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_an_exported_model_is_served_the_same_way(tmp_path, pipeline):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    from gmf.prediction.onnx.export import export_onnx

    export_onnx(tiny_tagger(), tmp_path / "exported")
    exported = load(tmp_path / "exported")
    body = {"text": TEXT, "images": [image(None, [2, 2, 30, 30])], "explain": True}
    with TestClient(create_app(exported)) as client:
        assert client.get("/v1/model").json()["name"] == "gmf"
        answer = client.post("/v1/entities", json=body).json()
    images = ImageInput(picture(), (Region((2, 2, 30, 30)),))
    same(answer["entities"], pipeline(TEXT, image=images))
    same(answer["explanation"]["without_images"], pipeline(TEXT))
    assert [view["gates"] for view in answer["explanation"]["views"]] == [None, None]
    assert answer["explanation"]["evidence"][0]["view_attention"] is None


def test_regions_are_found_in_images_that_come_without(pipeline):
    class Middle:
        source, needs_picture, uses_text = "middle", True, True

        def propose(self, requests):
            assert all(request.texts == (("Rocky", "rests"),) for request in requests)
            halves = [[side / 4 for side in (*r.upright.size, *r.upright.size)] for r in requests]
            return [[Region((a, b, 3 * a, 3 * b), label="thing")] for a, b, _, _ in halves]

    finder = RegionFinder(Middle(), limits=RegionFilter(max_regions=3))
    own = [0, 0, 9, 9]
    body = {
        "text": "Rocky rests",
        "images": [image(picture(size=(80, 40))), image(None, own)],
        "explain": True,
    }
    with TestClient(create_app(pipeline, finder=finder)) as client:
        assert client.get("/v1/model").json()["finds_regions"] is True
        views = client.post("/v1/entities", json=body).json()["explanation"]["views"]
    boxes = [(view["image"], view["box"], view["label"]) for view in views if view["box"]]
    assert boxes == [(0, [20, 10, 60, 30], "thing"), (1, own, "")]


def test_offsets_count_code_points(client):
    text = "😀 👩‍👩‍👧 Rocky is in Zürich"
    for entity in client.post("/v1/entities", json={"text": text}).json()["entities"]:
        assert text[entity["char_start"] : entity["char_end"]] == entity["text"]


def test_windows_and_unused_regions_are_noted(client):
    boxes = [[0, 0, 9, 9 + n] for n in range(5)]
    body = {"text": "word " * 60, "images": [image(None, *boxes)], "explain": True}
    notes = client.post("/v1/entities", json=body).json()["notes"]
    assert any("overlapping windows: 60 words" in note for note in notes)
    assert "2 regions beyond the first 3 of an image not used" in notes


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "\x00", "😀" * 20, "\u202e" * 9], ids=repr)
def test_texts_without_words_are_answered(client, text):
    for explain in (True, False):
        body = {"text": text, "images": [image()], "explain": explain}
        answer = client.post("/v1/entities", json=body)
        assert answer.status_code == 200
        assert answer.json()["text"] == text


def test_batch_keeps_order_and_an_unusable_image_harms_its_own_post_only(client, pipeline):
    texts = [f"{name} is in Oslo" for name in ("Ann Lee", "Rocky", "Acme", "Oscar")]
    posts = [{"text": text, "images": [image(picture("green"))]} for text in texts]
    posts[2]["images"] = [{"data": encoded(picture()[:40])}]
    items = client.post("/v1/entities/batch", json={"posts": posts}).json()["items"]
    for number, text in enumerate(texts):
        if number == 2:
            assert items[2]["result"] is None
            assert items[2]["problem"]["faults"][0]["field"] == "images.0.data"
        else:
            assert items[number]["problem"] is None
            assert items[number]["result"]["text"] == text
            same(items[number]["result"]["entities"], pipeline(text, image=picture("green")))


def test_every_answer_has_security_headers_and_its_own_id(client):
    seen = set()
    for answer in (client.get("/"), client.get("/nothing"), client.post("/v1/entities")):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        seen.add(answer.headers["x-request-id"])
    assert len(seen) == 3
    assert client.get("/health").headers["cache-control"] == "no-store"


def test_page_is_revalidated_by_tag(client):
    first = client.get("/")
    again = client.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_metrics_count_posts_images_and_refusals(pipeline):
    with TestClient(create_app(pipeline)) as client:
        client.post("/v1/entities", json={"text": "Rocky", "images": [image()]})
        client.post("/v1/entities", json={})
        text = client.get("/metrics").text
    assert 'gmf_requests_total{route="/v1/entities",status="200"} 1.0' in text
    assert "gmf_posts_total 1.0" in text
    assert "gmf_images_total 1.0" in text
    assert 'gmf_refusals_total{reason="invalid"} 1.0' in text
    assert "gmf_batch_posts_count 1.0" in text
    assert "Rocky" not in text


def test_examples_of_the_document_are_answered(client):
    document = client.get("/openapi.json").json()
    count = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {"content": {}})["content"]
            for example in body.get("application/json", {}).get("examples", {}).values():
                assert client.request(method, path, json=example["value"]).status_code == 200
                count += 1
    assert count == 3


def test_report_of_images_does_not_grow(client, pipeline):
    for colour in ("red", "blue"):
        client.post("/v1/entities", json={"text": "a", "images": [image(picture(colour))]})
    assert not pipeline.report._seen
