"""Show fixed levels equally often, in shuffled order: the method of constant stimuli.

Slow, but blind to the answers: what the other procedures are checked against.
"""

import numpy as np

from calibration.procedures.protocol import Heard, Step

DEFAULT_LEVELS = 8
_WEAKEST = 1 / 50


class Constant:
    """Every level in turn, identical pairs among them, in an order drawn once."""

    def __init__(self, strongest: float, queries: int, rng: np.random.Generator) -> None:
        levels = np.concatenate([[0.0, 0.0], constant_levels(strongest)])  # two in ten are identical
        rounds = -(-queries // len(levels))
        self._levels = np.concatenate([rng.permutation(levels) for _ in range(rounds)])[:queries]

    def place(self, index: int) -> Step | None:
        """Return the level drawn for `index`."""
        return None if index >= len(self._levels) else Step(float(self._levels[index]), reference=index)

    def record(self, heard: Heard) -> None:
        """Ignore the answer: nothing depends on it."""


def constant_levels(strongest: float) -> list[float]:
    """Return the levels shown: evenly spaced in ln level up to the strongest, which is one of them."""
    return [float(f"{level:.3g}") for level in np.geomspace(strongest * _WEAKEST, strongest, DEFAULT_LEVELS)]
