from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.memory.cache import ByteBoundedCache
from gateway.memory.redis_outcomes import LONGEST_BYTES
from gateway.memory.shelves import owner_of
from tests.gateway.memory.machines import machine
from tests.gateway.memory.redis_server import RedisServer, running_redis
from tests.gateway.memory.test_outcome_record import OUTCOME

pytestmark = pytest.mark.peers

KEY = owner_of("a") + b"k" * 32


@pytest.fixture
def redis(tmp_path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def caches(redis: RedisServer):
    with machine(redis.url) as one, machine(redis.url) as other:
        for each in (one, other):
            each.accept("a")
        yield [(each, each.shared.outcomes(ByteBoundedCache(1 << 20))) for each in (one, other)]


def test_what_one_machine_finished_the_other_need_not_do(caches):
    (one, finished), (_, other) = caches
    assert other.get(owner_of("a") + b"x" * 32) is None
    finished.put(KEY, OUTCOME, OUTCOME.bytes_out)
    one.settle()

    assert other.get(KEY) == OUTCOME
    assert other.get(owner_of("b") + b"k" * 32) is None


def test_who_may_not_wait_finds_what_this_machine_finished_or_fetched(caches, redis: RedisServer):
    (one, finished), (_, other) = caches
    finished.put(KEY, OUTCOME, OUTCOME.bytes_out)
    one.settle()
    asked = redis.client().info("commandstats").get("cmdstat_evalsha", {}).get("calls")

    assert (finished.get_near(KEY), other.get_near(KEY)) == (OUTCOME, None)
    assert redis.client().info("commandstats").get("cmdstat_evalsha", {}).get("calls") == asked
    assert other.get(KEY) == other.get_near(KEY) == OUTCOME
    assert finished.asks_others


def test_whoever_is_told_that_it_is_new_asks_again_only_the_time_after_next(caches):
    (one, finished), (_, other) = caches
    assert other.get(KEY) is None
    finished.put(KEY, OUTCOME, OUTCOME.bytes_out)
    one.settle()

    assert other.get(KEY) is None, "he has begun with it"
    assert other.get(KEY) == OUTCOME


def test_what_is_too_large_stays_near(caches, redis: RedisServer):
    (one, finished), _ = caches
    large = replace(OUTCOME, data=bytes(LONGEST_BYTES + 1))
    finished.put(KEY, large, large.bytes_out)
    one.settle()

    assert redis.client().keys("*outcomes*") == []


def test_without_redis_what_this_machine_finished_is_known(caches, redis: RedisServer):
    (_, finished), (_, other) = caches
    redis.kill()
    finished.put(KEY, OUTCOME, OUTCOME.bytes_out)

    assert finished.get(KEY) == OUTCOME
    assert other.get(KEY) is None


def test_a_result_that_nobody_here_can_read_is_not_finished(caches, redis: RedisServer):
    (one, finished), (reader, other) = caches
    finished.put(KEY, OUTCOME, OUTCOME.bytes_out)
    one.settle()
    with redis.client() as client:
        (items,) = client.keys("*outcomes:items")
        (name,) = client.hkeys(items)
        client.hset(items, name, b"\x07 from the future")

    assert other.get(KEY) is None
    assert reader.troubles("unreadable") == 1


def test_results_of_a_tenant_take_no_more_than_they_may(redis: RedisServer):
    with machine(redis.url, redis_tenant_bytes=1 << 20) as one:
        one.accept("a")
        cache = one.shared.outcomes(ByteBoundedCache(1 << 20))
        for number in range(30):
            large = replace(OUTCOME, data=bytes(100_000))
            cache.put(owner_of("a") + bytes([number]) * 32, large, large.bytes_out)
        one.settle()

        with redis.client() as client:
            assert client.hlen(client.keys("*outcomes:items")[0]) == 10
