"""A real upstream, a real gateway, real sockets between them; only the judges of images are stood in for."""

import asyncio
import contextlib
import hashlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
import pybase64
import pytest
import uvicorn

from calibration.image import Decoded, Image, encode_jpeg, encode_png
from calibration.image_source import DecodeLimits
from calibration.profile import JndProfile, default_profile
from gateway.app import DIALECTS, create_app
from gateway.compression.compressor import CompressionPlan
from gateway.detection.protocol import Examined
from gateway.detection.verdict import Verdict
from gateway.dialects.protocol import Dialect
from gateway.memory.cache import ByteBoundedCache
from gateway.pipeline import Pipeline, Profiles
from gateway.providers.rules import Recipient
from gateway.relay.callers.http_server import server_config
from gateway.relay.route import nobody_minds
from gateway.settings import Settings


@dataclass
class StandInInspector:
    """Says what it is told to; remembers who asked."""

    outcome: str = "clean"
    tenants: list[str] = field(default_factory=list)
    delay_seconds: float = 0.0
    error: Exception | None = None

    def inspect(self, examined: Examined) -> Verdict:
        assert examined.decoded.image.width > 0 and examined.data and examined.profile.model
        assert examined.digest == hashlib.sha256(examined.data).digest()
        self.tenants.append(examined.tenant)
        time.sleep(self.delay_seconds)
        if self.error is not None:
            raise self.error
        ratio = None if self.outcome == "clean" else 0.5
        flags = ("residual",) if self.outcome == "imperceptible_edit" else ()
        return Verdict(self.outcome, 0.001, ratio, (), "because the test says so", flags)


class StandInCompressor:
    """Re-encodes as JPEG of quality 50 when that is smaller."""

    def compress(
        self, decoded: Decoded, data: bytes, profile: JndProfile, recipient: Recipient
    ) -> tuple[bytes, CompressionPlan]:
        assert profile and recipient is not None
        source, small = decoded.source, encode_jpeg(decoded.image, 50)
        out, name = (small, "jpeg") if len(small) < len(data) else (data, source.format)
        plan = CompressionPlan(
            format=name,
            quality=50,
            width=source.width,
            height=source.height,
            bytes_in=len(data),
            bytes_out=len(out),
            tokens_in=100,
            tokens_out=90 if out is not data else 100,
            probability=0.01,
            tier="faithful",
            reason="",
        )
        return out, plan


@dataclass(frozen=True)
class Call:
    """What one behaviour of the upstream works with."""

    body: bytes
    receive: Any
    send: Any


@dataclass
class FakeUpstream:
    """An ASGI app that records what arrives and misbehaves on request (header x-test)."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)

    @property
    def last(self) -> dict[str, Any]:
        return self.requests[-1]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = dict(scope["headers"])
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        self.requests.append(
            {"method": scope["method"], "target": target.decode(), "headers": scope["headers"], "body": body}
        )
        behaviour = getattr(self, "_" + headers.get(b"x-test", b"echo").decode())
        await behaviour(Call(body, receive, send))

    async def _start(self, send: Any, status: int = 200, *headers: tuple[bytes, bytes]) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def _echo(self, call: Call) -> None:
        answer = orjson.dumps({"object": "chat.completion", "received_bytes": len(call.body)})
        kind = (b"content-type", b"application/json")
        await self._start(
            call.send, 200, kind, (b"x-request-id", b"r1"), (b"connection", b"x-hop"), (b"x-hop", b"1")
        )
        await call.send({"type": "http.response.body", "body": answer})

    async def _usage(self, call: Call) -> None:
        """Tell in two pieces of fewer tokens than any image costs."""
        await self._start(call.send, 200, (b"content-type", b"application/json"))
        await call.send({"type": "http.response.body", "body": b'{"usage": {"prompt_', "more_body": True})
        await call.send({"type": "http.response.body", "body": b'tokens": 5}, "n": 0.10}'})

    async def _error(self, call: Call) -> None:
        await self._start(call.send, 429, (b"retry-after", b"7"))
        await call.send({"type": "http.response.body", "body": b'{"error": "theirs"}'})

    async def _redirect(self, call: Call) -> None:
        await self._start(call.send, 307, (b"location", b"/elsewhere"))
        await call.send({"type": "http.response.body", "body": b""})

    async def _encoded(self, call: Call) -> None:
        await self._start(call.send, 200, (b"content-encoding", b"gzip"), (b"content-length", b"4"))
        await call.send({"type": "http.response.body", "body": b"\x1f\x8b\x00\xff"})

    async def _stream(self, call: Call) -> None:
        await self._start(call.send, 200, (b"content-type", b"text/event-stream"))
        for piece in (b'data: {"a":', b" 1}\n", b"\ndata: [DONE]\n\n"):
            await call.send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0.01)
        await call.send({"type": "http.response.body", "body": b""})

    async def _late_stream(self, call: Call) -> None:
        """Says at once that there will be a stream, as model servers do, and thinks before it begins."""
        await self._start(call.send, 200, (b"content-type", b"text/event-stream"))
        await asyncio.sleep(0.3)
        await call.send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    async def _slow_stream(self, call: Call) -> None:
        await self._start(call.send, 200, (b"content-type", b"text/event-stream"))
        for number in range(10):
            await call.send(
                {"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True}
            )
            await asyncio.sleep(0.05)
        await call.send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    async def _silent(self, call: Call) -> None:
        """Never answers; notices when the gateway hangs up."""
        while (await call.receive())["type"] != "http.disconnect":
            pass
        self.hung_up.set()

    async def _endless(self, call: Call) -> None:
        """Starts a stream and then waits for ever."""
        await self._start(call.send, 200, (b"content-type", b"text/event-stream"))
        await call.send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await self._silent(call)

    async def _cut(self, call: Call) -> None:
        """Ends a stream without its end."""
        await self._start(call.send, 200, (b"content-type", b"text/event-stream"))
        await call.send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})

    async def _drop(self, call: Call) -> None:
        """Closes the connection without an answer: uvicorn would say 500, so reach for the transport."""
        call.receive.__self__.transport.close()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, Any]:
        return dict(orjson.loads(self.body)["error"])


@dataclass(frozen=True)
class Server:
    """Something that listens."""

    port: int
    timeout_seconds: float = field(default=10.0, kw_only=True)

    def ask(
        self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_seconds)
        try:
            connection.request(method, target, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def chat(self, body: bytes, **headers: str) -> Answer:
        named = {"content-type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.ask("POST", "/v1/chat/completions", body, named)

    def metric(self, line: str) -> float:
        """Return the value of one sample, 0 if it is not there yet."""
        for found in self.ask("GET", "/metrics").body.decode().splitlines():
            name, _, value = found.rpartition(" ")
            if name == line:
                return float(value)
        return 0.0

    def settles_at(self, line: str, value: float) -> bool:
        """Tell whether a sample reaches a value soon: requests are counted after their answer is out."""
        deadline = time.monotonic() + 5
        while self.metric(line) != value:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


class QuickServer(uvicorn.Server):
    """Looks for its end more often than ten times a second."""

    async def main_loop(self) -> None:
        while not self.should_exit:  # noqa: ASYNC110 - another thread sets the flag
            await asyncio.sleep(0.005)


@contextlib.contextmanager
def listening(app: Any, config: uvicorn.Config | None = None) -> Iterator[Server]:
    """Serve an app, as the gateway is served if a config says so."""
    plain = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1)
    server = QuickServer(config or plain)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
            assert thread.is_alive()
        yield Server(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def shared_upstream() -> Iterator[tuple[FakeUpstream, Server]]:
    app = FakeUpstream()
    with listening(app) as server:
        yield app, server


@pytest.fixture
def upstream(shared_upstream: tuple[FakeUpstream, Server]) -> FakeUpstream:
    app, _ = shared_upstream
    app.requests.clear()
    app.hung_up.clear()
    return app


@pytest.fixture
def upstream_server(shared_upstream: tuple[FakeUpstream, Server], upstream: FakeUpstream) -> Server:
    assert not upstream.requests
    return shared_upstream[1]


@pytest.fixture
def inspector() -> StandInInspector:
    return StandInInspector()


@pytest.fixture
def make_pipeline(inspector: StandInInspector) -> Callable[..., Pipeline]:
    def make(settings: Settings | None = None, **changes: Any) -> Pipeline:
        chosen = settings or Settings()
        limits = chosen.limits
        fields: dict[str, Any] = {
            "inspector": inspector,
            "compressor": StandInCompressor() if chosen.compression.mode != "off" else None,
            "profiles": Profiles({}, default_profile()),
            "limits": DecodeLimits(limits.max_image_bytes, limits.max_pixels, limits.max_frames),
            "provider": chosen.upstream.provider,
            "artifact": "a1",
            "version": "v1",
            "cache": ByteBoundedCache(limits.cache_bytes),
        }
        return Pipeline(**(fields | changes))

    return make


@pytest.fixture
def gateway(
    upstream_server: Server, make_pipeline: Callable[..., Pipeline]
) -> Iterator[Callable[..., Server]]:
    """A factory: settings by section in, a listening gateway out.

    Beside them `dialects`, if not its own, and `parts` of the pipeline that are not the usual ones.
    """
    with contextlib.ExitStack() as stack:

        def start(
            dialects: Sequence[Dialect] = DIALECTS,
            accept: Callable[[str], None] = nobody_minds,
            parts: Mapping[str, Any] | None = None,
            **sections: Any,
        ) -> Server:
            base = {"base_url": f"http://127.0.0.1:{upstream_server.port}/v1", "provider": "test"}
            sections["upstream"] = base | sections.get("upstream", {})
            settings = Settings(**({"models": {"m": "m"}} | sections))
            app = create_app(settings, make_pipeline(settings, **(parts or {})), dialects, accept=accept)
            config = server_config(app, settings, port=0, timeout_graceful_shutdown=1)
            return stack.enter_context(listening(app, config))

        yield start


@pytest.fixture(scope="session")
def picture() -> Image:
    """Smooth colours with some texture: compresses like a photograph."""
    rows, columns = np.mgrid[0:96, 0:128]
    noise = np.random.default_rng(0).integers(0, 24, (96, 128))
    channels = [rows * 2 + noise, columns + noise, 200 - rows + noise]
    return Image(np.stack(channels, axis=2).clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def png(picture: Image) -> bytes:
    return encode_png(picture)


@pytest.fixture(scope="session")
def chat_body() -> Callable[..., bytes]:
    """A factory of request bodies; an image is an address, PNG bytes, or bytes and a media type."""

    def make(*images: str | bytes | tuple[bytes, str], model: str = "m", **extra: Any) -> bytes:
        parts: list[dict[str, Any]] = [{"type": "text", "text": 'Was ist "das"? \\u00e4 äöü'}]
        parts += [
            {"type": "image_url", "image_url": {"url": _url(image), "detail": "high"}} for image in images
        ]
        return orjson.dumps({"model": model, "messages": [{"role": "user", "content": parts}]} | extra)

    return make


def _url(image: str | bytes | tuple[bytes, str]) -> str:
    if isinstance(image, str):
        return image
    data, media_type = image if isinstance(image, tuple) else (image, "image/png")
    return f"data:{media_type};base64,{pybase64.b64encode(data).decode()}"
