"""The official OpenAI SDK asks for responses, at Azure's paths too, through the gateway as without it."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.walkthrough.sdk_peers import PNG, PNG_URL, ModelServer, Peers, peers

TEXT = {"type": "output_text", "text": "A quiet lake.", "annotations": [], "logprobs": []}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [TEXT]}
ANSWER: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "m",
    "output": [MESSAGE],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 10,
    },
}
EMPTY = ANSWER | {"status": "in_progress", "output": []}
AT = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
EVENTS = [
    {"type": "response.created", "response": EMPTY},
    {"type": "response.output_item.added", "output_index": 0, "item": MESSAGE | {"content": []}},
    {"type": "response.content_part.added", "part": TEXT | {"text": ""}} | AT,
    {"type": "response.output_text.delta", "delta": "A quiet ", "logprobs": []} | AT,
    {"type": "response.output_text.delta", "delta": "lake.", "logprobs": []} | AT,
    {"type": "response.output_text.done", "text": "A quiet lake.", "logprobs": []} | AT,
    {"type": "response.content_part.done", "part": TEXT} | AT,
    {"type": "response.output_item.done", "output_index": 0, "item": MESSAGE},
    {"type": "response.completed", "response": ANSWER},
]
CHAT = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "A lake."}, "finish_reason": "stop"}
    ],
}
IMAGE = {"type": "input_image", "image_url": PNG_URL, "detail": "auto"}
SHOWN: list[Any] = [{"role": "user", "content": [{"type": "input_text", "text": "What is this?"}, IMAGE]}]
USED_TOOLS: list[Any] = [
    {"role": "user", "content": "Look."},
    {"type": "function_call", "call_id": "c", "name": "look", "arguments": '{"at": "lake"}'},
    {"type": "function_call_output", "call_id": "c", "output": [IMAGE]},
    {
        "type": "computer_call_output",
        "call_id": "d",
        "output": {"type": "computer_screenshot", "image_url": PNG_URL},
    },
]
CHAT_SHOWN: list[Any] = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG_URL}}]}]
FILE: list[Any] = [
    {"role": "user", "content": [{"type": "input_image", "file_id": "file-1", "detail": "auto"}]}
]


@pytest.fixture(scope="module")
def served() -> Iterator[Peers]:
    numbered = [event | {"sequence_number": number} for number, event in enumerate(EVENTS)]
    events = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in numbered]
    answers = {"/responses": ANSWER, "/input_tokens": {"object": "response.input_tokens", "input_tokens": 7}}
    with peers(ModelServer(answers, {"/responses": events}), "openai") as found:
        yield found


@pytest.fixture(scope="module")
def azure() -> Iterator[Peers]:
    with peers(ModelServer({"/responses": ANSWER, "/chat/completions": CHAT}), "azure") as found:
        yield found


@pytest.fixture(scope="module")
def strict() -> Iterator[Peers]:
    with peers(
        ModelServer({"/responses": ANSWER}), "openai", policy={"mode": "block", "on_failure": "refuse"}
    ) as found:
        yield found


def client(address: str) -> openai.OpenAI:
    http = openai.DefaultHttpxClient(trust_env=False)
    return openai.OpenAI(base_url=address + "/v1", api_key="none-needed", http_client=http)


def azure_client(address: str) -> openai.AzureOpenAI:
    http = openai.DefaultHttpxClient(trust_env=False)
    return openai.AzureOpenAI(azure_endpoint=address, api_version="2025-03-01", api_key="k", http_client=http)


def test_an_answer_is_what_it_is_without_the_gateway(served):
    with client(served.direct) as direct, client(served.through) as through:
        expected = direct.responses.create(model="m", input=SHOWN)
        raw = through.responses.with_raw_response.create(model="m", input=SHOWN)

    assert raw.parse() == expected
    assert raw.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
    assert served.last_picture("input", 0, "content", 1, "image_url")[0] < len(PNG)


def test_a_stream_is_what_it_is_without_the_gateway(served):
    with client(served.direct) as direct, client(served.through) as through:
        expected = [
            event.model_dump() for event in direct.responses.create(model="m", input=SHOWN, stream=True)
        ]
        with through.responses.stream(model="m", input=SHOWN) as stream:
            text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        events = [
            event.model_dump() for event in through.responses.create(model="m", input=SHOWN, stream=True)
        ]

    assert events == expected
    assert text == "A quiet lake."
    assert served.last_picture("input", 0, "content", 1, "image_url")[0] < len(PNG)


def test_asynchronous_callers_get_the_same(served):
    async def ask() -> tuple[str, int]:
        http = openai.DefaultAsyncHttpxClient(trust_env=False)
        async with openai.AsyncOpenAI(
            base_url=served.through + "/v1", api_key="k", http_client=http
        ) as through:
            whole = await through.responses.create(model="m", input=SHOWN)
            stream = await through.responses.create(model="m", input=SHOWN, stream=True)
            return whole.output_text, len([event async for event in stream])

    assert asyncio.run(ask()) == ("A quiet lake.", len(EVENTS))


def test_pictures_in_what_tools_gave_back_are_looked_at(served):
    with client(served.through) as through:
        raw = through.responses.with_raw_response.create(model="m", input=USED_TOOLS)

    assert raw.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
    assert served.last_picture("input", 2, "output", 0, "image_url")[0] < len(PNG)
    assert served.last_picture("input", 3, "output", "image_url")[0] < len(PNG)


def test_tokens_are_counted_of_the_picture_that_would_be_sent(served):
    with client(served.through) as through:
        assert through.responses.input_tokens.count(model="m", input=SHOWN).input_tokens == 7

    assert served.last_picture("input", 0, "content", 1, "image_url")[0] < len(PNG)


def test_a_refusal_is_the_sdks_own_error_and_is_not_retried(strict):
    with client(strict.through) as through, pytest.raises(openai.BadRequestError) as caught:
        through.responses.create(model="m", input=FILE)

    assert (caught.value.code, caught.value.param) == ("file_id", "input[0].content[0].file_id")
    assert (strict.server.asked, strict.answered(400)) == ([], 1)


def test_azures_client_is_served_at_its_own_paths(azure):
    with azure_client(azure.through) as through:
        completion = through.chat.completions.with_raw_response.create(
            model="our-deployment", messages=CHAT_SHOWN
        )
        response = through.responses.with_raw_response.create(model="our-deployment", input=SHOWN)

    assert completion.parse().choices[0].message.content == "A lake."
    assert completion.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
    assert response.parse().output_text == "A quiet lake."
    assert response.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
    assert azure.server.headers[-1]["api-key"] == "k"
    assert azure.last_picture("input", 0, "content", 1, "image_url")[0] < len(PNG)
