"""Finished work that machines share: a conversation that goes on at another replica is not judged anew there.

What this process finished or fetched itself comes first; results of other releases are another's.
"""

import hashlib
import threading
import time
from functools import partial
from importlib.metadata import version

from cachetools import TTLCache

from gateway.memory.cache import Cache
from gateway.memory.outcome_record import OutcomeRecordError, pack_outcome, unpack_outcome
from gateway.memory.redis_errands import Errands
from gateway.memory.redis_line import RedisAwayError, RedisLine
from gateway.memory.shelves import FINGERPRINT_BYTES, OWNER_BYTES, Room, Shelves, put, run_script
from gateway.outcome import ImageOutcome

LONGEST_BYTES = 8 * 1024 * 1024  # of one result: beyond it, fetching takes longer than a small picture's work
_MISSED = 10_000
_MISSED_SECONDS = 5.0  # who was told that it is new asks again when he begins


class RedisOutcomes:
    """The cache; thread-safe. Keys begin with the bytes that stand for their tenant."""

    def __init__(
        self,
        near: Cache[ImageOutcome],
        line: RedisLine,
        shelves: Shelves,
        room: Room,
        errands: Errands,
    ) -> None:
        """Take what keeps results near, and what reaches Redis."""
        self._near = near
        self._line = line
        self._shelves = shelves
        self._room = room
        self._errands = errands
        self._release = version("lmm-jnd").encode()
        self._lock = threading.Lock()
        self._missed: TTLCache[bytes, None] = TTLCache(_MISSED, _MISSED_SECONDS, time.monotonic)

    def get(self, key: bytes) -> ImageOutcome | None:
        """Return what this process or another finished, or None."""
        known = self._near.get(key)
        if known is not None:
            return known
        with self._lock:
            is_missed = self._missed.pop(key, self) is None
        if is_missed:
            return None
        found = self._fetched(key)
        if found is None:
            with self._lock:
                self._missed[key] = None
        else:
            self._near.put(key, found, found.bytes_out)
        return found

    def get_near(self, key: bytes) -> ImageOutcome | None:
        """Return what this process finished or fetched; does not ask Redis."""
        return self._near.get_near(key)

    @property
    def asks_others(self) -> bool:
        """Others finish work too."""
        return True

    def put(self, key: bytes, value: ImageOutcome, size_bytes: int) -> None:
        """Keep a result here and, soon, in Redis."""
        self._near.put(key, value, size_bytes)
        if size_bytes <= LONGEST_BYTES:
            self._errands.soon(partial(self._keep, key, value), size_bytes)

    def forget(self, start: bytes) -> None:
        """Forget near what begins so; what is in Redis, whoever deletes there deletes."""
        self._near.forget(start)

    def _keep(self, key: bytes, value: ImageOutcome) -> None:
        keys = self._shelves.keys("outcomes", self._shelves.shelf_of(key[:OWNER_BYTES]))
        entry, record = self._entry(key), pack_outcome(value)
        try:
            self._line.write("keep", lambda redis: put(redis, keys, entry, record, self._room))
        except RedisAwayError:
            return

    def _fetched(self, key: bytes) -> ImageOutcome | None:
        keys = self._shelves.keys("outcomes", self._shelves.shelf_of(key[:OWNER_BYTES]))
        arguments: list[bytes | int] = [self._entry(key), self._room.ttl_milliseconds]
        try:
            record: bytes | None = self._line.read(
                "recall", lambda redis: run_script(redis, "recall", keys, arguments)
            )
            return None if record is None else unpack_outcome(record)
        except RedisAwayError:
            return None
        except OutcomeRecordError:
            self._line.note_unreadable()
            return None

    def _entry(self, key: bytes) -> bytes:
        digest = hashlib.sha256(self._release + b"\0" + key[OWNER_BYTES:]).digest()
        return key[:OWNER_BYTES] + bytes(FINGERPRINT_BYTES) + digest
