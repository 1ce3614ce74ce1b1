import numpy as np
import pytest

from calibration.image import Image
from gateway.memory.seen_pictures import SeenPicture, SeenPictures


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def seen(fingerprint: int, side: int = 8) -> SeenPicture:
    return SeenPicture(
        Image(np.zeros((side, side, 3), np.uint8)), fingerprint, fingerprint.to_bytes(32, "big")
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_nearest_hash_comes_first_and_far_ones_do_not_come(clock: Clock):
    store = SeenPictures(10, 60.0, clock)
    for fingerprint in (0b0111, 0b0000, 0b1111_1111):
        store.remember("a", seen(fingerprint))

    assert [found.fingerprint for found in store.alike("a", 0b0001, 3)] == [0b0000, 0b0111]


def test_tenants_are_kept_apart(clock: Clock):
    store = SeenPictures(10, 60.0, clock)
    store.remember("a", seen(1))

    assert store.alike("b", 1, 64) == []


def test_pictures_go_after_their_time(clock: Clock):
    store = SeenPictures(10, 60.0, clock)
    store.remember("a", seen(1))
    clock.now += 61

    assert store.alike("a", 1, 64) == []
    assert (len(store), store.size_bytes) == (0, 0)


def test_the_longest_unused_goes_first_and_being_found_is_use(clock: Clock):
    store = SeenPictures(2, 60.0, clock)
    store.remember("a", seen(0))
    store.remember("a", seen(255))
    store.alike("a", 0, 1)

    store.remember("a", seen(2**20 - 1))

    assert [found.fingerprint for found in store.alike("a", 0, 64)] == [0, 2**20 - 1]


def test_looking_without_finding_is_no_use(clock: Clock):
    store = SeenPictures(2, 60.0, clock)
    store.remember("a", seen(0))
    store.remember("a", seen(255))
    store.alike("a", 2**40 - 1, 1)

    store.remember("a", seen(2**20 - 1))

    assert [found.fingerprint for found in store.alike("a", 0, 64)] == [255, 2**20 - 1]


def test_bytes_are_bounded_and_one_picture_beyond_them_is_not_kept(clock: Clock):
    store = SeenPictures(10, 60.0, clock, max_bytes=2000)
    for fingerprint in range(6):
        store.remember("a", seen(fingerprint))
        assert store.size_bytes <= 2000
    kept = len(store)

    store.remember("a", seen(99, side=100))

    assert len(store) == kept == 2


def test_a_time_that_runs_on_while_the_store_looks_breaks_nothing():
    moments = iter(range(10_000))
    store = SeenPictures(50, 7.0, lambda: float(next(moments)))

    for fingerprint in range(300):
        store.remember("a", seen(fingerprint))
        assert all(found.fingerprint <= fingerprint for found in store.alike("a", fingerprint, 64))

    assert len(store) < 8


def test_nothing_of_a_picture_that_is_gone_is_kept(clock: Clock):
    store = SeenPictures(3, 60.0, clock)
    for fingerprint in range(20):
        store.remember(f"tenant {fingerprint}", seen(fingerprint))

    assert len(store) == 3
    assert [len(store.alike(f"tenant {number}", number, 0)) for number in range(20)] == [0] * 17 + [1] * 3


@pytest.mark.parametrize("bounds", [(0, 60.0, 1), (1, 0.0, 1), (1, 60.0, 0)])
def test_bounds_must_be_positive(bounds: tuple[int, float, int], clock: Clock):
    with pytest.raises(ValueError, match="positive"):
        SeenPictures(bounds[0], bounds[1], clock, max_bytes=bounds[2])
