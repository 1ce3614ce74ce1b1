"""A gateway's line to Redis: answers soon or not at all, and knows why not.

After a failure nobody else waits: until somebody who has the time finds that Redis answers again (`probe`),
questions end at once. A Redis that can be read and not written, being full or a replica, is read on.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from gateway.metrics import Metrics

if TYPE_CHECKING:
    from redis import Redis

Trouble = Literal["away", "slow", "refused", "loading", "full", "read_only", "failed"]
TROUBLES: tuple[Trouble, ...] = get_args(Trouble)
State = Literal["shared", "read_only", "alone"]  # what a gateway's memory is by now

_STILL_READ: frozenset[Trouble] = frozenset({"full", "read_only"})
_SAID_SECONDS = 30.0  # the same trouble is not logged more often
_PROBE_MILLISECONDS = 1000

T = TypeVar("T")

log = logging.getLogger(__name__)


class RedisAwayError(OSError):
    """Redis cannot do this now; it is counted already."""


class RedisLine:
    """The line; safe to use from several threads."""

    def __init__(self, connect: "Callable[[], Redis]", metrics: Metrics, *, probe_key: bytes) -> None:
        """Take what makes a client, which may fail, and a key that may be written to try."""
        self._connect = connect
        self._metrics = metrics
        self._probe_key = probe_key
        self._lock = threading.Lock()
        self._client: Redis | None = None
        self._trouble: Trouble | None = None
        self._said: dict[str, float] = {}
        for trouble in (*TROUBLES, "unreadable"):  # at zero from the start: a rate misses no first one
            metrics.memory_troubles.labels(trouble)

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong by now."""
        return self._trouble

    @property
    def state(self) -> State:
        """What the gateway's memory is by now: shared, only read, or its own alone."""
        if self._trouble is None:
            return "shared"
        return "read_only" if self._trouble in _STILL_READ else "alone"

    def read(self, operation: str, do: "Callable[[Redis], T]") -> T:
        """Return what comes of a question.

        Raises:
            RedisAwayError: Redis does not answer now.
        """
        if self.state == "alone":
            raise RedisAwayError(self._trouble)
        with self._counting_troubles(), self._metrics.memory_seconds.labels(operation).time():
            return do(self._connected())

    def read_aside(self, operation: str, do: "Callable[[Redis], T]") -> T:
        """Return what comes of a question so long that its failure says nothing of others.

        It is counted, and stops nobody from asking.

        Raises:
            RedisAwayError: Redis does not answer now.
        """
        if self.state == "alone":
            raise RedisAwayError(self._trouble)
        with self._telling_troubles(self._count), self._metrics.memory_seconds.labels(operation).time():
            return do(self._connected())

    def write(self, operation: str, do: "Callable[[Redis], T]") -> T:
        """Return what comes of a change.

        Raises:
            RedisAwayError: Redis takes none now.
        """
        if self._trouble is not None:
            raise RedisAwayError(self._trouble)
        with self._counting_troubles(), self._metrics.memory_seconds.labels(operation).time():
            return do(self._connected())

    def probe(self) -> None:
        """Ask whether Redis answers again and can be written; waits as long as any question may."""
        try:
            with self._counting_troubles():
                client = self._connected()
                client.set(self._probe_key, b"1", px=_PROBE_MILLISECONDS)
        except RedisAwayError:
            return
        with self._lock:
            trouble, self._trouble = self._trouble, None
        self._metrics.note_memory(is_up=True)
        if trouble is not None:
            self._say("back", "redis answers again: pictures are remembered by all machines together")

    def note_unreadable(self) -> None:
        """Count a record that nobody here can read."""
        self._metrics.memory_troubles.labels("unreadable").inc()

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> "Redis":
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _counting_troubles(self) -> AbstractContextManager[None]:
        return self._telling_troubles(self._note)

    @contextmanager
    def _telling_troubles(self, tell: Callable[[Trouble, Exception], None]) -> Iterator[None]:
        from redis.exceptions import RedisClusterException, RedisError  # noqa: PLC0415 - of an extra

        try:
            yield
        except (RedisError, RedisClusterException, OSError) as error:
            tell(trouble_of(error), error)
            raise RedisAwayError(str(error)) from error

    def _count(self, trouble: Trouble, _: Exception) -> None:
        self._metrics.memory_troubles.labels(trouble).inc()

    def _note(self, trouble: Trouble, error: Exception) -> None:
        with self._lock:
            self._trouble = trouble
        self._count(trouble, error)
        self._metrics.note_memory(is_up=False)
        known = "what it holds is still read" if trouble in _STILL_READ else "what this machine saw is known"
        self._say(trouble, "redis is %s (%s); until it is not, %s", trouble, error, known)

    def _say(self, what: str, message: str, *parts: object) -> None:
        now = time.monotonic()
        with self._lock:
            is_new = now - self._said.get(what, float("-inf")) >= _SAID_SECONDS
            if is_new:
                self._said[what] = now
        log.log(logging.WARNING if is_new else logging.DEBUG, message, *parts)


def trouble_of(error: Exception) -> Trouble:
    """Name what went wrong."""
    from redis import exceptions as known  # noqa: PLC0415 - of an extra

    kinds: tuple[tuple[Any, Trouble], ...] = (
        ((known.AuthenticationError, known.AuthorizationError, known.NoPermissionError), "refused"),
        ((known.BusyLoadingError,), "loading"),
        ((known.OutOfMemoryError,), "full"),
        ((known.ReadOnlyError,), "read_only"),
        ((known.TimeoutError, TimeoutError), "slow"),
        ((known.ConnectionError, known.ClusterError, known.MasterDownError, OSError), "away"),
        ((known.RedisClusterException,), "away"),
    )
    return next((trouble for errors, trouble in kinds if isinstance(error, errors)), "failed")
