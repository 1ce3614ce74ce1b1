"""Bound the memory of waiting image work by bytes, not by requests: images differ a thousandfold in size."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

from gateway.errors import QueueFullError


class Admission:
    """Lets work in while its bytes fit; used from the event loop only."""

    def __init__(self, max_bytes: int, gauge: Gauge) -> None:
        self._max_bytes = max_bytes
        self._gauge = gauge
        self._admitted_bytes = 0

    @contextmanager
    def admit(self, size_bytes: int) -> Iterator[None]:
        """Hold a place for the length of the block; work larger than the bound gets in when it is alone.

        Raises:
            QueueFullError: The bytes do not fit beside those already admitted.
        """
        if self._admitted_bytes and self._admitted_bytes + size_bytes > self._max_bytes:
            raise QueueFullError("too much image data is being worked on; try again shortly")
        self._change(size_bytes)
        try:
            yield
        finally:
            self._change(-size_bytes)

    def _change(self, size_bytes: int) -> None:
        self._admitted_bytes += size_bytes
        self._gauge.set(self._admitted_bytes)
