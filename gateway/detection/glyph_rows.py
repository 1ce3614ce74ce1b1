"""Count the letters that stand in rows in a mask of two levels: is there text, whatever it says?

Knows nothing of scripts or words: blobs of about one height, side by side, of the size of letters.
"""

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]

_MIN_HEIGHT, _MAX_HEIGHT = 5, 160  # pixels
_MAX_BLOBS = 1200  # more are grain; the pairs of so many are looked at at once
_LEAST_IN_ROW = 6
_GAP = 1.3  # heights of a letter between it and the next: across a space between words
_TALLER = 2.3  # at most, of two neighbours: an ascender beside a small letter


def letters_in_rows(mask: Mask) -> int:
    """Return how many blobs of `mask` stand in rows of six and more.

    Args:
        mask: (H, W), true where there is ink.
    """
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    left, top, width, height, area = (stats[1:, column].astype(np.float32) for column in range(5))
    fill = area / (width * height)
    is_letter = (height >= _MIN_HEIGHT) & (height <= _MAX_HEIGHT) & (width <= 4 * height)
    is_letter &= (fill > 0.12) & ((fill < 0.92) | (height > 2.5 * width))
    letters = int(np.count_nonzero(is_letter))
    # Among as many specks or scraps chance puts some in a row: letters are most of what text is made of.
    if not _LEAST_IN_ROW <= letters <= _MAX_BLOBS or letters < 0.5 * (
        count - 1 - _dots(area, area[is_letter])
    ):
        return 0
    chosen = (side[is_letter] for side in (left, top, width, height))
    return _standing_in_rows(*chosen)


def _dots(area: npt.NDArray[np.float32], letters: npt.NDArray[np.float32]) -> int:
    """Count the dots of i and j, full stops and commas: far smaller than the letters, and fewer."""
    if letters.size == 0:
        return 0
    return min(int(np.count_nonzero(area < 0.25 * np.median(letters))), letters.size)


def _standing_in_rows(
    left: npt.NDArray[np.float32],
    top: npt.NDArray[np.float32],
    width: npt.NDArray[np.float32],
    height: npt.NDArray[np.float32],
) -> int:
    order = np.argsort(left, kind="stable")
    left, top, width, height = left[order], top[order], width[order], height[order]
    taller = np.maximum(height[:, None], height[None, :])
    lower = np.minimum(height[:, None], height[None, :])
    gap = left[None, :] - (left + width)[:, None]
    overlap = np.minimum((top + height)[:, None], (top + height)[None, :])
    overlap -= np.maximum(top[:, None], top[None, :])
    follows = (gap <= _GAP * taller) & (gap >= -0.35 * taller)
    follows &= (overlap >= 0.6 * lower) & (taller <= _TALLER * lower)
    follows &= np.arange(left.size)[None, :] > np.arange(left.size)[:, None]
    row = np.arange(left.size)
    for letter in range(left.size):
        following = np.flatnonzero(follows[letter])
        if following.size:
            row[following[0]] = row[letter]  # the nearest one to the right
    lengths = np.bincount(row)
    return int(lengths[lengths >= _LEAST_IN_ROW].sum())
