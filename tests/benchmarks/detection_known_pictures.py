"""Measure how often a version of a known picture is flagged, pair by pair: benign changes, and hidden ones.

The power of the comparison of versions alone; whole streams through every detector: `detection_streams.py`.
Photographs are those of `../shared/data/photos` where they lie, else scikit-image's.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

# The benchmark of the gateway lies beside this one and is named as the package is.
sys.path.append(sys.path.pop(0))

from detection_pairs import (
    Pair,
    attack_pairs,
    beside_pairs,
    photograph_pairs,
    retake_pairs,
    screen,
    screen_pairs,
)
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png, fit_within, load
from calibration.profile import default_profile
from gateway.detection.inspector import Inspector
from gateway.detection.near_duplicate import NearDuplicateDetector
from gateway.detection.protocol import Examined
from gateway.detection.verdict import Verdict
from gateway.memory.seen_pictures import SeenPictures
from predictor.predict import Predictor

ALPHA = 0.01
SHARED = Path("../shared/data/photos")


def main() -> None:
    """Print one line a kind of change and format, and one in all."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    photographs = _photographs(count)
    pictures = photographs[: count // 2] + [Image(np.asarray(screen(100 + n))) for n in range(count // 4)]
    predictor = Predictor.load()
    benign = [*screen_pairs(count), *photograph_pairs(photographs), *retake_pairs(photographs)]
    attacks = [*attack_pairs(pictures), *beside_pairs(count // 4)]
    reverse = [Pair(f"{pair.name}, reversed", pair.second, pair.first) for pair in attacks[::3]]
    hidden = attacks + reverse
    rates = {"benign": _measure(predictor, "benign", benign), "hidden": _measure(predictor, "hidden", hidden)}
    is_met = (
        rates["benign"][0] <= 0.01 * rates["benign"][1] and rates["hidden"][0] >= 0.95 * rates["hidden"][1]
    )
    print(json.dumps({"benchmark": "detection_known_pictures", **rates, "met": is_met}))


def _photographs(count: int) -> list[Image]:
    files = sorted(path for path in SHARED.rglob("*") if path.suffix in {".png", ".jpg"})
    if not files:
        return [Image(picture) for picture in (data.chelsea(), data.astronaut(), data.coffee())]
    rng = np.random.default_rng(5)
    return [fit_within(load(files[n]), 900) for n in rng.permutation(len(files))[:count]]


def _measure(predictor: Predictor, family: str, pairs: Iterable[Pair]) -> tuple[int, int]:
    """Print what became of each kind of change -> flagged, all."""
    told: dict[tuple[str, str], list[Verdict]] = {}
    for pair in pairs:
        for codec in ("png", "jpeg"):
            told.setdefault((pair.name, codec), []).append(_verdict(predictor, pair, codec))
    flagged = 0
    for (name, codec), verdicts in told.items():
        outcomes = [verdict.outcome for verdict in verdicts]
        flags = sum(bool(verdict.flags) for verdict in verdicts)
        flagged += flags
        line = {"kind": family, "change": name, "codec": codec, "pairs": len(verdicts), "flagged": flags}
        print(json.dumps(line | {each: outcomes.count(each) for each in sorted(set(outcomes))}))
    return flagged, sum(map(len, told.values()))


def _verdict(predictor: Predictor, pair: Pair, codec: str) -> Verdict:
    memory = SeenPictures(100, 60.0, lambda: 0.0)
    inspector = Inspector([NearDuplicateDetector(predictor, memory)], ALPHA)
    for image in (pair.first, pair.second):
        encoded = encode_png(image) if codec == "png" else encode_jpeg(image, 90)
        verdict = inspector.inspect(Examined.by_itself(decode(encoded), encoded, default_profile()))
    return verdict


if __name__ == "__main__":
    main()
