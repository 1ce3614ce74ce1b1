"""Give freed memory back to the operating system some seconds after much of it was in use.

The C library keeps what large bodies and pictures leave, hundreds of megabytes for good. Only glibc can be
asked for it; elsewhere nothing is done.
"""

import asyncio
import ctypes
import gc
from collections.abc import Callable

_MUCH_BYTES = 8 * 1024 * 1024
# Under steady load the same memory is soon wanted again; and while half a gigabyte is handed back, whoever
# wants memory waits for a tenth of a second.
_WAIT_SECONDS = 20.0


def glibc_trim() -> Callable[[], None] | None:
    """Return what hands free memory back, in some ten milliseconds; None where there is no such thing."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None

    def collect_and_trim() -> None:
        # An error whose frames hold a body and hold it in turn is found by the collector alone, which may not
        # run for hours where nothing happens.
        gc.collect()
        trim(0)

    return collect_and_trim


class GivingBack:
    """Is told of memory that was used, and gives back what is free a while later; event loop only."""

    def __init__(self, trim: Callable[[], None] | None, *, wait_seconds: float = _WAIT_SECONDS) -> None:
        """Take what gives memory back, which runs on a thread."""
        self._trim = trim
        self._wait_seconds = wait_seconds
        self._used_bytes = 0  # since it was last given back
        self._timer: asyncio.TimerHandle | None = None

    def used(self, size_bytes: int) -> None:
        """Note that about so many bytes were used and are free now."""
        self._used_bytes += size_bytes
        if self._trim is not None and self._timer is None and self._used_bytes >= _MUCH_BYTES:
            self._timer = asyncio.get_running_loop().call_later(
                self._wait_seconds, self._give_back, self._trim
            )

    def close(self) -> None:
        """Stop waiting."""
        if self._timer is not None:
            self._timer.cancel()

    def _give_back(self, trim: Callable[[], None]) -> None:
        self._timer = None
        self._used_bytes = 0
        asyncio.get_running_loop().run_in_executor(None, trim)
