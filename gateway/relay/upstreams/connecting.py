"""Open connections to an upstream: addresses, TLS, a proxy of the environment on the way; say what failed.

`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are honoured as curl does: https goes through a tunnel, http is
asked for by its whole address.
"""

import asyncio
import base64
import re
import socket
import ssl
import urllib.request
from dataclasses import dataclass
from urllib.parse import unquote

import aiohappyeyeballs
from yarl import URL

from gateway.errors import UpstreamUnreachableError
from gateway.relay.upstreams.connection import Connection
from gateway.relay.upstreams.tls import RescuingTls

_SECOND_ADDRESS_AFTER_SECONDS = 0.25  # RFC 8305
_LONGEST_PROXY_ANSWER = 65_536
_TUNNEL_STANDS = re.compile(rb"HTTP/1\.[01] 2\d\d")


@dataclass(frozen=True)
class Proxy:
    """Whom to ask instead of the upstream itself."""

    host: str
    port: int
    authorization: bytes  # value of proxy-authorization; empty: none


@dataclass(frozen=True)
class Origin:
    """Where an upstream listens."""

    scheme: str
    host: str
    port: int
    proxy: Proxy | None

    @property
    def place(self) -> str:
        """Host and port, as messages name them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def origin_of(base_url: URL) -> Origin:
    """Read scheme, host and port, and the environment's proxy for them.

    Raises:
        ValueError: The proxy's address is not one that starts with http://.
    """
    host = base_url.host or ""
    port = base_url.port or 80
    return Origin(base_url.scheme, host, port, _proxy_for(base_url.scheme, host, port))


async def connect(origin: Origin, *, timeout_seconds: float, max_header_bytes: int) -> Connection:
    """Open one connection.

    Raises:
        UpstreamUnreachableError: It could not be opened; the message names host, port and cause.
    """
    hop = origin.place if origin.proxy is None else f"the proxy {origin.proxy.host}:{origin.proxy.port}"
    try:
        async with asyncio.timeout(timeout_seconds):
            sock = await _reach(origin)
            try:
                if origin.proxy is not None and origin.scheme == "https":
                    await _open_tunnel(origin, origin.proxy, sock)
                return await _speak(origin, sock, max_header_bytes, timeout_seconds)
            except BaseException:
                sock.close()
                raise
    except TimeoutError as error:
        message = f"no connection to {hop} within {timeout_seconds:g} s"
        raise UpstreamUnreachableError(message) from error
    except OSError as error:
        raise UpstreamUnreachableError(_told(error, hop)) from error


async def _reach(origin: Origin) -> socket.socket:
    """Connect a socket to the upstream, or to the proxy before it."""
    loop = asyncio.get_running_loop()
    host, port = (origin.proxy.host, origin.proxy.port) if origin.proxy else (origin.host, origin.port)
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    sock = await aiohappyeyeballs.start_connection(
        infos, happy_eyeballs_delay=_SECOND_ADDRESS_AFTER_SECONDS, interleave=1, loop=loop
    )
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


async def _speak(
    origin: Origin, sock: socket.socket, max_header_bytes: int, timeout_seconds: float
) -> Connection:
    loop = asyncio.get_running_loop()
    connection = Connection(origin.place, sock, max_header_bytes)
    if origin.scheme != "https":
        await loop.create_connection(lambda: connection, sock=sock)
        return connection
    tls = RescuingTls(connection, connection.left_over, origin.host, timeout_seconds)
    transport, _ = await loop.create_connection(lambda: tls, sock=sock)
    try:
        await tls.stands
    except BaseException:
        transport.abort()
        raise
    return connection


async def _open_tunnel(origin: Origin, proxy: Proxy, sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    place = origin.place.encode()
    request = b"CONNECT %b HTTP/1.1\r\nhost: %b\r\n" % (place, place)
    if proxy.authorization:
        request += b"proxy-authorization: %b\r\n" % proxy.authorization
    await loop.sock_sendall(sock, request + b"\r\n")
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        piece = await loop.sock_recv(sock, 1)  # byte by byte: what follows belongs to TLS
        if not piece or len(answer) > _LONGEST_PROXY_ANSWER:
            raise ConnectionError("it closed the connection")
        answer += piece
    if not _TUNNEL_STANDS.match(answer):
        status = answer.split(b"\r\n", 1)[0].decode("latin-1")
        raise ConnectionError(f"it answered {status!r} when asked for {origin.place}")


def _told(error: OSError, place: str) -> str:
    """Say why in a caller's words."""
    if isinstance(error, socket.gaierror):
        return f"the name in {place} is not known: {error.strerror}"
    if isinstance(error, ConnectionRefusedError):
        return f"connection refused by {place}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {place} is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS with {place}: {error.reason or error}"
    return f"no connection to {place}: {error.strerror or error}"


def _proxy_for(scheme: str, host: str, port: int) -> Proxy | None:
    address = urllib.request.getproxies_environment().get(scheme)
    if not address or urllib.request.proxy_bypass(f"{host}:{port}"):
        return None
    url = URL(address if "://" in address else f"http://{address}")
    if url.scheme != "http" or not url.host:
        raise ValueError(f"expected {scheme.upper()}_PROXY to begin with http://, got {url.scheme}://")
    authorization = b""
    if url.user is not None:
        pair = f"{unquote(url.raw_user or '')}:{unquote(url.raw_password or '')}"
        authorization = b"Basic " + base64.b64encode(pair.encode())
    return Proxy(url.host, url.port or 80, authorization)
