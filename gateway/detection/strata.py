"""Sort pictures into strata that each keep their own false-alarm rate: by codec, kind and size.

A stratum is read from what an edit too small to see leaves as it is: the codec, the size, and the tones of
block means, over which noise averages out. The one exception is the number of colours of a lossless picture,
which noise raises: that moves an attacked picture out of the stratum of dither and halftone, where noise is
ordinary. What is small has fewer pixels to be judged by, and the kinds are not told apart in it.
"""

from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Decoded, Image
from calibration.image_source import SourceInfo

PictureKind = Literal["photograph", "graphic", "few colours"]
Codec = Literal["lossless", "finest JPEG", "fine JPEG", "coarse JPEG", "coarsest JPEG", "other lossy"]

THUMBNAIL = 160  # pixels: shorter sides make a picture small
FEW_COLOURS = 256
_FEW_TONES = 32  # of grey: dither and line art have fewer, grey photographs more
# The lowest quality of each; between usual qualities, which encoders' own tables miss by one or two.
_LOWEST_QUALITY: tuple[tuple[Codec, int], ...] = (
    ("finest JPEG", 94),
    ("fine JPEG", 88),
    ("coarse JPEG", 78),
    ("coarsest JPEG", 0),
)
_BY_KIND: frozenset[Codec] = frozenset({"lossless", "fine JPEG", "coarse JPEG"})
_SAMPLE = 65_536  # pixels in which colours are counted
_BLOCK = 8  # pixels: noise of 8 levels moves a mean over so many by one
_NEAR = 3  # grey levels around the most frequent tone of blocks
_GROUND = 0.35  # of the blocks, that share a tone: paper, walls of a window; few skies are so even

SINGLE_STRATA: tuple[str, ...] = (
    "lossless photograph",
    "lossless graphic",
    "lossless few colours",
    "finest JPEG",
    "fine JPEG photograph",
    "fine JPEG graphic",
    "coarse JPEG photograph",
    "coarse JPEG graphic",
    "coarsest JPEG",
    "other lossy",
    "small lossless",
    "small lossy",
)
PAIR_STRATA: tuple[str, ...] = ("lossless", "fine JPEG", "coarse JPEG", "other lossy")


def single_stratum(decoded: Decoded) -> str:
    """Return which of `SINGLE_STRATA` a picture belongs to, judged by itself."""
    codec, image = codec_class(decoded.source), decoded.image
    is_lossless = codec == "lossless"
    if min(image.width, image.height) < THUMBNAIL:
        return "small lossless" if is_lossless else "small lossy"
    return f"{codec} {kind_of(image, is_lossless=is_lossless)}" if codec in _BY_KIND else codec


def pair_stratum(decoded: Decoded) -> str:
    """Return which of `PAIR_STRATA` a picture belongs to, judged beside an earlier version."""
    codec = codec_class(decoded.source)
    return {"finest JPEG": "fine JPEG", "coarsest JPEG": "coarse JPEG"}.get(codec, codec)


def codec_class(source: SourceInfo) -> Codec:
    """Class a file by what its codec leaves of noise."""
    if source.is_lossless:
        return "lossless"
    quality = source.jpeg_quality
    if quality is None:
        return "other lossy"
    return next(name for name, lowest in _LOWEST_QUALITY if quality >= lowest)


def kind_of(image: Image, *, is_lossless: bool) -> PictureKind:
    """Tell photographs from what is drawn; lossy codecs blend colours, so none has few."""
    if is_lossless and _has_few_colours(image.pixels):
        return "few colours"
    return "graphic" if ground_share(image) >= _GROUND else "photograph"


def ground_share(image: Image) -> float:
    """Return the share of blocks, 0-1, that have the most frequent tone or nearly so."""
    size = max(1, image.width // _BLOCK), max(1, image.height // _BLOCK)
    small = cv2.resize(image.pixels, size, interpolation=cv2.INTER_AREA)
    tones = np.bincount(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).ravel(), minlength=256)
    return float(np.convolve(tones, np.ones(2 * _NEAR + 1), mode="same").max() / tones.sum())


def _has_few_colours(pixels: npt.NDArray[np.uint8]) -> bool:
    """Count in a few rows first: most photographs have more colours than that in one."""
    height, width = pixels.shape[:2]
    for sample in (4096, _SAMPLE):
        rows = max(1, min(height, sample // width))
        chosen = pixels[np.linspace(0, height - 1, rows).astype(np.intp)].reshape(-1, 3).astype(np.uint32)
        colours = np.unique(chosen @ np.array([65536, 256, 1], dtype=np.uint32))
        greys = int((colours >> 8 == (colours & 0xFFFF)).sum())
        if colours.size > FEW_COLOURS or (greys == colours.size > _FEW_TONES):
            return False
    return True
