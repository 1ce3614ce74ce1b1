"""A model server that answers in an API's own shape, the gateway in front of it, and pictures to show it."""

import base64
import contextlib
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from calibration.image import Image, decode, encode_png
from gateway.app import create_app
from gateway.assembly import load_pipeline
from gateway.settings import Settings

_ROWS, _COLUMNS = np.mgrid[0:120, 0:160]
_GRAIN = np.random.default_rng(0).integers(0, 16, (120, 160))
PICTURE = Image(
    np.stack([_ROWS * 2, _COLUMNS + _GRAIN, (_ROWS + _COLUMNS) // 2 + _GRAIN], axis=2)
    .clip(0, 255)
    .astype(np.uint8)
)
_REQUESTS = "jnd_requests_total{"
_URL_SAFE = str.maketrans("-_", "+/")  # Google's SDK writes it
PNG = encode_png(PICTURE)
PNG_BASE64 = base64.b64encode(PNG).decode()
PNG_URL = f"data:image/png;base64,{PNG_BASE64}"


@dataclass
class ModelServer:
    """Answers every path with what it was made with; remembers what it was asked."""

    answers: dict[str, Any]  # by the end of the path
    streams: dict[str, list[str]] = field(default_factory=dict)  # server-sent events, complete, by the same
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        ending = next(
            each for each in sorted(self.answers, key=len, reverse=True) if request.url.path.endswith(each)
        )
        if body.get("stream") or ":stream" in request.url.path:
            return StreamingResponse(self._events(ending), media_type="text/event-stream")
        return JSONResponse(self.answers[ending])

    async def _events(self, ending: str) -> AsyncIterator[str]:
        for event in self.streams[ending]:
            yield event

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{rest:path}", self.answer, methods=["POST"])])


@dataclass(frozen=True)
class Peers:
    """Where a model server listens, where the gateway in front of it does, and what the server was asked."""

    server: ModelServer
    direct: str
    through: str

    def last_picture(self, *path: str | int) -> tuple[int, str]:
        """Return the size and the format of the picture that arrived, base64 or a data URL at this path."""
        value: Any = self.server.asked[-1]
        for step in path:
            value = value[step]
        data = base64.b64decode(value.rpartition(",")[2].translate(_URL_SAFE))
        decoded = decode(data)
        assert (decoded.image.width, decoded.image.height) == (PICTURE.width, PICTURE.height)
        return len(data), decoded.source.media_type

    def answered(self, status: int) -> int:
        """Return how many requests the gateway answered with a status, once it has counted the last."""
        deadline = time.monotonic() + 5
        while (count := self._counted(status)) == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        return count

    def _counted(self, status: int) -> int:
        with urllib.request.urlopen(f"{self.through}/metrics") as answer:  # noqa: S310 - our own gateway
            lines = answer.read().decode().splitlines()
        wanted = f'status="{status}"'
        return sum(
            int(float(line.rpartition(" ")[2])) for line in lines if _REQUESTS in line and wanted in line
        )


@contextlib.contextmanager
def peers(server: ModelServer, provider: str, **sections: Any) -> Iterator[Peers]:
    """Start both; `sections` are settings beside the upstream."""
    with listening(server.app) as direct:
        settings = Settings(
            upstream={"base_url": direct, "provider": provider}, models={"m": "gpt-4o"}, **sections
        )
        with listening(create_app(settings, load_pipeline(settings))) as through:
            yield Peers(server, direct, through)


@contextlib.contextmanager
def listening(app: Any) -> Iterator[str]:
    """Serve an app on a free port; yields its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
