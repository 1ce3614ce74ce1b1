"""Count, per tenant and neighbourhood, the pictures that look like queries of an attack: hashes, no pixels.

A neighbourhood is whatever lies within so many bits of a picture's hash: it has no first member, so the count
is the same in whatever order pictures arrive. Bounded per tenant, over all tenants, and in time.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass, field

MARKS_OF_A_TENANT = 512
TENANTS = 4096


@dataclass
class _Marks:
    """One tenant's, the oldest first."""

    by_digest: dict[bytes, tuple[int, float]] = field(default_factory=dict)  # fingerprint, arrival


class QueryMarks:
    """The marks; not locked: whoever keeps pictures beside them holds a lock already."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the clock that ages are told by."""
        self._clock = clock
        self._tenants: dict[str, _Marks] = {}  # the longest unused first

    def __len__(self) -> int:
        return sum(len(marks.by_digest) for marks in self._tenants.values())

    def holds(self, tenant: str, digest: bytes) -> bool:
        """Tell whether this picture was marked."""
        own = self._tenants.get(tenant)
        return own is not None and digest in own.by_digest

    def forget(self, tenant: str) -> None:
        """Forget a tenant's marks."""
        self._tenants.pop(tenant, None)

    def mark(
        self,
        tenant: str,
        fingerprint: int,
        digest: bytes,
        *,
        most_bits: int,
        ttl_seconds: float,
        named: Container[str] = (),
    ) -> int:
        """Mark a picture; return how many marked ones are alike by now, itself included, each counted once.

        Whoever marks most makes room in its own marks; made-up tenants push out one another, the longest
        unused first, before any of those `named`.
        """
        own = self._tenants.pop(tenant, None) or _Marks()
        self._tenants[tenant] = own
        own.by_digest.setdefault(digest, (fingerprint, self._clock()))
        self._forget(own, ttl_seconds)
        while len(self._tenants) > TENANTS:
            made_up = (each for each in self._tenants if each not in named)
            del self._tenants[next(made_up, next(iter(self._tenants)))]
        return sum((other ^ fingerprint).bit_count() <= most_bits for other, _ in own.by_digest.values())

    def _forget(self, own: _Marks, ttl_seconds: float) -> None:
        now = self._clock()
        while own.by_digest:
            oldest, (_, arrived) = next(iter(own.by_digest.items()))
            if len(own.by_digest) <= MARKS_OF_A_TENANT and now - arrived < ttl_seconds:
                return
            del own.by_digest[oldest]
