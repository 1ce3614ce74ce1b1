"""Find files that are put together so that readers choose between two pictures.

Only contradictions that no encoder writes and lenient readers pass over: headers, palettes or tables given
twice, picture data in two places, two pictures where the format has one, frames or transparency that the
header does not tell of.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from calibration.containers import (
    MOST_PARTS,
    VP8X_ALPHA,
    JpegFile,
    Part,
    container_of,
    jpeg_file,
    jpeg_segments_among,
    png_chunks,
    webp_chunks,
)

_PNG_ONCE = frozenset(
    {b"IHDR", b"PLTE", b"IEND", b"acTL", b"iCCP", b"gAMA", b"cHRM", b"sRGB", b"eXIf", b"tRNS"}
)
_WEBP_PICTURES = frozenset({b"VP8 ", b"VP8L"})
_WEBP_ONCE = (b"VP8X", b"ALPH", b"ANIM", b"ICCP", b"EXIF")
_ADOBE, _TABLES, _LINES = 0xEE, 0xDB, 0xDC  # markers: the last states a JPEG's height behind a scan


def odd_structure(data: bytes) -> str | None:
    """Say what stands twice in a JPEG, PNG or WebP, or against its header; None where nothing does."""
    match container_of(data):
        case "jpeg":
            return next(_of_jpeg(jpeg_file(data)), None)
        case "png":
            return next(_of_png(list(png_chunks(data))), None)
        case "webp":
            return next(_of_webp(list(webp_chunks(data))), None)
    return None


def _of_jpeg(file: JpegFile) -> Iterator[str]:
    adobe = (part.payload for part in file.segments if part.marker == _ADOBE)
    if len({payload[11:12] for payload in adobe if payload.startswith(b"Adobe")}) > 1:
        yield "Adobe's marker twice, and differently"
    tables = dict(_tables(file.segments))
    for part in jpeg_segments_among(file.scans):
        if any(tables.setdefault(number, table) != table for number, table in _tables((part,))):
            yield "another table of quantisation behind a scan that had one"
        if part.marker == _LINES and part.payload[:2] not in (b"", *_heights(file)):
            yield "its height twice, and differently"


def _tables(parts: Iterable[Part]) -> Iterator[tuple[int, bytes]]:
    """Give the tables of quantisation by their number (ITU-T T.81, B.2.4.1)."""
    for part in parts:
        at = 0
        while part.marker == _TABLES and at < len(part.payload):
            precision, number = divmod(part.payload[at], 16)
            length = 64 * (1 + min(precision, 1))
            yield number, part.payload[at + 1 : at + 1 + length]
            at += 1 + length


def _heights(file: JpegFile) -> Iterator[bytes]:
    """Give the heights that headers of frames state; 0 leaves it to whoever states it later."""
    for part in file.segments:
        if part.is_frame and part.payload[1:3] != b"\0\0":
            yield part.payload[1:3]


def _of_webp(chunks: list[Part]) -> Iterator[str]:
    counts = Counter(part.kind for part in chunks)
    pictures = sum(counts[kind] for kind in _WEBP_PICTURES)
    if pictures > 1 or (pictures and counts[b"ANMF"]):
        yield "two pictures where one is allowed"
    for kind in _WEBP_ONCE:
        if counts[kind] > 1:
            yield f"its chunk {kind.decode('ascii')} twice"
    flags = next((part.payload[0] for part in chunks if part.kind == b"VP8X" and part.payload), 0)
    if counts[b"ALPH"] and not flags & VP8X_ALPHA:
        yield "transparency that its header denies"


def _of_png(chunks: list[Part]) -> Iterator[str]:
    kinds = [part.kind for part in chunks]
    counts = Counter(kinds)
    if len(kinds) >= MOST_PARTS:
        yield "more chunks than anybody looks at"
    for kind in sorted(_PNG_ONCE):
        if counts[kind] > 1:
            yield f"its chunk {kind.decode('ascii')} twice"
    places = [number for number, kind in enumerate(kinds) if kind == b"IDAT"]
    if places and places[-1] - places[0] + 1 > len(places):
        yield "picture data in two places"
    if counts[b"fdAT"] and counts[b"fcTL"] > _told_frames(chunks, places[0] if places else len(kinds)):
        yield "frames that its header does not tell of"


def _told_frames(chunks: list[Part], most: int) -> int:
    """Return how many frames the animation has by its control chunk, which stands before the pixels."""
    told = (part.payload[:4] for part in chunks[:most] if part.kind == b"acTL")
    return int.from_bytes(next(told, b""), "big")
