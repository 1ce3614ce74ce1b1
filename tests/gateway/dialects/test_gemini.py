from typing import Any

import orjson
import pytest

from gateway.dialects.gemini import Gemini
from gateway.errors import (
    GatewayError,
    ImageBlockedError,
    QueueFullError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from tests.gateway.dialects.bodies import JPEG, MP4, PDF, PNG, base64, found, with_every_picture

DIALECT = Gemini()


def parts(*each: dict[str, Any]) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": list(each)}]}


def inline(data: bytes = PNG, media_type: str = "image/png") -> dict[str, Any]:
    return {"inlineData": {"mimeType": media_type, "data": base64(data)}}


def snake(data: bytes = PNG, media_type: str = "image/png") -> dict[str, Any]:
    return {"inline_data": {"mime_type": media_type, "data": base64(data)}}


def stored(address: str, media_type: str | None) -> dict[str, Any]:
    return {"fileData": {"fileUri": address} | ({"mimeType": media_type} if media_type else {})}


FIRST = "contents[0].parts[0]"
STORED = "https://generativelanguage.googleapis.com/v1beta/files/abc"
SHOWN = [
    (parts({"text": "Only text."}), {}),
    (parts({"text": "?"}, inline()), {"contents[0].parts[1].inlineData.data": "png"}),
    (parts(snake(JPEG)), {f"{FIRST}.inline_data.data": "jpeg"}),
    (parts({"inlineData": {"data": base64(PNG)}}), {f"{FIRST}.inlineData.data": "png"}),
    ({"contents": {"parts": inline()}}, {"contents.parts.inlineData.data": "png"}),
    (parts(inline(PNG, "text/plain")), {f"{FIRST}.inlineData.data": "png"}),
    (parts(inline(PDF, "application/pdf")), {f"{FIRST}.inlineData.data": "document"}),
    (parts(inline(MP4, "video/mp4")), {f"{FIRST}.inlineData.data": "video"}),
    (parts(inline(b"RIFF0000WAVEfmt ", "audio/wav")), {}),
    (parts(stored(STORED, "image/png")), {f"{FIRST}.fileData.fileUri": "file_id"}),
    (parts(stored("gs://bucket/cat.png", None)), {f"{FIRST}.fileData.fileUri": "file_id"}),
    (parts(stored("https://example.org/cat.png", "image/png")), {f"{FIRST}.fileData.fileUri": "url"}),
    (parts(stored("https://www.youtube.com/watch?v=1", None)), {f"{FIRST}.fileData.fileUri": "video"}),
    (parts(stored("gs://bucket/a.pdf", "application/pdf")), {f"{FIRST}.fileData.fileUri": "document"}),
    (parts(stored("gs://bucket/a.mp3", "audio/mpeg")), {}),
    (parts({"inlineData": {"data": list(PNG)}}), {f"{FIRST}.inlineData.data": "unknown_place"}),
    (parts({"inlineData": base64(PNG)}), {f"{FIRST}.inlineData": "unknown_place"}),
    (parts({"fileData": [{"fileUri": "https://example.org"}]}), {f"{FIRST}.fileData": "unknown_place"}),
    (parts({"fileData": {"fileUri": {"a": "b"}}}), {f"{FIRST}.fileData.fileUri": "unknown_place"}),
    (
        parts({"file_data": {"file_uri": STORED, "mime_type": "video/mp4"}}),
        {f"{FIRST}.file_data.file_uri": "video"},
    ),
    (
        parts({"functionResponse": {"name": "look", "response": {"a": 1}, "parts": [inline()]}}),
        {f"{FIRST}.functionResponse.parts[0].inlineData.data": "png"},
    ),
    (
        parts({"function_response": {"name": "look", "parts": [snake()]}}),
        {f"{FIRST}.function_response.parts[0].inline_data.data": "png"},
    ),
    (parts({"functionCall": {"name": "f", "args": inline()}}), {}),
    (parts({"functionResponse": {"name": "f", "response": inline()}}), {}),
    (parts({"text": "a", "thoughtSignature": base64(PNG)}), {}),
    ({"systemInstruction": {"parts": [inline()]}}, {"systemInstruction.parts[0].inlineData.data": "png"}),
    ({"system_instruction": {"parts": [inline()]}}, {"system_instruction.parts[0].inlineData.data": "png"}),
    (
        {"generateContentRequest": {"model": "models/m"} | parts(inline())},
        {f"generateContentRequest.{FIRST}.inlineData.data": "png"},
    ),
    (
        {"batch": {"inputConfig": {"requests": {"requests": [{"request": parts(inline())}]}}}},
        {f"batch.inputConfig.requests.requests[0].request.{FIRST}.inlineData.data": "png"},
    ),
    ({"batch": {"input_config": {"file_name": "files/b"}}}, {"batch.input_config.file_name": "file_id"}),
]


@pytest.mark.parametrize(("body", "expected"), SHOWN)
def test_pictures_are_found_wherever_the_api_takes_them(body: dict[str, Any], expected: dict[str, str]):
    assert found(DIALECT, body) == expected


@pytest.mark.parametrize("part", [inline, snake])
def test_a_picture_put_in_place_has_its_own_type_and_keys_stay_as_they_are_spelt(part):
    assert with_every_picture(DIALECT, parts(part()), "image/jpeg", JPEG) == parts(part(JPEG, "image/jpeg"))


@pytest.mark.parametrize("media_type", ["image/png", None])
def test_a_fetched_picture_turns_its_address_into_data(media_type: str | None):
    body = parts(stored("https://example.org/cat.png", media_type) | {"mediaResolution": {"level": "LOW"}})

    changed = with_every_picture(DIALECT, body, "image/jpeg", JPEG)

    assert changed == parts(inline(JPEG, "image/jpeg") | {"mediaResolution": {"level": "LOW"}})


@pytest.mark.parametrize(
    "part",
    [
        b'{"inlineData": {"mimeType": "image/png", "mime_type": "image/gif", "data": "%s"}}',
        b'{"inlineData": {"mimeType": "image/png", "data": "%s", "data": "x"}}',
        b'{"fileData": {"fileUri": "https://a/%s", "file_uri": "https://b"}}',
    ],
)
def test_a_picture_at_keys_named_twice_is_told_not_rewritten(part: bytes):
    body = b'{"contents": [{"parts": [%s]}]}' % (part % base64(PNG).encode())

    assert set(found(DIALECT, body).values()) == {"duplicate_keys"}


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1beta/models/gemini-2.5-flash:generateContent", "gemini-2.5-flash"),
        ("/v1/models/gemini-2.5-flash:streamGenerateContent", "gemini-2.5-flash"),
        ("/v1alpha/models/gemini-2.5-flash:countTokens", "gemini-2.5-flash"),
        ("/v1beta/tunedModels/ours:generateContent", "ours"),
        ("/v1beta/models/gemini-2.5-flash:batchGenerateContent", "gemini-2.5-flash"),
        ("/v1/publishers/google/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro"),
        (
            "/v1beta1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:countTokens",
            "gemini-2.5-pro",
        ),
        ("/v1/projects/p/locations/l/endpoints/123:generateContent", "123"),
    ],
)
def test_the_model_stands_in_the_path_at_google_ai_and_at_vertex(path: str, model: str):
    assert DIALECT.takes(path)
    assert DIALECT.model_of(path, {"model": "models/other"}) == model


def test_cached_contents_name_their_model_in_the_body():
    assert DIALECT.takes("/v1beta/cachedContents")
    assert (
        DIALECT.model_of("/v1beta/cachedContents", {"model": "models/gemini-2.5-flash"}) == "gemini-2.5-flash"
    )
    assert DIALECT.model_of("/v1beta/cachedContents", {}) == ""


@pytest.mark.parametrize(
    "path",
    [
        "/v1beta/models/gemini-2.5-flash",
        "/v1beta/models/text-embedding:embedContent",
        "/v1beta/files",
        "/v1/projects/p/locations/l/publishers/anthropic/models/claude:rawPredict",
        "/v1/chat/completions",
    ],
)
def test_other_methods_are_left_alone(path: str):
    assert not DIALECT.takes(path)


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (ImageBlockedError("m"), 400, "INVALID_ARGUMENT"),
        (QueueFullError("m"), 429, "RESOURCE_EXHAUSTED"),
        (GatewayError("m"), 500, "INTERNAL"),
        (UpstreamUnreachableError("m"), 502, "UNAVAILABLE"),
        (UpstreamTimeoutError("m"), 504, "DEADLINE_EXCEEDED"),
    ],
)
def test_errors_look_like_googles(error: GatewayError, code: int, status: str):
    rendered = orjson.loads(DIALECT.error_body(error))["error"]

    assert (rendered["code"], rendered["status"], rendered["message"]) == (code, status, "m")
    assert rendered["details"][0]["reason"] == error.kind.upper()


def test_an_error_says_where_the_picture_is():
    rendered = orjson.loads(DIALECT.error_body(ImageBlockedError("m", param="contents[0]")))["error"]

    assert rendered["details"][1]["fieldViolations"] == [{"field": "contents[0]", "description": "m"}]
