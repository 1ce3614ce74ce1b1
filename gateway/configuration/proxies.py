"""Tell which proxy the environment puts on the way to an API; never the password in its address.

`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are honoured as curl does; only proxies that speak HTTP are.
"""

import urllib.request
from collections.abc import Iterable
from urllib.parse import urlsplit

from gateway.configuration.loops import leads_back
from gateway.configuration.problems import Place, Problem
from gateway.settings import Listen


def proxy_on_the_way(base_url: str) -> str | None:
    """Return host and port of the proxy; None where there is none."""
    address = _address(base_url)
    return urlsplit(address).netloc.rpartition("@")[2] if address else None


def check_proxies(base_urls: Iterable[str], listen: Listen) -> list[Problem]:
    """Return what is wrong with proxies that these addresses would be reached through."""
    found = {}
    for base_url in base_urls:
        address = _address(base_url)
        if address is None:
            continue
        message = ""
        if (scheme := urlsplit(address).scheme) != "http":
            message = f"expected an address that begins with http://, got {scheme}://..."
        elif leads_back(address, listen):
            message = "is the gateway itself; write the proxy's address, or leave it out"
        if message:
            name, message = f"{urlsplit(base_url).scheme.upper()}_PROXY", f"{message}; see NO_PROXY as well"
            found[name] = Problem("error", message, "", Place(name))
    return list(found.values())


def _address(base_url: str) -> str | None:
    parts = urlsplit(base_url)
    address = urllib.request.getproxies_environment().get(parts.scheme)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if not address or urllib.request.proxy_bypass(f"{parts.hostname}:{port}"):
        return None
    return address if "://" in address else f"http://{address}"
