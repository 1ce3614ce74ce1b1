"""Ask a server as many strangers would: so many requests a second whatever it answers, or so many at a time.

At a constant rate the time of a request runs from the moment it was due, so that a server that stalls is
charged for those that had to wait meanwhile. Knows HTTP/1.1 and nothing of APIs.
"""

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httptools

SPIN_SECONDS = 0.002  # as in the mock: timers of an event loop are late by up to a millisecond
# What the official SDKs of OpenAI send.
SDK_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "authorization": "Bearer sk-0123456789abcdef0123456789abcdef0123456789abcdef",
    "content-type": "application/json",
    "user-agent": "OpenAI/Python 3.54.0",
    "x-stainless-arch": "x64",
    "x-stainless-async": "false",
    "x-stainless-lang": "python",
    "x-stainless-os": "Linux",
    "x-stainless-package-version": "3.54.0",
    "x-stainless-read-timeout": "600",
    "x-stainless-retry-count": "0",
    "x-stainless-runtime": "CPython",
    "x-stainless-runtime-version": "3.11.7",
}
PATIENCE_SECONDS = 60.0  # for answers still missing when the last request has left


@dataclass(frozen=True)
class Target:
    """Where a request goes, and all of its bytes."""

    port: int
    request: bytes


@dataclass(frozen=True)
class Shot:
    """One request that was answered."""

    due: float
    first_byte: float  # of the body
    done: float
    status: int
    size_bytes: int

    @property
    def seconds(self) -> float:
        return self.done - self.due

    @property
    def seconds_to_first_byte(self) -> float:
        return self.first_byte - self.due


def request_bytes(path: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a POST request of JSON."""
    named = {"host": "127.0.0.1", "content-length": str(len(body))} | SDK_HEADERS | dict(headers or {})
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items()), "", ""]
    return "\r\n".join(lines).encode() + body


class Connection(asyncio.Protocol):
    """One kept connection; one request at a time."""

    def __init__(self, answered: Callable[["Connection", Shot | None], None]) -> None:
        self._answered = answered  # with None: the connection broke
        self._transport: asyncio.BaseTransport | None = None
        self._is_busy = False
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def send(self, request: bytes, due: float) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._is_busy, self._due, self._first_byte, self._size = True, due, 0.0, 0
        self._transport.write(request)

    def close(self) -> None:
        self._is_busy = False
        self._transport.close()

    @property
    def is_open(self) -> bool:
        return not self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, piece: bytes) -> None:
        self._first_byte = self._first_byte or time.perf_counter()
        self._size += len(piece)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self._is_busy = False
        if not self._parser.should_keep_alive():
            self._transport.close()
        shot = Shot(self._due, self._first_byte or now, now, self._parser.get_status_code(), self._size)
        self._answered(self, shot)

    def connection_lost(self, _: Exception | None) -> None:
        if self._is_busy:
            self._is_busy = False
            self._answered(self, None)


@dataclass
class Tally:
    """What came of a run."""

    shots: list[Shot] = field(default_factory=list)
    broken: int = 0
    unmeasured: int = 0  # answered before or after what was measured
    seconds: float = 0.0

    @property
    def answered(self) -> int:
        """All answers, measured or not."""
        return len(self.shots) + self.unmeasured

    def add(self, shot: Shot | None) -> None:
        if shot is None:
            self.broken += 1
        else:
            self.shots.append(shot)

    @property
    def refused(self) -> int:
        return self.broken + sum(shot.status != 200 for shot in self.shots)


async def at_constant_rate(target: Target, *, per_second: float, seconds: float) -> Tally:
    """Send a request every 1 / `per_second`, over as many kept connections as that takes."""
    loop = asyncio.get_running_loop()
    tally, idle, all_in = Tally(), [], asyncio.Event()
    count = round(per_second * seconds)

    def answered(connection: Connection, shot: Shot | None) -> None:
        tally.add(shot)
        if shot is not None and connection.is_open:
            idle.append(connection)
        if len(tally.shots) + tally.broken == count:
            all_in.set()

    idle.append((await loop.create_connection(lambda: Connection(answered), "127.0.0.1", target.port))[1])
    began = time.perf_counter() + 0.01
    with quiet_memory():
        for number in range(count):
            due = began + number / per_second
            await until(due)
            while idle and not idle[-1].is_open:
                idle.pop()
            if idle:
                idle.pop().send(target.request, due)
            else:
                opened = await loop.create_connection(lambda: Connection(answered), "127.0.0.1", target.port)
                opened[1].send(target.request, due)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(all_in.wait(), PATIENCE_SECONDS)
    tally.broken = count - len(tally.shots)  # those that never came as well
    tally.seconds = time.perf_counter() - began
    for connection in idle:
        connection.close()
    return tally


async def side_by_side(target: Target, *, width: int, ramp_seconds: float, seconds: float) -> Tally:
    """Keep `width` requests in flight, each followed by the next at once; measure after the ramp."""
    loop = asyncio.get_running_loop()
    tally, left, all_in = Tally(), width, asyncio.Event()
    starts = time.perf_counter() + ramp_seconds
    ends = starts + seconds

    def answered(connection: Connection, shot: Shot | None) -> None:
        nonlocal left
        now = time.perf_counter()
        if starts <= now < ends:
            tally.add(shot)
        else:
            tally.unmeasured += 1
        if now < ends and connection.is_open:
            connection.send(target.request, now)
            return
        left -= 1
        connection.close()
        if left == 0:
            all_in.set()

    opening = [
        loop.create_connection(lambda: Connection(answered), "127.0.0.1", target.port) for _ in range(width)
    ]
    with quiet_memory():
        for _, connection in await asyncio.gather(*opening):
            connection.send(target.request, time.perf_counter())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(all_in.wait(), ramp_seconds + seconds + PATIENCE_SECONDS)
    tally.broken += left
    tally.seconds = seconds
    return tally


async def until(due: float) -> None:
    """Wait for this time of the performance counter, to within microseconds."""
    await asyncio.sleep(max(0.0, due - time.perf_counter() - SPIN_SECONDS))
    while time.perf_counter() < due:  # noqa: ASYNC110 - turns of the loop, while answers are read
        await asyncio.sleep(0)


@contextmanager
def quiet_memory() -> Iterator[None]:
    """Keep the garbage collector out of what is measured."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
