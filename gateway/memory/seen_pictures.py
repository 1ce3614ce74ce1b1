"""Pictures seen before, per tenant, in memory: shrunk copies found again by their perceptual hash.

Bounded by count, age and bytes over all tenants; the longest unused goes first. Knows nothing of edits.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache

from calibration.image import Image

MAX_BYTES = 128 * 1024 * 1024
_ENTRY_OVERHEAD_BYTES = 512

_Key = tuple[str, int, bytes]  # tenant, fingerprint, digest


@dataclass(frozen=True, eq=False)
class SeenPicture:
    """One remembered picture."""

    picture: Image  # shrunk
    fingerprint: int  # perceptual hash, 64 bits
    digest: bytes  # of the encoded bytes it came in

    @property
    def size_bytes(self) -> int:
        """Memory it holds."""
        return int(self.picture.pixels.nbytes) + _ENTRY_OVERHEAD_BYTES


class _Listed(LRUCache[_Key, SeenPicture]):
    """Pictures by bytes, with lists that never name one that is gone."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=lambda seen: seen.size_bytes)
        self.expires: dict[_Key, float] = {}  # oldest first: all live equally long
        self.of_tenant: dict[str, dict[_Key, None]] = {}

    def list(self, key: _Key, expires: float) -> None:
        self.expires.pop(key, None)
        self.expires[key] = expires
        self.of_tenant.setdefault(key[0], {})[key] = None

    def __delitem__(self, key: _Key) -> None:
        super().__delitem__(key)
        self.expires.pop(key, None)
        own = self.of_tenant.get(key[0], {})
        own.pop(key, None)
        if not own:
            self.of_tenant.pop(key[0], None)


class SeenPictures:
    """The store; safe to use from several threads."""

    def __init__(
        self, max_entries: int, ttl_seconds: float, clock: Callable[[], float], *, max_bytes: int = MAX_BYTES
    ) -> None:
        """Bound the memory by count, age and bytes, over all tenants.

        Raises:
            ValueError: A bound is not positive.
        """
        if max_entries < 1 or ttl_seconds <= 0 or max_bytes < 1:
            raise ValueError("expected positive bounds of entries, seconds and bytes")
        self._max_entries = max_entries
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._seen = _Listed(max_bytes)

    def __len__(self) -> int:
        with self._lock:
            self._forget_old()
            return len(self._seen)

    @property
    def size_bytes(self) -> int:
        """Memory held by the remembered pictures."""
        with self._lock:
            self._forget_old()
            return int(self._seen.currsize)

    def alike(self, tenant: str, fingerprint: int, most_bits: int) -> list[SeenPicture]:
        """Return the tenant's pictures whose hash differs in few bits, nearest first; marks them as used."""
        with self._lock:
            self._forget_old()
            near = [
                (distance, key)
                for key in self._seen.of_tenant.get(tenant, ())
                if (distance := (key[1] ^ fingerprint).bit_count()) <= most_bits
            ]
            return [self._seen[key] for _, key in sorted(near, key=lambda item: item[0])]

    def remember(self, tenant: str, seen: SeenPicture) -> None:
        """Keep a picture, unless it alone exceeds the bound of bytes."""
        if seen.size_bytes > self._seen.maxsize:
            return
        key = (tenant, seen.fingerprint, seen.digest)
        with self._lock:
            self._forget_old()
            self._seen[key] = seen
            self._seen.list(key, self._clock() + self._ttl_seconds)
            while len(self._seen) > self._max_entries:
                self._seen.popitem()

    def _forget_old(self) -> None:
        now = self._clock()
        while self._seen.expires:
            key, expires = next(iter(self._seen.expires.items()))
            if expires > now:
                return
            del self._seen[key]
