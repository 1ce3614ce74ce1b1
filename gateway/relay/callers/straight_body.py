"""Read the rest of a large body from the connection straight into its place: no parser, no copies.

Stands in for the usual protocol of a connection while a body of known length arrives, and never reads beyond
its end. Who leaves earlier has the parser skip what came meanwhile, so that it goes on where the body is.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from uvicorn.protocols.http.flow_control import FlowControl

LEAST_BYTES = 131_072  # a shorter rest is not worth two changes of protocol
_READ_BYTES = 262_144  # at a time: a millisecond where the memory is new


class Usual(Protocol):
    """The protocol that is stood in for; told what concerns it."""

    def straight_body_moved(self) -> None:
        """Hear that some of the body came."""
        ...

    def straight_body_came(self) -> None:
        """Hear that the body is whole, and that the parser knows nothing of that."""
        ...

    def straight_body_left(self, read: memoryview) -> None:
        """Have the parser skip what was read meanwhile."""
        ...

    def eof_received(self) -> bool | None:
        """Hear that the caller sends no more."""
        ...

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that the connection is gone."""
        ...

    def pause_writing(self) -> None:
        """Hear that the caller takes too little."""
        ...

    def resume_writing(self) -> None:
        """Hear that the caller takes more again."""
        ...


class StraightBody(asyncio.BufferedProtocol):
    """One body on its way into its place."""

    def __init__(
        self,
        transport: asyncio.Transport,
        flow: FlowControl,
        usual: Usual,
        place: memoryview,
        came: Callable[[int], None],
    ) -> None:
        """Fill `place`; `came` hears how many bytes each piece has."""
        self._transport = transport
        self._flow = flow
        self._usual = usual
        self._place = place
        self._came = came
        self._filled = 0
        self._is_over = False
        self._stand_in(self)

    def leave(self) -> None:
        """Give the connection back, if that was not done at the end of the body."""
        if not self._is_over and not self._transport.is_closing():
            self._is_over = True
            self._stand_in(cast(asyncio.BaseProtocol, self._usual))
            self._usual.straight_body_left(self._place[: self._filled])
        self._place.release()

    def _stand_in(self, protocol: asyncio.BaseProtocol) -> None:
        """Change the protocol; how bytes are read changes with it when reading begins anew."""
        was_paused = self._flow.read_paused
        self._flow.pause_reading()
        self._transport.set_protocol(protocol)
        if not was_paused:
            self._flow.resume_reading()

    # --- the transport's calls

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Return where the next bytes go."""
        return self._place[self._filled : self._filled + _READ_BYTES]

    def buffer_updated(self, nbytes: int) -> None:
        """Count them."""
        self._filled += nbytes
        self._usual.straight_body_moved()
        self._came(nbytes)
        if self._filled == len(self._place) and not self._is_over:
            self._is_over = True
            self._stand_in(cast(asyncio.BaseProtocol, self._usual))
            self._usual.straight_body_came()

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return self._usual.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on."""
        self._is_over = True
        self._usual.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass it on."""
        self._usual.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._usual.resume_writing()
