"""Compare the small pictures in a file's metadata with the picture they stand for.

Cameras put bars around it, editors leave it behind when they turn or cut the picture: both are found again.
"""

import base64
import contextlib
import re
from collections.abc import Iterator, Sequence
from itertools import islice

import cv2
import numpy as np
import numpy.typing as npt

from calibration.exif import Bitmap, embedded_bitmap, embedded_thumbnail
from calibration.image import ImageError, decode
from calibration.image_source import DecodeLimits
from gateway.detection.likeness import FLAT, STRUCTURED, Pixels, Structure, detail, strength

_LIMITS = DecodeLimits(max_bytes=65_536, max_pixels=1_000_000)
_MOST_OTHERS = 4
_MOST_HEAD = 64  # bytes before the picture in a segment that is little else
_JFIF_HEAD, _JFXX_PALETTE, _JFXX_COLOURS = 14, b"JFXX\0\x11", b"JFXX\0\x13"
_PHOTOSHOP, _JPEG = b"8BIM\x04\x0c", b"\xff\xd8\xff"
_IN_XMP = re.compile(rb"<xmpG?Img:image>([^<]{100,200000})<")
_NO_LETTERS = re.compile(rb"&#x[0-9A-Fa-f];|\s")
_LONG = 128  # pixels: the picture's longer side where both are compared
_SURROUND = 5.0  # pixels, sigma
_BAR = 24  # grey levels: what a bar beside a thumbnail is at most
_LEAST_SEEN = FLAT / 2
_LEAST_SIDE = 24  # pixels: of smaller thumbnails nothing can be told
# Of 120 unrelated pairs of photographs, the most alike came to .20, and to .49 in a part, which is looked for
# at many places and scales; edited and turned copies to .84 and more, parts left by cutting to .88 and more.
_RELATED, _RELATED_PART = 0.4, 0.7
_PARTS = tuple(0.96**step for step in range(1, 23))  # of a side, that are left after cutting


def unlike_thumbnail(exif: bytes | None, segments: Sequence[bytes], shown: Pixels) -> bool:
    """Whether a file holds a thumbnail of another picture than `shown`, (H, W, 3).

    False also where there is none, or too little to see on both to tell.

    Args:
        exif: Its TIFF block.
        segments: Other blocks of metadata: JFIF's, Photoshop's and XMP's thumbnails are looked for.
        shown: The picture.
    """
    # Readers take the first block of EXIF, or the last: each is looked at.
    exifs = dict.fromkeys([*([] if exif is None else [exif]), *filter(_is_exif, segments)])
    own = (embedded_thumbnail(each) for each in exifs)
    encoded = [
        each for each in (*islice(own, _MOST_OTHERS), *islice(_others(segments), _MOST_OTHERS)) if each
    ]
    bitmaps = (*map(embedded_bitmap, exifs), *map(_bitmap, segments))
    plain = [each for each in bitmaps if each is not None]
    return any(_is_unlike(each, shown) for each in encoded) or any(
        is_unlike(each, shown) for each in map(_pixels, plain[:_MOST_OTHERS]) if each is not None
    )


def _is_exif(segment: bytes) -> bool:
    return segment.startswith((b"II*\0", b"MM\0*"))


def _bitmap(segment: bytes) -> Bitmap | None:
    """Find a thumbnail that JFIF stores without compression: in colours, or in numbers of a palette."""
    if segment.startswith(b"JFIF\0") and len(segment) > _JFIF_HEAD:
        return Bitmap(segment[12], segment[13], segment[_JFIF_HEAD:])
    if segment.startswith(_JFXX_COLOURS) and len(segment) > len(_JFXX_COLOURS) + 2:
        return Bitmap(segment[6], segment[7], segment[8:])
    if segment.startswith(_JFXX_PALETTE) and len(segment) > len(_JFXX_PALETTE) + 2 + 768:
        palette = np.frombuffer(segment[8:776], np.uint8).reshape(256, 3)
        return Bitmap(segment[6], segment[7], palette[np.frombuffer(segment[776:], np.uint8)].tobytes())
    return None


def _pixels(bitmap: Bitmap) -> Pixels | None:
    size = bitmap.width * bitmap.height * 3
    if not 0 < size <= len(bitmap.colours):
        return None
    return np.frombuffer(bitmap.colours[:size], np.uint8).reshape(bitmap.height, bitmap.width, 3)


def _others(segments: Sequence[bytes]) -> Iterator[bytes]:
    for segment in segments:
        if (start := segment[:_MOST_HEAD].find(_JPEG)) >= 0 and not _is_exif(segment):
            yield segment[start:]
        at = segment.find(_PHOTOSHOP) if segment.startswith(b"Photoshop 3.0") else -1
        if at >= 0 and (start := segment.find(_JPEG, at, at + 64)) >= 0:
            yield segment[start:]
        for found in _IN_XMP.finditer(segment):
            with contextlib.suppress(ValueError):
                yield base64.b64decode(_NO_LETTERS.sub(b"", found[1]))


def _is_unlike(encoded: bytes, shown: Pixels) -> bool:
    try:
        thumbnail = decode(encoded, _LIMITS).image.pixels
    except ImageError:
        return False
    return is_unlike(thumbnail, shown)


def is_unlike(thumbnail: Pixels, shown: Pixels) -> bool:
    """Whether a small picture (H, W, 3) is of another one than `shown`; False where too little is seen."""
    if min(thumbnail.shape[:2]) < _LEAST_SIDE:
        return False
    seen, kept = (strength(_detail(_fitted(pixels))) for pixels in (shown, thumbnail))
    if min(seen, kept) < FLAT:
        return max(seen, kept) >= STRUCTURED
    whole = _fitted(shown)
    # Dark edges may be bars, or the picture's own.
    candidates = [_fitted(thumbnail), _fitted(_without_bars(thumbnail))]
    return not any(_is_same(small, whole) or _is_part(whole, small) for small in candidates)


def _is_same(small: Pixels, whole: Pixels) -> bool:
    """Whether two pictures are one, turned or mirrored, stretched, or cut at two sides to another shape."""
    return any(max(_stretched(one, whole), _cut(one, whole)) > _RELATED for one in _turned(small))


def _stretched(small: Pixels, whole: Pixels) -> float:
    height, width = whole.shape[:2]
    fitted = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)
    return _best(_detail(fitted), _detail(whole))


def _cut(small: Pixels, whole: Pixels) -> float:
    """Return the correlation with the middle of `whole` that has the shape of `small`."""
    height, width = whole.shape[:2]
    scale = min(width / small.shape[1], height / small.shape[0])
    inner = (round(small.shape[1] * scale), round(small.shape[0] * scale))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    middle = np.ascontiguousarray(whole[top : top + inner[1], left : left + inner[0]])
    return _stretched(small, middle)


def _is_part(whole: Pixels, small: Pixels) -> bool:
    """Whether the picture is what is left of its thumbnail after cutting."""
    outer = _detail(small)
    fit = min(small.shape[1] / whole.shape[1], small.shape[0] / whole.shape[0])
    for part in _PARTS:
        size = (round(whole.shape[1] * fit * part), round(whole.shape[0] * fit * part))
        if min(size) < _LEAST_SIDE:
            return False
        inner = _detail(cv2.resize(whole, size, interpolation=cv2.INTER_AREA))
        if _best(inner, outer) > _RELATED_PART:
            return True
    return False


def _detail(pixels: Pixels) -> Structure:
    return detail(pixels, _SURROUND)


def _best(inner: Structure, outer: Structure) -> float:
    """Return the highest correlation of `inner` with a place of `outer` where there is something to see."""
    height, width = inner.shape
    found = cv2.matchTemplate(outer, inner, cv2.TM_CCOEFF_NORMED)
    means, squares = (
        cv2.boxFilter(each, -1, (width, height), anchor=(0, 0)) for each in (outer, outer * outer)
    )
    is_seen = (squares - means * means)[: found.shape[0], : found.shape[1]] >= _LEAST_SEEN**2
    # Of flat places the correlation is a quotient of rounding errors.
    return float(found[is_seen].max(initial=-1.0))


def _fitted(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = _LONG / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _turned(pixels: Pixels) -> list[Pixels]:
    """Return all eight ways in which a picture can be turned and mirrored."""
    mirrored = np.ascontiguousarray(pixels[:, ::-1])
    return [
        np.ascontiguousarray(np.rot90(one, quarter)) for one in (pixels, mirrored) for quarter in range(4)
    ]


def _without_bars(pixels: Pixels) -> Pixels:
    """Cut off even black edges."""
    rows = _lit(pixels.max(axis=(1, 2)))
    columns = _lit(pixels.max(axis=(0, 2)))
    return np.ascontiguousarray(pixels[rows, columns])


def _lit(brightest: npt.NDArray[np.uint8]) -> slice:
    places = np.flatnonzero(brightest > _BAR)
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, brightest.size)
