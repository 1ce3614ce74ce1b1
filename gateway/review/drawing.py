"""Draw what a reviewer looks at: the picture small and whole, its noise, and where the evidence lies.

Files of strangers are never shown as they are: their pixels are written anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, decode, decode_reduced, encode_jpeg, encode_png_fast, fit_within
from calibration.image_source import DecodeLimits
from gateway.detection.heat_map import draw_heat_map
from gateway.memory.cache import ByteBoundedCache
from gateway.review.flag import Flag

THUMBNAIL_SIDE = 192  # pixels
_LONGEST_SIDE = 1600
_RESIDUAL_SIDE = 1200
_FULL = 112  # grey levels from the middle that the strongest noise is amplified to
_STRONGEST = 99.5  # percentile
_MOST_GAIN = 64.0

Levels = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Drawn:
    """A picture to show."""

    data: bytes
    media_type: str


@dataclass(frozen=True, eq=False)
class Amplified:
    """What parts a picture from another, made visible."""

    image: Image  # grey where they agree
    gain: float  # by which it is amplified


class Drawings:
    """Draws, and remembers what was drawn; called from several threads."""

    def __init__(self, limits: DecodeLimits, max_bytes: int) -> None:
        self._limits = limits
        self._cache: ByteBoundedCache[Drawn] = ByteBoundedCache(max_bytes)
        self._views: Mapping[str, Callable[[bytes, Flag], Drawn]] = {
            "thumbnail": self._thumbnail,
            "picture": self._picture,
            "residual": self._residual,
            "evidence": self._evidence,
        }

    @property
    def views(self) -> frozenset[str]:
        """What can be drawn."""
        return frozenset(self._views)

    def draw(self, view: str, data: bytes, flag: Flag) -> Drawn:
        """Draw one view of a flagged picture.

        Raises:
            ImageError: Its file cannot be read any more.
        """
        key = f"{view} {flag.id if view == 'evidence' else flag.digest}".encode()
        known = self._cache.get(key)
        if known is None:
            known = self._views[view](data, flag)
            self._cache.put(key, known, len(known.data))
        return known

    def _thumbnail(self, data: bytes, _: Flag) -> Drawn:
        decoded = decode_reduced(data, self._limits, least=(THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        return Drawn(encode_jpeg(fit_within(decoded.image, THUMBNAIL_SIDE), 82), "image/jpeg")

    def _picture(self, data: bytes, _: Flag) -> Drawn:
        return _png(fit_within(decode(data, self._limits).image, _LONGEST_SIDE))

    def _residual(self, data: bytes, _: Flag) -> Drawn:
        return _png(amplified_noise(decode(data, self._limits).image).image)

    def _evidence(self, data: bytes, flag: Flag) -> Drawn:
        return _png(draw_heat_map(decode(data, self._limits).image, flag.verdict))


def amplified_noise(image: Image) -> Amplified:
    """Amplify what a picture holds beyond a copy of it without noise."""
    calm = cv2.bilateralFilter(image.pixels, d=7, sigmaColor=24, sigmaSpace=3)
    return amplified_difference(image.pixels, np.asarray(calm, dtype=np.uint8))


def amplified_difference(pixels: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> Amplified:
    """Amplify what parts two pictures of one size: grey where they agree, by a gain the strongest set."""
    difference = pixels.astype(np.int16) - other
    small = _strongest_of_blocks(difference, -(-max(pixels.shape[:2]) // _RESIDUAL_SIDE))
    strongest = float(np.percentile(np.abs(small), _STRONGEST))
    gain = min(_MOST_GAIN, _FULL / max(strongest, 1.0))
    shown = np.clip(np.round(128.0 + gain * small), 0, 255).astype(np.uint8)
    return Amplified(Image(np.ascontiguousarray(shown)), gain)


def _strongest_of_blocks(difference: Levels, side: int) -> Levels:
    """Shrink by taking the strongest of each block: means would take noise away."""
    if side <= 1:
        return difference
    height, width = (length // side * side for length in difference.shape[:2])
    blocks = difference[:height, :width].reshape(height // side, side, width // side, side, 3)
    blocks = blocks.transpose(0, 2, 4, 1, 3).reshape(height // side, width // side, 3, side * side)
    place = np.abs(blocks).argmax(axis=3)[..., None]
    return np.asarray(np.take_along_axis(blocks, place, axis=3)[..., 0], dtype=np.int16)


def _png(image: Image) -> Drawn:
    return Drawn(encode_png_fast(image), "image/png")
