"""Notice a request that comes back to the gateway that sent it on, through whatever lies between.

Only requests to upstreams on this machine are marked, with the ports they passed: two gateways cannot share
one, and nothing is told to anybody else's server.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from gateway.errors import LoopError
from gateway.relay.callers.incoming import Incoming

PASSED = b"x-jnd-passed"


def is_loopback(base_url: str) -> bool:
    """Tell whether an address is this machine's own by its spelling; names are not looked up."""
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def passed_here(incoming: Incoming) -> tuple[bytes, bytes]:
    """Return the header that says which gateways of this machine a request has passed, this one too.

    Raises:
        LoopError: This one is among them already.
    """
    port = b"%d" % ((incoming.server and incoming.server[1]) or 0)
    before = incoming.header(PASSED)
    if port in before.split(b","):
        raise LoopError("this request came from this gateway: a base URL in its settings leads back to it")
    return PASSED, before + b"," + port if before else port
