"""What happened on the way to the answers: requests sent again, why, and how long was waited for them.

Told as it happens, but not line by line: a server that refuses every second request would fill the screen.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable

_TELL_AGAIN_SECONDS = 20.0

_log = logging.getLogger(__name__)


class RetryAccount:
    """Counts retries by reason; warns of the first of each, then at intervals with the number so far."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._told: dict[str, float] = {}
        self.by_reason: Counter[str] = Counter()
        self.waited_seconds = 0.0

    def note(self, reason: str, seconds: float, words: str) -> None:
        """Count a retry.

        Args:
            reason: Few words, the same for all of a kind, such as `HTTP 429`.
            seconds: The pause before it is sent again.
            words: All that is known of the failure.
        """
        self.by_reason[reason] += 1
        self.waited_seconds += seconds
        now = self._clock()
        last = self._told.get(reason)
        if last is not None and now - last < _TELL_AGAIN_SECONDS:
            _log.info("%s: %s; asked again in %.1f s", self._name, words, seconds)
            return
        self._told[reason] = now
        times = self.by_reason[reason]
        so_far = "" if times == 1 else f" ({times} times so far)"
        _log.warning("%s: %s%s; asked again in %.1f s", self._name, words, so_far, seconds)
