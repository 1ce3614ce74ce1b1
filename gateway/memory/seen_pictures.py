"""Pictures seen before, per tenant, in memory: shrunk copies found again by their perceptual hash.

Bounded by count, age and bytes over all tenants. When it is full, whoever holds most gives up the picture it
has not used for longest, so that one caller cannot flush the others'; of those who hold about as much, who
was not heard of for longest, so that a newcomer keeps its only picture, be it the largest. Keys can be made
up, and every made-up key is a tenant: those the upstream has not accepted yet keep what room is left, and in
a full memory a tenth of it. Knows nothing of edits.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.memory.hash_index import HashIndex, Key
from gateway.memory.largest_first import LargestFirst
from gateway.memory.protocol import MOST_ALIKE, Remembered
from gateway.memory.query_marks import QueryMarks

MAX_BYTES = 128 * 1024 * 1024  # unless the settings say otherwise
_PARTS = 128  # of a full memory, in which holdings are weighed: a picture is hardly more than one
PROBATION_SHARE = 0.1  # of a full memory: for tenants whose key the upstream has not accepted yet

Kept = TypeVar("Kept", bound=Remembered)


@dataclass
class _Holding(Generic[Kept]):
    """What one tenant, or a group of them, holds."""

    size_bytes: int = 0
    count: int = 0
    pictures: dict[Key, Kept] = field(default_factory=dict)  # the longest unused first; empty for a group
    index: HashIndex = field(default_factory=HashIndex)

    def change(self, pictures: int, size_bytes: int) -> None:
        self.count += pictures
        self.size_bytes += size_bytes


class SeenPictures(Generic[Kept]):
    """The store; safe to use from several threads."""

    def __init__(
        self, max_entries: int, ttl_seconds: float, clock: Callable[[], float], *, max_bytes: int = MAX_BYTES
    ) -> None:
        """Bound the memory by count, age and bytes, over all tenants.

        Raises:
            ValueError: A bound is not positive.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._tenants: dict[str, _Holding[Kept]] = {}  # the longest unused first
        self._arrived: dict[tuple[str, Key], float] = {}  # oldest first
        self._accepted: dict[str, None] = {}  # the longest unconfirmed first
        self._all = _Holding[Kept]()
        self._on_probation = _Holding[Kept]()
        self._marks = QueryMarks(clock)
        self._named, self._unnamed = LargestFirst(), LargestFirst()
        self.bound(max_entries, ttl_seconds, max_bytes)

    def bound(self, max_entries: int, ttl_seconds: float, max_bytes: int) -> None:
        """Change the bounds of count, age and bytes; what exceeds them goes.

        Raises:
            ValueError: A bound is not positive.
        """
        if max_entries < 1 or ttl_seconds <= 0 or max_bytes < 1:
            raise ValueError("expected positive bounds of entries, seconds and bytes")
        with self._lock:
            self._max_entries = max_entries
            self._ttl_seconds = ttl_seconds
            self._max_bytes = max_bytes
            self._forget_old()
            for tenant in self._tenants:  # what it holds is measured by the bounds
                self._rank(tenant)
            self._forget_excess()

    def __len__(self) -> int:
        with self._lock:
            self._forget_old()
            return self._all.count

    @property
    def size_bytes(self) -> int:
        """Memory held by the remembered pictures."""
        with self._lock:
            self._forget_old()
            return self._all.size_bytes

    def alike(self, tenant: str, fingerprint: int, most_bits: int) -> list[Kept]:
        """Return the tenant's pictures whose hash differs in few bits, nearest first; marks them as used."""
        with self._lock:
            self._forget_old()
            own = self._tenants.get(tenant)
            if own is None:
                return []
            near = own.index.near(fingerprint, most_bits, own.pictures)
            keys = [key for _, key in near[:MOST_ALIKE]]
            if keys:
                self._tenants[tenant] = self._tenants.pop(tenant)
                self._rank(tenant)
            for key in keys:
                own.pictures[key] = own.pictures.pop(key)
            return [own.pictures[key] for key in keys]

    def remember(self, tenant: str, seen: Kept) -> None:
        """Keep a picture, unless it alone exceeds the bound of bytes or was marked as a query."""
        if seen.size_bytes > self._max_bytes:
            return
        key = (seen.fingerprint, seen.digest)
        with self._lock:
            self._forget_old()
            if self._marks.holds(tenant, seen.digest):
                return
            self._drop(tenant, key)
            own = self._tenants.pop(tenant, None) or _Holding()
            own.pictures[key] = seen
            own.index.add(key)
            self._tenants[tenant] = own
            self._arrived[tenant, key] = self._clock()
            self._count(tenant, own, 1, seen.size_bytes)
            self._forget_excess()

    def mark(self, tenant: str, fingerprint: int, digest: bytes, most_bits: int) -> int:
        """Note a picture that looks like a query; return how many such ones are alike, itself included."""
        with self._lock:
            return self._marks.mark(
                tenant,
                fingerprint,
                digest,
                most_bits=most_bits,
                ttl_seconds=self._ttl_seconds,
                named=self._accepted,
            )

    def forget(self, tenant: str) -> None:
        """Forget a tenant's pictures and marks."""
        with self._lock:
            own = self._tenants.get(tenant)
            for key in list(own.pictures) if own is not None else ():
                self._drop(tenant, key)
            self._marks.forget(tenant)

    def accept(self, tenant: str) -> None:
        """Count the tenant among those whose key the upstream knows."""
        with self._lock:
            if tenant not in self._accepted:
                self._move(tenant, pictures=-1)
            self._accepted.pop(tenant, None)
            self._accepted[tenant] = None
            self._rank(tenant)
            if len(self._accepted) > self._max_entries:
                oldest = next(iter(self._accepted))
                del self._accepted[oldest]
                self._move(oldest, pictures=1)
                self._rank(oldest)

    def _forget_excess(self) -> None:
        while self._all.count > self._max_entries or self._all.size_bytes > self._max_bytes:
            self._make_room()

    def _make_room(self) -> None:
        """Take a picture of whoever holds most: of those on probation, while they exceed their share."""
        first_to_go = self._load(self._on_probation) > PROBATION_SHARE
        unnamed, named = self._unnamed.largest(), self._named.largest()
        both = [each for each in (unnamed, None if first_to_go and unnamed else named) if each is not None]
        _, largest = max(both, key=lambda each: each[0])
        self._drop(largest, next(iter(self._tenants[largest].pictures)))

    def _rank(self, tenant: str) -> None:
        """Note what a tenant holds by now, among its like."""
        theirs, others = self._unnamed, self._named
        if tenant in self._accepted:
            theirs, others = others, theirs
        others.forget(tenant)
        own = self._tenants.get(tenant)
        if own is None or not own.count:
            theirs.forget(tenant)
        else:
            theirs.note(tenant, self._load(own))

    def _load(self, holding: _Holding[Kept]) -> float:
        parts = -(-_PARTS * holding.size_bytes // self._max_bytes)
        return max(holding.count / self._max_entries, parts / _PARTS)

    def _forget_old(self) -> None:
        now = self._clock()
        while self._arrived:
            (tenant, key), arrived = next(iter(self._arrived.items()))
            if now - arrived < self._ttl_seconds:
                return
            self._drop(tenant, key)

    def _drop(self, tenant: str, key: Key) -> None:
        own = self._tenants.get(tenant)
        picture = own.pictures.pop(key, None) if own is not None else None
        if own is None or picture is None:
            return
        own.index.remove(key)
        del self._arrived[tenant, key]
        self._count(tenant, own, -1, -picture.size_bytes)
        if not own.pictures:
            del self._tenants[tenant]

    def _count(self, tenant: str, own: _Holding[Kept], pictures: int, size_bytes: int) -> None:
        own.change(pictures, size_bytes)
        self._all.change(pictures, size_bytes)
        if tenant not in self._accepted:
            self._on_probation.change(pictures, size_bytes)
        self._rank(tenant)

    def _move(self, tenant: str, *, pictures: int) -> None:
        """Book a tenant's pictures into probation (1) or out of it (-1)."""
        own = self._tenants.get(tenant)
        if own is not None:
            self._on_probation.change(pictures * own.count, pictures * own.size_bytes)
