"""Forget flags that are too old, and the oldest ones where there is too much; by the store's own clock."""

import logging
import time
from dataclasses import dataclass

from gateway.review.clock_watch import ClockWatch
from gateway.review.store import ReviewStore

log = logging.getLogger(__name__)

FLAG_BYTES = 2048  # that a flag weighs beside its picture
_DAY_SECONDS = 86_400.0
_UNFINISHED_SECONDS = 600.0  # that nobody takes to write a picture
_STEP = 50  # as one of so many parts the oldest flags go


@dataclass(frozen=True)
class Retention:
    """How long, and how much."""

    keep_days: float
    max_bytes: int
    watch: ClockWatch | None = None  # None: the clock is believed, whatever it says

    def sweep(self, store: ReviewStore) -> int:
        """Forget what is beyond it; return how many flags that were."""
        store.pictures.remove_unfinished(time.time() - _UNFINISHED_SECONDS)  # by the clock of files
        now, forgotten = store.now(), 0
        if self.watch is None or self.watch.is_believed(now):
            forgotten = store.delete_before(now - self.keep_days * _DAY_SECONDS)
        size = store.size()
        while size.flags and size.bytes + size.flags * FLAG_BYTES > self.max_bytes:
            forgotten += store.delete_oldest(max(1, size.flags // _STEP))
            size = store.size()
        if forgotten:
            log.info("%d flags were forgotten by age or size; %d are kept", forgotten, size.flags)
        return forgotten
