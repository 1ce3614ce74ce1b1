import asyncio
import gc
import threading
import weakref

import pytest

from gateway.memory.giving_back import GivingBack, glibc_trim

pytestmark = pytest.mark.anyio

MEBIBYTE = 1024 * 1024


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Trim:
    def __init__(self):
        self.threads = []

    def __call__(self):
        self.threads.append(threading.get_ident())


async def test_much_memory_is_given_back_once_for_all_who_used_it():
    trim = Trim()
    giving_back = GivingBack(trim, wait_seconds=0.01)

    for _ in range(10):
        giving_back.used(20 * MEBIBYTE)
    await asyncio.sleep(0.1)

    assert len(trim.threads) == 1
    assert trim.threads[0] != threading.get_ident()


async def test_little_memory_is_kept():
    trim = Trim()
    giving_back = GivingBack(trim, wait_seconds=0)

    giving_back.used(MEBIBYTE)
    await asyncio.sleep(0.05)

    assert trim.threads == []


async def test_nothing_happens_after_the_end():
    trim = Trim()
    giving_back = GivingBack(trim, wait_seconds=0.01)

    giving_back.used(99 * MEBIBYTE)
    giving_back.close()
    await asyncio.sleep(0.05)

    assert trim.threads == []


async def test_where_there_is_no_glibc_nothing_is_done():
    GivingBack(None, wait_seconds=0).used(99 * MEBIBYTE)


def test_glibc_gives_back_what_is_free():
    trim = glibc_trim()

    if trim is not None:
        trim()


@pytest.mark.skipif(glibc_trim() is None, reason="another C library")
def test_what_only_the_collector_finds_is_given_back():
    class Held:
        pass

    held = Held()
    held.itself, found = held, weakref.ref(held)
    gc.disable()
    try:
        del held
        assert found() is not None

        glibc_trim()()

        assert found() is None
    finally:
        gc.enable()
