"""Tell public addresses from those inside: what a server may be asked to fetch, and what not (SSRF).

A name is resolved once; the connection is made to the very addresses that were checked.
"""

import ipaddress
import socket
from collections.abc import Callable

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

# Public by their numbers, or to some versions of Python, and yet not the Internet: Azure's wire server, IETF
# protocol assignments with Oracle's metadata among them (RFC 6890), relays of 6to4 (RFC 7526), site-local
# addresses (RFC 3879), documentation (RFC 9637), and local translation, whose IPv4 addresses may stand
# anywhere (RFC 8215).
_NOT_THE_INTERNET = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24"),
        *("fec0::/10", "3fff::/20", "64:ff9b:1::/48"),
    )
)
# Prefixes behind which stands the IPv4 address in the last 32 bits: mapped, translated (RFC 6052).
_CARRIERS = tuple(ipaddress.ip_network(network) for network in ("::ffff:0:0/96", "64:ff9b::/96"))


class ForbiddenAddressError(OSError):
    """A name or address leads somewhere that may not be asked."""


def is_public(address: str) -> bool:
    """Tell whether an IP address, as text, is one that everybody on the Internet reaches alike.

    An IPv6 address that only carries an IPv4 address is judged as that; tunnels (6to4, Teredo) are refused.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if any(found in carrier for carrier in _CARRIERS):
        found = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    if isinstance(found, ipaddress.IPv6Address) and (found.sixtofour or found.teredo):
        return False
    is_special = found.is_multicast or found.is_reserved or found.is_unspecified
    return found.is_global and not is_special and not any(found in each for each in _NOT_THE_INTERNET)


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only; a single other address among them refuses the name."""

    def __init__(self, is_exempt: Callable[[str], bool], inner: AbstractResolver | None = None) -> None:
        """`is_exempt` names hosts that may lie inside."""
        self._is_exempt = is_exempt
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host.

        Raises:
            ForbiddenAddressError: One of them is not public.
            OSError: The name is not known.
        """
        found = await self._inner.resolve(host, port, family)
        if not self._is_exempt(host) and not all(is_public(each["host"]) for each in found):
            raise ForbiddenAddressError("the host has an address that is not public")
        return found

    async def close(self) -> None:
        """Release what the resolver behind it holds."""
        await self._inner.close()
