"""TLS towards an upstream that loses no answer when the connection is reset behind it.

asyncio's own TLS, on the plain transport of whatever loop there is: uvloop's does not let what was received
and not read yet be decrypted after a reset.
"""

import asyncio
import math
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable, Iterator
from functools import cache

LeftOver = Callable[[], Iterator[bytes]]


@cache
def trusted_authorities() -> ssl.SSLContext:
    """Load the system's authorities once: that takes longer than a request."""
    return ssl.create_default_context()


class RescuingTls(SSLProtocol):
    """Decrypts what arrived before a reset, and only then tells of it."""

    def __init__(
        self, inner: asyncio.Protocol, left_over: LeftOver, host: str, timeout_seconds: float
    ) -> None:
        """Speak TLS for `inner`; `left_over` yields what was received and never read."""
        loop = asyncio.get_running_loop()
        self.stands: asyncio.Future[None] = loop.create_future()
        self._left_over = left_over
        super().__init__(
            loop,
            inner,
            trusted_authorities(),
            self.stands,
            server_hostname=host,
            ssl_handshake_timeout=math.ceil(timeout_seconds),  # whoever waits is more exact
        )

    def connection_lost(self, exc: BaseException | None) -> None:
        """Pass on what is left, then the loss."""
        if exc is not None:
            for data in self._left_over():
                view = memoryview(data)
                while view:  # in what the parser of records takes at once
                    buffer = self.get_buffer(len(view))
                    size = min(len(buffer), len(view))
                    buffer[:size] = view[:size]
                    self.buffer_updated(size)
                    view = view[size:]
        super().connection_lost(exc)
