"""Put the gateway together: one ASGI app from settings and a pipeline.

`/livez`, `/readyz` and `/metrics` are the gateway's own; below `/v1/`, chat completions are looked into and
everything else is passed through.
"""

import asyncio
import contextlib
import os
import posixpath
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import Receive, Scope, Send

from gateway.dialects.openai_chat import OpenAIChat
from gateway.errors import GatewayError, UnknownPathError
from gateway.metrics import Metrics
from gateway.pipeline import Pipeline
from gateway.relay.admission import Admission
from gateway.relay.body import BodyWork
from gateway.relay.proxy import ChatCompletions, PassThrough, Route
from gateway.relay.upstream import Upstream
from gateway.settings import Settings


def create_app(settings: Settings, pipeline: Pipeline) -> Starlette:
    """Return the app; connections and threads open when its lifespan starts."""
    metrics = Metrics(settings.models)
    metrics.describe_build(version("lmm-jnd"), pipeline.artifact)
    pool = ThreadPoolExecutor(settings.limits.workers or os.cpu_count(), thread_name_prefix="image")
    upstream = Upstream(settings.upstream)
    prefix = settings.listen.prefix

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with upstream:
            yield
        await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def livez(_: Request) -> Response:
        return _json({"status": "alive"})

    async def readyz(_: Request) -> Response:
        return _json({"status": "ready", "artifact": pipeline.artifact, "models": sorted(settings.models)})

    async def expose(_: Request) -> Response:
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4")

    async def not_found(request: Request, _: Exception) -> Response:
        message = f"nothing at {request.url.path}: the API lies below {prefix}/v1/ (is /v1 in the base URL?)"
        return _error(UnknownPathError(message))

    return Starlette(
        lifespan=lifespan,
        exception_handlers={404: not_found},
        routes=[
            StarletteRoute(prefix + "/v1/{rest:path}", _api(settings, pipeline, metrics, upstream, pool)),
            StarletteRoute("/livez", livez),
            StarletteRoute("/readyz", readyz),
            StarletteRoute("/metrics", expose),
        ],
    )


def _api(
    settings: Settings, pipeline: Pipeline, metrics: Metrics, upstream: Upstream, pool: ThreadPoolExecutor
) -> "Api":
    dialect = OpenAIChat()
    route = Route(upstream, metrics, dialect, settings.upstream.provider, settings.listen.prefix)
    work = BodyWork(
        dialect=dialect,
        pipeline=pipeline,
        pool=pool,
        admission=Admission(settings.limits.queue_bytes, metrics.queue_bytes),
        metrics=metrics,
        on_failure=settings.policy.on_failure,
        max_images=settings.limits.max_images,
    )
    chat = ChatCompletions(route, work, settings.limits.max_body_bytes, settings.policy.allow_bypass)
    return Api(settings.listen.prefix + "/v1/chat/completions", chat, PassThrough(route))


@dataclass(frozen=True)
class Api:
    """Everything below /v1/."""

    chat_path: str
    chat: ChatCompletions
    pass_through: PassThrough

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by method and path; the path is normalised first, so that no spelling slips past."""
        is_chat = scope["method"] == "POST" and posixpath.normpath(scope["path"]) == self.chat_path
        await (self.chat if is_chat else self.pass_through)(scope, receive, send)


def _error(error: GatewayError) -> Response:
    return Response(OpenAIChat().error_body(error), error.http_status, media_type="application/json")


def _json(body: object) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
