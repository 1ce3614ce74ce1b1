"""A model's API that refuses whatever its own SDK would not have sent: OpenAI's two, Anthropic's, Ollama's.

It answers the size of the last picture it is shown; asked with a tool, it calls the tool first. What is wrong
with a request is answered 422 and remembered, so that a test can show it.
"""

import base64
import contextlib
import gzip
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from anthropic.types import MessageCreateParams
from openai.types.chat import CompletionCreateParams
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from calibration.image import decode

WORDS = ("A ", "quiet ", "lake.")
TOOL = "look"
SCHEMAS = {
    "chat": TypeAdapter(CompletionCreateParams),
    "messages": TypeAdapter(MessageCreateParams),
}
RESPONSES_PARTS = {"input_text": "text", "input_image": "image_url"}  # OpenAI's types want more than its API


@dataclass
class Api:
    """The API and what came to it."""

    port: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)  # bodies, in turn
    headers: list[dict[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)  # "W x H media/type", as they arrived

    @property
    def address(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def app(self) -> Starlette:
        """Return it as an ASGI app."""
        posts = {
            "/v1/chat/completions": self._chat,
            "/v1/responses": self._responses,
            "/v1/messages": self._messages,
            "/api/chat": self._ollama,
        }
        routes = [Route(path, answer, methods=["POST"]) for path, answer in posts.items()]
        return Starlette(routes=[*routes, Route("/v1/models", _models)])

    async def _read(self, request: Request, schema: str) -> dict[str, Any]:
        """Return the body if it is what the API's SDK would send.

        Raises:
            _Refusal: It is not.
        """
        raw = await request.body()
        headers = dict(request.headers)
        self.headers.append(headers)
        try:
            _check_headers(headers, raw, self.port)
            data = gzip.decompress(raw) if headers.get("content-encoding") == "gzip" else raw
            body: dict[str, Any] = json.loads(data)
            if schema in SCHEMAS:
                SCHEMAS[schema].validate_python(body)
            if schema == "responses":
                _check_input(body["input"])
            self.pictures += [_described(*picture) for picture in _pictures(body)]
        except (ValueError, LookupError, TypeError, OSError) as error:
            self.faults.append(f"{request.url.path}: {error}")
            raise _RefusalError(str(error)) from error
        self.asked.append(body)
        return body

    async def _chat(self, request: Request) -> Response:
        with _refusing() as refused:
            body = await self._read(request, "chat")
        if refused:
            return refused[0]
        if body.get("tools") and body["messages"][-1]["role"] != "tool" and not _pictures(body):
            call = {"id": "call_1", "type": "function", "function": {"name": TOOL, "arguments": "{}"}}
            message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]}
            return JSONResponse(_completion(message, "tool_calls"))
        words = _words(body)
        if body.get("stream"):
            return _events(_chat_events(words))
        return JSONResponse(_completion({"role": "assistant", "content": "".join(words)}, "stop"))

    async def _responses(self, request: Request) -> Response:
        with _refusing() as refused:
            body = await self._read(request, "responses")
        if refused:
            return refused[0]
        text = {"type": "output_text", "text": "".join(_words(body)), "annotations": []}
        message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
        answer = {
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "model": "m",
            "status": "completed",
            "output": [message | {"content": [text]}],
            "usage": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10},
        }
        return JSONResponse(answer)

    async def _messages(self, request: Request) -> Response:
        with _refusing() as refused:
            body = await self._read(request, "messages")
        if refused:
            return refused[0]
        last = body["messages"][-1]["content"]
        is_result = isinstance(last, list) and any(part["type"] == "tool_result" for part in last)
        if body.get("tools") and not is_result:
            call = {"type": "tool_use", "id": "toolu_1", "name": TOOL, "input": {}}
            return JSONResponse(_message([call], "tool_use"))
        words = _words(body)
        if body.get("stream"):
            return _events(_message_events(words))
        return JSONResponse(_message([{"type": "text", "text": "".join(words)}], "end_turn"))

    async def _ollama(self, request: Request) -> Response:
        with _refusing() as refused:
            body = await self._read(request, "ollama")
        if refused:
            return refused[0]
        lines = [{"model": "m", "message": {"role": "assistant", "content": word}} for word in _words(body)]
        if body.get("stream", True):
            pieces = [json.dumps(line | {"done": False}) + "\n" for line in lines]
            pieces.append(
                json.dumps(lines[0] | {"message": {"role": "assistant", "content": ""}, "done": True})
            )
            return StreamingResponse(iter(pieces), media_type="application/x-ndjson")
        whole = {"role": "assistant", "content": "".join(_words(body))}
        return JSONResponse(lines[0] | {"message": whole, "done": True})


class _RefusalError(Exception):
    """A request that no SDK would have sent."""


@contextlib.contextmanager
def _refusing() -> Iterator[list[Response]]:
    refused: list[Response] = []
    try:
        yield refused
    except _RefusalError as error:
        refused.append(JSONResponse({"error": {"message": str(error), "type": "invalid_request_error"}}, 422))


def _check_headers(headers: dict[str, str], body: bytes, port: int) -> None:
    if headers.get("host") != f"127.0.0.1:{port}":
        raise ValueError(f"host is {headers.get('host')}")
    if not any(headers.get(name) for name in ("authorization", "x-api-key")):
        raise ValueError("no key")
    if "content-length" in headers and int(headers["content-length"]) != len(body):
        raise ValueError("content-length is wrong")
    if not headers.get("content-type", "").startswith("application/json"):
        raise ValueError(f"content-type is {headers.get('content-type')}")


def _check_input(turns: list[dict[str, Any]]) -> None:
    for turn in turns:
        for part in turn["content"]:
            if not isinstance(part[RESPONSES_PARTS[part["type"]]], str):
                raise ValueError(f"expected a string in {part['type']}")


def _pictures(value: Any) -> list[tuple[str, str]]:
    """Return media type and base64 of every picture of a body, wherever it is."""
    if isinstance(value, list):
        return [picture for each in value for picture in _pictures(each)]
    if isinstance(value, str) and value.startswith("data:image/"):
        head, _, data = value.partition(";base64,")
        return [(head.removeprefix("data:"), data)]
    if not isinstance(value, dict):
        return []
    if value.get("type") == "base64":
        return [(value["media_type"], value["data"])]
    if isinstance(value.get("images"), list):
        return [("", data) for data in value["images"]]
    return [picture for each in value.values() for picture in _pictures(each)]


def _described(media_type: str, data: str) -> str:
    """Say what a picture is; refuse one that is not what it is declared to be."""
    decoded = decode(base64.b64decode(data, validate=True))
    if media_type not in ("", decoded.source.media_type):
        raise ValueError(f"declared {media_type}, but it is {decoded.source.media_type}")
    return f"{decoded.image.width} x {decoded.image.height} {decoded.source.media_type}"


def _words(body: dict[str, Any]) -> tuple[str, ...]:
    turns = body.get("messages") or body["input"]
    found = _pictures(turns)
    return (_described(*found[-1]).rpartition(" ")[0],) if found else WORDS


def _completion(message: dict[str, Any], reason: str) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": reason}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return _envelope("chat.completion", choice) | {"usage": usage}


def _envelope(kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "c1", "object": kind, "created": 1, "model": "m", "choices": [choice]}


def _message(content: list[dict[str, Any]], reason: str) -> dict[str, Any]:
    usage = {"input_tokens": 7, "output_tokens": 3}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
    return head | {"content": content, "stop_reason": reason, "usage": usage}


async def _chat_events(words: tuple[str, ...]) -> AsyncIterator[str]:
    for word in words:
        delta = {"role": "assistant", "content": word}
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        yield f"data: {json.dumps(_envelope('chat.completion.chunk', choice))}\n\n"
    last = {"index": 0, "delta": {}, "finish_reason": "stop"}
    yield f"data: {json.dumps(_envelope('chat.completion.chunk', last))}\n\n"
    yield "data: [DONE]\n\n"


async def _message_events(words: tuple[str, ...]) -> AsyncIterator[str]:
    block = {"index": 0, "content_block": {"type": "text", "text": ""}}
    events: list[tuple[str, dict[str, Any]]] = [
        ("message_start", {"message": _message([], "end_turn") | {"stop_reason": None}}),
        ("content_block_start", block),
        *(("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": w}}) for w in words),
        ("content_block_stop", {"index": 0}),
        (
            "message_delta",
            {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 3}},
        ),
        ("message_stop", {}),
    ]
    for name, data in events:
        yield f"event: {name}\ndata: {json.dumps({'type': name} | data)}\n\n"


def _events(events: AsyncIterator[str]) -> Response:
    return StreamingResponse(events, media_type="text/event-stream")


async def _models(_: Request) -> Response:
    model = {"id": "m", "object": "model", "created": 1, "owned_by": "us"}
    return JSONResponse({"object": "list", "data": [model]})


@contextlib.contextmanager
def strict_upstream() -> Iterator[Api]:
    """Serve on a free port."""
    api = Api()
    server = uvicorn.Server(uvicorn.Config(api.app(), host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        api.port = server.servers[0].sockets[0].getsockname()[1]
        yield api
    finally:
        server.should_exit = True
        thread.join()
