"""An API that writes down the very bytes of every request and reads them as strictly as RFC 9112 allows.

What it cannot read is written down as well: a proxy in front must not let such bytes through.
"""

import asyncio
import re
from dataclasses import dataclass, field

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-upstream: 1\r\ncontent-length: 2\r\n\r\n{}"
NO_BODY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-upstream: 1\r\n\r\n"
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP/1\.([01])")
VALUE = re.compile(rb"[\t \x21-\x7e\x80-\xff]*")
CHUNK_LINE = re.compile(rb"(0*[0-9a-fA-F]{1,16})(?:[ \t]*;[\t \x21-\x7e\x80-\xff]*)?")


@dataclass(frozen=True)
class Seen:
    """One request as it reached the API."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]  # names in lower case
    body: bytes

    def values(self, name: bytes) -> list[bytes]:
        """Return all headers of a name."""
        return [value for key, value in self.headers if key == name]


@dataclass
class Record:
    """Everything that reached the API since it was last forgotten."""

    requests: list[Seen] = field(default_factory=list)
    unreadable: list[bytes] = field(default_factory=list)


class MalformedError(Exception):
    """Not a request as RFC 9112 has them."""


class CutBodyError(Exception):
    """The sender left in the middle of a body: what a proxy does whose caller does."""


class RecordingUpstream:
    """The server; `record` says what came."""

    def __init__(self) -> None:
        self.record = Record()

    async def start(self) -> int:
        """Listen on a free port and return it."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**22)
        return int(self._server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                seen = await read_request(reader)
                self.record.requests.append(seen)
                writer.write(NO_BODY if seen.method == b"HEAD" else ANSWER)
                await writer.drain()
        except MalformedError as error:
            self.record.unreadable.append(str(error).encode())
        except asyncio.IncompleteReadError as error:
            if error.partial:
                self.record.unreadable.append(b"cut: " + error.partial[:500])
        except (OSError, CutBodyError, asyncio.CancelledError):
            pass  # the gateway hung up, or all is over
        finally:
            writer.close()


async def read_request(reader: asyncio.StreamReader, versions: bytes = b"1") -> Seen:
    """Read one request.

    Args:
        reader: Where it comes from.
        versions: The digits after "HTTP/1." that are taken.

    Raises:
        MalformedError: RFC 9112 has no such request.
        CutBodyError: Its body ends too early.
        asyncio.IncompleteReadError: Its head ends too early.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).lstrip(b"\r\n")  # empty lines before it are ignored
    first, *lines = head[:-4].split(b"\r\n")
    line = REQUEST_LINE.fullmatch(first)
    if not line or line[3] not in versions:
        raise MalformedError(f"request line {first[:200]!r}")
    seen = Seen(line[1], line[2], tuple(_header(each) for each in lines), b"")
    if line[3] == b"0" and seen.values(b"transfer-encoding"):
        raise MalformedError("chunks of HTTP/1.0")
    try:
        body = await _body(seen, reader)
    except asyncio.IncompleteReadError as error:
        raise CutBodyError from error
    return Seen(line[1], line[2], seen.headers, body)


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not TOKEN.fullmatch(name) or not VALUE.fullmatch(value):
        raise MalformedError(f"header {line[:200]!r}")
    return name.lower(), value.strip(b" \t")


async def _body(seen: Seen, reader: asyncio.StreamReader) -> bytes:
    lengths, codings = seen.values(b"content-length"), seen.values(b"transfer-encoding")
    if (lengths and codings) or len(lengths) > 1:
        raise MalformedError("framing said twice")
    if codings:
        if codings_of(seen)[-1:] != [b"chunked"] or codings_of(seen).count(b"chunked") > 1:
            raise MalformedError("coding")
        return await _chunks(reader)
    if lengths and not (lengths[0].isdigit() and int(lengths[0]) < 2**63):
        raise MalformedError("length")
    return await reader.readexactly(int(lengths[0])) if lengths else b""


def codings_of(request: Seen) -> list[bytes]:
    """Return the transfer codings of a request, in order."""
    words = b",".join(request.values(b"transfer-encoding")).lower().split(b",")
    return [word.strip(b" \t") for word in words if word.strip(b" \t")]


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        line = CHUNK_LINE.fullmatch((await reader.readuntil(b"\r\n"))[:-2])
        if not line:
            raise MalformedError("chunk size")
        size = int(line[1], 16)
        if size == 0:
            await _trailers(reader)
            return body
        piece = await reader.readexactly(size + 2)
        if piece[-2:] != b"\r\n":
            raise MalformedError("chunk end")
        body += piece[:-2]


async def _trailers(reader: asyncio.StreamReader) -> None:
    while (line := (await reader.readuntil(b"\r\n"))[:-2]) != b"":
        _header(line)
