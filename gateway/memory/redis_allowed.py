"""Pictures that nobody need look at twice: listed in Redis for all machines, beside what settings list.

An operator's decision, so it has no end. What was listed stays in force while Redis is away, and is put back
where Redis has lost it. List, version and origin are one key: they are lost together or not at all.
"""

import logging
import secrets
import time
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.memory.redis_line import RedisAwayError, RedisLine
from gateway.memory.shelves import Shelves

if TYPE_CHECKING:
    from redis import Redis

MOST_LISTED = 1_000_000
_AT_ONCE = 2_000  # a question of this size takes Redis a millisecond or two: others wait no longer for theirs
_DIGEST_BYTES = 32
_ORIGIN, _VERSION = b"origin", b"version"  # fields beside the digests, and shorter
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 2.0, 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stamp:
    """Which list it is, and in which state; both None where there is no list."""

    origin: bytes | None = None  # drawn when the key was made: another one tells that the list was lost
    version: bytes | None = None  # drawn with each change


class AllowedInRedis:
    """The list itself, for whoever changes it."""

    def __init__(self, client: "Redis", shelves: Shelves) -> None:
        """Take a client, and names of keys."""
        self._client = client
        self._key = shelves.single_key("allowed")

    def add(self, digests: Iterable[bytes]) -> int:
        """List pictures by the SHA-256 of their files; return how many are new.

        Raises:
            RedisError: They could not be listed.
            ValueError: The list would be longer than gateways read.
        """
        given = list(digests)
        if self.count() + len(given) > MOST_LISTED:
            raise ValueError(f"expected at most {MOST_LISTED} allowed pictures")
        return self.put(given)

    def put(self, digests: Iterable[bytes]) -> int:
        """Do the same with what was listed before, however many others put back the same.

        Raises:
            RedisError: They could not be listed.
        """
        self._client.hsetnx(self._key, _ORIGIN, _drawn())
        added = sum(
            int(self._client.hset(self._key, mapping=dict.fromkeys(part, b"")))
            for part in _parts(list(digests))
        )
        self._client.hset(self._key, _VERSION, _drawn())
        return added

    def remove(self, digests: Iterable[bytes]) -> int:
        """Take pictures off the list; return how many stood there.

        Raises:
            RedisError: They could not be taken off.
        """
        gone = sum(int(self._client.hdel(self._key, *part)) for part in _parts(list(digests)))
        if self.stamp().origin is not None:  # a list with nothing on it is not one that was lost
            self._client.hset(self._key, _VERSION, _drawn())
        return gone

    def listed(self) -> frozenset[bytes]:
        """Return every digest, asked for in parts: none of them takes longer than another question.

        Raises:
            RedisError: It cannot be read.
        """
        fields = (name for name, _ in self._client.hscan_iter(self._key, count=_AT_ONCE))
        return frozenset(name for name in fields if len(name) == _DIGEST_BYTES)

    def count(self) -> int:
        """Return how many pictures are listed.

        Raises:
            RedisError: Redis does not answer.
        """
        stamp = self.stamp()
        beside = (stamp.origin is not None) + (stamp.version is not None)
        return max(0, int(self._client.hlen(self._key)) - beside)

    def stamp(self) -> Stamp:
        """Tell which list there is.

        Raises:
            RedisError: Redis does not answer.
        """
        return Stamp(*self._client.hmget(self._key, [_ORIGIN, _VERSION]))  # type: ignore[arg-type]


class SharedAllowed(Container[bytes]):
    """What is allowed by the settings or by Redis, as far as this process has heard."""

    def __init__(
        self,
        own: Container[bytes],
        line: RedisLine,
        shelves: Shelves,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what the settings list."""
        self._own = own
        self._line = line
        self._shelves = shelves
        self._clock = clock
        self._heard = Stamp()
        self._listed: frozenset[bytes] = frozenset()
        self._pause = 0.0
        self._due = float("-inf")

    def __contains__(self, digest: object) -> bool:
        return digest in self._own or digest in self._listed

    def refresh(self) -> None:
        """Hear what was listed meanwhile; waits for Redis. What failed is tried again ever more seldom."""
        try:
            stamp = self._line.read("allowed", lambda redis: self._of(redis).stamp())
        except RedisAwayError:
            return
        if stamp == self._heard or self._clock() < self._due:
            return
        try:
            is_heard = self._catch_up(stamp)
        except RedisAwayError as error:
            self._pause = min(max(2 * self._pause, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
            self._due = self._clock() + self._pause
            log.warning(
                "the list of allowed pictures could not be read or put back (%s); the last one heard counts "
                "until it can, tried again in %.0f s",
                error,
                self._pause,
            )
            return
        if is_heard:
            self._heard, self._pause = stamp, 0.0

    def _catch_up(self, stamp: Stamp) -> bool:
        """Take over what is listed; tell whether it was still that list in the end."""
        listed: frozenset[bytes] = frozenset()
        if stamp != Stamp():
            listed, origin = self._line.read_aside("allowed_list", self._read)
            if origin != stamp.origin:  # lost while it was read: no part of it is taken for the whole
                return False
        # Redis has lost the list that was heard before, even where somebody has begun another one since.
        is_another = stamp.origin != self._heard.origin
        lost = self._listed - listed if is_another else frozenset()
        self._listed = listed | lost
        if lost:
            self._line.write("allowed", lambda redis: self._of(redis).put(lost))
        return True

    def _read(self, client: "Redis") -> tuple[frozenset[bytes], bytes | None]:
        allowed = self._of(client)
        return allowed.listed(), allowed.stamp().origin

    def _of(self, client: "Redis") -> AllowedInRedis:
        return AllowedInRedis(client, self._shelves)


def _drawn() -> bytes:
    return secrets.token_bytes(8)


def _parts(digests: list[bytes]) -> Iterable[list[bytes]]:
    return (digests[start : start + _AT_ONCE] for start in range(0, len(digests), _AT_ONCE))
