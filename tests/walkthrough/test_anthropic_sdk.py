"""The official Anthropic SDK speaks through the gateway as without it: answers, streams, tools, errors."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.walkthrough.sdk_peers import PNG, PNG_BASE64, ModelServer, Peers, peers

ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "A quiet lake."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 3},
}
EVENTS = [
    {"type": "message_start", "message": ANSWER | {"content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "A quiet "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lake."}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 3},
    },
    {"type": "message_stop"},
]
BATCH = {
    "id": "msgbatch_1",
    "type": "message_batch",
    "processing_status": "in_progress",
    "request_counts": {"processing": 1, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
    "ended_at": None,
    "created_at": "2026-01-01T00:00:00Z",
    "expires_at": "2026-01-02T00:00:00Z",
    "archived_at": None,
    "cancel_initiated_at": None,
    "results_url": None,
}
IMAGE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": PNG_BASE64},
    "cache_control": {"type": "ephemeral"},
}
SHOWN: dict[str, Any] = {
    "model": "m",
    "max_tokens": 20,
    "system": [{"type": "text", "text": "Be brief. ä\u2028", "cache_control": {"type": "ephemeral"}}],
    "messages": [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, IMAGE]}],
}
USED_A_TOOL: dict[str, Any] = {
    "model": "m",
    "max_tokens": 20,
    "messages": [
        {"role": "user", "content": "Look."},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "t", "name": "look", "input": {"at": "lake"}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [IMAGE]}]},
    ],
}
CHANGED = ("host", "content-length", "connection")  # as every proxy changes them
FILE = {"type": "image", "source": {"type": "file", "file_id": "file_1"}}


@pytest.fixture(scope="module")
def served() -> Iterator[Peers]:
    events = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in EVENTS]
    answers = {"/v1/messages": ANSWER, "/count_tokens": {"input_tokens": 7}, "/batches": BATCH}
    answers[":rawPredict"] = ANSWER
    with peers(ModelServer(answers, {"/v1/messages": events}), "anthropic") as found:
        yield found


@pytest.fixture(scope="module")
def strict() -> Iterator[Peers]:
    policy, limits = {"mode": "block", "on_failure": "refuse"}, {"max_body_bytes": 100_000}
    with peers(ModelServer({"/v1/messages": ANSWER}), "anthropic", policy=policy, limits=limits) as found:
        yield found


def client(address: str) -> anthropic.Anthropic:
    http = anthropic.DefaultHttpxClient(trust_env=False)
    return anthropic.Anthropic(base_url=address, api_key="none-needed", http_client=http)


def lightened(served: Peers, *path: str | int) -> bool:
    size, media_type = served.last_picture(*path, "data")
    source: Any = served.server.asked[-1]
    for step in path:
        source = source[step]
    assert source["media_type"] == media_type
    return size < len(PNG)


def test_an_answer_is_what_it_is_without_the_gateway(served):
    with client(served.direct) as direct, client(served.through) as through:
        expected = direct.messages.create(**SHOWN)
        raw = through.messages.with_raw_response.create(**SHOWN)

    assert raw.parse() == expected
    assert raw.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
    assert lightened(served, "messages", 0, "content", 1, "source")
    assert served.server.asked[-1]["messages"][0]["content"][1]["cache_control"] == {"type": "ephemeral"}
    assert served.server.asked[-1]["system"] == SHOWN["system"]


def test_a_stream_is_what_it_is_without_the_gateway(served):
    with client(served.direct) as direct, client(served.through) as through:
        with direct.messages.stream(**SHOWN) as stream:
            expected = [event.model_dump() for event in stream]
        with through.messages.stream(**SHOWN) as stream:
            events = [event.model_dump() for event in stream]
            message = stream.get_final_message()

    assert events == expected
    assert message.content[0].text == "A quiet lake."
    assert lightened(served, "messages", 0, "content", 1, "source")


def test_asynchronous_callers_get_the_same(served):
    async def ask() -> tuple[str, list[str]]:
        http = anthropic.DefaultAsyncHttpxClient(trust_env=False)
        async with anthropic.AsyncAnthropic(
            base_url=served.through, api_key="k", http_client=http
        ) as through:
            message = await through.messages.create(**SHOWN)
            async with through.messages.stream(**SHOWN) as stream:
                return message.content[0].text, [text async for text in stream.text_stream]

    assert asyncio.run(ask()) == ("A quiet lake.", ["A quiet ", "lake."])


def test_a_picture_in_the_result_of_a_tool_is_looked_at(served):
    with client(served.through) as through:
        raw = through.messages.with_raw_response.create(**USED_A_TOOL)

    assert raw.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
    assert lightened(served, "messages", 2, "content", 0, "content", 0, "source")


def test_tokens_are_counted_of_the_picture_that_would_be_sent(served):
    shown = {key: value for key, value in SHOWN.items() if key != "max_tokens"}

    with client(served.through) as through:
        assert through.messages.count_tokens(**shown).input_tokens == 7

    assert lightened(served, "messages", 0, "content", 1, "source")


def test_every_request_of_a_batch_is_looked_into(served):
    with client(served.through) as through:
        batch = through.messages.batches.create(requests=[{"custom_id": "a", "params": SHOWN}])

    assert batch.id == "msgbatch_1"
    assert lightened(served, "requests", 0, "params", "messages", 0, "content", 1, "source")


def test_the_headers_of_the_api_arrive_as_they_were_sent(served):
    betas = ["files-api-2025-04-14", "made-up-2030-01-01"]

    for address in (served.direct, served.through):
        with client(address) as each:
            each.beta.messages.create(**SHOWN, betas=betas)

    expected, found = (
        {k: v for k, v in headers.items() if k not in CHANGED} for headers in served.server.headers[-2:]
    )
    assert found == expected
    assert found["anthropic-beta"] == "files-api-2025-04-14,made-up-2030-01-01"
    assert {"anthropic-version", "authorization"} <= set(found)


def test_clients_of_other_clouds_are_served_at_their_own_paths(served):
    http = anthropic.DefaultHttpxClient(trust_env=False)
    foundry = anthropic.AnthropicFoundry(
        base_url=f"{served.through}/anthropic/", api_key="k", http_client=http
    )
    vertex = anthropic.AnthropicVertex(
        base_url=f"{served.through}/v1",
        region="r",
        project_id="p",
        access_token="t",  # noqa: S106 - nobody asks for a real one
        http_client=http,
    )

    with http:
        for client_elsewhere in (foundry, vertex):
            raw = client_elsewhere.messages.with_raw_response.create(**SHOWN)

            assert raw.parse().content[0].text == "A quiet lake."
            assert raw.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
            assert lightened(served, "messages", 0, "content", 1, "source")


def test_a_refusal_is_the_sdks_own_error_and_is_not_retried(strict):
    with client(strict.through) as through, pytest.raises(anthropic.BadRequestError) as caught:
        through.messages.create(model="m", max_tokens=5, messages=[{"role": "user", "content": [FILE]}])

    assert caught.value.body["error"]["type"] == "invalid_request_error"
    assert "messages[0].content[0].source.file_id" in caught.value.message
    assert (strict.server.asked, strict.answered(400)) == ([], 1)


def test_a_body_too_large_is_the_sdks_own_error(strict):
    text = {"role": "user", "content": "x" * 200_000}

    with client(strict.through) as through, pytest.raises(anthropic.APIStatusError) as caught:
        through.messages.create(model="m", max_tokens=5, messages=[text])

    assert caught.value.status_code == 413
    assert caught.value.body["error"]["type"] == "request_too_large"
    assert (strict.server.asked, strict.answered(413)) == ([], 1)
