"""Show fixed levels equally often, in shuffled order: the method of constant stimuli.

Slow, but blind to the answers: what the other procedures are checked against.
"""

from collections.abc import Sequence

import numpy as np

from calibration.procedures.protocol import Heard, Step

DEFAULT_LEVELS = 8
_WEAKEST = 1 / 50


class FixedLevels:
    """The levels of one round in turn, in an order drawn once, round after round."""

    def __init__(self, levels: Sequence[float], queries: int, rng: np.random.Generator) -> None:
        rounds = -(-queries // len(levels))
        self._levels = np.concatenate([rng.permutation(levels) for _ in range(rounds)])[:queries]

    def place(self, index: int) -> Step | None:
        """Return the level drawn for `index`."""
        return None if index >= len(self._levels) else Step(float(self._levels[index]), reference=index)

    def record(self, heard: Heard) -> None:
        """Ignore the answer: nothing depends on it."""


class Constant(FixedLevels):
    """Every level of a distortion in turn, two identical pairs among ten."""

    def __init__(self, strongest: float, queries: int, rng: np.random.Generator) -> None:
        super().__init__([0.0, 0.0, *constant_levels(strongest)], queries, rng)


def constant_levels(strongest: float) -> list[float]:
    """Return the levels shown: evenly spaced in ln level up to the strongest, which is one of them."""
    return [float(f"{level:.3g}") for level in np.geomspace(strongest * _WEAKEST, strongest, DEFAULT_LEVELS)]
