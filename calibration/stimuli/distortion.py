"""The shape every distortion has: a name, levels with a physical unit, and a way to apply one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from calibration.image import Image

Apply = Callable[[Image, float, np.random.Generator], Image]


@dataclass(frozen=True)
class Distortion:
    """One family of damage, graded in levels.

    Level 0 is the reference itself; more level is more damage. Levels may be fractional: procedures place
    them where they tell most. `rng` decides what a level leaves open (the noise sample, the mask's place).
    """

    name: str  # as on the command line and in profiles
    label: str  # the word put into the paper's explicit prompts
    levels: int  # the strongest level
    unit: str  # of `unit_value`
    unit_value: Callable[[float], float]  # level -> physical strength
    damage: Apply

    def apply(self, image: Image, level: float, rng: np.random.Generator) -> Image:
        """Return `image` damaged at `level`; level 0 returns it unchanged.

        Raises:
            ValueError: `level` lies outside 0 ... `levels`.
        """
        if not 0 <= level <= self.levels:
            raise ValueError(f"level of {self.name} must be 0-{self.levels}, got {level}")
        return image if level == 0 else self.damage(image, level, rng)
