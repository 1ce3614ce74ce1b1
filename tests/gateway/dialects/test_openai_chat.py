from typing import Any

import orjson
import pytest

from gateway.dialects.openai_chat import OpenAIChat
from gateway.errors import (
    GatewayError,
    ImageBlockedError,
    QueueFullError,
    RequestRefusedError,
    UpstreamTimeoutError,
)
from tests.gateway.dialects.bodies import (
    JPEG,
    MP4,
    PDF,
    PNG,
    base64,
    data_url,
    found,
    with_every_picture,
)

DIALECT = OpenAIChat()


def parts(*each: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": list(each)}]}


def image(data: bytes = PNG) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url(data), "detail": "high"}}


def file(**each: str) -> dict[str, Any]:
    return {"type": "file", "file": each}


FIRST = "messages[0].content[0]"
SHOWN = [
    ({"messages": [{"role": "user", "content": "Only text."}]}, {}),
    (parts({"type": "text", "text": "?"}, image()), {"messages[0].content[1].image_url.url": "png"}),
    (parts({"type": "image_url", "image_url": data_url(JPEG)}), {f"{FIRST}.image_url": "jpeg"}),
    (parts({"type": "image_url", "image_url": base64(PNG)}), {f"{FIRST}.image_url": "png"}),
    (parts({"type": "image_url", "image_url": "\n " + data_url(PNG)}), {f"{FIRST}.image_url": "png"}),
    (parts({"type": "image_url", "image_url": "https://example.org/a.png"}), {f"{FIRST}.image_url": "url"}),
    (
        parts({"type": "image_file", "image_file": {"file_id": "file-1"}}),
        {f"{FIRST}.image_file.file_id": "file_id"},
    ),
    (
        {"messages": [{"role": "tool", "tool_call_id": "c", "content": [image()]}]},
        {f"{FIRST}.image_url.url": "png"},
    ),
    (
        {"messages": [{"role": "tool", "content": [{"type": "tool_result", "content": [image()]}]}]},
        {f"{FIRST}.content[0].image_url.url": "png"},
    ),
    (
        {"messages": [{"role": "assistant", "content": "Here.", "images": [image()]}]},
        {"messages[0].images[0].image_url.url": "png"},
    ),
    (parts(file(file_data=data_url(PDF, "application/pdf"))), {f"{FIRST}.file.file_data": "document"}),
    (parts(file(file_data=data_url(PNG, "application/pdf"))), {f"{FIRST}.file.file_data": "png"}),
    (parts(file(file_data=base64(PNG))), {f"{FIRST}.file.file_data": "png"}),
    (parts(file(file_data=data_url(b"a,b\n", "text/csv"))), {}),
    (parts(file(file_id="file-2")), {f"{FIRST}.file.file_id": "file_id"}),
    (parts({"type": "input_audio", "input_audio": {"data": base64(PNG), "format": "wav"}}), {}),
    (
        parts({"type": "video_url", "video_url": {"url": "https://a/b.mp4"}}),
        {f"{FIRST}.video_url.url": "video"},
    ),
    (
        parts({"type": "video_url", "video_url": {"url": data_url(MP4, "video/mp4")}}),
        {f"{FIRST}.video_url.url": "video"},
    ),
    (
        parts({"type": "video_url", "video_url": {"url": f"{data_url(JPEG, 'video/jpeg')},{base64(JPEG)}"}}),
        {f"{FIRST}.video_url.url[0]": "jpeg", f"{FIRST}.video_url.url[1]": "jpeg"},
    ),
    (
        parts({"type": "video", "video": [data_url(JPEG), "https://a/b.jpg"]}),
        {f"{FIRST}.video[0]": "jpeg", f"{FIRST}.video[1]": "url"},
    ),
    (
        parts({"type": "image_embeds", "image_embeds": base64(b"tensor")}),
        {f"{FIRST}.image_embeds": "image_embeds"},
    ),
    (
        parts({"type": "image_embeds", "image_embeds": {"image_grid_thw": base64(b"tensor")}}),
        {f"{FIRST}.image_embeds.image_grid_thw": "image_embeds"},
    ),
    (
        parts({"type": "document_url", "document_url": "https://a/b.pdf"}),
        {f"{FIRST}.document_url": "document"},
    ),
    (parts({"type": "file_url", "file_url": {"url": "https://a/b.pdf"}}), {f"{FIRST}.file_url": "document"}),
    (parts({"type": "image", "image": "https://a/b.png"}), {f"{FIRST}.image": "url"}),
    (parts({"type": "image", "image": data_url(PNG)}), {f"{FIRST}.image": "png"}),
    (parts({"type": "image", "url": "https://a/b.png"}), {f"{FIRST}.url": "url"}),
    (parts({"type": "video", "url": "https://a/b.mp4"}), {f"{FIRST}.url": "video"}),
    (
        parts({"type": "image", "source": {"type": "url", "url": "https://a/b"}}),
        {f"{FIRST}.source.url": "url"},
    ),
    (
        parts(
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": base64(PNG)}}
        ),
        {f"{FIRST}.source.data": "png"},
    ),
    (parts({"type": "text", "text": "?", "url": "https://a/b", "source": {"url": "https://a"}}), {}),
    ({"messages": [{"content": "?", "images": [base64(PNG)]}]}, {"messages[0].images[0]": "png"}),
    (parts({"Image_url": {"url": "data:;base64,iVBO\nRw0"}}), {f"{FIRST}.Image_url": "unknown_place"}),
    (parts({"image_url": {"URL": "https://a/b.png"}}), {f"{FIRST}.image_url.URL": "unknown_place"}),
    (parts({"file": {"File_Data": base64(PNG)}}), {f"{FIRST}.file.File_Data": "unknown_place"}),
    (parts({"image_url": list(PNG)}), {f"{FIRST}.image_url": "unknown_place"}),
    (parts({"image_url": {"url": list(PNG)}}), {f"{FIRST}.image_url.url": "unknown_place"}),
    (parts({"file": {"file_data": list(PNG)}}), {f"{FIRST}.file.file_data": "unknown_place"}),
    (parts({"file": 7}), {f"{FIRST}.file": "unknown_place"}),
    (parts({"video": [{"url": 1}]}), {f"{FIRST}.video[0].url": "unknown_place"}),
    (parts({"image_embeds": [0.5, 0.5]}), {f"{FIRST}.image_embeds": "image_embeds"}),
    (parts({"type": "text", "text": "?", "image_url": None, "file": {}, "video": False}), {}),
    ({"messages": [], "metadata": {"image_url": data_url(PNG)}}, {}),
    ({"messages": [], "tools": [{"function": {"parameters": {"image_url": {"url": data_url(PNG)}}}}]}, {}),
    ({"messages": [{"tool_calls": [{"function": {"arguments": orjson.dumps(image()).decode()}}]}]}, {}),
]


@pytest.mark.parametrize(("body", "expected"), SHOWN)
def test_pictures_are_found_wherever_the_api_and_its_imitators_take_them(body: Any, expected: dict[str, str]):
    assert found(DIALECT, body) == expected


def test_pictures_are_found_at_any_depth():
    part: Any = image()
    for _ in range(50):
        part = {"type": "tool_result", "content": [part]}

    assert list(found(DIALECT, parts(part)).values()) == ["png"]


def test_a_picture_put_in_place_changes_its_url_alone():
    changed = with_every_picture(DIALECT, parts({"type": "text", "text": "?"}, image()), "image/webp", JPEG)

    assert changed == parts(
        {"type": "text", "text": "?"},
        {"type": "image_url", "image_url": {"url": data_url(JPEG, "image/webp"), "detail": "high"}},
    )


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


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/chat/completions", True),
        ("/chat/completions", True),
        ("/api/v1/chat/completions", True),
        ("/v1beta/openai/chat/completions", True),
        ("/openai/v1/chat/completions", True),
        ("/invocations", True),
        ("/tokenize", True),
        ("/detokenize", False),
        ("/v1/completions", False),
        ("/v1/chat/completions/chatcmpl-1", False),
        ("/openai/deployments/d/chat/completions", False),
        ("/prefix/openai/deployments/d/chat/completions", False),
    ],
)
def test_its_paths_are_those_that_end_as_openais_does(path: str, expected: bool):
    assert DIALECT.takes(path) == expected
