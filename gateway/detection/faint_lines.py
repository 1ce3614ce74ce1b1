"""Find lines of letters that are too faint to see, by how their strokes are built; nothing is read.

Looks on smooth ground alone: where something stands out that people see, and right beside it, nobody needs
amplified contrast, and the ringing of JPEG draws strokes of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from calibration.image import Image

_Plane = npt.NDArray[np.int16]  # one colour or difference of colours, minus its ground, in steps
_Mask = npt.NDArray[np.uint8]  # 0 or 255

_STEPS = 64  # to a grey level: halves and sums keep their fractions
_GROUND = 13  # pixels of the shrunk picture, whose mean is the ground
_AROUND = 11  # pixels of the shrunk picture, in which nothing visible may stand
_VISIBLE = 14  # grey levels from the darkest to the lightest pixel there
_LEAST_SMOOTH = 0.02  # share of the picture
_SHRINKS = (2, 4, 8)  # letters of 24 to some 300 pixels have in one of them a height that is looked for
_SMALLEST_SIDE = 24  # pixels of the shrunk picture
_LEAST_STEPS = _STEPS // 2  # half a grey level above the ground
_OF_INK = 0.6  # of the mean of what stands out
_NOISES = 2.5  # standard deviations of the noise above the ground
_LEAST_INK, _MOST_INK = 120, 0.3  # pixels; share of what is smooth: texture above
_BLOCK, _RUN = 8, 4  # pixels of the shrunk picture; blocks in a row: the shortest line
_DENSE = 25  # of 255: share of ink in a block of text, noise leaves less
_LOWEST, _HIGHEST = 6, 45  # pixels of the shrunk picture: a letter
_WIDEST, _TALLEST = 4.0, 12.0  # width to height, height to width
_EMPTIEST, _FULLEST = 0.12, 0.98  # share of its box that is ink
_FEWEST = 5  # letters in a line
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


def find_faint_lines(image: Image) -> list[FaintLine]:
    """Return the lines of the colour, polarity and scale in which most letters stand out; none is common."""
    best: list[FaintLine] = []
    shrunk = image.pixels
    for shrink in _SHRINKS:
        height, width = image.height // shrink, image.width // shrink
        if min(height, width) < _SMALLEST_SIDE:
            break
        shrunk = np.asarray(cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_AREA))
        for plane, ink in _inks(shrunk):
            best = max(best, _lines(plane, ink, shrink), key=count_letters)
    return best


def count_letters(lines: list[FaintLine]) -> int:
    """Return how many letters the lines have together."""
    return sum(line.letters for line in lines)


def _inks(pixels: npt.NDArray[np.uint8]) -> Iterator[tuple[_Plane, _Mask]]:
    """Yield what stands out faintly: colours and their differences, lighter and darker; each (H, W)."""
    steps = pixels.astype(np.int16) * np.int16(_STEPS)  # (H, W, 3)
    detail = np.asarray(cv2.subtract(steps, cv2.blur(steps, (_GROUND, _GROUND))))
    smooth = _smooth(detail)
    area = cv2.countNonZero(smooth)
    if area < _LEAST_SMOOTH * smooth.size:
        return
    for plane in _planes(detail, smooth):
        least = _least(plane, smooth)
        for signed in (plane, cv2.subtract(np.zeros_like(plane), plane)):
            ink = _ink(signed, least, smooth)
            is_some = _LEAST_INK <= cv2.countNonZero(ink) <= _MOST_INK * area
            if is_some and _has_words(ink):
                yield signed, ink


def _ink(plane: _Plane, least: int, smooth: _Mask) -> _Mask:
    """Mark the upper part of what stands out: the blurred edges of strong strokes would join letters."""
    ink = cv2.bitwise_and(cv2.inRange(plane, least, 32767), smooth)
    middle = max(least, _OF_INK * cv2.mean(plane, ink)[0])
    return np.asarray(cv2.bitwise_and(ink, cv2.inRange(plane, middle, 32767)))


def _has_words(ink: _Mask) -> bool:
    """Tell whether ink lies close together along a row: most pictures end here, before parts are counted."""
    size = (ink.shape[1] // _BLOCK, ink.shape[0] // _BLOCK)
    dense = cv2.inRange(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), _DENSE, 255)
    return cv2.countNonZero(cv2.erode(dense, np.ones((1, _RUN), np.uint8), borderValue=0)) > 3


def _smooth(detail: npt.NDArray[np.int16]) -> _Mask:
    """Mark where nothing that people see stands near, in any colour; (H, W)."""
    around = np.ones((_AROUND, _AROUND), np.uint8)
    levels = cv2.convertScaleAbs(detail, alpha=1 / _STEPS, beta=128)
    spans = cv2.split(cv2.subtract(cv2.dilate(levels, around), cv2.erode(levels, around)))
    return np.asarray(cv2.inRange(cv2.max(cv2.max(spans[0], spans[1]), spans[2]), 0, _VISIBLE))


def _planes(detail: npt.NDArray[np.int16], smooth: _Mask) -> Iterator[_Plane]:
    """Yield green, the others where they say something else, and differences, which grain does not reach."""
    red, green, blue = cv2.split(detail)
    yield green
    for other in (red, blue):
        difference = cv2.subtract(other, green)
        least = _least(difference, smooth)
        apart = cv2.bitwise_or(cv2.inRange(difference, least, 32767), cv2.inRange(difference, -32768, -least))
        if _has_words(np.asarray(cv2.bitwise_and(apart, smooth))):
            yield other
            yield difference


def _least(plane: _Plane, smooth: _Mask) -> int:
    """Return by how many steps ink has to stand out."""
    return max(_LEAST_STEPS, round(_NOISES * _noise(plane, smooth)))


def _noise(plane: _Plane, smooth: _Mask) -> float:
    """Return the standard deviation of what differs from pixel to pixel; strokes are too few to count."""
    rows = slice(None, None, max(1, plane.size // 16_384))
    is_inside = (smooth[rows, 1:] > 0) & (smooth[rows, :-1] > 0)
    differences = np.abs(plane[rows, 1:] - plane[rows, :-1])[is_inside]
    return float(np.median(differences)) / 0.95 if differences.size else 0.0  # 0.95 = 0.6745 * sqrt(2)


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


def _lines(plane: _Plane, ink: _Mask, shrink: int) -> list[FaintLine]:
    parts, labels, boxes, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
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
        measured = _measure(plane, ink, labels, letters, line_of == line, shrink)
        if measured is not None:
            found.append(measured)
    return found


def _letters(plane: _Plane, labels: npt.NDArray[np.int32], boxes: npt.NDArray[np.int32]) -> _Letters | None:
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
    if len(chosen) < _FEWEST:
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


def _measure(  # noqa: PLR0917 - the arrays of one plane, passed on as they are
    plane: _Plane,
    ink: _Mask,
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
    detail, ground = plane[there], plane[there][beside & ~near]
    if not ground.size:
        return None
    contrast = float(detail[strokes].mean() - ground.mean())
    area, width, own = letters.area[chosen], letters.width[chosen], letters.contrast[chosen]
    is_text = (
        0.3 * _STEPS < contrast <= _MOST_CONTRAST * _STEPS
        and detail[strokes].std() <= _UNEVEN * contrast
        and ground.std() <= _UNEVEN * contrast
        and strokes.sum() >= 0.75 * np.count_nonzero(ink[there])  # hardly any specks between
        and own.std() <= 0.2 * own.mean()
        and 0.15 * area.mean() <= area.std() <= 1.2 * area.mean()  # dots and dashes are all alike
        and width.std() >= 0.1 * width.mean()
    )
    if not is_text:
        return None
    box = (left * shrink, top * shrink, right * shrink, bottom * shrink)
    height = round(float(np.median(letters.height[chosen]))) * shrink
    return FaintLine(int(chosen.sum()), height, contrast / _STEPS, box)


def _share_on_grid(letters: _Letters, chosen: npt.NDArray[np.bool_], step: int) -> float:
    """Return the share of left and right sides that lie where blocks of JPEG meet."""
    left = letters.left[chosen]
    sides = np.concatenate([left, left + letters.width[chosen]])
    return float(np.mean(sides % step == 0))
