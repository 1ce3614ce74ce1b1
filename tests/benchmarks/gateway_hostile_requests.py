"""Send what hurts: large bodies, JSON that is slow to read, pictures of few bytes and many pixels.

A process of its own, at low priority, so that making and sending it does not disturb what is measured. Reads
names of batches from standard input, and answers each with one line of JSON.

    python tests/benchmarks/gateway_hostile_requests.py PORT
"""

import asyncio
import collections
import functools
import io
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
import gateway_bodies
import numpy as np
import orjson
from PIL import Image as Pillow

PATH = "/v1/chat/completions"
LARGE_BYTES = 8_000_000
WAITING_BYTES = 50_000_000
SIDE = 7000
PATIENCE_SECONDS = 180.0


@dataclass(frozen=True)
class Sending:
    """One request: what, for whom, and how long after the start of its batch."""

    body: bytes
    key: str = "one"
    after_seconds: float = 0.0
    name: str = ""


def json_of_small_values(unit: str) -> bytes:
    """Return eight megabytes of one small value, and one escape that no fast path likes."""
    count = LARGE_BYTES // (len(unit) + 1)
    values = ",".join([unit] * count)
    return f'{{"model": "gpt-4o", "note": "\\u00e4", "messages": [], "metadata": [{values}]}}'.encode()


def nested() -> bytes:
    depth = LARGE_BYTES // 2
    return b'{"model": "gpt-4o", "messages": [], "x": ' + b"[" * depth + b"]" * depth + b"}"


def escaped_quotes() -> bytes:
    content = json.dumps(json.dumps({"a": "b"}) * (LARGE_BYTES // 20))
    return f'{{"model": "gpt-4o", "messages": [{{"role": "tool", "content": {content}}}]}}'.encode()


def text_of(size_bytes: int) -> bytes:
    return orjson.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "x" * size_bytes}]})


def picture(mode: str, format_name: str, seed: int, **options: object) -> bytes:
    """Return a question about a flat picture of 49 megapixels; another one for each seed."""
    if mode == "I;16":
        flat = Pillow.fromarray(np.full((SIDE, SIDE), 30_000 + seed, np.uint16))
    else:
        flat = Pillow.new(mode, (SIDE, SIDE), tuple(40 + seed + 9 * n for n in range(len(mode))))
    sink = io.BytesIO()
    flat.save(sink, format_name, **options)
    return gateway_bodies.about(sink.getvalue(), f"image/{format_name.lower()}")


@functools.cache
def pictures() -> list[bytes]:
    return [
        picture("RGB", "PNG", 1),
        picture("I;16", "PNG", 2),
        picture("RGBA", "PNG", 3),
        picture("L", "PNG", 4),
        picture("CMYK", "JPEG", 5),
        picture("RGB", "JPEG", 6, progressive=True),
        picture("RGB", "WEBP", 7, lossless=True, method=0),
        picture("RGB", "PNG", 8),
    ]


@functools.cache
def hostile_json() -> list[bytes]:
    return [
        *(json_of_small_values(unit) for unit in ("[]", "{}", '""', "0", '{"a":[]}')),
        escaped_quotes(),
        nested(),
        b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "\\ud800"}], "x": NaN}',
    ]


def large() -> list[Sending]:
    bodies = [gateway_bodies.large_text(), gateway_bodies.large_photograph(), text_of(LARGE_BYTES)]
    return [Sending(bodies[number % 3], key=f"caller {number % 8}") for number in range(64)]


def everything() -> list[Sending]:
    hostile = [*hostile_json(), *pictures()]
    return [
        *large(),
        *(Sending(body, key="hostile", after_seconds=0.1 * n) for n, body in enumerate(hostile)),
    ]


def thumbnail() -> list[Sending]:
    heavy = [picture("RGB", "PNG", seed) for seed in (20, 21)]
    small = gateway_bodies.small_picture(seed=99)
    return [
        *(Sending(body, key="heavy") for body in heavy),
        Sending(small, key="light", after_seconds=0.3, name="thumbnail"),
    ]


BATCHES: Mapping[str, Callable[[], Sequence[Sending]]] = {
    "large": large,
    "json": lambda: [Sending(body, after_seconds=0.2 * n) for n, body in enumerate(hostile_json())],
    "pictures": lambda: [Sending(body, key=f"caller {n % 2}") for n, body in enumerate(pictures())],
    "waiting": lambda: [Sending(text_of(WAITING_BYTES), key=f"caller {n}") for n in range(6)],
    "thumbnail": thumbnail,
    "everything": everything,
}


async def send(session: aiohttp.ClientSession, url: str, sending: Sending) -> tuple[str, float, str]:
    """Return the name, the seconds and the status, or what went wrong."""
    await asyncio.sleep(sending.after_seconds)
    began = time.perf_counter()
    headers = {"content-type": "application/json", "authorization": f"Bearer {sending.key}"}
    try:
        async with session.post(url, data=io.BytesIO(sending.body), headers=headers) as answer:
            await answer.read()
            status = str(answer.status)
    except (TimeoutError, aiohttp.ClientError) as error:
        status = type(error).__name__
    return sending.name, time.perf_counter() - began, status


async def run(batch: Sequence[Sending], port: int) -> dict[str, object]:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        url = f"http://127.0.0.1:{port}{PATH}"
        shots = await asyncio.gather(*(send(session, url, each) for each in batch))
    return {
        "statuses": dict(collections.Counter(status for _, _, status in shots)),
        "slowest_seconds": round(max(seconds for _, seconds, _ in shots), 2),
        "named_seconds": {name: round(seconds, 3) for name, seconds, _ in shots if name},
        "body_bytes": sum(len(each.body) for each in batch),
    }


def main() -> None:
    os.nice(10)
    for line in sys.stdin:
        batch = BATCHES[line.strip()]()
        print("ready", flush=True)
        sys.stdin.readline()
        print(json.dumps(asyncio.run(run(batch, int(sys.argv[1])))), flush=True)


if __name__ == "__main__":
    main()
