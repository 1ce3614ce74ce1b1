"""Measure the store of flagged images and its page: lists of 100,000 flags, cost of recording, kill -9.

    python -m tests.benchmarks.review --flags 100000

Prints one JSON line last. Lists are asked over HTTP as a browser asks, every filter and the last page among
them; the floor is 200 ms for the 99th percentile. What recording costs is the time of `offer` on the event
loop's thread, for pictures of 1 MiB.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from calibration.image_source import DecodeLimits
from gateway.detection.combination import load_calibration
from gateway.detection.verdict import KINDS, Evidence
from gateway.review.allowing import AllowFile
from gateway.review.critiquing import Critiquing
from gateway.review.drawing import Drawings
from gateway.review.filters import Filter, Named
from gateway.review.flag import Circumstances, Flag, new_id
from gateway.review.judging import Judging
from gateway.review.page import ReviewPage, create_review_app
from gateway.review.recorder import Recorder, Room
from gateway.review.rendering import Templates
from gateway.review.sessions import Sessions
from gateway.review.signing_in import Door
from gateway.review.store import Caught, ReviewStore
from tests.gateway.conftest import Server, listening

ROOT = Path(__file__).parents[2]
KEY = "the-key-of-the-benchmark"
MODELS = ("gpt-4o", "claude-sonnet-4-5", "gemini-2.0-flash", "a-rare-one")
CLIENTS = ("shop", "search", "support", "a-rare-one")
MONTH = 30 * 86_400
FLOOR_MS = 200.0
WORDS = (
    "Noise that no camera or codec leaves, all over it. The flat areas show many large steps between pixels."
)


def made(count: int, rng: random.Random) -> Iterator[Caught]:
    """Make flags of a month, some rare, a third of them of pictures that were seen before."""
    begin = time.time() - MONTH
    for number in range(count):
        rare = number % 1000 == 7
        kinds = tuple(sorted(rng.sample(KINDS[:-1], 1 + (number % 5 == 0)))) if not rare else (KINDS[-1],)
        evidence = tuple(
            Evidence(kind, rng.random(), 0.001, 0.5, WORDS, boxes=((0, 0, 64, 64, 1.0),) * 8)
            for kind in kinds
        )
        request = Circumstances(
            tenant=hashlib.sha256(b"%d" % (number % 50)).hexdigest(),
            client=CLIENTS[3 if rare else number % 3],
            model=MODELS[3 if rare else rng.randrange(3)],
            upstream="default",
            dialect="openai_chat",
            path="/v1/chat/completions",
            request_id=f"{number:032x}",
        )
        digest = hashlib.sha256(b"%d" % (number - number % 3)).hexdigest()
        yield Caught(
            Flag(
                id=new_id(begin + MONTH * number / count),
                digest=digest,
                request=request,
                outcome="imperceptible_edit",
                kinds=kinds,
                p_value=0.001,
                jnd_ratio=0.5,
                explanation=WORDS,
                evidence=evidence,
                action="monitor",
                size_bytes=300_000,
                mark=rng.choice(("open",) * 9 + ("attack",)),
            ),
            None,
        )


def fill(store: ReviewStore, count: int) -> float:
    """Fill the store, and return how many flags a second it took."""
    began, batch = time.monotonic(), []
    for caught in made(count, random.Random(1)):
        batch.append(caught)
        if len(batch) == 1000:
            store.add(batch)
            batch = []
    store.add(batch)
    return count / (time.monotonic() - began)


def paths(store: ReviewStore) -> Sequence[str]:
    """List pages as people ask for them, the slowest filters too."""
    oldest = store.find(Filter(after=new_id(0)), 3)[-1].id
    middle = new_id(time.time() - MONTH / 2)
    filters = ["", "kind=residual", f"kind={KINDS[-1]}", "model=gpt-4o", "model=a-rare-one", "client=shop"]
    filters += ["status=open", "status=attack", "status=allowed", "kind=residual&model=gpt-4o&client=shop"]
    filters += [f"kind={KINDS[-1]}&client=shop", f"kind={KINDS[-1]}&status=open&model=gpt-4o"]
    filters += ["model=gpt-4o&client=a-rare-one&status=attack"]
    filters += ["kind=residual&client=a-rare-one", "model=nobody", "kind=residual&status=attack"]
    filters += [f"since={int((time.time() - 86_400) * 1000)}", f"before={oldest}", f"after={oldest}"]
    filters += [f"before={middle}", f"kind=residual&before={middle}", f"status=open&after={middle}"]
    return [f"/review?{each}" for each in filters]


def timed_lists(
    server: Server, cookie: str, asked: Sequence[str], rounds: int
) -> list[tuple[float, float, str]]:
    """Return how long each list took, and of it the processor's, in milliseconds; the slowest last."""
    found = []
    for _ in range(rounds):
        for path in asked:
            began, worked = time.perf_counter(), time.process_time()
            answer = server.ask("GET", path, headers={"cookie": cookie})
            work = (time.process_time() - worked) * 1000
            found.append(((time.perf_counter() - began) * 1000, work, path))
            assert answer.status == 200, answer.body[:500]
    return sorted(found)


def page_of(store: ReviewStore, folder: Path) -> ReviewPage:
    """Put the page together as the review process does."""
    limits = DecodeLimits()
    return ReviewPage(
        store=store,
        judging=Judging(store, AllowFile(folder / "allowed.txt")),
        drawings=Drawings(limits, 1_000_000),
        critiquing=Critiquing(None, limits),
        door=Door(Sessions(KEY), Templates("1")),
        templates=Templates("1"),
        keeps_pictures=True,
        calibration=load_calibration(),
        named=Named(frozenset(), frozenset()),
    )


def offer_microseconds(folder: Path, count: int = 300) -> list[float]:
    """Return what handing a flag over costs a request, the store working behind it."""
    recorder = Recorder(ReviewStore.open(folder), "pictures", lambda _: None, room=Room(10**6, 10**10))
    rng, found = random.Random(2), []
    for caught in made(count, rng):
        picture = rng.randbytes(1_048_576)
        began = time.perf_counter()
        recorder.offer(caught.flag, picture)
        found.append((time.perf_counter() - began) * 1e6)
        time.sleep(0.005)
    recorder.close()
    return sorted(found)


KILLED = """
import sys
from pathlib import Path
from random import Random
from gateway.review.recorder import Recorder
from gateway.review.store import ReviewStore
from tests.benchmarks.review import made

recorder = Recorder(ReviewStore.open(Path(sys.argv[1])), "pictures", lambda fate: None)
waiting = []
for caught in made(10**7, Random(int(sys.argv[2]))):
    ticket = recorder.offer(caught.flag, caught.flag.id.encode() * 500)
    waiting += [] if ticket is None else [ticket]
    for each in [each for each in waiting if each.is_kept]:
        print(each.id, flush=True)
    waiting = [each for each in waiting if not each.is_kept]
"""


def killed(folder: Path, times: int) -> tuple[int, int]:
    """Kill two writers of one store again and again; return how many flags were called kept, and lost."""
    told, lost = 0, 0
    for number in range(times):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", KILLED, str(folder), str(2 * number + each)],
                stdout=subprocess.PIPE,
                cwd=ROOT,
            )
            for each in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        time.sleep(0.2 + 0.1 * number)
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
        # The first line of each was read above; the last may be cut.
        ids = [line for writer in writers for line in writer.communicate()[0].decode().split("\n")[:-1]]
        store = ReviewStore.open(folder)
        for flag_id in ids:
            flag = store.get(flag_id)
            lost += flag is None or store.pictures.get(flag.digest) is None
        told += len(ids)
        store.close()
    return told, lost


def main() -> None:
    """Measure, and print one line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--flags", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15, help="through all lists")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--database-url", help="PostgreSQL instead of SQLite, for the lists")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = ReviewStore.open(folder / "lists", given.database_url)
        per_second = fill(store, given.flags)
        page = page_of(store, folder)
        with listening(create_review_app(page)) as server:
            times = timed_lists(server, f"jnd_review={page.sessions.begin()}", paths(store), given.rounds)
        began = time.perf_counter()
        store.size()
        size_ms = (time.perf_counter() - began) * 1000
        store.close()
        offers = offer_microseconds(folder / "offers")
        told, lost = killed(folder / "killed", given.kills)
    milliseconds = [each for each, _, _ in times]
    work = sorted(each for _, each, _ in times)
    p99 = milliseconds[min(len(times) - 1, int(0.99 * len(times)))]
    print(
        json.dumps(
            {
                "flags": given.flags,
                "database": "PostgreSQL" if given.database_url else "SQLite",
                "kept_per_second": round(per_second),
                "lists": len(times),
                "list_p50_ms": round(statistics.median(milliseconds), 1),
                "list_p99_ms": round(p99, 1),
                "list_worst_ms": round(milliseconds[-1], 1),
                "list_cpu_p50_ms": round(statistics.median(work), 1),
                "list_cpu_p99_ms": round(work[min(len(work) - 1, int(0.99 * len(work)))], 1),
                "slowest": times[-1][2],
                "size_ms": round(size_ms, 1),
                "offer_p50_us": round(statistics.median(offers), 1),
                "offer_p99_us": round(offers[int(0.99 * len(offers))], 1),
                "kills": given.kills,
                "called_kept": told,
                "lost": lost,
                "is_within_floors": p99 <= FLOOR_MS and lost == 0,
            }
        )
    )


if __name__ == "__main__":
    main()
