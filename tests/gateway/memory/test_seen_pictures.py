import numpy as np
import pytest

from calibration.image import Image
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.protocol import MOST_ALIKE, SeenPicture
from gateway.memory.seen_pictures import SeenPictures


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def seen(fingerprint: int, side: int = 8) -> KeptPicture:
    pixels = np.random.default_rng(side).integers(0, 256, (side, side, 3), np.uint8)  # that do not deflate
    return KeptPicture.of(SeenPicture(Image(pixels), fingerprint, fingerprint.to_bytes(32, "big")))


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


def test_one_question_finds_no_more_than_so_many(clock: Clock):
    store = SeenPictures(1000, 60.0, clock)
    for fingerprint in range(100):
        store.remember("a", seen(fingerprint))

    found = store.alike("a", 0, 64)

    assert len(found) == MOST_ALIKE
    assert found[0].fingerprint == 0


def test_whoever_holds_most_gives_up_the_oldest(clock: Clock):
    store = SeenPictures(10, 60.0, clock)
    for tenant in "ab":
        store.accept(tenant)
    store.remember("b", seen(1))

    for fingerprint in range(100):
        store.remember("a", seen(fingerprint))

    assert len(store.alike("b", 1, 0)) == 1
    assert [len(store.alike("a", fingerprint, 0)) for fingerprint in range(100)] == [0] * 91 + [1] * 9


def test_a_newcomer_keeps_its_only_picture_though_it_is_the_largest(clock: Clock):
    store = SeenPictures(10_000, 60.0, clock, max_bytes=150 * 8 * 8 * 3)
    for number in range(151):
        store.accept(f"tenant {number}")
        store.remember(f"tenant {number}", seen(number))
    store.accept("newcomer")

    store.remember("newcomer", seen(1, side=9))

    assert store.alike("newcomer", 1, 0)
    assert not store.alike("tenant 1", 1, 0)  # heard of longest ago
    assert store.alike("tenant 150", 150, 0)


def test_made_up_keys_flush_nobody_whose_key_the_upstream_knows(clock: Clock):
    store = SeenPictures(100, 60.0, clock)
    store.accept("genuine")
    for fingerprint in range(90):
        store.remember("genuine", seen(fingerprint))

    for number in range(1000):
        store.remember(f"made up {number}", seen(number))

    assert all(store.alike("genuine", fingerprint, 0) for fingerprint in range(90))
    assert len(store) == 100


def test_made_up_keys_take_no_more_than_their_share_of_bytes_either(clock: Clock):
    large = seen(1, side=64).size_bytes
    store = SeenPictures(10_000, 60.0, clock, max_bytes=100 * large)
    store.accept("genuine")
    for fingerprint in range(90):
        store.remember("genuine", seen(fingerprint, side=64))

    for number in range(1000):
        store.remember(f"made up {number}", seen(number, side=64))

    assert all(store.alike("genuine", fingerprint, 0) for fingerprint in range(90))


def test_ten_thousand_made_up_keys_flush_neither_the_pictures_nor_the_marks_of_a_named_tenant(clock: Clock):
    store = SeenPictures(500, 60.0, clock)
    store.accept("genuine")
    for fingerprint in range(450):
        store.remember("genuine", seen(fingerprint))
        store.mark("genuine", 2**40, fingerprint.to_bytes(4, "big"), 0)

    for number in range(10_000):
        store.remember(f"made up {number}", seen(number))
        store.mark(f"made up {number}", 2**40, b"digest", 0)

    assert all(store.alike("genuine", fingerprint, 0) for fingerprint in range(450))
    assert store.mark("genuine", 2**40, b"one more", 0) == 451


def test_a_key_that_is_accepted_takes_its_pictures_out_of_probation(clock: Clock):
    store = SeenPictures(20, 60.0, clock)
    store.remember("new", seen(1))
    store.accept("new")

    for number in range(100):
        store.remember(f"made up {number}", seen(number))

    assert len(store.alike("new", 1, 0)) == 1


def test_callers_without_a_word_from_the_upstream_may_use_a_memory_nobody_else_uses(clock: Clock):
    store = SeenPictures(20, 60.0, clock)

    for fingerprint in range(20):
        store.remember("new", seen(fingerprint))

    assert len(store) == 20


def test_whoever_was_accepted_longest_ago_is_forgotten_first_and_goes_back_on_probation(clock: Clock):
    store = SeenPictures(10, 60.0, clock)
    store.accept("old")
    store.remember("old", seen(1))
    for number in range(10):
        store.accept(f"new {number}")
        store.remember(f"new {number}", seen(2))

    assert [len(store.alike("old", 1, 0)), len(store)] == [0, 10]


def test_bounds_can_be_changed_and_what_exceeds_them_goes(clock: Clock):
    store = SeenPictures(10, 60.0, clock)
    for fingerprint in range(10):
        store.remember("a", seen(fingerprint))
        clock.now += 1

    store.bound(5, 60.0, 10_000)
    assert len(store) == 5
    store.bound(5, 3.5, 10_000)
    assert [len(store.alike("a", fingerprint, 0)) for fingerprint in range(10)] == [0] * 7 + [1] * 3
    store.bound(5, 60.0, 2 * seen(0).size_bytes)

    assert [len(store.alike("a", fingerprint, 0)) for fingerprint in range(10)] == [0] * 8 + [1] * 2


def test_a_picture_that_was_marked_as_a_query_is_counted_and_not_kept(clock: Clock):
    store = SeenPictures(10, 60.0, clock)

    assert [store.mark("a", number, seen(number).digest, 2) for number in (0, 1, 1, 255)] == [1, 2, 2, 1]
    store.remember("a", seen(1))
    store.remember("b", seen(1))

    assert [len(store.alike("a", 1, 0)), len(store.alike("b", 1, 0))] == [0, 1]


def test_marks_go_after_their_time_too(clock: Clock):
    store = SeenPictures(10, 60.0, clock)
    store.mark("a", 0, b"first", 2)
    clock.now += 61

    assert store.mark("a", 0, b"second", 2) == 1
