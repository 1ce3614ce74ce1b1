from typing import Any

import orjson
import pytest

from gateway.dialects.openai_responses import OpenAIResponses
from gateway.errors import QueueFullError, RequestRefusedError
from tests.gateway.dialects.bodies import JPEG, PDF, PNG, base64, data_url, found, with_every_picture

DIALECT = OpenAIResponses()


def parts(*each: dict[str, Any]) -> dict[str, Any]:
    return {"model": "gpt-4o", "input": [{"role": "user", "content": list(each)}]}


def item(each: dict[str, Any]) -> dict[str, Any]:
    return {"model": "gpt-4o", "input": [{"role": "user", "content": "Go on."}, each]}


SHOWN = [
    ({"model": "gpt-4o", "input": "Only text."}, {}),
    (
        parts(
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": data_url(PNG)},
        ),
        {"input[0].content[1].image_url": "png"},
    ),
    (
        parts({"type": "input_image", "detail": "low", "image_url": {"url": data_url(JPEG)}}),
        {"input[0].content[0].image_url.url": "jpeg"},
    ),
    (
        {
            "role": "user",
            "content": [{"image_url": {"url": data_url(PNG)}}, {"image_file": {"file_id": "f"}}],
        },
        {"content[0].image_url.url": "png", "content[1].image_file.file_id": "file_id"},
    ),
    (
        {"thread": {"messages": [{"content": [{"image_url": {"url": "https://a"}}]}]}},
        {"thread.messages[0].content[0].image_url.url": "url"},
    ),
    ({"content": "?", "attachments": [{"file_id": "f"}]}, {"attachments[0].file_id": "file_id"}),
    (
        {"inputs": [{"content": [{"document_url": "https://a"}]}]},
        {"inputs[0].content[0].document_url": "document"},
    ),
    (
        parts({"type": "input_image", "image_url": None, "file_id": "file-1"}),
        {"input[0].content[0].file_id": "file_id"},
    ),
    (
        parts({"type": "input_image", "image_url": "https://example.org/cat.png"}),
        {"input[0].content[0].image_url": "url"},
    ),
    (
        parts({"type": "input_file", "filename": "a.pdf", "file_data": data_url(PDF, "application/pdf")}),
        {"input[0].content[0].file_data": "document"},
    ),
    (
        parts(
            {
                "type": "input_file",
                "filename": "a.png",
                "file_data": data_url(PNG, "application/octet-stream"),
            }
        ),
        {"input[0].content[0].file_data": "png"},
    ),
    (
        parts({"type": "input_file", "filename": "a.csv", "file_data": data_url(b"a,b\n1,2\n", "text/csv")}),
        {},
    ),
    (
        parts({"type": "input_file", "file_url": "https://example.org/a.pdf"}),
        {"input[0].content[0].file_url": "document"},
    ),
    (parts({"type": "input_audio", "input_audio": {"data": base64(b"RIFF0000WAVE"), "format": "wav"}}), {}),
    (
        item(
            {
                "type": "function_call_output",
                "call_id": "c",
                "output": [{"type": "input_image", "image_url": data_url(PNG)}],
            }
        ),
        {"input[1].output[0].image_url": "png"},
    ),
    (item({"type": "function_call_output", "call_id": "c", "output": "just text"}), {}),
    (
        item(
            {
                "type": "custom_tool_call_output",
                "call_id": "c",
                "output": [{"type": "input_file", "file_id": "file-2"}],
            }
        ),
        {"input[1].output[0].file_id": "file_id"},
    ),
    (
        item(
            {
                "type": "computer_call_output",
                "call_id": "c",
                "output": {"type": "computer_screenshot", "image_url": data_url(PNG)},
            }
        ),
        {"input[1].output.image_url": "png"},
    ),
    (
        item(
            {
                "type": "code_interpreter_call",
                "id": "i",
                "outputs": [{"type": "logs", "logs": "1"}, {"type": "image", "url": data_url(PNG)}],
            }
        ),
        {"input[1].outputs[1].url": "png"},
    ),
    (item({"type": "image_generation_call", "id": "i", "result": base64(PNG)}), {"input[1].result": "png"}),
    (item({"type": "program_output", "id": "i", "result": "42"}), {}),
    (item({"type": "reasoning", "id": "i", "encrypted_content": base64(PNG)}), {}),
    (
        item(
            {
                "type": "message",
                "role": "assistant",
                "content": [
                    {
                        "type": "output_text",
                        "text": "See a.",
                        "annotations": [{"type": "file_citation", "file_id": "file-3", "index": 0}],
                    }
                ],
            }
        ),
        {},
    ),
    (
        {
            "prompt": {
                "id": "p",
                "variables": {"who": "me", "what": {"type": "input_image", "image_url": data_url(PNG)}},
            }
        },
        {"prompt.variables.what.image_url": "png"},
    ),
    (
        {
            "tools": [
                {"type": "image_generation", "input_image_mask": {"image_url": data_url(PNG)}},
                {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-4"]}},
            ]
        },
        {"tools[0].input_image_mask.image_url": "png", "tools[1].container.file_ids[0]": "file_id"},
    ),
    (
        {"items": [{"role": "user", "content": [{"type": "input_image", "image_url": data_url(PNG)}]}]},
        {"items[0].content[0].image_url": "png"},
    ),
    ({"previous_response_id": "resp_1", "input": [{"type": "item_reference", "id": "i"}]}, {}),
    (
        {
            "tools": [
                {
                    "type": "function",
                    "name": "f",
                    "parameters": {"properties": {"image_url": {"default": data_url(PNG)}}},
                }
            ]
        },
        {},
    ),
]


@pytest.mark.parametrize(("body", "expected"), SHOWN)
def test_pictures_are_found_wherever_the_api_takes_them(body: dict[str, Any], expected: dict[str, str]):
    assert found(DIALECT, body) == expected


def test_a_picture_put_in_place_is_a_data_url_or_base64_as_it_was():
    body = {
        "input": [
            {
                "role": "user",
                "content": [{"type": "input_image", "image_url": data_url(PNG), "detail": "low"}],
            },
            {"type": "image_generation_call", "id": "i", "result": base64(PNG)},
        ]
    }

    changed = with_every_picture(DIALECT, body, "image/jpeg", JPEG)

    assert changed["input"][0]["content"][0] == {
        "type": "input_image",
        "image_url": data_url(JPEG, "image/jpeg"),
        "detail": "low",
    }
    assert changed["input"][1]["result"] == base64(JPEG)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/responses", True),
        ("/v1/responses/input_tokens", True),
        ("/v1/responses/compact", True),
        ("/v1/responses/resp_1/cancel", False),
        ("/v1/conversations", True),
        ("/v1/conversations/conv_1/items", True),
        ("/v1/conversations/conv_1", False),
        ("/v1/chat/completions", False),
    ],
)
def test_its_paths_are_those_that_carry_items(path: str, expected: bool):
    assert DIALECT.takes(path) == expected


@pytest.mark.parametrize(
    ("document", "expected"), [({"model": "gpt-4o"}, "gpt-4o"), ({}, ""), ({"model": 1}, "")]
)
def test_the_model_is_named_in_the_body(document: dict[str, Any], expected: str):
    assert DIALECT.model_of("/v1/responses", document) == expected


def test_errors_look_like_openais():
    assert orjson.loads(DIALECT.error_body(QueueFullError("m")))["error"]["type"] == "rate_limit_error"
    assert orjson.loads(DIALECT.error_body(RequestRefusedError("document", "m", param="input[0]")))[
        "error"
    ] == {
        "message": "m",
        "type": "invalid_request_error",
        "param": "input[0]",
        "code": "document",
    }
