"""Read the pages of a TIFF as small pictures, for comparing; nothing of this is sent to a model.

A page may be another picture, a smaller copy of the first for overviews, or a sheet of a scanned document.
"""

import contextlib
import io
from collections.abc import Iterator
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
_REDUCED, _PAGE = 1, 2  # bits of the first
_LETTERS = frozenset({1, 2, 7})  # types: bytes, letters, anything; numbers may be millions
_MOST_TEXTS, _MOST_LETTERS = 64, 65_536  # of a page that are read; bytes of one


@dataclass(frozen=True, eq=False)
class TiffPage:
    """One page."""

    pixels: Pixels  # (side, side, 3), over white
    size: tuple[int, int]  # width and height, as stored
    is_reduced: bool  # it says that it is a smaller copy of another
    is_stated: bool  # it says that it is a page of several
    texts: tuple[bytes, ...]  # what its tags hold of letters


@dataclass(frozen=True)
class TiffPages:
    """The pages of a file, as far as they were looked at."""

    pages: tuple[TiffPage, ...]
    is_all: bool


def is_tiff(data: bytes) -> bool:
    """Whether a file begins as one."""
    return data.startswith(_SIGNS)


def read_pages(
    data: bytes, limits: DecodeLimits, *, side: int, most_pages: int, most_pixels: int
) -> TiffPages:
    """Decode pages in their order, each as a small square, as long as all are below `most_pixels` together.

    It ends before a page that is compressed as a fax.

    Empty where not even the first can be read.
    """
    pages: list[TiffPage] = []
    is_all = len(data) <= limits.max_bytes
    if not is_tiff(data) or not is_all:
        return TiffPages((), is_all)
    with contextlib.suppress(*PARSER_ERRORS, Warning):  # odd tags are no matter here
        opened = PillowImage.open(io.BytesIO(data), formats=["TIFF"])
        if not isinstance(opened, TiffImagePlugin.TiffImageFile):
            return TiffPages((), is_all=False)
        is_all = False
        room = min(most_pixels, limits.max_pixels)
        for number in range(most_pages + 1):
            try:
                opened.seek(number)
            except EOFError:
                is_all = True
                break
            room -= opened.size[0] * opened.size[1]
            if number == most_pages or room < 0 or opened.tag_v2.get(_COMPRESSION) in _FAX:
                break
            pages.append(_page(opened, side))
    return TiffPages(tuple(pages), is_all)


def _page(opened: TiffImagePlugin.TiffImageFile, side: int) -> TiffPage:
    tags = opened.tag_v2
    kind = int(tags.get(_KIND) or 0)
    is_stated = bool(kind & _PAGE) or _NUMBER in tags
    return TiffPage(_small(opened, side), opened.size, bool(kind & _REDUCED), is_stated, tuple(_texts(tags)))


def _small(opened: PillowImage.Image, side: int) -> Pixels:
    if opened.mode.startswith("I") or opened.mode == "F":
        levels = np.asarray(opened).astype(np.float64)
        low, high = float(levels.min()), float(levels.max())
        shades = (levels - low) * (255 / max(high - low, 1e-9))
        opened = PillowImage.fromarray(shades.astype(np.uint8))
    shown = opened.convert("RGBA").resize((side, side), PillowImage.Resampling.BOX)
    white = PillowImage.new("RGBA", shown.size, (255, 255, 255, 255))
    return np.asarray(PillowImage.alpha_composite(white, shown).convert("RGB"))


def _texts(tags: TiffImagePlugin.ImageFileDirectory_v2) -> Iterator[bytes]:
    for tag in sorted(tag for tag in tags if tags.tagtype.get(tag) in _LETTERS)[:_MOST_TEXTS]:
        value = tags[tag]
        if isinstance(value, str):
            yield value[:_MOST_LETTERS].encode("latin-1", "replace")
        elif isinstance(value, bytes):
            yield value[:_MOST_LETTERS]
