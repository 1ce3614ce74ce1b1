"""Does the shipped predictor know what people notice, as far as the human observer stands for them?

On photographs nothing was learned from (BIQ2021 of ../shared/data whose number ends in 8 or 9, Kodak
13-16), at the sizes providers show. Two sets of pairs: at fixed levels (a quarter to four times the
threshold) and near the thresholds (half to twice). Answers are drawn at the chances the observer states, so
that the teacher itself is not without error; beside the predictor stand PSNR, SSIM and GMSD. Their chances
are fitted to the very pairs (a logistic curve each), which flatters them. `gap_closed` is the share of the
way from the best metric to the teacher.

Then deliveries: the quality forecast for 5 % beyond false alarms with the default profile, the picture
encoded once at it, and the score of what came out; in the six KonJND pictures beside the careful end of
people's ranges.

The last line is JSON. CPU-bound: about three minutes on one quiet core; --pairs and --pictures shorten it.
"""

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from calibration.encoders import JPEG, WEBP
from calibration.image import Image, decode, load
from calibration.observers.human import HumanObserver
from calibration.observers.ssimulacra2_score import prepare, score
from calibration.profile import JndProfile, default_profile
from predictor.learning.dataset import FAMILIES, Pair, photo_files
from predictor.learning.noticeability.evaluation import (
    METRICS,
    area_under_curve,
    calibration_error,
    coverage,
)
from predictor.learning.sampling import distort_view
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

PHOTOS = Path(__file__).parents[3] / "shared" / "data" / "photos"
JUDGED = ("blur", "jpeg", "noise", "webp", "brightness", "contrast", "saturation", "banding")
GAP_FLOOR, ERROR_SHARE, ECE_FLOOR, COVERAGE_FLOOR = 0.6, 0.5, 0.03, 0.90
SCORE_FLOORS = {"percentile_5": 70.0, "median": 82.0}
NOTICED = 0.05
ENCODERS = {"jpeg": JPEG, "webp": WEBP}
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """Pairs with the teacher's chances, everybody else's words beside them."""

    chances: Floats
    predicted: list[Any]
    metrics: dict[str, Floats]


def held_out(photos: Path) -> list[Path]:
    """Return the photographs nothing was learned from."""
    kodak = [path for path in photo_files(photos / "kodak") if int(path.stem) > 12]
    return [path for path in photo_files(photos / "biq2021") if path.stem[-1] in "89"] + kodak


def make_pairs(files: Sequence[Path], count: int, octaves: float, seed: int) -> list[Pair]:
    """Damage whole photographs, each distortion in turn."""
    rng = np.random.default_rng(seed)
    drawn = [files[index] for index in rng.permutation(len(files))]
    pairs, profile = [], default_profile()
    for number in range(count):
        name = JUDGED[number % len(JUDGED)]
        picture = load(drawn[number % len(drawn)])
        level = float(profile.threshold_of(name) or 1.0) * 2.0 ** rng.uniform(-octaves, octaves)
        damaged = distort_view(picture, name, min(level, 50.0 if name != "jpeg" else 100.0), rng)
        pairs.append(Pair(picture, damaged, drawn[number % len(drawn)].name, FAMILIES.index(name), level))
    return pairs


def ask(pairs: Sequence[Pair], predictor: Predictor, profile: JndProfile) -> Asked:
    """Ask the teacher, the predictor and the metrics."""
    teacher = HumanObserver()
    return Asked(
        np.array([teacher.probability(pair.reference, pair.distorted) for pair in pairs]),
        [predictor.notice(pair.reference, pair.distorted, profile) for pair in pairs],
        {
            name: np.array([metric(pair.reference, pair.distorted) for pair in pairs])
            for name, metric in METRICS.items()
        },
    )


def judge(asked: Asked, seed: int) -> dict[str, Any]:
    """Score everybody on answers drawn at the teacher's chances."""
    draws = np.random.default_rng(seed).random((50, len(asked.chances))) < asked.chances
    chances = np.array([one.probability for one in asked.predicted])

    def auc(scores: Floats) -> float:
        return float(np.mean([area_under_curve(said, scores) for said in draws]))

    metrics = {name: auc(-values) for name, values in asked.metrics.items()}
    errors = {name: error_of(values, asked.chances) for name, values in asked.metrics.items()}
    best, teacher, ours = max(metrics.values()), auc(asked.chances), auc(chances)
    error = float(np.abs(chances - asked.chances).mean())
    return {
        "pairs": len(chances),
        "auc": round(ours, 4),
        "auc_teacher": round(teacher, 4),
        "auc_metrics": {name: round(value, 4) for name, value in metrics.items()},
        "gap_closed": round((ours - best) / (teacher - best), 3),
        "error": round(error, 4),
        "error_metrics": {name: round(value, 4) for name, value in errors.items()},
        "error_share": round(error / min(errors.values()), 3),
        "ece": round(calibration_error(asked.chances, chances), 4),
        "coverage": round(coverage(asked.predicted, asked.chances), 3),
    }


def error_of(values: Floats, chances: Floats) -> float:
    """Return the mean absolute error of the logistic curve over a metric that has least of it."""
    standard = (values - values.mean()) / (values.std() + 1e-9)

    def error(curve: Floats) -> float:
        return float(np.abs(expit(curve[0] - np.exp(curve[1]) * standard) - chances).mean())

    starts = ([0.0, 0.0], [0.0, 1.0], [0.0, 2.0], [-1.0, 1.0], [1.0, 1.0])
    return min(float(minimize(error, np.array(start), method="Nelder-Mead").fun) for start in starts)


def deliver(picture: Image, predictor: Predictor, profile: JndProfile, codec: str) -> tuple[int, float]:
    """Encode once at the quality forecast; return it and the score of what came out."""
    forecast = predictor.forecast(picture, profile)
    quality = forecast.quality(codec, min(picture.width, picture.height), NOTICED)
    sent = decode(ENCODERS[codec].encode(picture, quality)).image
    return quality, score(prepare(picture), prepare(sent))


def deliveries(files: Sequence[Path], count: int, predictor: Predictor) -> dict[str, Any]:
    """Say how carefully, and how wastefully, photographs would be sent."""
    chosen = [files[index] for index in np.random.default_rng(7).permutation(len(files))[:count]]
    found: dict[str, Any] = {}
    for codec in ENCODERS:
        sent = [deliver(load(path), predictor, default_profile(), codec) for path in chosen]
        qualities, scores = (np.array(column, dtype=float) for column in zip(*sent, strict=True))
        found[codec] = {
            "quality_10_50_90": [round(float(value)) for value in np.quantile(qualities, [0.1, 0.5, 0.9])],
            "score_5": round(float(np.quantile(scores, 0.05)), 2),
            "score_50": round(float(np.median(scores)), 2),
            "score_95": round(float(np.quantile(scores, 0.95)), 2),
        }
    return found


def konjnd(photos: Path, predictor: Predictor) -> list[dict[str, Any]]:
    """Return the forecast beside the careful end of people's own range, in KonJND's six pictures."""
    with (photos / "konjnd" / "human_jnd.csv").open(newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["codec"].lower() == "jpeg"]
    found = []
    for row in rows:
        if not row["level_hi"]:
            continue
        path = photos / "konjnd" / row["reference"]
        quality, reached = deliver(load(path), predictor, default_profile(), "jpeg")
        careful = int(row["level_hi"])
        found.append(
            {"picture": path.stem, "quality": quality, "score": round(reached, 1), "careful_quality": careful}
        )
    return found


def missed(found: dict[str, Any]) -> list[str]:
    """Name the floors that are not kept."""
    lacking = []
    for name in ("fixed", "near"):
        one = found[name]
        lacking += [f"{name} gap"] if one["gap_closed"] < GAP_FLOOR else []
        lacking += [f"{name} error"] if one["error_share"] > ERROR_SHARE else []
        lacking += [f"{name} ece"] if one["ece"] > ECE_FLOOR else []
        lacking += [f"{name} coverage"] if one["coverage"] < COVERAGE_FLOOR else []
    for codec, one in found["deliveries"].items():
        lacking += [f"{codec} careless"] if one["score_5"] < SCORE_FLOORS["percentile_5"] else []
        lacking += [f"{codec} wasteful"] if one["score_50"] > SCORE_FLOORS["median"] else []
    return lacking


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--artifact", type=Path, help="by default the one that ships")
    parser.add_argument("--pairs", type=int, default=400, help="in each set")
    parser.add_argument("--pictures", type=int, default=80, help="delivered")
    options = parser.parse_args()
    use_one_thread()
    predictor, files = Predictor.load(options.artifact), held_out(options.photos)
    found: dict[str, Any] = {"benchmark": "human_observer"}
    for seed, (name, octaves) in enumerate({"fixed": 2.0, "near": 1.0}.items()):
        pairs = make_pairs(files, options.pairs, octaves, seed)
        found[name] = judge(ask(pairs, predictor, default_profile()), seed)
        print(name, found[name])
    found["deliveries"] = deliveries(files, options.pictures, predictor)
    found["konjnd"] = konjnd(options.photos, predictor)
    found["missed"] = missed(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
