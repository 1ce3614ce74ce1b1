import asyncio
import threading
import time
from dataclasses import replace

import pytest

from gateway.dialects.reading.data_url import Inline
from gateway.errors import ImageTimeoutError
from gateway.memory.cache import ByteBoundedCache
from gateway.metrics import Metrics
from gateway.pipeline import Asked
from gateway.policy import PLAIN
from gateway.providers.rules import Recipient
from gateway.relay.images.image_queue import ImageQueue
from gateway.relay.images.image_work import Fresh, ImageWork, together

pytestmark = pytest.mark.anyio

ASKED = Asked(Recipient("", "m"), "t", PLAIN)


class FarCache(ByteBoundedCache):
    """Of another machine, as it were: nothing in it is near, and whoever asks waits for the others."""

    asks_others = True

    def __init__(self) -> None:
        super().__init__(1 << 20)
        self.asked = 0
        self.together = threading.Barrier(1)

    def get_near(self, _):
        return None

    def get(self, key):
        self.asked += 1
        self.together.wait(timeout=10)
        return super().get(key)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def make_work(make_pipeline):
    def make(cache=None, **seconds):
        queue = ImageQueue(threads=2, max_images=9, max_pixels=10**9, metrics=Metrics({}))
        parts = {} if cache is None else {"cache": cache}
        return ImageWork(
            make_pipeline(**parts), queue, **({"image_seconds": 20, "request_seconds": 60} | seconds)
        )

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


async def test_what_another_machine_met_is_asked_for_together_and_does_not_wait_for_work(
    make_work, inspector, png
):
    cache = FarCache()
    work = make_work(cache)

    def inline():
        return Inline("image/png", png)

    await work.take(inline, verdict_of, ASKED)
    cache.asked = 0
    cache.together = threading.Barrier(4)
    inspector.delay_seconds = 30

    met = [work.recall_near(inline, verdict_of, ASKED) for _ in range(4)]
    assert (cache.asked, {type(each) for each in met}) == (0, {Fresh}), "nobody was asked"

    found = await together([work.take(inline, verdict_of, ASKED, met=each) for each in met])
    assert found == ["clean"] * 4
    assert cache.asked == 4


async def test_where_nobody_else_could_know_nobody_is_asked_twice(make_work, png):
    cache = FarCache()
    cache.asks_others = False
    work = make_work(cache)

    met = work.recall_near(lambda: Inline("image/png", png), verdict_of, ASKED)
    await work.take(lambda: Inline("image/png", png), verdict_of, ASKED, met=met)

    assert cache.asked == 1, "by the work itself"


@pytest.mark.parametrize("seconds", [{"image_seconds": 0.1}, {"request_seconds": 0.1}])
async def test_an_image_and_a_request_have_so_much_time(make_work, inspector, png, seconds):
    inspector.delay_seconds = 0.5
    work = make_work(**seconds)
    asked = Asked(Recipient("", "m"), "t", PLAIN, deadline=work.request_deadline())

    started = time.monotonic()
    with pytest.raises(ImageTimeoutError):
        await work.take(lambda: Inline("image/png", png), verdict_of, asked)

    assert time.monotonic() - started < 0.4


async def test_an_image_taken_again_has_as_long_as_its_request(make_work, inspector, png):
    inspector.delay_seconds = 0.3
    work = make_work(image_seconds=0.1)
    patient = Asked(Recipient("", "m"), "t", PLAIN, deadline=time.monotonic() + 60)

    assert await work.take_again(lambda: Inline("image/png", png), verdict_of, patient) == "clean"
    with pytest.raises(ImageTimeoutError):
        await work.take_again(
            lambda: Inline("image/png", png + b"0"), verdict_of, replace(patient, deadline=0.0)
        )


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


def pictures_of(png, count):
    """Return different files of the same picture: bytes after its end are no part of it."""
    return [png + bytes([number]) for number in range(count)]


async def test_images_of_a_caller_who_hung_up_are_not_worked_on(gateway, inspector, png, chat_body):
    inspector.delay_seconds = 0.2
    server = gateway(limits={"image_threads": 2})
    body = chat_body(*pictures_of(png, 20))
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)

    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n")
    writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()
    while not inspector.tenants:  # noqa: ASYNC110 - another thread fills it
        await asyncio.sleep(0.01)
    writer.close()
    await asyncio.sleep(1.0)

    assert len(inspector.tenants) <= 4
    settled = await asyncio.to_thread(server.settles_at, "jnd_queue_images", 0)
    assert settled
    assert await asyncio.to_thread(server.settles_at, "jnd_queue_pixels", 0)


def test_too_many_waiting_images_are_told_to_come_again(gateway, inspector, png, chat_body):
    inspector.delay_seconds = 0.2
    server = gateway(limits={"image_threads": 2, "queue_images": 3})

    answer = server.chat(chat_body(*pictures_of(png, 20)))

    assert answer.status == 429
    assert answer.headers["retry-after"] == "1"
    assert answer.error["code"] == "queue_full"
    inspector.delay_seconds = 0
    assert server.chat(chat_body(png)).status == 200


def test_an_image_without_time_left_is_unchecked_and_sent_as_it_came(
    gateway, inspector, upstream, png, chat_body
):
    inspector.delay_seconds = 0.5
    server = gateway(limits={"image_seconds": 0.1})
    body = chat_body(png)

    answer = server.chat(body)

    assert answer.status == 200
    assert answer.headers["x-jnd-verdict"] == "unchecked"
    assert answer.headers["x-jnd-reason"] == "timed_out"
    assert upstream.last["body"] == body


def test_an_image_without_time_left_is_refused_where_nothing_unchecked_passes(
    gateway, inspector, upstream, png, chat_body
):
    inspector.delay_seconds = 0.5
    server = gateway(limits={"image_seconds": 0.1}, policy={"on_failure": "refuse"})

    answer = server.chat(chat_body(png))

    assert answer.status == 400
    assert answer.error["code"] == "timed_out"
    assert upstream.requests == []
