"""The official OpenAI SDK talks through the gateway to a real server, plain and streaming."""

import asyncio
import base64
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import openai
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

from calibration.image import Image, decode, encode_png
from gateway.app import create_app
from gateway.assembly import load_pipeline
from gateway.settings import Settings
from tests.walkthrough.sdk_peers import PNG, PNG_URL, ModelServer, Peers, peers

WORDS = ["A ", "quiet ", "lake."]


def model_server() -> FastAPI:
    """An API that tells the size of the first picture it is shown."""
    app = FastAPI()

    @app.get("/v1/models")
    async def models() -> dict:
        return {"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "us"}]}

    @app.post("/v1/chat/completions", response_model=None)
    async def chat(request: Request) -> JSONResponse | StreamingResponse:
        asked = await request.json()
        if asked["model"] == "missing":
            error = {
                "message": "no such model",
                "type": "invalid_request_error",
                "param": None,
                "code": "model_not_found",
            }
            return JSONResponse({"error": error}, 404)
        if asked.get("stream"):
            return StreamingResponse(events(), media_type="text/event-stream")
        message = {"role": "assistant", "content": describe(asked)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
        return JSONResponse(envelope("chat.completion", choice) | {"usage": usage})

    async def events():
        for word in WORDS:
            yield event({"index": 0, "delta": {"content": word}, "finish_reason": None})
        yield event({"index": 0, "delta": {}, "finish_reason": "stop"})
        yield "data: [DONE]\n\n"

    return app


def describe(asked: dict) -> str:
    for part in asked["messages"][-1]["content"]:
        if isinstance(part, dict) and part["type"] == "image_url":
            picture = decode(base64.b64decode(part["image_url"]["url"].partition(",")[2])).image
            return f"{picture.width} x {picture.height}"
    return "".join(WORDS)


def envelope(kind: str, choice: dict) -> dict:
    return {"id": "c1", "object": kind, "created": 1, "model": "m", "choices": [choice]}


def event(choice: dict) -> str:
    return f"data: {json.dumps(envelope('chat.completion.chunk', choice))}\n\n"


@contextlib.contextmanager
def listening(app) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with listening(model_server()) as upstream:
        settings = Settings(upstream={"base_url": upstream, "provider": "openai"}, models={"m": "gpt-4o"})
        with listening(create_app(settings, load_pipeline(settings))) as gateway:
            direct = openai.DefaultHttpxClient(trust_env=False)
            with openai.OpenAI(
                base_url=gateway, api_key="none-needed", max_retries=0, http_client=direct
            ) as client:
                yield client


def test_plain_answer_arrives(client):
    completion = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Where?"}])

    assert completion.choices[0].message.content == "A quiet lake."
    assert completion.usage.total_tokens == 10


def test_streamed_answer_arrives_word_by_word(client):
    stream = client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Where?"}], stream=True
    )

    assert [event.choices[0].delta.content for event in stream] == [*WORDS, None]


def test_picture_arrives_and_its_verdict_comes_back(client):
    rows, columns = np.mgrid[0:120, 0:160]
    picture = Image(np.stack([rows, columns, rows + columns], axis=2).clip(0, 255).astype(np.uint8))
    url = "data:image/png;base64," + base64.b64encode(encode_png(picture)).decode()
    parts = [{"type": "text", "text": "How large?"}, {"type": "image_url", "image_url": {"url": url}}]

    raw = client.chat.completions.with_raw_response.create(
        model="m", messages=[{"role": "user", "content": parts}]
    )

    width, height = map(int, raw.parse().choices[0].message.content.split(" x "))
    assert width <= 160
    assert abs(width / height - 160 / 120) < 0.05
    assert raw.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
    assert int(raw.headers["x-jnd-bytes-saved"]) >= 0


def test_other_endpoints_pass_through(client):
    assert [model.id for model in client.models.list()] == ["m"]


def test_errors_of_the_api_reach_the_sdk_as_its_own(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="missing", messages=[{"role": "user", "content": "?"}])

    assert caught.value.code == "model_not_found"


IMAGE = {"type": "image_url", "image_url": {"url": PNG_URL}}
SHOWN: list[Any] = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, IMAGE]}]
CALL = {"id": "c", "type": "function", "function": {"name": "look", "arguments": '{"at": "lake"}'}}
USED_A_TOOL: list[Any] = [
    {"role": "user", "content": "Look."},
    {"role": "assistant", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c", "content": [IMAGE]},
]
FILE: list[Any] = [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]
ANSWER = envelope(
    "chat.completion",
    {"index": 0, "message": {"role": "assistant", "content": "A lake."}, "finish_reason": "stop"},
)
EVENTS = [
    event({"index": 0, "delta": {"role": "assistant", "content": "A "}, "finish_reason": None}),
    event({"index": 0, "delta": {"content": "lake."}, "finish_reason": None}),
    event({"index": 0, "delta": {}, "finish_reason": "stop"}),
    "data: [DONE]\n\n",
]


@pytest.fixture(scope="module")
def served() -> Iterator[Peers]:
    server = ModelServer({"/chat/completions": ANSWER}, {"/chat/completions": EVENTS})
    with peers(server, "openai") as found:
        yield found


@pytest.fixture(scope="module")
def strict() -> Iterator[Peers]:
    policy = {"mode": "block", "on_failure": "refuse"}
    with peers(ModelServer({"/chat/completions": ANSWER}), "openai", policy=policy) as found:
        yield found


def sdk(address: str) -> openai.OpenAI:
    http = openai.DefaultHttpxClient(trust_env=False)
    return openai.OpenAI(base_url=address + "/v1", api_key="none-needed", http_client=http)


def test_answers_and_streams_are_what_they_are_without_the_gateway(served):
    with sdk(served.direct) as direct, sdk(served.through) as through:
        asked = [each.chat.completions for each in (direct, through)]
        whole = [each.create(model="m", messages=SHOWN) for each in asked]
        streamed = [list(each.create(model="m", messages=SHOWN, stream=True)) for each in asked]

    assert whole[0] == whole[1]
    assert streamed[0] == streamed[1]
    assert served.last_picture("messages", 0, "content", 1, "image_url", "url")[0] < len(PNG)


def test_asynchronous_callers_get_the_same(served):
    async def ask() -> tuple[str | None, list[str | None]]:
        http = openai.DefaultAsyncHttpxClient(trust_env=False)
        async with openai.AsyncOpenAI(
            base_url=served.through + "/v1", api_key="k", http_client=http
        ) as through:
            whole = await through.chat.completions.create(model="m", messages=SHOWN)
            stream = await through.chat.completions.create(model="m", messages=SHOWN, stream=True)
            return whole.choices[0].message.content, [
                chunk.choices[0].delta.content async for chunk in stream
            ]

    assert asyncio.run(ask()) == ("A lake.", ["A ", "lake.", None])


def test_a_picture_in_the_answer_of_a_tool_is_looked_at(served):
    with sdk(served.through) as through:
        raw = through.chat.completions.with_raw_response.create(model="m", messages=USED_A_TOOL)

    assert raw.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
    assert served.last_picture("messages", 2, "content", 0, "image_url", "url")[0] < len(PNG)


def test_a_refusal_is_the_sdks_own_error_and_is_not_retried(strict):
    with sdk(strict.through) as through, pytest.raises(openai.BadRequestError) as caught:
        through.chat.completions.create(model="m", messages=FILE)

    assert (caught.value.code, caught.value.param) == ("file_id", "messages[0].content[0].file.file_id")
    assert (strict.server.asked, strict.answered(400)) == ([], 1)
