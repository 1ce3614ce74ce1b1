"""How much of an observer's own speed a session keeps: placing, rendering, asking, reading, logging.

Two comparisons, each pair measured in turns in one run, medians compared. The embedded model: bare batches of
ready pictures against a whole session. A server (`jnd-calibrate serve` in a process of its own): a bare load
generator with ready request bodies against a session, both with eight requests in flight. The last line is
JSON. Takes about three minutes on two cores; bundled photographs, or `--images DIR`.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson
import torch
from skimage import data

from calibration.image import Image, encode_jpeg
from calibration.observers.openai_compatible import ChatCompletions
from calibration.observers.options import ObserverOptions
from calibration.observers.pictures import PictureTexts
from calibration.observers.protocol import Observer, Query
from calibration.observers.select import build_observer
from calibration.questions import DifferenceQuestion
from calibration.session.asking import asker_for
from calibration.session.plan import SessionPlan, wave_for
from calibration.session.references import Renderer, find_references
from calibration.session.run import run_session
from calibration.stimuli.registry import select_distortions
from calibration.trials import TrialLog, read_trials

WORKERS = 8
QUERIES = 25
FLOOR_EMBEDDED = 0.70
FLOOR_SERVED = 0.85
_BUNDLED = ("astronaut", "chelsea", "coffee", "rocket", "retina", "hubble_deep_field")


@dataclass(frozen=True)
class Rates:
    """Queries per second, one figure per turn."""

    bare: list[float]
    session: list[float]

    def record(self) -> dict[str, float]:
        """Return what is printed."""
        bare, session = statistics.median(self.bare), statistics.median(self.session)
        ratios = [ours / theirs for ours, theirs in zip(self.session, self.bare, strict=True)]
        return {
            "bare_per_second": round(bare, 1),
            "session_per_second": round(session, 1),
            "ratio": round(statistics.median(ratios), 3),
            "ratio_lowest": round(min(ratios), 3),
            "ratio_highest": round(max(ratios), 3),
        }


def plan_for(folder: Path, distortions: str, seed: int) -> SessionPlan:
    """Return the session `jnd-calibrate run` would make."""
    chosen = select_distortions(distortions)
    return SessionPlan(
        references=find_references(folder, 0),
        distortions=chosen,
        question=DifferenceQuestion(),
        procedure="adaptive",
        queries_per_threshold=QUERIES,
        seed=seed,
        wave=wave_for("adaptive", len(chosen)),
    )


def session_rate(observer: Observer, plan: SessionPlan, log: Path) -> float:
    """Run a whole session; return its queries per second."""
    started = time.perf_counter()
    with TrialLog(log) as opened:
        run_session(asker_for(observer), plan, opened, [].append, stimulus_side=observer.stimulus_side)
    return len(read_trials(log)) / (time.perf_counter() - started)


def queries_of(log: Path, plan: SessionPlan, side: int | None) -> list[Query]:
    """Render again what a session asked, so that both sides are asked the same."""
    renderer = Renderer(plan.references, side)
    distortions = {distortion.name: distortion for distortion in plan.distortions}
    return [
        Query(trial.prompt, renderer.pair(trial.stimulus, distortions[trial.stimulus.distortion]))
        for trial in read_trials(log)
    ]


def measure_embedded(folder: Path, scratch: Path, turns: int) -> Rates:
    """Measure the embedded model, all fifteen distortions."""
    observer = build_observer("embedded")
    size = int(getattr(observer, "in_flight", 32))
    rates = Rates([], [])
    for turn in range(turns + 1):
        plan = plan_for(folder, "all", seed=turn)
        session = session_rate(observer, plan, scratch / f"embedded-{turn}.jsonl")
        queries = queries_of(scratch / f"embedded-{turn}.jsonl", plan, observer.stimulus_side)
        started = time.perf_counter()
        for at in range(0, len(queries), size):
            observer.ask(queries[at : at + size])
        if turn:  # the first warms up
            rates.bare.append(len(queries) / (time.perf_counter() - started))
            rates.session.append(session)
    return rates


@contextmanager
def serving() -> Iterator[str]:
    """Run `jnd-calibrate serve --observer embedded`; yield its base URL."""
    command = [sys.executable, "-m", "calibration.cli", "serve", "--observer", "embedded", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            for line in server.stderr or ():
                if found := re.search(r"http://[\d.]+:[1-9]\d*", line):
                    yield f"{found[0]}/v1"
                    return
            raise RuntimeError("the server ended before it listened")
        finally:
            server.terminate()


async def load(base_url: str, bodies: list[bytes]) -> float:
    """Send ready bodies, `WORKERS` at a time; return answers per second."""
    waiting = iter(bodies)

    async def client(session: aiohttp.ClientSession) -> None:
        for body in waiting:
            async with session.post(f"{base_url}/chat/completions", data=body) as response:
                (await response.json())["choices"][0]["message"]["content"]

    headers = {"content-type": "application/json"}
    connector = aiohttp.TCPConnector(limit=WORKERS)
    started = time.perf_counter()
    async with (
        aiohttp.ClientSession(headers=headers, connector=connector) as session,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(WORKERS):
            group.create_task(client(session))
    return len(bodies) / (time.perf_counter() - started)


def measure_served(folder: Path, scratch: Path, turns: int) -> Rates:
    """Measure the product's own server, the eight distortions `run` takes by default."""
    from calibration.cli import DEFAULT_DISTORTIONS  # noqa: PLC0415 - a module without its own doors

    rates = Rates([], [])
    dialect, texts = ChatCompletions("embedded"), PictureTexts()
    with serving() as base_url:
        for turn in range(turns + 1):
            observer = build_observer(f"openai:embedded@{base_url}", ObserverOptions(workers=WORKERS))
            plan = plan_for(folder, DEFAULT_DISTORTIONS, seed=turn)
            log = scratch / f"served-{turn}.jsonl"
            session = session_rate(observer, plan, log)
            queries = queries_of(log, plan, observer.stimulus_side)
            observer.close()
            bodies = [orjson.dumps(dialect.body(each.prompt, texts.texts(each.images))) for each in queries]
            bare = asyncio.run(load(base_url, bodies))
            if turn:
                rates.bare.append(bare)
                rates.session.append(session)
    return rates


def write_photographs(folder: Path) -> None:
    """Write crops of bundled photographs, as cameras would: JPEG files of 640 x 480 or less."""
    for name in _BUNDLED:
        pixels = getattr(data, name)()[..., :3]
        for at in range(4):
            crop = pixels[at * 20 :, at * 20 :][:480, :640]
            (folder / f"{name}-{at}.jpg").write_bytes(encode_jpeg(Image(crop.copy()), 92, progressive=False))


def main() -> int:
    """Print both ratios; fail when a floor is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = options.images
        if folder is None:
            folder = scratch / "photographs"
            folder.mkdir()
            write_photographs(folder)
        embedded = measure_embedded(folder, scratch, options.turns).record()
        served = measure_served(folder, scratch, options.turns).record()
    floors = {
        "embedded": embedded["ratio"] >= FLOOR_EMBEDDED,
        "served": served["ratio"] >= FLOOR_SERVED,
    }
    record = {
        "benchmark": "session_throughput",
        "cores": len(os.sched_getaffinity(0)),
        "embedded": embedded,
        "served": {**served, "in_flight": WORKERS},
        "floors": floors,
    }
    print(json.dumps(record))
    return 0 if all(floors.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
