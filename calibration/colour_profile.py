"""Tell what an embedded colour profile does, and bring pixels to sRGB through it.

A profile's name proves nothing: colours are rendered through it and looked at.
"""

import io
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageCms

Pixels = npt.NDArray[np.uint8]
Space = Literal["rgb", "grey", "inks", "other"]

_SPACES: dict[bytes, Space] = {b"RGB ": "rgb", b"GRAY": "grey", b"CMYK": "inks"}
_STRIP_PIXELS = 262_144
_LARGEST_DIFFERENCE = 2  # grey levels: what rounding and the two published primaries of sRGB come to
_REMEMBERED_BYTES = 65_536  # larger profiles are judged anew each time
_HDR_TRANSFERS = frozenset({16, 18})  # PQ and HLG, ITU-T H.273
_MOST_TAGS = 100
# Tables by rendering intent, beside or in place of curves and primaries: readers differ in which they use.
_TABLES = frozenset(
    {*(b"A2B%d" % intent for intent in range(3)), *(b"D2B%d" % intent for intent in range(4))}
)


def profile_space(profile: bytes) -> Space:
    """Return the colour space whose pixels a profile describes."""
    return _SPACES.get(profile[16:20], "other")


def is_srgb(profile: bytes) -> bool:
    """Whether colours look the same with the profile and without."""
    if len(profile) > _REMEMBERED_BYTES:
        return _renders_as_srgb(profile)
    return _renders_as_srgb_remembered(profile)


def transfer_is_hdr(profile: bytes) -> bool:
    """Whether the profile says that its pixels are PQ or HLG (ICC.1:2022, tag cicp)."""
    at = dict(reversed(_tags(profile))).get(b"cicp")
    return at is not None and any(code in _HDR_TRANSFERS for code in profile[at + 9 : at + 10])


def _tags(profile: bytes) -> list[tuple[bytes, int]]:
    """List the tags with the places of their contents, as far as the profile goes."""
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
    except struct.error:
        return []
    entries = profile[132 : 132 + 12 * min(count, _MOST_TAGS)]
    return [(tag, at) for tag, at, _ in struct.iter_unpack(">4sII", entries[: len(entries) // 12 * 12])]


def convert_to_srgb(pixels: Pixels, profile: bytes, *, is_grey: bool) -> bool:
    """Convert RGB pixels (H, W, 3) in place; say whether the profile could be used."""
    convert = _converter(profile, is_grey=is_grey)
    if convert is None:
        return False  # viewers and model back ends ignore a profile they cannot read
    height, width = pixels.shape[:2]
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        pixels[top : top + rows] = convert(pixels[top : top + rows])
    return True


def _converter(profile: bytes, *, is_grey: bool) -> Callable[[Pixels], Pixels] | None:
    space = profile_space(profile)
    if space in ("inks", "other") or (space == "grey" and not is_grey):
        return None
    try:
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return _grey_converter(embedded) if space == "grey" else _rgb_converter(embedded)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _rgb_converter(embedded: ImageCms.ImageCmsProfile) -> Callable[[Pixels], Pixels]:
    transform = ImageCms.buildTransform(embedded, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    return lambda pixels: _transformed(pixels, transform)


def _grey_converter(embedded: ImageCms.ImageCmsProfile) -> Callable[[Pixels], Pixels]:
    # Its shortcuts for speed miss dark greys by up to ten levels; 256 values need none.
    transform = ImageCms.buildTransform(
        embedded, ImageCms.createProfile("sRGB"), "L", "RGB", flags=ImageCms.Flags.NOOPTIMIZE
    )
    shown = _transformed(np.ascontiguousarray(_greys()[..., 0]), transform)[0]  # (256, 3)
    return lambda pixels: shown[pixels[..., 0]]


def _transformed(pixels: Pixels, transform: ImageCms.ImageCmsTransform) -> Pixels:
    return np.asarray(ImageCms.applyTransform(PillowImage.fromarray(pixels), transform), dtype=np.uint8)


def _renders_as_srgb(profile: bytes) -> bool:
    space = profile_space(profile)
    convert = _converter(profile, is_grey=space == "grey")
    if convert is None or any(tag in _TABLES for tag, _ in _tags(profile)):
        return False
    colours = _greys() if space == "grey" else np.concatenate([_greys(), _cube()], axis=1)
    difference = np.abs(convert(colours).astype(np.int16) - colours)
    return bool(difference.max() <= _LARGEST_DIFFERENCE)


_renders_as_srgb_remembered = lru_cache(maxsize=64)(_renders_as_srgb)


def _greys() -> Pixels:
    return np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)  # (1, 256, 3)


def _cube() -> Pixels:
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    return np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
