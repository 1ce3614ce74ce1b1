"""Show the level that is expected to tell most about the threshold: this project's own procedure.

The plan of identical pairs is fixed before the first answer; the levels between them follow the answers.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from calibration.fitting import Grid, Values, coarse_grid
from calibration.procedures.protocol import Heard, Step

CATCH_EVERY = 5  # one identical pair in five trials
STRONGEST_EVERY = 25  # one trial in 25 at the strongest level: is the change noticed at all?
_CANDIDATES = 36
_WEAKEST = 1 / 200  # the weakest level shown, as a share of the strongest


class Adaptive:
    """Least expected entropy of the threshold, nuisances averaged out; after QUEST+ (Watson 2017, eq. 5)."""

    def __init__(self, strongest: float, queries: int, rng: np.random.Generator) -> None:
        self._placement = placement(strongest)
        self._posterior = self._placement.prior(runs=1)
        self._queries = queries
        self._plan = TrialPlan(rng)

    def place(self, index: int) -> Step | None:
        """Show every picture in turn, at level 0, the strongest, or the most telling level."""
        return None if index >= self._queries else Step(self._level(index), reference=index)

    def record(self, heard: Heard) -> None:
        """Update the posterior."""
        if heard.noticed is None:
            return
        at = self._placement.index_of(heard.step.level)
        self._posterior = self._placement.update(self._posterior, np.array([at]), np.array([heard.noticed]))

    def _level(self, index: int) -> float:
        kind = self._plan.kind(index)
        if kind == "catch":
            return 0.0
        if kind == "strongest":
            return float(self._placement.levels[-1])
        return float(self._placement.levels[self._placement.most_telling(self._posterior)[0]])


class TrialPlan:
    """Which trials are identical pairs, and which show the strongest level: decided by the seed alone."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._catches: list[int] = []  # place of the catch trial in each block

    def kind(self, index: int) -> str:
        """Return "catch", "strongest" or "placed" for the trial at `index`."""
        block, place = divmod(index, CATCH_EVERY)
        while len(self._catches) <= block:
            self._catches.append(int(self._rng.integers(CATCH_EVERY)))
        if place == self._catches[block]:
            return "catch"
        first_of_stretch = 1 if self._catches[block] == 0 else 0
        is_first_block = block % (STRONGEST_EVERY // CATCH_EVERY) == 0
        return "strongest" if is_first_block and place == first_of_stretch else "placed"


@dataclass(frozen=True)
class Placement:
    """Levels that may be shown, and what an answer at each would tell; many runs at once."""

    levels: Values  # (N,): 0, then the candidates upwards
    grid: Grid
    table: npt.NDArray[np.float32]  # P(different), (T, K, N)

    def prior(self, runs: int) -> npt.NDArray[np.float32]:
        """Posterior before any answer, (T, runs, K)."""
        prior = np.exp(self.grid.log_prior).astype(np.float32)  # (T, K)
        return np.repeat(prior[:, None, :], runs, axis=1)

    def index_of(self, level: float) -> int:
        """Return the position of the level nearest to `level`."""
        return int(np.argmin(np.abs(self.levels - level)))

    def update(
        self, posterior: npt.NDArray[np.float32], at: npt.NDArray[np.intp], noticed: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float32]:
        """Return the posterior after one answer per run, at level number `at`."""
        p = np.moveaxis(self.table[:, :, at], 2, 1)  # (T, runs, K)
        updated = posterior * np.where(noticed[:, None], p, 1 - p)
        return np.asarray(updated / updated.sum(axis=(0, 2), keepdims=True), dtype=np.float32)

    def most_telling(self, posterior: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
        """Return, per run, the number of the level of least expected entropy of the threshold."""
        yes = np.matmul(posterior, self.table[:, :, 1:])  # (T, runs, N - 1): joint of threshold and answer
        no = posterior.sum(axis=2)[..., None] - yes
        return np.asarray(np.argmin(_entropy(yes) + _entropy(np.maximum(no, 0)), axis=1) + 1)


@lru_cache(maxsize=8)
def placement(strongest: float) -> Placement:
    """Build the table for a distortion of this many levels."""
    levels = np.concatenate([[0.0], candidate_levels(strongest)])
    grid = coarse_grid(strongest)
    table = np.ascontiguousarray(np.moveaxis(grid.probability(levels), 0, 2).astype(np.float32))
    return Placement(levels, grid, table)


def candidate_levels(strongest: float) -> Values:
    """Levels that may be shown: evenly spaced in ln level, round numbers, up to the strongest."""
    spaced = np.geomspace(strongest * _WEAKEST, strongest, _CANDIDATES)
    return np.unique([float(f"{level:.2g}") for level in spaced])


def _entropy(joint: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Entropy of the threshold given one answer, weighted by that answer's probability; (runs, N)."""
    total = joint.sum(axis=0)
    safe = np.maximum(joint, np.float32(1e-30))
    return np.asarray(-(joint * np.log(safe)).sum(axis=0) + total * np.log(np.maximum(total, 1e-30)))
