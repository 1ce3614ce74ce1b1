"""Take out of a picture's file all that is not pixels: texts, blocks of metadata, what follows the end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calibration.containers import (
    COMMENT,
    container_of,
    jpeg_file,
    jpeg_segments_among,
    png_chunks,
    webp_chunks,
)
from calibration.gif_blocks import gif_blocks
from calibration.metadata_blocks import EXIF_SIGN, ICC_SIGN, PNG_TEXT, png_blocks, png_text_contents

_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_MORE_HEAD = len(_MORE_XMP) + 40  # bytes: whose part it is, of how many bytes, from where on
_FIRST_APP, _LAST_APP = 0xE0, 0xEF
_PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"fdAT", b"fcTL", b"acTL", b"iCCP"})
_WEBP_PIXELS = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_MOST_BYTES = 1_048_576  # of metadata that is read; beyond, somebody's film or depth map
_MOST_OF_ONE = 262_144
_MOST_BLOCKS = 256  # that stay apart; honest files have some tens
_PROFILE_HEAD = 16_384  # bytes: a profile's texts stand before its tables


@dataclass(frozen=True)
class BesidePixels:
    """What a file holds beside its pixels."""

    blocks: tuple[bytes, ...]  # metadata as it stands, texts inflated
    tail: bytes  # what follows the picture's end


def beside_pixels(data: bytes) -> BesidePixels:
    """Take a JPEG, PNG, WebP or GIF apart; nothing of other formats."""
    match container_of(data):
        case "jpeg":
            file = jpeg_file(data)
            parts = (
                part
                for part in (*file.segments, *jpeg_segments_among(file.scans))
                if part.marker == COMMENT or _FIRST_APP <= part.marker <= _LAST_APP
            )
            return BesidePixels(_bounded(_of_segments([part.payload for part in parts])), file.tail)
        case "png":
            return _of_png(data)
        case "webp":
            chunks = (part for part in webp_chunks(data) if part.kind not in _WEBP_PIXELS - {b"ICCP"})
            end = min(len(data), 8 + int.from_bytes(data[4:8], "little") + 1 & ~1)
            return BesidePixels(_bounded(part.payload for part in chunks), data[end:])
    if data.startswith(b"GIF8"):
        found = gif_blocks(data)
        return BesidePixels(_bounded(found.texts), data[found.end :])
    return BesidePixels((), b"")


def _of_segments(payloads: Sequence[bytes]) -> Iterator[bytes]:
    for payload in payloads:
        if not payload.startswith((b"MPF\0", _MORE_XMP)):
            head = payload[: _PROFILE_HEAD if payload.startswith(ICC_SIGN) else None]
            yield head.removeprefix(EXIF_SIGN)
    # What does not fit into one segment goes on in others, wherever it was cut: sorted by whose and where.
    more = sorted(
        (payload[_MORE_HEAD - 40 : _MORE_HEAD - 8], payload[_MORE_HEAD - 4 : _MORE_HEAD], payload)
        for payload in payloads
        if payload.startswith(_MORE_XMP)
    )
    yield b"".join(payload[_MORE_HEAD:] for *_, payload in more)


def _of_png(data: bytes) -> BesidePixels:
    chunks = list(png_chunks(data))
    end = 8 + sum(12 + len(part.payload) for part in chunks)
    is_whole = bool(chunks) and chunks[-1].kind == b"IEND"
    others = (part.payload for part in chunks if part.kind not in _PNG_PIXELS and part.kind not in PNG_TEXT)

    def texts() -> Iterator[bytes]:
        for keyword, text in png_text_contents(chunks):
            yield keyword + b"\n" + text
        # Between keyword and text some have a language and the keyword in it.
        yield from (part.payload[:1_024] for part in chunks if part.kind == b"iTXt")
        yield from others
        for part in chunks:
            if part.kind == b"iCCP":
                yield part.payload[:80].partition(b"\0")[0]
        profile = png_blocks([part for part in chunks if part.kind == b"iCCP"]).profile
        yield (profile or b"")[:_PROFILE_HEAD]

    return BesidePixels(_bounded(texts()), data[end:] if is_whole else b"")


def _bounded(blocks: Iterator[bytes] | tuple[bytes, ...]) -> tuple[bytes, ...]:
    kept: list[bytes] = []
    further: list[bytes] = []
    room = _MOST_BYTES
    for block in blocks:
        if room <= 0:
            break
        if block:
            (kept if len(kept) < _MOST_BLOCKS else further).append(block[: min(room, _MOST_OF_ONE)])
            room -= min(room, _MOST_OF_ONE, len(block))
    return (*kept, *([b"\n".join(further)] if further else []))
