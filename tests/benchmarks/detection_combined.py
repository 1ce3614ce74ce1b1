"""Measure what the end-to-end calibration changes: verdicts of the same evidence with and without it.

    python tests/benchmarks/detection_combined.py [PICTURES] [CALIBRATION]

Attacks are development ones, on photographs that the residual part was calibrated with (names ending 0-6);
nothing of the calibration was tuned on them. Benign pictures are those of the same fifth whose names end in 8
or 9, as they are and saved again, which neither training nor calibration has seen. Photographs are those of
`../shared/data` where they lie, else scikit-image's.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from skimage import data

# The benchmark of the gateway lies beside this one and is named as the package is.
sys.path.append(sys.path.pop(0))

from calibration.image import Image, decode, encode_jpeg, encode_png, fit_within, load
from calibration.profile import default_profile
from gateway.detection.combination import DetectionCalibration, load_calibration
from gateway.detection.hidden_text import HiddenTextDetector
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.reference import ReferenceDetector
from gateway.detection.residual import ResidualDetector
from gateway.detection.scaling import ScalingDetector
from gateway.detection.verdict import Evidence, Verdict, conclude
from gateway.providers.rules import load_rules
from predictor.learning.residual.forging import attack, patch_network
from predictor.learning.residual.pictures import pictures_in, split
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

ALPHA = 0.01
PHOTOGRAPHS = Path("../shared/data/photos/biq2021")
SENT = {"png": None, "q95": 95, "q90": 90, "q75": 75}


def main() -> None:
    """Print one line a kind of picture, and one in all."""
    use_one_thread()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    predictor = Predictor.load()
    calibration = load_calibration(Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    if calibration.detectors != predictor.detectors:
        raise SystemExit("the calibration is of another artifact's detectors")
    rates: dict[str, list[int]] = {}
    for name, sent, original, pixels in _pictures(count):
        encoded = encode_png(Image(pixels)) if SENT[sent] is None else encode_jpeg(Image(pixels), SENT[sent])
        before, after = _verdicts(predictor, calibration, encoded, original)
        tally = rates.setdefault(f"{name} {sent}", [0, 0, 0])
        for place, value in enumerate((bool(before.flags), bool(after.flags), True)):
            tally[place] += value
    for name, (before, after, of) in sorted(rates.items()):
        print(f"{name}: flagged {before} before, {after} after, of {of}")
    benign = np.sum([tally for name, tally in rates.items() if name.startswith("benign")], axis=0)
    hidden = np.sum([tally for name, tally in rates.items() if not name.startswith("benign")], axis=0)
    is_met = benign[1] <= max(benign[0], ALPHA * benign[2]) and hidden[1] >= hidden[0]
    line = {"benign": benign.tolist(), "attacks": hidden.tolist(), "met": bool(is_met)}
    print(json.dumps({"benchmark": "detection_combined", **line}))


def _verdicts(
    predictor: Predictor, calibration: DetectionCalibration, encoded: bytes, original: Image | None
) -> tuple[Verdict, Verdict]:
    examined = Examined.by_itself(decode(encoded), encoded, default_profile())
    detectors = [ResidualDetector(predictor), ScalingDetector(load_rules()), HiddenTextDetector()]
    if original is not None:
        detectors.append(ReferenceDetector(predictor, original))
    evidence: list[Evidence] = []
    for detector in detectors:
        try:
            found = detector.examine(examined)
        except NotExaminableError:
            continue
        evidence += [] if found is None else [found]
    judged = calibration.judge(evidence, examined.decoded)
    return conclude(evidence, alpha=ALPHA), conclude(judged.evidence, alpha=ALPHA, tests=judged.tests)


def _pictures(count: int) -> Iterator[tuple[str, str, Image | None, np.ndarray]]:
    """Yield name, how it is sent, the original where it is known, and pixels."""
    rng = np.random.default_rng(0)
    for place, picture in enumerate(_photographs(count, "0123456")):
        pixels = picture.pixels
        network = patch_network(side=96, patch=16, seed=100 + place)
        for eps in (2, 4, 8, 16):
            added = attack(network, pixels[None], eps=eps, steps=4, method="pgd", rng=rng)[0]
            attacked = np.clip(pixels + added, 0, 255).astype(np.uint8)
            for sent in SENT:
                yield f"noise of {eps}", sent, None, attacked
            yield f"noise of {eps}, original known", "q90", picture, attacked
        for sent in ("png", "q90"):
            yield "hidden text", sent, None, _with_text(rng)
            yield "shown when shrunk", sent, None, _with_payload(pixels, rng)
            yield "retouch, original known", sent, picture, _retouched(pixels, rng)
    for picture in _photographs(10 * count, "89"):
        for sent in SENT:
            yield "benign", sent, None, picture.pixels
        yield "benign, original known", "q75", picture, picture.pixels


def _photographs(count: int, endings: str) -> list[Image]:
    files = split(pictures_in(PHOTOGRAPHS), "calibration")
    chosen = [file for file in files if file.stem[-1] in endings][:count]
    found = [load(file) for file in chosen] or [Image(data.chelsea()), Image(data.astronaut())]
    return [fit_within(picture, 384) for picture in found]


def _with_text(rng: np.random.Generator) -> np.ndarray:
    page = np.full((400, 600), float(rng.uniform(120, 240)))
    mask = np.zeros(page.shape, np.uint8)
    for line in range(2):
        words = "".join(chr(int(code)) for code in rng.integers(97, 123, 16))
        cv2.putText(mask, words, (40, 150 + 70 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 255, 4, cv2.LINE_AA)
    shown = page - 0.03 * page * (mask / 255.0)
    return np.repeat(np.rint(shown).astype(np.uint8)[..., None], 3, axis=2)


def _with_payload(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hide another picture in the pixels that shrinking to 224 by the nearest ones reads."""
    large = cv2.resize(pixels, (896, 896), interpolation=cv2.INTER_CUBIC)
    hidden = cv2.resize(np.rot90(pixels, int(rng.integers(1, 4))), (224, 224), interpolation=cv2.INTER_AREA)
    large[2::4, 2::4] = hidden
    return large


def _retouched(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = pixels.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    row, column = rng.uniform(0.2, 0.8, 2) * (height, width)
    spot = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * 40.0**2))[..., None]
    return np.clip(np.rint(pixels + 6 * spot * rng.choice([-1, 1], 3)), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
