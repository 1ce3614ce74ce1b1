"""Serve a local model behind an OpenAI-compatible endpoint: chat completions, streaming, usage, models.

Requests that arrive together are answered in one batch, on one worker thread, off the event loop. Stopping
(SIGTERM) first answers what was accepted.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from calibration.chat import ChatError, Completion, parse_chat
from calibration.observers.protocol import (
    LocalModel,
    ObserverError,
    Query,
    Reply,
    TellsTokens,
    UnfitQueryError,
)

MAX_BODY_BYTES = 64 * 1024 * 1024
_MAX_BATCH = 32
_MAX_WAITING = 512
_DRAIN_SECONDS = 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Waiting:
    query: Query
    listed: int | None  # tokens in each place; None: the text alone
    answer: "asyncio.Future[Reply]"


class Batcher:
    """Gathers queries that wait while the model is busy and answers them together."""

    def __init__(self, model: LocalModel) -> None:
        self._model = model
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(_MAX_WAITING)

    async def complete(self, query: Query, listed: int | None = None) -> Reply:
        """Return the model's text, and where tokens are to be listed, the choice of each.

        Raises:
            ChatError: Too many requests wait already, the model does not take this one, or it failed.
        """
        waiting = _Waiting(query, listed, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull as error:
            raise ChatError(
                "too many requests are waiting", status=429, code="rate_limit_exceeded"
            ) from error
        return await waiting.answer

    async def run(self) -> None:
        """Answer until cancelled."""
        with ThreadPoolExecutor(1, thread_name_prefix="model") as worker:
            while True:
                batch = [await self._queue.get()]
                while len(batch) < _MAX_BATCH and not self._queue.empty():
                    batch.append(self._queue.get_nowait())
                await self._answer(batch, worker)

    async def _answer(self, batch: Sequence[_Waiting], worker: ThreadPoolExecutor) -> None:
        try:
            replies = await asyncio.get_running_loop().run_in_executor(worker, self._run, batch)
        except UnfitQueryError as error:
            if len(batch) == 1:
                _refuse(batch[0], error)
                return
            for waiting in batch:  # the others have done nothing wrong
                await self._answer([waiting], worker)
        except (ObserverError, RuntimeError, ValueError) as error:
            _log.exception("the model failed on a batch of %d", len(batch))
            _fail(batch, error)
        else:
            _deliver(batch, replies)

    def _run(self, batch: Sequence[_Waiting]) -> list[Reply]:
        """Answer those that list tokens and those that do not, each in one batch."""
        replies: dict[int, Reply] = {}
        plain = [at for at, waiting in enumerate(batch) if waiting.listed is None]
        if plain:
            texts = self._model.complete([batch[at].query for at in plain])
            replies |= zip(plain, map(Reply, texts), strict=True)
        told = [at for at, waiting in enumerate(batch) if waiting.listed is not None]
        if told and isinstance(self._model, TellsTokens):
            listed = max(batch[at].listed or 1 for at in told)
            replies |= zip(told, self._model.tell([batch[at].query for at in told], listed), strict=True)
        return [replies[at] for at in range(len(batch))]


def build_app(model: LocalModel) -> FastAPI:
    """Return the application; its lifespan runs the batcher."""
    batcher = Batcher(model)
    started = int(time.time())
    listing = {"id": model.name, "object": "model", "created": started, "owned_by": "lmm-jnd"}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001 - the framework's signature
        running = asyncio.ensure_future(batcher.run())
        yield
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    app = FastAPI(title="jnd-calibrate serve", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_exception_handler(ChatError, _render_error)
    app.add_exception_handler(HTTPException, _render_http_error)

    @app.get("/livez")
    async def livez() -> Response:
        return Response("ok", media_type="text/plain")

    @app.get("/v1/models")
    async def models() -> dict[str, object]:
        return {"object": "list", "data": [listing]}

    @app.get("/v1/models/{name}")
    async def one_model(name: str) -> dict[str, object]:
        _check_model(name, model)
        return listing

    @app.post("/v1/chat/completions")
    async def chat_completions(request: Request) -> Response:
        return await _answer(request, model, batcher)

    return app


def run_server(model: LocalModel, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are answered first."""
    _log.info("serving %s at http://%s:%d/v1", model.name, host, port)
    uvicorn.run(
        build_app(model),
        host=host,
        port=port,
        access_log=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        log_config=None,
    )


async def _answer(request: Request, model: LocalModel, batcher: Batcher) -> Response:
    chat = parse_chat(await _read_body(request))
    _check_model(chat.model, model)
    if chat.alternatives is not None and not isinstance(model, TellsTokens):
        raise ChatError(f"{model.name} tells no logprobs", code="unsupported_parameter", param="logprobs")
    query = await asyncio.to_thread(chat.read_images)
    reply = await batcher.complete(query, chat.alternatives)
    completion = Completion(
        id=f"chatcmpl-{uuid.uuid4().hex}",
        created=int(time.time()),
        model=model.name,
        text=reply.text,
        prompt_tokens=model.count_tokens(query.prompt) + sum(map(model.count_image_tokens, query.images)),
        completion_tokens=model.count_tokens(reply.text),
        choices=None if chat.alternatives is None else reply.choices,
        alternatives=chat.alternatives or 0,
    )
    if chat.is_streamed:
        events = completion.events(with_usage=chat.wants_usage)
        return StreamingResponse(
            events, media_type="text/event-stream", headers={"cache-control": "no-cache"}
        )
    return JSONResponse(completion.body())


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ChatError(f"expected a body of at most {MAX_BODY_BYTES} bytes", status=413)
    return bytes(body)


def _check_model(name: str, model: LocalModel) -> None:
    if name != model.name:
        raise ChatError(
            f"The model `{name}` does not exist; this server has `{model.name}`",
            status=404,
            code="model_not_found",
            param="model",
        )


def _deliver(batch: Sequence[_Waiting], replies: Sequence[Reply]) -> None:
    for waiting, reply in zip(batch, replies, strict=True):
        if not waiting.answer.done():  # a caller that hung up cancels its future
            waiting.answer.set_result(reply)


def _refuse(waiting: _Waiting, error: UnfitQueryError) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(ChatError(str(error), param="messages"))


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(ChatError(f"the model failed: {error}", status=500))


async def _render_error(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
    if not isinstance(error, ChatError):
        raise error
    return JSONResponse(error.body(), status_code=error.status)


async def _render_http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    unknown = ChatError(f"{request.method} {request.url.path}: {error}", status=status)
    return JSONResponse(unknown.body(), status_code=status)
