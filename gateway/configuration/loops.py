"""Tell whether an address leads back to the gateway itself: a request sent there would hop for ever."""

import ipaddress
import socket
from urllib.parse import urlsplit

from gateway.settings import Listen

_HERE = "localhost"
_ALL = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, never bound
_PORTS = {"http": 80, "https": 443}


def leads_back(address: str, listen: Listen) -> bool:
    """Tell whether the gateway would call itself; names are compared, none is looked up."""
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return False
    if not parts.hostname or listen.port == 0 or port != listen.port:
        return False
    host, own = _plain(parts.hostname), _plain(listen.host)
    if listen.host.strip("[]") in _ALL:
        return host == _plain(socket.gethostname()) or _is_loopback(host)
    return host == own


def _plain(host: str) -> str:
    """Write all the names of this machine for itself alike; an address to all of them reaches it too."""
    name = host.strip("[]").rstrip(".").lower()
    if name == _HERE or name.endswith("." + _HERE):
        return _HERE
    try:
        found = ipaddress.ip_address(name)
    except ValueError:
        return name
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return _HERE if str(found) in {"127.0.0.1", "::1", *_ALL} else str(found)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == _HERE
