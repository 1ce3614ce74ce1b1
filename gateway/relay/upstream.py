"""Forward requests and relay answers, byte for byte; leaves looking into bodies to others.

Bodies are neither decompressed nor re-chunked by hand; end-to-end headers pass, hop-by-hop headers
(RFC 9110, 7.6.1) stay. Closing an answer before its end closes the upstream connection, which tells a model
server to stop generating.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Self

import aiohttp
from starlette.types import Send
from yarl import URL

from gateway.errors import UpstreamTimeoutError, UpstreamUnreachableError
from gateway.relay.incoming import Headers
from gateway.settings import Upstream as UpstreamSettings

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOT_FORWARDED = _HOP_BY_HOP | {b"host", b"content-length", b"expect"}
_OURS = b"x-jnd-"
_OWN_HEADERS_OF_AIOHTTP = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_PIECE_BYTES = 256 * 1024  # large bodies leave in pieces, so that the event loop breathes between them

Body = bytes | AsyncIterator[bytes] | None


class UpstreamCutError(Exception):
    """The upstream broke off in the middle of its answer, after headers were relayed; `kind` says how."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Upstream:
    """The connection pool to one API."""

    def __init__(self, settings: UpstreamSettings) -> None:
        self._base_url = settings.base_url.rstrip("/")
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=settings.keep_alive_seconds),
            timeout=aiohttp.ClientTimeout(
                total=None,
                sock_connect=settings.connect_timeout_seconds,
                sock_read=settings.read_timeout_seconds,
            ),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_OWN_HEADERS_OF_AIOHTTP,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(
        self, method: str, target: str, headers: Headers, body: Body, *, size_bytes: int | None = None
    ) -> aiohttp.ClientResponse:
        """Send a request and wait for the answer's headers; the caller closes the answer.

        Args:
            method: As the caller sent it.
            target: Path and query below the base URL, percent-encoded as it came.
            headers: Already without those of one hop.
            body: Whole or in pieces.
            size_bytes: Length of a body that comes in pieces, if it was announced.

        Raises:
            UpstreamUnreachableError: No connection, or it broke before the answer.
            UpstreamTimeoutError: No answer in time.
        """
        if self._session is None:
            raise RuntimeError("the upstream is used before it is entered")
        outgoing = _as_text(headers)
        if isinstance(body, bytes) and len(body) > _PIECE_BYTES:
            size_bytes, body = len(body), _pieces(body)
        if size_bytes is not None:
            outgoing.append(("Content-Length", str(size_bytes)))
        url = URL(self._base_url + target, encoded=True)
        try:
            return await self._session.request(
                method, url, headers=outgoing, data=body, allow_redirects=False
            )
        except aiohttp.ConnectionTimeoutError as error:
            raise UpstreamUnreachableError("the upstream API could not be reached in time") from error
        except TimeoutError as error:
            raise UpstreamTimeoutError("the upstream API did not answer in time") from error
        except (aiohttp.ClientError, ValueError) as error:
            message = f"the upstream API could not be reached: {type(error).__name__}"
            raise UpstreamUnreachableError(message) from error


async def relay(
    response: aiohttp.ClientResponse, send: Send, extra: Headers, on_piece: Callable[[], None]
) -> None:
    """Pass the answer on as it arrives, with our headers added; `on_piece` is told of each piece.

    Raises:
        UpstreamCutError: It broke off; the caller must not end the answer as if it were complete.
    """
    headers = [*end_to_end(response.raw_headers), *extra]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    try:
        async for piece in response.content.iter_any():
            on_piece()
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except TimeoutError as error:
        raise UpstreamCutError("upstream_timeout") from error
    except aiohttp.ClientError as error:
        raise UpstreamCutError("upstream_cut") from error
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def end_to_end(raw_headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Drop what concerns one connection only, and what only we may say."""
    headers = [(name.lower(), value) for name, value in raw_headers]
    dropped = _HOP_BY_HOP | _named_by_connection(headers)
    return [(name, value) for name, value in headers if name not in dropped and not name.startswith(_OURS)]


def forwardable(headers: Headers) -> Headers:
    """Return the request headers that the upstream gets; aiohttp adds host and length."""
    return [(name, value) for name, value in end_to_end(headers) if name not in _NOT_FORWARDED]


def _named_by_connection(headers: Headers) -> frozenset[bytes]:
    values = (value for name, value in headers if name == b"connection")
    return frozenset(word.strip().lower() for value in values for word in value.split(b","))


def _as_text(headers: Headers) -> list[tuple[str, str]]:
    # aiohttp writes UTF-8; bytes that are no UTF-8 go as Latin-1, which is what HTTP once said they are.
    return [(_text(name), _text(value)) for name, value in headers]


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE_BYTES):
        yield body[start : start + _PIECE_BYTES]
