"""Pictures seen before, per tenant, in memory: shrunk copies found again by their perceptual hash.

Bounded by count, age and bytes over all tenants; the longest unused goes first. Knows nothing of edits.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import TTLCache

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
        self._lock = threading.Lock()
        self._seen: TTLCache[_Key, SeenPicture] = TTLCache(
            max_bytes, ttl_seconds, timer=clock, getsizeof=lambda seen: seen.size_bytes
        )

    def __len__(self) -> int:
        with self._lock:
            return len(self._seen)

    @property
    def size_bytes(self) -> int:
        """Memory held by the remembered pictures."""
        with self._lock:
            self._seen.expire()
            return int(self._seen.currsize)

    def alike(self, tenant: str, fingerprint: int, most_bits: int) -> list[SeenPicture]:
        """Return the tenant's pictures whose hash differs in few bits, nearest first; marks them as used."""
        with self._lock:
            near = [
                (distance, key)
                for key in self._seen
                if key[0] == tenant and (distance := (key[1] ^ fingerprint).bit_count()) <= most_bits
            ]
            return [self._seen[key] for _, key in sorted(near, key=lambda item: item[0])]

    def remember(self, tenant: str, seen: SeenPicture) -> None:
        """Keep a picture, unless it alone exceeds the bound of bytes."""
        if seen.size_bytes > self._seen.maxsize:
            return
        with self._lock:
            self._seen[tenant, seen.fingerprint, seen.digest] = seen
            while len(self._seen) > self._max_entries:
                self._seen.popitem()
