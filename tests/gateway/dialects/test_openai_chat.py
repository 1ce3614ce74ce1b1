import orjson
import pytest

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.splice import splice
from gateway.errors import (
    GatewayError,
    ImageBlockedError,
    QueueFullError,
    RequestRefusedError,
    UpstreamTimeoutError,
)

PICTURE, OTHER = "data:image/png;base64,AAAA", "data:image/png;base64,AAAB"
DIALECT = OpenAIChat()


def test_images_are_found_as_objects_and_as_bare_strings_in_every_message():
    body = orjson.dumps(
        {
            "messages": [
                {"role": "system", "content": "no image here"},
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PICTURE}}]},
                {"role": "tool", "content": [{"type": "image_url", "image_url": OTHER}]},
                {"role": "user", "content": [{"type": "text", "text": PICTURE}]},
            ],
            "metadata": {"image_url": PICTURE},
        }
    )

    slots = DIALECT.find(body)

    assert [DIALECT.read(body, slot).data for slot in slots] == [b"\0\0\0", b"\0\0\1"]
    assert [slot.where for slot in slots] == [
        "messages[1].content[0].image_url.url",
        "messages[2].content[0].image_url",
    ]


def test_what_is_written_into_a_slot_is_read_back():
    body = orjson.dumps({"messages": [{"content": [{"image_url": {"url": PICTURE, "detail": "high"}}]}]})
    (slot,) = DIALECT.find(body)

    changed = splice(body, DIALECT.write(slot, "image/webp", b"other"))

    (found,) = DIALECT.find(changed)
    assert (DIALECT.read(changed, found).media_type, DIALECT.read(changed, found).data) == (
        "image/webp",
        b"other",
    )
    assert orjson.loads(changed)["messages"][0]["content"][0]["image_url"]["detail"] == "high"


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b'{"image_url": 1}', True), (b'{"\\u0069mage_url": 1}', True), (b'{"content": "text"}', False)],
)
def test_bodies_without_the_key_are_not_worth_a_scan(body: bytes, expected: bool):
    assert DIALECT.may_have_images(body) == expected


@pytest.mark.parametrize("document", [{}, {"model": 7}, {"model": None}])
def test_a_request_may_name_no_model(document: dict):
    assert DIALECT.model_of("/v1/chat/completions", document) == ""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (GatewayError("m"), "api_error"),
        (UpstreamTimeoutError("m"), "api_error"),
        (QueueFullError("m"), "rate_limit_error"),
        (ImageBlockedError("m"), "invalid_request_error"),
        (RequestRefusedError("body_too_large", "m"), "invalid_request_error"),
    ],
)
def test_errors_have_the_types_openai_gives_them(error: GatewayError, expected: str):
    assert orjson.loads(DIALECT.error_body(error))["error"] == {
        "message": "m",
        "type": expected,
        "param": None,
        "code": error.kind,
    }


@pytest.mark.parametrize(("path", "expected"), [("/v1/chat/completions", True), ("/v1/completions", False)])
def test_chat_completions_are_its_one_path(path: str, expected: bool):
    assert DIALECT.takes(path) == expected
