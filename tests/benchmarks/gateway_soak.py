"""Send tens of thousands of mixed requests: none may be lost, swapped or doubled, and memory must not grow.

Then the same under reloads, with two workers: SIGHUP while requests are under way, one worker ended, and at
last SIGTERM, after which everything that was accepted must still be answered.

    python tests/benchmarks/gateway_soak.py [--requests 50000] [--reload-requests 6000]
"""

import argparse
import asyncio
import contextlib
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import uvloop
from gateway_client import Answer, Caller, ask_once, connect, post
from gateway_identity_upstream import IDENTITY, Ledger, start
from gateway_servers import Server, ours, status
from gateway_soak_traffic import DIALECTS, REFUSED, Request, make, settings, stream
from scipy import stats

AT_ONCE = 32
PATIENCE_SECONDS = 90.0
WARM_UP_SHARE = 0.4  # of the requests; until memories are full and the allocator has what it wants
BLOCKS = 8
MOST_GROWTH_MIB = 10.0  # that the lower end of the interval may say per 50,000 requests
MOST_TURNED_AWAY = 0.01
EXAMPLES = 5


@dataclass
class Soak:
    """What came of the requests so far."""

    ledger: Ledger
    port: int
    kinds: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)  # by kind, waiting included
    faults: dict[str, list[str]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    asked_again: int = 0  # on a kept connection that had been closed meanwhile, and never reached the API
    idle: list[Caller] = field(default_factory=list)

    def fault(self, name: str, request: Request, answer: Answer) -> None:
        """Remember one that went wrong."""
        shown = f"{request.number} {request.kind} {answer.status} {answer.body[:200]!r}"
        self.faults.setdefault(name, []).append(shown)
        if len(self.faults[name]) <= EXAMPLES:
            print(name, shown, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--reload-requests", type=int, default=6_000)
    options = parser.parse_args()
    result = uvloop.run(run(options.requests, options.reload_requests))
    print(json.dumps(result))
    return 0 if result["pass"] else 1


async def run(requests: int, reload_requests: int) -> dict[str, object]:
    ledger = Ledger()
    upstream = await start(ledger)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ours(upstream, folder, settings(upstream)) as gateway:
            missing = await missing_dialects(gateway.port, ledger)
            soak = Soak(ledger, gateway.port)
            memory = await long_run(soak, gateway, range(1, requests + 1))
            is_alive = status(gateway.port, "/livez") == 200
        two = settings(upstream) | {"listen": {"workers": 2, "drain_seconds": 20}}
        with ours(upstream, folder, two) as gateway:
            reloaded = Soak(ledger, gateway.port)
            events = await run_with_reloads(reloaded, gateway, requests + 1, reload_requests)
    return summary(soak, reloaded, slope=growth(memory), events=events, missing=missing, is_alive=is_alive)


async def missing_dialects(port: int, ledger: Ledger) -> list[str]:
    """Return the dialects that do not lead to the API."""
    missing = []
    for name, dialect in DIALECTS.items():
        body = json.dumps(dialect.body("identity-0", None, False)).encode()
        answer = await ask_once(port, post(dialect.path, body, {"x-request": "0"}))
        if b"identity-0" not in answer.body:
            missing.append(name)
    ledger.seen.pop(0, None)
    return missing


async def long_run(soak: Soak, gateway: Server, numbers: range) -> list[tuple[int, float]]:
    """Send all requests; return how many had been answered when memory was how many MiB."""
    samples: list[tuple[int, float]] = []

    def look(done: int) -> None:
        if done % 250 == 0:
            samples.append((done, gateway.resident_bytes() / 2**20))
        if done % 5000 == 0:
            print(f"{done} requests, {samples[-1][1]:.0f} MiB", file=sys.stderr, flush=True)

    await send_all(soak, numbers, look)
    return samples


async def run_with_reloads(soak: Soak, gateway: Server, first: int, count: int) -> list[str]:
    """Send requests while the gateway is told to reload and to end; return what was done to it."""
    events: list[str] = []
    marks = {count // 6: signal.SIGHUP, count // 3: signal.SIGHUP, 2 * count // 3: signal.SIGHUP}
    done = 0

    def disturb(_: int) -> None:
        nonlocal done
        done += 1
        if done in marks:
            gateway.service.process.send_signal(marks[done])
            events.append(marks[done].name)
        if done == count // 2:
            with contextlib.suppress(psutil.NoSuchProcess):  # a gateway that ended shows in the faults
                for worker in gateway.processes()[-1:]:
                    worker.terminate()
                    events.append("SIGTERM to one worker")

    await send_all(soak, range(first, first + count), disturb)
    await end_under_way(soak, gateway, first + count)
    events.append("SIGTERM")
    return events


async def end_under_way(soak: Soak, gateway: Server, first: int) -> None:
    """Tell the gateway to end while streams are under way: each that was accepted is answered."""

    for caller in soak.idle:
        caller.close()
    soak.idle.clear()
    asked = [asyncio.ensure_future(send(soak, stream(first + n, random.Random(n)))) for n in range(16)]
    while sum(soak.ledger.seen[first + number] for number in range(16)) < 16:
        await asyncio.sleep(0.001)
        if all(each.done() for each in asked):
            break
    gateway.service.process.send_signal(signal.SIGTERM)
    await asyncio.gather(*asked)


async def send_all(soak: Soak, numbers: range, after_each: Callable[[int], None]) -> None:
    """Send requests, so many at a time."""
    remaining = iter(numbers)
    done = 0

    async def lane() -> None:
        nonlocal done
        for number in remaining:
            await send(soak, make(number))
            done += 1
            after_each(done)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(lane())


async def send(soak: Soak, request: Request) -> None:
    """Send one request and judge what comes back."""
    soak.kinds[request.kind] += 1
    is_cut = request.sent_bytes is not None
    is_reused = bool(soak.idle) and not is_cut
    try:
        caller = soak.idle.pop() if is_reused else await connect(soak.port)
    except OSError as error:
        soak.fault("not connected", request, Answer(body=str(error).encode()))
        return
    if is_cut:
        await caller.ask([request.wire[: request.sent_bytes]], patience_seconds=0.01)
        caller.close()
        return
    began = time.perf_counter()
    answer = await caller.ask(
        [request.wire], patience_seconds=PATIENCE_SECONDS, leave_after_bytes=request.leaves_after_bytes
    )
    soak.seconds[request.kind] += time.perf_counter() - began
    is_stale = is_reused and request.leaves_after_bytes is None and answer.status == 0
    if is_stale and request.number not in soak.ledger.seen:
        soak.asked_again += 1
        soak.kinds[request.kind] -= 1
        await send(soak, request)
        return
    if answer.is_kept:
        soak.idle.append(caller)
    else:
        caller.close()
    if request.leaves_after_bytes is None:
        judge(soak, request, answer)


def judge(soak: Soak, request: Request, answer: Answer) -> None:
    """Hold an answer against its request."""
    if not answer.is_complete:
        soak.fault("lost", request, answer)
        return
    if request.may_be_refused and answer.status in REFUSED and answer.body.startswith(b"{"):
        soak.refused[f"{request.kind} {answer.status}"] += 1
        return
    if answer.status == 429:
        soak.refused["turned away"] += 1
        return
    if answer.status != 200:
        soak.fault(f"status {answer.status}", request, answer)
        return
    found = [int(each) for each in IDENTITY.findall(answer.body)]
    if set(found) != {request.number}:
        soak.fault("swapped", request, answer)
    elif len(found) != max(request.events, 1):
        soak.fault("pieces lost or doubled", request, answer)


def summary(
    soak: Soak,
    reloaded: Soak,
    *,
    slope: dict[str, float],
    events: list[str],
    missing: list[str],
    is_alive: bool,
) -> dict[str, object]:
    """Return the result with its floors."""
    repeated = sum(count > 1 for count in soak.ledger.seen.values())
    lost = sum(map(len, soak.faults.values()))
    lost_in_reloads = sum(map(len, reloaded.faults.values()))
    turned_away = soak.refused["turned away"] / max(1, soak.kinds.total())
    floors = {
        "faults": {"at_most": 0, "is": lost, "pass": lost == 0},
        "faults_under_reload": {"at_most": 0, "is": lost_in_reloads, "pass": lost_in_reloads == 0},
        "asked_twice": {"at_most": 0, "is": repeated, "pass": repeated == 0},
        "mixed": {"at_most": 0, "is": soak.ledger.mixed, "pass": soak.ledger.mixed == 0},
        "growth_mib_low": {
            "at_most": MOST_GROWTH_MIB,
            "is": slope["low"],
            "pass": slope["low"] <= MOST_GROWTH_MIB,
        },
        "turned_away": {
            "at_most": MOST_TURNED_AWAY,
            "is": round(turned_away, 4),
            "pass": turned_away <= MOST_TURNED_AWAY,
        },
        "missing_dialects": {"at_most": 0, "is": len(missing), "pass": not missing},
    }
    return {
        "benchmark": "gateway_soak",
        "requests": dict(soak.kinds),
        "mean_ms": {name: round(soak.seconds[name] * 1000 / count) for name, count in soak.kinds.items()},
        "refused": dict(soak.refused),
        "faults": {name: len(found) for name, found in soak.faults.items()},
        "memory_growth_mib_per_50000": slope,
        "reloads": {
            "events": events,
            "requests": reloaded.kinds.total(),
            "faults": {name: len(found) for name, found in reloaded.faults.items()},
            "asked_again_on_another_connection": reloaded.asked_again,
        },
        "asked_again_on_another_connection": soak.asked_again,
        "missing_dialects": missing,
        "alive_at_the_end": is_alive,
        "floors": floors,
        "pass": is_alive and all(floor["pass"] for floor in floors.values()),
    }


def growth(memory: list[tuple[int, float]]) -> dict[str, float]:
    """Fit a line through the low tide of blocks, since what waits for the collector is no leak; 95 %."""
    settled = memory[round(len(memory) * WARM_UP_SHARE) :]
    blocks = [block for block in np.array_split(np.array(settled), BLOCKS) if len(block)]
    points = np.array([(np.median(block[:, 0]), block[:, 1].min()) for block in blocks])
    fit = stats.linregress(points[:, 0], points[:, 1])
    margin = stats.t.ppf(0.975, len(points) - 2) * fit.stderr
    scaled = {"slope": fit.slope, "low": fit.slope - margin, "high": fit.slope + margin}
    return {name: round(float(value) * 50_000, 2) for name, value in scaled.items()} | {
        "start_mib": round(float(points[0, 1]), 1),
        "end_mib": round(float(points[-1, 1]), 1),
    }


if __name__ == "__main__":
    raise SystemExit(main())
