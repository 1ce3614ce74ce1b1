import asyncio

import pytest

from gateway.errors import ShuttingDownError
from gateway.relay.callers.drain import Drain, this_task
from gateway.relay.exchange import Exchange
from gateway.relay.upstreams.answer import UpstreamCutError


async def answer(drain: Drain, exchange: Exchange) -> str:
    """Answer for ever; tell how that ended."""
    try:
        with drain.limiting(exchange, this_task()):
            await asyncio.sleep(60)
    except (ShuttingDownError, UpstreamCutError) as error:
        return type(error).__name__
    return "finished"


@pytest.mark.anyio
async def test_who_has_no_answer_is_told_and_a_started_answer_is_cut():
    drain = Drain()
    started = Exchange("d", "p", "/")
    started.answer_starts(200)
    tasks = [asyncio.ensure_future(answer(drain, each)) for each in (Exchange("d", "p", "/"), started)]
    await asyncio.sleep(0)

    drain.end()

    assert await asyncio.gather(*tasks) == ["ShuttingDownError", "UpstreamCutError"]


@pytest.mark.anyio
async def test_who_comes_after_the_end_is_told_at_once():
    drain = Drain()
    drain.end()

    assert await answer(drain, Exchange("d", "p", "/")) == "ShuttingDownError"


@pytest.mark.anyio
async def test_who_is_cancelled_by_others_stays_cancelled():
    drain = Drain()
    task = asyncio.ensure_future(answer(drain, Exchange("d", "p", "/")))
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.anyio
async def test_who_finished_is_left_alone_when_the_drain_ends():
    drain = Drain()
    with drain.limiting(Exchange("d", "p", "/"), this_task()):
        pass

    drain.end()

    await asyncio.sleep(0)
    assert asyncio.current_task().cancelling() == 0


@pytest.mark.anyio
async def test_a_task_that_was_told_can_still_wait_for_its_last_words():
    drain = Drain()

    async def answer_and_tell() -> str:
        outcome = await answer(drain, Exchange("d", "p", "/"))
        async with asyncio.timeout(1):
            await asyncio.sleep(0)
        return outcome

    task = asyncio.ensure_future(answer_and_tell())
    await asyncio.sleep(0)
    drain.end()

    assert await task == "ShuttingDownError"
