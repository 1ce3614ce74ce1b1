"""The one table of codecs a picture may be sent in, and how it is reduced before.

Used by whoever sends (the gateway's compression) and by whatever learns what is sent (answer change,
delivery, noticeability), so that nothing is learned from versions that are never sent. A codec is one line
of `ENCODERS`.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import numpy as np

from calibration.image import Image, encode_jpeg, encode_webp, encode_webp_lossless
from calibration.image_source import MEDIA_TYPES, FormatName

LEAST_QUALITY, _STEP = 30, 5
QUALITIES: tuple[int, ...] = tuple(range(LEAST_QUALITY, 96, _STEP))
LOSSLESS: tuple[None, ...] = (None,)
_WEBP_EFFORT = 2  # of 6: what more would save takes longer than it saves
# Lossless WebP takes up to 34 bytes a pixel while it is written, three times what anything else takes.
_LARGE_PIXELS = 1_000_000
_ONE_LARGE_AT_A_TIME = threading.RLock()  # what needs room may be part of what does


@dataclass(frozen=True)
class Encoder:
    """One way of writing a picture's pixels."""

    name: str  # unique in the table
    format: FormatName
    settings: Sequence[int | None]  # ascending qualities; `LOSSLESS` where there is nothing to set
    write: Callable[[Image, int | None], bytes] = field(repr=False)
    longest_side: int  # pixels: the codec writes no more
    most_pixels: int | None = None  # beyond, encoding takes more time or memory than it saves

    @property
    def media_type(self) -> str:
        """As a data URL or a header declares it."""
        return MEDIA_TYPES[self.format]

    @property
    def is_lossless(self) -> bool:
        """Whether the pixels come back as they were."""
        return None in self.settings

    def takes(self, image: Image) -> bool:
        """Tell whether a picture of this size can, and at reasonable cost, be written."""
        return self.holds(image.width, image.height)

    def holds(self, width: int, height: int) -> bool:
        """Tell the same of sides in pixels."""
        is_small = self.most_pixels is None or width * height <= self.most_pixels
        return is_small and max(width, height) <= self.longest_side

    def encode(self, image: Image, setting: int | None) -> bytes:
        """Write at any setting of the codec, on its grid or between.

        Raises:
            ValueError: The picture is larger than the format holds.
        """
        if max(image.width, image.height) > self.longest_side:
            raise ValueError(
                f"{self.format} holds sides of at most {self.longest_side} pixels, "
                f"got {image.width} x {image.height}"
            )
        return self.write(image, setting)


JPEG = Encoder(
    "jpeg",
    "jpeg",
    QUALITIES,
    lambda image, quality: encode_jpeg(image, _required(quality)),
    longest_side=65_500,  # libjpeg's JPEG_MAX_DIMENSION; the format itself would hold 35 more
)
# For coloured letters and edges: chroma at half resolution smears them.
JPEG_FULL_CHROMA = Encoder(
    "jpeg-full-chroma",
    "jpeg",
    QUALITIES,
    lambda image, quality: encode_jpeg(image, _required(quality), full_chroma=True),
    longest_side=65_500,
)
WEBP = Encoder(
    "webp",
    "webp",
    QUALITIES,
    lambda image, quality: encode_webp(image, _required(quality), effort=_WEBP_EFFORT),
    longest_side=16_383,
    most_pixels=4_000_000,
)
# For small pictures encoded once or twice: three hundredths fewer bytes in twice the time.
WEBP_THOROUGH = Encoder(
    "webp",
    "webp",
    QUALITIES,
    lambda image, quality: encode_webp(image, _required(quality), effort=4),
    longest_side=16_383,
    most_pixels=500_000,
)
WEBP_LOSSLESS = Encoder(
    "webp-lossless",
    "webp",
    LOSSLESS,
    lambda image, _: _write_lossless(image),
    longest_side=16_383,
    most_pixels=10_000_000,
)
ENCODERS: tuple[Encoder, ...] = (JPEG, WEBP, WEBP_LOSSLESS)


def lossy(encoders: Sequence[Encoder] = ENCODERS) -> tuple[Encoder, ...]:
    """Return those that may change pixels, in the order of the table."""
    return tuple(encoder for encoder in encoders if not encoder.is_lossless)


def reduce_to(image: Image, width: int, height: int) -> Image:
    """Shrink by averaging over areas, as every picture is before it is sent smaller."""
    if (image.width, image.height) == (width, height):
        return image
    return Image(np.asarray(cv2.resize(image.pixels, (width, height), interpolation=cv2.INTER_AREA)))


@contextmanager
def room_for(pixels: int) -> Iterator[None]:
    """Wait until a picture of so many pixels may take many bytes for each: of large ones, one at a time."""
    if pixels <= _LARGE_PIXELS:
        yield
        return
    with _ONE_LARGE_AT_A_TIME:
        yield


def _write_lossless(image: Image) -> bytes:
    with room_for(image.width * image.height):
        return encode_webp_lossless(image)


def _required(quality: int | None) -> int:
    if quality is None:
        raise ValueError("expected a quality, got none")
    return quality
