"""Walk over the blocks of a GIF: what stands beside its frames, and where the picture ends.

Pixels are passed over, not decoded; a damaged file is read as far as it goes (GIF89a, sections 18-26).
"""

from dataclasses import dataclass

_HEADER = 13  # bytes: signature and the logical screen
_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_COMMENT, _PLAIN_TEXT, _APPLICATION = 0xFE, 0x01, 0xFF
_TELLING = frozenset({_COMMENT, _PLAIN_TEXT, _APPLICATION})
_NAME = 11  # bytes: an application's identifier and code
_MOST_BLOCKS = 100_000


@dataclass(frozen=True)
class GifBlocks:
    """What a GIF holds beside its frames."""

    texts: tuple[bytes, ...]  # comments, plain texts and contents of applications
    end: int  # place behind the trailer; the file's length where there is none


def gif_blocks(data: bytes) -> GifBlocks:
    """Read the blocks of a GIF."""
    texts: list[bytes] = []
    at = _HEADER + _table_bytes(data[10:11])
    for _ in range(_MOST_BLOCKS):
        kind = data[at] if at < len(data) else None
        if kind == _TRAILER:
            return GifBlocks(tuple(texts), at + 1)
        if kind == _IMAGE:
            _, at = _sub_blocks(data, at + 11 + _table_bytes(data[at + 9 : at + 10]))
        elif kind == _EXTENSION:
            contents, following = _sub_blocks(data, at + 2)
            if data[at + 1 : at + 2] and data[at + 1] in _TELLING:
                texts.append(_with_name_apart(contents) if data[at + 1] == _APPLICATION else contents)
            at = following
        else:
            break
    return GifBlocks(tuple(texts), len(data))


def _table_bytes(packed: bytes) -> int:
    """Return how long the colour table is that a packed field tells of."""
    return 3 * 2 ** ((packed[0] & 7) + 1) if packed and packed[0] & 0x80 else 0


def _with_name_apart(contents: bytes) -> bytes:
    return contents[:_NAME] + b"\n" + contents[_NAME:]


def _sub_blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """Join sub-blocks up to their end; return what they hold and the place behind."""
    pieces: list[bytes] = []
    while at < len(data) and data[at]:
        pieces.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b"".join(pieces), at + 1
