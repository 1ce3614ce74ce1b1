"""Unpack compressed request bodies, never to more than the limit: a small body may unpack to terabytes."""

import io
import zlib
from collections.abc import Callable, Mapping

import brotli
import zstandard

_STEP_BYTES = 65_536  # packed bytes taken at a time
_ZSTD_STEP_BYTES = 256  # its blocks of 4 bytes may hold 128 KiB each, and its output has no limit of its own
_OUT_STEP_BYTES = 1024 * 1024  # unpacked bytes that come, and whose room is asked for, at a time
_FREE_BYTES = 65_536  # asked for when the body is whole: text need not wait
_MOST_LAYERS = 3
_MOST_PARTS = 64  # members of gzip, frames of zstd; each costs a copy of what follows it
_MOST_WINDOW_BYTES = 8 * 1024 * 1024  # RFC 9659: no zstd over HTTP needs more
_GZIP = 16 + zlib.MAX_WBITS


class PackedBodyError(ValueError):
    """The body is not what its content-encoding says, or of a kind nobody here can unpack."""


class UnpackedTooLargeError(Exception):
    """The body would unpack to more than the limit."""


def unpack(
    body: bytes, content_encoding: bytes, most_bytes: int, hold: Callable[[int], None] = lambda _: None
) -> bytes:
    """Undo every layer of a content-encoding; takes time, so not on the event loop.

    `hold` hears in steps how many bytes are held beside `body`; what it raises ends the work.

    Raises:
        PackedBodyError: It cannot be undone.
        UnpackedTooLargeError: More than `most_bytes` would come of it.
    """
    names = layers(content_encoding)
    if len(names) > _MOST_LAYERS:
        raise PackedBodyError(f"expected at most {_MOST_LAYERS} encodings, got {len(names)}")
    between = 0  # bytes of what comes of one layer and goes into the next
    for name in reversed(names):
        unpacker = _UNPACKERS.get(name)
        if unpacker is None:
            raise PackedBodyError(f"expected gzip, deflate, br or zstd, got {name}")
        out = _Out(most_bytes, hold, between)
        try:
            unpacker(body, out)
        except (zlib.error, brotli.error, zstandard.ZstdError, EOFError) as error:
            raise PackedBodyError(f"the body is not valid {name}: {error}") from error
        body = out.whole()
        between = len(body)
    return body


class _Out:
    """What comes of one layer, never more than the limit, in room that is asked for first."""

    def __init__(self, most_bytes: int, hold: Callable[[int], None], beside: int) -> None:
        self._buffer = io.BytesIO()
        self._most_bytes = most_bytes
        self._hold = hold
        self._beside = beside
        self._size = 0
        self._held = _FREE_BYTES

    @property
    def step_bytes(self) -> int:
        """The most that the next piece may have."""
        return min(_OUT_STEP_BYTES, self._most_bytes + 1 - self._size)

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._most_bytes:
            raise UnpackedTooLargeError
        if self._size > self._held:
            self._held = self._size + _OUT_STEP_BYTES
            self._hold(self._beside + self._held)
        self._buffer.write(piece)

    def whole(self) -> bytes:
        """Return all of it, without a copy."""
        return self._buffer.getvalue()


def layers(content_encoding: bytes) -> list[str]:
    """Return the encodings in the order in which they were applied, without those that change nothing."""
    words = (word.strip().lower() for word in content_encoding.decode("latin-1").split(","))
    return [word for word in words if word not in ("", "identity")]


def _gunzip(data: bytes, out: _Out) -> None:
    """Undo gzip, of several members too."""
    for _ in range(_MOST_PARTS):
        data = _inflate(data, _GZIP, out).lstrip(b"\0")
        if not data:
            return
    raise EOFError(f"it has more than {_MOST_PARTS} members")


def _undeflate(data: bytes, out: _Out) -> None:
    """Undo deflate with the header that RFC 9110 asks for, or without it, as some send it."""
    has_header = len(data) > 1 and data[0] & 0x0F == zlib.DEFLATED and (data[0] << 8 | data[1]) % 31 == 0
    _inflate(data, zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS, out)


def _inflate(data: bytes, window_bits: int, out: _Out) -> bytes:
    """Add what comes of one stream; return what follows it."""
    stream = zlib.decompressobj(window_bits)
    taken = 0
    while not stream.eof:
        waiting = stream.unconsumed_tail or data[taken : taken + _STEP_BYTES]
        taken += 0 if stream.unconsumed_tail else len(waiting)
        piece = stream.decompress(waiting, out.step_bytes)
        out.add(piece)
        if not piece and not waiting and not stream.eof:
            raise EOFError("it ends too early")
    return stream.unused_data + data[taken:]


def _unbrotli(data: bytes, out: _Out) -> None:
    stream = brotli.Decompressor()
    for start in range(0, len(data), _STEP_BYTES):
        out.add(stream.process(data[start : start + _STEP_BYTES], output_buffer_limit=out.step_bytes))
        while not stream.can_accept_more_data():
            out.add(stream.process(b"", output_buffer_limit=out.step_bytes))
    while not stream.is_finished():  # what it took may be more than it gave
        piece = stream.process(b"", output_buffer_limit=out.step_bytes)
        if not piece:
            raise EOFError("it ends too early")
        out.add(piece)


def _unzstd(data: bytes, out: _Out) -> None:
    """Undo zstd, of several frames too."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW_BYTES)
    position = 0
    for _ in range(_MOST_PARTS):
        stream = unpacker.decompressobj()
        while not stream.eof:
            if position >= len(data):
                raise EOFError("it ends too early")
            out.add(stream.decompress(data[position : position + _ZSTD_STEP_BYTES]))
            position += _ZSTD_STEP_BYTES
        position = min(position, len(data)) - len(stream.unused_data)
        if position == len(data):
            return
    raise EOFError(f"it has more than {_MOST_PARTS} frames")


_UNPACKERS: Mapping[str, Callable[[bytes, _Out], None]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
