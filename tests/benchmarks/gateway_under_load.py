"""Throw 64 large bodies at a time at the gateway, among them all that once held it up, and watch it live.

Beside it an nginx is polled as often, in the same seconds: what the machine does hits both. Memory has to
stay within what bytes and pixels in flight explain, and to come back; another caller's thumbnail must not
wait for two pictures of 49 megapixels.

    python tests/benchmarks/gateway_under_load.py [--rounds 3]
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import uvloop
from gateway_bodies import LARGE_BYTES
from gateway_client import Answer, ask_once, post
from gateway_heavy_bodies import heavy_bodies, is_error, photograph_49_megapixels, thumbnail
from gateway_load import Target, at_constant_rate
from gateway_mock import Behaviour
from gateway_servers import Server, mock_api, nginx, ours

PATH = "/v1/chat/completions"
AT_ONCE = 64
POLLS_PER_SECOND = 20.0
PATIENCE_SECONDS = 120.0
GIVE_BACK_SECONDS = 60.0
MEBIBYTE = 2**20
QUEUE_BYTES, QUEUE_PIXELS = 256 * MEBIBYTE, 100_000_000  # the settings' defaults
BASE_BYTES = 600 * 10**6
MOST_RESIDENT_BYTES = BASE_BYTES + 3 * min(QUEUE_BYTES, AT_ONCE * LARGE_BYTES) + 12 * QUEUE_PIXELS
MOST_ABOVE_NGINX_MS = 50.0
MOST_THUMBNAIL_SECONDS = 2.0
ALLOWED = frozenset({200, 400, 413, 429})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--poll", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.poll:
        return uvloop.run(poll(*options.poll))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with mock_api(folder) as mock, nginx(mock.port, folder) as beside, ours(mock.port, folder) as gateway:
            mock.behaves(Behaviour(delay_seconds=0.05))
            command = [sys.executable, __file__, "--poll", str(gateway.port), str(beside.port)]
            poller = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            result = uvloop.run(measure(gateway, poller, options.rounds))
    print(json.dumps(result))
    return 0 if result["pass"] else 1


async def poll(gateway: int, beside: int) -> int:
    """Ask both every twentieth of a second until standard input ends; print the milliseconds each took."""
    get = b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n"
    is_over = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))
    taken: dict[str, list[float]] = {"gateway": [], "nginx": []}
    targets = {"gateway": Target(gateway, get % b"/livez"), "nginx": Target(beside, get % b"/")}

    async def one(name: str) -> None:
        tally = await at_constant_rate(targets[name], per_second=POLLS_PER_SECOND, seconds=1.0)
        taken[name] += [shot.seconds * 1000 for shot in tally.shots]

    while not is_over.done():
        await asyncio.gather(*(one(name) for name in targets))
    print(json.dumps(taken))
    return 0


async def measure(gateway: Server, poller: subprocess.Popen[bytes], rounds: int) -> dict[str, object]:
    """Press the gateway, then let a thumbnail wait behind large pictures, then see memory come back."""
    bodies = heavy_bodies()
    at_rest = gateway.resident_bytes()
    watching = asyncio.ensure_future(highest(gateway))
    statuses: Counter[str] = Counter()
    for _ in range(rounds):
        await press(gateway.port, bodies, statuses)
        print(dict(statuses), file=sys.stderr, flush=True)
    thumbnail_seconds = await behind_large_pictures(gateway.port, statuses)
    watching.cancel()
    most = (await asyncio.gather(watching))[0]
    told, _ = await asyncio.to_thread(poller.communicate, b"")
    given_back = await back_to_rest(gateway)
    return judged(json.loads(told), statuses, thumbnail_seconds, (at_rest, most, given_back))


async def press(port: int, bodies: dict[str, bytes], statuses: Counter[str]) -> None:
    """Send 64 requests at once, all kinds of bodies among them."""

    async def one(number: int, name: str) -> None:
        headers = {"authorization": f"Bearer caller-{number % 8}"}
        request = post(PATH, bodies[name], headers)
        note(statuses, name, await ask_once(port, request, patience_seconds=PATIENCE_SECONDS))

    names = list(bodies)
    await asyncio.gather(*(one(number, names[number % len(names)]) for number in range(AT_ONCE)))


async def behind_large_pictures(port: int, statuses: Counter[str]) -> float:
    """Return how long a thumbnail takes while another caller's two large pictures are worked on."""
    large = [photograph_49_megapixels(seed) for seed in (1, 2)]

    async def ask(name: str, body: bytes, key: str) -> None:
        request = post(PATH, body, {"authorization": f"Bearer {key}"})
        note(statuses, name, await ask_once(port, request, patience_seconds=PATIENCE_SECONDS))

    both = [asyncio.ensure_future(ask("photograph_49_megapixels", body, "greedy")) for body in large]
    await asyncio.sleep(0.5)
    began = time.perf_counter()
    await ask("thumbnail", thumbnail(), "modest")
    seconds = time.perf_counter() - began
    await asyncio.gather(*both)
    return seconds


def note(statuses: Counter[str], name: str, answer: Answer) -> None:
    is_right = answer.is_complete and answer.status in ALLOWED
    if is_right and answer.status != 200:
        is_right = is_error(answer.body)
    if not is_right:
        print(name, answer.status, answer.body[:200], file=sys.stderr, flush=True)
    statuses[f"{name} {answer.status}{'' if is_right else ' wrong'}"] += 1


async def highest(server: Server) -> int:
    """Return the most memory a server held until this is cancelled."""
    most = 0
    while True:
        most = max(most, server.resident_bytes())
        try:
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            return most


async def back_to_rest(server: Server) -> int:
    """Return the memory a server holds a minute later, or as soon as it is what an idle one may have."""
    deadline = time.monotonic() + GIVE_BACK_SECONDS
    while server.resident_bytes() > BASE_BYTES and time.monotonic() < deadline:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(1)
    return server.resident_bytes()


def judged(
    taken: dict[str, list[float]],
    statuses: Counter[str],
    thumbnail_seconds: float,
    memory: tuple[int, int, int],
) -> dict[str, object]:
    """Return the result with its floors."""
    p99 = {name: statistics.quantiles(values, n=100)[98] for name, values in taken.items()}
    at_rest, most, given_back = memory
    wrong = sum(count for name, count in statuses.items() if name.endswith("wrong"))
    measured = {
        "livez_p99_above_nginx_ms": (MOST_ABOVE_NGINX_MS, p99["gateway"] - p99["nginx"]),
        "resident_mb": (MOST_RESIDENT_BYTES / 10**6, most / 10**6),
        "resident_a_minute_later_mb": (BASE_BYTES / 10**6, given_back / 10**6),
        "thumbnail_seconds": (MOST_THUMBNAIL_SECONDS, thumbnail_seconds),
        "wrong_answers": (0, wrong),
    }
    floors = {
        name: {"at_most": limit, "is": round(value, 2), "pass": value <= limit}
        for name, (limit, value) in measured.items()
    }
    return {
        "benchmark": "gateway_under_load",
        "answers": dict(sorted(statuses.items())),
        "livez_ms": {f"{name}_p99": round(value, 2) for name, value in p99.items()}
        | {f"{name}_most": round(max(values), 2) for name, values in taken.items()},
        "polls": len(taken["gateway"]),
        "resident_at_rest_mb": round(at_rest / 10**6),
        "floors": floors,
        "pass": all(floor["pass"] for floor in floors.values()),
    }


if __name__ == "__main__":
    raise SystemExit(main())
