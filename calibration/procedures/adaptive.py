"""Show the level that is expected to tell most about the threshold: this project's own procedure.

The plan of identical pairs is fixed before the first answer; the levels between them follow the answers.
"""

from collections import deque
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from calibration.parameters import RARE_LAPSES, Grid, Values, coarse_grid
from calibration.procedures.protocol import Heard, Step
from calibration.readings import expected_index, likelihoods

Mass = npt.NDArray[np.float32]

CATCH_EVERY = 5  # one identical pair in five trials
CHECK_EVERY = 25  # once in 25 trials, when in doubt, the strongest level: is the change noticed at all?
MIN_HIT_AT_MAX = 0.75  # P("different") at the strongest level below which a threshold means nothing
_DOUBT = 0.1  # probability of missing that
_CANDIDATES = 80
_UNBELIEVED = 1e-6  # of the posterior mass, each end
_WEAKEST = 1 / 200  # the weakest level shown, as a share of the strongest
_MOST_PENDING = 3  # answers still on their way that are reckoned with: their outcomes double each time


class Adaptive:
    """Least expected entropy of the threshold, nuisances averaged out; after QUEST+ (Watson 2017, eq. 5).

    Trials placed before the last answers are in reckon with every outcome of those, weighted by how likely
    each is: a wave asks different levels, not one level several times.
    """

    def __init__(self, strongest: float, queries: int, rng: np.random.Generator) -> None:
        self._placement = placement(strongest)
        self._posterior = self._placement.prior(runs=1)  # (T, 1 or precisions, K)
        self._queries = queries
        self._plan = TrialPlan(rng)
        self._pending: deque[float] = deque()  # levels placed and not yet answered

    def place(self, index: int) -> Step | None:
        """Show every picture in turn: identical pairs, in doubt the strongest level, else what tells most."""
        if index >= self._queries:
            return None
        level = self._level(index)
        self._pending.append(level)
        return Step(level, reference=index)

    def record(self, heard: Heard) -> None:
        """Update the posterior as the fit will: by an answer that counts, with its probability if stated."""
        if self._pending:
            self._pending.popleft()
        if heard.noticed is None:
            return
        at = self._placement.index_of(heard.step.level)
        if heard.probability is not None:
            self._posterior = self._placement.update_stated(self._posterior, at, heard.probability)
        else:
            self._posterior = self._placement.update(
                self._posterior, np.array([at]), np.array([heard.noticed])
            )

    def _level(self, index: int) -> float:
        kind = self._plan.kind(index)
        if kind == "catch":
            return 0.0
        posterior = self._posterior.sum(axis=1, keepdims=True)  # precisions averaged out
        if kind == "check" and self._placement.doubts(posterior)[0]:
            return float(self._placement.levels[-1])
        informative = [level for level in self._pending if level > 0]
        for level in informative[-_MOST_PENDING:]:
            posterior = self._placement.outcomes(posterior, self._placement.index_of(level))
        entropy = self._placement.expected_entropy(posterior).sum(axis=0)
        return float(self._placement.levels[int(np.argmin(entropy)) + 1])


class TrialPlan:
    """Which trials are identical pairs, and which may check the strongest level: the seed decides."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._catches: list[int] = []  # place of the catch trial in each block

    def kind(self, index: int) -> str:
        """Return "catch", "check" or "placed" for the trial at `index`."""
        block, place = divmod(index, CATCH_EVERY)
        while len(self._catches) <= block:
            self._catches.append(int(self._rng.integers(CATCH_EVERY)))
        if place == self._catches[block]:
            return "catch"
        last = CATCH_EVERY - 1
        last_placed = last - 1 if self._catches[block] == last else last
        is_last_block = (block + 1) % (CHECK_EVERY // CATCH_EVERY) == 0
        return "check" if is_last_block and place == last_placed else "placed"


@dataclass(frozen=True)
class Placement:
    """Levels that may be shown, and what an answer at each would tell; many runs at once."""

    levels: Values  # (N,): 0, then the candidates upwards
    grid: Grid
    table: Mass  # P(different), (T, K, N)

    def prior(self, runs: int) -> Mass:
        """Posterior before any answer, (T, runs, K)."""
        prior = np.exp(self.grid.log_prior).astype(np.float32)  # (T, K)
        return np.repeat(prior[:, None, :], runs, axis=1)

    def index_of(self, level: float) -> int:
        """Return the position of the level nearest to `level`."""
        return int(np.argmin(np.abs(self.levels - level)))

    def update(self, posterior: Mass, at: npt.NDArray[np.intp], noticed: npt.NDArray[np.bool_]) -> Mass:
        """Return the posterior after one answer per run, at level number `at`; one answer may serve all."""
        p = np.moveaxis(self.table[:, :, at], 2, 1)  # (T, runs, K)
        updated = posterior * np.where(noticed[:, None], p, 1 - p)
        totals = updated.sum(axis=(0, 2), keepdims=True) if len(at) > 1 else updated.sum()
        return np.asarray(updated / totals, dtype=np.float32)

    def update_stated(self, posterior: Mass, at: int, probability: float) -> Mass:
        """Return one run's posterior, (T, precisions, K), after a stated probability at level number `at`."""
        readings = likelihoods(probability).astype(np.float32)  # (P, E)
        likelihood = np.take(readings / readings.max(), self._expected[at], axis=1)  # (P, T, K)
        updated = np.moveaxis(likelihood, 0, 1)  # (T, P, K)
        updated *= posterior  # one run: the precisions are equally likely before the first reading
        updated /= updated.sum()
        return updated

    def outcomes(self, posterior: Mass, at: int) -> Mass:
        """Split every run by the answer still to come at level number `at`; masses add up as before."""
        yes = posterior * self.table[:, None, :, at]
        return np.concatenate([yes, posterior - yes], axis=1)

    def doubts(self, posterior: Mass) -> npt.NDArray[np.bool_]:
        """Return, per run, whether the strongest level may well go unnoticed."""
        missed = self.table[:, None, :, -1] < MIN_HIT_AT_MAX
        return np.asarray((posterior * missed).sum(axis=(0, 2)) > _DOUBT)

    def expected_entropy(self, posterior: Mass) -> Mass:
        """Return the expected entropy of the threshold after showing each candidate, (runs, N - 1).

        Thresholds at either end that no run believes in are left out: they add nothing and cost most.
        """
        mass = np.cumsum(posterior.sum(axis=(1, 2)))
        first, last = np.searchsorted(mass / mass[-1], [_UNBELIEVED, 1 - _UNBELIEVED])
        believed = posterior[first : last + 1]
        yes = np.matmul(believed, self.table[first : last + 1, :, 1:])  # (T', runs, N - 1): joint
        no = believed.sum(axis=2)[..., None] - yes
        return np.asarray(_entropy(yes) + _entropy(np.maximum(no, 0)))

    @property
    def _expected(self) -> list[npt.NDArray[np.intp]]:
        return _expected_indices(self.grid.strongest)


@lru_cache(maxsize=8)
def placement(strongest: float) -> Placement:
    """Build the table for a distortion of this many levels."""
    levels = np.concatenate([[0.0], candidate_levels(strongest)])
    grid = coarse_grid(strongest, lapse_prior=RARE_LAPSES)
    table = np.ascontiguousarray(np.moveaxis(grid.probability(levels), 0, 2).astype(np.float32))
    return Placement(levels, grid, table)


@lru_cache(maxsize=8)
def _expected_indices(strongest: float) -> list[npt.NDArray[np.intp]]:
    """Where each level's expected probabilities lie in the table of readings; built for the first reading."""
    table = placement(strongest).table
    return [expected_index(table[:, :, number]) for number in range(table.shape[2])]


def candidate_levels(strongest: float) -> Values:
    """Levels that may be shown: evenly spaced in ln level, round numbers, up to the strongest."""
    spaced = np.geomspace(strongest * _WEAKEST, strongest, _CANDIDATES)
    return np.unique([float(f"{level:.2g}") for level in spaced])


def _entropy(joint: Mass) -> Mass:
    """Entropy of the threshold given one answer, weighted by that answer's probability; (runs, N)."""
    total = joint.sum(axis=0)
    safe = np.maximum(joint, np.float32(1e-30))
    return np.asarray(-(joint * np.log(safe)).sum(axis=0) + total * np.log(np.maximum(total, 1e-30)))
