"""How far a version is from its original, at the model's input: the full-reference half of answer change.

Knows nothing of answers. Every distance is a logarithm with a floor, so that identical pictures give the
floor.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image

Floats = npt.NDArray[np.float32]

OCTAVES = 3
DISTANCES = ("ssim", "worst block", "luma", "gradient", "octave 0", "octave 1", "octave 2", "chroma")

_BLOCK = 8
_FLOOR = 1e-6
_C1, _C2 = 0.01**2, 0.03**2  # SSIM's constants, Wang et al. 2004, eq. 13, for a range of 1
_GRADIENT_C = 0.0026  # GMSD's constant, Xue et al. 2014, for a range of 1


def distances(original: Image, version: Image) -> Floats:
    """Measure two pictures of one size; (len(DISTANCES),), greater is farther.

    Raises:
        ValueError: The sizes differ.
    """
    if original.pixels.shape != version.pixels.shape:
        raise ValueError(
            f"expected two views of one size, got {original.pixels.shape} and {version.pixels.shape}"
        )
    first, second = _opponent(original), _opponent(version)
    structure = 1.0 - _structure(first[..., 0], second[..., 0])
    worst = cv2.blur(structure, (_BLOCK, _BLOCK)).max()
    bands = zip(_octaves(first[..., 0]), _octaves(second[..., 0]), strict=True)
    energies = [
        structure.mean(),
        worst,
        np.square(first[..., 0] - second[..., 0]).mean(),
        _gradient_deviation(first[..., 0], second[..., 0]),
        *(np.square(one - other).mean() for one, other in bands),
        np.square(first[..., 1:] - second[..., 1:]).mean(),
    ]
    return np.log(np.maximum(np.array(energies, dtype=np.float32), 0.0) + np.float32(_FLOOR))


def _opponent(image: Image) -> Floats:
    return np.asarray(cv2.cvtColor(image.pixels, cv2.COLOR_RGB2YCrCb), dtype=np.float32) / 255.0


def _structure(first: Floats, second: Floats) -> Floats:
    """Return SSIM place by place, over boxes (Wang et al. 2004, eq. 13)."""
    box = (_BLOCK, _BLOCK)
    mean_first, mean_second = cv2.blur(first, box), cv2.blur(second, box)
    variance_first = cv2.blur(first * first, box) - mean_first**2
    variance_second = cv2.blur(second * second, box) - mean_second**2
    covariance = cv2.blur(first * second, box) - mean_first * mean_second
    similarity = (2 * mean_first * mean_second + _C1) * (2 * covariance + _C2)
    return np.asarray(
        similarity / ((mean_first**2 + mean_second**2 + _C1) * (variance_first + variance_second + _C2)),
        dtype=np.float32,
    )


def _gradient_deviation(first: Floats, second: Floats) -> float:
    one, other = _gradient(first), _gradient(second)
    return float(((2 * one * other + _GRADIENT_C) / (one**2 + other**2 + _GRADIENT_C)).std())


def _gradient(luma: Floats) -> Floats:
    across, down = cv2.Scharr(luma, cv2.CV_32F, 1, 0), cv2.Scharr(luma, cv2.CV_32F, 0, 1)
    return np.asarray(np.hypot(across, down) / 16.0, dtype=np.float32)


def _octaves(luma: Floats) -> list[Floats]:
    """Split into band-pass pictures, fine to coarse; what is coarser is left out."""
    found = []
    for _ in range(OCTAVES):
        height, width = luma.shape
        coarse = cv2.resize(luma, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
        found.append(luma - cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))
        luma = coarse
    return found
