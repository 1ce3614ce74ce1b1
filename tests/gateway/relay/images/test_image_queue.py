import asyncio
import threading
import time
import weakref

import pytest

from gateway.errors import ImageTimeoutError, QueueFullError
from gateway.metrics import Metrics
from gateway.relay.images.image_queue import LARGE_PIXELS, ImageQueue

pytestmark = pytest.mark.anyio

LARGE = LARGE_PIXELS + 1
FOR_EVER = float("inf")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def metrics():
    return Metrics({})


@pytest.fixture
def make_queue(metrics):
    def make(**changes):
        return ImageQueue(
            **({"threads": 2, "max_images": 99, "max_pixels": 10**9, "metrics": metrics} | changes)
        )

    return make


class Works:
    """Work that lasts until it is told to end, and notes in which order it began."""

    def __init__(self):
        self.began = []
        self._may_end = threading.Semaphore(0)

    def named(self, name):
        def work():
            self.began.append(name)
            assert self._may_end.acquire(timeout=10)
            return name

        return work

    def end(self, count=1):
        self._may_end.release(count)


async def comes_to_be(is_so):
    """Tell whether something becomes true soon."""
    for _ in range(400):
        if is_so():
            return True
        await asyncio.sleep(0.005)
    return False


def start(queue, work, *, tenant="t", pixels=1, seconds=30.0):
    deadline = time.monotonic() + seconds
    return asyncio.ensure_future(queue.run(work, tenant=tenant, pixels=pixels, deadline=deadline))


def value(metrics, name):
    return metrics.registry.get_sample_value(name)


async def test_work_is_done_on_a_thread_and_its_result_returned(make_queue):
    queue = make_queue()

    assert await start(queue, threading.get_ident) != threading.get_ident()
    await queue.close()


async def test_a_failure_reaches_whoever_waits(make_queue):
    with pytest.raises(ZeroDivisionError):
        await start(make_queue(), lambda: 1 / 0)


async def test_a_small_picture_does_not_wait_for_two_large_ones(make_queue):
    queue, works = make_queue(), Works()
    large = [start(queue, works.named(f"large {n}"), pixels=LARGE) for n in (1, 2)]
    assert await comes_to_be(lambda: works.began == ["large 1"])

    assert await asyncio.wait_for(start(queue, lambda: "small"), 2) == "small"

    works.end(2)
    assert await asyncio.gather(*large) == ["large 1", "large 2"]


async def test_callers_take_turns(make_queue):
    queue, works = make_queue(), Works()
    tasks = [start(queue, works.named(f"a{n}"), tenant="a", pixels=LARGE) for n in range(4)]
    assert await comes_to_be(lambda: works.began == ["a0"])
    tasks += [start(queue, works.named(f"b{n}"), tenant="b", pixels=LARGE) for n in range(2)]
    await asyncio.sleep(0)

    works.end(6)
    await asyncio.gather(*tasks)

    assert works.began == ["a0", "a1", "b0", "a2", "b1", "a3"]


async def test_large_and_small_take_turns_where_both_wait(make_queue):
    queue, works = make_queue(threads=3), Works()
    tasks = [start(queue, works.named("large"), pixels=LARGE) for _ in range(4)]
    tasks += [start(queue, works.named("small")) for _ in range(20)]
    await comes_to_be(lambda: len(works.began) == 3)

    for _ in range(24):
        works.end()
        await asyncio.sleep(0.01)
    await asyncio.gather(*tasks)

    assert works.began[:3].count("large") == 2
    assert "large" not in works.began[-6:]


async def test_pixels_being_worked_on_are_bounded_but_one_picture_gets_in(make_queue, metrics):
    queue, works = make_queue(threads=4, max_pixels=2 * LARGE), Works()
    tasks = [start(queue, works.named(n), pixels=LARGE) for n in range(3)]
    assert await comes_to_be(lambda: len(works.began) == 2)
    await asyncio.sleep(0.05)
    assert len(works.began) == 2
    assert value(metrics, "jnd_queue_pixels") == 2 * LARGE
    assert value(metrics, "jnd_queue_images") == 1

    works.end(3)
    await asyncio.gather(*tasks)
    works.end()
    assert await start(queue, works.named("huge"), pixels=9 * LARGE) == "huge"
    assert value(metrics, "jnd_queue_pixels") == 0


async def test_too_many_waiting_pictures_are_refused(make_queue):
    queue, works = make_queue(max_images=3), Works()
    running = [start(queue, works.named(n)) for n in range(5)]
    assert await comes_to_be(lambda: len(works.began) == 2)

    with pytest.raises(QueueFullError):
        await start(queue, works.named("too many"))

    works.end(5)
    assert await asyncio.gather(*running) == [0, 1, 2, 3, 4]


async def test_whoever_has_most_in_a_full_queue_makes_room_for_another(make_queue):
    queue, works = make_queue(max_images=4), Works()
    greedy = [start(queue, works.named(n), tenant="greedy") for n in range(6)]
    assert await comes_to_be(lambda: len(works.began) == 2)

    other = start(queue, works.named("other"), tenant="other")
    with pytest.raises(QueueFullError):
        await greedy[-1]

    works.end(6)
    assert await other == "other"
    assert await asyncio.gather(*greedy[:-1]) == [0, 1, 2, 3, 4]


async def test_a_deadline_ends_the_wait_and_work_that_began_counts_until_its_end(make_queue, metrics):
    queue, works = make_queue(), Works()
    begun = [start(queue, works.named(n), pixels=7, seconds=0.1) for n in range(2)]
    waiting = start(queue, works.named("never"), seconds=0.1)

    for task in (*begun, waiting):
        with pytest.raises(ImageTimeoutError):
            await task
    assert value(metrics, "jnd_queue_pixels") == 14
    assert value(metrics, "jnd_queue_images") == 0

    works.end(2)
    assert await comes_to_be(lambda: value(metrics, "jnd_queue_pixels") == 0)
    assert works.began == [0, 1]
    assert await start(queue, lambda: "next") == "next"


async def test_a_caller_who_hangs_up_leaves_the_queue(make_queue, metrics):
    queue, works = make_queue(), Works()
    begun = [start(queue, works.named(n)) for n in range(2)]
    waiting = start(queue, works.named("never"))
    assert await comes_to_be(lambda: len(works.began) == 2)

    for task in (*begun, waiting):
        task.cancel()
    await asyncio.gather(*begun, waiting, return_exceptions=True)
    assert value(metrics, "jnd_queue_images") == 0

    works.end(2)
    assert await start(queue, lambda: "next") == "next"
    assert works.began == [0, 1]


async def test_what_nobody_waits_for_is_let_go(make_queue):
    class Picture:
        pass

    queue, works = make_queue(), Works()
    picture = Picture()
    gone = weakref.ref(picture)

    def work(held=picture):
        works.named("begun")()
        return held

    task = start(queue, work)
    assert await comes_to_be(lambda: works.began == ["begun"])
    task.cancel()
    del work, picture, task
    works.end()

    assert await comes_to_be(lambda: gone() is None)


async def test_memory_that_work_took_is_told_of_when_it_ends(make_queue):
    used = []

    await start(make_queue(used=used.append), lambda: None, pixels=1000)

    assert used == [12_000]
