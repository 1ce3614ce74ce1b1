from typing import Any

import orjson
import pytest

from gateway.dialects.ollama import Ollama
from gateway.dialects.reading.document import read_document
from gateway.errors import RequestRefusedError
from tests.gateway.dialects.bodies import JPEG, PNG, base64, data_url, found, with_every_picture

DIALECT = Ollama()

SHOWN = [
    ({"model": "llava:7b", "prompt": "Why is the sky blue?"}, {}),
    (
        {"model": "llava:7b", "prompt": "?", "images": [base64(PNG), base64(JPEG)]},
        {"images[0]": "png", "images[1]": "jpeg"},
    ),
    (
        {"messages": [{"role": "user", "content": "?", "images": [base64(PNG)]}]},
        {"messages[0].images[0]": "png"},
    ),
    (
        {"messages": [{"role": "tool", "tool_name": "look", "content": "", "images": [base64(PNG)]}]},
        {"messages[0].images[0]": "png"},
    ),
    (
        {"messages": [{"role": "user", "content": "?", "images": [data_url(PNG)]}]},
        {"messages[0].images[0]": "png"},
    ),
    (
        {"messages": [{"role": "user", "content": "?", "images": ["/home/me/cat.png"]}]},
        {"messages[0].images[0]": "invalid_base64"},
    ),
    ({"messages": [{"role": "user", "content": "?", "images": None}], "images": []}, {}),
    # Go reads keys in any case, and a list of numbers as bytes.
    ({"Images": [base64(PNG)]}, {"Images": "unknown_place"}),
    ({"image\u017f": ["iVBO\nRw0KGgo"]}, {"image\u017f": "unknown_place"}),
    ({"Messages": [{"Role": "user", "Images": ["x"]}]}, {"Messages[0].Images": "unknown_place"}),
    ({"Messages": [{"Role": "user", "images": [base64(PNG)]}]}, {"Messages[0].images[0]": "png"}),
    ({"Model": "llava", "Messages": [{"Role": "user", "Content": "Hello", "Images": None}]}, {}),
    ({"prompt": "?", "images": [list(PNG)]}, {"images": "unknown_place"}),
    ({"messages": [{"role": "user", "images": {"0": base64(PNG)}}]}, {"messages[0].images": "unknown_place"}),
    (
        {
            "messages": [
                {"role": "assistant", "tool_calls": [{"function": {"arguments": {"images": [base64(PNG)]}}}]}
            ]
        },
        {},
    ),
]


@pytest.mark.parametrize(("body", "expected"), SHOWN)
def test_pictures_are_bare_base64_beside_the_prompt_and_in_messages(body: dict[str, Any], expected: dict):
    assert found(DIALECT, body) == expected


def test_a_picture_put_in_place_is_bare_base64():
    changed = with_every_picture(DIALECT, {"images": [base64(PNG)]}, "image/jpeg", JPEG)

    assert changed == {"images": [base64(JPEG)]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/chat", True),
        ("/api/generate", True),
        ("/api/embed", False),
        ("/api/tags", False),
        ("/v1/chat", False),
    ],
)
def test_its_paths_are_those_that_show_something(path: str, expected: bool):
    assert DIALECT.takes(path) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"model": "llava:7b-v1.6"}, "llava:7b-v1.6"),
        ({"name": "llava"}, "llava"),
        ({}, ""),
        ({"model": 1}, ""),
    ],
)
def test_the_model_is_named_with_its_tag(document: dict[str, Any], expected: str):
    assert DIALECT.model_of("/api/chat", document) == expected


def test_errors_are_one_sentence():
    error = RequestRefusedError("too_many_pixels", "expected at most 5 pixels, got 6", param="images[0]")

    assert orjson.loads(DIALECT.error_body(error)) == {"error": "images[0]: expected at most 5 pixels, got 6"}


@pytest.mark.parametrize(
    ("body", "model"),
    [
        ('{"model": "a", "Model": "b"}', "b"),
        ('{"MODEL": "b", "model": "a"}', "a"),
        ('{"Model": "b", "name": "a"}', "b"),
        ('{"Name": "b"}', "b"),
        ('{"Model": 1, "model": "a"}', "a"),
    ],
)
def test_the_model_is_the_last_that_go_would_read(body: str, model: str):
    assert DIALECT.model_of("/api/chat", read_document(body.encode(), max_values=100)) == model
