"""Sample a picture at every half step of a target size: where shrinking kernels read, and between.

Four phases: at the corner or around the centre of each target pixel, down and across.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from gateway.providers.sizes import Size

Grey = npt.NDArray[np.uint8]  # (height, width)
Positions = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]  # source pixels of corners, of centres
_Levels = TypeVar("_Levels", np.uint8, np.float32)
_Any = TypeVar("_Any", np.uint8, np.int16, np.float32)

CELL = 2  # target pixels a side over which what a phase shows is averaged: strokes of letters are no thinner
_GOLDEN = 0.618
_KNOWN = 1024  # sides and steps whose positions are kept, of some 5 kB each; a picture has up to 160


@dataclass(frozen=True)
class Alignment:
    """Which source pixels a way of reading takes for target pixels, and half a step further."""

    shift: float  # source pixels before rounding down
    is_to_ends: bool  # the last target pixel is the last source pixel, the first is the first
    candidates: tuple[tuple[int, int], ...]  # phases that are read, both down and across alike

    def positions(self, length: int, count: int, every: int = 1) -> Positions:
        """Return the source pixels at the corners and at the centres of target pixels, for whole cells.

        Those of one row of cells in `every`. Read only: kept for the next picture of that size.
        """
        return _positions(self, length, count, every)

    def reckoned_positions(self, length: int, count: int) -> Positions:
        """Reckon the positions of every row of cells."""
        steps = np.arange(count // CELL * CELL)
        step = (length - 1) / (count - 1) if self.is_to_ends else length / count
        # What is a whole number but for rounding must not fall below it.
        corners, centres = (
            np.minimum(((steps + half) * step + self.shift + 1e-9).astype(np.intp), length - 1)
            for half in (0.0, 0.5)
        )
        return corners, centres

    def is_of_its_own(self, grey: Grey, target: Size) -> bool:
        """Tell whether it reads other pixels than the first: not where steps are whole pixels."""
        is_whole = grey.shape[0] % target.height == 0 and grey.shape[1] % target.width == 0
        return not is_whole or self.shift == 0 or self.is_to_ends


# Pillow, OpenCV and PyTorch, and nearest neighbour everywhere; TensorFlow 1; PyTorch's `align_corners`
ALIGNMENTS = (
    Alignment(0.0, False, ((0, 0), (1, 1))),
    Alignment(0.5, False, ((0, 0),)),
    Alignment(0.5, True, ((0, 0),)),
)


@lru_cache(maxsize=_KNOWN)
def _positions(alignment: Alignment, length: int, count: int, every: int) -> Positions:
    known = alignment.reckoned_positions(length, count)
    if every > 1:
        known = sparse(known, every)
    for each in known:
        each.setflags(write=False)
    return known


def read_samples(grey: Grey, rows: Positions, columns: Positions) -> Grey:
    """Read the four phases into one array: a quarter each, corners before centres, down and across."""
    return np.asarray(np.take(grey[np.concatenate(rows)], np.concatenate(columns), axis=1), dtype=np.uint8)


def sparse(rows: Positions, every: int) -> Positions:
    """Keep the rows of one row of cells in so many, at uneven distances.

    Even ones may meet steps that are no whole pixels wherever a kernel reads all phases alike.
    """
    cells = [each.reshape(-1, CELL) for each in rows]
    groups = np.arange(len(cells[0]) // every)
    chosen = groups * every + (groups * _GOLDEN % 1 * every).astype(np.intp)
    corners, centres = (each[chosen].ravel() for each in cells)
    return corners, centres


def quarters(values: npt.NDArray[_Any]) -> npt.NDArray[_Any]:
    """View what four phases have in one array by phase down, phase across, row and column."""
    rows, columns = values.shape[0] // 2, values.shape[1] // 2
    return values.reshape(2, rows, 2, columns).transpose(0, 2, 1, 3)


def cell_means(sample: npt.NDArray[_Levels]) -> npt.NDArray[_Levels]:
    """Return the mean of every cell, rounded where levels are whole."""
    height, width = sample.shape
    means = cv2.resize(sample, (width // CELL, height // CELL), interpolation=cv2.INTER_AREA)
    return np.asarray(means, dtype=sample.dtype)
