"""Remember finished work by key, up to a number of bytes; the least recently used goes first."""

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")

_ENTRY_OVERHEAD_BYTES = 1024  # keys, verdict and bookkeeping: entries without data must count too


class ByteBoundedCache(Generic[Value]):
    """A thread-safe map whose values together weigh at most `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[bytes, tuple[Value, int]] = OrderedDict()
        self._size_bytes = 0
        self._lock = Lock()

    def get(self, key: bytes) -> Value | None:
        """Return the value and mark it as used, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: bytes, value: Value, size_bytes: int) -> None:
        """Keep a value unless it alone exceeds the bound."""
        weight = size_bytes + _ENTRY_OVERHEAD_BYTES
        with self._lock:
            if key in self._entries:
                self._size_bytes -= self._entries.pop(key)[1]
            if weight > self._max_bytes:
                return
            self._entries[key] = (value, weight)
            self._size_bytes += weight
            while self._size_bytes > self._max_bytes:
                self._size_bytes -= self._entries.popitem(last=False)[1][1]
