"""Put together what machines share by a Redis: one line to it, and what is kept there."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.compression.audit.ledger import Ledger
from gateway.memory.cache import Cache
from gateway.memory.protocol import SeenPictureStore
from gateway.memory.redis_allowed import SharedAllowed
from gateway.memory.redis_errands import Errands
from gateway.memory.redis_line import RedisLine
from gateway.memory.redis_outcomes import RedisOutcomes
from gateway.memory.redis_pictures import Bounds, RedisPictures
from gateway.memory.redis_text import RedisText
from gateway.memory.shelves import Room, Shelves
from gateway.metrics import Metrics
from gateway.outcome import ImageOutcome
from gateway.pipeline import Pipeline
from gateway.settings import Memory, Settings

if TYPE_CHECKING:
    from redis import Redis

_OUTCOMES = 10_000  # of one tenant


@dataclass(frozen=True)
class RedisMemory:
    """All of it; lives as long as the process."""

    line: RedisLine
    errands: Errands
    shelves: Shelves
    bounds: Bounds

    def pictures(self, near: SeenPictureStore) -> RedisPictures:
        """Return the memory of pictures, beside one that is near."""
        return RedisPictures(near, self.line, self.shelves, self.bounds, self.errands)

    def outcomes(self, near: Cache[ImageOutcome]) -> RedisOutcomes:
        """Return the cache of finished work, beside one that is near."""
        room = Room(self.bounds.ttl_milliseconds, _OUTCOMES, self.bounds.most_bytes)
        return RedisOutcomes(near, self.line, self.shelves, room, self.errands)

    def joined_by(self, pipeline: Pipeline, pictures: RedisPictures) -> Pipeline:
        """Return a pipeline that shares what it finished, what is allowed, and what audits decide."""
        allowed = SharedAllowed(pipeline.allowed, self.line, self.shelves)
        self.errands.again_and_again(allowed.refresh)
        if isinstance(pipeline.margins, Ledger):
            pipeline.margins.share(RedisText(self.line, self.shelves.single_key("audit")))
            self.errands.again_and_again(pipeline.margins.synchronise)
        cache = self.outcomes(pipeline.cache)
        pictures.on_forgotten = cache.forget
        return replace(pipeline, cache=cache, allowed=allowed)

    def told(self) -> dict[str, object]:
        """Say in what state it is, as /readyz does."""
        return {"state": self.line.state, "trouble": self.line.trouble}

    def close(self) -> None:
        """Do what waits, and hang up."""
        self.errands.close()
        self.line.close()


def share_memory(settings: Settings, metrics: Metrics) -> RedisMemory | None:
    """Open the line that the settings name; None where they name none. Does not wait for Redis.

    Raises:
        ValueError: The extra `redis` is not installed.
    """
    memory = settings.memory
    if memory.redis_url is None:
        return None
    check_installed()
    kept = settings.near_duplicate
    shelves = Shelves(memory.redis_prefix)
    line = RedisLine(lambda: client_of(memory), metrics, probe_key=shelves.probe_key)
    bounds = Bounds(kept.max_entries, memory.redis_tenant_bytes, kept.ttl_seconds)
    return RedisMemory(line, Errands(line), shelves, bounds)


def check_installed() -> None:
    """Say what is missing.

    Raises:
        ValueError: The extra `redis` is not installed.
    """
    try:
        import redis  # noqa: F401, PLC0415 - of an extra
    except ModuleNotFoundError as error:
        message = "memory.redis_url needs a client of Redis: expected `pip install 'lmm-jnd[redis]'`"
        raise ValueError(message) from error


def client_of(memory: Memory) -> "Redis":
    """Return a client of the Redis that the settings name; of a cluster, connected.

    Raises:
        RedisError: No node of a cluster answers.
    """
    from redis import Redis, RedisCluster  # noqa: PLC0415 - of an extra
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.exceptions import ConnectionError as DisconnectedError  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    if memory.redis_url is None:
        raise ValueError("expected the address of a Redis")
    url, seconds = memory.redis_url.get_secret_value(), memory.redis_timeout_milliseconds / 1000
    # Once more where an idle connection was lost, as in a restart; a time-out is not repeated.
    retry = Retry(NoBackoff(), 1, supported_errors=(DisconnectedError,))
    options = {"socket_timeout": seconds, "socket_connect_timeout": seconds, "client_name": "jnd-gateway"}
    if memory.redis_mode == "cluster":
        cluster: Redis = RedisCluster.from_url(url, retry=retry, **options)  # type: ignore[assignment]
        return cluster
    return Redis.from_url(url, retry=retry, **options)
