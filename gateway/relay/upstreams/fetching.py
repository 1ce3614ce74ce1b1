"""Fetch pictures that a request names by their address, without lending the gateway's place in the network.

Only http and https, listed ports and public addresses are asked; each name is resolved once and the
connection pinned to what was checked, each redirect is checked like the first address; size, time and media
type are bounded. Neither the caller's headers nor its keys go along. What a picture is, others find out.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Self
from weakref import WeakValueDictionary

import aiohttp
from yarl import URL

from gateway.memory.cache import ByteBoundedCache
from gateway.relay.upstreams.public_addresses import ForbiddenAddressError, PublicResolver, is_public
from gateway.settings import Fetching

_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "lmm-jnd-gateway"}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNNAMED_TYPES = frozenset(
    {"", "application/octet-stream", "binary/octet-stream"}
)  # what stores say of any file
_AT_ONCE = 8  # fetches under way; each may hold max_bytes
_AT_ONCE_OF_TENANT = 4
_LONGEST_URL = 8192  # characters


class FetchError(Exception):
    """The picture was not fetched; `reason` is one word for counters and headers."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Fetched:
    """What lay at an address."""

    data: bytes
    media_type: str  # as its server declares it, lower case; empty if it does not say


class Fetcher:
    """Fetches for one gateway process; an async context manager, used from one event loop."""

    def __init__(
        self,
        settings: Fetching,
        *,
        resolver: aiohttp.abc.AbstractResolver | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._names = resolver
        self._resolver: PublicResolver | None = None  # needs a running loop, as the session does
        self._cache: ByteBoundedCache[tuple[Fetched, float]] = ByteBoundedCache(settings.cache_bytes)
        self._places = asyncio.Semaphore(_AT_ONCE)
        # Kept as long as somebody waits or fetches.
        self._own_places: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # A kept connection would be reused without its name being looked up again: none is kept.
        self._resolver = PublicResolver(self._may_be_private, self._names)
        connector = aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, force_close=True)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
        if self._resolver is not None:
            await self._resolver.close()

    async def fetch(self, url: str, *, tenant: str = "") -> Fetched:
        """Return the picture at an address, or what this tenant fetched from there a moment ago.

        Raises:
            FetchError: `url_forbidden`, `url_unreachable`, `url_timed_out`, `url_status`, `url_too_large` or
                `url_not_an_image`.
        """
        # Addresses can hold signatures that only their owner knows: nobody profits from another's fetch.
        key = hashlib.sha256(f"{tenant}\0{url}".encode("utf-8", "surrogatepass")).digest()
        known = self._cache.get(key)
        if known is not None and known[1] > self._clock():
            return known[0]
        try:
            async with self._place(tenant), asyncio.timeout(self._settings.timeout_seconds):
                fetched = await self._follow(self._parse(url))
        except TimeoutError as error:
            message = f"the picture did not arrive within {self._settings.timeout_seconds:g} s"
            raise FetchError("url_timed_out", message) from error
        self._cache.put(key, (fetched, self._clock() + self._settings.cache_seconds), len(fetched.data))
        return fetched

    @asynccontextmanager
    async def _place(self, tenant: str) -> AsyncIterator[None]:
        """Wait for a place; one tenant, whose addresses may be slow, takes at most half of them."""
        own = self._own_places.setdefault(tenant, asyncio.Semaphore(_AT_ONCE_OF_TENANT))
        async with asyncio.timeout(self._settings.timeout_seconds), contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(own)
            await stack.enter_async_context(self._places)
            kept = stack.pop_all()
        async with kept:
            yield

    async def _follow(self, url: URL) -> Fetched:
        for _ in range(self._settings.max_redirects + 1):
            self._check(url)
            async with self._get(url) as answer:
                if answer.status not in _REDIRECTS:
                    return await self._take(answer)
                url = self._target(url, answer)
        message = f"expected at most {self._settings.max_redirects} redirects"
        raise FetchError("url_forbidden", message)

    @asynccontextmanager
    async def _get(self, url: URL) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            raise RuntimeError("the fetcher is used before it is entered")
        try:
            async with self._session.get(url, headers=_HEADERS, allow_redirects=False) as answer:
                yield answer
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            if isinstance(_root(error), ForbiddenAddressError):
                raise _forbidden("its host has an address that is not public") from error
            raise FetchError("url_unreachable", "the picture's server does not answer") from error

    async def _take(self, answer: aiohttp.ClientResponse) -> Fetched:
        if answer.status != 200:
            raise FetchError("url_status", f"the picture's server answered with status {answer.status}")
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        is_packed = answer.headers.get("Content-Encoding", "identity").lower() != "identity"
        if is_packed or not (media_type.startswith("image/") or media_type in _UNNAMED_TYPES):
            raise FetchError("url_not_an_image", "there is something else than a picture at the address")
        if (answer.content_length or 0) > self._settings.max_bytes:
            raise self._too_large()
        data = bytearray()
        async for piece in answer.content.iter_any():
            data += piece
            if len(data) > self._settings.max_bytes:
                raise self._too_large()
        return Fetched(bytes(data), "" if media_type in _UNNAMED_TYPES else media_type)

    def _too_large(self) -> FetchError:
        return FetchError("url_too_large", f"expected a picture of at most {self._settings.max_bytes} bytes")

    def _parse(self, text: str) -> URL:
        try:
            if len(text) > _LONGEST_URL:
                raise ValueError("too long")
            return URL(text.strip(" \t\r\n"))
        except ValueError as error:
            raise _forbidden("it is no address that can be asked") from error

    def _target(self, url: URL, answer: aiohttp.ClientResponse) -> URL:
        try:
            return url.join(self._parse(answer.headers["Location"]))
        except (KeyError, ValueError) as error:
            raise FetchError("url_status", "the picture's server redirects to nowhere") from error

    def _check(self, url: URL) -> None:
        """Judge an address before anything is asked.

        Raises:
            FetchError: `url_forbidden`.
        """
        host = url.raw_host
        if url.scheme not in ("http", "https") or not host:
            raise _forbidden("only http and https are asked")
        if url.user is not None or url.password is not None:
            raise _forbidden("it holds a name or password")
        if url.port not in self._settings.ports:
            raise _forbidden(f"port {url.port} is not among fetching.ports")
        allowed = self._settings.allowed_hosts
        if allowed and not _is_named(host, allowed) and not self._may_be_private(host):
            raise _forbidden("its host is not among fetching.allowed_hosts")
        # Numbers are connected to without a resolver; other spellings of them (2130706433) are resolved.
        if aiohttp.helpers.is_ip_address(host) and not is_public(host) and not self._may_be_private(host):
            raise _forbidden("its host is an address that is not public")

    def _may_be_private(self, host: str) -> bool:
        return _is_named(host, self._settings.private_hosts)


def _is_named(host: str, patterns: tuple[str, ...]) -> bool:
    plain = host.lower().rstrip(".")
    return any(fnmatchcase(plain, pattern.lower()) for pattern in patterns)


def _forbidden(why: str) -> FetchError:
    return FetchError("url_forbidden", f"the picture's address may not be asked: {why}")


def _root(error: BaseException) -> BaseException:
    while isinstance(error, aiohttp.ClientConnectorError) or error.__cause__ is not None:
        inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error.__cause__
        if inner is None or inner is error:
            return error
        error = inner
    return error
