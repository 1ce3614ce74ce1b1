"""Measure pairs without gradients: the same numbers as `bands.measure`, an eighth of its time.

Octaves are linear, so those of the difference stand for those of the second picture; what depends on the
reference alone is kept for its next candidate. Pictures lie as OpenCV has them, (H, W, 3).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from calibration.opponent import OPPONENT
from predictor.noticeability.bands import CELLS, LIGHT_GAIN, MASKS, OCTAVES, Measures, cell_shares

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

_TINY, _SMALL = 1e-10, 1e-5  # see `bands.root`


@dataclass(frozen=True, eq=False)
class ReferenceOctave:
    """What is needed of one octave of the reference, whatever it is compared with."""

    band: Floats  # (h, w, 3)
    weights: tuple[Floats | float, ...]  # of squared differences, one per mask; (h, w, 3) where it depends
    power: Floats  # (3,) mean square of the band


@dataclass(frozen=True, eq=False)
class ReferenceMeasures:
    """A reference measured once, for many candidates."""

    opponent: Floats  # (H, W, 3)
    octaves: tuple[ReferenceOctave, ...]
    mean: Floats  # (3,)


def measure_reference(pixels: Pixels) -> ReferenceMeasures:
    """Measure a reference, uint8 RGB (H, W, 3)."""
    opponent = _opponent(pixels)
    octaves = tuple(_reference_octave(band) for band in _split(opponent))
    return ReferenceMeasures(opponent, octaves, _means(opponent))


def measure_candidates(pairs: Iterable[tuple[ReferenceMeasures, Pixels]]) -> Measures:
    """Measure candidates of the size of their references; see `bands.measure` for what comes out."""
    found = [_measure_one(reference, pixels) for reference, pixels in pairs]
    return Measures(*(torch.from_numpy(np.stack(rows)) for rows in zip(*found, strict=True)))


def _measure_one(reference: ReferenceMeasures, pixels: Pixels) -> tuple[Floats, Floats, Floats]:
    change = _opponent(pixels)
    np.subtract(change, reference.opponent, out=change)
    energies, signs, content = [], [], []
    for octave, difference in zip(reference.octaves, _split(change), strict=True):
        common = _means(octave.band * difference)
        squares = np.multiply(difference, difference, out=difference)
        plain = _cells(squares)
        masked = [
            plain * weight if isinstance(weight, float) else _cells(squares * weight)
            for weight in octave.weights
        ]
        energies += [_pool(cells) for cells in masked]
        after = octave.power + 2.0 * common + plain.mean(axis=0)
        before = np.log(octave.power + 1e-6)
        signs.append(np.log(np.maximum(after, 0.0) + 1e-6) - before)
        content.append(before)
    signs.append(LIGHT_GAIN * _means(change))
    content.append(reference.mean)
    return np.concatenate(energies), np.concatenate(signs), np.concatenate(content)


def _reference_octave(band: Floats) -> ReferenceOctave:
    contrast = _root(_local_mean(band[..., 0] ** 2))
    # For every channel, although they are alike: multiplied so, they take a fifth of the time.
    weights: tuple[Floats | float, ...] = tuple(
        _floats(cv2.merge([1.0 / (floor + gain * contrast) ** 2] * 3)) if gain else 1.0 / floor**2
        for floor, gain in MASKS
    )
    return ReferenceOctave(band, weights, _means(band * band))


def _opponent(pixels: Pixels) -> Floats:
    return _floats(cv2.transform(pixels.astype(np.float32), OPPONENT / np.float32(255.0)))


def _split(picture: Floats) -> list[Floats]:
    """Split into octaves, fine to coarse, as `bands.split_octaves` does."""
    octaves = []
    for _ in range(OCTAVES - 1):
        height, width = picture.shape[:2]
        even = cv2.copyMakeBorder(picture, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        half = (even.shape[1] // 2, even.shape[0] // 2)
        coarse = _floats(cv2.resize(even, half, interpolation=cv2.INTER_AREA))
        smooth = _floats(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))
        octaves.append(np.subtract(picture, smooth, out=smooth))
        picture = coarse
    return [*octaves, picture]


def _local_mean(values: Floats) -> Floats:
    """Average over 5 x 5 pixels, those outside the picture left out."""
    total = cv2.boxFilter(values, -1, (5, 5), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return _floats(total / _neighbours(*values.shape))


@lru_cache(maxsize=64)
def _neighbours(height: int, width: int) -> Floats:
    ones = np.ones((height, width), dtype=np.float32)
    return _floats(cv2.boxFilter(ones, -1, (5, 5), normalize=False, borderType=cv2.BORDER_CONSTANT))


def _cells(squares: Floats) -> Floats:
    """Average (h, w, 3) over cells of one size: (cells, 3), whose mean is the picture's."""
    height, width = squares.shape[:2]
    rows = (cell_shares(height).numpy() @ squares.reshape(height, -1)).reshape(CELLS, width, 3)
    return _floats((cell_shares(width).numpy() @ rows).reshape(-1, 3))


def _pool(cells: Floats) -> Floats:
    """Pool the means of (cells, 3) squares as `bands.measure` does."""
    amplitudes = _root(cells)
    return np.concatenate([_root(cells.mean(axis=0)), amplitudes.mean(axis=0), amplitudes.max(axis=0)])


def _means(values: Floats) -> Floats:
    return np.array(cv2.mean(values)[:3], dtype=np.float32)


def _root(squares: Floats) -> Floats:
    return np.asarray(squares / (np.sqrt(squares + _TINY) + _SMALL), dtype=np.float32)


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float32)
