"""The queue before the store: nobody waits, what is dropped is counted, what is kept outlives a kill."""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.exc import DataError, OperationalError

from gateway.review.filters import Filter
from gateway.review.recorder import NO_RECORDS, Recorder, Room
from gateway.review.store import ReviewStore
from tests.gateway.review.conftest import PICTURE

ROOT = Path(__file__).parents[3]

WRITER = """
import sys, hashlib
from pathlib import Path
from gateway.review.flag import Circumstances, Flag, new_id
from gateway.review.recorder import Recorder
from gateway.review.store import ReviewStore

recorder = Recorder(ReviewStore.open(Path(sys.argv[1])), "pictures", lambda fate: None)
waiting, number = [], 0
while True:
    number += 1
    picture = b"picture %d of %s" % (number, sys.argv[2].encode())
    flag = Flag(new_id(), "", Circumstances(model="m"), "imperceptible_edit", ("residual",), .001, None,
                "Noise.", (), "monitor")
    ticket = recorder.offer(flag, picture)
    if ticket is not None:
        waiting.append((ticket, hashlib.sha256(picture).hexdigest()))
    for ticket, digest in [each for each in waiting if each[0].is_kept]:
        print(ticket.id, digest, flush=True)
    waiting = [each for each in waiting if not each[0].is_kept]
"""


class HeldStore:
    """A store that takes nothing until it is let."""

    def __init__(self, store: ReviewStore) -> None:
        self.store, self.may = store, threading.Event()
        self.failures = 0

    def add(self, caught) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError(28, "No space left on device")
        self.may.wait(10)
        self.store.add(caught)

    def close(self) -> None:
        self.may.set()


@pytest.fixture
def fates() -> Counter:
    return Counter()


@pytest.fixture
def count(fates):
    return lambda fate: fates.update([fate])


def soon(condition) -> bool:
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def test_a_flag_is_kept_behind_the_requests_back(store, catch, count, fates):
    recorder = Recorder(store, "pictures", count, artifact="a1")

    ticket = recorder.offer(catch(digest="").flag, PICTURE)

    assert soon(lambda: ticket.is_kept)
    kept = store.get(ticket.id)
    assert (kept.digest, kept.size_bytes, kept.artifact) == (catch().flag.digest, len(PICTURE), "a1")
    assert store.pictures.get(kept.digest) == PICTURE
    assert fates == {"kept": 1}
    recorder.close()


def test_where_only_hashes_are_kept_there_is_no_picture_and_no_word_of_it(tmp_path, catch, count):
    recorder = Recorder(ReviewStore.open(tmp_path), "hashes", count)
    recorder.offer(catch(explanation="It says OBEY.").flag, PICTURE)
    recorder.close()

    again = ReviewStore.open(tmp_path)
    (kept,) = again.find(Filter(), 9)
    assert kept.digest == catch().flag.digest and kept.size_bytes == len(PICTURE)
    assert kept.explanation == "" and list(again.pictures.digests()) == []
    again.close()
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and b"OBEY" in file.read_bytes()]


def test_a_store_that_hangs_holds_up_nobody_and_what_finds_no_room_is_counted(store, catch, count, fates):
    held = HeldStore(store)
    recorder = Recorder(held, "pictures", count, room=Room(flags=4, bytes=10_000))
    began = time.monotonic()

    tickets = [recorder.offer(catch().flag, PICTURE) for _ in range(200)]

    assert time.monotonic() - began < 0.5
    taken = [ticket for ticket in tickets if ticket is not None]
    assert 4 <= len(taken) <= 4 + 64 and fates["dropped"] == 200 - len(taken)
    held.may.set()
    assert soon(lambda: all(ticket.is_kept for ticket in taken))
    recorder.close()


def test_the_queue_is_bounded_by_bytes_and_has_room_again_afterwards(store, catch, count):
    held = HeldStore(store)
    recorder = Recorder(held, "pictures", count, room=Room(flags=100, bytes=1000))
    first = recorder.offer(catch().flag, b"x" * 900)

    assert recorder.offer(catch().flag, b"y" * 200) is None
    held.may.set()
    assert soon(lambda: first.is_kept)
    assert soon(lambda: recorder.offer(catch().flag, b"y" * 200) is not None)
    recorder.close()


def test_a_full_disk_is_tried_again_until_it_has_room(store, catch, count, fates):
    held = HeldStore(store)
    held.failures = 2
    held.may.set()
    recorder = Recorder(held, "pictures", count)

    ticket = recorder.offer(catch().flag, PICTURE)

    assert soon(lambda: ticket.is_kept)
    assert fates == {"kept": 1}
    recorder.close()


class Picky:
    """A store that never takes some flags, with errors as databases have them, and is away at first."""

    def __init__(self, store: ReviewStore, refused: str, error: Exception) -> None:
        self.store, self.refused, self.error = store, refused, error
        self.is_away = 0

    def add(self, caught) -> None:
        if self.is_away:
            self.is_away -= 1
            raise OperationalError("connect", {}, OSError("connection refused"))
        if any(each.flag.request.model == self.refused for each in caught):
            raise self.error
        self.store.add(caught)

    def close(self) -> None:
        pass


@pytest.fixture
def hurried(monkeypatch) -> None:
    monkeypatch.setattr("gateway.review.recorder._PAUSES_SECONDS", (0.001,))


TOO_LONG = OperationalError("insert", {}, OSError("index row size 4024 exceeds btree version 4 maximum 2704"))


@pytest.mark.parametrize("error", [TOO_LONG, DataError("insert", {}, ValueError("nan")), TypeError("odd")])
@pytest.mark.usefixtures("hurried")
def test_a_flag_that_the_store_never_takes_costs_no_other(store, catch, count, fates, error):
    recorder = Recorder(Picky(store, "odd", error), "pictures", count)

    tickets = [recorder.offer(catch(model=model).flag, PICTURE) for model in ("a", "odd", "b", "odd", "c")]
    last = recorder.offer(catch(model="later").flag, PICTURE)

    assert soon(lambda: last.is_kept)
    assert [ticket.is_kept for ticket in tickets] == [True, False, True, False, True]
    assert fates == {"kept": 4, "dropped": 2}
    recorder.close()


@pytest.mark.usefixtures("hurried")
def test_a_store_that_is_away_for_long_loses_nothing(store, catch, count, fates):
    away = Picky(store, "", OSError())
    away.is_away = 100
    recorder = Recorder(away, "pictures", count)

    tickets = [recorder.offer(catch().flag, PICTURE) for _ in range(3)]

    assert soon(lambda: all(ticket.is_kept for ticket in tickets)) and fates == {"kept": 3}
    recorder.close()


def test_closing_keeps_what_was_taken_and_takes_no_more(store, catch, count, fates):
    held = HeldStore(store)
    recorder = Recorder(held, "pictures", count)
    tickets = [recorder.offer(catch().flag, PICTURE) for _ in range(100)]
    held.may.set()

    recorder.close()

    assert all(ticket.is_kept for ticket in tickets) and fates == {"kept": 100}
    assert recorder.offer(catch().flag, PICTURE) is None


def test_who_keeps_nothing_takes_nothing(catch):
    assert NO_RECORDS.offer(catch().flag, PICTURE) is None
    NO_RECORDS.close()


def test_no_flag_that_was_called_kept_is_lost_when_its_processes_are_killed(tmp_path):
    folder = tmp_path / "kept"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(number)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        for number in range(2)
    ]
    for writer in writers:
        assert len(writer.stdout.readline()) > 26  # it is under way
    time.sleep(0.5)
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
    told = [line.split() for writer in writers for line in writer.communicate()[0].decode().splitlines()]

    store = ReviewStore.open(folder)
    assert len(told) > 50
    for flag_id, digest in told[:-1]:
        kept = store.get(flag_id)
        assert kept is not None and kept.digest == digest
        assert store.pictures.get(digest) is not None
    store.close()
