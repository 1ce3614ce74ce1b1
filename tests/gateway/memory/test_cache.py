import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.memory.cache import ByteBoundedCache


def test_value_comes_back_until_it_is_pushed_out():
    cache = ByteBoundedCache[str](10_000)
    for name in ("a", "b", "c"):
        cache.put(name.encode(), name, 2_000)

    assert cache.get(b"a") == "a"  # and is now the most recently used
    cache.put(b"d", "d", 2_000)

    assert [cache.get(name) for name in (b"a", b"b", b"c", b"d")] == ["a", None, "c", "d"]


def test_value_larger_than_the_bound_is_not_kept():
    cache = ByteBoundedCache[str](3_000)
    cache.put(b"small", "small", 100)

    cache.put(b"large", "large", 4_000)

    assert cache.get(b"large") is None
    assert cache.get(b"small") == "small"


def test_value_that_outgrew_the_bound_takes_its_older_self_with_it():
    cache = ByteBoundedCache[str](3_000)
    cache.put(b"key", "old", 100)

    cache.put(b"key", "new", 4_000)

    assert cache.get(b"key") is None


def test_entries_without_data_count_too():
    cache = ByteBoundedCache[int](10 * 1024)
    for number in range(50):
        cache.put(bytes([number]), number, 0)

    assert [number for number in range(50) if cache.get(bytes([number])) is not None] == list(range(40, 50))


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Let threads interrupt each other so often that a missing lock shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("eager_threads")
def test_threads_may_read_and_write_at_once():
    cache = ByteBoundedCache[int](20_000)

    def work(seed: int) -> bool:
        keys = [bytes([(seed * step) % 60]) for step in range(3_000)]
        for key in keys:
            cache.put(key, key[0], 500)
            if cache.get(key) not in (key[0], None):
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(1, 9)))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3_000)), max_size=40))
def test_kept_values_never_outweigh_the_bound(puts):
    cache = ByteBoundedCache[int](8_000)
    for key, size in puts:
        cache.put(bytes([key]), size, size)

    kept = [cache.get(bytes([key])) for key in range(10)]

    assert sum(size for size in kept if size is not None) <= 8_000


def test_everything_whose_key_begins_alike_is_forgotten_and_its_room_is_free():
    cache = ByteBoundedCache[int](8_000)
    for number in range(3):
        cache.put(b"a" + bytes([number]), number, 1000)
    cache.put(b"b", 7, 1000)

    cache.forget(b"a")

    assert [cache.get(b"a" + bytes([number])) for number in range(3)] == [None] * 3
    assert cache.get(b"b") == 7
    cache.put(b"large", 1, 4_000)
    assert cache.get(b"b") == 7
