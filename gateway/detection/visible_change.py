"""Part what a person sees of a change between two versions of a picture from what is hidden beside it.

A cursor is two hundred grey levels in a ten-thousandth of the picture, an attack eight everywhere: a change
is visible where its contrast stands above what masks it, however small its share. Curves of light and colour
over the whole picture, as filters and editors have them, are taken for the original's own. Whether codecs
explain the rest is not asked here.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import furthest_of_channels, greatest_of_channels, row_of
from calibration.image import Image, resize
from calibration.opponent import LUMA
from gateway.detection.codec_grain import Grain
from gateway.detection.highlights import highlights
from gateway.detection.motion import has_moved
from gateway.detection.tone import toned_like

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_MASKED_LEVELS = 6.0  # grey levels nobody sees on flat ground, moved by half of the local standard deviation
_MASKING = 0.5
_MOST_MASKED = 12.0  # grey levels: an outline of forty is seen on the edge of a button too
_VISIBLE = 1.8  # times that, over 3 x 3 pixels: no attack within 8 levels reaches it, a caret does
_NEAR_VISIBLE = 1.4  # where it goes on from a visible place
_BLOCK = 16  # pixels: a codec spreads a change over as many
_SMALL_BLOCK = 8  # pixels
_PASSES = 2
_SAMPLE = 20_000  # pixels a drift is fitted to
_ROUNDING = 1.5  # grey levels that rounding before and after a curve may leave
_FEW = 50.0  # pixels
_DISPERSED_SHARE = 0.25  # of the picture's blocks: so many faint places are noise, no shapes
_DISPERSED_PEAK = 4.0
_HIDDEN = 0.75  # grey levels, mean of a block
_SHAPE = 1.5
# Fitted on 39 pairs of frames, bursts and looks of a still camera, and on hidden shapes in five pictures.
_EVERYWHERE = 0.4  # share of what is not visible
_SHAPE_OF_NOISE, _WIDE_SHAPE_OF_NOISE = (
    1.3,
    0.45,
)  # times the noise: a camera's in the dark has .9 to 1.2, .25 to .36
_WIDE_SHAPE = 2.0  # grey levels; a retouch of six has 3.6 and more
_MOVED = 0.2  # share of the area: so much visible change is motion, whose rests are wide
_MOVED_SHAPE = 4.5
# Takes .45 to .55 and .48 to .52, films .33 to .67 and .32 to .81; waves that were added .93 and more, though
# a codec made the finest noise .6.
_OWN = 0.3  # share of the finest noise that each of two takes has
_OWN_WAVES = 0.15  # likewise of the waves
# Over 255 looks of 120 films and still cameras: .70 and less (one dimmed frame .76), .49 and more; smooth
# waves that were added .81 and more, letters and codes in their places .05.
_MOST_COARSE = 0.73  # of what is hidden, that means of small blocks keep
_LEAST_SPREAD = 0.35  # of the area, where nobody sees anything
_FLAT = 1.0  # grey levels squared
_TINY = 1e-6  # grey levels
_MOST_DRIFT = 0.03  # of the light


@dataclass(frozen=True, eq=False)
class VisibleChange:
    """What of a change is visible, at the original's size."""

    peak: float  # of the contrast, in what is just masked; 2 and more is visible
    share: float  # of the picture's area that lies in visible places, 0..1
    expected: Image  # the original, were nothing but what is visible changed
    places: Mask  # (H, W): the visible ones
    is_toned: bool  # a curve of light and colour over the whole picture explains part of it
    hides: bool  # a pixel differs beyond curve and visible places
    spread: float  # share of the area where something is hidden, 0..1
    levels: float  # grey levels rms, of what is hidden
    bulge: float  # grey levels: largest mean of a hidden place, above 1.5 where it has a shape
    wide_bulge: float  # likewise over five such places each way: blocks of a film and moved edges cancel
    added: (
        float  # share of the hidden noise that only the version has: 1 added, .5 both, 0 the original alone
    )
    added_waves: float  # likewise of what is coarser than that noise
    coarse: float  # share of what is hidden, in levels rms, that means over blocks of 8 pixels keep, 0..1
    has_moved: bool  # what is visible, a good part of the picture: nothing new came into it

    @property
    def is_faint(self) -> bool:
        """Whether people see what is visible by its shape alone: a highlight, an outline."""
        return self.peak < _VISIBLE

    @property
    def is_retake(self) -> bool:
        """Whether the two are takes of one scene, each with the noise of its own."""
        is_of_both = _OWN <= self.added <= 1 - _OWN and _OWN_WAVES <= self.added_waves <= 1 - _OWN_WAVES
        if not is_of_both or (self.share < _MOVED and self._is_drawn):
            return False
        return not self._has_shape or self.is_as_in_films

    @property
    def is_moved_take(self) -> bool:
        """Whether the camera moved, whosever the noise is: codecs take it from one frame, not the next."""
        return self.has_moved and (not self._has_shape or self.is_as_in_films)

    @property
    def _has_shape(self) -> bool:
        return self.bulge >= max(_SHAPE, _SHAPE_OF_NOISE * self.levels)

    @property
    def _is_drawn(self) -> bool:
        """Whether what is hidden is smooth or in a place, as noise of two takes is not."""
        return self.coarse > _MOST_COARSE or (self.share == 0.0 and self.spread < _LEAST_SPREAD)

    @property
    def is_as_in_films(self) -> bool:
        """Whether what is hidden has shapes as films leave them, if any."""
        # Films and hands that moved leave shapes, but everywhere; a hidden retouch or code is in its place.
        is_everywhere = self.spread >= _EVERYWHERE * (1.0 - self.share)
        most = _WIDE_SHAPE if self.share < _MOVED else _MOVED_SHAPE
        return is_everywhere and self.wide_bulge < max(most, _WIDE_SHAPE_OF_NOISE * self.levels)


def visible_change(original: Image, version: Image, grain: Grain | None = None) -> VisibleChange:
    """Compare two versions of one picture, judged at the original's size.

    `grain` tells what the version's codec may have put off in a place, at that size.

    The masking model and its constants are our own: over 12 screens and 24 photographs a single number parted
    carets, cursors, words and captions (1.9 and more) from noise up to 8 grey levels (1.5 and less).
    """
    first = original.pixels.astype(np.float32)
    second = resize(version, original.width, original.height, "area").pixels.astype(np.float32)
    places = np.zeros(first.shape[:2], dtype=np.bool_)
    peak, toned = 0.0, first
    for _ in range(_PASSES):  # a popup bends the curve of the whole picture until it is left out
        toned = toned_like(first, second, ~places)
        contrast = _contrast(toned, second)
        peak, places = float(contrast.max()), _places(contrast, second - toned)
        if not places.any():
            break
    is_toned = toned is not first
    places |= highlights(toned, second, ~places, grain)
    hidden = second - toned
    hidden[places] = 0.0
    if is_toned:
        np.copyto(hidden, 0.0, where=np.abs(hidden) <= _ROUNDING)
    expected = np.clip(np.rint(second - hidden), 0, 255).astype(np.uint8)
    added, added_waves = _noise(toned, second, ~places)
    steady = hidden if is_toned else _without_drift(hidden, toned, ~places)
    means = _block_means(steady)
    return VisibleChange(
        peak=peak,
        share=float(places.mean()),
        expected=Image(expected),
        places=places,
        is_toned=is_toned,
        hides=bool(hidden.any()),
        spread=float((_block_means(furthest_of_channels(hidden)) > _HIDDEN).mean()),
        levels=_rms(hidden),
        bulge=float(np.abs(means).max()),
        wide_bulge=float(np.abs(cv2.blur(means, (5, 5))).max()),
        added=added,
        added_waves=added_waves,
        coarse=_rms(_block_means(steady, _SMALL_BLOCK)) / max(_rms(steady), _TINY),
        has_moved=bool(places.mean() >= _MOVED) and has_moved(toned, second, places),
    )


def _without_drift(hidden: Floats, first: Floats, where: Mask) -> Floats:
    """Take out a slow change of light, too slight for curves: a straight line for each channel (H, W, 3)."""
    chosen = np.flatnonzero(where.ravel())
    if chosen.size < _FEW:
        return hidden
    chosen = chosen[:: max(1, chosen.size // _SAMPLE)]
    levels, changes = (each.reshape(-1, 3)[chosen] for each in (first, hidden))
    spread = levels - levels.mean(axis=0)
    slopes = (spread * changes).mean(axis=0) / np.maximum((spread * spread).mean(axis=0), _FLAT)
    slopes = np.clip(slopes, -_MOST_DRIFT, _MOST_DRIFT)
    slope, level, change = (
        row_of(each, first.shape[1]) for each in (slopes, levels.mean(0), changes.mean(0))
    )
    drift = slope * (first - level) + change
    drift_free = cv2.copyTo(hidden - drift, where.view(np.uint8), hidden.copy())
    return np.asarray(drift_free, dtype=np.float32)


def _contrast(first: Floats, second: Floats) -> Floats:
    """How far each place stands above what masks it (H, W)."""
    change = furthest_of_channels(cv2.blur(second - first, (3, 3)))  # signed: noise cancels, shapes do not
    masking = np.minimum(_deviation(first @ LUMA), _deviation(second @ LUMA))
    masked = np.minimum(_MASKED_LEVELS + _MASKING * masking, _MOST_MASKED)
    return np.asarray(change / masked, dtype=np.float32)


def _deviation(plane: Floats) -> Floats:
    mean = cv2.blur(plane, (9, 9))
    return np.asarray(
        np.sqrt(np.maximum(cv2.blur(plane * plane, (9, 9)) - mean * mean, 0.0)), dtype=np.float32
    )


def _places(contrast: Floats, change: Floats) -> Mask:
    """Mark whole blocks around visible places (H, W)."""
    height, width = contrast.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    padded = np.pad(contrast, ((0, rows * _BLOCK - height), (0, columns * _BLOCK - width)))
    strongest = padded.reshape(rows, _BLOCK, columns, _BLOCK).max(axis=(1, 3))
    _, labels = cv2.connectedComponents((strongest >= _NEAR_VISIBLE).astype(np.uint8), connectivity=8)
    seeds = np.setdiff1d(labels[strongest >= _VISIBLE], [0])
    blocks = np.isin(labels, seeds).astype(np.uint8)
    blocks = cv2.morphologyEx(blocks, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))  # calm parts of a shape
    if strongest.max() < _DISPERSED_PEAK and blocks.mean() > _DISPERSED_SHARE:
        return np.zeros(contrast.shape, dtype=np.bool_)
    inside = _filled(blocks) & ~blocks
    if inside.any():
        blocks |= inside & _is_flat(change)
    blocks = cv2.dilate(blocks, np.ones((3, 3), np.uint8))
    whole = np.repeat(np.repeat(blocks, _BLOCK, axis=0), _BLOCK, axis=1)
    return np.asarray(whole[:height, :width] > 0)


def _filled(blocks: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Fill what visible blocks enclose: the inside of a window has a visible edge."""
    outlines, _ = cv2.findContours(blocks, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros_like(blocks), outlines, -1, 1, cv2.FILLED))


def _is_flat(change: Floats) -> npt.NDArray[np.uint8]:
    """Mark blocks that changed alike throughout: nothing can be hidden there."""
    height, width = (-(-length // _BLOCK) * _BLOCK for length in change.shape[:2])
    padded = np.pad(
        change, ((0, height - change.shape[0]), (0, width - change.shape[1]), (0, 0)), mode="edge"
    )
    means = _block_means(padded)
    flat = greatest_of_channels(_block_means(padded * padded) - means * means) < _FLAT
    return np.asarray(flat, dtype=np.uint8)


def _block_means(plane: Floats, side: int = _BLOCK) -> Floats:
    """Average whole blocks, or all of a picture smaller than one."""
    rows, columns = (max(1, length // side) for length in plane.shape[:2])
    return np.asarray(cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _noise(first: Floats, second: Floats, where: Mask) -> tuple[float, float]:
    """Tell whose the finest differences are, and whose the coarser ones, on calm ground that looks alike."""
    if not where.any():
        return 1.0, 1.0
    planes = [plane @ LUMA for plane in (first, second)]
    blurred = [cv2.blur(plane, (3, 3)) for plane in planes]
    fine = [plane - blur for plane, blur in zip(planes, blurred, strict=True)]
    waves = [blur - cv2.blur(blur, (9, 9)) for blur in blurred]
    calm = np.minimum(*(_deviation(plane) for plane in planes))
    flat = where & (calm <= np.median(calm[where]))
    return _added(*(each[flat] for each in fine)), _added(*(wave[flat] for wave in waves))


def _added(first: Floats, second: Floats) -> float:
    """Return the share of a difference (N,) that only the second has: 1 added, .5 both, 0 the first alone."""
    change = second - first
    energy = float((change * change).sum())
    return 1.0 if energy == 0.0 else float(np.clip(1.0 + (change * first).sum() / energy, 0.0, 1.0))


def _rms(plane: Floats) -> float:
    return float(np.sqrt(np.square(plane).mean()))
