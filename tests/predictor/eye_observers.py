"""An observer for `--observer python:tests.predictor.eye_observers:eye` that counts what it is asked."""

from collections.abc import Sequence

import numpy as np
from PIL import Image as PillowImage


class Eye:
    """Notices a mean difference above some grey levels; falls asleep after so many questions."""

    asked = 0  # by any of them
    patience = 1_000_000

    def __init__(self, name: str) -> None:
        self.name = name

    def answer(self, prompt: str, images: Sequence[PillowImage.Image]) -> str:
        """Say Yes or No."""
        if Eye.asked >= Eye.patience:
            raise RuntimeError("fell asleep")
        Eye.asked += 1
        first, second = (np.asarray(image.resize((48, 48)), dtype=float) for image in images)
        different = np.abs(first - second).mean() > 3.0
        return "Yes" if different != ("identical" in prompt) else "No"


def eye() -> Eye:
    """Return an observer named `eye`."""
    return Eye("eye")


def eye_again() -> Eye:
    """Return another observer of the same name."""
    return Eye("eye")


def other_eye() -> Eye:
    """Return an observer named `other`."""
    return Eye("other")
