"""What the REST service refuses, and how it says so."""

import re

import pytest
from fastapi.testclient import TestClient
from fixtures.serving import encoded, image, picture, tiny_pipeline

from gmf.serving.app import create_app
from gmf.serving.config import ServeConfig

KEY = "a-key-of-sufficient-length"
TEXT = "Rocky is ready for snow season in New York"


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


@pytest.fixture(scope="module")
def client(pipeline):
    with TestClient(create_app(pipeline)) as client:
        yield client


def small(pipeline, *, api_key=None, **limits):
    return TestClient(create_app(pipeline, config=ServeConfig(**limits), api_key=api_key))


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "text", "Field required"),
        ({"text": 7}, "text", "valid string"),
        ({"text": TEXT, "url": "http://x"}, "url", "Extra inputs"),
        ({"text": TEXT, "explain": "true"}, "explain", "valid boolean"),
        ({"text": "x" * 5001}, "text", "5001 characters, at most 5000"),
        ({"text": TEXT, "images": [image()] * 5}, "images", "5 images, at most 4"),
        (
            {"text": TEXT, "images": ["http://x/y.png"]},
            "images.0",
            "should be an object",
        ),
        ({"text": TEXT, "images": [{"data": "file:///etc/passwd"}]}, "images.0.data", "base64"),
        ({"text": TEXT, "images": [{"data": ""}]}, "images.0.data", "empty file"),
        ({"text": TEXT, "images": [{"data": "aGVsbG8="}]}, "images.0.data", "not an image"),
        (
            {"text": TEXT, "images": [{"data": encoded(picture()[:60])}]},
            "images.0.data",
            "broken|not an image",
        ),
        (
            {"text": TEXT, "images": [image(picture(size=(6000, 5000)))]},
            "images.0.data",
            "too large: 6000 x 5000 pixels, the limit is 25000000",
        ),
        (
            {"text": TEXT, "images": [image(None, [60, 0, 90, 9])]},
            "images.0.regions.0.box",
            "no area inside the image of 48 x 40",
        ),
        (
            {"text": TEXT, "images": [image(None, [0, 0, 9])]},
            "images.0.regions.0.box.3",
            "required",
        ),
        (
            {"text": TEXT, "images": [image(None, *[[0, 0, 9, 9]] * 9)]},
            "images.0.regions",
            "9 regions, at most 8",
        ),
    ],
)
def test_bad_posts_are_refused_with_the_field(client, body, field, message):
    answer = client.post("/v1/entities", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    fault = answer.json()["faults"][0]
    assert fault["field"] == field
    assert re.search(message, fault["message"])
    assert "passwd" not in answer.text


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"text": "\\ud800"}', b"\xff", b"[" * 9999]
)
def test_broken_json_is_refused(client, content):
    headers = {"content-type": "application/json"}
    assert client.post("/v1/entities", content=content, headers=headers).status_code == 422


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_other_content_types_are_refused(client, kind):
    answer = client.post("/v1/entities", content=b"text=a", headers={"content-type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("data", "files", "message"),
    [
        ({}, [("image", ("a", picture()))], "text: Field required"),
        (
            {"text": "a", "path": "/etc/passwd"},
            [("image", ("a", picture()))],
            "path: unknown field",
        ),
        ({"text": "a", "explain": "yes"}, [("image", ("a", picture()))], "explain: expected true"),
        ({"text": "a", "regions": "[]"}, [("image", ("a", picture()))], "got 0 lists"),
        ({"text": "a", "regions": "{"}, [("image", ("a", picture()))], "regions: Invalid JSON"),
        ({"text": ["a", "b"]}, [("image", ("a", picture()))], "text: given more than once"),
        ({"text": "a"}, [("text", ("a", b"b"))], "text: "),
        (
            {"text": "a", "image": "/etc/passwd"},
            [("image", ("a", picture()))],
            "image: expected a file",
        ),
        ({"text": "a"}, [("image", ("a", picture()))] * 5, "images: 5 images, at most 4"),
        ({"text": "a"}, [("image", ("a", picture()))] * 7, "takes the text and 4 images"),
        (dict.fromkeys("abcdefg", "a"), [("image", ("a", picture()))], "expected text, image"),
        ({"text": "a"}, [("image", ("a", b"no image"))], "images.0.data: not an image"),
    ],
)
def test_bad_forms_are_refused(client, data, files, message):
    answer = client.post("/v1/entities", data=data, files=files)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--"),
        ("multipart/form-data; boundary=b", b""),
    ],
)
def test_broken_forms_are_refused(client, kind, content):
    answer = client.post("/v1/entities", content=content, headers={"content-type": kind})
    assert answer.status_code == 422


def test_batch_limits(client):
    answer = client.post("/v1/entities/batch", json={"posts": [{"text": "a"}] * 65})
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "posts: 65 posts, at most 64 are taken at once",
    )
    assert client.post("/v1/entities/batch", json={"posts": []}).status_code == 422
    answer = client.post("/v1/entities/batch", data={"text": "a"}, files=[("image", ("a", b"b"))])
    assert answer.status_code == 415
    assert client.post("/v1/entities/batch", json={"posts": "a"}).status_code == 422
    assert client.post("/v1/entities/batch", json=[{"text": "a"}]).status_code == 422


def test_too_large_a_body_is_413_declared_or_streamed(pipeline):
    def chunks():
        for _ in range(3):
            yield b" " * (1 << 19)

    with small(pipeline, max_body_mb=1) as client:
        headers = {"content-type": "application/json"}
        for content in (b" " * ((1 << 20) + 1), chunks()):
            answer = client.post("/v1/entities", content=content, headers=headers)
            assert answer.status_code == 413
            assert "larger than 1 MiB" in answer.json()["detail"]
        answer = client.post("/v1/entities", data={"text": "a"}, files={"image": b"x" * (1 << 20)})
        assert answer.status_code == 413


def test_api_key_guards_all_but_page_and_probes(pipeline):
    with small(pipeline, api_key=KEY) as client:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {KEY}"}):
            answer = client.post("/v1/entities", json={"text": "a"}, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert client.get("/metrics", headers=headers).status_code == 401
            assert client.get("/v1/model", headers=headers).status_code == 401
        headers = {"authorization": f"Bearer {KEY}"}
        assert client.post("/v1/entities", json={"text": "a"}, headers=headers).status_code == 200
        assert client.get("/metrics", headers=headers).status_code == 200
        for path in ("/", "/health", "/ready"):
            assert client.get(path).status_code == 200
        document = client.get("/openapi.json").json()
        assert document["paths"]["/v1/entities"]["post"]["security"]


def test_wrong_key_is_refused_before_the_body_is_read(pipeline):
    with small(pipeline, api_key=KEY, max_body_mb=1) as client:
        assert client.post("/v1/entities", content=b" " * (2 << 20)).status_code == 401


def test_paths_outside_the_table_of_files_do_not_exist(client):
    for path in (
        "/page/../app.py",
        "/page/%2e%2e/app.py",
        "/page//etc/passwd",
        "/page/",
        "/page/docs.html",
    ):
        assert client.get(path).status_code == 404
