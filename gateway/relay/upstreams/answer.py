"""One answer of an upstream as it arrives: its head, then its body in pieces, and how it may end."""

import asyncio
from collections.abc import Callable

from gateway.errors import GatewayError

Headers = list[tuple[bytes, bytes]]  # names in lower case

_HIGH_WATER_BYTES = 262_144  # of pieces nobody has taken yet; beyond it, the upstream has to wait
NO_BODY = frozenset({204, 304})


class UpstreamCutError(Exception):
    """The upstream broke off in the middle of its answer, after headers were relayed; `kind` says how."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Answer:
    """Filled by a connection, emptied by whoever relays it."""

    __slots__ = (
        "_loop",
        "_on_drained",
        "_on_end",
        "_pieces",
        "_waiter",
        "error",
        "has_begun",
        "has_body",
        "headers",
        "is_complete",
        "pending_bytes",
        "status",
    )

    def __init__(
        self,
        *,
        has_body: bool,
        on_end: Callable[[], None],
        on_drained: Callable[[], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Expect an answer, without a body if that of a HEAD request."""
        self._loop = loop
        self.status = 0
        self.headers: Headers = []
        self.has_begun = False  # the head is here
        self.has_body = has_body
        self.is_complete = False
        self.error: GatewayError | UpstreamCutError | None = None
        self.pending_bytes = 0
        self._pieces: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._on_end = on_end
        self._on_drained = on_drained

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.is_complete or self.error is not None

    @property
    def is_full(self) -> bool:
        """Whether whoever takes the pieces is too slow."""
        return self.pending_bytes > _HIGH_WATER_BYTES

    async def head(self) -> None:
        """Wait for status and headers.

        Raises:
            GatewayError: They never came.
        """
        while not self.has_begun:
            if self.error is not None:
                raise self.error
            await self._wait()

    def take(self) -> bytes:
        """Return what has arrived and was not taken yet, without waiting."""
        pieces = self._pieces
        if not pieces:
            return b""
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        was_full, self.pending_bytes = self.is_full, 0
        if was_full:
            self._on_drained()
        return piece

    async def next(self) -> bytes:
        """Return what arrives next; nothing at the end.

        Raises:
            UpstreamCutError: The answer broke off.
        """
        while not self._pieces and not self.is_complete:
            if self.error is not None:
                raise self.error
            await self._wait()
        return self.take()

    def close(self) -> None:
        """Give the connection back; one whose answer is not at its end is closed."""
        self._on_end()

    def begin(self, status: int, headers: Headers) -> None:
        """Note the head."""
        self.status, self.headers, self.has_begun = status, headers, True
        self._wake()

    def add(self, piece: bytes) -> None:
        """Note a piece of the body."""
        self._pieces.append(piece)
        self.pending_bytes += len(piece)
        self._wake()

    def end(self) -> None:
        """Note that the answer is whole."""
        self.is_complete = True
        self._wake()

    def fail(self, error: GatewayError, *, cut: str = "upstream_cut") -> None:
        """Note that no more will come; after the head, all that can be said is that it was cut."""
        if not self.is_over:
            self.error = UpstreamCutError(cut) if self.has_begun else error
            self._wake()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
