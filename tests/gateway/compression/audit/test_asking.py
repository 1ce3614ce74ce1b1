import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from gateway.compression.audit.answers import Answer
from gateway.compression.audit.asking import Asker, HopelessError, UnansweredError, pause_seconds
from gateway.compression.audit.wire import WIRES, Asked, Manner

pytestmark = pytest.mark.anyio
ASKED = Asked("What is it?", b"picture", "image/png")
KEY = "sk-very-secret"
CAT = {"choices": [{"message": {"content": "a cat"}}]}
Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def asker(handler: Handler, pauses: list[float] | None = None) -> AsyncIterator[Asker]:
    async def sleep(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        async with aiohttp.ClientSession() as session:
            yield Asker(session, WIRES["openai"], f"http://127.0.0.1:{port}/v1", "m", KEY, sleep=sleep)
    finally:
        await runner.cleanup()


def answering(*answers: tuple[int, Any, Mapping[str, str]]) -> tuple[Handler, list[Any]]:
    """Give one answer after another, the last one for ever; the list holds what was asked."""
    asked: list[Any] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(await request.json())
        status, body, headers = answers[min(len(asked), len(answers)) - 1]
        return web.Response(
            status=status, text=body if isinstance(body, str) else json.dumps(body), headers=headers
        )

    return handler, asked


async def test_a_refusal_for_haste_is_waited_for_as_long_as_is_said():
    handler, asked = answering((429, "slow down", {"retry-after": "7"}), (200, CAT, {}))
    pauses: list[float] = []
    async with asker(handler, pauses) as one:
        answer = await one.ask(ASKED)

        assert answer == Answer("a cat")
        assert (pauses, len(asked), dict(one.errors)) == ([7.0], 2, {"http_429": 1})


async def test_temperature_and_probabilities_are_left_out_once_they_are_refused():
    handler, asked = answering(
        (400, "temperature is not supported", {}), (400, "no logprobs here", {}), (200, CAT, {})
    )
    async with asker(handler) as one:
        await one.ask(ASKED)
        await one.ask(ASKED)

        assert one.manner == Manner(has_temperature=False, has_probabilities=False)
    assert ["temperature" in body for body in asked] == [True, False, False, False]


async def test_a_refused_picture_is_one_question_lost_and_asked_once():
    handler, asked = answering((400, "this picture is too large", {}))
    async with asker(handler) as one:
        with pytest.raises(UnansweredError, match="400: this picture is too large"):
            await one.ask(ASKED)
    assert len(asked) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_wrong_key_or_model_ends_it_and_the_key_is_not_told(status: int):
    handler, asked = answering((status, f"Incorrect API key provided: {KEY}", {}))
    async with asker(handler) as one:
        with pytest.raises(HopelessError) as caught:
            await one.ask(ASKED)
    assert KEY not in str(caught.value) and "[key]" in str(caught.value)
    assert len(asked) == 1


async def test_a_server_that_stays_broken_is_given_up_with_longer_and_longer_pauses():
    handler, asked = answering((503, "", {}))
    pauses: list[float] = []
    async with asker(handler, pauses) as one:
        with pytest.raises(UnansweredError, match="503 6 times"):
            await one.ask(ASKED)
    assert pauses == [1, 2, 4, 8, 16] and len(asked) == 6


async def test_nobody_listening_is_told():
    async with aiohttp.ClientSession() as session:

        async def sleep(seconds: float) -> None:
            assert seconds > 0

        one = Asker(session, WIRES["openai"], "http://127.0.0.1:9", "m", None, sleep=sleep)
        with pytest.raises(UnansweredError, match="nothing 6 times"):
            await one.ask(ASKED)
        assert one.errors == {"unreachable": 6}


@pytest.mark.parametrize("body", ["no JSON", "[" * 100_000, "{}", {"choices": []}])
async def test_an_answer_that_is_none_is_counted(body: Any):
    handler, _ = answering((200, body, {}))
    async with asker(handler) as one:
        with pytest.raises(UnansweredError):
            await one.ask(ASKED)
        assert one.errors == {"unreadable": 1}


@given(st.text(max_size=30), st.text(max_size=30), st.integers(0, 5))
def test_whatever_the_headers_say_the_pause_is_bearable(seconds: str, milliseconds: str, attempt: int):
    pause = pause_seconds({"retry-after": seconds, "retry-after-ms": milliseconds}, attempt, now=1e9)

    assert 0 <= pause <= 120


def test_a_date_is_a_pause_too():
    headers = {"retry-after": "Sun, 09 Sep 2001 01:47:10 GMT"}

    assert pause_seconds(headers, 0, now=1_000_000_000) == 30
    assert pause_seconds({"retry-after": "nan"}, 2, now=0) == 4
