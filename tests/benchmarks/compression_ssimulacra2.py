"""Score a version of a picture by SSIMULACRA2, in memory and with OpenCV's blur.

The published package reads two files and blurs with SciPy, which takes seconds for a megapixel. Here its own
functions are put together again around the same eleven taps; `largest_error` says how far the two are apart.
"""

import tempfile
from pathlib import Path

import cv2
import numpy as np
from ssimulacra2 import ssimulacra2 as published

from calibration.image import Image, encode_png_fast

SIGMA, REACH = 1.5, 5  # of the published blur: SciPy cuts it off after five pixels
SMALLEST_SIDE = 8
_TAPS = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / SIGMA) ** 2)
_TAPS /= _TAPS.sum()


class Reference:
    """One original; what depends on it alone is computed once."""

    def __init__(self, image: Image) -> None:
        self._size = (image.width, image.height)
        self._scales = [(one, _blur(one), _blur(one * one)) for one in _pyramid(image)]

    def score(self, version: Image) -> float:
        """Return 100 for the same picture, 90 for no visible change, less for more damage.

        Raises:
            ValueError: `version` has another size.
        """
        if (version.width, version.height) != self._size:
            raise ValueError(f"expected {self._size} pixels, got {(version.width, version.height)}")
        result = published.Msssim()
        for (first, mean, square), second in zip(self._scales, _pyramid(version), strict=True):
            other = _blur(second)
            scale = published.MsssimScale()
            scale.avg_ssim = published.ssim_map(
                mean, other, square, _blur(second * second), _blur(first * second)
            )
            scale.avg_edgediff = published.edge_diff_map(first, mean, second, other)
            result.scales.append(scale)
        return float(result.score())


def largest_error(pairs: list[tuple[Image, Image]]) -> float:
    """Compare with the published program on a few pairs."""
    return max(abs(Reference(one).score(other) - _published_score(one, other)) for one, other in pairs)


def _published_score(one: Image, other: Image) -> float:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "one.png", Path(folder) / "other.png"]
        for path, image in zip(paths, (one, other), strict=True):
            path.write_bytes(encode_png_fast(image))
        return float(published.compute_ssimulacra2(*map(str, paths)))


def _pyramid(image: Image) -> list[np.ndarray]:
    linear = published.srgb_to_linear(image.pixels)
    scales = []
    for _ in range(published.kNumScales):
        if min(linear.shape[:2]) < SMALLEST_SIDE:
            break
        scales.append(_xyb(linear))
        linear = published.downsample(linear, 2, 2)
    return scales


def _xyb(linear: np.ndarray) -> np.ndarray:
    # The package swaps the sides of the picture here, and so its blur has its two kinds of border elsewhere.
    return np.ascontiguousarray(published.make_positive_xyb(published.linear_rgb_to_xyb(linear)))


def _blur(plane: np.ndarray) -> np.ndarray:
    """Blur with nothing beyond the ends of the first axis, and a mirror beyond those of the second."""
    padded = cv2.copyMakeBorder(plane, REACH, REACH, 0, 0, cv2.BORDER_CONSTANT)
    padded = cv2.copyMakeBorder(padded, 0, 0, REACH, REACH, cv2.BORDER_REFLECT)
    blurred = cv2.sepFilter2D(padded, -1, _TAPS, _TAPS, borderType=cv2.BORDER_ISOLATED)
    return blurred[REACH:-REACH, REACH:-REACH]
