"""Unpack bodies beside the event loop, on threads of their own, in room that grows with what comes of them.

On the threads that everybody shares, a few small bodies that unpack to the limit would keep names from being
resolved; without room, they would fill the memory.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from gateway.relay.admission import Reservation
from gateway.relay.callers.encodings import unpack

_THREADS = 2  # each holds what it unpacks; one bomb must not keep all others waiting
_PATIENCE_SECONDS = 10.0  # for the event loop to say whether there is room


class AbandonedError(Exception):
    """Nobody waits for the body any more."""


class Unpacking:
    """Unpacks bodies, a few at a time."""

    def __init__(self, max_bytes: int) -> None:
        """Unpack to `max_bytes` at most; threads start when they are needed."""
        self._max_bytes = max_bytes
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="unpacking")

    def close(self) -> None:
        """Stop; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def unpack(self, packed: bytes, coding: bytes, room: Reservation) -> bytes:
        """Return what comes of a packed body, whose own bytes `room` holds already.

        Raises:
            PackedBodyError: It cannot be unpacked.
            UnpackedTooLargeError: More than the limit would come of it.
            QueueFullError: There is no room for it.
        """
        loop = asyncio.get_running_loop()
        is_wanted = True

        async def reach(size_bytes: int) -> None:
            if not is_wanted:  # then the room was given back, and must not grow again
                raise AbandonedError
            room.reach(len(packed) + size_bytes)

        def hold(size_bytes: int) -> None:
            asyncio.run_coroutine_threadsafe(reach(size_bytes), loop).result(_PATIENCE_SECONDS)

        try:
            body = await loop.run_in_executor(self._pool, unpack, packed, coding, self._max_bytes, hold)
        finally:
            is_wanted = False
        room.reach(len(packed) + len(body))
        return body
