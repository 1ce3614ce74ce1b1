"""Notice a clock that leaps: whoever forgets by age would forget everything by a mistyped date.

At the start it is believed: what is promised to be forgotten must be, however often a process starts.
"""

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

_LEAP_SECONDS = 86_400.0  # that no correction takes at once, and no summer time
_DOUBT_SECONDS = 6 * 3600.0  # time for somebody to set it right; then it is believed


class ClockWatch:
    """Compares the clock with one that cannot be set."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Begin to watch; `monotonic` counts seconds from anywhere."""
        self._monotonic = monotonic
        self._ahead: float | None = None  # of the clock that cannot be set
        self._believed_at = float("-inf")

    def is_believed(self, now: float) -> bool:
        """Tell whether a time, in seconds since 1970, follows from the ones before."""
        passed = self._monotonic()
        before, self._ahead = self._ahead, now - passed
        leap = 0.0 if before is None else self._ahead - before
        if leap >= _LEAP_SECONDS:
            self._believed_at = passed + _DOUBT_SECONDS
            log.error(
                "the clock leapt %.0f days ahead: none is forgotten by age for %.0f hours or until it is set",
                leap / 86_400.0,
                _DOUBT_SECONDS / 3600.0,
            )
        elif leap <= -_LEAP_SECONDS:
            self._believed_at = passed
        return passed >= self._believed_at
