"""Bring an opened picture, whatever its layout, to one array of upright 8-bit sRGB pixels.

Strip by strip: beside Pillow's own pixels (four bytes each) and the result (three), nothing is as large as
the picture, until it is turned or converted: then the pixels as stored are kept too. WebP is decoded by
OpenCV, because Pillow keeps five copies of it meanwhile.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from calibration.across_channels import any_of_channels
from calibration.colour_profile import convert_to_srgb
from calibration.image_header import stored_depth
from calibration.metadata import Metadata
from calibration.png_colour_key import ColourKey, read_colour_key

Pixels = npt.NDArray[np.uint8]

_STRIP_PIXELS = 262_144
_WITH_ALPHA = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_GREY = frozenset({"1", "L", "LA", "La", "I", "I;16", "F"})
_UPRIGHT: Mapping[int, Callable[[Pixels], Pixels]] = {  # by orientation, as `ImageOps.exif_transpose`
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: pixels.transpose(1, 0, 2),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).transpose(1, 0, 2),
    8: np.rot90,
}


@dataclass(frozen=True, eq=False)
class Flattened:
    """Pixels as the models see them, and what they were brought from."""

    pixels: Pixels  # (H, W, 3)
    stored: Pixels  # before turning and conversion by a profile; the same array where there was neither
    has_alpha: bool  # some pixel was not opaque: white shows through
    is_color_converted: bool  # by an embedded profile, from CMYK, or from 16 bits


def flatten(opened: PillowImage.Image, data: bytes, metadata: Metadata) -> Flattened:
    """Decode the first frame of `data`, which Pillow has opened.

    Raises nearly anything on damaged data, as Pillow's parsers do.
    """
    mode = opened.mode
    is_deep = stored_depth(data) > 8
    key = read_colour_key(data)
    if opened.format == "WEBP":
        pixels, has_alpha = opencv_pixels(data, is_opaque=mode == "RGB")
    elif is_deep and mode == "RGB" and key is not None:
        pixels, has_alpha = _deep_pixels_with_key(data, key)
    else:
        opened.load()
        pixels, has_alpha = _rgb_pixels(opened, key)
    opened.close()  # gives its pixels back before others are made
    upright, is_converted = finish(pixels, metadata, is_grey=mode in _GREY)
    return Flattened(upright, pixels, has_alpha, is_converted or mode == "CMYK" or is_deep)


def finish(stored: Pixels, metadata: Metadata, *, is_grey: bool) -> tuple[Pixels, bool]:
    """Turn stored pixels upright and bring them to sRGB; say whether a profile was applied."""
    turn = _UPRIGHT.get(metadata.orientation)
    upright = stored if turn is None else np.ascontiguousarray(turn(stored))
    if metadata.profile is None:
        return upright, False
    converted = upright.copy() if upright is stored else upright
    is_converted = convert_to_srgb(converted, metadata.profile, is_grey=is_grey)
    return (converted, True) if is_converted else (upright, False)


def opencv_pixels(data: bytes, *, is_opaque: bool) -> tuple[Pixels, bool]:
    """Return RGB pixels as stored, and whether alpha was flattened, by OpenCV.

    Raises:
        ValueError: The data is damaged.
    """
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION if is_opaque else cv2.IMREAD_UNCHANGED
    deep = _opencv_decoded(data, flags)
    # Of colours of 16 bits Pillow, too, keeps the upper half.
    decoded: Pixels = deep if deep.dtype == np.uint8 else (deep >> 8).astype(np.uint8)
    if decoded.ndim == 2:
        return np.repeat(decoded[..., None], 3, axis=2), False
    if decoded.shape[2] == 3:
        return decoded if is_opaque else cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), False
    pixels = np.empty((*decoded.shape[:2], 3), dtype=np.uint8)
    has_alpha = False
    for rows in _strips(*decoded.shape[:2]):
        rgba = PillowImage.fromarray(cv2.cvtColor(decoded[rows], cv2.COLOR_BGRA2RGBA))
        pixels[rows], is_seen_through = _on_white(rgba)
        has_alpha |= is_seen_through
    return pixels, has_alpha


def _rgb_pixels(opened: PillowImage.Image, key: ColourKey | None) -> tuple[Pixels, bool]:
    """Return RGB pixels, and whether alpha was flattened."""
    width, height = opened.size
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    is_deep = opened.mode.startswith("I") or opened.mode == "F"
    if key is not None and not is_deep:
        opened.info["transparency"] = key.in_eight_bits()
    may_be_transparent = "transparency" in opened.info or opened.mode in _WITH_ALPHA
    has_alpha = False
    for rows in _strips(height, width):
        strip = opened if rows == slice(0, height) else opened.crop((0, rows.start, width, rows.stop))
        if is_deep:
            pixels[rows], is_seen_through = _deep_grey(strip, key)
            has_alpha |= is_seen_through
        elif may_be_transparent:
            pixels[rows], is_seen_through = _on_white(strip.convert("RGBA"))
            has_alpha |= is_seen_through
        else:
            pixels[rows] = np.asarray(strip.convert("RGB"))
    return pixels, has_alpha


def _deep_grey(strip: PillowImage.Image, key: ColourKey | None) -> tuple[Pixels, bool]:
    values = np.asarray(strip)
    grey = _reduce_depth(values)
    if key is None:
        return grey[..., None], False
    is_keyed = values == key.values[0]
    grey[is_keyed] = 255
    return grey[..., None], bool(is_keyed.any())


def _deep_pixels_with_key(data: bytes, key: ColourKey) -> tuple[Pixels, bool]:
    """Reduce 16-bit colours, of which Pillow would compare the upper half alone with the transparent one."""
    decoded = _opencv_decoded(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION)
    pixels = np.empty(decoded.shape, dtype=np.uint8)
    has_alpha = False
    for rows in _strips(*decoded.shape[:2]):
        strip = decoded[rows][..., ::-1]
        is_keyed = ~any_of_channels(strip != np.array(key.values))
        pixels[rows] = strip >> 8
        pixels[rows][is_keyed] = 255
        has_alpha |= bool(is_keyed.any())
    return pixels, has_alpha


def _opencv_decoded(data: bytes, flags: int) -> npt.NDArray[Any]:
    cv2.utils.logging.setLogLevel(
        cv2.utils.logging.LOG_LEVEL_SILENT
    )  # of damaged data it would write to the process's own log
    decoded = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    if decoded is None:
        raise ValueError("the pixels are broken")
    return np.asarray(decoded)


def _on_white(rgba: PillowImage.Image) -> tuple[Pixels, bool]:
    """Lay a strip on white; return its pixels, and whether white shows through."""
    if rgba.getchannel("A").getextrema() == (255, 255):
        return np.asarray(rgba.convert("RGB")), False
    white = PillowImage.new("RGBA", rgba.size, (255, 255, 255, 255))
    return np.asarray(PillowImage.alpha_composite(white, rgba).convert("RGB")), True


def _reduce_depth(deep: npt.NDArray[np.generic]) -> Pixels:
    """Map 16-bit greyscale to 8 bits by its full range, as browsers do."""
    return np.clip(deep.astype(np.float64) / 257.0 + 0.5, 0, 255).astype(np.uint8)


def _strips(height: int, width: int) -> Iterator[slice]:
    """Cut the rows of a picture into slices of about as many pixels."""
    rows = max(1, _STRIP_PIXELS // width)
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))
