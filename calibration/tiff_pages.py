"""Read the pages of a TIFF as small pictures, for comparing; nothing of this is sent to a model.

A page may be another picture, a smaller copy of the first for overviews, or a sheet of a scanned document.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import TiffImagePlugin

from calibration.image_source import DecodeLimits
from calibration.reading import PARSER_ERRORS

Pixels = npt.NDArray[np.uint8]

_SIGNS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two are BigTIFF's
_KIND, _NUMBER = 254, 297  # tags: new subfile type, page number
_COMPRESSION, _FAX = 259, frozenset({2, 3, 4})  # whose decoder logs every row of what is damaged
_REDUCED, _PAGE, _MASK = 1, 2, 4  # bits of the first
_LETTERS = frozenset({1, 2, 7})  # types: bytes, letters, anything; numbers may be millions
_MOST_TEXTS, _MOST_LETTERS = 64, 65_536  # of a page that are read; bytes of one
_PIXEL_BYTES = 12  # that reading may take for each pixel of all pages that are allowed
_BITS, _SAMPLES, _ROWS, _TILE_WIDTH, _TILE_HEIGHT = 258, 277, 278, 322, 323  # tags of how a page is stored
_PLAIN = {"1": "L", "P": "RGBA", "PA": "RGBA"}  # modes whose values are no levels, and what to make of them
_ONE_BYTE = frozenset({"1", "L", "P"})  # modes that take one in memory; all others count as four


@dataclass(frozen=True, eq=False)
class TiffPage:
    """One page."""

    pixels: Pixels  # (side, side, 3), over white
    size: tuple[int, int]  # width and height, as stored
    is_reduced: bool  # it says that it is a smaller copy of another
    is_stated: bool  # it says that it is a page of several
    is_mask: bool  # it says that it tells where another is transparent
    texts: tuple[bytes, ...]  # what its tags hold of letters


@dataclass(frozen=True)
class TiffPages:
    """The pages of a file, as far as they were looked at."""

    pages: tuple[TiffPage, ...]
    left_out: str  # why not all were; empty where all were

    @property
    def is_all(self) -> bool:
        """Whether all were."""
        return not self.left_out


def is_tiff(data: bytes) -> bool:
    """Whether a file begins as one."""
    return data.startswith(_SIGNS)


def read_pages(
    data: bytes,
    limits: DecodeLimits,
    *,
    side: int,
    most_pages: int,
    most_pixels: int,
    check_time: Callable[[], None] = lambda: None,
) -> TiffPages:
    """Decode pages in their order, each as a small square, as long as all are below `most_pixels` together.

    It ends before a page that is compressed as a fax, and before one that would take more memory than 12
    bytes for each pixel allowed. Empty where not even the first can be read.

    Args:
        data: The file.
        limits: Within which pictures may be decoded.
        side: Of the squares, in pixels.
        most_pages: That are decoded.
        most_pixels: Of all of them, as stored.
        check_time: Asked before each page; what it raises is passed on.

    Raises:
        MemoryError: There is none left at the moment.
    """
    pages: list[TiffPage] = []
    if not is_tiff(data):
        return TiffPages((), "")
    if len(data) > limits.max_bytes:
        return TiffPages((), f"the file has more than {limits.max_bytes} bytes")
    most = min(most_pixels, limits.max_pixels)
    try:
        opened = PillowImage.open(io.BytesIO(data), formats=["TIFF"])
        left_out = _walk(opened, pages, side=side, most_pages=most_pages, most_pixels=most, ask=check_time)
    except MemoryError:  # of the moment: nothing is said of the file
        raise
    except (*PARSER_ERRORS, Warning):  # odd tags are no matter here
        left_out = "a page is damaged"
    return TiffPages(tuple(pages), left_out)


def _walk(
    opened: PillowImage.Image,
    pages: list[TiffPage],
    *,
    side: int,
    most_pages: int,
    most_pixels: int,
    ask: Callable[[], None],
) -> str:
    """Add one page after the other, and return why not all were; what was added stays after an error."""
    if not isinstance(opened, TiffImagePlugin.TiffImageFile):
        return "it is not read as a TIFF"
    room = most_pixels
    while True:
        ask()
        number = len(pages)
        try:
            opened.seek(number)
        except EOFError:
            return ""
        if number == most_pages:
            return f"there are more than {most_pages} pages"
        room -= opened.size[0] * opened.size[1]
        if bound := _bound(opened, room=room, allowed=most_pixels):
            return f"page {number + 1} {bound}"
        pages.append(_page(opened, side))


def _bound(opened: TiffImagePlugin.TiffImageFile, *, room: int, allowed: int) -> str:
    """Say why a page is not decoded; nothing where it is."""
    if room < 0:
        return f"and those before it have more than {allowed} pixels"
    if opened.tag_v2.get(_COMPRESSION) in _FAX:
        return "is a fax"
    if _needed_bytes(opened) > allowed * _PIXEL_BYTES:
        return "is stored so that it takes too much memory to decode"
    return ""


def _needed_bytes(opened: TiffImagePlugin.TiffImageFile) -> int:
    """Return what decoding and shrinking a page take at most: a strip or tile as stored, pixels, copies."""
    tags, (width, height) = opened.tag_v2, opened.size
    bits = tags.get(_BITS) or (1,)
    stored = sum(bits) if len(bits) > 1 else bits[0] * int(tags.get(_SAMPLES) or 1)
    if _TILE_WIDTH in tags:
        piece = int(tags[_TILE_WIDTH]) * int(tags.get(_TILE_HEIGHT) or 0)
    else:
        piece = width * min(int(tags.get(_ROWS) or height), height)
    shown = (1 if opened.mode in _ONE_BYTE else 4) + (8 if opened.mode == "P" else 4)
    return width * height * shown + piece * stored // 8


def _page(opened: TiffImagePlugin.TiffImageFile, side: int) -> TiffPage:
    tags = opened.tag_v2
    kind = int(tags.get(_KIND) or 0)
    is_stated = bool(kind & _PAGE) or _NUMBER in tags
    return TiffPage(
        _small(opened, side),
        opened.size,
        is_reduced=bool(kind & _REDUCED),
        is_stated=is_stated,
        is_mask=bool(kind & _MASK),
        texts=tuple(_texts(tags)),
    )


def _small(opened: PillowImage.Image, side: int) -> Pixels:
    """Shrink first: copies of a whole page cost as much memory as the page, or twice that."""
    if opened.mode.startswith("I") or opened.mode == "F":
        shown = _shades(opened, side)
    else:
        whole = opened.convert(_PLAIN[opened.mode]) if opened.mode in _PLAIN else opened
        shown = whole.resize((side, side), PillowImage.Resampling.BOX).convert("RGBA")
    white = PillowImage.new("RGBA", shown.size, (255, 255, 255, 255))
    return np.asarray(PillowImage.alpha_composite(white, shown).convert("RGB"))


def _shades(opened: PillowImage.Image, side: int) -> PillowImage.Image:
    """Return numbers as shades between their extremes; what is no number is black."""
    whole = opened.convert("I") if opened.mode.startswith("I;") else opened
    levels = np.asarray(whole.resize((side, side), PillowImage.Resampling.BOX)).astype(np.float64)
    known = np.isfinite(levels)
    if not known.any():
        return PillowImage.new("RGBA", (side, side), "black")
    low, high = float(levels[known].min()), float(levels[known].max())
    shades = np.where(known, levels - low, 0.0) * (255 / max(high - low, 1e-9))
    return PillowImage.fromarray(shades.astype(np.uint8)).convert("RGBA")


def _texts(tags: TiffImagePlugin.ImageFileDirectory_v2) -> Iterator[bytes]:
    for tag in sorted(tag for tag in tags if tags.tagtype.get(tag) in _LETTERS)[:_MOST_TEXTS]:
        value = tags[tag]
        if isinstance(value, str):
            yield value[:_MOST_LETTERS].encode("latin-1", "replace")
        elif isinstance(value, bytes):
            yield value[:_MOST_LETTERS]
