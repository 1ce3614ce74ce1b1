"""Take out of a picture's file the texts that may tell of its origin, within bounds of number and size.

Says where each text stands, not what it means. Damaged parts are passed over; nothing is raised.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from calibration.containers import COMMENT, Part, container_of, jpeg_file, png_chunks, webp_chunks
from calibration.gif_blocks import gif_blocks
from calibration.metadata_blocks import (
    PNG_TEXT,
    PNG_XMP,
    Blocks,
    jpeg_blocks,
    png_blocks,
    png_text_contents,
    webp_blocks,
)

_MOST_TEXTS = 32  # of one file; honest ones have some ten
_MOST_LETTERS = 262_144  # of one text: graphs of ComfyUI are that long
_IPTC = re.compile(rb"\x1c\x02([\x41\x50\x69\x6e\x78])\x00(.)", re.DOTALL)  # data set, length below 256
_IPTC_NAMES = {
    0x41: "originating program",
    0x50: "by-line",
    0x69: "headline",
    0x6E: "credit",
    0x78: "caption",
}
_PHOTOSHOP = b"Photoshop 3.0\0"
_MOST_IPTC = 65_536  # bytes
_XMP_PACKET = re.compile(r"<x:xmpmeta|<rdf:RDF|<\?xpacket")


@dataclass(frozen=True)
class Text:
    """One text of a file."""

    source: str  # "PNG text parameters", "JPEG comment" …
    keyword: str  # of PNG; else what stands for it
    content: str


@dataclass(frozen=True)
class FileTexts:
    """What a file holds beside its pixels, as far as it can be read as text."""

    exif: bytes | None  # a TIFF block
    xmp: str
    texts: tuple[Text, ...]


def read_file_texts(data: bytes) -> FileTexts:
    """Read a JPEG, PNG, WebP or GIF; other formats hold nothing that is known here."""
    match container_of(data):
        case "jpeg":
            file = jpeg_file(data)
            texts = islice(_jpeg_texts(file.segments), _MOST_TEXTS)
            return _with_blocks(jpeg_blocks(file), tuple(texts))
        case "png":
            return _of_png(data)
        case "webp":
            return _with_blocks(webp_blocks(list(webp_chunks(data))), ())
    if data.startswith(b"GIF8"):
        return _of_gif(data)
    return FileTexts(None, "", ())


def _with_blocks(blocks: Blocks, texts: tuple[Text, ...]) -> FileTexts:
    return FileTexts(blocks.exif, _decoded(blocks.xmp or b""), texts)


def _jpeg_texts(segments: tuple[Part, ...]) -> Iterator[Text]:
    for part in segments:
        if part.marker == COMMENT:
            yield Text("JPEG comment", "comment", _decoded(part.payload))
        elif part.marker == 0xED and part.payload.startswith(_PHOTOSHOP):
            yield from _iptc_texts(part.payload[:_MOST_IPTC])


def _iptc_texts(block: bytes) -> Iterator[Text]:
    for match in _IPTC.finditer(block):
        name = _IPTC_NAMES[match[1][0]]
        text = block[match.end() : match.end() + match[2][0]]
        yield Text(f"IPTC {name}", name, _decoded(text))


def _of_png(data: bytes) -> FileTexts:
    chunks = list(_first_texts(png_chunks(data)))
    found = []
    for keyword, content in png_text_contents(chunks):
        if keyword != PNG_XMP:
            name = _decoded(keyword[:79])
            found.append(Text(f"PNG text {name}", name, _decoded(content)))
    return _with_blocks(png_blocks(chunks), tuple(found))


def _first_texts(chunks: Iterator[Part]) -> Iterator[Part]:
    """Leave out texts beyond the first of a keyword: a file can hold thousands that inflate to megabytes."""
    met: set[bytes] = set()
    for part in chunks:
        if part.kind in PNG_TEXT:
            keyword = part.payload[:80].partition(b"\0")[0]
            if keyword in met or len(met) == _MOST_TEXTS:
                continue
            met.add(keyword)
        yield part


def _of_gif(data: bytes) -> FileTexts:
    texts = [_decoded(block) for block in islice(gif_blocks(data).texts, _MOST_TEXTS)]
    xmp = next((text for text in texts if _XMP_PACKET.search(text)), "")
    return FileTexts(None, xmp, tuple(Text("GIF comment", "comment", text) for text in texts if text != xmp))


def _decoded(block: bytes) -> str:
    part = block[: 4 * _MOST_LETTERS]
    try:
        return part.decode("utf-8")[:_MOST_LETTERS]
    except UnicodeDecodeError:
        return part.decode("latin-1")[:_MOST_LETTERS]
