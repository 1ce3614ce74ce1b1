"""Gateways' memories that share one Redis, for tests: each a machine of its own."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from calibration.image import Image
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.protocol import SeenPicture
from gateway.memory.redis_memory import RedisMemory, share_memory
from gateway.memory.redis_pictures import RedisPictures
from gateway.memory.seen_pictures import SeenPictures
from gateway.memory.shelves import owner_of
from gateway.metrics import Metrics
from gateway.settings import Settings
from tests.gateway.memory.redis_server import RedisServer


@dataclass(frozen=True)
class Machine:
    """One gateway's view."""

    pictures: RedisPictures
    shared: RedisMemory
    metrics: Metrics
    near: SeenPictures[KeptPicture]

    def settle(self) -> None:
        """Wait until all that is told is told."""
        RedisServer.wait_until(lambda: self.shared.errands.is_idle)

    def accept(self, tenant: str) -> None:
        """Accept, and wait until the others can know."""
        self.pictures.accept(tenant)
        self.settle()

    def remember(self, tenant: str, seen: KeptPicture) -> None:
        """Remember, and wait until the others can find it."""
        self.pictures.remember(tenant, seen)
        self.settle()

    def troubles(self, reason: str) -> float:
        value = self.metrics.registry.get_sample_value("jnd_memory_troubles_total", {"reason": reason})
        return value or 0.0

    @property
    def is_up(self) -> float | None:
        return self.metrics.registry.get_sample_value("jnd_memory_up", {"store": "redis"})

    def knows_accepted(self, tenant: str) -> bool:
        return self.shared.shelves.is_accepted(owner_of(tenant))


@contextlib.contextmanager
def machine(
    url: str, *, ttl_seconds: float = 60.0, max_entries: int = 1000, **memory: Any
) -> Iterator[Machine]:
    """Have a machine for the length of the block."""
    settings = Settings.model_validate(
        {
            "memory": {"redis_url": url, "redis_timeout_milliseconds": 500} | memory,
            "near_duplicate": {"ttl_seconds": ttl_seconds, "max_entries": max_entries},
        }
    )
    metrics = Metrics(())
    shared = share_memory(settings, metrics)
    assert shared is not None
    near = SeenPictures[KeptPicture](max_entries, ttl_seconds, time.monotonic)
    try:
        yield Machine(shared.pictures(near), shared, metrics, near)
    finally:
        shared.close()


def noisy(fingerprint: int, side: int) -> KeptPicture:
    """Return a picture that takes as many bytes as it has."""
    pixels = np.random.default_rng(fingerprint).integers(0, 256, (side, side * 2, 3), np.uint8)
    return KeptPicture.of(SeenPicture(Image(pixels), fingerprint, fingerprint.to_bytes(32, "big")))


def seen(fingerprint: int, side: int = 8, colour: int = 0) -> KeptPicture:
    """Return a picture of one colour."""
    pixels = np.full((side, side * 2, 3), colour, np.uint8)
    return KeptPicture.of(SeenPicture(Image(pixels), fingerprint, fingerprint.to_bytes(32, "big")))
