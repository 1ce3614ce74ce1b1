"""Examine the colours that a file keeps where it is clear: what a back end that drops alpha shows.

Honest files keep there a constant, colours smeared out of what is visible, coarse remains of premultiplied
ones, or, cut out of a photograph, the rest of it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import greatest_of_channels
from gateway.detection.glyph_rows import Mask, letters_in_rows

Bytes = npt.NDArray[np.uint8]

CLEAR = 8  # of 255: at most 3 % of a colour shows
_STEP = 20  # grey levels between neighbours
_EVERY = 4  # rows: as many tell how alike neighbours are
_LEAST_CORNERS = 60  # pixels
_LONG = 4  # pixels: a step across the border
_NEAR = 21  # pixels: a band along it
_LEAST_BORDER = 64  # steps
_CALM = 2.0  # grey levels: smaller steps are noise
_MARGIN = 5  # pixels around what is visible where colours bleed out of it


@dataclass(frozen=True)
class Beneath:
    """What lies where nothing is seen."""

    structure: float  # pixels that are corners or ends of something, in parts of the clear area
    area: int  # clear pixels
    letters: int  # in rows: lighter or darker than the middle
    drawn_letters: int  # the same, of the lightest or darkest colour alone
    smoothness: float  # correlation of neighbours; near 0: noise
    seam: float | None  # steps where clear meets visible, in steps beside it; None: they hardly meet

    @property
    def is_structured(self) -> bool:
        """Whether it is a picture or a drawing, neither bare nor noise nor smears along rows or columns."""
        return (
            self.structure * self.area >= _LEAST_CORNERS
            and self.structure > 0.0015
            and self.smoothness > 0.35
        )


def examine_beneath(colours: Bytes, opacity: Bytes) -> Beneath | None:
    """Examine what `opacity` hides; None where the clear area keeps one constant colour, or there is none.

    Args:
        colours: (H, W, 3), as stored.
        opacity: (H, W).
    """
    is_clear = opacity <= CLEAR
    kernel = np.ones((2 * _MARGIN + 1, 2 * _MARGIN + 1), np.uint8)
    inner = cv2.erode(is_clear.view(np.uint8), kernel, borderValue=1).view(np.bool_)
    area = int(np.count_nonzero(inner))
    if area == 0 or _is_constant(colours, inner):
        return None
    channel = _liveliest(colours, inner)
    steps = _corners(channel)
    # Where opacity changes, the rim of a shadow say, so may the colour of honest pictures.
    where = inner & (cv2.morphologyEx(opacity, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) == 0)
    if np.count_nonzero((steps >= _STEP) & where) < _LEAST_CORNERS:
        return Beneath(0.0, area, 0, 0, 1.0, None)
    split, drawn = (
        _split_letters(channel, inner),
        _drawn_letters(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), inner),
    )
    return Beneath(
        structure=_structure(steps, channel, opacity, where) / area,
        area=area,
        letters=max(split, drawn),
        drawn_letters=drawn,
        smoothness=_smoothness(channel, inner),
        seam=_seam(colours, is_clear),
    )


def _is_constant(colours: Bytes, where: Mask) -> bool:
    mask = where.view(np.uint8)
    return all(low == high for low, high in (cv2.minMaxLoc(each, mask)[:2] for each in cv2.split(colours)))


def _liveliest(colours: Bytes, where: Mask) -> Bytes:
    """Choose grey, or the channel that varies most: text may be in one alone."""
    channels = (cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), *cv2.split(colours))
    mask = where.view(np.uint8)
    deviations = [float(cv2.meanStdDev(each, mask=mask)[1][0, 0]) for each in channels]
    best = int(np.argmax(deviations))
    chosen = best if deviations[best] > 1.3 * deviations[0] else 0
    return np.asarray(channels[chosen], dtype=np.uint8)


def _corners(channel: Bytes) -> Bytes:
    """Return by how much a pixel differs from neighbours sideways as well as up or down."""
    wide = cv2.morphologyEx(channel, cv2.MORPH_GRADIENT, np.ones((1, 3), np.uint8))
    tall = cv2.morphologyEx(channel, cv2.MORPH_GRADIENT, np.ones((3, 1), np.uint8))
    return np.asarray(cv2.min(wide, tall), dtype=np.uint8)


def _structure(steps: Bytes, channel: Bytes, opacity: Bytes, where: Mask) -> int:
    """Count corners that rounding does not explain."""
    least = np.full(256, _STEP, np.uint8)
    if _is_rounded(channel, opacity):
        least[1 : CLEAR + 1] = np.minimum(_STEP + 255 // np.arange(1, CLEAR + 1), 255)
    return int(np.count_nonzero((steps >= cv2.LUT(opacity, least)) & where))


def _is_rounded(channel: Bytes, opacity: Bytes) -> bool:
    """Tell whether nearly clear colours are what rounding after multiplication by alpha leaves."""
    is_faint = (opacity > 0) & (opacity <= CLEAR)
    alpha, values = opacity[is_faint].astype(np.float32), channel[is_faint].astype(np.float32)
    if alpha.size == 0:
        return False
    left = np.rint(np.rint(values * alpha / 255) * 255 / alpha)
    return bool(np.mean(np.abs(left - values) > 1.5) < 0.5)


def _split_letters(channel: Bytes, where: Mask) -> int:
    """Count letters on either side of the middle."""
    middle, _ = cv2.threshold(channel[where], 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return max(letters_in_rows(mask & where) for mask in (channel > middle, channel <= middle))


def _drawn_letters(grey: Bytes, where: Mask) -> int:
    """Count letters of the lightest or darkest grey alone: a single channel may saturate in a photograph."""
    values = grey[where]
    low, high = int(values.min()), int(values.max())
    return max(letters_in_rows(mask & where) for mask in (grey >= high - 4, grey <= low + 4))


def _smoothness(channel: Bytes, where: Mask) -> float:
    rows, inside = channel[::_EVERY], where[::_EVERY]
    both = inside[:, :-1] & inside[:, 1:]
    left, right = rows[:, :-1][both].astype(np.float32), rows[:, 1:][both].astype(np.float32)
    if left.size < 2 or left.std() == 0 or right.std() == 0:
        return 1.0
    return float(np.corrcoef(left, right)[0, 1])


def _seam(colours: Bytes, is_clear: Mask) -> float | None:
    """Compare steps across the border of what is clear with those beside it, on either side.

    A photograph that was cut out goes on beneath; another picture breaks off, on one and the same line. Steps
    are long, so that edges of opacity that are soft count, and of all colours.
    """
    calm = cv2.GaussianBlur(colours, (0, 0), 1.0)
    visible = np.logical_not(is_clear).view(np.uint8)
    kernel = np.ones((_NEAR, _NEAR), np.uint8)
    near = (cv2.dilate(visible, kernel) - cv2.erode(visible, kernel)).view(np.bool_)
    across, inside, outside = [], [], []
    for before, after in ((np.s_[:-_LONG], np.s_[_LONG:]), (np.s_[:, :-_LONG], np.s_[:, _LONG:])):
        steps = greatest_of_channels(
            cv2.absdiff(np.ascontiguousarray(calm[before]), np.ascontiguousarray(calm[after]))
        )
        both = near[before] & near[after]
        across.append(steps[is_clear[before] != is_clear[after]])
        inside.append(steps[both & is_clear[before] & is_clear[after]])
        outside.append(steps[both & ~is_clear[before] & ~is_clear[after]])
    crossing, clear, shown = (np.concatenate(each) for each in (across, inside, outside))
    if min(crossing.size, clear.size, shown.size) < _LEAST_BORDER:
        return None
    return float(crossing.mean() / np.sqrt(max(clear.mean(), _CALM) * max(shown.mean(), _CALM)))
