"""How well is the level predicted at which the embedded model starts to notice, picture by picture?

Held-out photographs, never used for training by anyone: 192 of the last 300 of BIQ2021 (drawn with seed 1),
Kodak 13-16 in ../shared/data, and five of scikit-image (these alone where ../shared is missing). The truth is
the observer's own threshold, searched level by level. Beside the prediction: the profile alone, the best
constant shift of it that training found, and what the noticeability network costs to search with.

Censored pictures (never halfway up to the strongest level, or halfway at the least) have no measured level;
they count for coverage, where the interval must reach the end of the scale. Deliveries are checked by asking
the observer about pictures sent as forecast (`threshold_deliveries`); `--no-deliveries` leaves that out, and
then nobody is asked when `--answers FILE` holds what was asked before. The last line is JSON. Asking takes
about five minutes on one core.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from skimage import data
from threshold_deliveries import delivered_rates

from calibration.image import Image, decode, encode_jpeg, load, resize
from calibration.known_profiles import resolve_profile
from calibration.observers.select import build_observer
from calibration.profile import JndProfile
from calibration.stimuli.registry import DISTORTIONS
from predictor.learning.dataset import FAMILIES, photo_files
from predictor.learning.labelling import ObserverLabeller
from predictor.learning.noticeability.evaluation import calibration_error
from predictor.learning.thresholds.kept_thresholds import Answers, ask_thresholds
from predictor.learning.thresholds.search import Searched
from predictor.one_thread import use_one_thread
from predictor.own_thresholds import strongest_level
from predictor.predict import PredictedThreshold, Predictor
from predictor.thresholds.profile_threshold import least_level, profile_threshold

SHARED = Path(__file__).parents[3] / "shared" / "data" / "photos"
ERROR_FLOOR, COVERAGE_FLOOR, SPEED_FLOOR_MS = 0.15, (0.92, 0.98), 10.0
HELD_OUT_KODAK = ("13", "14", "15", "16")
REPLICATES = 500
CHUNK = 16  # photographs asked about together
SEARCHED_PICTURES = 8  # of the network search shown beside

Predictions = Sequence[Mapping[str, PredictedThreshold]]


def held_out(count: int) -> list[Image]:
    """Load photographs nobody trained on."""
    camera = np.repeat(data.camera()[..., None], 3, axis=2)
    colours = (data.chelsea(), data.coffee(), data.rocket())
    shown = (*colours, camera, data.stereo_motorcycle()[0])
    bundled = [Image(np.ascontiguousarray(pixels)) for pixels in shown]
    if not SHARED.is_dir():
        print(f"{SHARED} is missing: {len(bundled)} photographs only", file=sys.stderr)
        return bundled
    last = photo_files(SHARED / "biq2021")[-300:]
    chosen = [last[index] for index in np.random.default_rng(1).permutation(len(last))[:count]]
    kodak = [path for path in photo_files(SHARED / "kodak") if any(n in path.stem for n in HELD_OUT_KODAK)]
    return [load(path) for path in (*chosen, *kodak)] + bundled


def truth(options: argparse.Namespace, profile: JndProfile) -> Answers:
    """Ask the observer, or read what it was asked before."""
    if options.answers is not None and options.answers.exists():
        return Answers.load(options.answers)
    photos = held_out(options.photographs)
    with closing(build_observer(options.observer)) as observer:
        labeller = ObserverLabeller(observer)
        parts = [
            ask_thresholds(photos[start : start + CHUNK], labeller, profile, first_seed=start)
            for start in range(0, len(photos), CHUNK)
        ]
    answers = Answers.join(parts)
    if options.answers is not None:
        answers.save(options.answers)
    return answers


def errors(found: Searched, log_predicted: np.ndarray) -> np.ndarray:
    """Return |ln(predicted / measured)| per picture, NaN where there is no measured level."""
    return np.where(found.is_measured, np.abs(found.log_levels - log_predicted), np.nan)


def covered(found: Searched, name: str, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Tell per picture whether the interval holds the measured level, or reaches the censored end."""
    levels = np.exp(found.log_levels)
    inside = (low <= levels) & (levels <= high)
    inside = np.where(found.is_censored, high >= strongest_level(name), inside)
    return np.where(found.is_below, low <= least_level(name), inside)


def judge(answers: Answers, predicted: Predictions, profile: JndProfile) -> dict[str, object]:
    """Measure errors and coverage, by family and pooled, with intervals over photographs."""
    off, off_profile, inside = [], [], []
    by_family = {}
    for name in FAMILIES:
        found = answers.searched[name]
        ours = [one[name] for one in predicted]
        off.append(errors(found, np.log([one.level for one in ours])))
        alone = np.full(len(ours), np.log(profile_threshold(profile, name)))
        off_profile.append(errors(found, alone))
        low, high = (np.array([getattr(one, end) for one in ours]) for end in ("low", "high"))
        inside.append(covered(found, name, low, high))
        by_family[name] = {
            "error": rounded(np.nanmedian(off[-1])),
            "profile_alone": rounded(np.nanmedian(off_profile[-1])),
            "coverage_95": rounded(inside[-1].mean()),
            "interval_factor": rounded(np.median(high / low)),
            "beyond_scale": int((~found.is_measured).sum()),
        }
    off_all, profile_all, inside_all = (
        np.stack(off, axis=1),
        np.stack(off_profile, axis=1),
        np.stack(inside, axis=1),
    )
    return {
        "n_photographs": len(predicted),
        "n_thresholds": int(np.isfinite(off_all).sum()),
        "median_error": rounded(np.nanmedian(off_all)),
        "median_error_95": bootstrap(len(predicted), lambda drawn: float(np.nanmedian(off_all[drawn]))),
        "median_error_profile_alone": rounded(np.nanmedian(profile_all)),
        "coverage_95": rounded(inside_all.mean()),
        "coverage_95_95": bootstrap(len(predicted), lambda drawn: float(inside_all[drawn].mean())),
        "by_distortion": by_family,
    }


def chances(answers: Answers, predicted: Predictions) -> dict[str, object]:
    """Were random levels noticed as surely as the curves say? Expected calibration error, by family too."""
    told, shown = {}, {name: answers.searched[name].noticed for name in FAMILIES}
    for name in FAMILIES:
        levels = np.exp(answers.searched[name].drawn)
        told[name] = np.array(
            [one[name].notice_probability(level) for one, level in zip(predicted, levels, strict=True)]
        )
    pooled = (np.concatenate([one[name] for name in FAMILIES]) for one in (shown, told))
    return {
        "ece": rounded(calibration_error(*pooled)),
        "ece_by_distortion": {name: rounded(calibration_error(shown[name], told[name])) for name in FAMILIES},
    }


def bootstrap(count: int, statistic: Callable[[np.ndarray], float]) -> list[float]:
    """Return a 95 % interval, photographs drawn with replacement."""
    rng = np.random.default_rng(0)
    values = [statistic(rng.integers(count, size=count)) for _ in range(REPLICATES)]
    return [rounded(value) for value in np.quantile(values, [0.025, 0.975])]


def rounded(value: float | np.floating) -> float:
    """Keep four digits."""
    return round(float(value), 4)


def search_with_network(answers: Answers, predictor: Predictor, profile: JndProfile) -> dict[str, float]:
    """Bisect each threshold with the noticeability network instead, on a few pictures; time it, too."""
    off, started = [], time.process_time()
    pictures = [Image(pixels) for pixels in answers.pictures[:SEARCHED_PICTURES]]
    for index, picture in enumerate(pictures):
        comparison = predictor.against(picture, profile)
        for name in FAMILIES:
            low, high = np.log(least_level(name)), np.log(strongest_level(name))
            for _ in range(8):
                middle = (low + high) / 2
                rng = np.random.default_rng((index, 0))
                damaged = DISTORTIONS[name].apply(
                    picture, min(float(np.exp(middle)), strongest_level(name)), rng
                )
                shown = resize(damaged, picture.width, picture.height, "bicubic")
                is_noticed = comparison.notice_each([shown])[0].jnd_ratio >= 1.0
                low, high = (low, middle) if is_noticed else (middle, high)
            if answers.searched[name].is_measured[index]:
                off.append(abs((low + high) / 2 - answers.searched[name].log_levels[index]))
    elapsed = (time.process_time() - started) / len(pictures)
    return {"median_error": rounded(np.median(off)), "milliseconds_per_picture": rounded(1000 * elapsed)}


def milliseconds(work: Callable[[], object]) -> float:
    """Return the median CPU time of 15 runs, after one to warm up."""
    work()
    times = []
    for _ in range(15):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return 1000 * float(np.median(times))


def speed(predictor: Predictor, profile: JndProfile) -> dict[str, float]:
    """Time one megapixel on one core, and one libjpeg-turbo decode of the same picture beside it."""
    photo = Image(np.ascontiguousarray(np.tile(data.astronaut(), (2, 2, 1))))
    plain, progressive = (encode_jpeg(photo, 90, progressive=flag) for flag in (False, True))
    ours = milliseconds(lambda: predictor.thresholds(photo, profile))
    theirs = milliseconds(lambda: decode(plain))
    return {
        "milliseconds_1mp": rounded(ours),
        "milliseconds_forecast_1mp": rounded(
            milliseconds(lambda: predictor.forecast(photo, profile).settings(0.05))
        ),
        "milliseconds_jpeg_decode_1mp": rounded(theirs),
        "milliseconds_progressive_decode_1mp": rounded(milliseconds(lambda: decode(progressive))),
        "ratio_to_decode": rounded(ours / theirs),
    }


def deliveries(options: argparse.Namespace, predictor: Predictor, profile: JndProfile) -> dict[str, object]:
    """Ask the observer about pictures sent as forecast."""
    with closing(build_observer(options.observer)) as observer:
        photos = held_out(options.photographs)
        return {"rates": delivered_rates(photos, predictor, profile, ObserverLabeller(observer))}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=int, default=192, help="of BIQ2021")
    parser.add_argument("--answers", type=Path, help="file to keep the observer's thresholds in, or to read")
    parser.add_argument("--artifact", type=Path)
    parser.add_argument("--observer", default="embedded", help="SPEC: another one is served by its profile")
    parser.add_argument("--profile", default="embedded", help="of that observer")
    parser.add_argument("--no-deliveries", action="store_true", help="leave out what needs the observer")
    options = parser.parse_args()
    use_one_thread()
    predictor, profile = Predictor.load(options.artifact), resolve_profile(options.profile)
    answers = truth(options, profile)
    predicted = [predictor.thresholds(Image(pixels), profile) for pixels in answers.pictures]
    figures = {
        "benchmark": "thresholds",
        "artifact": predictor.version,
        "observer": profile.model,
        **judge(answers, predicted, profile),
        "chances_at_random_levels": chances(answers, predicted),
    }
    figures["searching_with_the_network"] = search_with_network(answers, predictor, profile)
    figures |= speed(predictor, profile)
    if not options.no_deliveries:
        figures["deliveries"] = deliveries(options, predictor, profile)
    low, high = COVERAGE_FLOOR
    floors = {
        "median_error": float(str(figures["median_error"])) <= ERROR_FLOOR,
        "coverage_95": low <= float(str(figures["coverage_95"])) <= high,
        "milliseconds_1mp": float(str(figures["milliseconds_1mp"])) <= SPEED_FLOOR_MS,
    }
    print(json.dumps(figures | {"floors": floors}))


if __name__ == "__main__":
    main()
