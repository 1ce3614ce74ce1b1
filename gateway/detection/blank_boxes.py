"""Tell a row of blank boxes, such as buttons, keys or the placeholders of a page that loads, from letters.

Faint boxes of many widths stand in line as letters do, filled or, where they are larger than what counts as
their ground, as rims. Nearly every one is convex, holes aside, or inked along all sides; of letters few are.
Boxes with something in them stay: it may be letters that they lack.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from gateway.detection.letter_rows import Letters, Numbers

Pixels = npt.NDArray[np.uint8]  # (H, W, 3)
_Mask = npt.NDArray[np.uint8]

_INKED, _EDGE = 0.5, 2  # of a side; pixels deep: corners are round, and codecs fray them
_CONVEX = 0.9  # of its convex hull is ink or enclosed by it
_MOST = (
    0.9  # of a row; in a row of bold l, i and 1 alone as many are, in text that says anything they are not
)
_INSET = 0.2  # of a side: what is inside
_STRUCTURE = 0.25  # standard deviation inside to the contrast: a letter has .4, nothing has its noise
_BORDER = (1, 1, 1, 1)


def are_blank_boxes(row: Letters, labels: Numbers, pixels: Pixels, *, shrink: int, contrast: float) -> bool:
    """Tell whether a row is one of boxes without anything in them.

    Args:
        row: At least one.
        labels: (H, W), of the parts of the same ink.
        pixels: `shrink` times as large or a little more: at full size letters show that shrinking took.
        shrink: Pixels of the picture to one of `labels`.
        contrast: Grey levels between the row and its ground.
    """
    if float(np.mean([_is_box(part) for part in _parts(row, labels)])) < _MOST:
        return False
    boxes = zip(row.left, row.top, row.width, row.height, strict=True)
    structures = [_structure(_inside(pixels, *(int(side) * shrink for side in box))) for box in boxes]
    return float(np.median(structures)) <= _STRUCTURE * contrast


def convex_share(row: Letters, labels: Numbers) -> float:
    """Return the share of a row's parts that are convex: of text .41 at most, but for rows of l, i and 1."""
    return float(np.mean([_is_convex(part) for part in _parts(row, labels)]))


def _parts(row: Letters, labels: Numbers) -> Iterator[_Mask]:
    """Yield each part's ink in its box, (h, w)."""
    for label, left, top, width, height in zip(
        row.label, row.left, row.top, row.width, row.height, strict=True
    ):
        inside = labels[top : top + height, left : left + width]
        yield np.asarray(inside == label).astype(np.uint8, order="C")


def _is_box(part: _Mask) -> bool:
    return _weakest_side(part) >= _INKED or _is_convex(part)


def _weakest_side(part: _Mask) -> float:
    """Return the least share of a side of its box along which a part (h, w) has ink."""
    across = (part[:_EDGE].any(axis=0), part[-_EDGE:].any(axis=0))
    down = (part[:, :_EDGE].any(axis=1), part[:, -_EDGE:].any(axis=1))
    return min(float(side.mean()) for side in (*across, *down))


def _is_convex(part: _Mask) -> bool:
    """Tell whether what a part encloses (h, w) nearly fills its convex hull."""
    framed = cv2.copyMakeBorder(part, *_BORDER, cv2.BORDER_CONSTANT, value=0)
    outlines, _ = cv2.findContours(framed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)
    filled, hull = (np.zeros(framed.shape, np.uint8) for _ in range(2))
    cv2.drawContours(filled, [outline], -1, 1, cv2.FILLED)
    cv2.fillConvexPoly(hull, cv2.convexHull(outline), 1)
    return cv2.countNonZero(filled) > _CONVEX * cv2.countNonZero(cv2.bitwise_or(filled, hull))


def _inside(pixels: Pixels, left: int, top: int, width: int, height: int) -> Pixels:
    """Return what is inside a box, without its rim."""
    across, down = round(_INSET * width), round(_INSET * height)
    return pixels[top + down : top + height - down, left + across : left + width - across]


def _structure(inside: Pixels) -> float:
    """Return the largest standard deviation of a channel, levels, without the noise of single pixels."""
    return float(cv2.meanStdDev(cv2.blur(inside, (3, 3)))[1].max())
