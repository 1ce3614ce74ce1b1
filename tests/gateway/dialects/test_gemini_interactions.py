from typing import Any

import pytest

from gateway.dialects.gemini_interactions import GeminiInteractions
from tests.gateway.dialects.bodies import JPEG, MP4, PDF, PNG, base64, found, with_every_picture

DIALECT = GeminiInteractions()


def image(data: bytes = PNG, media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "image", "data": base64(data), "mime_type": media_type}


def at(uri: str, **each: str) -> dict[str, Any]:
    return {"input": [{"type": "image", "uri": uri} | each]}


SHOWN = [
    ({"model": "m", "input": "Only text."}, {}),
    ({"model": "m", "input": image()}, {"input.data": "png"}),
    ({"model": "m", "input": [{"type": "text", "text": "?"}, image(JPEG)]}, {"input[1].data": "jpeg"}),
    ({"input": [{"type": "user_input", "content": [image()]}]}, {"input[0].content[0].data": "png"}),
    ({"input": [{"type": "function_result", "result": [image()]}]}, {"input[0].result[0].data": "png"}),
    (
        {"input": [{"type": "function_result", "result": {"data": "words"}}]},
        {"input[0].result.data": "document"},
    ),
    ({"input": [{"type": "video", "data": base64(MP4)}]}, {"input[0].data": "video"}),
    ({"input": [{"type": "document", "data": base64(PDF)}]}, {"input[0].data": "document"}),
    ({"input": [{"type": "audio", "data": base64(b"RIFF"), "mime_type": "audio/wav"}]}, {}),
    (at("https://example.org/a.png"), {"input[0].uri": "url"}),
    (at("https://generativelanguage.googleapis.com/v1beta/files/a"), {"input[0].uri": "file_id"}),
    (
        at("https://example.org/a.png", mimeType="image/png", mime_type="image/gif"),
        {"input[0].uri": "duplicate_keys"},
    ),
    ({"input": [{"type": "video", "uri": "https://youtu.be/a"}]}, {"input[0].uri": "video"}),
    ({"input": [{"type": "function_call", "arguments": image()}]}, {}),
    ({"input": [{"type": "image", "data": list(PNG)}]}, {"input[0].data": "unknown_place"}),
    ({"input": [{"type": "image", "uri": {"a": "b"}}]}, {"input[0].uri": "unknown_place"}),
    ({"input": [{"type": "function_result", "result": {"data": [1, 2], "uri": {"a": 1}}}]}, {}),
    ({"previous_interaction_id": "v1_a", "input": []}, {}),
]


@pytest.mark.parametrize(("body", "expected"), SHOWN)
def test_pictures_are_found_wherever_the_api_takes_them(body: dict[str, Any], expected: dict[str, str]):
    assert found(DIALECT, body) == expected


def test_a_picture_put_in_place_has_its_own_type():
    assert with_every_picture(DIALECT, {"input": image()}, "image/jpeg", JPEG) == {
        "input": image(JPEG, "image/jpeg")
    }


@pytest.mark.parametrize("declared", [{}, {"mime_type": "image/png"}])
def test_a_fetched_picture_turns_its_address_into_data(declared: dict[str, str]):
    changed = with_every_picture(DIALECT, at("https://example.org/a.png", **declared), "image/jpeg", JPEG)

    assert changed == {"input": [image(JPEG, "image/jpeg")]}


def test_a_picture_at_keys_named_twice_is_told_not_rewritten():
    body = b'{"input": {"type": "image", "data": "%s", "data": "x"}}' % base64(PNG).encode()

    assert set(found(DIALECT, body).values()) == {"duplicate_keys"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1beta/interactions", True),
        ("/v1beta1/projects/p/locations/l/interactions", True),
        ("/v1beta/interactions/v1_a", False),
        ("/v1beta/interactions/v1_a/cancel", False),
    ],
)
def test_its_path_is_that_of_new_interactions(path: str, expected: bool):
    assert DIALECT.takes(path) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"model": "models/gemini-2.5-flash"}, "gemini-2.5-flash"),
        ({"agent": "deep-research"}, "deep-research"),
        ({}, ""),
    ],
)
def test_the_model_is_named_in_the_body(document: dict[str, Any], expected: str):
    assert DIALECT.model_of("/v1beta/interactions", document) == expected
