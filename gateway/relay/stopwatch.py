"""Time one request: what it spent with us, and what it waited for the upstream.

Overhead is the time from the last byte of the request to the first of the answer, minus the wait for the
upstream: slow callers and slow models are not the gateway's doing.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopwatch:
    """Runs from the arrival of a request to the start of its answer."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._started = clock()
        self.overhead_seconds = 0.0  # 0 until the answer starts
        self.upstream_seconds: float | None = None  # None: the upstream was never asked

    def body_arrived(self) -> None:
        """Start over: what came before was the caller's time."""
        self._started = self._clock()

    @contextmanager
    def waiting_for_upstream(self) -> Iterator[None]:
        """Keep this stretch out of the overhead."""
        began = self._clock()
        try:
            yield
        finally:
            self.upstream_seconds = self._clock() - began

    def answer_starts(self) -> None:
        """Stop: headers go out now."""
        self.overhead_seconds = self._clock() - self._started - (self.upstream_seconds or 0.0)
