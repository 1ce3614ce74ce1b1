"""Part what a person sees of a change between two versions of a picture from what is hidden beside it.

A cursor is two hundred grey levels in a ten-thousandth of the picture, an attack eight everywhere: a change
is visible where its contrast stands above what masks it, however small its share. Curves of light and colour
over the whole picture, as filters and editors have them, are taken for the original's own. Whether codecs
explain the rest is not asked here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, resize
from calibration.opponent import LUMA

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_MASKED_LEVELS = 6.0  # grey levels nobody sees on flat ground, moved by half of the local standard deviation
_MASKING = 0.5
_VISIBLE = 2.0  # times that, over 3 x 3 pixels: no attack within 8 levels reaches it, a caret does
_NEAR_VISIBLE = 1.4  # where it goes on from a visible place
_BLOCK = 16  # pixels: a codec spreads a change over as many
_PASSES = 2
_SAMPLE = 20_000  # pixels the colour curves are fitted to
_CURVE_GAIN = 0.7  # of the error that colour curves may leave, else the colours are as they were
_LEAST_GAIN = 0.3  # grey levels
_ROUNDING = 1.5  # grey levels that rounding before and after a curve may leave
_RIDGE_PIXELS = 50.0
_DISPERSED_SHARE = 0.25  # of the picture's blocks: so many faint places are noise, no shapes
_DISPERSED_PEAK = 4.0
_HIDDEN = 0.75  # grey levels, mean of a block
_SHAPE = 1.5


@dataclass(frozen=True, eq=False)
class VisibleChange:
    """What of a change is visible, at the original's size."""

    peak: float  # of the contrast, in what is just masked; 2 and more is visible
    share: float  # of the picture's area that lies in visible places, 0..1
    expected: Image  # the original, were nothing but what is visible changed
    is_toned: bool  # a curve of light and colour over the whole picture explains part of it
    spread: float  # share of the area where something is hidden, 0..1
    bulge: float  # grey levels: largest mean of a hidden place, above 1.5 where it has a shape
    added: (
        float  # share of the hidden noise that only the version has: 1 added, .5 both, 0 the original alone
    )

    @property
    def is_retake(self) -> bool:
        """Whether the two are takes of one scene, each with the noise of its own."""
        return 0.3 <= self.added <= 0.7 and self.bulge < _SHAPE


def visible_change(original: Image, version: Image) -> VisibleChange:
    """Compare two versions of one picture, judged at the original's size.

    The masking model and its constants are our own: over 12 screens and 24 photographs a single number parted
    carets, cursors, words and captions (1.9 and more) from noise up to 8 grey levels (1.5 and less).
    """
    first = original.pixels.astype(np.float32)
    second = resize(version, original.width, original.height, "area").pixels.astype(np.float32)
    places = np.zeros(first.shape[:2], dtype=np.bool_)
    peak, toned = 0.0, first
    for _ in range(_PASSES):  # a popup bends the curve of the whole picture until it is left out
        toned = _toned(first, second, ~places)
        contrast = _contrast(toned, second)
        peak, places = float(contrast.max()), _places(contrast)
    is_toned = toned is not first
    known = places[..., None] | (is_toned & (np.abs(second - toned) <= _ROUNDING))
    hidden = np.where(known, 0, second - toned).astype(np.float32)
    expected = np.clip(np.rint(second - hidden), 0, 255).astype(np.uint8)
    return VisibleChange(
        peak=peak,
        share=float(places.mean()),
        expected=Image(expected),
        is_toned=is_toned,
        spread=float((_block_means(np.abs(hidden).max(axis=2)) > _HIDDEN).mean()),
        bulge=max(float(np.abs(_block_means(hidden[..., c])).max()) for c in range(3)),
        added=_added(toned, second, ~places),
    )


def _contrast(first: Floats, second: Floats) -> Floats:
    """How far each place stands above what masks it (H, W)."""
    change = np.abs(cv2.blur(second - first, (3, 3))).max(axis=2)  # signed: noise cancels, shapes do not
    masking = np.minimum(_deviation(first @ LUMA), _deviation(second @ LUMA))
    return np.asarray(change / (_MASKED_LEVELS + _MASKING * masking), dtype=np.float32)


def _deviation(plane: Floats) -> Floats:
    mean = cv2.blur(plane, (9, 9))
    return np.asarray(
        np.sqrt(np.maximum(cv2.blur(plane * plane, (9, 9)) - mean * mean, 0.0)), dtype=np.float32
    )


def _places(contrast: Floats) -> Mask:
    """Mark whole blocks around visible places (H, W)."""
    height, width = contrast.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    padded = np.pad(contrast, ((0, rows * _BLOCK - height), (0, columns * _BLOCK - width)))
    strongest = padded.reshape(rows, _BLOCK, columns, _BLOCK).max(axis=(1, 3))
    if strongest.max() < _DISPERSED_PEAK and (strongest >= _VISIBLE).mean() > _DISPERSED_SHARE:
        return np.zeros(contrast.shape, dtype=np.bool_)
    _, labels = cv2.connectedComponents((strongest >= _NEAR_VISIBLE).astype(np.uint8), connectivity=8)
    seeds = np.setdiff1d(labels[strongest >= _VISIBLE], [0])
    blocks = np.isin(labels, seeds).astype(np.uint8)
    blocks = cv2.morphologyEx(
        blocks, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)
    )  # the calm inside of a shape
    blocks = cv2.dilate(blocks, np.ones((3, 3), np.uint8))
    whole = np.repeat(np.repeat(blocks, _BLOCK, axis=0), _BLOCK, axis=1)
    return np.asarray(whole[:height, :width] > 0)


def _block_means(plane: Floats) -> Floats:
    """Average whole blocks, or all of a picture smaller than one."""
    rows, columns = (max(1, length // _BLOCK) for length in plane.shape)
    return np.asarray(cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _toned(first: Floats, second: Floats, where: Mask) -> Floats:
    """Bring the first to the second's light and colours, as far as curves over the whole explain them."""
    chosen = np.flatnonzero(where.ravel())
    if chosen.size < _RIDGE_PIXELS:
        return first
    chosen = chosen[:: max(1, chosen.size // _SAMPLE)]
    # Blurred: curves fitted to noisy levels would take the noise for contrast.
    before, after = (cv2.blur(each, (5, 5)).reshape(-1, 3)[chosen] for each in (first, second))
    mixing = _mixing(before, after)
    curves = [
        _curve(mixed, after[:, channel]) for channel, mixed in enumerate((_with_constant(before) @ mixing).T)
    ]
    left = np.abs(_applied(before, mixing, curves) - after).mean()
    if left > _CURVE_GAIN * np.abs(before - after).mean() - _LEAST_GAIN:
        return first
    return _applied(first.reshape(-1, 3), mixing, curves).reshape(first.shape)


def _applied(colours: Floats, mixing: Floats, curves: Sequence[Floats]) -> Floats:
    mixed = np.clip(_with_constant(colours) @ mixing, 0, 255)
    channels = [np.interp(mixed[:, c], _LEVELS, curve) for c, curve in enumerate(curves)]
    return np.stack(channels, axis=1).astype(np.float32)


_LEVELS = np.arange(256, dtype=np.float32)


def _with_constant(colours: Floats) -> Floats:
    return np.hstack([colours, np.ones((len(colours), 1), dtype=np.float32)])


def _mixing(before: Floats, after: Floats) -> Floats:
    """Fit colours by a linear mixture of channels (4, 3), pulled towards the colours as they were."""
    inputs = _with_constant(before).astype(np.float64)
    ridge = _RIDGE_PIXELS * np.diag([100.0, 100.0, 100.0, 1.0])
    identity = np.eye(4, 3)
    solved = np.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ after + ridge @ identity)
    return np.asarray(solved, dtype=np.float32)


def _curve(mixed: Floats, after: Floats) -> Floats:
    """Fit one channel's rising curve over its 256 levels: the mean offset around each level."""
    levels = np.clip(np.rint(mixed), 0, 255).astype(np.int64)
    counts = np.bincount(levels, minlength=256).astype(np.float64)
    offsets = np.bincount(levels, weights=after - mixed, minlength=256)
    kernel = np.array([0.25, 0.5, 0.25])
    counts, offsets = (np.convolve(each, kernel, mode="same") for each in (counts, offsets))
    return np.asarray(np.maximum.accumulate(_LEVELS + offsets / (counts + 2.0)), dtype=np.float32)


def _added(first: Floats, second: Floats, where: Mask) -> float:
    """Tell whose noise the finest differences are, on calm ground outside the visible places."""
    planes = [plane @ LUMA for plane in (first, second)]
    fine = [plane - cv2.blur(plane, (3, 3)) for plane in planes]
    calm = np.minimum(*(_deviation(plane) for plane in planes))
    if not where.any():
        return 1.0
    flat = where & (calm <= np.median(calm[where]))
    change = fine[1][flat] - fine[0][flat]
    energy = float((change * change).sum())
    return 1.0 if energy == 0.0 else float(np.clip(1.0 + (change * fine[0][flat]).sum() / energy, 0.0, 1.0))
