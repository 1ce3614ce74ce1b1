"""Learn how wide the intervals told must be, and write it into an artifact's card; no array is touched.

    python -m predictor.learning.interval_widening --images DIR --fresh DIR --out ARTIFACT

Observers nobody learned from (`made_up_observers`) are measured on some photographs by yes and no, and met by
that profile on others: what a fit of few answers, another taste and fresh photographs do together. Intervals
of chances are judged as `evaluate` judges those of who says yes or no: by groups of like prediction. What a
planner keeps to (`widening` of the thresholds' curves) stays as it is.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from calibration.image import Image, fit_within, load
from calibration.profile import JndProfile
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import Part, read_part, write_part
from predictor.learning.dataset import photo_files
from predictor.learning.made_up_observers import Seer, damage, made_up, measure_profile
from predictor.noticeability.settings import bounded_logit
from predictor.one_thread import use_one_thread
from predictor.own_thresholds import strongest_level
from predictor.predict import Predictor
from predictor.thresholds.profile_threshold import least_level
from predictor.views import model_view

CHANCES_COVERED, THRESHOLDS_COVERED = 0.90, 0.95  # at least, over the strangers
_TOLD = (
    "The intervals told were widened, no array changed, by what covered made-up observers nobody learned "
    "from, measured by yes and no, on photographs nobody trained on (learning.interval_widening)."
)
MARGIN = 0.05  # a floor or ceiling of few identical pairs is off by so much
STRANGERS = (4, 5, 6, 8)  # numbers of their tastes
_SIDES = (96, 192)  # of their inputs, in turn; of the second kind nobody knows the input
_TRIED = np.arange(1.0, 2.01, 0.05)
_GROUPS = 10
_PAIRS_EACH = 2  # levels of every picture and distortion
_AROUND = (-1.4, 1.4)  # natural logarithm of a level over the profile's threshold
_LONGEST_SIDE = 256  # pixels, of what strangers of unknown input are shown

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Told:
    """What was told of a stranger, and what it does, on photographs fresh to all; first axis N everywhere."""

    true: Floats
    told: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, rows: Sequence[tuple[float, float, float, float]]) -> "Told":
        """Gather rows of true, told, low, high."""
        return cls(*np.array(rows, dtype=np.float64).T)


@dataclass(frozen=True)
class Widening:
    """How much wider than training found."""

    chances: float
    thresholds: float


def learn_widening(chances: Sequence[Told], thresholds: Sequence[Told]) -> Widening:
    """Choose the least widenings that cover strangers as promised; the largest tried where none does."""
    return Widening(
        _least(lambda by: np.mean([chances_covered(one, by) for one in chances]), CHANCES_COVERED),
        _least(lambda by: np.mean([thresholds_covered(one, by) for one in thresholds]), THRESHOLDS_COVERED),
    )


def chances_covered(found: Told, widening: float, margin: float = MARGIN) -> float:
    """Return the share of ten groups of like prediction whose mean chance lies between their mean bounds."""
    odds = bounded_logit(found.told)
    low, high = (expit(odds + widening * (bounded_logit(end) - odds)) for end in (found.low, found.high))
    groups = np.array_split(np.argsort(found.told, kind="stable"), _GROUPS)
    inside = [
        low[group].mean() - margin <= found.true[group].mean() <= high[group].mean() + margin
        for group in groups
    ]
    return float(np.mean(inside))


def thresholds_covered(found: Told, widening: float) -> float:
    """Return the share of thresholds that lie in their interval."""
    low, high = (found.told * (end / found.told) ** widening for end in (found.low, found.high))
    return float(np.mean((low <= found.true) & (found.true <= high)))


def meet(
    predictor: Predictor, number: int, measured_on: Sequence[Image], met_on: Sequence[Image]
) -> tuple[Told, Told]:
    """Measure a made-up observer on some photographs; return its chances and its thresholds on others."""
    knows_input = number % len(_SIDES) == 0
    seer = made_up(number, _SIDES[number % len(_SIDES)])
    shown, fresh = (
        [_shown_to(seer, picture, knows_input=knows_input) for picture in pictures]
        for pictures in (measured_on, met_on)
    )
    profile = measure_profile(seer, shown, number, knows_input=knows_input)
    rng = np.random.default_rng(number)
    chances = [row for picture in fresh for row in _chances(predictor, seer, profile, picture, rng)]
    thresholds = [row for picture in fresh for row in _thresholds(predictor, seer, profile, picture)]
    return Told.of(chances), Told.of(thresholds)


def widened(part: Part, widening: Widening) -> Part:
    """Return a noticeability or thresholds part whose card tells the widening; the arrays are the same."""
    card: dict[str, Any] = {**part.card, "intervals": _TOLD}
    if "delivery" in card:
        card["interval_widening"] = widening.thresholds
        return Part(part.tensors, card)
    wider = {"widening": widening.chances, "margin": MARGIN}
    settings: dict[str, Any] = dict(card["settings"])
    settings["known_models"] = {name: {**one, **wider} for name, one in settings["known_models"].items()}
    if settings["strangers"] is not None:
        settings["strangers"] = {**settings["strangers"], **wider}
    return Part(part.tensors, {**card, "settings": settings})


def _shown_to(seer: Seer, picture: Image, *, knows_input: bool) -> Image:
    """Bring a photograph to where damage is done to it."""
    return model_view(picture, seer.side) if knows_input else fit_within(picture, _LONGEST_SIDE)


def _chances(
    predictor: Predictor, seer: Seer, profile: JndProfile, picture: Image, rng: np.random.Generator
) -> list[tuple[float, float, float, float]]:
    rows = []
    for name in DISTORTIONS:
        own = profile.distortions[name].threshold or strongest_level(name)
        drawn = own * np.exp(rng.uniform(*_AROUND, _PAIRS_EACH))
        shown = [
            damage(picture, name, float(level), 0)
            for level in np.clip(drawn, least_level(name), strongest_level(name))
        ]
        for one, told in zip(shown, predictor.notice_each(picture, shown, profile), strict=True):
            rows.append((seer.chance(picture, one, name), told.probability, told.low, told.high))
    return rows


def _thresholds(
    predictor: Predictor, seer: Seer, profile: JndProfile, picture: Image
) -> list[tuple[float, float, float, float]]:
    """Return rows of the thresholds; one beyond the scale is as told where that is beyond, too."""
    rows = []
    for name, told in predictor.thresholds(picture, profile).items():
        true = seer.threshold(picture, name, 0)
        strongest = strongest_level(name)
        as_far = max(true, told.level) if true >= strongest else true
        rows.append((as_far, told.level, told.low, told.high))
    return rows


def _least(covered: Callable[[float], Any], wanted: float) -> float:
    enough = [by for by in _TRIED if covered(float(by)) >= wanted]
    return round(float(enough[0] if enough else _TRIED[-1]), 2)


def main() -> None:
    """Measure strangers, meet them, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="photographs to measure strangers on")
    parser.add_argument("--fresh", type=Path, required=True, help="photographs nobody trained on")
    parser.add_argument("--limit", type=int, default=6, help="of either, evenly spaced by name")
    parser.add_argument("--out", type=Path, required=True, help="artifact to tell it in")
    options = parser.parse_args()
    use_one_thread()
    measured_on, met_on = (_some(folder, options.limit) for folder in (options.images, options.fresh))
    predictor, met = Predictor.load(options.out), []
    for number in STRANGERS:
        met.append(meet(predictor, number, measured_on, met_on))
        sys.stderr.write(f"met {len(met)} of {len(STRANGERS)} strangers\n")
    found = learn_widening([chances for chances, _ in met], [thresholds for _, thresholds in met])
    for kind in ("noticeability", "thresholds"):
        write_part(options.out, kind, widened(read_part(options.out, kind), found))
    sys.stdout.write(f"{found}\n")


def _some(folder: Path, limit: int) -> list[Image]:
    files = photo_files(folder)
    return [load(file) for file in files[:: max(1, len(files) // limit)][:limit]]


if __name__ == "__main__":
    main()
