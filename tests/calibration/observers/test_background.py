import asyncio
import threading

import pytest

from calibration.observers.background import BackgroundLoop


async def nothing() -> None:
    """Do nothing."""


async def current_thread() -> str:
    return threading.current_thread().name


def test_coroutines_run_on_one_thread_of_their_own():
    background = BackgroundLoop("asks m")

    names = {background.submit(current_thread()).result() for _ in range(3)}
    background.close(nothing())

    assert names == {"asks m"}


def test_no_thread_is_started_before_the_first_coroutine():
    before = threading.active_count()

    background = BackgroundLoop("idle")
    started = threading.active_count()
    background.close(nothing())

    assert started == before


def test_cancelling_the_future_cancels_the_coroutine():
    background, cancelled = BackgroundLoop("b"), threading.Event()

    async def wait_for_ever() -> None:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    future = background.submit(wait_for_ever())
    background.submit(nothing()).result()
    future.cancel()

    assert cancelled.wait(2)
    background.close(nothing())


def test_a_closed_loop_takes_nothing_more():
    background = BackgroundLoop("b")
    background.submit(nothing()).result()
    background.close(nothing())

    with pytest.raises(RuntimeError, match="closed"):
        background.submit(nothing())
