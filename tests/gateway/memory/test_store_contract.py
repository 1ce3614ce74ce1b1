"""What every memory of seen pictures promises, asked of each: in the process, and in a real Redis."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gateway.memory.kept_picture import KeptPicture
from gateway.memory.protocol import MOST_ALIKE, SeenPictureStore
from gateway.memory.seen_pictures import SeenPictures
from tests.gateway.memory.machines import machine, seen
from tests.gateway.memory.redis_server import RedisServer, running_redis

Store = SeenPictureStore
EVERY_BIT = (1 << 64) - 1


@pytest.fixture(scope="module")
def redis(tmp_path_factory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["process", pytest.param("redis", marks=pytest.mark.peers)])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[], Store]]:
    """Return what makes an empty store; of those in Redis, one that keeps nothing near."""
    if request.param == "process":
        yield lambda: SeenPictures[KeptPicture](1000, 60.0, time.monotonic)
        return
    server = request.getfixturevalue("redis")
    with server.client() as client:
        client.flushall()
    with machine(server.url) as one, machine(server.url) as other:

        class Both:
            """Told on one machine, asked on another: whatever is found came through Redis."""

            def remember(self, tenant: str, picture: KeptPicture) -> None:
                one.remember(tenant, picture)

            def alike(self, tenant: str, fingerprint: int, most_bits: int) -> list[KeptPicture]:
                other.pictures.forget(tenant)
                return other.pictures.alike(tenant, fingerprint, most_bits)

            def mark(self, tenant: str, fingerprint: int, digest: bytes, most_bits: int) -> int:
                one.pictures.forget(tenant)
                return one.pictures.mark(tenant, fingerprint, digest, most_bits)

            def accept(self, tenant: str) -> None:
                one.accept(tenant)
                other.accept(tenant)

        yield Both


@pytest.fixture(params=["accepted", "on probation"])
def store(request: pytest.FixtureRequest, make: Callable[[], Store]) -> Store:
    found = make()
    if request.param == "accepted":
        for tenant in ("a", "b"):
            found.accept(tenant)
    return found


def test_a_picture_is_found_again_pixel_for_pixel_by_its_tenant_alone(store: Store):
    picture = seen(7, side=300, colour=201)
    store.remember("a", picture)

    (found,) = store.alike("a", 5, 1)

    assert (found.fingerprint, found.digest) == (7, picture.digest)
    assert np.array_equal(found.picture.pixels, picture.picture.pixels)
    assert store.alike("b", 7, 64) == []


@pytest.mark.parametrize("most_bits", [0, 3, 8, 11, 17, 64])
def test_whatever_differs_in_so_many_bits_is_found_and_nothing_else(store: Store, most_bits: int):
    rng = np.random.default_rng(most_bits)
    fingerprints = [int(each) for each in rng.integers(0, 1 << 63, 60)]
    for fingerprint in fingerprints:
        store.remember("a", seen(fingerprint))
    asked = fingerprints[7]
    for bit in rng.choice(64, most_bits, replace=False):
        asked ^= 1 << int(bit)

    found = store.alike("a", asked, most_bits)

    distances = sorted((each ^ asked).bit_count() for each in fingerprints)
    expected = [each for each in distances if each <= most_bits][:MOST_ALIKE]
    assert [(each.fingerprint ^ asked).bit_count() for each in found] == expected


def test_the_nearest_come_first_and_only_so_many(store: Store):
    for number in range(40):
        store.remember("a", seen((1 << number) - 1))

    found = store.alike("a", 0, 39)

    assert [each.fingerprint.bit_count() for each in found] == list(range(MOST_ALIKE))


def test_the_same_picture_is_kept_once(store: Store):
    for _ in range(3):
        store.remember("a", seen(7))

    assert len(store.alike("a", 7, 8)) == 1


def test_marks_count_those_alike_each_once_in_any_order(store: Store):
    counts = [store.mark("a", 1 << number, bytes([number]) * 32, 2) for number in (0, 1, 1, 2)]

    assert counts == [1, 2, 2, 3]
    assert store.mark("a", EVERY_BIT, b"z" * 32, 2) == 1
    assert store.mark("b", 1, b"a" * 32, 2) == 1


def test_what_was_marked_is_not_remembered(store: Store):
    store.mark("a", 7, seen(7).digest, 2)
    store.remember("a", seen(7))

    assert store.alike("a", 7, 8) == []


def test_hashes_of_any_64_bits_are_told_apart(store: Store):
    for fingerprint in (0, EVERY_BIT, 0x0A0D00FF0A0D00FF):
        store.remember("a", seen(fingerprint, colour=fingerprint & 255))

    for fingerprint in (0, EVERY_BIT, 0x0A0D00FF0A0D00FF):
        (found,) = store.alike("a", fingerprint, 8)
        assert found.fingerprint == fingerprint


def test_many_threads_get_each_their_own_answer(store: Store):
    for number in range(16):
        store.remember("a", seen(number << 40 | number * 0x11111))

    with ThreadPoolExecutor(8) as pool:
        asked = [(number % 16) << 40 | (number % 16) * 0x11111 for number in range(64)]
        found = list(pool.map(lambda each: store.alike("a", each, 0), asked))

    assert [each.fingerprint for (each,) in found] == asked
