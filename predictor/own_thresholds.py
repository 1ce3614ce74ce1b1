"""What a model's own thresholds are: as its profile measured them, or what its trials leave open.

One reading for whoever predicts, so that a level and the judgement of a picture damaged to it agree. Only
trials of the model itself bound a threshold; what is assumed of it, or published, bounds nothing.
"""

import math
from dataclasses import dataclass

from calibration.profile import JndProfile, Status, Threshold
from calibration.stimuli.registry import DISTORTIONS

# Half the 95 % interval, natural logarithm, of a threshold guessed from a model's others and the pattern of
# models: cells of the LMM-JND paper's table, each left out in turn (20 models, 12 distortions).
GUESS_DOUBT = 1.3
_BEYOND = 10.0  # times the strongest level: stands for "anywhere beyond the scale"


@dataclass(frozen=True)
class OwnThreshold:
    """One distortion's threshold of one model, in the mean over pictures, in levels."""

    level: float
    low: float  # 95 % interval; both ends are the level where nothing states a doubt
    high: float  # beyond the scale where nobody knows how far
    basis: Status

    def doubt(self, fixed_part: float) -> tuple[float, float]:
        """Return how far the interval reaches down and up, in ln(level + fixed part); neither is negative."""
        down, up = (math.log((end + fixed_part) / (self.level + fixed_part)) for end in (self.low, self.high))
        return max(0.0, -down), max(0.0, up)


def estimate(profile: JndProfile, name: str) -> float | None:
    """Return the threshold in levels: None if unknown, at least the strongest where that hardly shows."""
    found = profile.distortions.get(name)
    if found is None or found.status == "unmeasurable":
        return None
    if _is_beyond_scale(profile, found):
        return max(found.threshold or 0.0, strongest_level(name))
    return found.threshold if found.threshold is not None and found.threshold > 0 else None


def left_open(profile: JndProfile, name: str) -> tuple[float, float]:
    """Return between which levels the model's own trials leave the threshold: (0, inf) without any."""
    found = profile.distortions.get(name)
    if found is None or profile.source != "measured" or found.status == "assumed":
        return 0.0, math.inf
    if _is_beyond_scale(profile, found):
        return strongest_level(name), math.inf
    if found.low is None or found.high is None:
        return 0.0, math.inf
    if not found.is_estimated or not found.threshold:
        return found.low, found.high
    return min(found.low, found.threshold), max(found.high, found.threshold)


def own_threshold(profile: JndProfile, name: str, *, guess: float, factor: float = 1.0) -> OwnThreshold:
    """Say where a model's own threshold lies, and how surely.

    Args:
        profile: Its profile.
        name: Of the distortion.
        guess: Level that stands in for an unknown one; within what the trials leave open.
        factor: By which its answers, learned from, have shown the profile's threshold to be off.
    """
    known, found = estimate(profile, name), profile.distortions.get(name)
    basis: Status = "unmeasurable" if found is None else found.status
    if known is None or found is None:
        return _guessed(found, guess)
    if _is_beyond_scale(profile, found):
        level = max(known * factor, strongest_level(name))
        return OwnThreshold(level, min(found.low or level, level), _BEYOND * strongest_level(name), basis)
    level = known * factor
    if not found.is_estimated or not found.low or not found.high:
        return OwnThreshold(level, level, level, basis)
    return OwnThreshold(level, min(found.low * factor, level), max(found.high * factor, level), basis)


def strongest_level(name: str) -> float:
    """Return the end of the distortion's scale."""
    return float(DISTORTIONS[name].levels)


def _guessed(found: Threshold | None, guess: float) -> OwnThreshold:
    """Take a stand-in for as doubtful as the trials leave it, or as guesses are."""
    if found is None or not found.low or not found.high:
        return OwnThreshold(
            guess, guess * math.exp(-GUESS_DOUBT), guess * math.exp(GUESS_DOUBT), "unmeasurable"
        )
    return OwnThreshold(guess, min(found.low, guess), max(found.high, guess), "unmeasurable")


def _is_beyond_scale(profile: JndProfile, found: Threshold) -> bool:
    return profile.source == "measured" and found.status in ("censored", "blunt")
