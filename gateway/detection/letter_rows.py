"""Group what is sized and shaped like letters into rows: neighbours of one height, strength, base or top."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from gateway.detection.faint_ink import FaintInk

Numbers = npt.NDArray[np.int32]
Indices = npt.NDArray[np.intp]

_LOWEST, _HIGHEST = 5, 45  # pixels of the shrunk picture: a letter
_WIDEST, _TALLEST = 4.0, 12.0  # width to height, height to width
_EMPTIEST, _FULLEST = 0.12, 0.98  # share of its box that is ink
FEWEST = 5  # letters in a row
_OF_PARTS = 0.3  # of the ink of words that is of letters: less in texture
_MOST_PARTS = 20_000  # of ink in a plane: texture above
_MOST_ROWS = 12  # of a plane, the longest first
_NEIGHBOURS = 8
_FINEST_GRID = 4  # pixels between blocks of JPEG: closer, letters are there by chance
_MOST_ON_GRID = 0.55  # of the sides of letters: at half the size a quarter is there by chance
# The next four hold 99 of 100 lines of hidden text, in PNG and in JPEG of quality 90.
_UNLIKE = 0.27  # standard deviation of the letters' contrasts, to their mean
_UNLIKE_HEIGHTS = 0.35
_AREAS, _LEAST_WIDTHS = (0.1, 0.75), 0.04  # likewise: dots and dashes are all alike
_ABOVE_ANOTHER = 0.16  # share of letters that stand above another, as none of a line does


@dataclass(frozen=True)
class Parts:
    """The parts of ink that hang together; the first is the ground; each (N,) but the labels."""

    labels: Numbers  # (H, W)
    left: Numbers
    top: Numbers
    width: Numbers
    height: Numbers
    area: Numbers
    contrast: npt.NDArray[np.float64]
    is_whole: npt.NDArray[np.bool_]

    def turned(self) -> "Parts":
        """Return them mirrored at the picture's diagonal."""
        return replace(
            self, labels=self.labels.T, left=self.top, top=self.left, width=self.height, height=self.width
        )


@dataclass(frozen=True)
class Letters:
    """What is sized and shaped like a letter; each (N,)."""

    label: Indices
    left: Numbers
    top: Numbers
    width: Numbers
    height: Numbers
    area: Numbers
    contrast: npt.NDArray[np.float64]

    def only(self, chosen: npt.NDArray[np.bool_]) -> "Letters":
        """Return some of them, (N,)."""
        return Letters(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def parts_of(faint: FaintInk) -> Parts | None:
    """Take ink apart; None where no row of letters can be in it, or where there is as much as of texture."""
    # Without its statistics, which look at the ground too, it takes a quarter of the time.
    count, labels = cv2.connectedComponentsWithAlgorithm(faint.ink, 8, cv2.CV_32S, cv2.CCL_GRANA)
    if not FEWEST < count <= _MOST_PARTS:
        return None
    inked = np.flatnonzero(faint.ink.view(np.bool_))
    part = labels.ravel()[inked]
    left, top, width, height = _boxes(part, inked, count, labels.shape)
    area = np.bincount(part, minlength=count).astype(np.int32)
    area[0] = labels.size - inked.size
    if not (
        _are_enough(_shaped(width, height, area), area) or _are_enough(_shaped(height, width, area), area)
    ):
        return None  # most pictures end here
    contrast = np.bincount(part, weights=faint.plane.ravel()[inked], minlength=count) / area
    # The ground is unsure at the picture's border, and what is seen cuts parts into shapes of its own.
    is_whole = np.bincount(part, weights=faint.beside_seen.ravel()[inked], minlength=count) == 0
    is_whole &= (left > 0) & (left + width < labels.shape[1]) & (top > 0) & (top + height < labels.shape[0])
    return Parts(labels, left, top, width, height, area, contrast, is_whole)


def rows_of_letters(parts: Parts, grid: int) -> Iterator[Letters]:
    """Yield the rows that stand like letters of a line, the longest first.

    Args:
        parts: Of ink.
        grid: Pixels between the blocks of a JPEG; 1 where they are too close to tell.
    """
    letters = letters_of(parts)
    if letters is None:
        return
    rows = row_of(letters)
    sizes = np.bincount(rows)
    for row in np.argsort(-sizes, kind="stable")[:_MOST_ROWS]:
        if sizes[row] < FEWEST:
            break
        chosen = letters.only(rows == row)
        if _stand_like_letters(chosen, grid):
            yield chosen


def _boxes(
    part: Numbers, inked: Indices, count: int, shape: tuple[int, ...]
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return left, top, width and height of every part, (count,); the first is the ground."""
    rows, columns = (place.astype(np.int32) for place in np.divmod(inked, shape[1]))
    first = [np.full(count, length, np.int32) for length in (shape[1], shape[0])]
    last = [np.zeros(count, np.int32) for _ in range(2)]
    for places, low, high in zip((columns, rows), first, last, strict=True):
        np.minimum.at(low, part, places)
        np.maximum.at(high, part, places)
    (left, top), (right, bottom) = first, last
    left[0] = top[0] = 0
    right[0], bottom[0] = shape[1] - 1, shape[0] - 1
    return left, top, right - left + 1, bottom - top + 1


def letters_of(parts: Parts) -> Letters | None:
    """Take what is sized and shaped like letters; None where it is too little for a row."""
    is_letter = _shaped(parts.width, parts.height, parts.area) & parts.is_whole
    if not _are_enough(is_letter, parts.area):
        return None
    chosen = np.flatnonzero(is_letter)
    left, top, width, height = (side[chosen] for side in (parts.left, parts.top, parts.width, parts.height))
    return Letters(chosen, left, top, width, height, parts.area[chosen], parts.contrast[chosen])


def _shaped(width: Numbers, height: Numbers, area: Numbers) -> npt.NDArray[np.bool_]:
    """Tell which parts are sized and shaped like letters, whole or not."""
    share = area / (width * height)
    is_letter = (height >= _LOWEST) & (height <= _HIGHEST)
    is_letter &= (width <= _WIDEST * height) & (height <= _TALLEST * width)
    is_letter &= (share >= _EMPTIEST) & (share <= _FULLEST)
    is_letter[0] = False  # the ground
    return is_letter


def _are_enough(is_letter: npt.NDArray[np.bool_], area: Numbers) -> bool:
    """Tell whether letters are enough for a row, and enough of the ink."""
    ink = int(area[1:].sum())
    return int(np.count_nonzero(is_letter)) >= FEWEST and int(area[is_letter].sum()) >= _OF_PARTS * ink


def row_of(letters: Letters) -> Indices:
    """Number the lines: neighbours of one height, one contrast and one base or top belong together; (N,)."""
    centres = np.column_stack([letters.left + letters.width / 2, letters.top + letters.height / 2])
    neighbours = min(_NEIGHBOURS + 1, len(centres))
    nearest = cKDTree(centres).query(centres, k=neighbours)[1]  # (N, neighbours), itself first
    one, other = np.repeat(np.arange(len(centres)), neighbours - 1), nearest[:, 1:].ravel()
    right, base = letters.left + letters.width, letters.top + letters.height
    gap = np.maximum(letters.left[one], letters.left[other]) - np.minimum(right[one], right[other])
    tall = np.maximum(letters.height[one], letters.height[other])
    off = np.minimum(np.abs(base[one] - base[other]), np.abs(letters.top[one] - letters.top[other]))
    belong = (off <= 0.15 * tall + 1) & (gap <= 1.2 * tall) & (gap >= -0.3 * tall)
    belong &= tall <= 2 * np.minimum(letters.height[one], letters.height[other])
    strong = np.maximum(letters.contrast[one], letters.contrast[other])
    belong &= strong <= 1.6 * np.minimum(letters.contrast[one], letters.contrast[other])
    return _joined(len(centres), one[belong], other[belong])


def _joined(count: int, one: Indices, other: Indices) -> Indices:
    """Number the letters by the rows that links join them to; (count,)."""
    rows = np.arange(count)
    while True:  # the lowest number spreads along the links, in steps that double
        lowest = np.minimum(rows[one], rows[other])
        spread = rows.copy()
        np.minimum.at(spread, one, lowest)
        np.minimum.at(spread, other, lowest)
        spread = spread[spread]
        if np.array_equal(spread, rows):
            return rows
        rows = spread


def _stand_like_letters(letters: Letters, grid: int) -> bool:
    """Tell whether they are unlike enough, of about one height and strength, and side by side."""
    order = np.argsort(letters.left)
    left, width = letters.left[order], letters.width[order]
    height, area, own = letters.height, letters.area, letters.contrast
    right = np.maximum.accumulate(left + width)
    above = right[:-1] - left[1:] > np.minimum(width[:-1], width[1:]) / 2
    return bool(
        above.mean() <= _ABOVE_ANOTHER
        and height.std() <= _UNLIKE_HEIGHTS * height.mean()
        and own.std() <= _UNLIKE * own.mean()
        and _AREAS[0] * area.mean() <= area.std() <= _AREAS[1] * area.mean()
        and width.std() >= _LEAST_WIDTHS * width.mean()
        and (grid < _FINEST_GRID or _share_on_grid(left, width, grid) <= _MOST_ON_GRID)
    )


def _share_on_grid(left: Numbers, width: Numbers, step: int) -> float:
    """Return the share of left and right sides that lie where blocks of JPEG meet."""
    return float(np.mean(np.concatenate([left, left + width]) % step == 0))
