"""Find the level at which an observer itself starts to notice, picture by picture: thresholds learn from it.

The threshold of one picture is the level at which P(says "different") is halfway between the observer's floor
and ceiling. Where it never gets there the picture is censored: its threshold lies above the strongest level.
How surely less and more is noticed is learned from one more level of every picture, drawn at random: those of
the search lie too near the threshold, and near because of what was answered.
Predicting all this without asking is the matter of `predictor.thresholds`; what is shown at a level is
decided by whoever asks (`Rendering`): here distortions at the model's view, in `delivery_search` whole
deliveries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from calibration.image import Image
from predictor.learning.dataset import FAMILIES, Pair
from predictor.learning.sampling import Labeller, distort_view
from predictor.noticeability.settings import Link
from predictor.own_thresholds import strongest_level
from predictor.thresholds.profile_threshold import least_level

REPEATS: Mapping[str, int] = {"noise": 2, "mask": 5}  # samples of noise, places of the mask, averaged over
_FIRST_STEP, _STEP_GROWTH = 0.5, 1.4  # natural logarithm of the level, until the threshold is bracketed
_REFINEMENTS = 3
_WIDE_ENOUGH = 0.04  # of a bracket, natural logarithm: more would resolve the observer's own jitter
_NEAR_ENOUGH = 0.12  # of the log odds to the goal: about 0.03 of ln level at the usual steepness
_DRAWN = (-2.0, 0.7)  # where the random level lies, natural logarithm of its ratio to the guess

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Searched:
    """Where the observer starts to notice one distortion on each of N pictures."""

    log_levels: Floats  # (N,) natural logarithm; where never or already halfway, the end of the search
    is_censored: Flags  # (N,) never halfway, up to the strongest level
    is_below: Flags  # (N,) already halfway at the least level searched
    drawn: Floats  # (N,) natural logarithm of a level drawn without regard to the picture
    noticed: Floats  # (N,) how surely that one was: on average 0 at the observer's floor, 1 at its ceiling

    @property
    def is_measured(self) -> Flags:
        """Pictures whose threshold lies between the levels searched."""
        return ~self.is_censored & ~self.is_below

    @classmethod
    def join(cls, parts: Sequence["Searched"]) -> "Searched":
        """Put the findings of several groups of pictures into one."""
        return cls(
            **{
                item.name: np.concatenate([getattr(part, item.name) for part in parts])
                for item in fields(cls)
            }
        )

    def of(self, rows: npt.NDArray[np.intp]) -> "Searched":
        """Return the findings of some pictures."""
        return Searched(**{item.name: getattr(self, item.name)[rows] for item in fields(Searched)})


class Rendering(Protocol):
    """What N pictures look like at a level of damage."""

    @property
    def least(self) -> float:
        """Return the level at which the search ends downwards."""
        ...

    @property
    def strongest(self) -> float:
        """Return the level at which it ends upwards."""
        ...

    def __len__(self) -> int:
        """Return the number of pictures."""
        ...

    def pairs(self, index: int, level: float) -> list[Pair]:
        """Return what to ask about one picture; the answers are averaged, so every level gives as many."""
        ...


@dataclass(frozen=True)
class OnScale:
    """Pictures, and the scale of one distortion: what every rendering of levels shares."""

    pictures: Sequence[Image]
    name: str

    @property
    def least(self) -> float:
        """Return the level below which it does no less."""
        return least_level(self.name)

    @property
    def strongest(self) -> float:
        """Return the end of the scale."""
        return strongest_level(self.name)

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.pictures)


@dataclass(frozen=True)
class Distorted(OnScale):
    """Pictures at the model's view, with one distortion applied there."""

    first_seed: int = 0  # picture i with repeat r is rendered with seed (first_seed + i, r)

    def pairs(self, index: int, level: float) -> list[Pair]:
        """Render every repeat."""
        return [self._pair(index, level, repeat) for repeat in range(REPEATS.get(self.name, 1))]

    def _pair(self, index: int, level: float, repeat: int) -> Pair:
        picture = self.pictures[index]
        rng = np.random.default_rng((self.first_seed + index, repeat))
        damaged = distort_view(picture, self.name, min(level, self.strongest), rng)
        return Pair(picture, damaged, str(index), FAMILIES.index(self.name), level)


def search_thresholds(
    rendering: Rendering, labeller: Labeller, *, guess: float, link: Link, rng: np.random.Generator
) -> Searched:
    """Bracket each threshold from `guess` on, then close in by false position on the log odds.

    Args:
        rendering: The pictures.
        labeller: The observer.
        guess: Level to begin with; the profile's threshold.
        link: Of the observer: its floor and ceiling.
        rng: Draws the random levels.
    """
    search = _Search(rendering, labeller, (link.floor + link.ceiling) / 2)
    search.bracket(float(np.log(guess)))
    for _ in range(_REFINEMENTS):
        search.refine()
    drawn, noticed = ask_random_levels(rendering, labeller, guess=guess, link=link, rng=rng)
    return search.result(drawn, noticed)


def ask_random_levels(
    rendering: Rendering, labeller: Labeller, *, guess: float, link: Link, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return `Searched.drawn` and `Searched.noticed`; arguments as `search_thresholds`."""
    drawn = np.log(guess) + rng.uniform(*_DRAWN, len(rendering))
    drawn = np.clip(drawn, np.log(rendering.least), np.log(rendering.strongest))
    chances = _ask_about(rendering, labeller, np.arange(len(rendering)), drawn)
    # Not held to 0 and 1: one picture may lie below the mean floor, and clipping would lift the mean.
    return drawn, (chances - link.floor) / (link.ceiling - link.floor)


class _Search:
    """The brackets of N pictures; log odds are relative to those of `halfway`."""

    def __init__(self, rendering: Rendering, labeller: Labeller, halfway: float) -> None:
        self._rendering, self._labeller = rendering, labeller
        self._goal = _log_odds(np.array([halfway]))[0]
        self._bounds = np.log(rendering.least), np.log(rendering.strongest)
        count = len(rendering)
        self._low, self._high = np.full(count, -np.inf), np.full(count, np.inf)
        self._odds_low, self._odds_high = np.full(count, np.nan), np.full(count, np.nan)

    def bracket(self, start: float) -> None:
        """Walk from `start` towards the threshold, in growing steps, until it lies between two levels."""
        at, step = np.full(len(self._rendering), np.clip(start, *self._bounds)), _FIRST_STEP
        open_ended = np.arange(len(self._rendering))
        while len(open_ended):
            self._ask(open_ended, at[open_ended])
            at = np.where(np.isinf(self._high), self._low + step, self._high - step).clip(*self._bounds)
            ended = (self._low >= self._bounds[1]) | (self._high <= self._bounds[0])
            open_ended = np.flatnonzero(~ended & (np.isinf(self._low) | np.isinf(self._high)))
            step *= _STEP_GROWTH

    def refine(self) -> None:
        """Ask once more where the log odds, taken as straight, cross; not too near an end of the bracket."""
        width = self._high - self._low
        nearest = np.minimum(-self._odds_low, self._odds_high)
        chosen = np.flatnonzero(np.isfinite(width) & (width > _WIDE_ENOUGH) & (nearest > _NEAR_ENOUGH))
        share = np.clip(self._share()[chosen], 0.15, 0.85)
        self._ask(chosen, self._low[chosen] + share * width[chosen])

    def result(self, drawn: Floats, noticed: Floats) -> Searched:
        """Take the crossing of the last bracket."""
        censored, below = np.isinf(self._high), np.isinf(self._low)
        inside = ~censored & ~below
        width = np.where(inside, self._high - self._low, 1.0)
        low = np.where(inside, self._low, 0.0)
        levels = np.select([censored, below], [self._bounds[1], self._bounds[0]], low + self._share() * width)
        return Searched(levels, censored, below, drawn, noticed)

    def _share(self) -> Floats:
        with np.errstate(invalid="ignore"):
            return np.asarray(np.nan_to_num(-self._odds_low / (self._odds_high - self._odds_low), nan=0.5))

    def _ask(self, chosen: npt.NDArray[np.intp], at: Floats) -> None:
        if not len(chosen):
            return
        odds = _log_odds(_ask_about(self._rendering, self._labeller, chosen, at)) - self._goal
        noticed = odds >= 0
        self._high[chosen[noticed]], self._odds_high[chosen[noticed]] = at[noticed], odds[noticed]
        self._low[chosen[~noticed]], self._odds_low[chosen[~noticed]] = at[~noticed], odds[~noticed]


def _ask_about(
    rendering: Rendering, labeller: Labeller, chosen: npt.NDArray[np.intp], log_levels: Floats
) -> Floats:
    """Return P(says "different") of chosen pictures, each at its own level, the repeats averaged."""
    asked = [
        rendering.pairs(int(index), float(np.exp(level)))
        for index, level in zip(chosen, log_levels, strict=True)
    ]
    answers = np.asarray(labeller.label([pair for pairs in asked for pair in pairs]), dtype=np.float64)
    return np.asarray(answers.reshape(len(chosen), -1).mean(axis=1), dtype=np.float64)


def _log_odds(chances: Floats) -> Floats:
    return np.asarray(logit(np.clip(chances, 0.002, 0.998)), dtype=np.float64)
