import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.anthropic import Anthropic
from gateway.dialects.azure import AzureChat, AzureResponses
from gateway.dialects.gemini import Gemini
from gateway.dialects.gemini_interactions import GeminiInteractions
from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.openai_responses import OpenAIResponses
from gateway.dialects.reading.display import has_computer_tools, level_at
from gateway.dialects.reading.document import read_document
from gateway.integration.formats import LiteLLMGuardrail
from tests.gateway.dialects.bodies import PNG, base64, data_url


def read(body):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_document(text, max_values=100_000)


def details(dialect, body):
    return [slot.detail for slot in dialect.slots(read(body))]


def chat(*images, **fields):
    parts = [{"type": "image_url", "image_url": image} for image in images]
    return {"model": "m", "messages": [{"role": "user", "content": parts}], **fields}


def responses(*images, **fields):
    parts = [{"type": "input_image", **image} for image in images]
    return {"model": "m", "input": [{"role": "user", "content": parts}], **fields}


def gemini(*parts, **fields):
    return {"contents": [{"role": "user", "parts": list(parts)}], **fields}


def claude(**fields):
    source = {"type": "base64", "media_type": "image/png", "data": base64(PNG)}
    block = {"type": "image", "source": source}
    return {"model": "m", "messages": [{"role": "user", "content": [block]}], **fields}


URL = {"url": data_url(PNG)}
INLINE = {"inlineData": {"mimeType": "image/png", "data": base64(PNG)}}
FILE = {"fileData": {"mimeType": "image/png", "fileUri": "https://example.org/cat.png"}}


@pytest.mark.parametrize("dialect", [OpenAIChat(), AzureChat()])
def test_chat_completions_say_it_beside_the_url(dialect):
    body = chat(*(URL | {"detail": level} for level in ("low", "HIGH", "original", "auto", 7, "x" * 99)), URL)

    assert details(dialect, body) == ["low", "high", "original", "", "", "", ""]


@pytest.mark.parametrize("dialect", [OpenAIResponses(), AzureResponses()])
def test_responses_say_it_in_the_part_and_in_screenshots(dialect):
    body = responses(
        {"image_url": data_url(PNG), "detail": "low"},
        {"image_url": data_url(PNG)},
        {"image_url": "https://example.org/a.png", "detail": "original"},
    )
    screenshot = {"type": "computer_screenshot", "image_url": data_url(PNG), "detail": "original"}
    body["input"].append({"type": "computer_call_output", "call_id": "1", "output": screenshot})

    assert details(dialect, body) == ["low", "", "original", "original"]


def test_a_level_named_twice_is_none():
    body = b'{"messages":[{"content":[{"image_url":{"url":"data:,","detail":"low","detail":"high"}}]}]}'

    assert details(OpenAIChat(), body) == [""]


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({"generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW"}}, "low"),
        ({"generation_config": {"media_resolution": "MEDIA_RESOLUTION_MEDIUM"}}, "medium"),
        ({"generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_UNSPECIFIED"}}, ""),
        ({"generationConfig": {"temperature": 0}}, ""),
        ({}, ""),
    ],
)
def test_gemini_says_it_for_all_parts_and_for_one(settings, level):
    of_one = {"mediaResolution": {"level": "MEDIA_RESOLUTION_ULTRA_HIGH"}}
    snake = {"media_resolution": {"level": "MEDIA_RESOLUTION_HIGH"}}

    body = gemini(INLINE, INLINE | of_one, FILE | snake, **settings)

    assert details(Gemini(), body) == [level, "ultra", "high"]


def test_requests_of_a_batch_that_differ_leave_it_to_the_provider():
    def batch(*levels):
        requests = [
            {"request": gemini(INLINE, generationConfig={"mediaResolution": f"MEDIA_RESOLUTION_{level}"})}
            for level in levels
        ]
        return {"batch": {"inputConfig": {"requests": {"requests": requests}}}}

    assert details(Gemini(), batch("LOW", "LOW")) == ["low", "low"]
    assert details(Gemini(), batch("LOW", "HIGH")) == ["", ""]


def test_interactions_say_it_in_the_content():
    shown = {"type": "image", "data": base64(PNG), "mime_type": "image/png"}
    linked = {"type": "image", "uri": "https://example.org/a.png", "resolution": "low"}

    body = {"model": "m", "input": [shown | {"resolution": "high"}, shown, linked]}

    assert details(GeminiInteractions(), body) == ["high", "", "low"]


COMPUTERS = [
    (
        Anthropic(),
        claude(tools=[{"type": "computer_20250124", "name": "computer", "display_width_px": 1024}]),
    ),
    (
        Anthropic(),
        {"requests": [{"params": claude()}, {"params": claude(tools=[{"type": "computer_20251124"}])}]},
    ),
    (
        OpenAIResponses(),
        responses(URL | {"image_url": data_url(PNG)}, tools=[{"type": "computer_use_preview"}]),
    ),
    (AzureResponses(), responses({"image_url": data_url(PNG)}, tools=[{"type": "computer"}])),
    (OpenAIChat(), chat(URL, tools=[{"type": "function", "function": {"name": "computer"}}])),
    (Gemini(), gemini(INLINE, tools=[{"functionDeclarations": []}, {"computerUse": {"environment": "B"}}])),
    (Gemini(), gemini(INLINE, tools=[{"computer_use": {}}])),
    (
        GeminiInteractions(),
        {"input": {"type": "image", "data": base64(PNG)}, "tools": [{"type": "computer_use"}]},
    ),
    (LiteLLMGuardrail(), {"images": [data_url(PNG)], "tools": [{"type": "computer_20250124"}]}),
]


@pytest.mark.parametrize(("dialect", "body"), COMPUTERS)
def test_computer_tools_frame_every_picture(dialect, body):
    slots = list(dialect.slots(read(body)))

    assert slots
    assert all(slot.is_framed for slot in slots)


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (Anthropic(), claude(tools=[{"name": "get_weather", "input_schema": {"type": "computer_1"}}])),
        (OpenAIChat(), chat(URL, tools=[{"type": "function", "function": {"name": "look_up_computer"}}])),
        (OpenAIResponses(), responses({"image_url": data_url(PNG)}, tools=[{"type": "web_search"}])),
        (Gemini(), gemini(INLINE, tools=[{"googleSearch": {}}])),
        (OpenAIChat(), chat(URL, tools="computer")),
    ],
)
def test_other_tools_do_not(dialect, body):
    slots = list(dialect.slots(read(body)))

    assert slots
    assert not any(slot.is_framed for slot in slots)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["low", "computer", "MEDIA_RESOLUTION_LOW"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["tools", "type", "function", "detail", "level", "requests", "params", "computerUse"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=30,
)


@given(st.dictionaries(st.sampled_from(["tools", "requests", "detail", "batch"]), JSON))
def test_nothing_that_parses_is_beyond_reading(body):
    document = read(body)

    assert level_at(document, "detail") in {"", "low"}
    assert has_computer_tools(document) in {True, False}


def test_a_body_nested_deep_is_read_too():
    body = b'{"requests":' * 5000 + b"{}" + b"}" * 5000

    assert not has_computer_tools(read(body))
