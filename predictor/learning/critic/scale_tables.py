"""Tables that put what a line says on the scale of 0 to 100."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]


def table_through(knots: Sequence[float], values: Sequence[float]) -> tuple[Column, Column]:
    """Return knots and values, both rising, through those given; the ends are as far on as the slope goes."""
    at, worth = np.array(knots, np.float64), np.array(values, np.float64)
    low = at[0] - (at[1] - at[0]) * worth[0] / (worth[1] - worth[0])
    high = at[-1] + (at[-1] - at[-2]) * (100 - worth[-1]) / (worth[-1] - worth[-2])
    return np.maximum.accumulate(np.array([low, *at, high])), np.array([0.0, *worth, 100.0])
