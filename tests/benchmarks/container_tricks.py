"""How many tricks of files are flagged, and how many ordinary files: the rules of `container` alone.

Tricks and ordinary kinds are those of `tests/gateway/detection/`, with which the rules were developed: this
watches them on pictures that scikit-image brings along, and measures what they cost. It is no held-out test;
`detection.py` has that. Floors: .99 of the tricks, fewer than 1 % of ordinary files. The last line is JSON.

    python tests/benchmarks/container_tricks.py [--pairs 4] [--seed 0]
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import cv2
import numpy as np
from skimage import data as pictures

# The script beside this one that is named `gateway` would stand for the package.
sys.path[0] = str(Path(__file__).parents[2])

from calibration.image import ImageError, decode  # noqa: E402
from calibration.profile import default_profile  # noqa: E402
from gateway.detection.container import ContainerDetector  # noqa: E402
from gateway.detection.protocol import Examined  # noqa: E402
from tests.gateway.detection.container_ordinary import ordinary  # noqa: E402
from tests.gateway.detection.container_tricks import tricks  # noqa: E402

_SIZE = (240, 180)
_NAMES = ("chelsea", "coffee", "astronaut", "rocket")


def pairs(count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give a picture to show and another to smuggle."""
    small = [cv2.resize(getattr(pictures, name)(), _SIZE, interpolation=cv2.INTER_AREA) for name in _NAMES]
    for number in range(count):
        yield small[number % 4], small[(number + 1 + number // 4) % 4]


def judge(encoded: bytes) -> tuple[str, float]:
    """Return what became of a file, with the milliseconds of processor time its rules took."""
    try:
        decoded = decode(encoded)
    except ImageError as error:
        return f"unreadable: {error.reason}", 0.0
    started = time.process_time()
    found = ContainerDetector().examine(Examined.by_itself(decoded, encoded, default_profile()))
    milliseconds = (time.process_time() - started) * 1000
    if found is None:
        return "silent", milliseconds
    return ("flagged" if found.is_attack else "told"), milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    results: dict[str, Counter[str]] = {"trick": Counter(), "ordinary": Counter()}
    kinds: dict[str, set[str]] = {"trick": set(), "ordinary": set()}
    times: list[float] = []
    for number, (shown, other) in enumerate(pairs(chosen.pairs)):
        for side, given in (
            ("trick", tricks(shown, other, Random(chosen.seed + number))),
            ("ordinary", ordinary(shown, other, Random(chosen.seed + number))),
        ):
            for name, encoded in given:
                became, milliseconds = judge(encoded)
                results[side][became] += 1
                kinds[side].add(name)
                times.append(milliseconds)
                if (became == "flagged") == (side == "ordinary"):
                    print(f"{side}: {name}: {became}")
    shares = {side: counts["flagged"] / sum(counts.values()) for side, counts in results.items()}
    line = {
        "benchmark": "container_tricks",
        "kinds": {side: len(names) for side, names in kinds.items()},
        "files": {side: sum(counts.values()) for side, counts in results.items()},
        "became": {side: dict(counts) for side, counts in results.items()},
        "flagged": {side: round(share, 4) for side, share in shares.items()},
        "milliseconds_median": round(float(np.median(times)), 2),
        "milliseconds_p95": round(float(np.quantile(times, 0.95)), 2),
        "met": shares["trick"] >= 0.99 and shares["ordinary"] < 0.01,
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
