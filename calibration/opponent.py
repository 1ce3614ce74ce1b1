"""Light and colour differences of RGB as ITU-R BT.601 weighs them."""

from typing import Final

import numpy as np
import numpy.typing as npt

# Rows turn RGB into Y, Cb, Cr; the two colour rows add up to 0 and are rounded as in JFIF.
OPPONENT: Final[npt.NDArray[np.float32]] = np.array(
    [[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]], dtype=np.float32
)
OPPONENT.setflags(write=False)
LUMA: Final = OPPONENT[0]  # (3,): sums to 1
