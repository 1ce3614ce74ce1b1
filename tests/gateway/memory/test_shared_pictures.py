import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import numpy as np
import pytest

from calibration.image import Image
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.picture_server import PackedPicture, serve_pictures
from gateway.memory.protocol import SeenPicture
from gateway.memory.seen_pictures import MAX_BYTES, SeenPictures
from gateway.memory.shared_pictures import SharedPictures

Store = SeenPictures[PackedPicture]


def seen(fingerprint: int, side: int = 8, colour: int = 0) -> KeptPicture:
    pixels = np.full((side, side * 2, 3), colour, np.uint8)
    return KeptPicture.of(SeenPicture(Image(pixels), fingerprint, fingerprint.to_bytes(32, "big")))


@contextmanager
def served(store: Store, *connections: socket.socket) -> Iterator[None]:
    """Answer these connections on an event loop in a thread."""

    async def serve(connection: socket.socket) -> None:
        await serve_pictures(*await asyncio.open_connection(sock=connection), store)

    async def serve_all() -> None:
        await asyncio.gather(*map(serve, connections))

    thread = threading.Thread(target=lambda: asyncio.run(serve_all()))
    thread.start()
    yield
    thread.join()


class Troubles:
    count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def store() -> Store:
    return Store(1000, 60.0, time.monotonic)


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


@pytest.fixture
def workers(store: Store, troubles: Troubles) -> Iterator[list[SharedPictures]]:
    """Two workers' views of one memory."""
    with ExitStack() as stack:
        pairs = [socket.socketpair() for _ in range(2)]
        stack.enter_context(served(store, *(theirs for _, theirs in pairs)))
        for ours, _ in pairs:
            stack.enter_context(ours)
        yield [SharedPictures(ours, on_trouble=troubles, patience_seconds=5.0) for ours, _ in pairs]


def test_what_one_worker_saw_the_other_finds_again_pixel_for_pixel(workers: list[SharedPictures]):
    one, other = workers
    picture = seen(7, side=300, colour=201)
    one.remember("a", picture)

    (found,) = other.alike("a", 5, 1)

    assert (found.fingerprint, found.digest) == (7, picture.digest)
    assert np.array_equal(found.picture.pixels, picture.picture.pixels)
    assert other.alike("b", 7, 64) == []


def test_the_nearest_come_first_and_each_has_its_own_pixels(workers: list[SharedPictures]):
    for fingerprint, side in ((0b0111, 3), (0b0000, 5)):
        workers[0].remember("a", seen(fingerprint, side=side, colour=fingerprint))

    found = workers[1].alike("a", 0b0001, 3)

    assert [(each.fingerprint, each.picture.height) for each in found] == [(0b0000, 5), (0b0111, 3)]
    assert [int(each.picture.pixels.max()) for each in found] == [0b0000, 0b0111]


def test_a_tenant_one_worker_saw_accepted_is_accepted_for_all(workers: list[SharedPictures], store: Store):
    workers[0].accept("genuine")
    workers[0].remember("genuine", seen(1))
    store.bound(10, 60.0, MAX_BYTES)

    for number in range(100):
        workers[1].remember(f"made up {number}", seen(1000 + number))

    assert len(workers[1].alike("genuine", 1, 0)) == 1


def test_a_tenant_forgotten_by_one_worker_is_forgotten_by_the_memory(workers: list[SharedPictures]):
    for tenant in ("a", "b"):
        workers[0].remember(tenant, seen(7))
        workers[0].mark(tenant, 1, b"m" * 32, 2)

    workers[0].forget("a")

    assert workers[0].alike("a", 7, 0) == workers[1].alike("a", 7, 0) == []
    assert workers[0].mark("a", 1, b"n" * 32, 2) == 1
    assert len(workers[1].alike("b", 7, 0)) == 1


def test_many_threads_get_each_their_own_answer(workers: list[SharedPictures], troubles: Troubles):
    for number in range(64):
        workers[0].remember(f"tenant {number}", seen(number, side=64))

    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(
                lambda number: workers[number % 2].alike(f"tenant {number % 64}", number % 64, 0), range(256)
            )
        )

    assert [each.fingerprint for (each,) in found] == [number % 64 for number in range(256)]
    assert troubles.count == 0


def test_a_memory_that_does_not_answer_makes_nobody_wait_and_a_worker_knows_what_it_saw(troubles: Troubles):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        memory = SharedPictures(ours, on_trouble=troubles)
        started = time.monotonic()

        for number in range(10):
            memory.remember("a", seen(number, side=300))
            found = memory.alike("a", number, 0)
            assert [each.fingerprint for each in found] == [number]
            assert memory.alike("b", number, 0) == []

    assert time.monotonic() - started < 4.0
    assert troubles.count == 30


def test_a_memory_that_is_gone_leaves_a_worker_what_it_saw(troubles: Troubles):
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        memory = SharedPictures(ours, on_trouble=troubles)
        memory.accept("a")
        memory.remember("a", seen(1))

        assert len(memory.alike("a", 1, 0)) == 1
        assert memory.alike("a", 2, 0) == []

    assert troubles.count >= 2


def test_what_another_worker_saw_and_was_once_asked_for_is_known_in_silence(store: Store, troubles: Troubles):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        memory = SharedPictures(ours, on_trouble=troubles, patience_seconds=5.0)
        store.remember("a", PackedPicture(7, b"d", 1, 2, b"123456", is_deflated=False))
        with served(store, theirs):
            memory.alike("a", 7, 0)
            ours.shutdown(socket.SHUT_WR)

        (found,) = memory.alike("a", 7, 0)

    assert (found.digest, found.picture.pixels.tobytes()) == (b"d", b"123456")


def test_a_deflated_picture_comes_back_pixel_for_pixel_beside_one_that_is_not(workers: list[SharedPictures]):
    noise = Image(np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8))
    plain, deflated = KeptPicture.of(SeenPicture(noise, 1, b"p")), seen(3, side=64, colour=7)
    workers[0].remember("a", plain)
    workers[0].remember("a", deflated)

    found = workers[1].alike("a", 1, 1)

    assert (plain.is_deflated, deflated.is_deflated) == (False, True)
    assert [each.picture.pixels.tolist() for each in found] == [
        each.picture.pixels.tolist() for each in (plain, deflated)
    ]


def test_what_the_memory_has_forgotten_is_not_found_while_it_answers(
    workers: list[SharedPictures], store: Store
):
    workers[0].remember("a", seen(1))
    workers[0].remember("a", seen(2**30))
    store.bound(1, 60.0, MAX_BYTES)

    assert workers[0].alike("a", 1, 0) == []


def test_accepting_never_waits(troubles: Troubles):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        memory = SharedPictures(ours, on_trouble=troubles)
        started = time.monotonic()

        for number in range(20_000):
            memory.accept(f"tenant {number}")

    assert time.monotonic() - started < 2.0


def test_queries_are_counted_for_all_workers_together(workers: list[SharedPictures]):
    counts = [worker.mark("a", 1, bytes([number]), 2) for number, worker in enumerate(workers * 2)]

    assert counts == [1, 2, 3, 4]


def test_marks_made_in_silence_are_counted_here_and_arrive_for_all(store: Store, troubles: Troubles):
    ours, theirs = socket.socketpair()
    with ours:
        memory = SharedPictures(ours, on_trouble=troubles, patience_seconds=0.02)
        counts = [memory.mark("a", 1, bytes([number]), 2) for number in range(40)]
        assert counts == list(range(1, 41))
        assert troubles.count == 40

        with served(store, theirs):
            memory.accept("a")  # whatever is sent next takes along what was not
            deadline = time.monotonic() + 5
            while store.mark("a", 1, b"other", 2) < 41 and time.monotonic() < deadline:
                time.sleep(0.01)
            ours.shutdown(socket.SHUT_RDWR)

    assert store.mark("a", 1, b"other", 2) == 41


def test_a_series_the_others_counted_is_still_known_in_silence(store: Store, troubles: Troubles):
    ours, theirs = socket.socketpair()
    for number in range(7):
        store.mark("a", 1, bytes([number]), 2)
    with ours, theirs:
        memory = SharedPictures(ours, on_trouble=troubles, patience_seconds=5.0)
        with served(store, theirs):
            assert memory.mark("a", 1, b"here", 2) == 8
            ours.shutdown(socket.SHUT_WR)

        in_silence = [memory.mark("a", 1, b"near", 2), memory.mark("a", 2**30 - 1, b"far", 2)]

    assert in_silence == [9, 1]
