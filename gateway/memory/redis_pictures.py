"""The memory of seen pictures that machines share: near ones first, then those in Redis.

All that this machine sees it keeps near as well, so that without Redis it works on with that. What Redis has
lost in a restart, whoever saw it first puts back as soon as it is of use again.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from cachetools import LRUCache, TTLCache

from gateway.memory.elsewhere import CountedElsewhere
from gateway.memory.hash_bands import bands_near
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.picture_record import PictureRecordError, pack_picture, unpack_picture
from gateway.memory.protocol import MOST_ALIKE, SeenPictureStore
from gateway.memory.redis_errands import Errands
from gateway.memory.redis_line import RedisAwayError, RedisLine
from gateway.memory.shelves import ACCEPTED_SECONDS, PROBATION, Room, Shelves, owner_of, put, run_script

_LISTED = 128  # entries of one band of fingerprints
_MARKS = 512  # of a shelf
_MARKS_ON_PROBATION = 8192
_FINGERPRINT_BYTES = 8
_ENTRY_BYTES = 48
_FIRST_SEEN = 20_000  # pictures whose names are kept: what may be put back
_WAITING_BYTES = 32 * 1024 * 1024  # of pictures whose tenants are not accepted yet
_WAITING_SECONDS = 120.0
_TENANTS = 10_000
_ASKED = 1000
# Detectors ask the same of one picture up to three times; what the first was told lies near by then.
_ASKED_SECONDS = 0.25
_TOLD_SECONDS = 60.0  # an acceptance is not told again

Script = tuple[str, list[bytes], list[bytes | int]]


@dataclass(frozen=True)
class Bounds:
    """How much of one tenant is kept in Redis, and how long."""

    most_entries: int
    most_bytes: int
    ttl_seconds: float

    @property
    def ttl_milliseconds(self) -> int:
        """The time as Redis counts it."""
        return max(1, int(self.ttl_seconds * 1000))


class RedisPictures:
    """The store; safe to use from several threads."""

    def __init__(
        self, near: SeenPictureStore, line: RedisLine, shelves: Shelves, bounds: Bounds, errands: Errands
    ) -> None:
        """Take what keeps pictures near, and what reaches Redis."""
        self._near = near
        self._line = line
        self._shelves = shelves
        self._bounds = bounds
        self._errands = errands
        self._elsewhere = CountedElsewhere(bounds.ttl_seconds)
        self._lock = threading.Lock()
        self._first_seen: TTLCache[bytes, None] = TTLCache(_FIRST_SEEN, bounds.ttl_seconds, time.monotonic)
        self._waiting: TTLCache[bytes, list[KeptPicture]] = TTLCache(
            _WAITING_BYTES, _WAITING_SECONDS, time.monotonic, getsizeof=_weight
        )
        self._asked: TTLCache[tuple[bytes, int, int], None] = TTLCache(_ASKED, _ASKED_SECONDS, time.monotonic)
        self._told: TTLCache[bytes, None] = TTLCache(_TENANTS, _TOLD_SECONDS, time.monotonic)
        self._forgotten: LRUCache[bytes, bytes] = LRUCache(_TENANTS)
        self.on_forgotten: Callable[[bytes], None] = lambda _: None  # hears of whom nothing may be kept

    def alike(self, tenant: str, fingerprint: int, most_bits: int) -> list[KeptPicture]:
        """Return what this machine and all others saw of the tenant; without Redis, what this one did."""
        near = self._near.alike(tenant, fingerprint, most_bits)
        if self._was_just_asked(owner_of(tenant), fingerprint, most_bits):
            return near
        held = {each.digest: each for each in near}
        forgotten = self._when_forgotten(owner_of(tenant))
        try:
            reply = self._ask(tenant, fingerprint, most_bits, held)
        except RedisAwayError:
            return near
        found = self._unpacked(reply, held)
        if self._when_forgotten(owner_of(tenant)) != forgotten:
            near = []
        for picture in found:
            if picture.digest not in held:
                self._near.remember(tenant, picture)
        if len(found) < MOST_ALIKE:
            self._put_back(tenant, near, {each.digest for each in found})
        both = {each.digest: each for each in (*near, *found)}
        return sorted(both.values(), key=lambda each: (each.fingerprint ^ fingerprint).bit_count())[
            :MOST_ALIKE
        ]

    def remember(self, tenant: str, seen: KeptPicture) -> None:
        """Keep a picture near and in Redis."""
        self._near.remember(tenant, seen)
        owner = owner_of(tenant)
        with self._lock:
            self._first_seen[owner + seen.digest] = None
            if not self._shelves.is_accepted(owner):
                waiting = (*self._waiting.pop(owner, ()), seen)
                if _weight(waiting) <= _WAITING_BYTES:
                    self._waiting[owner] = list(waiting)
        # Not waited for: the others find it some milliseconds later.
        self._errands.soon(partial(self._keep, owner, seen), seen.size_bytes)

    def mark(self, tenant: str, fingerprint: int, digest: bytes, most_bits: int) -> int:
        """Note a picture as a query; without Redis, count what this machine knows of."""
        own = self._near.mark(tenant, fingerprint, digest, most_bits)
        owner = owner_of(tenant)
        shelf = self._shelves.shelf_of(owner)
        most = _MARKS_ON_PROBATION if shelf == PROBATION else _MARKS
        entry = owner + _packed(fingerprint) + digest
        keys = self._shelves.keys("pictures", shelf)
        arguments: list[bytes | int] = [entry, self._bounds.ttl_milliseconds, most]
        try:
            row: bytes = self._line.write("mark", lambda redis: run_script(redis, "mark", keys, arguments))
        except RedisAwayError:
            return own + self._elsewhere.of(tenant, fingerprint, most_bits)
        marked = np.frombuffer(row, ">u8").tolist()
        alike = sum((int(other) ^ fingerprint).bit_count() <= most_bits for other in marked)
        count = max(own, alike)
        self._elsewhere.note(tenant, fingerprint, count - own)
        return count

    def forget(self, tenant: str) -> None:
        """Forget near what is remembered of a tenant; what is in Redis, whoever deletes there deletes."""
        with self._lock:
            self._asked.clear()
        self._near.forget(tenant)

    def accept(self, tenant: str) -> None:
        """Pass on that the upstream knows this key; called on the event loop, so it never waits."""
        owner = owner_of(tenant)
        with self._lock:
            if owner in self._told:
                return
            self._told[owner] = None
            waiting = self._waiting.pop(owner, [])
        self._near.accept(tenant)
        self._shelves.note(owner, is_accepted=True)
        self._errands.soon(partial(self._tell_accepted, owner, waiting))

    def _was_just_asked(self, owner: bytes, fingerprint: int, most_bits: int) -> bool:
        """Tell whether this question was answered a moment ago."""
        question = (owner, fingerprint, most_bits)
        with self._lock:
            if question in self._asked:
                return True
            self._asked[question] = None
            return False

    def _tell_accepted(self, owner: bytes, waiting: Sequence[KeptPicture]) -> None:
        key = self._shelves.accepted_key(owner)
        try:
            self._line.write("accept", lambda redis: redis.set(key, b"1", px=int(ACCEPTED_SECONDS * 1000)))
        except RedisAwayError:
            with self._lock:  # it is told with the next answer
                self._told.pop(owner, None)
        for picture in waiting:
            self._keep(owner, picture)

    def _ask(
        self, tenant: str, fingerprint: int, most_bits: int, held: Mapping[bytes, KeptPicture]
    ) -> list[bytes]:
        """Look on the tenant's own shelf; on that of those on probation, where it is not accepted."""
        owner = owner_of(tenant)
        if self._shelves.is_accepted(owner) or self._shelves.may_be_accepted(owner):
            reply = self._look(owner.hex(), owner, fingerprint, most_bits, held)
            is_accepted = bool(reply[0]) or self._shelves.is_accepted(owner)
            self._shelves.note(owner, is_accepted=is_accepted)
            self._forget_if_told(tenant, owner, bytes(reply[1]))
            if is_accepted:
                self._near.accept(tenant)
                return reply[2:]
        return self._look(PROBATION, owner, fingerprint, most_bits, held)[2:]

    def _when_forgotten(self, owner: bytes) -> bytes | None:
        with self._lock:
            return self._forgotten.get(owner)

    def _forget_if_told(self, tenant: str, owner: bytes, when: bytes) -> None:
        """Forget near what somebody had deleted from Redis since we looked last."""
        with self._lock:
            if not when or self._forgotten.get(owner) == when:
                return
            self._forgotten[owner] = when
            self._waiting.pop(owner, None)
            for name in [name for name in self._first_seen if name.startswith(owner)]:
                del self._first_seen[name]
        self._near.forget(tenant)
        self.on_forgotten(owner)

    def _look(
        self,
        shelf: str,
        owner: bytes,
        fingerprint: int,
        most_bits: int,
        held: Mapping[bytes, KeptPicture],
    ) -> list[bytes]:
        keys = self._shelves.keys("pictures", shelf)
        arguments: list[bytes | int] = [
            owner,
            _packed(fingerprint),
            most_bits,
            bands_near(fingerprint, most_bits),
            b"".join(held),
            self._bounds.ttl_milliseconds,
            MOST_ALIKE,
        ]
        reply: list[bytes] = self._line.read(
            "alike", lambda redis: run_script(redis, "alike", keys, arguments)
        )
        return reply

    def _keep(self, owner: bytes, seen: KeptPicture) -> None:
        bounds = self._bounds
        entry = owner + _packed(seen.fingerprint) + seen.digest
        keys = self._shelves.keys("pictures", self._shelves.shelf_of(owner))
        room = Room(bounds.ttl_milliseconds, bounds.most_entries, bounds.most_bytes, _LISTED)
        record = pack_picture(seen)
        try:
            self._line.write("remember", lambda redis: put(redis, keys, entry, record, room))
        except RedisAwayError:
            return

    def _put_back(self, tenant: str, near: Sequence[KeptPicture], known: set[bytes]) -> None:
        """Have put back what Redis has lost, if this process was the first to see it."""
        owner = owner_of(tenant)
        for picture in near:
            with self._lock:
                is_lost = picture.digest not in known and owner + picture.digest in self._first_seen
            if is_lost:
                self._errands.soon(partial(self._keep, owner, picture), picture.size_bytes)

    def _unpacked(self, reply: Sequence[bytes], held: Mapping[bytes, KeptPicture]) -> list[KeptPicture]:
        found = []
        for entry, record in zip(reply[::2], reply[1::2], strict=True):
            digest = entry[2 * _FINGERPRINT_BYTES :]
            if digest in held:
                found.append(held[digest])
            elif len(entry) == _ENTRY_BYTES:
                try:
                    name = int.from_bytes(entry[_FINGERPRINT_BYTES : 2 * _FINGERPRINT_BYTES], "big")
                    found.append(unpack_picture(record, name, digest))
                except PictureRecordError:
                    self._line.note_unreadable()
        return found


def _packed(fingerprint: int) -> bytes:
    return fingerprint.to_bytes(_FINGERPRINT_BYTES, "big")


def _weight(pictures: Sequence[KeptPicture]) -> int:
    return sum(each.size_bytes for each in pictures)
