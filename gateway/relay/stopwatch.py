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
        self.first_chunk_seconds: float | None = None  # since it was asked; None: no piece of an answer came
        self._asked: float | None = None

    def body_arrived(self) -> None:
        """Start over: what came before was the caller's time."""
        self._started = self._clock()

    @contextmanager
    def waiting_for_upstream(self) -> Iterator[None]:
        """Keep this stretch out of the overhead."""
        self._asked = began = self._clock()
        try:
            yield
        finally:
            self.upstream_seconds = self._clock() - began

    def chunk_arrives(self) -> None:
        """Note that a piece of the upstream's answer is here; only the first is remembered."""
        if self.first_chunk_seconds is None:
            self.first_chunk_seconds = self.since_asked()

    def since_asked(self) -> float | None:
        """Return the seconds since the upstream was asked; None if it never was."""
        return None if self._asked is None else self._clock() - self._asked

    def answer_starts(self) -> None:
        """Stop: headers go out now."""
        self.overhead_seconds = self._clock() - self._started - (self.upstream_seconds or 0.0)
