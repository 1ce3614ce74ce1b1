"""Put the gateway together: one ASGI app from settings and a pipeline.

`/livez`, `/readyz` and `/metrics` are the gateway's own; below `/v1/`, requests of the dialects listed here
are looked into and everything else is passed through.
"""

import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.protocol import Dialect
from gateway.errors import UnknownPathError
from gateway.memory.giving_back import GivingBack, glibc_trim
from gateway.metrics import Metrics
from gateway.pipeline import Pipeline
from gateway.policy import Policies
from gateway.relay.admission import Admission
from gateway.relay.body import BodyWork
from gateway.relay.image_queue import ImageQueue
from gateway.relay.image_work import ImageWork
from gateway.relay.proxy import InspectedApi, PassThrough
from gateway.relay.route import ApiRoute
from gateway.relay.upstream import Upstream
from gateway.settings import Settings

DIALECTS: tuple[Dialect, ...] = (OpenAIChat(),)  # the first renders errors of requests that are nobody's


def create_app(settings: Settings, pipeline: Pipeline, dialects: Sequence[Dialect] = DIALECTS) -> Starlette:
    """Return the app; connections and threads open when its lifespan starts."""
    metrics = Metrics(settings.models)
    metrics.describe_build(version("lmm-jnd"), pipeline.artifact)
    limits, giving_back = settings.limits, GivingBack(glibc_trim())
    queue = ImageQueue(
        threads=limits.image_threads or os.cpu_count() or 1,
        max_images=limits.queue_images,
        max_pixels=limits.queue_pixels,
        metrics=metrics,
        used=giving_back.used,
    )
    upstream = Upstream(settings.upstream)
    prefix = settings.listen.prefix
    work = BodyWork(
        images=ImageWork(pipeline, queue, limits.image_seconds, limits.request_seconds),
        admission=Admission(limits.queue_bytes, metrics.queue_bytes, used=giving_back.used),
        metrics=metrics,
        max_images=limits.max_images,
    )
    api = _api(settings, work, upstream, dialects)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with upstream:
            yield
        giving_back.close()
        await queue.close()

    async def livez(_: Request) -> Response:
        return _json({"status": "alive"})

    async def readyz(_: Request) -> Response:
        return _json({"status": "ready", "artifact": pipeline.artifact, "models": sorted(settings.models)})

    async def expose(_: Request) -> Response:
        return Response(metrics.exposition(), media_type="text/plain; version=0.0.4")

    async def not_found(request: Request, _: Exception) -> Response:
        message = f"nothing at {request.url.path}: the API lies below {prefix}/v1/ (is /v1 in the base URL?)"
        error = UnknownPathError(message)
        return Response(dialects[0].error_body(error), error.http_status, media_type="application/json")

    return Starlette(
        lifespan=lifespan,
        exception_handlers={404: not_found},
        routes=[
            Route(prefix + "/v1/{rest:path}", api),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", expose),
        ],
    )


def _api(settings: Settings, work: BodyWork, upstream: Upstream, dialects: Sequence[Dialect]) -> "Api":
    """Give every dialect its endpoint."""

    def route(dialect: Dialect) -> ApiRoute:
        return ApiRoute(upstream, work.metrics, dialect, settings.upstream.provider, settings.listen.prefix)

    inspected = [
        InspectedApi(
            route(dialect),
            work,
            settings.limits.max_body_bytes,
            settings.policy.allow_bypass,
            Policies(settings),
        )
        for dialect in dialects
    ]
    return Api(inspected, PassThrough(route(dialects[0])))


@dataclass(frozen=True)
class Api:
    """Everything below /v1/."""

    inspected: Sequence[InspectedApi]
    pass_through: PassThrough

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by method and path; the path is normalised first, so that no spelling slips past."""
        chosen = (each for each in self.inspected if scope["method"] == "POST" and each.takes(scope))
        await next(chosen, self.pass_through)(scope, receive, send)


def _json(body: object) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
