"""What an encoded picture is before it becomes pixels: limits, format, size, JPEG quality. Reads no bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Reason = Literal[  # why a picture is refused
    "empty",
    "too_many_bytes",
    "too_many_pixels",
    "too_many_frames",
    "unknown_format",
    "damaged",
]
FormatName = Literal["jpeg", "png", "webp", "gif"]

MEDIA_TYPES: dict[FormatName, str] = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
}

# Luma quantisation table of libjpeg at quality 50, ITU-T T.81 table K.1, summed; and its 16 smallest steps.
_BASE_LUMA_SUM = 3688
_BASE_LUMA_SMALLEST_SUM = 246
_LARGEST_STEP = 255  # of a baseline JPEG: below quality 24 the coarse steps are cut off there


class ImageError(ValueError):
    """The bytes are not an image this product accepts; `reason` is one word for counters and headers."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason


@dataclass(frozen=True)
class DecodeLimits:
    """What a decoder may be made to spend on one image."""

    max_bytes: int = 32 * 1024 * 1024
    max_pixels: int = 50_000_000
    max_frames: int = 1_000


@dataclass(frozen=True)
class SourceInfo:
    """What the encoded file was, beyond the pixels of its first frame."""

    format: FormatName
    size_bytes: int
    width: int  # pixels, as stored: before orientation
    height: int
    mode: str  # Pillow's name of the stored pixel layout
    frames: int
    has_alpha: bool  # some pixel is not opaque
    is_rotated: bool  # an EXIF orientation other than upright was applied
    is_color_converted: bool  # an ICC profile other than sRGB was applied, or CMYK or 16-bit was reduced
    jpeg_quality: int | None  # estimated from the luma quantisation table, 1-100
    depth: int = 8  # bits a channel, as stored: 8 or 16; palettes and fewer bits count as 8
    orientation: int = 1  # 1-8, as EXIF numbers them
    is_repaired: bool = False  # damaged beside its pixels, or at its very end: other decoders may refuse it

    @property
    def media_type(self) -> str:
        """The media type of the stored format."""
        return MEDIA_TYPES[self.format]

    @property
    def is_lossless(self) -> bool:
        """Whether the container stores pixels exactly (WebP is taken for lossy: it does not say)."""
        return self.format in ("png", "gif")

    @property
    def is_animated(self) -> bool:
        """Whether it moves; the further pictures of a JPEG (MPO) are never shown."""
        return self.frames > 1 and self.format != "jpeg"

    @property
    def is_plain(self) -> bool:
        """Whether a rewrite from the decoded pixels shows the same picture: one upright opaque sRGB frame."""
        is_special = self.frames > 1 or self.has_alpha or self.is_rotated or self.is_color_converted
        return not (is_special or self.is_repaired) and self.depth == 8


def estimate_quality(luma_steps: Sequence[int]) -> int:
    """Return the IJG quality, 1-100, whose luma quantisation table comes nearest to this one."""
    steps = sorted(luma_steps)
    if steps[-1] < _LARGEST_STEP:
        scale = 100.0 * sum(steps) / _BASE_LUMA_SUM
    else:
        scale = 100.0 * sum(steps[:16]) / _BASE_LUMA_SMALLEST_SUM
    quality = (200.0 - scale) / 2.0 if scale <= 100.0 else 5000.0 / scale
    return int(np.clip(round(quality), 1, 100))
