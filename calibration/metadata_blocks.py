"""Find the blocks of metadata in a JPEG, PNG or WebP: EXIF, XMP, colour profile, colour chunks.

What is damaged is passed over, as decoders pass over it.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from calibration.containers import JpegFile, Part, container_of, jpeg_file, png_chunks, webp_chunks

EXIF_SIGN, XMP_SIGN = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
ICC_SIGN = b"ICC_PROFILE\0"
PNG_COLOUR = (b"gAMA", b"cHRM", b"cICP", b"sRGB", b"mDCV", b"cLLI")
PNG_TEXT = (b"tEXt", b"zTXt", b"iTXt")
PNG_XMP, PNG_RAW_EXIF = b"XML:com.adobe.xmp", b"Raw profile type exif"
_APP1, _APP2 = 0xE1, 0xE2
_MOST_INFLATED = 4 * 1024 * 1024  # bytes: the largest profiles of printers; more is an attack on memory
_MOST_OF_A_TEXT = 512 * 1024  # bytes: what a picture was generated from takes up to half
_MOST_COMPRESSED = 100  # texts that are inflated; honest files have a few
_MOST_PACKETS = 4  # of XMP or EXIF as text that are inflated: honest files have one, hostile ones thousands


@dataclass(frozen=True)
class Blocks:
    """The blocks of one file as they stand, without the signs in front; None where there is none."""

    exif: bytes | None = None  # a TIFF block
    xmp: bytes | None = None
    profile: bytes | None = None
    png_colour: tuple[tuple[bytes, bytes], ...] = ()


def find_blocks(data: bytes) -> Blocks:
    """Return what a file holds; nothing of other formats."""
    match container_of(data):
        case "jpeg":
            return jpeg_blocks(jpeg_file(data))
        case "png":
            return png_blocks(list(png_chunks(data)))
        case "webp":
            return webp_blocks(list(webp_chunks(data)))
    return Blocks()


def jpeg_blocks(file: JpegFile) -> Blocks:
    """Return the blocks of a JPEG."""
    return Blocks(
        exif=_first_behind(file.segments, EXIF_SIGN),
        xmp=_first_behind(file.segments, XMP_SIGN),
        profile=_jpeg_profile(file.segments),
    )


def png_blocks(chunks: list[Part]) -> Blocks:
    """Return the blocks of a PNG."""
    intact = [part for part in chunks if part.is_intact]
    named = {part.kind: part.payload for part in reversed(intact)}
    texts = {keyword: text for keyword, text in png_texts(intact) if text}
    exif = named.get(b"eXIf") or _from_hex(texts.get(PNG_RAW_EXIF))
    colour = tuple((part.kind, part.payload) for part in intact if part.kind in PNG_COLOUR)
    return Blocks(exif, texts.get(PNG_XMP), _png_profile(named.get(b"iCCP")), colour)


def webp_blocks(chunks: list[Part]) -> Blocks:
    """Return the blocks of a WebP."""
    named = {part.kind: part.payload for part in reversed(chunks)}
    return Blocks(named.get(b"EXIF"), named.get(b"XMP "), named.get(b"ICCP"))


def png_texts(chunks: list[Part]) -> Iterator[tuple[bytes, bytes]]:
    """Give the keyword of every text chunk, and of the first few that matter here the text."""
    left = _MOST_PACKETS
    for part in chunks:
        if part.kind in PNG_TEXT:
            keyword, _, rest = part.payload.partition(b"\0")
            matters = keyword in (PNG_XMP, PNG_RAW_EXIF) and left > 0
            left -= matters
            yield keyword, (_text(part.kind, rest, _inflate) or b"") if matters else b""


def png_text_contents(chunks: list[Part]) -> Iterator[tuple[bytes, bytes]]:
    """Give keyword and text of every text chunk, the beginning of a long one.

    What is broken is empty, and so is what is compressed behind many others.
    """
    left = _MOST_COMPRESSED
    for part in chunks:
        if part.kind in PNG_TEXT:
            keyword, _, rest = part.payload.partition(b"\0")
            is_read = part.kind == b"tEXt" or left > 0
            left -= part.kind != b"tEXt"
            yield keyword, (_text(part.kind, rest, _inflate_start) or b"") if is_read else b""


def _first_behind(segments: tuple[Part, ...], sign: bytes) -> bytes | None:
    found = (part.payload for part in segments if part.marker == _APP1 and part.payload.startswith(sign))
    block = next(found, None)
    return None if block is None else block[len(sign) :]


def _jpeg_profile(segments: tuple[Part, ...]) -> bytes | None:
    """Join the pieces of a profile by their numbers; incomplete, it is none (ICC.1:2022, annex B.4)."""
    head = len(ICC_SIGN)
    pieces = sorted(
        part.payload[head:]
        for part in segments
        if part.marker == _APP2 and part.payload.startswith(ICC_SIGN) and len(part.payload) >= head + 2
    )
    if not pieces or pieces[0][1] != len(pieces):
        return None
    return b"".join(piece[2:] for piece in pieces) or None


def _png_profile(payload: bytes | None) -> bytes | None:
    if payload is None:
        return None
    _, _, rest = payload.partition(b"\0")
    return _inflate(rest[1:]) or None


def _text(kind: bytes, rest: bytes, inflate: Callable[[bytes], bytes | None]) -> bytes | None:
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":
        return inflate(rest[1:])
    _, _, after_language = rest[2:].partition(b"\0")
    _, _, text = after_language.partition(b"\0")
    return inflate(text) if rest[:1] == b"\1" else text


def _from_hex(text: bytes | None) -> bytes | None:
    """Read what ImageMagick writes: a name, a length, then the bytes in hexadecimal digits."""
    if not text:
        return None
    try:
        return bytes.fromhex("".join(text.decode("ascii").split("\n")[3:])).removeprefix(EXIF_SIGN) or None
    except ValueError:
        return None


def _inflate(data: bytes) -> bytes | None:
    """Inflate what is there, as decoders do where the end or its checksum is missing."""
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, _MOST_INFLATED)
    except zlib.error:
        return None
    return None if inflater.unconsumed_tail else inflated


def _inflate_start(data: bytes) -> bytes | None:
    """Inflate no more than is read: what is padded to megabytes begins with something all the same."""
    try:
        return zlib.decompressobj().decompress(data, _MOST_OF_A_TEXT)
    except zlib.error:
        return None
