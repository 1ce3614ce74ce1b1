import asyncio

import pytest

from gateway.errors import UpstreamUnreachableError
from gateway.relay.upstreams.answer import Answer, UpstreamCutError

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


def _answer(calls: list[str] | None = None) -> Answer:
    told = [] if calls is None else calls
    return Answer(
        has_body=True,
        on_end=lambda: told.append("end"),
        on_drained=lambda: told.append("drained"),
        loop=asyncio.get_running_loop(),
    )


async def test_pieces_that_wait_together_are_taken_together():
    answer = _answer()
    answer.begin(200, [])
    answer.add(b"one ")
    answer.add(b"two")

    assert await answer.next() == b"one two"
    assert answer.take() == b""


async def test_whoever_waits_is_woken_by_the_next_piece_and_by_the_end():
    answer = _answer()
    waiting = asyncio.ensure_future(answer.next())
    await asyncio.sleep(0)
    answer.add(b"one")
    assert await waiting == b"one"

    waiting = asyncio.ensure_future(answer.next())
    await asyncio.sleep(0)
    answer.end()
    assert await waiting == b""


async def test_a_failure_before_the_head_is_told_as_it_is_and_after_it_as_a_cut():
    early, late = _answer(), _answer()
    early.fail(UpstreamUnreachableError("gone"))
    late.begin(200, [])
    late.add(b"half")
    late.fail(UpstreamUnreachableError("gone"))

    with pytest.raises(UpstreamUnreachableError):
        await early.head()
    assert await late.next() == b"half"
    with pytest.raises(UpstreamCutError):
        await late.next()


async def test_a_whole_answer_cannot_fail_any_more():
    answer = _answer()
    answer.begin(200, [])
    answer.end()
    answer.fail(UpstreamUnreachableError("gone"))

    assert await answer.next() == b""


async def test_the_upstream_goes_on_once_what_was_too_much_is_taken():
    calls: list[str] = []
    answer = _answer(calls)
    answer.add(b"x" * 300_000)
    assert answer.is_full

    answer.take()
    assert not answer.is_full
    assert calls == ["drained"]
