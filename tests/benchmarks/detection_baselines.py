"""Simple detectors the verdict is compared with; each threshold is exceeded by 1 % of what it was fitted on.

- sigma: noise of the whole picture (Immerkaer 1996).
- jpeg_residual: energy of what JPEG 75 takes away.
- rescale: mean squared error after shrinking to 224 by bilinear without antialiasing and enlarging again,
  over the same with antialiasing (Decamouflage, 2010.03735, black box).

To canonicalise and never flag finds nothing; what it leaves of an attack is counted with the attacks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, ImageError, decode, encode_jpeg, encode_png, encode_webp

Pixels = npt.NDArray[np.uint8]

_IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_TARGET = 224
_FALSE_ALARMS = 0.01


@dataclass(frozen=True)
class Baselines:
    """Thresholds by name."""

    thresholds: dict[str, float]

    @classmethod
    def fitted(cls, photographs: Sequence[Pixels]) -> "Baselines":
        """Set every threshold on photographs in the encodings attacks are sent in."""
        found: dict[str, list[float]] = {}
        for pixels in photographs:
            for data in _encodings(Image(pixels)):
                for name, score in _scores(decode(data).image.pixels).items():
                    found.setdefault(name, []).append(score)
        return cls({name: float(np.quantile(scores, 1 - _FALSE_ALARMS)) for name, scores in found.items()})

    def flagged(self, data: bytes) -> list[str]:
        """Name the detectors that flag a file."""
        try:
            scores = _scores(decode(data).image.pixels)
        except ImageError:
            return []
        return [name for name, score in scores.items() if score > self.thresholds[name]]


def _encodings(image: Image) -> list[bytes]:
    small = cv2.resize(image.pixels, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    jpegs = [encode_jpeg(image, quality) for quality in (95, 90, 75)]
    return [encode_png(image), *jpegs, encode_webp(image, 90), encode_png(Image(np.asarray(small)))]


def _scores(pixels: Pixels) -> dict[str, float]:
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    sigma = np.abs(cv2.filter2D(luma, -1, _IMMERKAER)).mean() * np.sqrt(np.pi / 2) / 6
    saved = decode(encode_jpeg(Image(pixels), 75)).image.pixels
    residual = np.square(pixels.astype(np.float32) - saved).mean()
    return {"sigma": float(sigma), "jpeg_residual": float(residual), "rescale": _rescale_error(pixels)}


def _rescale_error(pixels: Pixels) -> float:
    height, width = pixels.shape[:2]
    errors = []
    for kernel in (cv2.INTER_LINEAR, cv2.INTER_AREA):
        small = cv2.resize(pixels, (_TARGET, _TARGET), interpolation=kernel)
        back = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
        errors.append(np.square(pixels.astype(np.float32) - back).mean())
    return float(errors[0] / (errors[1] + 1.0))
