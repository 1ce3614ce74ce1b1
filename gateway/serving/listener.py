"""The one listening socket, opened before anything is loaded and handed to every worker."""

import errno
import socket

_BACKLOG = 2048  # connections that wait while workers start or are busy

_REMEDIES = {
    errno.EADDRINUSE: "it is in use: stop what listens there, or choose another by listen.port or --port",
    errno.EACCES: "this account may not open it: choose a port from 1024 up by listen.port or --port",
    errno.EADDRNOTAVAIL: "this machine has no such address: correct listen.host or --host",
}


class CannotListenError(Exception):
    """The port cannot be opened; the message says why and what to do."""


def listen_on(host: str, port: int) -> socket.socket:
    """Open the port; callers wait from now on, and are answered once a worker takes the socket.

    Raises:
        CannotListenError: It is in use, forbidden or not of this machine.
    """
    place = f"port {port} of {host}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        message = f"cannot listen on {place}: no such host ({error}): correct listen.host or --host"
        raise CannotListenError(message) from error
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    is_every_address = host == "::" and socket.has_dualstack_ipv6()
    try:
        listener = socket.create_server(
            address[:2], family=family, backlog=_BACKLOG, dualstack_ipv6=is_every_address
        )
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, error.strerror)
        raise CannotListenError(f"cannot listen on {place}: {remedy}") from error
    listener.setblocking(False)
    return listener


def address_of(listener: socket.socket) -> str:
    """Return where the socket answers, as a URL without a path."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if listener.family == socket.AF_INET6 else host
    return f"http://{shown}:{port}"
