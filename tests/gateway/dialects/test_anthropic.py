from typing import Any

import orjson
import pytest

from gateway.dialects.anthropic import Anthropic
from gateway.dialects.reading.document import read_document
from gateway.errors import (
    GatewayError,
    ImageBlockedError,
    QueueFullError,
    RequestRefusedError,
    UnknownPathError,
    UpstreamUnreachableError,
)
from tests.gateway.dialects.bodies import JPEG, PDF, PNG, base64, data_url, found, with_every_picture

DIALECT = Anthropic()


def sent(data: bytes, media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "base64", "media_type": media_type, "data": base64(data)}


def image(data: bytes = PNG, media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "image", "source": sent(data, media_type), "cache_control": {"type": "ephemeral"}}


def blocks(*each: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": "claude-sonnet-4-5",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": list(each)}],
    }


def result(content: Any) -> dict[str, Any]:
    return blocks({"type": "tool_result", "tool_use_id": "t", "content": content})


def document(source: dict[str, Any]) -> dict[str, Any]:
    return blocks({"type": "document", "source": source})


FIRST = "messages[0].content[0]"
SHOWN = [
    ({"messages": [{"role": "user", "content": "Only text."}]}, {}),
    (blocks({"type": "text", "text": "?"}, image()), {"messages[0].content[1].source.data": "png"}),
    (blocks(image(JPEG, "image/png")), {f"{FIRST}.source.data": "jpeg"}),
    (
        blocks({"type": "image", "source": {"type": "url", "url": "https://example.org/cat.png"}}),
        {f"{FIRST}.source.url": "url"},
    ),
    (
        blocks({"type": "image", "source": {"type": "file", "file_id": "file_1"}}),
        {f"{FIRST}.source.file_id": "file_id"},
    ),
    (result([{"type": "text", "text": "a"}, image()]), {f"{FIRST}.content[1].source.data": "png"}),
    (result("just text"), {}),
    (
        blocks({"type": "image", "source": {"type": "base64", "data": list(PNG)}}),
        {f"{FIRST}.source.data": "unknown_place"},
    ),
    (
        blocks({"type": "image", "source": {"type": "url", "url": {"href": "https://example.org"}}}),
        {f"{FIRST}.source.url": "unknown_place"},
    ),
    (blocks({"type": "image", "source": "https://example.org/a.png"}), {f"{FIRST}.source": "unknown_place"}),
    (blocks({"type": "image", "Source": sent(PNG)}), {f"{FIRST}.Source": "unknown_place"}),
    (
        blocks({"type": "image", "source": {"type": "base64", "Data": base64(PNG)}}),
        {f"{FIRST}.source.Data": "unknown_place"},
    ),
    (blocks({"type": "search_result", "source": "https://example.org/a", "content": []}), {}),
    (document({"type": "text", "media_type": "text/plain", "data": "Words."}), {}),
    (
        result([{"type": "tool_result", "content": [image()]}]),
        {f"{FIRST}.content[0].content[0].source.data": "png"},
    ),
    (
        result([{"type": "document", "source": {"type": "content", "content": [image()]}}]),
        {f"{FIRST}.content[0].source.content[0].source.data": "png"},
    ),
    (document(sent(PDF, "application/pdf")), {f"{FIRST}.source.data": "document"}),
    (document({"type": "url", "url": "https://example.org/a.pdf"}), {f"{FIRST}.source.url": "document"}),
    (document({"type": "file", "file_id": "file_2"}), {f"{FIRST}.source.file_id": "file_id"}),
    (document({"type": "text", "media_type": "text/plain", "data": "Some words."}), {}),
    (document({"type": "content", "content": "Some words."}), {}),
    (
        document({"type": "content", "content": [{"type": "text", "text": "a"}, image()]}),
        {f"{FIRST}.source.content[1].source.data": "png"},
    ),
    (
        blocks(
            {
                "type": "search_result",
                "source": "https://a",
                "title": "A",
                "content": [{"type": "text", "text": "a"}],
            }
        ),
        {},
    ),
    (blocks({"type": "container_upload", "file_id": "file_3"}), {f"{FIRST}.file_id": "file_id"}),
    (
        blocks(
            {
                "type": "code_execution_tool_result",
                "tool_use_id": "t",
                "content": {
                    "type": "code_execution_result",
                    "content": [{"type": "code_execution_output", "file_id": "file_4"}],
                },
            }
        ),
        {f"{FIRST}.content.content[0].file_id": "file_id"},
    ),
    (
        blocks(
            {
                "type": "web_fetch_tool_result",
                "tool_use_id": "t",
                "content": {
                    "type": "web_fetch_result",
                    "url": "https://a",
                    "content": {"type": "document", "source": sent(PDF, "application/pdf")},
                },
            }
        ),
        {f"{FIRST}.content.content.source.data": "document"},
    ),
    (blocks({"type": "redacted_thinking", "data": base64(PNG)}), {}),
    (blocks({"type": "tool_use", "id": "t", "name": "f", "input": {"source": sent(PNG)}}), {}),
    ({"system": [{"type": "text", "text": "Be brief."}], "messages": []}, {}),
    ({"system": [image()], "messages": []}, {"system[0].source.data": "image_in_system"}),
    (
        {
            "requests": [
                {"custom_id": "a", "params": blocks(image())},
                {"custom_id": "b", "params": blocks(image(JPEG))},
            ]
        },
        {
            f"requests[0].params.{FIRST}.source.data": "png",
            f"requests[1].params.{FIRST}.source.data": "jpeg",
        },
    ),
]


@pytest.mark.parametrize(("body", "expected"), SHOWN)
def test_pictures_are_found_wherever_the_api_takes_them(body: dict[str, Any], expected: dict[str, str]):
    assert found(DIALECT, body) == expected


def test_a_picture_put_in_place_has_its_own_type_and_nothing_else_changes():
    changed = with_every_picture(DIALECT, blocks(image()), "image/jpeg", JPEG)

    assert changed == blocks(image(JPEG, "image/jpeg"))


def test_a_fetched_picture_turns_its_address_into_data():
    body = blocks({"type": "image", "source": {"url": "https://example.org/cat.png", "type": "url"}})

    changed = with_every_picture(DIALECT, body, "image/jpeg", JPEG)

    assert changed["messages"][0]["content"][0]["source"] == sent(JPEG, "image/jpeg")


def test_nothing_is_written_among_the_instructions():
    body = {"system": [image()], "messages": []}

    assert with_every_picture(DIALECT, body, "image/jpeg", JPEG) == body


@pytest.mark.parametrize(
    "source",
    [
        b'{"type": "base64", "media_type": "image/png", "data": "%s", "data": "%s"}',
        b'{"type": "base64", "media_type": "image/png", "media_type": "image/gif", "data": "%s", "x": "%s"}',
        b'{"type": "text", "type": "base64", "media_type": "text/plain", "data": "%s", "data": "%s"}',
    ],
)
def test_a_picture_at_keys_named_twice_is_told_not_rewritten(source: bytes):
    picture = base64(PNG).encode()
    body = b'{"messages": [{"content": [{"type": "image", "source": %s}]}]}' % (source % (picture, picture))

    assert set(found(DIALECT, body).values()) == {"duplicate_keys"}


def test_of_two_contents_both_are_looked_at():
    one, other = orjson.dumps([image(PNG)]), orjson.dumps([image(JPEG)])
    body = b'{"messages": [{"content": %s, "content": %s}]}' % (one, other)

    slots = list(DIALECT.slots(read_document(body, max_values=1000)))

    assert [slot.source.read().data for slot in slots] == [PNG, JPEG]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/messages", True),
        ("/anthropic/v1/messages", True),
        ("/v1/messages/count_tokens", True),
        ("/v1/messages/batches", True),
        ("/v1/messages/batches/msgbatch_1/cancel", False),
        ("/v1/complete", False),
        (
            "/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4-5@20251101:streamRawPredict",
            True,
        ),
    ],
)
def test_its_paths_are_those_that_carry_messages(path: str, expected: bool):
    assert DIALECT.takes(path) == expected


def test_the_model_is_named_in_the_body_or_at_vertex_in_the_path():
    vertex = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4-5@20251101:rawPredict"

    assert DIALECT.model_of("/v1/messages", {"model": "claude-haiku-4-5"}) == "claude-haiku-4-5"
    assert DIALECT.model_of("/v1/messages", {"model": None}) == ""
    assert DIALECT.model_of(vertex, {"anthropic_version": "vertex-2023-10-16"}) == "claude-opus-4-5@20251101"


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ([{"params": {"model": "claude-haiku-4-5"}}, {"params": {"model": "other"}}], "claude-haiku-4-5"),
        ([{}], ""),
        ([{"params": 1}], ""),
        (["a"], ""),
        ([], ""),
    ],
)
def test_of_a_batch_the_first_request_names_the_model(requests: list[Any], expected: str):
    batch = {"requests": requests}

    for read in (batch, read_document(orjson.dumps(batch), max_values=100)):
        assert DIALECT.model_of("/v1/messages/batches", read) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (GatewayError("m"), "api_error"),
        (UpstreamUnreachableError("m"), "api_error"),
        (QueueFullError("m"), "rate_limit_error"),
        (ImageBlockedError("m"), "invalid_request_error"),
        (RequestRefusedError("body_too_large", "m"), "request_too_large"),
        (UnknownPathError("m"), "not_found_error"),
    ],
)
def test_errors_have_the_types_anthropic_gives_them(error: GatewayError, expected: str):
    assert orjson.loads(DIALECT.error_body(error)) == {
        "type": "error",
        "error": {"type": expected, "message": "m"},
        "request_id": None,
    }


def test_an_error_says_where_the_picture_is():
    error = ImageBlockedError(
        "the gateway's policy blocks this image", param="messages[0].content[0].source.data"
    )

    assert orjson.loads(DIALECT.error_body(error))["error"]["message"] == (
        "messages[0].content[0].source.data: the gateway's policy blocks this image"
    )


def test_addresses_as_data_urls_are_read_too():
    body = blocks({"type": "image", "source": {"type": "url", "url": data_url(PNG)}})

    assert found(DIALECT, body) == {f"{FIRST}.source.url": "png"}
