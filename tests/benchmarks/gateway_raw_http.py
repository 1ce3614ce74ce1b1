"""Send odd raw HTTP and hold what reaches the API against what a plain client would have sent.

Each request may be refused or passed on; passed on, it must be the one request that RFC 9112 reads in those
bytes: to the API's own host, to the same path, with the same body and headers, and nothing that
hid behind.

    python tests/benchmarks/gateway_raw_http.py [--requests 7000]
"""

import argparse
import asyncio
import contextlib
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from gateway_raw_shapes import Shape, make
from gateway_recording_upstream import (
    CutBodyError,
    MalformedError,
    RecordingUpstream,
    Seen,
    codings_of,
    read_request,
)
from gateway_servers import ours, status

LANES = 24
SILENCE_SECONDS = 0.05  # after some answer: it was all
PATIENCE_SECONDS = 0.5  # without any answer, where none need come
LONG_PATIENCE_SECONDS = 10.0
EXAMPLES = 5
UNHEARD_OF = frozenset({501, 505})  # what RFC 9112 wants for a transfer coding or a version nobody knows
STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3})", re.MULTILINE)
ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
OF_ONE_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization"),
        *(b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect", b"host", b"content-length"),
    }
)


@dataclass(frozen=True)
class Sent:
    """One shape, what it strictly means, and what came back."""

    shape: Shape
    meant: tuple[Seen, ...]  # the well-formed requests in its bytes, up to the first that is not
    reply: bytes

    @property
    def statuses(self) -> list[int]:
        return [int(each) for each in STATUS.findall(self.reply)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=7000)
    result = asyncio.run(fuzz(parser.parse_args().requests))
    print(json.dumps(result))
    return 0 if result["pass"] else 1


async def fuzz(count: int) -> dict[str, object]:
    """Send all shapes and judge."""
    upstream = RecordingUpstream()
    port = await upstream.start()
    with tempfile.TemporaryDirectory() as name, ours(port, Path(name)) as gateway:
        sent = await send_all(gateway.port, count)
        await asyncio.sleep(1)
        is_alive = status(gateway.port, "/livez") == 200
    faults = [fault for each in sent.values() for fault in faults_of_reply(each)]
    reached: Counter[str] = Counter()
    for seen in upstream.record.requests:
        number = b"".join(seen.values(b"x-number")).decode("latin-1")
        reached[number] += 1
        faults += [(fault, number, seen) for fault in faults_of_request(seen, number, sent, port)]
    faults += [("came twice", number, "") for number, times in reached.items() if times > 1]
    faults += [("unreadable", "", each) for each in upstream.record.unreadable]
    by_name = Counter(name for name, _, _ in faults)
    for name in by_name:
        for fault in [each for each in faults if each[0] == name][:EXAMPLES]:
            print(*(str(part)[:600] for part in fault), file=sys.stderr)
    return {
        "benchmark": "gateway_raw_http",
        "requests": count,
        "reached_the_api": len(upstream.record.requests),
        "refused": sum(any(400 <= code < 500 for code in each.statuses) for each in sent.values()),
        "faults": dict(by_name),
        "alive_at_the_end": is_alive,
        "floors": {"faults": {"at_most": 0, "is": len(faults), "pass": not faults}},
        "pass": not faults and is_alive,
    }


async def send_all(port: int, count: int) -> dict[str, Sent]:
    """Send every shape on a connection of its own, several at a time."""
    numbers = iter(range(count))
    sent: dict[str, Sent] = {}

    async def lane() -> None:
        for number in numbers:
            shape = make(number)
            meant = await meaning(shape.wire)
            patience_seconds = LONG_PATIENCE_SECONDS if meant else PATIENCE_SECONDS
            sent[str(number)] = Sent(shape, meant, await reply(port, shape, patience_seconds))

    async with asyncio.TaskGroup() as group:
        for _ in range(LANES):
            group.create_task(lane())
    return sent


async def meaning(wire: bytes) -> tuple[Seen, ...]:
    """Read bytes as strictly as RFC 9112 allows."""
    reader = asyncio.StreamReader(limit=2**22)
    reader.feed_data(wire)
    reader.feed_eof()
    found = []
    unreadable = (MalformedError, CutBodyError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
    with contextlib.suppress(*unreadable):
        while True:
            found.append(await read_request(reader, versions=b"01"))
    return tuple(found)


async def reply(port: int, shape: Shape, patience_seconds: float) -> bytes:
    """Send the bytes and return all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    received = b""
    with contextlib.suppress(OSError):
        step = 7 if shape.is_slow else len(shape.wire)
        for start in range(0, len(shape.wire), step):
            writer.write(shape.wire[start : start + step])
            await writer.drain()
        with contextlib.suppress(TimeoutError):
            while True:
                wait = SILENCE_SECONDS if received else patience_seconds
                piece = await asyncio.wait_for(reader.read(2**16), wait)
                if not piece:
                    break
                received += piece
    writer.close()
    return received


def faults_of_reply(sent: Sent) -> list[tuple[str, str, object]]:
    """Say what is wrong with what the caller got."""
    number = str(sent.shape.number)
    faults = []
    if any(code >= 500 and code not in UNHEARD_OF for code in sent.statuses):
        faults.append(("5xx of ours", number, (sent.reply[:300], sent.shape.wire[:300])))
    if sent.shape.kind == "plain" and (sent.statuses[:1] != [200] or b"x-upstream" not in sent.reply):
        faults.append(("plain request not answered", number, (sent.reply[:300], sent.shape.wire[:300])))
    return faults


def faults_of_request(seen: Seen, number: str, sent: dict[str, Sent], port: int) -> list[str]:
    """Say what is wrong with what reached the API."""
    of = sent.get(number.removesuffix("-hidden"))
    if of is None:
        return ["nobody's request"]
    faults = []
    if seen.values(b"host") != [b"127.0.0.1:%d" % port]:
        faults.append("other host")
    if not is_settled(seen.target):
        faults.append("dot segments passed on")
    meant = [each for each in of.meant if each.values(b"x-number") == [number.encode()]]
    if number.endswith("-hidden") and not meant:
        faults.append("smuggled")
    elif not is_same_path(seen.target, meant[0].target if meant else of.shape.target):
        faults.append("other path")
    if meant:
        faults += differences(seen, meant[0])
    return faults


def differences(seen: Seen, meant: Seen) -> list[str]:
    """Compare a request with the well-formed one it was."""
    faults = []
    if (seen.method, seen.body) != (meant.method, meant.body):
        faults.append("other method or body")
    if codings_of(meant) not in ([], [b"chunked"]):
        faults.append("coding lost on the way")
    if sorted(end_to_end(seen)) != sorted(end_to_end(meant)):
        faults.append("other headers")
    if any(seen.values(name) for name in OF_ONE_HOP - {b"host", b"content-length", b"transfer-encoding"}):
        faults.append("header of one hop passed on")
    return faults


def end_to_end(request: Seen) -> list[tuple[bytes, bytes]]:
    """Return the headers that concern the API, not one connection or the gateway."""
    named = {word.strip().lower() for value in request.values(b"connection") for word in value.split(b",")}
    dropped = OF_ONE_HOP | named
    return [
        (name, value)
        for name, value in request.headers
        if name not in dropped and not name.startswith(b"x-jnd-")
    ]


def is_settled(target: bytes) -> bool:
    """Tell whether a target is a path in which no reader finds a way up."""
    path = unquote_to_bytes(target.split(b"?")[0])
    return path.startswith(b"/") and b".." not in re.split(rb"[/\\]", path)


def is_same_path(one: bytes, other: bytes) -> bool:
    """Tell whether two targets mean the same, by RFC 3986 or by servers that take %2F and // for /."""
    return any(
        path_of(one, reading, empty_counts=counts) == path_of(other, reading, empty_counts=counts)
        for counts in (True, False)
        for reading in (_segments_then_escapes, _escapes_then_segments)
    )


def _segments_then_escapes(path: bytes) -> list[bytes]:
    return [unquote_to_bytes(segment) for segment in path.split(b"/")]


def _escapes_then_segments(path: bytes) -> list[bytes]:
    return unquote_to_bytes(path).split(b"/")


def path_of(
    target: bytes, reading: Callable[[bytes], list[bytes]], *, empty_counts: bool
) -> tuple[list[bytes], bytes]:
    """Return a target's path without dot segments and escapes, and its query as it is."""
    match = ABSOLUTE.match(target)
    rest = target[match.end() :] if match else target
    path, _, query = rest.partition(b"#")[0].partition(b"?")
    words = reading(path)
    segments: list[bytes] = []
    for word in words[1:]:
        if word == b"..":
            segments = segments[:-1]
        elif word != b"." and (word or empty_counts):
            segments.append(word)
    if words[-1] in (b".", b"..") and empty_counts:
        segments.append(b"")
    return segments, query


if __name__ == "__main__":
    raise SystemExit(main())
