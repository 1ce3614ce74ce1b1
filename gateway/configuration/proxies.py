"""Tell which proxy the environment puts on the way to an API; never the password in its address.

`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are honoured as curl does; only proxies that speak HTTP are.
"""

import urllib.request
from collections.abc import Iterable
from urllib.parse import urlsplit

from gateway.configuration.problems import Place, Problem


def proxy_on_the_way(base_url: str) -> str | None:
    """Return host and port of the proxy; None where there is none."""
    address = _address(base_url)
    return urlsplit(address).netloc.rpartition("@")[2] if address else None


def check_proxies(base_urls: Iterable[str]) -> list[Problem]:
    """Return what is wrong with proxies that these addresses would be reached through."""
    found = {}
    for base_url in base_urls:
        scheme = urlsplit(_address(base_url) or "http://").scheme
        if scheme != "http":
            name = f"{urlsplit(base_url).scheme.upper()}_PROXY"
            message = (
                f"expected an address that begins with http://, got {scheme}://...; see NO_PROXY as well"
            )
            found[name] = Problem("error", message, "", Place(name))
    return list(found.values())


def _address(base_url: str) -> str | None:
    parts = urlsplit(base_url)
    address = urllib.request.getproxies_environment().get(parts.scheme)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if not address or urllib.request.proxy_bypass(f"{parts.hostname}:{port}"):
        return None
    return address if "://" in address else f"http://{address}"
