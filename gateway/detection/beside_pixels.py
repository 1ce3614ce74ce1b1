"""Take out of a picture's file all that is not pixels: texts, blocks of metadata, what follows the end."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

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
_OVERLAP = 1_024  # bytes that are read twice where a block is parted
_MOST_PARTED = 8_388_608  # bytes of the whole file that are searched for text behind padding
_PADDING = re.compile(rb"(?<![\0\t\n\r ])[\0\t\n\r ]{64,}")
_MOST_BLOCKS = 256  # that stay apart; honest files have some tens
_PROFILE_HEAD = 16_384  # bytes: a profile's texts stand before its tables


@dataclass(frozen=True)
class BesidePixels:
    """What a file holds beside its pixels."""

    blocks: tuple[bytes, ...]  # metadata as it stands, texts inflated
    tail: bytes  # what follows the picture's end
    is_all: bool = True  # False: of the metadata more was left out than padding


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
            return _bounded(_of_segments([part.payload for part in parts]), file.tail)
        case "png":
            return _of_png(data)
        case "webp":
            chunks = (part for part in webp_chunks(data) if part.kind not in _WEBP_PIXELS - {b"ICCP"})
            end = min(len(data), 8 + int.from_bytes(data[4:8], "little") + 1 & ~1)
            return _bounded((part.payload for part in chunks), data[end:])
    if data.startswith(b"GIF8"):
        found = gif_blocks(data)
        return _bounded(found.texts, data[found.end :])
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
    for _, parts in groupby(more, key=lambda part: part[0]):
        yield b"".join(payload[_MORE_HEAD:] for *_, payload in parts)


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

    return _bounded(texts(), data[end:] if is_whole else b"")


def without_padding(block: bytes) -> bytes:
    """Shorten long runs of zeros and spaces: there is no end of what they would hide behind them."""
    # By an even number of bytes, and from the middle: letters of two bytes may begin or end in it.
    return _PADDING.sub(lambda run: run[0][: 16 + len(run[0]) % 2] + run[0][-16:], block)


def _bounded(blocks: Iterable[bytes], tail: bytes) -> BesidePixels:
    kept: list[bytes] = []
    further: list[bytes] = []
    room, searched, is_all = _MOST_BYTES, _MOST_PARTED, True
    others = filter(None, blocks)
    for block in others:
        # As it stands, for its places count; what follows without padding.
        rest = block[_MOST_OF_ONE - _OVERLAP :][:searched] if len(block) > _MOST_OF_ONE else b""
        is_all = is_all and len(block) <= max(_MOST_OF_ONE, _MOST_OF_ONE - _OVERLAP + len(rest))
        searched -= len(rest)
        for part in filter(None, (block[:_MOST_OF_ONE], without_padding(rest))):
            most = min(room, _MOST_OF_ONE)
            is_all = is_all and len(part) <= most
            (kept if len(kept) < _MOST_BLOCKS else further).append(part[:most])
            room -= min(most, len(part))
        if room <= 0:
            is_all = is_all and next(others, None) is None
            break
    return BesidePixels((*kept, *_in_pieces(b"\n".join(further))), tail, is_all)


def _in_pieces(joined: bytes) -> Iterator[bytes]:
    for at in range(0, len(joined), _MOST_OF_ONE - _OVERLAP):
        yield joined[at : at + _MOST_OF_ONE]
