"""Bring an opened picture, whatever its layout, to one array of upright 8-bit sRGB pixels.

Strip by strip: beside Pillow's own pixels (four bytes each) and the result (three), nothing is as large as
the picture. WebP is decoded by OpenCV, because Pillow keeps five copies of it meanwhile.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageCms

Pixels = npt.NDArray[np.uint8]

_STRIP_PIXELS = 262_144
_WITH_ALPHA = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_ORIENTATION = 0x0112  # EXIF tag
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
    has_alpha: bool  # some pixel was not opaque: white shows through
    is_rotated: bool
    is_color_converted: bool  # by an embedded profile, from CMYK, or from 16 bits


def flatten(opened: PillowImage.Image, data: bytes) -> Flattened:
    """Decode the first frame of `data`, which Pillow has opened.

    Raises nearly anything on damaged data, as Pillow's parsers do.
    """
    orientation = opened.getexif().get(_ORIENTATION, 1)
    if opened.format == "WEBP":
        pixels, has_alpha = _webp_pixels(data, is_opaque=opened.mode == "RGB")
        is_converted = False
    else:
        opened.load()
        is_converted = opened.mode == "CMYK" or _is_deep(opened)
        pixels, has_alpha = _rgb_pixels(opened)
    if not (has_alpha or is_converted):
        is_converted = _apply_profile(pixels, opened.info.get("icc_profile"))
    turn = _UPRIGHT.get(orientation)
    upright = pixels if turn is None else np.ascontiguousarray(turn(pixels))
    return Flattened(upright, has_alpha, orientation not in (0, 1), is_converted)


def _is_deep(opened: PillowImage.Image) -> bool:
    return opened.mode.startswith("I") or opened.mode == "F"


def _rgb_pixels(opened: PillowImage.Image) -> tuple[Pixels, bool]:
    """Return RGB pixels, and whether alpha was flattened."""
    width, height = opened.size
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    may_be_transparent = "transparency" in opened.info or opened.mode in _WITH_ALPHA
    has_alpha = False
    for rows in _strips(height, width):
        strip = opened if rows == slice(0, height) else opened.crop((0, rows.start, width, rows.stop))
        if _is_deep(opened):
            pixels[rows] = _reduce_depth(strip)[..., None]
        elif may_be_transparent:
            pixels[rows], is_seen_through = _on_white(strip.convert("RGBA"))
            has_alpha |= is_seen_through
        else:
            pixels[rows] = np.asarray(strip.convert("RGB"))
    return pixels, has_alpha


def _webp_pixels(data: bytes, *, is_opaque: bool) -> tuple[Pixels, bool]:
    """Return RGB pixels, and whether alpha was flattened.

    Raises:
        ValueError: The data is damaged.
    """
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION if is_opaque else cv2.IMREAD_UNCHANGED
    decoded = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    if decoded is None:
        raise ValueError("the WebP bitstream is broken")
    if decoded.shape[2] == 3:
        return np.asarray(decoded if is_opaque else decoded[..., ::-1], dtype=np.uint8), False
    pixels = np.empty((*decoded.shape[:2], 3), dtype=np.uint8)
    has_alpha = False
    for rows in _strips(*decoded.shape[:2]):
        rgba = PillowImage.fromarray(cv2.cvtColor(decoded[rows], cv2.COLOR_BGRA2RGBA))
        pixels[rows], is_seen_through = _on_white(rgba)
        has_alpha |= is_seen_through
    return pixels, has_alpha


def _on_white(rgba: PillowImage.Image) -> tuple[Pixels, bool]:
    """Lay a strip on white; return its pixels, and whether white shows through."""
    if rgba.getchannel("A").getextrema() == (255, 255):
        return np.asarray(rgba.convert("RGB")), False
    white = PillowImage.new("RGBA", rgba.size, (255, 255, 255, 255))
    return np.asarray(PillowImage.alpha_composite(white, rgba).convert("RGB")), True


def _reduce_depth(deep: PillowImage.Image) -> Pixels:
    """Map 16-bit greyscale to 8 bits by its full range, as browsers do."""
    values = np.asarray(deep, dtype=np.float64)
    return np.clip(values / 257.0 + 0.5, 0, 255).astype(np.uint8)


def _apply_profile(pixels: Pixels, profile: bytes | None) -> bool:
    """Convert in place to sRGB if the embedded profile is another RGB space; say whether it was."""
    if not profile:
        return False
    try:
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(embedded).lower():
            return False
        to_srgb = ImageCms.buildTransform(embedded, ImageCms.createProfile("sRGB"), "RGB", "RGB")
        for rows in _strips(*pixels.shape[:2]):
            pixels[rows] = np.asarray(ImageCms.applyTransform(PillowImage.fromarray(pixels[rows]), to_srgb))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False  # viewers and model back ends ignore a profile they cannot read
    return True


def _strips(height: int, width: int) -> Iterator[slice]:
    """Cut the rows of a picture into slices of about as many pixels."""
    rows = max(1, _STRIP_PIXELS // width)
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))
