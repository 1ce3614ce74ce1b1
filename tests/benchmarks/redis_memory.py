"""Measure what sharing a Redis costs, and that it holds: one question, a whole request, an outage, an attack.

Starts a real redis-server, nginx and gateways of its own. The last line is JSON, with floors.

    python tests/benchmarks/redis_memory.py [--pictures 10000] [--requests 60] [--seconds 12]
"""

import argparse
import contextlib
import itertools
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[0] = str(ROOT)

from skimage import data  # noqa: E402

from calibration.image import Image, encode_png  # noqa: E402
from gateway.demo.services import Service  # noqa: E402
from gateway.memory.kept_picture import KeptPicture  # noqa: E402
from gateway.memory.protocol import SeenPicture  # noqa: E402
from gateway.memory.shelves import owner_of  # noqa: E402
from tests.gateway.memory.machines import Machine, machine  # noqa: E402
from tests.gateway.memory.redis_server import RedisServer, running_redis  # noqa: E402
from tests.walkthrough.fleet import ask, running_fleet, running_replica  # noqa: E402
from tests.walkthrough.traffic import running_upstream  # noqa: E402

MOST_ADDED_MS = 2.0
MOST_QUERIES = 30
_QUESTIONS = 500
_TENANT = "a caller"
_WAITED_FOR = ("recall", "alike", "mark")  # what is told is not waited for
_PHOTOGRAPH = data.astronaut()[40:360, 100:420]


def main() -> None:
    """Print progress, and the result as one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument(
        "--seconds", type=float, default=12.0, help="of the load during which Redis is killed"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        questions = measure_questions(folder, chosen.pictures)
        print(json.dumps(questions), file=sys.stderr)
        requests = measure_requests(folder, chosen.requests)
        print(json.dumps(requests), file=sys.stderr)
        attack, outage = measure_fleet(folder, chosen.seconds)
    added = requests["waited_ms_p50"]
    floors = {
        "added_ms_p50": {"at_most": MOST_ADDED_MS, "is": added, "pass": added <= MOST_ADDED_MS},
        "queries_until_flagged": {
            "at_most": MOST_QUERIES,
            "is": attack["queries_until_flagged"],
            "pass": attack["queries_until_flagged"] <= MOST_QUERIES,
        },
        "failed_requests": {"at_most": 0, "is": outage["failed"], "pass": outage["failed"] == 0},
    }
    result = {
        "benchmark": "redis_memory",
        "load_average": os.getloadavg()[0],  # waits are short where nobody else wants the processors
        "questions": questions,
        "requests": requests,
        "attack": attack,
        "outage": outage,
        "floors": floors,
        "pass": all(floor["pass"] for floor in floors.values()),
    }
    print(json.dumps(result))
    sys.exit(0 if result["pass"] else 1)


def measure_questions(folder: Path, pictures: int) -> dict[str, object]:
    """Time what is asked of Redis with so many pictures of one caller in it; milliseconds."""
    rng = np.random.default_rng(0)

    def picture(height: int = 48, width: int = 64) -> KeptPicture:
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        return KeptPicture.of(SeenPicture(Image(pixels), int(rng.integers(0, 1 << 63)), rng.bytes(32)))

    # The very same question is not asked again within a moment: each differs in two other bits.
    flips = [1 << one | 1 << other for one, other in itertools.combinations(range(64), 2)]
    with running_redis(folder) as server, filled(server, pictures, picture) as here:
        known = picture(384, 512)
        here.remember(_TENANT, known)
        times = {
            "alike_none": timed(lambda _: here.pictures.alike(_TENANT, int(rng.integers(0, 1 << 63)), 8)),
            "alike_found": timed(
                lambda number: here.pictures.alike(_TENANT, known.fingerprint ^ flips[number], 8)
            ),
            "mark": timed(lambda _: here.pictures.mark(_TENANT, known.fingerprint, rng.bytes(32), 14)),
        }
        small, large = picture(), [picture(384, 512) for _ in range(100)]
        keep = here.pictures._keep  # the part of `remember` that nobody waits for
        times["kept_small"] = timed(lambda _: keep(owner_of(_TENANT), small))
        times["kept_512x384"] = timed(lambda number: keep(owner_of(_TENANT), large[number]), len(large))
        times["remember"] = timed(lambda number: here.pictures.remember(_TENANT, large[number]), 50)
        memory = int(server.client().info("memory")["used_memory"])
    return {"pictures": pictures, "redis_mib": round(memory / 2**20, 1), "milliseconds": times}


@contextlib.contextmanager
def filled(server: RedisServer, pictures: int, picture: Callable[[], KeptPicture]) -> Iterator[Machine]:
    """Have a machine whose caller has sent so many pictures."""
    room = {"max_entries": 2 * pictures, "redis_tenant_bytes": 1 << 30}
    with machine(server.url, ttl_seconds=3600.0, **room) as here:
        here.accept(_TENANT)
        for _ in range(pictures):
            here.pictures._keep(owner_of(_TENANT), picture())
        yield here


def timed(question: Callable[[int], object], times: int = _QUESTIONS) -> dict[str, float]:
    """Return the median and the 99th percentile of so many questions."""
    taken = []
    for number in range(times):
        started = time.perf_counter()
        question(number)
        taken.append((time.perf_counter() - started) * 1000)
    return {"p50": percentile(taken, 50), "p99": percentile(taken, 99)}


def measure_requests(folder: Path, requests: int) -> dict[str, float]:
    """Send every picture to a gateway with Redis and to one without, in turns; milliseconds of a request."""
    rng = np.random.default_rng(1)
    taken: dict[str, list[float]] = {"with": [], "without": []}
    own: dict[str, list[float]] = {"with": [], "without": []}
    waited: list[float] = []
    with (
        running_upstream() as upstream,
        running_redis(folder) as redis,
        running_replica(folder, upstream, {"redis_url": redis.url}) as sharing,
        running_replica(folder, upstream, {}) as alone,
    ):
        both = {"with": sharing.port, "without": alone.port}
        for number in range(requests + 5):
            cut = _PHOTOGRAPH[number % 40 : number % 40 + 240, number % 33 : number % 33 + 280]
            picture = encode_png(Image(np.roll(cut, int(rng.integers(0, 200)), axis=1)))
            order = list(both) if number % 2 else list(both)[::-1]
            for name in order:
                started = time.perf_counter()
                answer = ask(both[name], picture)
                if number >= 5 and answer.status == 200:  # the first warm up
                    taken[name].append((time.perf_counter() - started) * 1000)
                    own[name].append(float(answer.headers["x-jnd-overhead-ms"]))
            waited.append(waited_for_redis(sharing))
    each = np.diff(waited[4:])
    pairs = [one - other for one, other in zip(own["with"], own["without"], strict=True)]
    return {
        "requests": len(pairs),
        "with_ms_p50": percentile(taken["with"], 50),
        "without_ms_p50": percentile(taken["without"], 50),
        "overhead_with_ms_p50": percentile(own["with"], 50),
        "overhead_without_ms_p50": percentile(own["without"], 50),
        "difference_ms_p50": round(statistics.median(pairs), 3),  # of pairs: noise of the picture's work, too
        "difference_ms_iqr": percentile(pairs, 75) - percentile(pairs, 25),
        "waited_ms_p50": percentile(each, 50),  # for Redis alone, request by request
        "waited_ms_p99": percentile(each, 99),
    }


def waited_for_redis(gateway: Service) -> float:
    """Return the milliseconds that requests have waited for answers of Redis so far."""
    _, page = gateway.get("/metrics")
    return 1000 * sum(
        float(line.rpartition(" ")[2])
        for line in page.decode().splitlines()
        if line.startswith("jnd_memory_seconds_sum") and any(f'"{name}"' in line for name in _WAITED_FOR)
    )


def measure_fleet(folder: Path, seconds: float) -> tuple[dict[str, int], dict[str, object]]:
    """Attack three replicas behind nginx, then kill their Redis under load and start it again."""
    with (
        running_upstream() as upstream,
        running_redis(folder) as redis,
        running_fleet(folder, upstream, {"redis_url": redis.url}) as fleet,
    ):
        port = fleet.balancer.port
        ask(port, png(_PHOTOGRAPH))
        time.sleep(0.5)
        rng = np.random.default_rng(2)
        first = MOST_QUERIES + 1
        for number in range(1, MOST_QUERIES + 1):
            if "query_series" in ask(port, png(square(rng))).flags:
                first = number
                break
        return {"replicas": 3, "queries_until_flagged": first}, outage(port, redis, seconds)


def outage(port: int, redis: RedisServer, seconds: float) -> dict[str, object]:
    """Count what callers get while Redis is killed and started again, twice."""
    answers: list[tuple[int, float]] = []
    is_over = threading.Event()

    def call(number: int) -> None:
        rng = np.random.default_rng(number)
        while not is_over.is_set():
            started = time.perf_counter()
            status = ask(port, png(rng.integers(0, 256, (96, 128, 3)))).status
            answers.append((status, (time.perf_counter() - started) * 1000))

    callers = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for caller in callers:
        caller.start()
    for _ in range(2):
        time.sleep(seconds / 4)
        redis.kill()
        time.sleep(seconds / 4)
        redis.start()
    is_over.set()
    for caller in callers:
        caller.join()
    statuses = Counter(status for status, _ in answers)
    failed = sum(count for status, count in statuses.items() if status != 200)
    milliseconds = [taken for _, taken in answers]
    return {
        "requests": len(answers),
        "kills": 2,
        "failed": failed,
        "ms_p50": percentile(milliseconds, 50),
        "ms_max": percentile(milliseconds, 100),
    }


def square(rng: np.random.Generator) -> np.ndarray:
    """Return the first candidate of Square (Andriushchenko et al., 2020)."""
    return _PHOTOGRAPH + rng.choice([-8, 8], (1, _PHOTOGRAPH.shape[1], 3))


def png(pixels: np.ndarray) -> bytes:
    """Encode a picture."""
    return encode_png(Image(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)))


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile, rounded."""
    return round(float(np.percentile(values, share)), 3)


if __name__ == "__main__":
    main()
