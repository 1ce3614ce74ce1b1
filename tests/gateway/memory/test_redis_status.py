import pytest

from gateway.memory.redis_allowed import AllowedInRedis
from gateway.memory.redis_status import status_of
from tests.gateway.memory.machines import machine, seen
from tests.gateway.memory.redis_server import running_redis

pytestmark = pytest.mark.peers


def test_callers_pictures_marks_and_bytes_are_counted(tmp_path):
    with running_redis(tmp_path) as server, machine(server.url) as here, server.client() as client:
        shelves = here.shared.shelves
        assert set(status_of(client, shelves).values()) == {0}
        here.accept("a")
        here.remember("a", seen(1))
        here.remember("a", seen(1 << 30))
        here.remember("made up", seen(2))
        here.pictures.mark("a", 5, b"m" * 32, 2)
        AllowedInRedis(client, shelves).add([b"1" * 32])

        told = status_of(client, shelves)

        pixels = 8 * 16 * 3
        assert told.pop("bytes") in range(3 * pixels, 3 * (pixels + 600))
        assert told == {"callers": 1, "pictures": 3, "results": 0, "marks": 1, "allowed": 1}
