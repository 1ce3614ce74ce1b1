"""Measure the residual detector on pictures and a network it never saw; one JSON line last.

Floors: realised false-alarm rate at alpha = .01 pooled <= 1.5 %; PGD/MI-FGSM eps 8, PNG: found >= 50 %;
<= 40 ms per megapixel on one core. Needs the development data beside the repository (../shared/data):
photographs of the test part, camera PNGs 13-16, screens, SqueezeNet. `--pictures` and `--attacks` trade time
for narrower intervals.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import torch
from scipy.stats import beta
from skimage import data as bundled

from calibration.image import Image, decode, encode_jpeg, load
from predictor.artifact import default_directory, read_part
from predictor.benign_pictures import draw_encoding, store, treat
from predictor.forging import attack, load_network
from predictor.reencoding import ReencodingJudge
from predictor.reencoding_training import deliver, edit
from predictor.residual import Codec, ResidualDetector
from predictor.residual_pictures import pictures_in, split

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
ALPHA = 0.01
EPS = (2, 4, 8, 16)
SIDES = (227, 320, 448)


def interval(found: int, total: int) -> list[float]:
    """Clopper-Pearson, 95 %."""
    low = beta.ppf(0.025, found, total - found + 1) if found else 0.0
    high = beta.ppf(0.975, found + 1, total - found) if found < total else 1.0
    return [round(float(low), 4), round(float(high), 4)]


def rate(flags: list[bool]) -> dict:
    """Share of flags with its interval."""
    return {
        "rate": round(float(np.mean(flags)), 4),
        "interval": interval(sum(flags), len(flags)),
        "n": len(flags),
    }


def is_flagged(detector: ResidualDetector, pixels: np.ndarray, codec: Codec) -> bool:
    """Flag at ALPHA within the picture's stratum."""
    score = detector.score(Image(np.ascontiguousarray(pixels)), codec)
    return detector.p_value(score, codec) <= ALPHA


def false_alarms(detector: ResidualDetector, paths: list[Path], rng: np.random.Generator) -> dict:
    """Flag benign test pictures, treated and stored as in calibration, and camera PNGs as they are."""
    flags: dict[str, list[bool]] = defaultdict(list)
    for path in paths:
        pixels = load(path).pixels
        for _ in range(3):
            treated, name = treat(pixels, rng)
            encoding = draw_encoding(rng)
            flag = is_flagged(detector, store(treated, encoding), encoding.codec)
            is_hard = any(word in name for word in ("grain", "mosaic", "sharpen"))
            for key in ("pooled", encoding.codec.stratum, "hard" if is_hard else "easy"):
                flags[key].append(flag)
    for path in split(pictures_in(SHARED / "photos" / "kodak"), "test", (0.5, 0.75)):
        pixels = load(path).pixels
        for top, left in ((0, 0), (0, 256), (128, 128)):
            crop = pixels[top : top + 384, left : left + 512]
            flags["camera_png"].append(is_flagged(detector, crop, Codec(is_lossless=True)))
    for path in pictures_in(SHARED / "screens"):
        decoded = decode(path.read_bytes())
        if min(decoded.image.height, decoded.image.width) >= 96:
            finding = detector.find(decoded.image, decoded.source)
            flags["screens"].append(finding.p_value <= ALPHA)
    return {key: rate(values) for key, values in sorted(flags.items())}


def detections(detector: ResidualDetector, paths: list[Path], rng: np.random.Generator) -> dict:
    """Attack test pictures with the held-out network; store as PNG and JPEG; flag."""
    network = load_network(SHARED / "models" / "squeezenet_v1.0_dc.pt2", 227)
    flags: dict[str, list[bool]] = defaultdict(list)
    for start in range(0, len(paths), 4):
        side = SIDES[start // 4 % len(SIDES)]
        batch = np.stack(
            [
                cv2.resize(load(path).pixels, (side, side), interpolation=cv2.INTER_AREA)
                for path in paths[start : start + 4]
            ]
        )
        for eps in EPS:
            method = "pgd" if start // 4 % 2 == 0 else "mi"
            added = attack(network, batch, eps=eps, steps=10, method=method, rng=rng)
            for pixels in np.clip(batch + added, 0, 255).astype(np.uint8):
                flags[f"png_eps{eps}"].append(is_flagged(detector, pixels, Codec(is_lossless=True)))
                stored = decode(encode_jpeg(Image(pixels), 90)).image.pixels
                flags[f"jpeg90_eps{eps}"].append(
                    is_flagged(detector, stored, Codec(is_lossless=False, jpeg_quality=90))
                )
    return {key: rate(values) for key, values in flags.items()}


def known_pictures(artifact: Path, paths: list[Path], rng: np.random.Generator) -> dict:
    """Judge honest deliveries and small edits of test pictures that were seen before."""
    judge = ReencodingJudge.from_tensors(read_part(artifact, "residual").tensors)
    flags: dict[str, list[bool]] = defaultdict(list)
    for path in paths:
        pixels = load(path).pixels
        for pair in (deliver(pixels, rng), deliver(pixels, rng)):
            flags["false_alarms"].append(
                judge.judge(pair.original, pair.version, pair.codec).p_value <= ALPHA
            )
        pair = edit(pixels, [], rng)
        found = judge.judge(pair.original, pair.version, pair.codec).p_value <= ALPHA
        flags[f"edits_{pair.codec.stratum}"].append(found)
    return {key: rate(values) for key, values in sorted(flags.items())}


def milliseconds_per_megapixel(detector: ResidualDetector) -> dict:
    """Median processor time of one 1-megapixel picture beside one JPEG decode of it."""
    image = Image(np.tile(bundled.astronaut(), (2, 2, 1))[:1000, :1000])
    encoded = encode_jpeg(image, 90, progressive=False)
    decoded = decode(encoded)
    times: dict[str, list[float]] = {"residual": [], "decode": []}
    for _ in range(15):
        started = time.process_time()
        detector.find(decoded.image, decoded.source)
        middle = time.process_time()
        decode(encoded)
        times["residual"].append(middle - started)
        times["decode"].append(time.process_time() - middle)
    return {name: round(1e3 * float(np.median(values[3:])), 2) for name, values in times.items()}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--attacks", type=int, default=48)
    parser.add_argument("--artifact", type=Path, default=default_directory())
    options = parser.parse_args()
    if not SHARED.exists():
        print(
            json.dumps({"benchmark": "residual", "skipped": "the development data ../shared/data is missing"})
        )
        return 0
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    detector = ResidualDetector.from_part(read_part(options.artifact, "residual"))
    rng = np.random.default_rng(2024)
    paths = split(pictures_in(SHARED / "photos" / "biq2021"), "test")
    benign = false_alarms(detector, paths[: options.pictures], rng)
    for key, value in benign.items():
        print(f"benign {key}: {value}", file=sys.stderr)
    found = detections(detector, paths[: options.attacks], rng)
    for key, value in found.items():
        print(f"attacked {key}: {value}", file=sys.stderr)
    known = known_pictures(options.artifact, paths[: options.pictures // 3], rng)
    for key, value in known.items():
        print(f"known picture, {key}: {value}", file=sys.stderr)
    cost = milliseconds_per_megapixel(detector)
    floors = {
        "false_alarms": benign["pooled"]["rate"] <= 0.015,
        "png_eps8": found["png_eps8"]["rate"] >= 0.5,
        "cost": cost["residual"] <= 40.0,
    }
    print(json.dumps({"benchmark": "residual", "alpha": ALPHA, "false_alarms": benign, "found": found,
                      "known_pictures": known,
                      "milliseconds_per_megapixel": cost, "calibration": detector.calibration_sizes(),
                      "floors": floors}))  # fmt: skip
    return 0 if all(floors.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
