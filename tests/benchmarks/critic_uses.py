"""Is the critic of use beyond judging? For predicted thresholds, and for telling benign noise from attacks.

Thresholds: the embedded model is asked where it starts to notice each distortion on held-out photographs
(those of `thresholds.py`); of what the prediction misses, ln(measured / predicted), a constant for each
distortion is fitted, and a ridge regression on the critic's score and attributes, in five folds by picture.

Noise: photographs of the detection test with added sensor-like noise against the same photographs attacked by
signed gradients within 4 or 8 levels (`detection_one_shot`), as PNG and JPEG 90; a logistic regression on the
logarithm of the residual detector's p-value, alone or with what the critic says, in five folds by picture.
A gateway also meets benign pictures that no such noise was added to: the same regression is measured on
photographs untouched and with grain and sensor noise of another making, which it never learned from.

A gain is one only if its 95 % interval, pictures drawn with replacement, leaves nothing out. The last line is
JSON. `--answers FILE` keeps what was asked. Needs ../shared/data; takes about four minutes on one core.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
import torch

# In this folder `gateway` is the name of another benchmark.
sys.path.append(sys.path.pop(0))

from detection_bench import Bench
from detection_benign_encodings import jpeg, png
from detection_benign_photographs import PHOTOGRAPHS
from detection_networks import NAMES
from detection_one_shot import FAMILIES as ATTACKS
from detection_one_shot import Attacker, squares
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from thresholds import held_out

from calibration.image import Decoded, decode, encode_png
from calibration.known_profiles import resolve_profile
from calibration.observers.select import build_observer
from predictor.artifact import default_directory
from predictor.critic.critique import ATTRIBUTES
from predictor.critic.specialist import Specialist, load_specialist
from predictor.learning.array_file import read_arrays, write_arrays
from predictor.learning.dataset import FAMILIES
from predictor.learning.labelling import ObserverLabeller
from predictor.learning.thresholds.search import Distorted, search_thresholds
from predictor.noticeability.model import link_of
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor
from predictor.thresholds.profile_threshold import profile_threshold
from predictor.views import WHOLE_SIDE, model_view

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDS, REPLICATES = 5, 1000
RIDGES = np.logspace(0, 4, 9)  # of which leave-one-out among the lessons chooses
FALSE_ALARMS = 0.01
BOUNDS = (4, 8)  # levels
ATTACK = "mi"
OTHER_NOISE = ("film grain", "sensor noise", "denoised", "sharpened")  # of `detection_benign_photographs`


def judged(judge: Specialist, decoded: Decoded) -> np.ndarray:
    """Return (6,): the score and the five attributes."""
    found = judge.critique(decoded)
    return np.array([found.mos, *(getattr(found.attributes, name) for name in ATTRIBUTES)])


def misses(count: int, answers: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, 6) of the critic and (N, F) ln(measured / predicted), NaN where nothing was measured."""
    if answers is not None and answers.exists():
        kept = read_arrays(answers, "what predictions miss")
        return kept["critic"], kept["missed"]
    profile, predictor = resolve_profile("embedded"), Predictor.load()
    judge, photographs = load_specialist(default_directory()), held_out(count)
    views = [model_view(one, profile.input_side or WHOLE_SIDE) for one in photographs]
    predicted = [predictor.thresholds(one, profile) for one in views]
    missed = np.full((len(views), len(FAMILIES)), np.nan)
    with closing(build_observer("embedded")) as observer:
        labeller = ObserverLabeller(observer)
        for number, name in enumerate(FAMILIES):
            found = search_thresholds(
                Distorted(views, name, 0),
                labeller,
                guess=profile_threshold(profile, name),
                link=link_of(profile),
                rng=np.random.default_rng(number),
            )
            told = np.log([one[name].level for one in predicted])
            missed[:, number] = np.where(found.is_measured, found.log_levels - told, np.nan)
    critic = np.stack([judged(judge, decode(encode_png(one))) for one in photographs])
    if answers is not None:
        write_arrays(answers, {"critic": critic, "missed": missed})
    return critic, missed


def thresholds(critic: np.ndarray, missed: np.ndarray) -> dict[str, object]:
    """Compare what is left of the misses with and without the critic, each fitted to the other folds."""
    fold = np.arange(len(critic)) % FOLDS
    without, shared, each = (np.full_like(missed, np.nan) for _ in range(3))
    for left_out in range(FOLDS):
        out = fold == left_out
        scale = StandardScaler().fit(critic[~out])
        rows, new = scale.transform(critic[~out]), scale.transform(critic[out])
        centred = missed[~out] - np.nanmedian(missed[~out], axis=0)
        without[out] = missed[out] - np.nanmedian(missed[~out], axis=0)
        model = RidgeCV(RIDGES).fit(rows, np.nanmean(centred, axis=1))
        shared[out] = without[out] - model.predict(new)[:, None]
        for number in range(missed.shape[1]):
            known = np.isfinite(centred[:, number])
            if known.any():
                model = RidgeCV(RIDGES).fit(rows[known], centred[known, number])
                each[out, number] = without[out, number] - model.predict(new)
    figures: dict[str, object] = {
        "pictures": len(critic),
        "thresholds": int(np.isfinite(missed).sum()),
        "error_without": _rounded(np.nanmean(np.abs(without))),
    }
    for name, left in (("one_slope", shared), ("slope_each_distortion", each)):
        gain = np.abs(without) - np.abs(left)
        figures[name] = {
            "error_with": _rounded(np.nanmean(np.abs(left))),
            "fall": _rounded(np.nanmean(gain)),
            "fall_95": _interval(len(gain), lambda drawn, gain=gain: np.nanmean(gain[drawn])),
        }
    return figures


def noisy(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add noise that grows with light, of 2 to 10 levels in mid-tones, fine or a little coarser."""
    noise = rng.normal(size=pixels.shape)
    if rng.random() < 0.5:
        noise = (noise + np.roll(noise, 1, axis=0) + np.roll(noise, 1, axis=1)) / np.sqrt(3)
    noise *= rng.uniform(2, 10) * np.sqrt(0.2 + pixels / 160)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def cases(count: int) -> Iterator[tuple[int, str, bytes]]:
    """Yield number of the photograph, what was done to it, and the file."""
    attacker, rng = Attacker(Bench(SHARED, count)), np.random.default_rng(0)
    torch.manual_seed(0)
    for number, (_, clean) in enumerate(squares(attacker.bench, count, 0)):
        network, bound = NAMES[number % len(NAMES)], BOUNDS[number % len(BOUNDS)]
        attacked = ATTACKS[ATTACK](attacker, clean, clean, network, bound)
        for kind, pixels in (("attacked", attacked), ("noise", noisy(clean, rng))):
            yield number, kind, png(pixels)
            yield number, kind, jpeg(pixels, 90)
        yield number, "untouched", (png(clean), jpeg(clean, 90))[number % 2]
        for kind in OTHER_NOISE:
            yield number, kind, PHOTOGRAPHS[kind](clean, rng)


def noise(count: int) -> dict[str, object]:
    """Compare how well attacks are told from noise as learned, and from other benign pictures."""
    judge, predictor = load_specialist(default_directory()), Predictor.load()
    sources, kinds, rows = [], [], []
    for number, kind, data in cases(count):
        decoded = decode(data)
        p_value = predictor.residual(decoded.image, decoded.source).p_value
        sources.append(number)
        kinds.append(kind)
        rows.append(np.concatenate([[np.log(max(p_value, 1e-6))], judged(judge, decoded)]))
    source, kind, seen = np.array(sources), np.array(kinds), np.stack(rows)
    is_attack, is_lesson = kind == "attacked", np.isin(kind, ("attacked", "noise"))
    scores = {
        name: _told(columns, is_attack, source, is_lesson)
        for name, columns in (("without", seen[:, :1]), ("with", seen), ("critic_alone", seen[:, 1:]))
    }
    return {
        "photographs": count,
        "noise_as_learned": _compared(scores, is_attack, source, is_lesson),
        "other_benign": _compared(scores, is_attack, source, kind != "noise"),
    }


def _compared(
    scores: Mapping[str, np.ndarray], is_attack: np.ndarray, source: np.ndarray, counted: np.ndarray
) -> dict[str, object]:
    """Return AUC and power of each score over the pictures that count, and what the critic gains."""
    figures: dict[str, object] = {"pictures": int(counted.sum())}
    for name, one in scores.items():
        figures[name] = {
            "auc": _rounded(roc_auc_score(is_attack[counted], one[counted])),
            "found_at_1_percent": _rounded(_found(is_attack[counted], one[counted])),
        }

    def gain(drawn: np.ndarray, measure: Callable[[np.ndarray, np.ndarray], float]) -> float:
        chosen = np.concatenate([np.flatnonzero((source == one) & counted) for one in drawn])
        with_critic, without = (
            measure(is_attack[chosen], scores[name][chosen]) for name in ("with", "without")
        )
        return with_critic - without

    count = len(np.unique(source))
    figures["auc_gain_95"] = _interval(count, lambda drawn: gain(drawn, roc_auc_score))
    figures["found_gain_95"] = _interval(count, lambda drawn: gain(drawn, _found))
    return figures


def _told(rows: np.ndarray, is_attack: np.ndarray, source: np.ndarray, is_lesson: np.ndarray) -> np.ndarray:
    """Return log-odds of each, by a fit to the lessons among the other folds' photographs."""
    told = np.zeros(len(rows))
    for left_out in range(FOLDS):
        out = source % FOLDS == left_out
        kept = ~out & is_lesson
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[kept], is_attack[kept])
        told[out] = model.decision_function(rows[out])
    return told


def _found(is_attack: np.ndarray, told: np.ndarray) -> float:
    """Return the share of attacks above all but 1 % of the benign."""
    benign = np.sort(told[~is_attack])
    allowed = int(FALSE_ALARMS * len(benign))
    return float((told[is_attack] > benign[-1 - allowed]).mean())


def _interval(count: int, statistic: Callable[[np.ndarray], float]) -> list[float]:
    rng = np.random.default_rng(0)
    values = [statistic(rng.integers(count, size=count)) for _ in range(REPLICATES)]
    return [_rounded(value) for value in np.quantile(values, [0.025, 0.975])]


def _rounded(value: float | np.floating) -> float:
    return round(float(value), 4)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("thresholds", "noise", "both"), default="both")
    parser.add_argument("--photographs", type=int, default=100, help="of BIQ2021, for thresholds")
    parser.add_argument("--attacked", type=int, default=30, help="photographs, two files each")
    parser.add_argument("--answers", type=Path, help="file to keep what predictions miss in, or to read")
    options = parser.parse_args()
    use_one_thread()
    figures: dict[str, object] = {"benchmark": "critic_uses"}
    if options.part != "noise":
        figures["thresholds"] = thresholds(*misses(options.photographs, options.answers))
    if options.part != "thresholds":
        figures["noise"] = noise(options.attacked)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
