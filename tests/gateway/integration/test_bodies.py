"""Bodies as they may come, through a live endpoint."""

import gzip
import io

import orjson
import pybase64
import pytest
from PIL import Image

INSPECT = "/v1/jnd/inspect"


def test_a_packed_body_is_unpacked(gateway, png):
    body = orjson.dumps({"image": pybase64.b64encode(png).decode()})
    headers = {"content-type": "application/json", "content-encoding": "gzip"}

    answer = gateway().ask("POST", INSPECT, gzip.compress(body), headers)

    assert orjson.loads(answer.body)["outcome"] == "clean"


@pytest.mark.parametrize(
    ("coding", "body", "status", "code"),
    [
        ("gzip", b"no gzip", 400, "encoded_body"),
        ("compress", b"x", 400, "encoded_body"),
        ("gzip", gzip.compress(b" " * 100_000), 413, "body_too_large"),
    ],
)
def test_what_cannot_be_unpacked_is_said(gateway, coding, body, status, code):
    server = gateway(limits={"max_body_bytes": 50_000})

    answer = server.ask("POST", INSPECT, body, {"content-encoding": coding})

    assert (answer.status, answer.error["code"]) == (status, code)


def test_an_image_as_it_is_may_say_its_model_and_provider(gateway, png):
    answer = gateway().ask(
        "POST", "/v1/jnd/compress?model=m&provider=openai&x=%22", png, {"content-type": "image/png; a=b"}
    )

    assert answer.status == 200
    assert orjson.loads(answer.body)["bytes_in"] == len(png)


def test_chunks_are_taken_as_well(gateway, png):
    body = orjson.dumps({"image": pybase64.b64encode(png).decode()})
    pieces = (body[start : start + 999] for start in range(0, len(body), 999))

    answer = gateway().ask("POST", INSPECT, pieces, {"content-type": "application/json"})

    assert answer.status == 200


@pytest.mark.parametrize(
    "declared",
    [{}, {"content-type": "application/x-www-form-urlencoded"}, {"content-type": "image/jpg"}],
)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_image_that_does_not_say_what_it_is_is_known_by_its_opening(gateway, declared, form):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(buffer, form)

    answer = gateway().ask("POST", INSPECT, buffer.getvalue(), declared)

    assert (answer.status, orjson.loads(answer.body)["outcome"]) == (200, "clean")


def test_json_that_does_not_say_what_it_is_is_read_as_before(gateway, png):
    body = orjson.dumps({"image": pybase64.b64encode(png).decode()})

    assert gateway().ask("POST", INSPECT, b"\n " + body).status == 200


@pytest.mark.parametrize("body", [b"", b"BM bitmap", b"image=@x.png"])
def test_what_is_neither_json_nor_an_image_is_told_what_to_send(gateway, body):
    answer = gateway().ask("POST", INSPECT, body)

    assert (answer.status, answer.error["code"]) == (400, "invalid_request")
    assert "content-type: image/png" in answer.error["message"]
    assert '{"image":' in answer.error["message"]
