"""Lay a picture with an alpha channel on white and on black, and find what only one of the two shows.

White paper and most viewers show the one, models whose back end knows no alpha the other, or what is stored
without its alpha at all.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import greatest_of_channels, least_of_channels
from gateway.detection.glyph_rows import letters_in_rows

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_STEP = 16  # grey levels between neighbours: what the colours alone would change on white
_TURN = 12  # grey levels that the opacity alone would
_INK = 24  # grey levels darker than white on both sides: not the rim of something pale
_SPREAD = 4  # pixels averaged for the coarse look
_BEYOND_CHANCE = ((600, 3, 0.55), (150, 8, 0.5))  # steps, pieces, share: chance makes up for an outline
_FAINT = 24  # grey levels above black that are hard to read
_BADGE = 24  # letters cut out of a plate, where nothing else is: "Download on the App Store" has 21
_PLATE = 0.1  # of the picture: ink that letters may be left out of
_MARK = 3.0  # times as tall as a letter
_OPAQUE, _PLATE_SIDE, _OUTLINE = 250, 25, 13  # of 255; pixels that a plate is wide; pixels across its edge
_BESIDE, _AMID_CLEAR = 15, 115  # pixels across a line; of 255, the mean opacity around one
_ALMOST_WHITE = 8  # grey levels below white that nobody sees


@dataclass(frozen=True, eq=False)
class Grounds:
    """One picture on two grounds."""

    colours: Bytes  # (H, W, 3), as stored
    opacity: Bytes  # (H, W), 255 is opaque
    on_white: Bytes  # (H, W, 3)
    on_black: Bytes  # (H, W, 3)

    @classmethod
    def of(cls, colours: Bytes, opacity: Bytes) -> "Grounds":
        """Lay `colours` on both."""
        alpha = cv2.merge([opacity] * 3)
        on_black = cv2.multiply(colours, alpha, scale=1 / 255)
        # white − (white − colour) × alpha, saturating where rounding would leave the range
        on_white = cv2.add(on_black, cv2.bitwise_not(alpha))
        return cls(colours, opacity, on_white, on_black)


@dataclass(frozen=True)
class Compensation:
    """Steps of opacity amid ink that the colours make up for on white: only another ground shows them."""

    made_up: int
    steps: int
    pieces: int  # that hang together: an outline is few, letters and pictures are many

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.made_up / max(self.steps, 1)

    @property
    def is_computed(self) -> bool:
        """Whether there is too much of it for chance."""
        return any(
            self.made_up >= made_up and self.pieces >= pieces and self.share >= share
            for made_up, pieces, share in _BEYOND_CHANCE
        )


def compensation(grounds: Grounds) -> Compensation:
    """Count them at full size or coarsely, wherever more is made up for.

    A designer's edge of opacity shows on every ground unless its ink has the ground's own colour; one that is
    hidden amid other ink was computed. So AlphaDog (arXiv 2410.16155) hides a picture beneath another.
    """
    half_clear = cv2.countNonZero(cv2.inRange(grounds.opacity, 1, 254))
    if min(grounds.opacity.shape) < 3 or half_clear < 150:
        return Compensation(0, 0, 0)
    outlines = _outlines(grounds.opacity)
    fine = _compensation(grounds.colours, grounds.opacity, grounds.on_white, outlines)
    height, width = grounds.opacity.shape
    if min(height, width) < 4 * _SPREAD:
        return fine
    size = (width // _SPREAD, height // _SPREAD)
    layers = (grounds.colours, grounds.opacity, grounds.on_white, outlines)
    coarse = _compensation(*(cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in layers))
    return max(
        fine,
        Compensation(coarse.made_up * _SPREAD, coarse.steps * _SPREAD, coarse.pieces),
        key=lambda found: (found.is_computed, found.share),
    )


def _outlines(opacity: Bytes) -> Bytes:
    """Draw the outer edges of opaque plates: a shadow may happen to be as dark as its window."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_PLATE_SIDE, _PLATE_SIDE))
    plates = cv2.morphologyEx(cv2.inRange(opacity, _OPAQUE, 255), cv2.MORPH_OPEN, kernel)
    edges, _ = cv2.findContours(plates, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros_like(opacity), edges, -1, 255, _OUTLINE), dtype=np.uint8)


def _compensation(colours: Bytes, opacity: Bytes, on_white: Bytes, outlines: Bytes) -> Compensation:
    grey = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)
    shown = cv2.cvtColor(on_white, cv2.COLOR_RGB2GRAY)
    made_up = np.zeros(grey.shape, np.bool_)
    count = steps = 0
    for before, after in (
        (np.s_[:, :-2], np.s_[:, 2:]),
        (np.s_[:-2], np.s_[2:]),
    ):
        alpha = cv2.addWeighted(opacity[before], 0.5, opacity[after], 0.5, 0.0)
        by_colour = cv2.multiply(cv2.absdiff(grey[before], grey[after]), alpha, scale=1 / 255)
        paper = cv2.bitwise_not(cv2.addWeighted(grey[before], 0.5, grey[after], 0.5, 0.0))
        by_alpha = cv2.multiply(cv2.absdiff(opacity[before], opacity[after]), paper, scale=1 / 255)
        is_step = (by_colour >= _STEP) & (by_alpha >= _TURN)
        is_step &= cv2.max(shown[before], shown[after]) <= 255 - _INK
        is_step &= cv2.max(outlines[before], outlines[after]) == 0
        if not is_step.any():
            continue
        left = greatest_of_channels(cv2.absdiff(on_white[before], on_white[after]))
        steps += int(np.count_nonzero(is_step))
        is_made_up = is_step & (left <= by_colour // 4)
        count += int(np.count_nonzero(is_made_up))
        made_up[before] |= is_made_up
    return Compensation(count, steps, _pieces(made_up) if count else 0)


def _pieces(mask: Mask) -> int:
    joined = cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8))
    sizes = cv2.connectedComponentsWithStats(joined, connectivity=8)[2][1:, cv2.CC_STAT_AREA]
    return int(np.count_nonzero(sizes > 16))


@dataclass(frozen=True)
class WhiteOnWhite:
    """What is drawn in the colour of white paper."""

    letters: int  # in rows
    shading: float  # share of the picture: a picture drawn by opacity alone
    has_mark: bool  # something as light stands among the letters that is much taller
    is_for_dark: bool  # the frame or grid of a drawing is light too: it was made for a dark ground


def white_on_white(grounds: Grounds) -> WhiteOnWhite:
    """Examine what shows on black where white is bare."""
    visible = least_of_channels(grounds.on_white) < 255 - _ALMOST_WHITE
    around = cv2.dilate(visible.view(np.uint8), np.ones((5, 5), np.uint8)).view(np.bool_)
    shown = np.where(around, 0, greatest_of_channels(grounds.on_black)).astype(np.uint8)
    if int(shown.max()) < _FAINT:
        return WhiteOnWhite(0, 0.0, False, False)
    ink = shown >= _between(shown[shown > 0])
    drawn = left_out = letters_in_rows(ink)
    if np.count_nonzero(ink) > _PLATE * ink.size:
        left_out = letters_in_rows(~ink & ~around & _inside(ink))
    # Nobody who draws in light ink leaves more letters out of it than are drawn: lines excuse none of those.
    if left_out > drawn:
        is_badge = left_out <= _BADGE and not visible.any()
        return WhiteOnWhite(left_out, _shading(shown), has_mark=is_badge, is_for_dark=False)
    has_mark = _has_mark(ink & ~_touching(ink, around))
    # The edges of a bright photograph are no lines that somebody drew: those have clear ground on both sides.
    lines = ink & (cv2.blur(grounds.opacity, (_BESIDE, _BESIDE)) < _AMID_CLEAR)
    return WhiteOnWhite(drawn, _shading(shown), has_mark, _has_long_lines(lines))


def _touching(ink: Mask, around: Mask) -> Mask:
    """Tell which pieces of ink go on in what is visible: the bright sky of a photograph is no mark."""
    _, pieces = cv2.connectedComponents(ink.view(np.uint8), connectivity=8)
    near = cv2.dilate(around.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    touching = np.unique(pieces[near & ink])
    return np.asarray(np.isin(pieces, touching) & ink)


def _between(values: Bytes) -> float:
    """Return half the level of what is brightest but for specks."""
    return max(float(np.percentile(values[:: 1 + values.size // 65536], 95)) / 2, 12.0)


def _inside(ink: Mask) -> Mask:
    """Tell where ink lies on both sides of a place: holes in a plate."""
    before = np.maximum.accumulate(ink, axis=1)
    after = np.maximum.accumulate(ink[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(before & after)


def _shading(shown: Bytes) -> float:
    """Return the share of pixels amid half-tones that change: not flat glass, not the rim of a letter."""
    half = ((shown >= 16) & (shown < 240)).view(np.uint8)
    amid = cv2.erode(half, np.ones((7, 7), np.uint8))
    if not amid.any():
        return 0.0
    changes = cv2.morphologyEx(shown, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) >= 5
    return float(np.count_nonzero(changes & amid.view(np.bool_)) / shown.size)


def _has_mark(ink: Mask) -> bool:
    """Tell whether a piece of ink is much taller than most: beside letters, the mark of a logo."""
    boxes = cv2.connectedComponentsWithStats(ink.view(np.uint8), connectivity=8)[2][1:]
    heights = boxes[boxes[:, cv2.CC_STAT_AREA] > 8, cv2.CC_STAT_HEIGHT]
    return bool(heights.size and heights.max() >= _MARK * np.median(heights))


def _has_long_lines(ink: Mask) -> bool:
    """Tell whether straight lines as long as a third of the picture are drawn in the ink."""
    height, width = ink.shape
    data = ink.view(np.uint8)
    thin = cv2.subtract(data, cv2.morphologyEx(data, cv2.MORPH_OPEN, np.ones((6, 6), np.uint8)))
    shapes = ((1, max(24, width // 3)), (max(24, height // 3), 1))
    return any(cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones(shape, np.uint8)).any() for shape in shapes)
