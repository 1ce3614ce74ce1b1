"""What other readers of the same file would show: later frames, inks through their profile, all of 16 bits.

Small pictures, for comparing; nothing of this is sent to a model.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageCms

from calibration.image_source import DecodeLimits, ImageError
from calibration.reading import PARSER_ERRORS, open_within

Pixels = npt.NDArray[np.uint8]

_SHORTEST_MS = 20  # browsers show frames that claim less for a tenth of a second
_USUAL_MS = 100


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of an animation."""

    pixels: Pixels  # (side, side, 3), over white
    milliseconds: float  # as browsers show it


@dataclass(frozen=True)
class Animation:
    """The frames of a file, as far as they were looked at."""

    frames: tuple[Frame, ...]
    count: int  # of the file
    is_repeated: bool  # False: it ends on its last frame
    has_still_apart: bool  # the first is a PNG's still picture, which is no part of the animation


def animation(
    data: bytes, limits: DecodeLimits, *, side: int, most_pixels: int, most_frames: int = 1_000
) -> Animation | None:
    """Decode frames in their order, each as a small square, as long as all are below `most_pixels` together.

    The further pictures of a JPEG (MPF) are frames as well; they have no times.

    None where no second frame can be read.
    """
    try:
        opened = open_within(data, limits)
        count = int(getattr(opened, "n_frames", 1))
        most = min(count, most_frames, max(2, most_pixels // (opened.size[0] * opened.size[1])))
        # Pillow tells of GIFs and PNGs how often they are repeated; of WebP, 0 is without end as well.
        is_repeated = opened.info.get("loop", 1 if opened.format == "GIF" else 0) != 1
        frames = tuple(_frames(opened, most, side))
        has_still_apart = bool(opened.info.get("default_image", False))
    except (ImageError, *PARSER_ERRORS):
        return None
    return Animation(frames, count, is_repeated, has_still_apart) if len(frames) > 1 else None


def ink_reading(data: bytes, profile: bytes, *, side: int) -> Pixels | None:
    """Show a CMYK JPEG through its own profile, as (side, side, 3); None where that cannot be done."""
    try:
        opened = open_within(data, DecodeLimits())
        opened.draft("CMYK", (side, side))
        small = opened.resize((side, side), PillowImage.Resampling.BOX)
        if small.mode != "CMYK":
            return None
        inks = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(inks, ImageCms.createProfile("sRGB"), "CMYK", "RGB")
        return np.asarray(ImageCms.applyTransform(small, transform), dtype=np.uint8)
    except (ImageError, ImageCms.PyCMSError, *PARSER_ERRORS):
        return None


def deep_values(data: bytes) -> npt.NDArray[np.uint16] | None:
    """Return one channel (H, W) of a PNG of 16 bits, grey or green; None where there is none."""
    try:
        values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if values is None or values.dtype != np.uint16:
        return None
    return np.asarray(values if values.ndim == 2 else values[..., 1], dtype=np.uint16)


def _frames(opened: PillowImage.Image, most: int, side: int) -> Iterator[Frame]:
    for number in range(most):
        try:
            opened.seek(number)
            shown = opened.convert("RGBA").resize((side, side), PillowImage.Resampling.BOX)
        except PARSER_ERRORS:
            return
        white = PillowImage.new("RGBA", shown.size, (255, 255, 255, 255))
        pixels = np.asarray(PillowImage.alpha_composite(white, shown).convert("RGB"))
        stated = float(opened.info.get("duration", 0) or 0)
        yield Frame(pixels, stated if stated >= _SHORTEST_MS else _USUAL_MS)
