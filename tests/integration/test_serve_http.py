"""What clients, proxies and browsers send in other ways than the examples do."""

import gzip
import json
import zlib

import pytest
from fastapi.testclient import TestClient
from fixtures.serving import encoded, image, picture, same, tiny_pipeline

from gmf.serving.app import create_app
from gmf.serving.config import ServeConfig

TEXT = "Ann Lee in Oslo, København"
JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


@pytest.fixture(scope="module")
def client(pipeline):
    with TestClient(create_app(pipeline)) as client:
        yield client


def small(pipeline, **limits):
    return TestClient(create_app(pipeline, config=ServeConfig(**limits)))


def body(**post):
    return json.dumps({"text": TEXT, **post}).encode()


@pytest.mark.parametrize(
    "path", ["/", "/health", "/ready", "/metrics", "/v1/model", "/openapi.json", "/docs"]
)
def test_head_is_get_without_the_body(client, path):
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"") == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
    if path != "/metrics":
        assert head.headers["content-length"] == str(len(get.content))


def test_head_where_there_is_no_get_is_refused(client):
    answer = client.head("/v1/entities")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert client.head("/nothing").status_code == 404


def test_head_of_a_service_that_is_full_is_503(pipeline):
    app = create_app(pipeline)
    answer = TestClient(app).head("/ready")
    assert (answer.status_code, answer.content) == (503, b"")


@pytest.mark.parametrize("path", ["/v1/entities/", "/v1/entities/batch/", "/health/", "/docs/"])
def test_a_slash_at_the_end_is_never_redirected(client, path):
    headers = {"x-forwarded-proto": "https", "host": "api.example.org"}
    for method in ("GET", "POST"):
        answer = client.request(method, path, headers=headers, follow_redirects=False)
        assert answer.status_code == 404
        assert "location" not in answer.headers
        assert "perhaps without the slash" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8-sig", ""),
        ("utf-8-sig", "; charset=utf-8"),
        ("utf-16", ""),
        ("utf-16", "; charset=utf-16"),
        ("utf-16-le", ""),
        ("utf-32", ""),
        ("latin-1", "; charset=iso-8859-1"),
        ("cp1252", '; charset="Windows-1252"'),
        ("utf-8", "; charset=UTF-8; x=y"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/entities", "/v1/entities/batch"])
def test_text_in_other_encodings_is_read(client, encoding, declared, path):
    post = {"text": TEXT}
    content = post if path == "/v1/entities" else {"posts": [post]}
    content = json.dumps(content, ensure_ascii=False).encode(encoding)
    headers = {"content-type": f"application/json{declared}"}
    answer = client.post(path, content=content, headers=headers).json()
    assert (answer if path == "/v1/entities" else answer["items"][0]["result"])["text"] == TEXT


@pytest.mark.parametrize(
    ("content", "charset", "status", "words"),
    [
        (TEXT.encode("latin-1"), "", 422, "expected utf-8, byte 19 is not; send UTF-8"),
        (TEXT.encode("latin-1"), "utf-8", 422, "expected utf-8, byte 19 is not"),
        (TEXT.encode(), "ascii", 422, "expected ascii, byte 19 is not"),
        (TEXT.encode(), "klingon", 415, "charset 'klingon' is not read"),
        (TEXT.encode(), "punycode", 415, "charset 'punycode' is not read"),
        (TEXT.encode(), "zlib", 415, "charset 'zlib' is not read"),
    ],
)
def test_text_of_another_encoding_than_said_is_refused(client, content, charset, status, words):
    headers = {
        "content-type": f"application/json; charset={charset}" if charset else JSON["content-type"]
    }
    answer = client.post("/v1/entities", content=content, headers=headers)
    assert answer.status_code == status
    assert words in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"text": "a", "text": "b"}', "key 'text' stands twice in one object"),
        (b'{"text": "a", "images": [{"data": "", "data": ""}]}', "key 'data' stands twice"),
        (b'{"text": NaN}', "NaN is no number of JSON"),
        (b'{"text": ' + b"9" * 5000 + b"}", "a number has too many digits"),
        (b'{"text": "a"} {"text": "b"}', "Extra data at line 1 column 15"),
        (b'{"text": "\\ud83d Lee"}', "text: character 1 is half of a surrogate pair"),
        (b'{"\\ud83d": 1, "text": "a"}', "unable to parse raw data as a unicode string"),
        (b'{"tekst": "a"}', "Field required"),
        (
            b'{"text": "a", "image": []}',
            "image: Extra inputs are not permitted: expected text, images, context, explain; "
            "did you mean 'images'?",
        ),
        (b'{"text": "a", "' + b"k" * 9999 + b'": 1}', "k" * 50 + ": Extra"),
        (b'{"text": "a\nb"}', "Invalid control character"),
        (b'["a"]', "Input should be an object"),
    ],
)
def test_json_that_would_lose_something_is_refused(client, content, words):
    answer = client.post("/v1/entities", content=content, headers=JSON)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert len(answer.content) < 1000


@pytest.mark.parametrize("number", ["1e999", "9" * 400, "-1", "true", '"1"'])
def test_numbers_that_are_no_coordinates_are_refused(client, number):
    picture_ = image(None, ["BOX", 0, 9, 9])
    content = json.dumps({"text": TEXT, "images": [picture_]}).replace('"BOX"', number)
    answer = client.post("/v1/entities", content=content.encode(), headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] == "images.0.regions.0.box.0"


def deflated(content):
    return zlib.compress(content)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("deflate", deflated),
        ("identity", bytes),
        ("gzip", lambda content: gzip.compress(content[:9]) + gzip.compress(content[9:])),
    ],
)
def test_packed_requests_are_unpacked(client, encoding, pack):
    headers = {**JSON, "content-encoding": encoding}
    content = pack(body(images=[image()]))
    answer = client.post("/v1/entities", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["text"] == TEXT
    parts = (content[i : i + 7] for i in range(0, len(content), 7))
    assert client.post("/v1/entities", content=parts, headers=headers).status_code == 200


def test_a_packed_form_is_unpacked(client):
    request = client.build_request(
        "POST", "/v1/entities", files={"image": picture()}, data={"text": TEXT}
    )
    headers = {"content-type": request.headers["content-type"], "content-encoding": "gzip"}
    content = gzip.compress(request.read())
    assert client.post("/v1/entities", content=content, headers=headers).json()["text"] == TEXT


@pytest.mark.parametrize(
    ("encoding", "content", "status", "words"),
    [
        ("br", b"x", 415, "content encoding 'br' is not read; send one of gzip, deflate"),
        ("gzip, gzip", b"x", 415, "'gzip, gzip' is not read"),
        ("gzip", b"plain", 422, "not gzip: "),
        ("gzip", gzip.compress(body(), mtime=0)[:-9], 422, "the gzip content is cut off"),
        ("gzip", gzip.compress(body(), mtime=0) + b"rest", 422, "not gzip: "),
        ("gzip", b"", 422, "the gzip content is cut off"),
        ("deflate", deflated(body())[:-5], 422, "the deflate content is cut off"),
    ],
)
def test_packed_requests_that_cannot_be_unpacked_are_refused(
    client, encoding, content, status, words
):
    headers = {**JSON, "content-encoding": encoding}
    answer = client.post("/v1/entities", content=content, headers=headers)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert (answer.headers.get("accept-encoding") == "gzip, deflate") == (status == 415)


def test_the_limit_is_on_the_unpacked_size_and_a_bomb_is_not_unpacked(pipeline):
    with small(pipeline, max_body_mb=1, max_held_mb=3) as client:
        for size in (1 << 20, 1 << 29):
            content = gzip.compress(b" " * size, 1)
            headers = {**JSON, "content-encoding": "gzip"}
            answer = client.post("/v1/entities", content=content, headers=headers)
            expected = 422 if size == 1 << 20 else 413
            assert (answer.status_code, size) == (expected, size)
        assert client.post("/v1/entities", content=body(), headers=JSON).status_code == 200


def form(*parts):
    out = b""
    for disposition, headers, content in parts:
        out += b"--xyz\r\nContent-Disposition: form-data; " + disposition + b"\r\n"
        out += headers + b"\r\n" + content + b"\r\n"
    return {
        "content": out + b"--xyz--\r\n",
        "headers": {"content-type": "multipart/form-data; boundary=xyz"},
    }


TEXT_PART = (b'name="text"', b"", TEXT.encode())
NO_FILE = (b'name="image"; filename=""', b"Content-Type: application/octet-stream\r\n", b"")
A_FILE = (b'name="image"; filename="a.png"', b"Content-Type: image/png\r\n", picture())


@pytest.mark.parametrize(
    ("parts", "images"),
    [
        ([TEXT_PART, NO_FILE], 0),
        ([TEXT_PART, (b'name="image"', b"", b"")], 0),
        ([TEXT_PART, A_FILE, NO_FILE, (b'name="regions"', b"", b"[[]]")], 1),
        ([TEXT_PART, *[A_FILE] * 4, NO_FILE], 4),
        ([TEXT_PART, NO_FILE, (b'name="regions"', b"", b""), (b'name="explain"', b"", b"on")], 0),
        (
            [
                (
                    b'name="text"',
                    b"Content-Type: text/plain; charset=iso-8859-1\r\n",
                    TEXT.encode("latin-1"),
                )
            ],
            0,
        ),
    ],
)
def test_parts_that_browsers_send_for_nothing_are_no_images(client, parts, images):
    answer = client.post("/v1/entities", **form(*parts))
    assert answer.status_code == 200, answer.text
    assert answer.json()["text"] == TEXT
    explained = client.post(
        "/v1/entities",
        **form(*[p for p in parts if b"explain" not in p[0]], (b'name="explain"', b"", b"True")),
    )
    assert len({v["image"] for v in explained.json()["explanation"]["views"]}) == images


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([TEXT_PART, (b'name="image"; filename="a.png"', b"", b"")], "images.0.data: not an image"),
        ([(b'name="text"', b"", TEXT.encode("latin-1"))], "text: expected utf-8, byte 19 is not"),
        (
            [(b'name="text"', b"Content-Type: text/plain; charset=x\r\n", b"a")],
            "charset 'x' is not read",
        ),
        ([TEXT_PART, A_FILE, A_FILE, (b'name="regions"', b"", b"[[]]")], "got 1 lists"),
        ([TEXT_PART, (b'name="explain"', b"", b"perhaps")], "explain: expected true or false"),
        ([TEXT_PART, (b'name="image[]"; filename="a"', b"", b"b")], "image[]: unknown field"),
    ],
)
def test_forms_that_would_lose_something_are_refused(client, parts, words):
    answer = client.post("/v1/entities", **form(*parts))
    assert answer.status_code in (415, 422)
    assert words in answer.json()["detail"]


BAD_POSTS = [
    ({}, "text", "Field required"),
    ({"text": 7}, "text", "valid string"),
    ({"text": TEXT, "url": "x"}, "url", "Extra inputs"),
    ({"text": "x" * 5001}, "text", "5001 characters, at most 5000"),
    ({"text": TEXT, "images": [image()] * 5}, "images", "5 images, at most 4"),
    ({"text": TEXT, "images": [{"data": encoded(b"no image")}]}, "images.0.data", "not an image"),
    ({"text": TEXT, "images": [image(None, [90, 0, 99, 9])]}, "images.0.regions.0.box", "no area"),
    ("text", "", "should be an object"),
    (None, "", "should be an object"),
    ([TEXT], "", "should be an object"),
]


def check_items(items, pipeline):
    assert len(items) == 2 * len(BAD_POSTS)
    for number, (_, field, words) in enumerate(BAD_POSTS):
        good, bad = items[2 * number], items[2 * number + 1]
        assert good["problem"] is None
        assert good["result"]["text"] == f"{TEXT} {number}"
        same(good["result"]["entities"], pipeline(f"{TEXT} {number}"))
        assert bad["result"] is None
        assert bad["problem"]["status"] == 422
        assert bad["problem"]["faults"][0]["field"] == field
        assert words in bad["problem"]["faults"][0]["message"]


POSTS = [
    post
    for number, (bad, _, _) in enumerate(BAD_POSTS)
    for post in ({"text": f"{TEXT} {number}"}, bad)
]


def test_each_bad_post_of_a_batch_fails_alone(client, pipeline):
    answer = client.post("/v1/entities/batch", json={"posts": POSTS})
    assert answer.status_code == 200
    check_items(answer.json()["items"], pipeline)


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl; charset=utf-8"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n"])
def test_lines_are_answered_by_lines(client, pipeline, kind, ending):
    content = "\ufeff" + ending.join(json.dumps(post, ensure_ascii=False) for post in POSTS)
    answer = client.post(
        "/v1/entities/batch", content=content.encode(), headers={"content-type": kind}
    )
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.text.endswith("\n")
    check_items([json.loads(line) for line in answer.text.split("\n")[:-1]], pipeline)


def test_a_line_that_is_no_json_fails_alone_and_separators_inside_a_string_end_no_line(client):
    lines = [b'{"text": "a"', b'{"text": "a", "text": "b"}', '{"text": "a\u2028\u0085b"}'.encode()]
    answer = client.post("/v1/entities/batch", content=b"\n".join(lines), headers=NDJSON)
    first, second, third = map(json.loads, answer.text.split("\n")[:-1])
    assert first["problem"]["detail"].startswith("Invalid JSON")
    assert "stands twice in one object" in second["problem"]["detail"]
    assert third["result"]["text"] == "a\u2028\u0085b"


def test_lines_beyond_the_queue_wait_and_are_all_answered(pipeline):
    posts = [{"text": f"Ann Lee {number}"} for number in range(100)]
    content = "\n".join(map(json.dumps, posts)).encode()
    with small(pipeline, max_queue=3, max_posts=1, max_batch=2) as client:
        answer = client.post("/v1/entities/batch", content=content, headers=NDJSON)
    items = [json.loads(line) for line in answer.text.splitlines()]
    assert [item["result"]["text"] for item in items] == [post["text"] for post in posts]


def test_lines_have_limits_of_their_own(pipeline):
    with small(pipeline, max_lines=2) as client:
        for content, words in (
            (b"{}\n{}\n{}", "3 posts, at most 2"),
            (b" \n", "one or more lines"),
        ):
            answer = client.post("/v1/entities/batch", content=content, headers=NDJSON)
            assert answer.status_code == 422
            assert words in answer.json()["detail"]


def test_answers_to_lines_come_before_the_last_is_done(pipeline, monkeypatch):
    """Each part of the answer is sent when it is there, not when all are."""
    import asyncio
    import threading

    app = create_app(pipeline, config=ServeConfig(max_batch=1))
    go_on, service = threading.Event(), app.state.service
    plain = service.engine.answer

    def slow(posts):
        assert posts[0].text != "last" or go_on.wait(20)
        return plain(posts)

    monkeypatch.setattr(service.engine, "answer", slow)
    content = b'{"text": "first"}\n{"text": "last"}'
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/entities/batch",
        "headers": [(b"content-type", b"application/x-ndjson")],
        "query_string": b"",
    }
    sent = []

    async def receive():
        if receive.done:
            await asyncio.sleep(60)
        receive.done = True
        return {"type": "http.request", "body": content, "more_body": False}

    receive.done = False

    async def send(message):
        sent.append(message)
        if b"first" in message.get("body", b""):
            go_on.set()

    async def run():
        async with service.running():
            await app(scope, receive, send)

    asyncio.run(run())
    assert go_on.is_set()
    assert b"last" in b"".join(message.get("body", b"") for message in sent)


def test_a_form_that_is_cut_off_loses_no_image_in_silence(client):
    whole = (
        b'--X\r\nContent-Disposition: form-data; name="text"\r\n\r\nOslo is cold\r\n--X\r\n'
        b'Content-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
        + picture()
        + b"\r\n--X--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=X"}
    assert client.post("/v1/entities", content=whole, headers=headers).status_code == 200
    for end in (50, 100, 140, -100, -8):
        answer = client.post("/v1/entities", content=whole[:end], headers=headers)
        assert answer.status_code == 422, end
        assert "the form is cut off" in answer.json()["detail"], end


def test_an_older_name_of_gzip_is_understood(client):
    content = gzip.compress(json.dumps({"text": TEXT}).encode())
    headers = {"content-type": "application/json", "content-encoding": "x-gzip"}
    assert client.post("/v1/entities", content=content, headers=headers).json()["text"] == TEXT


@pytest.mark.parametrize("given", ["http://127.0.0.1/a.png", "../../etc/passwd", "file:///a.png"])
def test_an_image_that_is_an_address_is_told_that_none_is_read(client, given):
    answer = client.post("/v1/entities", json={"text": TEXT, "images": [given]})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] == "images.0"
    assert "file in base64 as data; no URL or path is read" in answer.json()["detail"]
