"""One gateway in this process, asked without a socket, and an upstream that only remembers what arrives.

Judges of images are stood in for, so that many bodies can be sent: each picture becomes one fixed JPEG.
"""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from calibration.image import Decoded, Image, encode_jpeg
from calibration.profile import JndProfile
from gateway.app import create_app
from gateway.assembly import load_pipeline
from gateway.compression.compressor import CompressionPlan
from gateway.detection.protocol import Examined
from gateway.detection.verdict import Verdict
from gateway.providers.rules import Recipient
from gateway.settings import Settings

LIGHT = encode_jpeg(Image(np.zeros((8, 8, 3), np.uint8)), 30)
LIGHT_BASE64 = base64.b64encode(LIGHT)
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Untroubled:
    """Finds every picture clean."""

    def inspect(self, examined: Examined) -> Verdict:  # noqa: ARG002 - the seam
        return Verdict("clean", 0.5, None, (), "")


class Lightening:
    """Makes one and the same JPEG of every picture."""

    def compress(
        self,
        decoded: Decoded,
        data: bytes,
        profile: JndProfile,  # noqa: ARG002 - the seam
        recipient: Recipient,  # noqa: ARG002 - the seam
    ) -> tuple[bytes, CompressionPlan]:
        side = decoded.source.width
        plan = CompressionPlan("jpeg", 30, side, side, len(data), len(LIGHT), 1, 1, 0.01, "faithful", "")
        return LIGHT, plan


@dataclass(frozen=True)
class Told:
    """What the caller of one request learns, and what the upstream got of it."""

    status: int
    headers: dict[str, str]
    body: bytes
    forwarded: bytes | None  # None: nothing


@dataclass
class Remembering(asyncio.Protocol):
    """One connection of the upstream."""

    got: dict[bytes, bytes]
    data: bytearray = field(default_factory=bytearray)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        end = self.data.find(b"\r\n\r\n")
        if end < 0:
            return
        headers = dict(line.split(b": ", 1) for line in bytes(self.data[:end]).split(b"\r\n")[1:])
        length = int(headers.get(b"content-length", b"0"))
        if len(self.data) >= end + 4 + length:
            self.got[headers[b"x-number"]] = bytes(self.data[end + 4 : end + 4 + length])
            del self.data[: end + 4 + length]
            self.transport.write(_ANSWER)


@dataclass
class FuzzedGateway:
    """The gateway, ready to be asked."""

    app: Any
    path: str
    got: dict[bytes, bytes]
    number: int = 0
    lightened: int = 0  # pictures that arrived as the light one

    async def ask(self, body: bytes) -> Told:
        """Send one request."""
        self.number += 1
        number = b"%d" % self.number
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                (b"x-number", number),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        sent: list[dict[str, Any]] = []
        parts = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, Any]:
            part = next(parts, None)
            if part is None:
                await asyncio.Event().wait()  # the caller stays
            return part or {}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        headers = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        answer = b"".join(message.get("body", b"") for message in sent[1:])
        return Told(sent[0]["status"], headers, answer, self.got.pop(number, None))


@contextlib.asynccontextmanager
async def fuzzed_gateway(path: str, provider: str) -> AsyncIterator[FuzzedGateway]:
    """Open a gateway whose requests all go to one path."""
    got: dict[bytes, bytes] = {}
    loop = asyncio.get_running_loop()
    upstream = await loop.create_server(lambda: Remembering(got), "127.0.0.1", 0)
    port = upstream.sockets[0].getsockname()[1]
    settings = Settings(upstream={"base_url": f"http://127.0.0.1:{port}", "provider": provider})
    pipeline = replace(load_pipeline(settings), inspector=Untroubled(), compressor=Lightening())
    app = create_app(settings, pipeline)
    async with upstream, _running(app):
        yield FuzzedGateway(app, path, got)


@contextlib.asynccontextmanager
async def _running(app: Any) -> AsyncIterator[None]:
    """Start the app as a server does, and end it."""
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    life = asyncio.ensure_future(app({"type": "lifespan"}, inbox.get, outbox.put))
    await inbox.put({"type": "lifespan.startup"})
    assert (await outbox.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await inbox.put({"type": "lifespan.shutdown"})
        await life
