"""Say where in a picture evidence lies: from a map to a few boxes, back to a map, and in words.

Boxes are what evidence carries, since they are small and outlive the picture; maps are for looking at.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from gateway.detection.verdict import Box

Floats = npt.NDArray[np.float32]

CELL = 16  # pixels: a side of the maps' cells
_GRID = 12  # cells a side, at most, of what becomes boxes
_FAINTEST = 0.3  # of the strongest cell: less is left out
_MOST = 64  # boxes of one kind of evidence
_MIDDLE = (0.38, 0.62)  # of a side: what is centred there is in the middle
_EVERYWHERE = 0.5  # of the area, of what stands out
_TOGETHER = 0.75  # of the weight, that lies on one side


def boxes_of(strength: Floats, width: int, height: int) -> tuple[Box, ...]:
    """Reduce a map to boxes, the weightiest first.

    Args:
        strength: (rows, columns), 0 and more; cells of equal size over the whole picture.
        width: Of the picture, pixels.
        height: Likewise.
    """
    rows, columns = (min(_GRID, side) for side in strength.shape)
    coarse = cv2.resize(strength.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    top = float(coarse.max())
    if top <= 0.0:
        return ()
    places = np.argwhere(coarse >= _FAINTEST * top)
    weighed = sorted(
        ((float(coarse[row, column]) / top, row, column) for row, column in places), reverse=True
    )
    return tuple(
        (
            int(column * width // columns),
            int(row * height // rows),
            int(-(-(column + 1) * width // columns)),
            int(-(-(row + 1) * height // rows)),
            round(weight, 3),
        )
        for weight, row, column in weighed[:_MOST]
    )


def map_of(boxes: Sequence[Box], width: int, height: int) -> Floats:
    """Lay boxes on a map (ceil(height / 16), ceil(width / 16)) of weights, 0..1; the largest counts."""
    rows, columns = -(-height // CELL), -(-width // CELL)
    found = np.zeros((rows, columns), dtype=np.float32)
    for left, top, right, bottom, weight in boxes:
        place = np.s_[top // CELL : -(-bottom // CELL), left // CELL : -(-right // CELL)]
        found[place] = np.maximum(found[place], weight)
    return found


def words_for(boxes: Sequence[Box], width: int, height: int) -> str:
    """Say where most of it lies: `mostly at the lower left`, `all over it`; empty without boxes."""
    if not boxes:
        return ""
    weights = np.array(
        [weight * (right - left) * (bottom - top) for left, top, right, bottom, weight in boxes]
    )
    across = _side(np.array([(left + right) / 2 / width for left, _, right, _, _ in boxes]), weights)
    down = _side(np.array([(top + bottom) / 2 / height for _, top, _, bottom, _ in boxes]), weights)
    is_wide = float((map_of(boxes, width, height) > 0).mean()) >= _EVERYWHERE
    if not across and not down:
        return "all over it" if is_wide else "in places all over it"
    names = {
        ("low", "low"): "at the upper left",
        ("low", "high"): "at the lower left",
        ("high", "low"): "at the upper right",
        ("high", "high"): "at the lower right",
        ("low", "middle"): "at the left",
        ("high", "middle"): "at the right",
        ("middle", "low"): "at the top",
        ("middle", "high"): "at the bottom",
        ("low", ""): "in the left half",
        ("high", ""): "in the right half",
        ("", "low"): "in the upper half",
        ("", "high"): "in the lower half",
    }
    return "mostly " + names.get((across, down), "in the middle")


def _side(centres: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> str:
    """Tell on which side, 0..1, most of the weight lies; empty: on both."""
    total = weights.sum()
    is_middle = (centres >= _MIDDLE[0]) & (centres <= _MIDDLE[1])
    shares = {
        "middle": weights[is_middle].sum() / total,
        "low": weights[centres < 0.5].sum() / total,
        "high": weights[centres > 0.5].sum() / total,
    }
    return next((name for name, share in shares.items() if share >= _TOGETHER), "")
