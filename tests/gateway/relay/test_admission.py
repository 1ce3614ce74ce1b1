import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge

from gateway.errors import QueueFullError
from gateway.relay.admission import SMALL_BYTES, Admission

MEBIBYTE = 1024 * 1024
BOUND = 16 * MEBIBYTE


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def gauge():
    return Gauge("bytes", "Bytes.", registry=CollectorRegistry())


@pytest.fixture
def admission(gauge, clock):
    return Admission(BOUND, gauge, clock=clock)


def test_a_body_is_counted_until_its_answer_has_ended(admission, gauge):
    with admission.admit(8 * MEBIBYTE):
        with pytest.raises(QueueFullError):
            admission.admit(8 * MEBIBYTE)
        assert gauge.collect()[0].samples[0].value == 8 * MEBIBYTE

    assert gauge.collect()[0].samples[0].value == 0
    admission.admit(8 * MEBIBYTE)


def test_a_body_larger_than_the_bound_gets_in_alone(admission):
    with admission.admit(2 * BOUND), pytest.raises(QueueFullError):
        admission.admit(MEBIBYTE, tenant="another")
    with admission.admit(1), pytest.raises(QueueFullError):
        admission.admit(2 * BOUND)


def test_small_bodies_get_in_beside_one_that_is_larger_than_the_bound(admission):
    with admission.admit(2 * BOUND):
        for _ in range(16):
            admission.admit(SMALL_BYTES - 1)
        with pytest.raises(QueueFullError):
            for _ in range(16):
                admission.admit(SMALL_BYTES - 1)


def test_a_body_that_grows_large_no_longer_takes_the_room_of_small_ones(admission):
    admission.admit(2 * MEBIBYTE)
    growing = [admission.admit(SMALL_BYTES - 1) for _ in range(12)]

    for body in growing:
        body.grow(MEBIBYTE)

    for _ in range(16):
        admission.admit(SMALL_BYTES - 1)


def test_a_body_of_unknown_length_grows_until_nothing_is_left(admission):
    admission.admit(12 * MEBIBYTE)
    chunked = admission.admit()
    chunked.grow(2 * MEBIBYTE)

    with pytest.raises(QueueFullError):
        chunked.grow(2 * MEBIBYTE)

    assert chunked.size_bytes == 2 * MEBIBYTE
    chunked.release()
    assert admission.held_bytes == 12 * MEBIBYTE


def test_what_is_announced_is_asked_for_and_not_held(admission):
    expected = admission.admit(tenant="slow")
    expected.expect(8 * MEBIBYTE)
    assert admission.held_bytes == 0

    expected.reach(MEBIBYTE)
    expected.reach(MEBIBYTE)
    assert admission.held_bytes == MEBIBYTE
    with pytest.raises(QueueFullError):
        admission.admit(tenant="other").expect(15 * MEBIBYTE)


def test_a_body_beyond_the_bound_is_held_as_soon_as_it_is_announced(admission):
    large = admission.admit()
    large.expect(2 * BOUND)
    large.reach(MEBIBYTE)

    assert admission.held_bytes == 2 * BOUND


def test_room_is_given_back_once_and_told_of(gauge):
    used = []
    admission = Admission(BOUND, gauge, used=used.append)
    held = admission.admit(5)

    held.release()
    held.release()

    assert admission.held_bytes == 0
    assert used == [5]


def test_room_is_given_back_when_the_request_fails(admission):
    with pytest.raises(ZeroDivisionError), admission.admit(BOUND):
        1 / 0  # noqa: B018 - stands for any failure

    assert admission.held_bytes == 0


def test_a_small_body_gets_in_where_no_large_one_does(admission):
    admission.admit(15 * MEBIBYTE)

    with pytest.raises(QueueFullError):
        admission.admit(SMALL_BYTES)
    admission.admit(SMALL_BYTES - 1)


def test_a_tenant_alone_may_take_all_there_is_for_large_bodies(admission):
    for _ in range(15):
        admission.admit(MEBIBYTE, tenant="greedy")

    assert admission.held_bytes == 15 * MEBIBYTE


def test_whoever_was_turned_away_gets_an_equal_part(admission):
    held = [admission.admit(MEBIBYTE, tenant="greedy") for _ in range(15)]
    with pytest.raises(QueueFullError):
        admission.admit(4 * MEBIBYTE, tenant="other")

    for finished in held[:8]:
        finished.release()
    with pytest.raises(QueueFullError):
        admission.admit(MEBIBYTE, tenant="greedy")

    assert admission.admit(4 * MEBIBYTE, tenant="other").size_bytes == 4 * MEBIBYTE


def test_nobody_waits_for_one_who_does_not_come_back(admission, clock):
    held = [admission.admit(MEBIBYTE, tenant="greedy") for _ in range(15)]
    with pytest.raises(QueueFullError):
        admission.admit(4 * MEBIBYTE, tenant="other")
    held.pop().release()

    clock.seconds = 11.0

    admission.admit(MEBIBYTE, tenant="greedy")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2 * BOUND)), max_size=40))
def test_bytes_in_flight_stay_within_the_bound_unless_one_body_is_alone(requests):
    admission = Admission(BOUND, Gauge("bytes", "Bytes.", registry=CollectorRegistry()))
    held = []

    for tenant, size_bytes in requests:
        try:
            held.append(admission.admit(size_bytes, tenant=tenant))
        except QueueFullError:
            continue
        sizes = [each.size_bytes for each in held if each.size_bytes]
        assert admission.held_bytes == sum(sizes)
        large = [size for size in sizes if size >= SMALL_BYTES]
        assert sum(large) <= BOUND * 15 / 16 or len(large) == 1
        assert admission.held_bytes <= max([BOUND, *large]) + BOUND / 16
