"""Remember finished work by key, up to a number of bytes; the least recently used goes first."""

from threading import Lock
from typing import Generic, Protocol, TypeVar

from cachetools import LRUCache

Value = TypeVar("Value")

_ENTRY_OVERHEAD_BYTES = 1024  # keys, verdict and bookkeeping: entries without data must count too


class Cache(Protocol[Value]):
    """Whatever keeps finished work, here or elsewhere."""

    def get(self, key: bytes) -> Value | None:
        """Return the value and mark it as used, or None."""
        ...

    def get_near(self, key: bytes) -> Value | None:
        """Do the same without waiting for anybody; None may mean that others have it."""
        ...

    @property
    def asks_others(self) -> bool:
        """Whether `get` may find what `get_near` does not."""
        ...

    def put(self, key: bytes, value: Value, size_bytes: int) -> None:
        """Keep a value, as long as there is room."""
        ...

    def forget(self, start: bytes) -> None:
        """Forget everything whose key begins so."""
        ...


class ByteBoundedCache(Generic[Value]):
    """A thread-safe map whose values together weigh at most `max_bytes`.

    Beside `LRUCache`: the lock, the overhead each entry counts with, and that a value too large to keep is
    left out instead of being an error.
    """

    def __init__(self, max_bytes: int) -> None:
        self._entries: LRUCache[bytes, tuple[Value, int]] = LRUCache(max_bytes, getsizeof=_weight)
        self._lock = Lock()

    def get(self, key: bytes) -> Value | None:
        """Return the value and mark it as used, or None."""
        with self._lock:
            entry = self._entries.get(key)
        return None if entry is None else entry[0]

    def get_near(self, key: bytes) -> Value | None:
        """Do the same: everything is near."""
        return self.get(key)

    @property
    def asks_others(self) -> bool:
        """There are none."""
        return False

    def put(self, key: bytes, value: Value, size_bytes: int) -> None:
        """Keep a value unless it alone exceeds the bound; an older one of this key goes either way."""
        weight = size_bytes + _ENTRY_OVERHEAD_BYTES
        with self._lock:
            self._entries.pop(key, None)
            if weight <= self._entries.maxsize:
                self._entries[key] = (value, weight)

    def forget(self, start: bytes) -> None:
        """Forget everything whose key begins so."""
        with self._lock:
            for key in [key for key in self._entries if key.startswith(start)]:
                del self._entries[key]


def _weight(entry: tuple[Value, int]) -> int:
    return entry[1]
