import asyncio
import threading
import time

import pytest

from gateway.dialects.data_url import Inline
from gateway.errors import ImageTimeoutError
from gateway.metrics import Metrics
from gateway.policy import PLAIN
from gateway.relay.image_queue import ImageQueue
from gateway.relay.image_work import Asked, ImageWork, together

pytestmark = pytest.mark.anyio

ASKED = Asked("m", "t", PLAIN)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def make_work(make_pipeline):
    def make(**seconds):
        queue = ImageQueue(threads=2, max_images=9, max_pixels=10**9, metrics=Metrics({}))
        return ImageWork(make_pipeline(), queue, **({"image_seconds": 20, "request_seconds": 60} | seconds))

    return make


def verdict_of(_, outcome):
    return outcome.verdict.outcome


async def test_an_image_is_read_and_worked_on_off_the_event_loop(make_work, png):
    threads = []

    def read():
        threads.append(threading.get_ident())
        return Inline("image/png", png)

    assert await make_work().take(read, verdict_of, ASKED) == "clean"
    assert threading.get_ident() not in threads


async def test_an_image_met_before_does_not_wait(make_work, inspector, png):
    work = make_work()
    first = await work.take(lambda: Inline("image/png", png), lambda _, found: found, ASKED)
    inspector.delay_seconds = 0.5
    busy = [
        asyncio.ensure_future(
            work.take(lambda data=png + bytes([n]): Inline("image/png", data), verdict_of, ASKED)
        )
        for n in range(4)
    ]
    await asyncio.sleep(0.1)

    started = time.monotonic()
    again = await work.take(lambda: Inline("image/png", png), lambda _, found: found, ASKED)

    assert time.monotonic() - started < 0.3
    assert again.is_recalled
    assert again.data == first.data
    assert await asyncio.gather(*busy) == ["clean"] * 4


@pytest.mark.parametrize("seconds", [{"image_seconds": 0.1}, {"request_seconds": 0.1}])
async def test_an_image_and_a_request_have_so_much_time(make_work, inspector, png, seconds):
    inspector.delay_seconds = 0.5
    work = make_work(**seconds)
    asked = Asked("m", "t", PLAIN, deadline=work.request_deadline())

    started = time.monotonic()
    with pytest.raises(ImageTimeoutError):
        await work.take(lambda: Inline("image/png", png), verdict_of, asked)

    assert time.monotonic() - started < 0.4


async def test_when_one_fails_the_others_are_given_up():
    ended = []

    async def waits():
        try:
            await asyncio.sleep(10)
        finally:
            ended.append("waits")

    async def fails():
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await together([waits(), fails()])
    await asyncio.sleep(0)

    assert ended == ["waits"]


async def test_what_is_done_together_comes_back_in_order():
    async def after(seconds):
        await asyncio.sleep(seconds)
        return seconds

    assert await together([after(0.02), after(0.0), after(0.01)]) == [0.02, 0.0, 0.01]
