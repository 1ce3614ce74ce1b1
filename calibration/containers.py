"""Take JPEG, PNG and WebP files apart into their segments or chunks, and put them together again.

Knows the frames of the formats, nothing of what the parts mean. Readers stop where a file is damaged and give
what stands before; writers expect whole files.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Container = Literal["jpeg", "png", "webp"]

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RIFF_HEADER = 12  # bytes: "RIFF", a size, "WEBP"
MOST_PARTS = 20_000  # of one file that are looked at; an honest one has some hundreds

START_OF_SCAN, END_OF_IMAGE, COMMENT = 0xDA, 0xD9, 0xFE
_APP0, _APP14, _APP15 = (
    0xE0,
    0xEE,
    0xEF,
)  # of the application segments pixels depend on the first and APP14 alone
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_STARTS_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those three are tables
_AFTER_A_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")

_PNG_FRAMES = frozenset({b"IDAT", b"fdAT"})
_PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})  # of the picture without animation
_WEBP_PIXELS = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"VP8X", b"ANIM", b"ANMF"})
_TRANSPARENCY_BYTES = {0: 2, 2: 6}  # of a grey and of a colour, by colour type
_PNG_END = b"\0\0\0\0IEND\xae\x42\x60\x82"
VP8X_ICC, VP8X_ALPHA, VP8X_EXIF, VP8X_XMP = 0x20, 0x10, 0x08, 0x04


@dataclass(frozen=True)
class Part:
    """One segment of a JPEG (named by its marker), or one chunk of a PNG or WebP (by its four letters)."""

    kind: bytes
    payload: bytes
    is_intact: bool = True  # False: a PNG's checksum is wrong; decoders pass over such a chunk

    @property
    def marker(self) -> int:
        """The second byte of a JPEG's marker."""
        return self.kind[-1]

    @property
    def is_frame(self) -> bool:
        """Whether it is a JPEG's header of a frame."""
        return self.marker in _STARTS_OF_FRAME


@dataclass(frozen=True)
class JpegFile:
    """A JPEG: what stands before the first scan, the scans as they stand, what follows the picture's end."""

    segments: tuple[Part, ...]
    data: bytes = field(repr=False)  # all of it
    start: int  # of the first scan

    @cached_property
    def end(self) -> int:
        """Where the image ends, or the file; looked for when it is wanted: megabytes lie before it."""
        return _image_end(self.data, self.start)

    @property
    def scans(self) -> bytes:
        """From the first start of scan to the end of the image, or of the file."""
        return self.data[self.start : self.end]

    @property
    def tail(self) -> bytes:
        """What follows."""
        return self.data[self.end :]

    @property
    def frame(self) -> tuple[int, int, int] | None:
        """Marker, bits a sample and number of components, where the frame's header stands before a scan."""
        for part in self.segments:
            if part.marker in _STARTS_OF_FRAME and len(part.payload) >= 6:
                return part.marker, part.payload[0], part.payload[5]
        return None

    @property
    def luma(self) -> int | None:
        """The number by which scans name the first component; None as `frame`."""
        for part in self.segments:
            if part.marker in _STARTS_OF_FRAME and len(part.payload) >= 7:
                return part.payload[6]
        return None


def container_of(data: bytes) -> Container | None:
    """Name the format a file begins as."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(PNG_SIGNATURE):
        return "png"
    return "webp" if data.startswith(b"RIFF") and data[8:12] == b"WEBP" else None


def jpeg_file(data: bytes) -> JpegFile:
    """Take a JPEG apart."""
    segments: list[Part] = []
    at = 2
    for _ in range(MOST_PARTS):
        at = data.find(b"\xff", at)
        if not 0 <= at < len(data) - 1 or data[at + 1] in (START_OF_SCAN, END_OF_IMAGE):
            break
        if data[at + 1] in (0x00, 0xFF):  # stray bytes and fill bytes: decoders skip them
            at += 1
            continue
        end = _segment_end(data, at)
        segments.append(Part(data[at : at + 2], data[at + 4 : end]))
        at = end
    start = at if at >= 0 else len(data)
    return JpegFile(tuple(segments), data, start)


def jpeg_scans(scans: bytes) -> Iterator[bytes]:
    """Give the header of every scan of a `JpegFile`."""
    for at, marker in _walk_scans(scans, 0):
        if marker == START_OF_SCAN:
            yield scans[at + 4 : _segment_end(scans, at)]


def jpeg_segments_among(scans: bytes) -> Iterator[Part]:
    """Give the segments behind the first scan of a `JpegFile`: tables, and what nobody looks for there."""
    for at, marker in _walk_scans(scans, 0):
        if marker not in _WITHOUT_LENGTH and marker not in (START_OF_SCAN, END_OF_IMAGE):
            yield Part(scans[at : at + 2], scans[at + 4 : _segment_end(scans, at)])


def join_jpeg(segments: Iterable[Part], scans: bytes) -> bytes:
    """Put a JPEG together.

    Raises:
        ValueError: A segment is longer than its format holds.
    """
    parts = [b"\xff\xd8"]
    for part in segments:
        if len(part.payload) > 65_533:
            raise ValueError(f"a JPEG segment holds at most 65533 bytes, got {len(part.payload)}")
        has_length = part.marker not in _WITHOUT_LENGTH
        parts += [part.kind, struct.pack(">H", len(part.payload) + 2) if has_length else b"", part.payload]
    return b"".join([*parts, scans])


def png_chunks(data: bytes) -> Iterator[Part]:
    """Walk over the chunks of a PNG; the checksums of pixels are not looked at."""
    at = len(PNG_SIGNATURE)
    for _ in range(MOST_PARTS):
        if at + 12 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            return
        payload = data[at + 8 : at + 8 + length]
        checksum = data[at + 8 + length : at + 12 + length]
        yield Part(kind, payload, kind in _PNG_FRAMES or checksum == _png_checksum(kind, payload))
        at += 12 + length
        if kind == b"IEND":
            return


def join_png(chunks: Iterable[Part]) -> bytes:
    """Put a PNG together, with fresh checksums."""
    parts = [PNG_SIGNATURE]
    for part in chunks:
        checksum = _png_checksum(part.kind, part.payload)
        parts += [struct.pack(">I", len(part.payload)), part.kind, part.payload, checksum]
    return b"".join(parts)


def webp_chunks(data: bytes) -> Iterator[Part]:
    """Walk over the chunks of a WebP."""
    at = _RIFF_HEADER
    for _ in range(MOST_PARTS):
        if at + 8 > len(data):
            return
        kind, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > len(data):
            return
        yield Part(kind, data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2


def join_webp(chunks: Iterable[Part]) -> bytes:
    """Put a WebP together."""
    parts: list[bytes] = []
    for part in chunks:
        parts += [
            part.kind,
            struct.pack("<I", len(part.payload)),
            part.payload,
            b"\0" * (len(part.payload) % 2),
        ]
    body = b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def bare(data: bytes) -> bytes:
    """Return a file with nothing but what its pixels depend on; other formats come back as they are."""
    match container_of(data):
        case "jpeg":
            return _bare_jpeg(data)
        case "png":
            return _bare_png(data)
        case "webp":
            return join_webp(_bare_webp(webp_chunks(data)))
    return data


def _bare_jpeg(data: bytes) -> bytes:
    file = jpeg_file(data)
    kept = [
        part
        for part in file.segments
        if part.marker in (_APP0, _APP14) or not (_APP0 <= part.marker <= _APP15 or part.marker == COMMENT)
    ]
    return join_jpeg(kept, file.scans)


def _bare_png(data: bytes) -> bytes:
    """Drop chunks, also a broken transparency; the others keep their checksums as they are."""
    parts = [PNG_SIGNATURE]
    least_transparency = 1
    at = len(PNG_SIGNATURE)
    for chunk in png_chunks(data):
        end = at + 12 + len(chunk.payload)
        if chunk.kind == b"IHDR" and len(chunk.payload) > 9:
            least_transparency = _TRANSPARENCY_BYTES.get(chunk.payload[9], 1)
        is_broken = not chunk.is_intact or len(chunk.payload) < least_transparency
        if chunk.kind in _PNG_PIXELS and not (chunk.kind == b"tRNS" and is_broken):
            parts.append(data[at:end])
        at = end
    if parts[-1][4:8] == b"IEND":
        return b"".join(parts)
    is_cut_short = data[at + 4 : at + 8] == b"IDAT"
    return b"".join([*parts, data[at:] if is_cut_short else _PNG_END])


def _bare_webp(chunks: Iterable[Part]) -> Iterator[Part]:
    for part in chunks:
        if part.kind == b"VP8X" and part.payload:
            flags = part.payload[0] & ~(VP8X_ICC | VP8X_EXIF | VP8X_XMP)
            yield Part(part.kind, bytes([flags]) + part.payload[1:])
        elif part.kind in _WEBP_PIXELS:
            yield part


def _png_checksum(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(payload, zlib.crc32(kind)))


def _segment_end(data: bytes, at: int) -> int:
    if data[at + 1] in _WITHOUT_LENGTH or at + 4 > len(data):
        return at + 2
    return at + 2 + max(2, int(struct.unpack_from(">H", data, at + 2)[0]))


def _image_end(data: bytes, at: int) -> int:
    for place, marker in _walk_scans(data, at):
        if marker == END_OF_IMAGE:
            return place + 2
    return len(data)


def _walk_scans(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Give place and marker of every segment from the first scan to the end of the image."""
    for _ in range(MOST_PARTS):
        if at + 2 > len(data):
            return
        yield at, data[at + 1]
        found = _AFTER_A_SCAN.search(data, _segment_end(data, at))
        if data[at + 1] == END_OF_IMAGE or found is None:
            return
        at = found.start()
