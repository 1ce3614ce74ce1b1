"""One small text in Redis that several machines change in turns."""

from typing import TYPE_CHECKING

from gateway.memory.redis_line import RedisLine

if TYPE_CHECKING:
    from redis import Redis

_SWAP = """
local now = redis.call('GET', KEYS[1]) or ''
if now ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


class RedisText:
    """The text; waits for Redis, so it is none for the event loop."""

    def __init__(self, line: RedisLine, key: bytes) -> None:
        """Take where it lies."""
        self._line = line
        self._key = key

    def read(self) -> bytes:
        """Return the text; empty where there is none.

        Raises:
            RedisAwayError: Redis does not answer now.
        """
        found: bytes | None = self._line.read("audit", lambda redis: redis.get(self._key))  # type: ignore[assignment]
        return found or b""

    def swap(self, before: bytes, after: bytes) -> bool:
        """Replace the text if it is the one that was read; tell whether it was.

        Raises:
            RedisAwayError: Redis takes no change now.
        """

        def change(client: "Redis") -> bool:
            return bool(client.eval(_SWAP, 1, self._key, before, after))

        return self._line.write("audit", change)
