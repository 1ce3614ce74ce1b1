"""Observers without a model, of tastes no network learned from, measured as any other: by yes and no.

Each sees by `calibration.observers.embedded.visibility` with a made-up taste and says how sure it is exactly,
so that what is told of a model's chances and thresholds can be checked against the truth. Nothing is learned
of tastes themselves; none is a fact about a real model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.assessment import assess
from calibration.image import Image, resize
from calibration.observers.embedded.taste import Taste, taste_of
from calibration.observers.embedded.visibility import notice_probability, visibility
from calibration.profile import JndProfile, default_profile
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Stimulus, Trial
from predictor.own_thresholds import strongest_level
from predictor.thresholds.profile_threshold import least_level
from predictor.views import model_view

_PILOT_PICTURES, _HALVINGS = 3, 7
_TRIALS, _IDENTICAL = 25, 4  # yes-or-no questions of each distortion
_AROUND = (-1.2, 1.2)  # natural logarithm of a level shown over the pilot's threshold


@dataclass(frozen=True)
class Seer:
    """One made-up observer, which sees every picture squashed to a side."""

    name: str
    taste: Taste
    side: int  # pixels

    def chance(self, reference: Image, distorted: Image, name: str) -> float:
        """Return P(says "different") of a pair that shows this distortion."""
        first, second = (
            model_view(resize(one, reference.width, reference.height), self.side).pixels
            for one in (reference, distorted)
        )
        visible = self.taste.gains.get(name, 1.0) * visibility(first, second, self.taste)
        return notice_probability(visible, self.taste)

    def threshold(self, picture: Image, name: str, seed: int) -> float:
        """Return the level noticed half of the time on one picture, or the end of the scale."""
        low, high = np.log(least_level(name)), np.log(strongest_level(name))
        if self.chance(picture, damage(picture, name, float(np.exp(high)), seed), name) < 0.5:
            return float(np.exp(high))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            is_noticed = self.chance(picture, damage(picture, name, float(np.exp(middle)), seed), name) >= 0.5
            low, high = (low, middle) if is_noticed else (middle, high)
        return float(np.exp((low + high) / 2))


def made_up(number: int, side: int) -> Seer:
    """Return the made-up observer of a number; see `taste.taste_of`."""
    return Seer(f"made up {number}", taste_of(str(number)), side)


def damage(picture: Image, name: str, level: float, seed: int) -> Image:
    """Apply one distortion, the same places and noise for a seed."""
    return DISTORTIONS[name].apply(picture, min(level, strongest_level(name)), np.random.default_rng(seed))


def measure_profile(
    seer: Seer, pictures: Sequence[Image], seed: int, *, knows_input: bool = True
) -> JndProfile:
    """Ask 25 yes-or-no questions of every distortion, around where a short pilot noticed it, and fit them."""
    rng = np.random.default_rng(seed)
    trials: list[Trial] = []
    for name in DISTORTIONS:
        pilot = [seer.threshold(picture, name, seed) for picture in pictures[:_PILOT_PICTURES]]
        levels = np.exp(np.log(np.median(pilot)) + rng.uniform(*_AROUND, _TRIALS)).clip(
            least_level(name), strongest_level(name)
        )
        for level in (*levels, *[0.0] * _IDENTICAL):
            index = int(rng.integers(len(pictures)))
            shown = damage(pictures[index], name, float(level), seed) if level else pictures[index]
            noticed = bool(rng.random() < seer.chance(pictures[index], shown, name))
            trials.append(_trial(len(trials), Stimulus(str(index), name, float(level), seed), noticed))
    found = {name: one.threshold for name, one in assess(trials).items()}
    return replace(
        default_profile(seer.name),
        source="measured",
        distortions=found,
        input_side=seer.side if knows_input else None,
        false_alarm=float(np.mean([trial.noticed for trial in trials if trial.is_catch])),
    )


def _trial(number: int, stimulus: Stimulus, noticed: bool) -> Trial:
    return Trial(
        id=str(number),
        series=0,
        index=number,
        stimulus=stimulus,
        polarity="different",
        order="reference_first",
        prompt="",
        noticed=noticed,
        probability=None,
        reply_class="correct",
        reply="Yes" if noticed else "No",
        is_first_token=False,
        seconds=0.0,
    )
