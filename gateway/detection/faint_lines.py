"""Find lines of letters that are too faint to see, by how their strokes are built; nothing is read."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from calibration.image import Image
from gateway.detection.faint_ink import STEPS, FaintInk, Plane, faint_inks, halved

_SHRINKS = (2, 4, 8)  # letters of 24 to some 300 pixels have in one of them a height that is looked for
_SMALLEST_SIDE = 24  # pixels of the shrunk picture
_LOWEST, _HIGHEST = 6, 45  # pixels of the shrunk picture: a letter
_WIDEST, _TALLEST = 4.0, 12.0  # width to height, height to width
_EMPTIEST, _FULLEST = 0.12, 0.98  # share of its box that is ink
_FEWEST = 5  # letters in a line
_OF_PARTS = 0.3  # of the ink of words that is of letters: less in texture
_MOST_PARTS = 20_000  # of ink in a plane: texture above
_JPEG_BLOCK = 8  # pixels of the picture
_MOST_ON_GRID = 0.55  # of the sides of letters: at half the size a quarter is there by chance
_MOST_LINES = 12  # of a plane, the longest first
_NEIGHBOURS = 8
_MOST_CONTRAST = 12  # grey levels: people see more
_UNEVEN = 0.45  # standard deviation of ink, and of the ground beside it, to the contrast


@dataclass(frozen=True)
class FaintLine:
    """One line of letters that stands out from its ground by less than people see."""

    letters: int
    height: int  # of a letter, pixels of the picture
    contrast: float  # grey levels between ink and ground
    box: tuple[int, int, int, int]  # left, top, right, bottom: pixels of the picture
    mix: tuple[int, int, int]  # of red, green and blue, in which it is lighter than its ground


def find_faint_lines(image: Image) -> list[FaintLine]:
    """Return the lines of the colour, polarity and scale in which most letters stand out; none is common."""
    best: list[FaintLine] = []
    shrunk = image.pixels
    for shrink in _SHRINKS:
        height, width = image.height // shrink, image.width // shrink
        if min(height, width) < _SMALLEST_SIDE:
            break
        shrunk = halved(shrunk)
        for found in faint_inks(shrunk):
            best = max(best, _lines(found, shrink), key=count_letters)
    return best


def count_letters(lines: list[FaintLine]) -> int:
    """Return how many letters the lines have together."""
    return sum(line.letters for line in lines)


@dataclass(frozen=True)
class _Letters:
    """What is sized and shaped like a letter; each (N,)."""

    label: npt.NDArray[np.intp]
    left: npt.NDArray[np.int32]
    top: npt.NDArray[np.int32]
    width: npt.NDArray[np.int32]
    height: npt.NDArray[np.int32]
    area: npt.NDArray[np.int32]
    contrast: npt.NDArray[np.float64]


def _lines(faint: FaintInk, shrink: int) -> list[FaintLine]:
    plane, ink = faint.plane, faint.ink
    parts, labels, boxes, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        ink, 8, cv2.CV_32S, cv2.CCL_GRANA
    )  # twice as fast as the default
    if not _FEWEST < parts <= _MOST_PARTS:
        return []
    letters = _letters(plane, labels, boxes)
    if letters is None:
        return []
    line_of = _line_of(letters)
    sizes = np.bincount(line_of)
    found = []
    for line in np.argsort(-sizes)[:_MOST_LINES]:
        if sizes[line] < _FEWEST:
            break
        measured = _measure(faint, labels, letters, line_of == line, shrink)
        if measured is not None:
            found.append(measured)
    return found


def _letters(plane: Plane, labels: npt.NDArray[np.int32], boxes: npt.NDArray[np.int32]) -> _Letters | None:
    width, height, area = boxes[:, 2], boxes[:, 3], boxes[:, 4]
    share = area / (width * height)
    is_letter = (height >= _LOWEST) & (height <= _HIGHEST)
    is_letter &= (width <= _WIDEST * height) & (height <= _TALLEST * width)
    is_letter &= (share >= _EMPTIEST) & (share <= _FULLEST)
    right, bottom = boxes[:, 0] + width, boxes[:, 1] + height
    is_letter &= (boxes[:, 0] > 0) & (right < plane.shape[1])  # the ground is unsure at the picture's border
    is_letter &= (boxes[:, 1] > 0) & (bottom < plane.shape[0])
    is_letter[0] = False  # the ground
    chosen = np.flatnonzero(is_letter)
    if len(chosen) < _FEWEST or area[chosen].sum() < _OF_PARTS * area[1:].sum():
        return None
    inked = labels > 0
    sums = np.bincount(labels[inked], weights=plane[inked], minlength=len(boxes))
    contrast = sums[chosen] / area[chosen]
    left, top = boxes[chosen, 0], boxes[chosen, 1]
    return _Letters(chosen, left, top, width[chosen], height[chosen], area[chosen], contrast)


def _line_of(letters: _Letters) -> npt.NDArray[np.int32]:
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
    if belong.sum() < _FEWEST - 1:
        return np.arange(len(centres), dtype=np.int32)
    links = coo_matrix((np.ones(belong.sum()), (one[belong], other[belong])), shape=(len(centres),) * 2)
    numbers: npt.NDArray[np.int32] = connected_components(links, directed=False)[1]
    return numbers


def _measure(
    faint: FaintInk,
    labels: npt.NDArray[np.int32],
    letters: _Letters,
    chosen: npt.NDArray[np.bool_],
    shrink: int,
) -> FaintLine | None:
    """Return the line if its strokes are built like text; None if like grain, texture or a pattern."""
    if shrink < _JPEG_BLOCK // 2 and _share_on_grid(letters, chosen, _JPEG_BLOCK // shrink) > _MOST_ON_GRID:
        return None
    left, top = int(letters.left[chosen].min()), int(letters.top[chosen].min())
    right = int((letters.left + letters.width)[chosen].max())
    bottom = int((letters.top + letters.height)[chosen].max())
    there = (slice(top, bottom), slice(left, right))
    strokes = np.isin(labels[there], letters.label[chosen])
    near, beside = (cv2.dilate(strokes.astype(np.uint8), np.ones((n, n), np.uint8)) > 0 for n in (3, 7))
    detail = faint.plane[there]
    ground = detail[beside & ~near]
    if not ground.size:
        return None
    contrast = float(detail[strokes].mean() - ground.mean())
    area, width, own = letters.area[chosen], letters.width[chosen], letters.contrast[chosen]
    is_text = (
        0.3 * STEPS < contrast <= _MOST_CONTRAST * STEPS
        and detail[strokes].std() <= _UNEVEN * contrast
        and ground.std() <= _UNEVEN * contrast
        and strokes.sum() >= 0.75 * np.count_nonzero(faint.ink[there])  # hardly any specks between
        and own.std() <= 0.2 * own.mean()
        and 0.15 * area.mean() <= area.std() <= 1.2 * area.mean()  # dots and dashes are all alike
        and width.std() >= 0.1 * width.mean()
    )
    if not is_text:
        return None
    box = (left * shrink, top * shrink, right * shrink, bottom * shrink)
    height = round(float(np.median(letters.height[chosen]))) * shrink
    return FaintLine(int(chosen.sum()), height, contrast / STEPS, box, faint.mix)


def _share_on_grid(letters: _Letters, chosen: npt.NDArray[np.bool_], step: int) -> float:
    """Return the share of left and right sides that lie where blocks of JPEG meet."""
    left = letters.left[chosen]
    sides = np.concatenate([left, left + letters.width[chosen]])
    return float(np.mean(sides % step == 0))
