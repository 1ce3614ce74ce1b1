"""Do on one thread of its own what no request should wait for: tell Redis things, look whether it is back.

What is told while there is too much to tell is left out: it was for the others' good only.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from gateway.memory.redis_line import RedisLine

MOST_WAITING = 1000
MOST_WAITING_BYTES = 32 * 1024 * 1024
_IDLE_SECONDS = 1.0
_PROBE_SECONDS = 0.25  # while Redis is in trouble

Errand = Callable[[], None]

log = logging.getLogger(__name__)


class Errands:
    """The thread; ends with the process at the latest."""

    def __init__(self, line: RedisLine) -> None:
        """Take the line that is looked after."""
        self._line = line
        self._waiting: deque[tuple[Errand, int]] = deque()
        self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._is_busy = False
        self._repeated: list[Errand] = []
        self._wake = threading.Event()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="redis-errands", daemon=True)
        self._thread.start()

    def soon(self, errand: Errand, size_bytes: int = 0) -> None:
        """Have something done that holds so many bytes; never waits."""
        with self._lock:
            size = self._waiting_bytes + size_bytes
            if len(self._waiting) >= MOST_WAITING or size > MOST_WAITING_BYTES:
                return
            self._waiting.append((errand, size_bytes))
            self._waiting_bytes = size
        self._wake.set()

    @property
    def is_idle(self) -> bool:
        """Whether all that was to be done is done."""
        with self._lock:
            return not self._waiting and not self._is_busy

    def again_and_again(self, errand: Errand) -> None:
        """Have something done about once a second from now on."""
        self._repeated.append(errand)
        self._wake.set()

    def close(self) -> None:
        """Do what waits, and end."""
        self._is_closed = True
        self._wake.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        due = 0.0
        self._line.probe()
        while True:
            is_last = self._is_closed
            if self._line.trouble is not None:
                self._line.probe()
            self._do_all()
            if time.monotonic() >= due:
                due = time.monotonic() + _IDLE_SECONDS
                for errand in list(self._repeated):
                    _do(errand)
            if is_last:
                return
            self._wake.wait(_IDLE_SECONDS if self._line.trouble is None else _PROBE_SECONDS)
            self._wake.clear()

    def _do_all(self) -> None:
        while True:
            with self._lock:
                self._is_busy = bool(self._waiting)
                if not self._is_busy:
                    return
                errand, size_bytes = self._waiting.popleft()
                self._waiting_bytes -= size_bytes
            _do(errand)


def _do(errand: Errand) -> None:
    try:
        errand()
    except Exception:  # the thread must outlive whatever it is told
        log.exception("an errand to redis failed")
