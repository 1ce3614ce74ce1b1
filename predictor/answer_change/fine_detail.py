"""Predict how often a confident answer changes where a picture is sent smaller than it would be shown.

For models whose own input is not known, which may look at every pixel: views of the whole at a few hundred
pixels, as `change` takes them, hardly see a picture shrink. What counts is how much fine detail there is to
lose: the energy beyond what the smaller grid holds, place by place. Knows neither codecs nor words; whoever
asks keeps letters tall enough.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from scipy.fft import rfft2
from scipy.special import expit

from calibration.image import Image

Floats = npt.NDArray[np.float32]

TILE_SIDE = 224  # pixels
_TILES_A_SIDE = 3
_FLOOR = 1e-7  # of energy, luma being 0 to 1: far below what eight bits hold

# Log odds = constant + slope * ln(energy lost), fitted by `tests/benchmarks/compression_lean.py` to 35
# photographs and two observers, area under the curve .75. Where .03 was the most predicted, 2.8 and 3.7 % of
# those two's confident answers to new photographs changed, and 6.8 % of the third one's.
_CONSTANT, _SLOPE = 2.535, 0.559


def change_probabilities(image: Image, scales: Sequence[float]) -> list[float]:
    """Return the share of confident answers, to parts at their own resolution, that change at each scale.

    Holds for Lanczos's kernel and a gentle codec after it: JPEG with full chroma, quality 90 or more.

    Args:
        image: As its model would be shown it.
        scales: Of its sides, above 0; at 1 and beyond nothing changes.
    """
    chances = expit(_CONSTANT + _SLOPE * log_energy_lost(image, scales)).mean(axis=1)
    return [0.0 if scale >= 1.0 else float(each) for scale, each in zip(scales, chances, strict=True)]


def log_energy_lost(image: Image, scales: Sequence[float]) -> Floats:
    """Return ln of the mean squared luma, 0 to 1, beyond each scale's Nyquist frequency; (scales, tiles)."""
    tiles = _tiles(image)
    frequency = _frequencies(*tiles[0].shape[:2]).ravel()
    order = np.argsort(-frequency, kind="stable")  # fine to coarse
    power = np.stack([_power(tile).ravel()[order] for tile in tiles])  # (tiles, frequencies)
    lost = np.cumsum(power, axis=1, dtype=np.float64)
    ends = np.searchsorted(-frequency[order], -np.asarray(scales) / 2)  # the first that is kept
    energy = np.where(ends > 0, lost[:, np.maximum(ends, 1) - 1], 0.0)  # (tiles, scales)
    found: Floats = np.log(energy.T + _FLOOR).astype(np.float32)
    return found


def _frequencies(height: int, width: int) -> Floats:
    """Return the higher of both directions' frequencies, in cycles a pixel; (height, width // 2 + 1)."""
    down, across = np.abs(np.fft.fftfreq(height)), np.fft.rfftfreq(width)
    return np.asarray(np.maximum(down[:, None], across[None, :]), dtype=np.float32)


def _power(tile: npt.NDArray[np.uint8]) -> Floats:
    """Return the power of each frequency of a tile's luma; all together are its variance."""
    luma = cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    height, width = luma.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1]).astype(np.float32)
    window /= np.sqrt(np.mean(window**2))  # which else would take energy away
    power = np.abs(rfft2((luma - luma.mean()) * window)) ** 2 / (height * width) ** 2
    power[:, 1 : (width + 1) // 2] *= 2.0  # for their mirror images, which are not in this half
    return np.asarray(power, dtype=np.float32)


def _tiles(image: Image) -> list[npt.NDArray[np.uint8]]:
    """Cut tiles of one size, evenly spread."""
    height, width = min(TILE_SIDE, image.height), min(TILE_SIDE, image.width)
    tops, lefts = _starts(image.height, height), _starts(image.width, width)
    return [image.pixels[top : top + height, left : left + width] for top in tops for left in lefts]


def _starts(length: int, tile: int) -> list[int]:
    return sorted({round(start) for start in np.linspace(0, length - tile, _TILES_A_SIDE)})
