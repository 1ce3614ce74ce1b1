"""Tell noise on ground that is blank in the other version of a picture, however faint.

Curves of light map ground of one colour to one colour, resizing and most codecs keep it, away from edges.
What appears all over such ground, in no step of light, somebody put there; unless a codec made the ground
blank, as plain walls become, which takes more still from busy ground. Drawings, pages and screens have blank
ground.

Left out: noise of colour alone, as fine WebP strews squares of it. A copy in ordered dither that came before
its original, and a faint pattern that a page lays behind its text only later, are taken for noise.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import furthest_of_channels, greatest_of_channels, least_of_channels
from calibration.opponent import LUMA

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_BLOCK = 16  # pixels
_RING = 8  # around blank ground, into which a codec spreads what lies beside it
_FEWEST = 24  # blocks
_LEAST_SHARE = 0.05  # of the picture's blocks, that are blank
_LEAST_SPREAD = 0.8  # of the blank ones
_LEAST_LEVELS = 0.12  # grey levels rms within a block
_MOST_LEVELS = 10.0
_MOST_SHIFT = 1.5  # grey levels, of a block's mean, or times its noise: more is another ground
_STEADY = 1.2  # of the noise: how far blocks' means may lie apart; a light laid over them is steeper
# Share of its strength that is light: squares of colour that WebP 95 strews have .3 and less, noise .67.
_LEAST_LIGHT = 0.45
_CLIPPED = 2  # grey levels from black and white

_BUSY = 12.0  # mean of |Laplacian|: letters, outlines
_FEWEST_BUSY = 8  # blocks
# Noise of 1 and 2 levels and waves, as PNG and in JPEGs of 90: 1 to 4.6 times as strong where it is busy;
# what a codec takes away that makes a plain wall blank: 6.6 and more, where it is faint.
_MOST_BUSIER = 5.2
_FAINT = (
    0.65  # grey levels rms: of .8 and more that WebP takes, it takes less than 4 times that where it is busy
)
_MOST_BUSIER_STRONG = 2.0


@dataclass(frozen=True)
class BlankNoise:
    """How a version's blank ground is disturbed in the other."""

    levels: float  # grey levels rms, median of the blocks
    spread: float  # share of the blank blocks, 0..1


def noise_on_blank(
    blank: Pixels, disturbed: Pixels, seen: Mask | None = None, *, is_clipped_asked: bool = True
) -> BlankNoise | None:
    """Measure the noise of `disturbed` where `blank` is blank; none where too little is, or it is kept.

    Args:
        blank: (H, W, 3).
        disturbed: Likewise, of the same size.
        seen: (H, W), where people see a change: nothing is asked there.
        is_clipped_asked: Whether black and white ground counts; not where clipping may have made it blank.
    """
    chosen = _blank(blank)
    if seen is not None:
        chosen &= _blocks(seen.astype(np.float32)) == 0
    if not is_clipped_asked:
        means = _blocks(blank.astype(np.float32))
        chosen &= (least_of_channels(means) >= _CLIPPED) & (greatest_of_channels(means) <= 255 - _CLIPPED)
    if int(chosen.sum()) < max(_FEWEST, _LEAST_SHARE * chosen.size):
        return None
    difference = disturbed.astype(np.float32) - blank
    means = _blocks(difference)[chosen]  # (N, 3)
    power = np.maximum(_blocks(difference * difference)[chosen] - means * means, 0.0)
    levels = np.sqrt(power.mean(axis=1))
    noisy = (levels >= _LEAST_LEVELS) & (levels <= _MOST_LEVELS)
    noisy &= _light(difference, chosen) >= _LEAST_LIGHT * levels
    noisy &= np.abs(means).max(axis=1) <= _MOST_SHIFT * np.maximum(levels, 1.0)
    spread = float(noisy.mean())
    if spread < _LEAST_SPREAD:
        return None
    found = BlankNoise(float(np.median(levels[noisy])), spread)
    is_even = float(means[noisy].std(axis=0).max()) <= _STEADY * found.levels
    return found if is_even and not _is_of_codec(blank, difference, seen, found.levels) else None


def _light(difference: Floats, chosen: Mask) -> Floats:
    """Return how strong the noise of each chosen block is in light, in grey levels rms (N,)."""
    light = np.asarray(difference @ LUMA, dtype=np.float32)
    means = _blocks(light)[chosen]
    return np.asarray(np.sqrt(np.maximum(_blocks(light * light)[chosen] - means * means, 0.0)))


def _is_of_codec(blank: Pixels, difference: Floats, seen: Mask | None, levels: float) -> bool:
    """Tell what a codec took from a noisy version: more where it is busy. Nothing busy: so it may be."""
    busy = _blocks(furthest_of_channels(cv2.Laplacian(blank, cv2.CV_32F))) >= _BUSY
    if seen is not None:
        busy &= _blocks(seen.astype(np.float32)) == 0
    if int(busy.sum()) < _FEWEST_BUSY:
        return True
    most = (_MOST_BUSIER if levels <= _FAINT else _MOST_BUSIER_STRONG) * levels
    return bool(_blocks(difference * difference)[busy].mean() > most * most)


def _blank(pixels: Pixels) -> Mask:
    """Mark whole blocks of one colour, with a ring around them (rows, columns)."""
    window = np.ones((2 * _RING + 1, 2 * _RING + 1), np.uint8)
    range_ = greatest_of_channels(cv2.subtract(cv2.dilate(pixels, window), cv2.erode(pixels, window)))
    return np.asarray(_blocks(range_.astype(np.float32)) == 0)


def _blocks(plane: Floats) -> Floats:
    """Average whole blocks; what is left at the right and the bottom is not looked at."""
    rows, columns = (length // _BLOCK for length in plane.shape[:2])
    if not rows or not columns:
        return np.zeros((rows, columns, *plane.shape[2:]), dtype=np.float32)
    kept = plane[: rows * _BLOCK, : columns * _BLOCK]
    return np.asarray(cv2.resize(kept, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.float32)
