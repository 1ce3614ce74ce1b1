"""Retention, proven by moving the clock."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.review.filters import Filter
from gateway.review.retention import FLAG_BYTES, Retention
from gateway.review.store import Caught, ReviewStore
from tests.gateway.review.conftest import DAY, NOON, PICTURE


class Clock:
    now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[ReviewStore]:
    opened = ReviewStore.open(tmp_path / "review", clock=clock)
    yield opened
    opened.close()


def test_a_flag_is_kept_for_its_days_and_not_a_second_longer(store, catch, clock, tmp_path):
    store.add([catch(at=NOON, explanation="SECRET-WORD"), catch(at=NOON + DAY, picture=b"younger")])
    retention = Retention(keep_days=30, max_bytes=10**9)

    clock.now = NOON + 30 * DAY
    assert retention.sweep(store) == 0 and store.size().flags == 2
    clock.now += 1
    assert retention.sweep(store) == 1

    assert [flag.seen_at for flag in store.find(Filter(), 9)] == [NOON + DAY]
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not [file for file in files if PICTURE in file.read_bytes() or b"SECRET-WORD" in file.read_bytes()]


def test_the_oldest_go_first_where_there_is_too_much(store, catch):
    pictures = [bytes([number]) * 100_000 for number in range(10)]
    store.add([catch(at=NOON + number, picture=picture) for number, picture in enumerate(pictures)])

    Retention(keep_days=30, max_bytes=4 * (100_000 + FLAG_BYTES)).sweep(store)

    assert [flag.seen_at for flag in store.find(Filter(), 99)] == [NOON + number for number in (9, 8, 7, 6)]
    assert len(list(store.pictures.digests())) == 4


def test_pictures_that_are_not_kept_take_no_room(store, catch):
    large = [replace(catch(at=NOON + number).flag, size_bytes=10**9) for number in range(5)]
    store.add([Caught(flag, None) for flag in large])

    assert Retention(keep_days=30, max_bytes=5 * FLAG_BYTES).sweep(store) == 0
    assert Retention(keep_days=30, max_bytes=4 * FLAG_BYTES).sweep(store) == 1


def test_what_a_killed_writer_left_halfway_is_swept(store, catch, tmp_path):
    store.add([catch()])
    half = next((tmp_path / "review" / "pictures").glob("??/??")) / ".half"
    half.write_bytes(PICTURE)
    os.utime(half, (time.time() - 3600,) * 2)

    Retention(keep_days=10**6, max_bytes=10**9).sweep(store)

    assert not half.exists() and store.size().pictures == 1


def test_nothing_at_all_is_swept_of_an_empty_store(store):
    assert Retention(keep_days=1, max_bytes=0).sweep(store) == 0
