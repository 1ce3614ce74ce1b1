"""Put the gateway together: one plain ASGI app from settings and a pipeline.

`/livez`, `/readyz`, `/metrics` and what is mounted beside them are the gateway's own; everything else goes to
an upstream, looked into where it is a request of the dialects listed here.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.compression.audit.ledger import Ledger
from gateway.compression.audit.report import PROMISES
from gateway.compression.audit.shadow import ShadowAudit
from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.protocol import Dialect
from gateway.dialects.registry import DIALECTS
from gateway.errors import BadPathError, MethodNotAllowedError
from gateway.integration.endpoints import mounted_at
from gateway.memory.giving_back import GivingBack, glibc_trim
from gateway.memory.redis_memory import RedisMemory
from gateway.metrics import Metrics
from gateway.model_names import ModelNames
from gateway.pipeline import Pipeline
from gateway.policy import Policies
from gateway.providers.prices import Tariff
from gateway.relay.admission import Admission
from gateway.relay.callers.caller import Callers
from gateway.relay.callers.drain import Drain
from gateway.relay.callers.unpacking import Unpacking
from gateway.relay.images.body import BodyWork
from gateway.relay.images.image_queue import ImageQueue
from gateway.relay.images.image_work import ImageWork
from gateway.relay.images.looking import Looking
from gateway.relay.paths import read_target
from gateway.relay.proxy import Dialects, Proxy
from gateway.relay.route import ApiRoute, nobody_minds
from gateway.relay.tracing import Tracer, tracer_for
from gateway.relay.upstreams.destination import Destinations
from gateway.relay.upstreams.fetching import Fetcher
from gateway.relay.upstreams.readiness import Readiness, watching
from gateway.review.opening import open_records
from gateway.review.recorder import Records
from gateway.settings import Settings

_JSON = b"application/json"
_METRICS = b"text/plain; version=0.0.4"
_REFUSED = 1008  # WebSocket close code of RFC 6455: against the policy


@dataclass(frozen=True)
class Shown:
    """What is on one of the gateway's own pages."""

    body: bytes
    media_type: bytes = _JSON
    status: int = 200
    headers: Sequence[tuple[bytes, bytes]] = ()


_HEARD = ("GET", "HEAD")
_REFUSAL = MethodNotAllowedError(", ".join(_HEARD))
_NOT_HEARD = Shown(
    OpenAIChat().error_body(_REFUSAL),
    status=_REFUSAL.http_status,
    headers=[(name.encode(), value.encode()) for name, value in _REFUSAL.headers.items()],
)


Page = Callable[[], Awaitable[Shown]]


def create_app(
    settings: Settings,
    pipeline: Pipeline,
    dialects: Sequence[Dialect] = DIALECTS,
    *,
    metrics: Metrics | None = None,
    drain: Drain | None = None,
    accept: Callable[[str], None] = nobody_minds,
    memory: RedisMemory | None = None,
    records: Records | None = None,
) -> "Gateway":
    """Return the app; connections and threads open when its lifespan starts.

    Args:
        settings: All of them.
        pipeline: What images go through.
        dialects: The APIs that are looked into.
        metrics: Numbers shared with other processes; None: this app's own.
        drain: Whoever ends the app's requests when their time is over; None: nobody.
        accept: Hears of tenants whose key the upstream knows, as the memory of pictures wants to.
        memory: What machines share, for /readyz to tell of; closed at the end. None: nothing.
        records: Who keeps flagged images; None: as the settings say.

    Raises:
        StoreError: The store of flagged images cannot be used.
        ValueError: The environment names a proxy that cannot be used.
    """
    names = ModelNames(settings.model_map, settings.models)
    tariff = Tariff(settings.prices.currency, settings.prices.per_million)
    metrics = metrics or Metrics(names.labels, [client.name for client in settings.clients], tariff=tariff)
    metrics.describe_build(version("lmm-jnd"), pipeline.artifact)
    metrics.describe_artifact(pipeline.written)
    limits, giving_back = settings.limits, GivingBack(glibc_trim())
    threads = limits.image_threads or os.cpu_count() or 1
    metrics.describe_room(threads=threads, queue_bytes=limits.queue_bytes, alpha=settings.policy.alpha)
    queue = ImageQueue(
        threads=threads,
        max_images=limits.queue_images,
        max_pixels=limits.queue_pixels,
        metrics=metrics,
        used=giving_back.used,
    )
    looking = Looking(max_values=limits.max_json_values, max_images=limits.max_images)
    fetcher = Fetcher(settings.fetching)
    unpacking = Unpacking(limits.max_body_bytes)
    images = ImageWork(pipeline, queue, limits.image_seconds, limits.request_seconds)
    records = records or open_records(settings, metrics, pipeline.artifact)
    work = BodyWork(
        looking, images, fetcher, metrics, limits.max_images, limits.max_body_bytes, records=records
    )
    for model, profile in pipeline.profiles.by_model.items():
        metrics.describe_profile(model, profile.source)
    destinations = Destinations(settings)
    drain = drain or Drain()
    tracer = tracer_for(settings.telemetry)
    looks = {each.name: each.look for each in destinations.all}
    readiness = Readiness(settings.readiness, looks, metrics, drain)
    shadow_audit = _shadow_audit(settings, pipeline, metrics)
    proxy = Proxy(
        route=ApiRoute(metrics, drain, tracer, accept),
        dialects=Dialects(dialects),
        destinations=destinations,
        callers=Callers(settings, [name for each in dialects for name in each.credential_headers]),
        policies=Policies(settings),
        names=names,
        work=work,
        admission=Admission(limits.queue_bytes, metrics.queue_bytes, used=giving_back.used),
        unpacking=unpacking,
        max_body_bytes=settings.limits.max_body_bytes,
        shadow_audit=shadow_audit,
    )

    async def livez() -> Shown:
        return Shown(b'{"status":"alive"}')

    async def readyz() -> Shown:
        status, code = ("ready", 200) if readiness.is_ready else ("not_ready", 503)
        facts = {"status": status, "artifact": pipeline.artifact, "models": sorted(settings.models)}
        looked = {"upstreams": readiness.upstreams} if readiness.upstreams else {}
        shared = {"memory": memory.told()} if memory is not None else {}
        return Shown(orjson.dumps(facts | looked | shared), status=code)

    async def expose() -> Shown:
        return Shown(await asyncio.to_thread(metrics.exposition), media_type=_METRICS)

    pages: Mapping[str, Page] = {"/livez": livez, "/readyz": readyz, "/metrics": expose}
    held = Held(destinations, queue, looking, fetcher, giving_back, unpacking, shadow_audit, records, memory)
    return Gateway(proxy, pages, held, readiness, tracer, mounted_at(settings.listen.prefix, proxy))


def _shadow_audit(settings: Settings, pipeline: Pipeline, metrics: Metrics) -> ShadowAudit | None:
    chosen = settings.compression.shadow_audit
    if chosen.share == 0 or not isinstance(pipeline.margins, Ledger):
        return None
    promise = chosen.promise or PROMISES[settings.compression.tier] or PROMISES["faithful"]
    return ShadowAudit(chosen, pipeline.margins, metrics, promise=promise)


@dataclass(frozen=True)
class Held:
    """What is open while the app serves: connections, threads, timers."""

    destinations: Destinations
    queue: ImageQueue
    looking: Looking
    fetcher: Fetcher
    giving_back: GivingBack
    unpacking: Unpacking
    shadow_audit: ShadowAudit | None
    records: Records
    memory: RedisMemory | None = None

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Open all of it for the length of the block."""
        async with contextlib.AsyncExitStack() as stack:
            if self.memory is not None:
                stack.push_async_callback(asyncio.to_thread, self.memory.close)
            stack.push_async_callback(asyncio.to_thread, self.records.close)
            stack.push_async_callback(self.looking.close)
            stack.push_async_callback(self.queue.close)
            stack.callback(self.giving_back.close)
            stack.callback(self.unpacking.close)
            for destination in self.destinations.all:
                await stack.enter_async_context(destination.upstream)
            await stack.enter_async_context(self.fetcher)
            if self.shadow_audit is not None:
                stack.push_async_callback(self.shadow_audit.close)
            yield


@dataclass(frozen=True)
class Gateway:
    """The app: dispatches by path, nothing more."""

    proxy: Proxy
    pages: Mapping[str, Page]
    held: Held
    readiness: Readiness
    tracer: Tracer
    mounted: Mapping[str, ASGIApp] = field(default_factory=dict)  # by path, with everything below it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] == "http":
            await self._choose(scope)(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": _REFUSED, "reason": "websockets do not pass"})

    def _choose(self, scope: Scope) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """Tell who answers; however one of our paths is spelt, it is not the upstream's."""
        try:
            path = read_target(scope["raw_path"]).plain
        except BadPathError:
            return self.proxy
        page = self.pages.get(path)
        if page is not None:
            return _Page(page)
        for own, app in self.mounted.items():
            if path.startswith(own) and path[len(own) : len(own) + 1] in ("", "/"):
                scope["path"], scope["raw_path"] = path, path.encode()
                return app
        return self.proxy

    async def _live(self, receive: Receive, send: Send) -> None:
        """Open what requests need, and close it when the server stops."""
        await receive()
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(asyncio.to_thread, self.tracer.close)
            await stack.enter_async_context(self.held.open())
            await stack.enter_async_context(watching(self.readiness))
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


@dataclass(frozen=True)
class _Page:
    """Shows one of the gateway's own pages."""

    page: Page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        shown = await self.page() if scope["method"] in _HEARD else _NOT_HEARD
        headers = [(b"content-type", shown.media_type), (b"content-length", b"%d" % len(shown.body))]
        headers += shown.headers
        await send({"type": "http.response.start", "status": shown.status, "headers": headers})
        await send({"type": "http.response.body", "body": shown.body, "more_body": False})
