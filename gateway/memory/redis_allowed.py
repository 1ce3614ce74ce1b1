"""Pictures that nobody need look at twice: listed in Redis for all machines, beside what settings list.

An operator's decision, so it has no end. What was listed stays in force while Redis is away, and is put back
where Redis has lost it.
"""

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from gateway.memory.redis_line import RedisAwayError, RedisLine
from gateway.memory.shelves import Shelves

if TYPE_CHECKING:
    from redis import Redis

MOST_LISTED = 1_000_000
_AT_ONCE = 10_000


class AllowedInRedis:
    """The list itself, for whoever changes it."""

    def __init__(self, client: "Redis", shelves: Shelves) -> None:
        """Take a client, and names of keys."""
        self._client = client
        self._digests, self._version = keys_of(shelves)

    def add(self, digests: Iterable[bytes]) -> int:
        """List pictures by the SHA-256 of their files; return how many are new.

        Raises:
            RedisError: They could not be listed.
            ValueError: The list would be longer than gateways read.
        """
        given = list(digests)
        if int(self._client.scard(self._digests)) + len(given) > MOST_LISTED:
            raise ValueError(f"expected at most {MOST_LISTED} allowed pictures")
        added = sum(int(self._client.sadd(self._digests, *part)) for part in _parts(given))
        self._client.incr(self._version)
        return added

    def remove(self, digests: Iterable[bytes]) -> int:
        """Take pictures off the list; return how many stood there.

        Raises:
            RedisError: They could not be taken off.
        """
        gone = sum(int(self._client.srem(self._digests, *part)) for part in _parts(list(digests)))
        self._client.incr(self._version)
        return gone

    def listed(self) -> frozenset[bytes]:
        """Return every digest.

        Raises:
            RedisError: It cannot be read.
        """
        return frozenset(self._client.smembers(self._digests))  # type: ignore[arg-type]


class SharedAllowed(Container[bytes]):
    """What is allowed by the settings or by Redis, as far as this process has heard."""

    def __init__(self, own: Container[bytes], line: RedisLine, shelves: Shelves) -> None:
        """Take what the settings list."""
        self._own = own
        self._line = line
        self._shelves = shelves
        self._version: bytes | None = None
        self._listed: frozenset[bytes] = frozenset()

    def __contains__(self, digest: object) -> bool:
        return digest in self._own or digest in self._listed

    def refresh(self) -> None:
        """Hear what was listed meanwhile; waits for Redis."""
        try:
            self._line.read("allowed", self._hear)
            if self._version is None and self._listed:  # Redis has lost it
                listed = self._listed
                self._line.write("allowed", lambda redis: AllowedInRedis(redis, self._shelves).add(listed))
        except RedisAwayError:
            return

    def _hear(self, client: "Redis") -> None:
        version: bytes | None = client.get(keys_of(self._shelves)[1])  # type: ignore[assignment]
        if version is not None and version != self._version:
            self._listed = AllowedInRedis(client, self._shelves).listed()
        self._version = version


def keys_of(shelves: Shelves) -> tuple[bytes, bytes]:
    """Name the keys of the list and of its version, which lie in one slot."""
    name = shelves.single_key("allowed")
    return name + b":digests", name + b":version"


def _parts(digests: list[bytes]) -> Iterable[list[bytes]]:
    return (digests[start : start + _AT_ONCE] for start in range(0, len(digests), _AT_ONCE))
