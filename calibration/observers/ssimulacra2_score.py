"""Score what survived of a picture by SSIMULACRA2: 100 for identical pictures, about 63 at people's JND.

The computation and its constants are those of the package `ssimulacra2` (BSD-3), arranged for OpenCV: equal
to a thousandth, and several times as fast. What a picture needs by itself is done once (`Prepared`): one
reference is scored against many versions.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from ssimulacra2 import ssimulacra2 as published

from calibration.image import Image

IDENTICAL = 100.0
LEAST_SIDE = 8  # pixels: smaller pictures have no score
ALL_SCALES_SIDE = LEAST_SIDE << (published.kNumScales - 1)  # pixels: below, scales are missing
_RADIUS, _SIGMA = 5, 1.5  # of the window in which statistics are taken
_KERNEL = cv2.getGaussianKernel(2 * _RADIUS + 1, _SIGMA, cv2.CV_64F)
_CHANNELS = 3

Floats = npt.NDArray[np.float64]  # the variance of flat places drowns in the rounding of single precision
Singles = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Scale:
    """One scale of one picture, (h, w, 3) each."""

    xyb: Floats
    mean: Floats  # local
    variance: Floats  # local
    edges: Floats  # 1 + distance from the local mean

    @property
    def size(self) -> str:
        """Return it in words."""
        return f"{self.xyb.shape[1]} x {self.xyb.shape[0]}"


Prepared = list[_Scale]


def prepare(image: Image) -> Prepared:
    """Compute what scoring needs of one picture by itself.

    Raises:
        ValueError: A side is shorter than 8 pixels.
    """
    if min(image.width, image.height) < LEAST_SIDE:
        raise ValueError(
            f"expected sides of at least {LEAST_SIDE} pixels, got {image.width} x {image.height}"
        )
    linear, scales = _linear(image.pixels), []
    for _ in range(published.kNumScales):
        if min(linear.shape[:2]) < LEAST_SIDE:
            break
        xyb = _xyb(linear)
        mean = _blur(xyb)
        scales.append(_Scale(xyb, mean, _blur(xyb * xyb) - mean * mean, 1.0 + cv2.absdiff(xyb, mean)))
        linear = _halve(linear)
    return scales


def score(reference: Prepared, distorted: Prepared) -> float:
    """Return the score of a version, as the package does: at most 100, below 0 for ruins.

    Raises:
        ValueError: The pictures differ in size.
    """
    pairs = _paired(reference, distorted)
    return _scored([(_structure(*pair), _change(*pair)) for pair in pairs])


def score_either_way(first: Prepared, second: Prepared) -> float:
    """Return the mean score of two pictures of which either may be the original.

    Raises:
        ValueError: The pictures differ in size.
    """
    pairs = _paired(first, second)
    structures = [_structure(*pair) for pair in pairs]
    one_way = [_change(*pair) for pair in pairs]
    other_way = [_change(*reversed(pair)) for pair in pairs]
    return sum(_scored(list(zip(structures, way, strict=True))) for way in (one_way, other_way)) / 2.0


def _paired(first: Prepared, second: Prepared) -> list[tuple[_Scale, _Scale]]:
    if first[0].xyb.shape != second[0].xyb.shape:
        raise ValueError(f"expected two pictures of one size, got {first[0].size} and {second[0].size}")
    return list(zip(first, second, strict=True))


def _scored(scales: list[tuple[Floats, Floats]]) -> float:
    """Weigh what each scale gave: (structure, change) maps."""
    found = [
        np.stack(
            [_norms(structure), _norms(np.maximum(change, 0.0)), _norms(np.maximum(-change, 0.0))], axis=2
        )
        for structure, change in scales
    ]  # (3 channels, 2 norms, 3 kinds) each
    # Weights lie by channel, scale, norm and kind; where scales are missing the package reads them on end.
    laid_out = np.stack(found, axis=1).ravel()
    return _final(float(published.weights[: len(laid_out)] @ laid_out))


def _structure(first: _Scale, second: _Scale) -> Floats:
    """Map what of the structure is lost, 0 where all is kept."""
    kept = _blur(first.xyb * second.xyb)
    kept -= first.mean * second.mean
    kept *= 2.0
    kept += published.kC2
    own = first.variance + second.variance
    own += published.kC2
    kept /= own
    shift = first.mean - second.mean
    shift *= shift
    kept *= np.subtract(1.0, shift, out=shift)
    return _floats(np.maximum(np.subtract(1.0, kept, out=kept), 0.0, out=kept))


def _change(reference: _Scale, distorted: _Scale) -> Floats:
    """Map detail added, above 0, and lost, below."""
    return _floats(distorted.edges / reference.edges - 1.0)


def _norms(values: Floats) -> npt.NDArray[np.float64]:
    """Return the mean and the fourth-power mean by channel, (3, 2)."""
    squares = values * values
    return np.stack([_means(values), _means(squares * squares) ** 0.25], axis=1)


def _means(values: Floats) -> npt.NDArray[np.float64]:
    return np.array(cv2.mean(values)[:_CHANNELS])


def _final(weighted: float) -> float:
    """Turn weighted distances into the score: the polynomial and power of the reference implementation."""
    scaled = weighted * 0.9562382616834844
    bent = 2.326765642916932 * scaled - 0.020884521182843837 * scaled**2 + 6.248496625763138e-05 * scaled**3
    return float(IDENTICAL - 10.0 * bent**0.6276336467831387) if bent > 0 else IDENTICAL


def _linear(pixels: npt.NDArray[np.uint8]) -> Singles:
    table = published.srgb_to_linear(np.arange(256)).astype(np.float32)
    return np.asarray(table[pixels], dtype=np.float32)


def _xyb(linear: Singles) -> Floats:
    """Turn linear RGB into the metric's opponent colours, all above zero; (h, w, 3)."""
    matrix = published.kOpsinAbsorbanceMatrix.reshape(_CHANNELS, _CHANNELS)
    bias = published.kOpsinAbsorbanceBias
    mixed = np.maximum(cv2.transform(linear, np.c_[matrix, bias].astype(np.float32)), 0.0)
    roots = np.cbrt(mixed) - np.cbrt(bias).astype(np.float32)
    to_positive = np.array(  # x, y and b - y, each scaled and lifted as `make_positive_xyb` does
        [[7.0, -7.0, 0.0, 0.42], [0.5, 0.5, 0.0, 0.01], [-0.5, -0.5, 1.0, 0.55]], dtype=np.float32
    )
    return _floats(cv2.transform(roots, to_positive))


def _blur(values: Floats) -> Floats:
    """Average under the window; outside lie zeros left and right, mirrored rows above and below."""
    # The package works on the transposed picture, so that its empty rows above and below are columns here.
    padded = cv2.copyMakeBorder(values, 0, 0, _RADIUS, _RADIUS, cv2.BORDER_CONSTANT, value=0)
    blurred = cv2.sepFilter2D(padded, -1, _KERNEL, _KERNEL, borderType=cv2.BORDER_REFLECT)
    return _floats(blurred[:, _RADIUS:-_RADIUS])


def _halve(linear: Singles) -> Singles:
    height, width = linear.shape[:2]
    even = cv2.copyMakeBorder(linear, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    half = (even.shape[1] // 2, even.shape[0] // 2)
    return np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)
