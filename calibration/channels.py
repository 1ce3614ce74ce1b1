"""Read a still picture with every channel it has, in its own depth: what `Image` lays on white or reduces.

For comparing files and for writing transparent ones. Nothing is turned, no colour profile is applied. How
transparency is stored matters beside what it says: back ends lay a picture with an alpha channel on white,
and show of one with a transparent colour or palette what lies beneath (vLLM 0.15, qwen-vl-utils).
"""

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from calibration.image import save_pillow
from calibration.image_header import format_in_header, stored_depth
from calibration.image_source import DecodeLimits, ImageError
from calibration.png_colour_key import read_colour_key
from calibration.reading import PARSER_ERRORS, open_within

Values = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Transparency = Literal["", "alpha", "other"]  # none; a channel beside red, green, blue; any other way

INKS = "CMYK"  # Pillow's name of a picture of four inks
_PNG_OPTIONS = (cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_ALL_FILTERS)
_WEBP_EFFORT = 2  # of 6, as for opaque pictures


@dataclass(frozen=True, eq=False)
class Channels:
    """A still picture, as stored."""

    values: Values  # (H, W, C): grey of 16 bits, RGB, RGB with straight alpha, or four inks
    transparency: Transparency  # as it is stored; not whether any pixel is transparent
    has_inks: bool = False


def read_channels(data: bytes, limits: DecodeLimits | None = None) -> Channels:
    """Decode the first frame of PNG, JPEG, WebP or GIF bytes.

    Raises:
        ImageError: The bytes are damaged, of another format, or beyond `limits`.
    """
    opened = open_within(data, limits or DecodeLimits())
    try:
        if format_in_header(data) == "webp" or stored_depth(data) > 8:
            return _by_opencv(opened, data)
        return _by_pillow(opened, data)
    except PARSER_ERRORS as error:
        raise ImageError("damaged", f"the image data is damaged: {error}") from error


def reads_alike(one: bytes, other: bytes, limits: DecodeLimits | None = None) -> bool:
    """Tell whether two files hold the same channels, values and way of storing transparency.

    Raises:
        ImageError: As `read_channels`.
    """
    first, second = read_channels(one, limits), read_channels(other, limits)
    return (
        first.transparency == second.transparency
        and first.has_inks == second.has_inks
        and first.values.dtype == second.values.dtype
        and np.array_equal(first.values, second.values)
    )


def write_webp(channels: Channels) -> bytes:
    """Write 8-bit RGB or RGBA as lossless WebP; colours under full transparency stay."""
    picture = PillowImage.fromarray(channels.values)
    return save_pillow(picture, "WEBP", lossless=True, quality=20, method=_WEBP_EFFORT, exact=True)


def write_png(channels: Channels) -> bytes:
    """Write grey, RGB or RGBA of 8 or 16 bits as PNG."""
    return cv2.imencode(".png", _swapped(channels.values), _PNG_OPTIONS)[1].tobytes()


def gif_as_png(data: bytes, limits: DecodeLimits | None = None) -> bytes:
    """Write the first frame of a GIF as a PNG of the same palette and transparent colour.

    Raises:
        ImageError: As `read_channels`.
    """
    opened = open_within(data, limits or DecodeLimits())
    try:
        opened.load()
        return save_pillow(opened.copy(), "PNG", optimize=True)
    except PARSER_ERRORS as error:
        raise ImageError("damaged", f"the image data is damaged: {error}") from error


def shrink(channels: Channels, width: int, height: int) -> Channels:
    """Average over areas; colours count by how opaque they are, so that none bleeds out of what is clear.

    Where all is clear, the colours beneath are averaged as they are. Transparency becomes an alpha channel.
    """
    values, size = channels.values, (width, height)
    if channels.transparency == "" or channels.has_inks:
        small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
        return Channels(small.reshape(height, width, -1), "", channels.has_inks)
    alpha = values[..., 3].astype(np.float32)
    small_alpha = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)  # (height, width)
    small = np.empty((height, width, 4), values.dtype)
    small[..., 3] = np.rint(small_alpha)
    for channel in range(3):
        colour = np.ascontiguousarray(values[..., channel])
        plain = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
        weighted = cv2.resize(np.multiply(colour, alpha), size, interpolation=cv2.INTER_AREA)
        shown = np.divide(weighted, small_alpha, out=plain.astype(np.float32), where=small_alpha > 0)
        small[..., channel] = np.rint(shown)
    return Channels(small, "alpha")


def _by_opencv(opened: PillowImage.Image, data: bytes) -> Channels:
    decoded: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None:
        raise ValueError("the pixels are broken")
    key = read_colour_key(data)
    if key is not None and decoded.ndim == 2:  # of greys of 16 bits OpenCV leaves the clear one out
        opacity = np.where(decoded == key.values[0], 0, np.iinfo(decoded.dtype).max).astype(decoded.dtype)
        return Channels(np.dstack([decoded, decoded, decoded, opacity]), "other")
    values = _swapped(decoded.reshape(*decoded.shape[:2], -1))
    # Pillow names all that has an alpha channel of 16 bits RGBA, grey too; but not RGB with one clear colour.
    return Channels(values, _name(opened.mode, has_alpha=values.shape[2] == 4))


def _by_pillow(opened: PillowImage.Image, data: bytes) -> Channels:
    key = read_colour_key(data)
    if key is not None:
        opened.info["transparency"] = key.in_eight_bits()
    mode = opened.mode
    if mode == INKS:
        return Channels(np.asarray(opened), "", has_inks=True)
    has_alpha = mode in ("RGBA", "LA", "PA") or "transparency" in opened.info
    wanted = "RGBA" if has_alpha else "RGB"
    values = np.asarray(opened if mode == wanted else opened.convert(wanted))
    return Channels(values, _name(mode, has_alpha=has_alpha))


def _name(mode: str, *, has_alpha: bool) -> Transparency:
    if not has_alpha:
        return ""
    return "alpha" if mode == "RGBA" else "other"


def _swapped(values: Any) -> Any:
    """Change red and blue, whose order OpenCV's files turn around."""
    return values if values.shape[2] == 1 else values[..., [2, 1, 0, 3][: values.shape[2]]]
