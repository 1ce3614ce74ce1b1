"""Bound the bytes of request bodies in flight, from the first byte of a body to the last byte of its answer.

Nobody waits here: what does not fit is told so at once, and comes again. Used from the event loop only.

Three rules share the bound out. A part of it is kept for small bodies, so that text gets in beside large
pictures. While somebody was turned away lately, no tenant may hold more than an equal part. A body larger
than the bound gets in when it is alone.
"""

import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType

from cachetools import TTLCache
from prometheus_client import Gauge

from gateway.errors import QueueFullError

SMALL_BYTES = 65_536  # a body below this is text, or a picture nobody need wait for
_KEPT_FOR_SMALL = 1 / 16  # of the bound
_REMEMBERED_SECONDS = 10.0  # SDKs come back after .5 to 8 seconds
_MOST_REMEMBERED = 1024  # tenants turned away; made-up keys must not fill the memory


class Admission:
    """Lets bodies in while they fit."""

    def __init__(
        self,
        max_bytes: int,
        gauge: Gauge,
        *,
        used: Callable[[int], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Bound all bodies together; `used` hears of the bytes each has held, `clock` tells seconds."""
        self._used = used
        self._max_bytes = max_bytes
        self._gauge = gauge
        self._held = Counter[str]()  # bytes by tenant; never a zero
        self._held_bytes = 0
        self._small_bytes = 0  # the part of them that small bodies hold
        self._turned_away: TTLCache[str, None] = TTLCache(_MOST_REMEMBERED, _REMEMBERED_SECONDS, clock)
        self._has_turned_away = False  # a cheap look for what every request asks

    @property
    def held_bytes(self) -> int:
        """Bytes of all bodies in flight."""
        return self._held_bytes

    def admit(self, size_bytes: int = 0, *, tenant: str = "") -> "Reservation":
        """Make room for a body of this announced size; a chunked one starts at zero and grows.

        Raises:
            QueueFullError: The bytes do not fit beside those already held.
        """
        reservation = Reservation(self, tenant)
        if size_bytes:
            reservation.grow(size_bytes)
        return reservation

    def _take(self, size_bytes: int, tenant: str, *, own_bytes: int) -> None:
        """Hold more bytes for a body that holds `own_bytes` already."""
        self._check(size_bytes, tenant, own_bytes=own_bytes)
        self._change(size_bytes, tenant, own_bytes=own_bytes)
        if own_bytes == 0 and self._has_turned_away:
            self._turned_away.pop(tenant, None)
            self._has_turned_away = bool(self._turned_away)

    def _check(self, size_bytes: int, tenant: str, *, own_bytes: int) -> None:
        if not self._fits(size_bytes, tenant, own_bytes=own_bytes):
            self._turned_away[tenant] = None
            self._has_turned_away = True
            raise QueueFullError("too many bytes of other requests are in flight; try again shortly")

    def _is_beyond_the_bound(self, size_bytes: int) -> bool:
        return size_bytes > self._max_bytes * (1 - _KEPT_FOR_SMALL)

    def _fits(self, size_bytes: int, tenant: str, *, own_bytes: int) -> bool:
        if self._held_bytes == own_bytes:
            return True
        kept = self._max_bytes * _KEPT_FOR_SMALL
        if own_bytes + size_bytes < SMALL_BYTES:
            return self._held_bytes + size_bytes <= self._max_bytes or self._small_bytes + size_bytes <= kept
        bound = self._max_bytes - kept
        others_of_tenant = self._held[tenant] - own_bytes
        return self._held_bytes + size_bytes <= bound and (
            not others_of_tenant or self._held[tenant] + size_bytes <= self._share(bound, tenant)
        )

    def _share(self, bound: float, tenant: str) -> float:
        """Return what one tenant may hold: all of it, unless others were turned away lately."""
        waiting = set(self._turned_away) - {tenant}
        return bound / len(waiting | set(self._held) | {tenant}) if waiting else bound

    def _give_back(self, size_bytes: int, tenant: str) -> None:
        self._change(-size_bytes, tenant, own_bytes=size_bytes)
        self._used(size_bytes)

    def _change(self, size_bytes: int, tenant: str, *, own_bytes: int) -> None:
        self._held_bytes += size_bytes
        self._small_bytes += _if_small(own_bytes + size_bytes) - _if_small(own_bytes)
        self._held[tenant] += size_bytes
        if not self._held[tenant]:
            del self._held[tenant]
        self._gauge.set(self._held_bytes)


def _if_small(size_bytes: int) -> int:
    return size_bytes if size_bytes < SMALL_BYTES else 0


class Reservation:
    """The room of one body; leave its `with` block, or call `release`, when its answer has ended."""

    def __init__(self, admission: Admission, tenant: str) -> None:
        self._admission = admission
        self._tenant = tenant
        self.size_bytes = 0

    def expect(self, size_bytes: int) -> None:
        """Ask for a body of this announced size, of which nothing has come yet.

        What is announced is not held, lest announcing alone keeps others out; only a body beyond the bound
        is, which has to stay alone.

        Raises:
            QueueFullError: It would not fit as things are.
        """
        if self._admission._is_beyond_the_bound(size_bytes):
            self.grow(size_bytes)
        else:
            self._admission._check(size_bytes, self._tenant, own_bytes=self.size_bytes)

    def reach(self, size_bytes: int) -> None:
        """Make room for a body of which this much has come.

        Raises:
            QueueFullError: It does not fit; what was held stays held.
        """
        if size_bytes > self.size_bytes:
            self.grow(size_bytes - self.size_bytes)

    def grow(self, size_bytes: int) -> None:
        """Make room for more of the same body.

        Raises:
            QueueFullError: It does not fit; what was held stays held.
        """
        self._admission._take(size_bytes, self._tenant, own_bytes=self.size_bytes)
        self.size_bytes += size_bytes

    def release(self) -> None:
        """Give all of it back; again does nothing."""
        if self.size_bytes:
            self._admission._give_back(self.size_bytes, self._tenant)
        self.size_bytes = 0

    def __enter__(self) -> "Reservation":
        """Return the reservation itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the room back."""
        self.release()
