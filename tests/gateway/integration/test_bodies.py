"""Bodies as they may come, through a live endpoint."""

import gzip

import orjson
import pybase64
import pytest

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
