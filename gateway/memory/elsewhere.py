"""Keep how many queries of an attack others had counted, for when they cannot be asked."""

import threading

from cachetools import TTLCache

_TENANTS = 1000


class CountedElsewhere:
    """By tenant: the latest mark, and how many alike the others had made by then; thread-safe."""

    def __init__(self, ttl_seconds: float) -> None:
        """Take how long a count stays of use."""
        self._lock = threading.Lock()
        self._counts: TTLCache[str, tuple[int, int]] = TTLCache(_TENANTS, ttl_seconds)

    def note(self, tenant: str, fingerprint: int, count: int) -> None:
        """Keep a count of the others'."""
        with self._lock:
            self._counts[tenant] = (fingerprint, count)

    def of(self, tenant: str, fingerprint: int, most_bits: int) -> int:
        """Return what the others had counted of pictures like this one."""
        with self._lock:
            other, count = self._counts.get(tenant, (fingerprint, 0))
        return count if (other ^ fingerprint).bit_count() <= most_bits else 0
