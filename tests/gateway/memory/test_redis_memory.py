import sys

import pytest

from gateway.memory.redis_memory import client_of, share_memory
from gateway.metrics import Metrics
from gateway.settings import Memory, Settings


def settings(**memory: object) -> Settings:
    return Settings.model_validate({"memory": memory})


def test_nothing_is_opened_where_no_redis_is_named():
    assert share_memory(settings(), Metrics(())) is None


def test_whoever_lacks_the_client_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "redis", None)

    with pytest.raises(ValueError, match=r"pip install 'lmm-jnd\[redis\]'"):
        share_memory(settings(redis_url="redis://127.0.0.1:1"), Metrics(()))


def test_a_redis_that_is_away_at_the_start_is_told_and_stops_nobody():
    metrics = Metrics(())
    shared = share_memory(settings(redis_url="redis://127.0.0.1:1"), metrics)
    assert shared is not None
    shared.close()

    assert shared.told() == {"state": "alone", "trouble": "away"}
    assert metrics.registry.get_sample_value("jnd_memory_up", {"store": "redis"}) == 0


def test_the_time_out_and_the_password_are_those_of_the_settings():
    url = "rediss://user:word@host:6380/3"
    memory = Memory.model_validate({"redis_url": url, "redis_timeout_milliseconds": 70})

    options = client_of(memory).connection_pool.connection_kwargs

    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (0.07, 0.07)
    assert (options["host"], options["port"], options["username"], options["password"], options["db"]) == (
        "host", 6380, "user", "word", 3,
    )  # fmt: skip
