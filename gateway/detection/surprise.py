"""Bring the scores of unlike detectors to one scale: -log10 of how often benign pictures score as high.

Only puts scores in proportion, so that the largest of several can be taken; promises nothing. What keeps the
false-alarm rate is the calibration of that largest one, on other pictures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_KNOTS = 24  # kept of the tail, evenly spaced in decades
_BEYOND = 10  # scores at the top, from whose mean excess the tail is continued
_FEWEST = 5  # scores that tell an excess; below, the unit does
_LEAST_SCALE = 0.02  # of the highest score: equal scores do not make a cliff


@dataclass(frozen=True)
class Surprise:
    """A rising curve from score to surprise; beyond its last knot an exponential tail, of a decade at most.

    No further: benign tails are heavier than that, and one detector's wildest scores would drown the others.
    """

    scores: tuple[float, ...]  # rising
    levels: tuple[float, ...]  # rising with them, decades
    slope: float  # decades for each unit of score, where the last knot ends

    def __post_init__(self) -> None:
        if not self.scores or len(self.scores) != len(self.levels) or not self.slope > 0:
            raise ValueError("expected as many levels as scores, one at least, and a rising slope")
        if np.any(np.diff(self.scores) <= 0) or np.any(np.diff(self.levels) < 0):
            raise ValueError("expected scores and levels to rise")

    def of(self, score: float) -> float:
        """Return the surprise of a score, 0 or more decades."""
        inside = float(np.interp(score, self.scores, self.levels))
        beyond = self.slope * max(0.0, score - self.scores[-1])
        return inside + 1.0 - float(np.exp(-beyond))

    def to_json(self) -> dict[str, object]:
        """Return what `from_json` reads."""
        return {"scores": self.scores, "levels": self.levels, "slope": self.slope}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Surprise":
        """Read what `to_json` gave.

        Raises:
            LookupError: A field is missing.
            ValueError: The curve does not rise.
        """
        scores, levels = (tuple(float(each) for each in fields[name]) for name in ("scores", "levels"))
        return cls(scores, levels, float(fields["slope"]))


def learn_surprise(scores: Sequence[float], *, pictures: int, unit: float) -> Surprise:
    """Learn the curve of one detector from benign pictures.

    Args:
        scores: Of the pictures in which it had anything to say.
        pictures: All of them, those too in which it had nothing to say; at least as many as scores.
        unit: Score by which something is clearly more suspicious, for where too few scores tell.

    Raises:
        ValueError: There are fewer pictures than scores.
    """
    if pictures < len(scores):
        raise ValueError(f"expected as many pictures as scores or more, got {pictures} for {len(scores)}")
    if not scores:
        return Surprise((0.0,), (_decades(1, pictures),), 1.0 / (unit * np.log(10)))
    ordered = np.sort(np.asarray(scores, dtype=np.float64))[::-1]  # the highest first
    ranks = np.unique(np.geomspace(1, len(ordered), _KNOTS).astype(np.intp))
    rising = ordered[::-1].round(5)
    knots = np.unique(ordered[ranks - 1].round(5))
    levels = [_decades(1 + int((rising >= knot).sum()), pictures) for knot in knots]
    return Surprise(
        tuple(float(knot) for knot in knots),
        tuple(round(level, 4) for level in levels),
        round(1.0 / (_scale(ordered, unit) * np.log(10)), 5),
    )


def _decades(count: int, pictures: int) -> float:
    return float(max(0.0, np.log10((pictures + 1) / count)))


def _scale(ordered: npt.NDArray[np.float64], unit: float) -> float:
    """Return the mean excess at the top: the scale of an exponential tail (Hill's idea, in plain scores)."""
    if len(ordered) < _FEWEST:
        return unit
    top = ordered[: min(_BEYOND, len(ordered) // 2 + 1)]
    return float(max((top - top[-1]).mean(), _LEAST_SCALE * abs(top[0]), 1e-6))
