"""Send broken pictures through the whole inspection: does it crash, hang, swell, call the unreadable clean?

Files of every layout (`tests/gateway/detection/mutated_files.py`) are broken from a seed, and taken by the
gateway's own pipeline, compression included, in a process of its own whose address space is bounded. A file
is unreadable or judged: nothing else is an answer. Floors: no process lost, no exception but `ImageError`, no
detector failed, no file above one second of processor time, memory within the bound, each refusal with its
reason, and nothing sent that cannot be read again. The last line is JSON.

    python tests/benchmarks/fuzz_pictures.py [--files 10000] [--seed 0] [--minutes 120]
"""

import argparse
import json
import logging
import multiprocessing
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

# The script beside this one that is named `gateway` would stand for the package.
sys.path[0] = str(Path(__file__).parents[2])

from calibration.image import ImageError, decode  # noqa: E402
from gateway.assembly import load_pipeline  # noqa: E402
from gateway.pipeline import COMPRESSION_FAILED, Asked, ImageOutcome, Pipeline  # noqa: E402
from gateway.policy import Policies  # noqa: E402
from gateway.providers.rules import Recipient  # noqa: E402
from gateway.settings import Settings  # noqa: E402
from tests.gateway.detection.mutated_files import bombs, mutated, seeds  # noqa: E402

_MOST_SECONDS = 1.0  # of processor time, one file
_MOST_MEGABYTES = 512  # above what the pipeline takes before the first file
_HUNG_SECONDS = 120.0  # without an answer, on a machine that others use as well
_SETTINGS = Settings(compression={"mode": "on"}, limits={"max_pixels": 4_000_000})


@dataclass(frozen=True)
class Answer:
    """What became of one file."""

    outcome: str
    reason: str
    complaints: list[str]
    seconds: float  # of processor time
    peak_megabytes: float  # above what the process had before its first file


@dataclass
class Tally:
    """What the files came to."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    peak_megabytes: float = 0.0
    shown: int = 0  # complaints that were printed


def files(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Give a name and a file: every seed, every bomb, then mutations of every layout in turn."""
    sources = seeds()
    yield from sources.items()
    for number, bomb in enumerate(bombs()):
        yield f"bomb {number}", bomb
    by_format: dict[str, list[bytes]] = {}
    for name, source in sources.items():
        by_format.setdefault(name.split()[0], []).append(source)
    names = list(sources)
    for number in range(seed, seed + count):
        name = names[number % len(names)]
        others = by_format[name.split()[0]]
        yield f"{number}: {name}", mutated(sources[name], others, Random(number))


def work(connection: Connection, count: int, seed: int, skipped: int) -> None:
    """Take files through a pipeline, telling before each which it is, and after it what became of it."""
    logging.disable(logging.CRITICAL)
    pipeline = load_pipeline(_SETTINGS)
    before = _peak_megabytes()
    bound = _address_space_bytes() + _MOST_MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    asked = Asked(Recipient("openai", "gpt-4o"), "t", Policies(_SETTINGS).default)
    for number, (name, data) in enumerate(files(count, seed)):
        if number < skipped:
            continue
        connection.send((number, name))
        started = time.process_time()
        outcome, reason, complaints = examine(pipeline, data, asked)
        seconds = time.process_time() - started
        connection.send((outcome, reason, complaints, seconds, _peak_megabytes() - before))
    connection.send(None)


def examine(pipeline: Pipeline, data: bytes, asked: Asked) -> tuple[str, str, list[str]]:
    """Return outcome, reason and what is wrong with them."""
    try:
        outcome = pipeline.process(data, "", asked)
    except ImageError as error:
        return "unchecked", error.reason, [] if error.reason and str(error) else ["refused without a reason"]
    except Exception:  # noqa: BLE001 - whatever it is, it is a finding
        return "exception", "", [" / ".join(traceback.format_exc().splitlines()[-3:])]
    return outcome.verdict.outcome, outcome.reason, list(complaints_about(outcome, data))


def complaints_about(outcome: ImageOutcome, data: bytes) -> Iterator[str]:
    """Say what a judged file promises and does not keep."""
    verdict = outcome.verdict
    if verdict.failures:
        yield f"detectors failed: {verdict.explanation}"
    if not verdict.explanation or (verdict.outcome == "unchecked" and not outcome.reason):
        yield "nothing is explained"
    if verdict.outcome != "unchecked" and all(
        each.p_value is None and not each.is_attack for each in verdict.evidence
    ):
        yield "clean without evidence"
    if outcome.reason == COMPRESSION_FAILED or (outcome.plan and outcome.plan.reason == "failed"):
        yield "compression failed"
    if outcome.plan is not None and outcome.data != data:
        sent = decode(outcome.data)
        if sent.whole_size != (outcome.plan.width, outcome.plan.height):
            yield "what is sent is not as large as planned"


def fuzz(count: int, seed: int, minutes: float) -> Tally:
    """Run all files, or as many as there is time for, in another process after each that is lost."""
    tally, done = Tally(), 0
    deadline = time.monotonic() + 60 * minutes
    while done is not None:
        done = _run_until_lost(tally, count, seed, done, deadline=deadline)
    return tally


def _run_until_lost(tally: Tally, count: int, seed: int, skipped: int, *, deadline: float) -> int | None:
    """Return the number of the file after the one that a process was lost over; None at the end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(theirs, count, seed, skipped), daemon=True)
    process.start()
    theirs.close()
    number, name = skipped, "before the first file"
    try:
        while True:
            if not ours.poll(_HUNG_SECONDS):
                tally.complaints.append(f"{name}: hung")
                return number + 1
            told = ours.recv()
            if told is None:
                return None
            if len(told) == 2:
                number, name = told
                continue
            _note(tally, name, Answer(*told))
            if time.monotonic() > deadline:
                return None
    except EOFError:
        process.join()
        tally.complaints.append(f"{name}: process lost, exit {process.exitcode}")
        return number + 1
    finally:
        process.kill()
        process.join()


def _note(tally: Tally, name: str, answer: Answer) -> None:
    tally.outcomes[answer.outcome] += 1
    tally.reasons[answer.reason] += bool(answer.reason)
    tally.complaints += [f"{name}: {each}" for each in answer.complaints]
    tally.slowest = max(tally.slowest, (round(answer.seconds, 3), name))
    tally.peak_megabytes = max(tally.peak_megabytes, round(answer.peak_megabytes, 1))
    if answer.seconds > _MOST_SECONDS:
        tally.complaints.append(f"{name}: {answer.seconds:.2f} s")
    for complaint in tally.complaints[tally.shown :]:
        print(complaint, file=sys.stderr, flush=True)
    tally.shown = len(tally.complaints)


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _address_space_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=120.0, help="stop after so long, with what was done")
    chosen = parser.parse_args()
    started = time.monotonic()
    tally = fuzz(chosen.files, chosen.seed, chosen.minutes)
    line = {
        "benchmark": "fuzz_pictures",
        "files": sum(tally.outcomes.values()),
        "seed": chosen.seed,
        "outcomes": dict(tally.outcomes),
        "reasons": dict(tally.reasons),
        "complaints": len(tally.complaints),
        "slowest_seconds": tally.slowest[0],
        "slowest": tally.slowest[1],
        "peak_megabytes_above_start": tally.peak_megabytes,
        "met": not tally.complaints and sum(tally.outcomes.values()) >= chosen.files,
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
