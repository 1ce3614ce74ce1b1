"""Turn outside bytes into pixels and back: decode with limits, encode, resize.

Pillow is imported here and in what this is built on alone. An `Image` is 8-bit sRGB without alpha; what was
lost on the way in (animation, alpha, orientation, depth) is told by `SourceInfo`, so that a caller can refuse
to rewrite such a picture.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageFile

from calibration.image_source import DecodeLimits, ImageError, SourceInfo
from calibration.reading import read, read_reduced

__all__ = [
    "Decoded",
    "Image",
    "ImageError",
    "Kernel",
    "Pixels",
    "center_square",
    "decode",
    "decode_reduced",
    "encode_jpeg",
    "encode_png",
    "encode_png_fast",
    "encode_webp",
    "encode_webp_lossless",
    "fit_within",
    "load",
    "quantize_palette",
    "resize",
    "save_pillow",
    "to_pillow",
]

Pixels = npt.NDArray[np.uint8]
Kernel = Literal["nearest", "bilinear", "bicubic", "lanczos", "area"]

_KERNELS: dict[Kernel, PillowImage.Resampling] = {
    "nearest": PillowImage.Resampling.NEAREST,
    "bilinear": PillowImage.Resampling.BILINEAR,
    "bicubic": PillowImage.Resampling.BICUBIC,
    "lanczos": PillowImage.Resampling.LANCZOS,
    "area": PillowImage.Resampling.BOX,
}


@dataclass(frozen=True, eq=False)
class Image:
    """A picture as the models see it: uint8 (H, W, 3), sRGB, no alpha."""

    pixels: Pixels

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) != 3 or shape[2] != 3 or 0 in shape:
            raise ValueError(f"expected uint8 pixels of shape (H, W, 3), got {self.pixels.dtype} {shape}")

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])


@dataclass(frozen=True)
class Decoded:
    """Pixels and where they came from."""

    image: Image
    source: SourceInfo
    before: Image | None = None  # it was turned upright and converted by a profile; None where it was neither

    @property
    def stored(self) -> Image:
        """The pixels that a re-encode with the same orientation and profile has to hold."""
        return self.image if self.before is None else self.before


def decode(data: bytes, limits: DecodeLimits | None = None) -> Decoded:
    """Decode the first frame of PNG, JPEG, WebP or GIF bytes to upright sRGB, alpha over white.

    Raises:
        ImageError: The bytes are empty, damaged, of another format, or beyond `limits`.
    """
    flat, source = read(data, limits or DecodeLimits())
    before = None if flat.stored is flat.pixels else Image(flat.stored)
    return Decoded(Image(flat.pixels), source, before)


def decode_reduced(data: bytes, limits: DecodeLimits | None = None, *, least: tuple[int, int]) -> Image:
    """Decode for a look in small: as stored, not turned, no profile applied.

    A JPEG is scaled while it is decoded, in a fraction of the time; other formats come at their full size.

    `limits` hold for the full size. `least` is a width and a height, as stored: the result has at least those
    where the file has.

    Raises:
        ImageError: As `decode`.
    """
    limits = limits or DecodeLimits()
    reduced = read_reduced(data, limits, least=least)
    return decode(data, limits).stored if reduced is None else Image(reduced)


def load(path: Path, limits: DecodeLimits | None = None) -> Image:
    """Read an image file; see `decode`.

    Raises:
        ImageError: As `decode`, the file named.
        OSError: It cannot be read.
    """
    try:
        return decode(path.read_bytes(), limits).image
    except ImageError as error:
        raise ImageError(error.reason, f"{path}: {error}") from error


def encode_png(image: Image) -> bytes:
    """Encode losslessly."""
    return _save(image, "PNG", compress_level=6)


def encode_png_fast(image: Image) -> bytes:
    """Encode losslessly in an eighth of the time, for up to a quarter more bytes: for what is sent once."""
    # OpenCV's defaults: one filter, run lengths only. Pillow's level 1 tries every filter on every row.
    encoded = cv2.imencode(".png", cv2.cvtColor(image.pixels, cv2.COLOR_RGB2BGR))[1]
    return encoded.tobytes()


def encode_jpeg(image: Image, quality: int, *, progressive: bool = True, full_chroma: bool = False) -> bytes:
    """Encode as JPEG, quality 1-100, chroma at half resolution unless `full_chroma`."""
    if not 1 <= quality <= 100:
        raise ValueError(f"quality must be 1-100, got {quality}")
    subsampling = 0 if full_chroma else 2
    # Optimised Huffman tables need the whole file in one buffer: larger than Pillow guesses, for noise.
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 4 * image.width * image.height)
    return _save(
        image, "JPEG", quality=quality, progressive=progressive, optimize=True, subsampling=subsampling
    )


def encode_webp(image: Image, quality: int, *, effort: int = 4) -> bytes:
    """Encode as lossy WebP, quality 0-100, effort 0-6."""
    return _save(image, "WEBP", quality=quality, method=effort)


def encode_webp_lossless(image: Image, *, effort: int = 2) -> bytes:
    """Encode as lossless WebP; `effort` 0-6 trades time for bytes, never pixels."""
    return _save(image, "WEBP", lossless=True, quality=20, method=effort, exact=True)


def resize(image: Image, width: int, height: int, kernel: Kernel = "bicubic") -> Image:
    """Resample with antialiasing to `width` x `height` pixels."""
    if (width, height) == (image.width, image.height):
        return image
    resized = PillowImage.fromarray(image.pixels).resize((width, height), _KERNELS[kernel], reducing_gap=None)
    return Image(np.asarray(resized))


def fit_within(image: Image, side: int, kernel: Kernel = "area") -> Image:
    """Shrink so that the longer side is at most `side` pixels; never enlarge."""
    longest = max(image.width, image.height)
    if longest <= side:
        return image
    scale = side / longest
    return resize(image, max(1, round(image.width * scale)), max(1, round(image.height * scale)), kernel)


def center_square(image: Image, side: int, kernel: Kernel = "lanczos") -> Image:
    """Cut the central square and resample it to `side` x `side` pixels."""
    short = min(image.width, image.height)
    top, left = (image.height - short) // 2, (image.width - short) // 2
    square = Image(np.ascontiguousarray(image.pixels[top : top + short, left : left + short]))
    return resize(square, side, side, kernel)


def quantize_palette(image: Image, colors: int) -> Image:
    """Reduce to `colors` palette entries (octree, no dithering), as PNG8 encoders do."""
    palette = PillowImage.fromarray(image.pixels).quantize(
        colors=colors, method=PillowImage.Quantize.FASTOCTREE, dither=PillowImage.Dither.NONE
    )
    return Image(np.asarray(palette.convert("RGB")))


def to_pillow(images: Sequence[Image]) -> list[PillowImage.Image]:
    """Hand pixels to libraries that speak Pillow: processors, plug-in observers."""
    return [PillowImage.fromarray(image.pixels) for image in images]


def _save(image: Image, format_name: str, **options: object) -> bytes:
    # A fresh Pillow object per save: options persist on a shared one and leak between threads.
    return save_pillow(PillowImage.fromarray(image.pixels), format_name, **options)


def save_pillow(picture: PillowImage.Image, format_name: str, **options: object) -> bytes:
    """Encode what Pillow holds; the object must be the caller's alone."""
    # Into a file of the system, Pillow writes without holding up all other threads; into memory it does not.
    with _memory_file() as file:
        picture.save(file, format_name, **options)
        file.seek(0)
        return file.read()


def _memory_file() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("picture"), "w+b")
    return tempfile.TemporaryFile()
