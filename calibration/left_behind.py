"""Name the kinds of metadata that a rewrite leaves out, for counting."""

from collections.abc import Iterator
from typing import Literal, get_args

from calibration.containers import COMMENT, JpegFile, Part, container_of, jpeg_file, png_chunks, webp_chunks
from calibration.exif import read_exif
from calibration.metadata_blocks import (
    EXIF_SIGN,
    ICC_SIGN,
    PNG_COLOUR,
    PNG_RAW_EXIF,
    PNG_TEXT,
    PNG_XMP,
    XMP_SIGN,
    Blocks,
    jpeg_blocks,
    png_blocks,
    png_texts,
    webp_blocks,
)

Kind = Literal[
    "exif",
    "gps",
    "xmp",
    "iptc",
    "comment",
    "thumbnail",
    "second_picture",
    "gain_map",
    "motion_video",
    "private_chunk",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

_FIRST_APP, _LAST_APP = 0xE0, 0xEF
_JFIF, _ISO_GAIN_MAP = b"JFIF\0", b"urn:iso:std:iso:ts:21496:-1\0"
# Application segments by marker and sign; None: pixels need it, it travels, or its contents are looked at.
_SEGMENTS: tuple[tuple[int, bytes, Kind | None], ...] = (
    (0xE0, _JFIF, None),
    (0xE0, b"JFXX\0", "thumbnail"),
    (0xE1, EXIF_SIGN, None),
    (0xE1, XMP_SIGN, None),
    (0xE1, b"http://ns.adobe.com/xmp/extension/\0", "xmp"),
    (0xE2, ICC_SIGN, None),
    (0xE2, b"MPF\0", "second_picture"),
    (0xE2, _ISO_GAIN_MAP, "gain_map"),
    (0xED, b"Photoshop 3.0\0", "iptc"),
    (0xEE, b"Adobe", None),
)
_GAIN_MAPS = (b"http://ns.adobe.com/hdr-gain-map/1.0/", b"http://ns.apple.com/HDRGainMap/1.0/", _ISO_GAIN_MAP)
_MOTION = (b"MotionPhoto", b"MicroVideo")
_PNG_KNOWN = frozenset(
    [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT", b"eXIf", b"iCCP", *PNG_COLOUR]
) | frozenset([b"sBIT", b"pHYs", b"bKGD", b"hIST", b"sPLT", b"tIME", *PNG_TEXT])
_WEBP_KNOWN = frozenset([b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP "])


def left_behind(data: bytes) -> tuple[Kind, ...]:
    """Return the kinds that a JPEG, PNG or WebP holds, in the order of `KINDS`."""
    match container_of(data):
        case "jpeg":
            found = set(_of_jpeg(jpeg_file(data)))
        case "png":
            found = set(_of_png(list(png_chunks(data)), data))
        case "webp":
            found = set(_of_webp(list(webp_chunks(data))))
        case _:
            found = set()
    return tuple(kind for kind in KINDS if kind in found)


def _of_jpeg(file: JpegFile) -> Iterator[Kind]:
    yield from _of_blocks(jpeg_blocks(file))
    for part in file.segments:
        yield from _of_segment(part)
    yield from _of_tail(file.tail)


def _of_segment(part: Part) -> Iterator[Kind]:
    if part.marker == COMMENT:
        yield "comment"
    elif _FIRST_APP <= part.marker <= _LAST_APP:
        kind = _kind_of_application(part)
        if kind is not None:
            yield kind
        if part.payload.startswith(_JFIF) and part.payload[12:14].strip(b"\0"):  # sides of a thumbnail
            yield "thumbnail"


def _kind_of_application(part: Part) -> Kind | None:
    for marker, sign, kind in _SEGMENTS:
        if part.marker == marker and part.payload.startswith(sign):
            return kind
    return "private_chunk"


def _of_tail(tail: bytes) -> Iterator[Kind]:
    """Look behind the end of a JPEG, where phones put further pictures and films."""
    told = list(_of_following(tail))
    yield from told
    if not told and tail.strip(b"\0"):
        yield "private_chunk"


def _of_following(tail: bytes) -> Iterator[Kind]:
    if b"\xff\xd8\xff" in tail:
        yield "second_picture"
    if any(sign in tail for sign in _GAIN_MAPS):
        yield "gain_map"
    if b"ftyp" in tail or any(sign in tail for sign in _MOTION):
        yield "motion_video"


def _of_png(chunks: list[Part], data: bytes) -> Iterator[Kind]:
    yield from _of_blocks(png_blocks(chunks))
    for keyword, _ in png_texts(chunks):
        if keyword.startswith(b"Raw profile type iptc"):
            yield "iptc"
        elif keyword not in (PNG_XMP, PNG_RAW_EXIF):
            yield "comment"
    length = 8 + sum(12 + len(part.payload) for part in chunks)
    if length < len(data) or any(part.kind not in _PNG_KNOWN for part in chunks):
        yield "private_chunk"


def _of_webp(chunks: list[Part]) -> Iterator[Kind]:
    yield from _of_blocks(webp_blocks(chunks))
    if any(part.kind not in _WEBP_KNOWN for part in chunks):
        yield "private_chunk"


def _of_blocks(blocks: Blocks) -> Iterator[Kind]:
    if blocks.exif:
        yield from _of_exif(blocks.exif)
    if blocks.xmp:
        yield "xmp"
        if any(sign in blocks.xmp for sign in _GAIN_MAPS):
            yield "gain_map"
        if any(sign in blocks.xmp for sign in _MOTION):
            yield "motion_video"


def _of_exif(block: bytes) -> Iterator[Kind]:
    exif = read_exif(block)
    if exif.has_more:
        yield "exif"
    if exif.has_gps:
        yield "gps"
    if exif.has_thumbnail:
        yield "thumbnail"
