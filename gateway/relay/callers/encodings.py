"""Unpack compressed request bodies, never to more than the limit: a small body may unpack to terabytes."""

import zlib
from collections.abc import Callable, Mapping

import brotli
import zstandard

_STEP_BYTES = 65_536  # packed bytes taken at a time
_ZSTD_STEP_BYTES = 256  # its blocks of 4 bytes may hold 128 KiB each, and its output has no limit of its own
_MOST_LAYERS = 3
_MOST_PARTS = 64  # members of gzip, frames of zstd; each costs a copy of what follows it
_MOST_WINDOW_BYTES = 8 * 1024 * 1024  # RFC 9659: no zstd over HTTP needs more
_GZIP = 16 + zlib.MAX_WBITS


class PackedBodyError(ValueError):
    """The body is not what its content-encoding says, or of a kind nobody here can unpack."""


class UnpackedTooLargeError(Exception):
    """The body would unpack to more than the limit."""


def unpack(body: bytes, content_encoding: bytes, most_bytes: int) -> bytes:
    """Undo every layer of a content-encoding; takes time, so not on the event loop.

    Raises:
        PackedBodyError: It cannot be undone.
        UnpackedTooLargeError: More than `most_bytes` would come of it.
    """
    names = layers(content_encoding)
    if len(names) > _MOST_LAYERS:
        raise PackedBodyError(f"expected at most {_MOST_LAYERS} encodings, got {len(names)}")
    for name in reversed(names):
        unpacker = _UNPACKERS.get(name)
        if unpacker is None:
            raise PackedBodyError(f"expected gzip, deflate, br or zstd, got {name}")
        try:
            body = unpacker(body, most_bytes)
        except (zlib.error, brotli.error, zstandard.ZstdError, EOFError) as error:
            raise PackedBodyError(f"the body is not valid {name}: {error}") from error
    return body


def layers(content_encoding: bytes) -> list[str]:
    """Return the encodings in the order in which they were applied, without those that change nothing."""
    words = (word.strip().lower() for word in content_encoding.decode("latin-1").split(","))
    return [word for word in words if word not in ("", "identity")]


def _gunzip(data: bytes, most_bytes: int) -> bytes:
    """Undo gzip, of several members too."""
    out = bytearray()
    for _ in range(_MOST_PARTS):
        data = _inflate(data, _GZIP, out, most_bytes).lstrip(b"\0")
        if not data:
            return bytes(out)
    raise EOFError(f"it has more than {_MOST_PARTS} members")


def _undeflate(data: bytes, most_bytes: int) -> bytes:
    """Undo deflate with the header that RFC 9110 asks for, or without it, as some send it."""
    out = bytearray()
    has_header = len(data) > 1 and data[0] & 0x0F == zlib.DEFLATED and (data[0] << 8 | data[1]) % 31 == 0
    _inflate(data, zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS, out, most_bytes)
    return bytes(out)


def _inflate(data: bytes, window_bits: int, out: bytearray, most_bytes: int) -> bytes:
    """Append what comes of one stream; return what follows it."""
    stream = zlib.decompressobj(window_bits)
    while not stream.eof:
        piece = stream.decompress(data, most_bytes + 1 - len(out))
        data = stream.unconsumed_tail
        out += piece
        if len(out) > most_bytes:
            raise UnpackedTooLargeError
        if not piece and not data and not stream.eof:
            raise EOFError("it ends too early")
    return stream.unused_data


def _unbrotli(data: bytes, most_bytes: int) -> bytes:
    out = bytearray()
    stream = brotli.Decompressor()
    for start in range(0, len(data), _STEP_BYTES):
        piece = data[start : start + _STEP_BYTES]
        out += stream.process(piece, output_buffer_limit=most_bytes + 1 - len(out))
        while not stream.can_accept_more_data() and len(out) <= most_bytes:
            out += stream.process(b"", output_buffer_limit=most_bytes + 1 - len(out))
        if len(out) > most_bytes:
            raise UnpackedTooLargeError
    if not stream.is_finished():
        raise EOFError("it ends too early")
    return bytes(out)


def _unzstd(data: bytes, most_bytes: int) -> bytes:
    """Undo zstd, of several frames too."""
    out = bytearray()
    unpacker = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW_BYTES)
    position = 0
    for _ in range(_MOST_PARTS):
        stream = unpacker.decompressobj()
        while not stream.eof:
            if position >= len(data):
                raise EOFError("it ends too early")
            out += stream.decompress(data[position : position + _ZSTD_STEP_BYTES])
            position += _ZSTD_STEP_BYTES
            if len(out) > most_bytes:
                raise UnpackedTooLargeError
        position = min(position, len(data)) - len(stream.unused_data)
        if position == len(data):
            return bytes(out)
    raise EOFError(f"it has more than {_MOST_PARTS} frames")


_UNPACKERS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
