"""Part a shape in which one place was lit and its neighbour shaded: a menu whose chosen entry moved on.

The two touch along a straight line, on whose sides the change has contrary signs; as one shape they would be
no light. Only one such line is looked for: a code or noise has many. Whether each side is lit evenly is asked
elsewhere.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_LEAST_LEVELS = 2.0  # grey levels that each side changed on average
_LEAST_WIDTH = 0.5  # of the widest line: less is what a codec leaves at a rim
_LEAST_LINES = 5  # pixels that each side is wide


def parted(change: Floats, filled: Mask) -> tuple[Mask, Mask] | None:
    """Part a shape where its change turns round, across rows or columns.

    Args:
        change: (H, W, 3), grey levels.
        filled: (H, W), the shape.

    Returns:
        Its two sides (H, W), None where there is no such line, or more than one.
    """
    for axis in (0, 1):
        cut = _turn(change, filled, axis)
        if cut is None:
            continue
        beyond = np.indices(filled.shape)[axis] >= cut
        return filled & ~beyond, filled & beyond
    return None


def _turn(change: Floats, filled: Mask, axis: int) -> int | None:
    """Return where the lines across an axis change sign, once and for all."""
    counts = filled.sum(axis=1 - axis)
    sums = (change * filled[..., None]).sum(axis=1 - axis)  # (lines, 3)
    lines = sums / np.maximum(counts, 1)[:, None]
    channel = int(np.abs(lines).mean(axis=0).argmax())
    own = lines[:, channel]
    clear = np.flatnonzero((np.abs(own) >= _LEAST_LEVELS) & (counts >= _LEAST_WIDTH * counts.max()))
    if clear.size < 2 * _LEAST_LINES:
        return None
    turns = np.flatnonzero(np.diff(np.sign(own[clear])))
    if turns.size != 1 or not _LEAST_LINES <= int(turns[0]) + 1 <= clear.size - _LEAST_LINES:
        return None
    return int(clear[turns[0] + 1])
