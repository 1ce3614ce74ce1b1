"""The shared half of every HTTP observer, against a server that misbehaves."""

import asyncio
import base64
import gc
import json
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from email.utils import formatdate

import numpy as np
import pytest
from aiohttp import web

from calibration.image import Image, decode
from calibration.observers.dialect import Endpoint
from calibration.observers.openai_compatible import ChatCompletions
from calibration.observers.protocol import Observer, ObserverError, Query, Reply
from calibration.observers.remote import RemoteObserver
from calibration.questions import DIRECT_PROMPT
from calibration.replies.reader import read_reply

Ask = Callable[..., list[Reply]]
GOOD = {"choices": [{"message": {"content": "<yes> Blurred."}, "finish_reason": "stop"}]}


def text(body) -> str:
    return body["messages"][0]["content"][-1]["text"]


def says(words: str) -> dict[str, object]:
    return {"choices": [{"message": {"content": words}}]}


@pytest.fixture
def build(peer, pauses) -> Iterator[Callable[..., RemoteObserver]]:
    peer.answer = lambda body: GOOD  # noqa: ARG005
    built: list[RemoteObserver] = []

    def build(**options: object) -> RemoteObserver:
        endpoint = Endpoint("m", f"{peer.address}/v1", **options)  # type: ignore[arg-type]
        built.append(RemoteObserver(endpoint, ChatCompletions("m"), sleep=pauses))
        return built[-1]

    yield build
    for observer in built:
        observer.close()


@pytest.fixture
def ask(build, picture) -> Ask:
    def ask(count: int = 1, **options: object) -> list[Reply]:
        queries = [Query(f"prompt {n}", (picture, picture), key=str(n)) for n in range(count)]
        return build(**options).ask(queries)

    return ask


def test_it_is_an_observer(build):
    assert isinstance(build(), Observer)


def test_replies_come_in_the_order_of_the_queries(peer, ask: Ask):
    peer.answer = lambda body: says(text(body))

    assert [reply.text for reply in ask(20)] == [f"prompt {n}" for n in range(20)]


def test_no_more_requests_are_in_flight_than_there_are_workers(peer, ask: Ask):
    peer.pause_seconds = 0.1
    peer.answer = lambda body: GOOD  # noqa: ARG005

    ask(12, workers=3)

    assert peer.most_in_flight == 3


def test_it_wants_enough_queries_to_keep_every_worker_busy(build):
    assert build(workers=5).in_flight >= 5


def test_submitted_queries_are_answered_while_the_caller_goes_on(peer, build, picture: Image):
    peer.pause_seconds = 0.6
    observer = build()

    started = time.perf_counter()
    futures = [observer.submit(Query("p", (picture,))) for _ in range(4)]
    handed_over = time.perf_counter() - started
    replies = [future.result() for future in futures]

    assert handed_over < 0.5
    assert [reply.text for reply in replies] == ["<yes> Blurred."] * 4


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "7"},
        {"retry-after-ms": "7000"},
        {"retry-after": "date"},
        {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7s"},
    ],
)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_wish_to_wait_is_honoured(peer, ask: Ask, pauses, status: int, headers: dict[str, str]):
    date = formatdate(time.time() + 7.5, usegmt=True)
    headers = {name: date if value == "date" else value for name, value in headers.items()}
    peer.script = [(status, headers, "later")]

    (reply,) = ask()

    assert reply.text == "<yes> Blurred."
    assert pauses.seconds == [pytest.approx(7.25, abs=1)]


def test_a_wish_too_long_ends_the_run_at_once_and_says_so(peer, ask: Ask):
    peer.script = [(429, {"retry-after": "3600"}, "")]

    with pytest.raises(ObserverError, match=r"asks to wait 3600 s \(HTTP 429\).*query 0"):
        ask()

    assert len(peer.bodies) == 1


@pytest.mark.parametrize(
    "body", ["not json", "", "[]", "null", '{"choices": []}', '{"choices": [3]}', "\ufeff"]
)
def test_a_malformed_body_is_asked_for_again(peer, ask: Ask, body: str):
    peer.script = [(200, {}, body)]

    (reply,) = ask()

    assert reply.text == "<yes> Blurred."
    assert len(peer.bodies) == 2


def test_pauses_grow_and_end_in_an_error_that_says_what_happened(peer, ask: Ask, pauses):
    peer.script = [(500, {}, "oh no")] * 6

    with pytest.raises(ObserverError, match=r"m at http.*6 attempts; last: HTTP 500: oh no \(query 0\)"):
        ask()

    assert len(pauses.seconds) == 5
    assert all(
        0.75 * full <= got <= full for got, full in zip(pauses.seconds, [0.5, 1, 2, 4, 8], strict=True)
    )


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413])
def test_a_refusal_for_good_is_not_retried_and_carries_the_servers_words(peer, ask: Ask, status: int):
    peer.script = [(status, {}, json.dumps({"error": {"message": "wrong key", "code": 7}}))]

    with pytest.raises(ObserverError, match=rf"refused with HTTP {status}: wrong key \(query 0\)"):
        ask()

    assert len(peer.bodies) == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [({"x-should-retry": "false"}, ""), ({}, '{"error": {"code": "insufficient_quota"}}')],
)
def test_a_limit_that_waiting_does_not_lift_is_not_retried(
    peer, ask: Ask, headers: dict[str, str], body: str
):
    peer.script = [(429, headers, body)]

    with pytest.raises(ObserverError, match="refused with HTTP 429"):
        ask()

    assert len(peer.bodies) == 1


def test_one_failure_leaves_no_other_query_running(peer, ask: Ask):
    peer.pause_seconds = 0.05
    peer.script = [(401, {}, "")]

    with pytest.raises(ObserverError):
        ask(40, workers=2)

    time.sleep(0.2)
    assert len(peer.bodies) < 12


def test_a_server_that_does_not_answer_in_time_is_given_up(peer, ask: Ask):
    peer.pause_seconds = 0.4

    with pytest.raises(ObserverError, match=r"no answer within 0.05 s"):
        ask(timeout_seconds=0.05)


def test_a_server_that_trickles_is_given_up(peer, ask: Ask):
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b" ")
            await asyncio.sleep(0.01)
        return response

    peer.script = [trickle] * 6

    with pytest.raises(ObserverError, match=r"no answer within 0.05 s"):
        ask(timeout_seconds=0.05)


def test_a_connection_reset_in_mid_body_is_tried_again(peer, ask: Ask):
    async def reset(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-length": "1000"})
        await response.prepare(request)
        await response.write(b'{"choices"')
        assert request.transport is not None
        request.transport.abort()
        return response

    peer.script = [reset, reset]

    assert ask()[0].text == "<yes> Blurred."
    assert len(peer.bodies) == 3


def test_a_body_without_end_is_given_up(peer, ask: Ask):
    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(9):
            await response.write(b" " * 2**20)
        return response

    peer.script = [flood]

    assert ask()[0].text == "<yes> Blurred."
    assert len(peer.bodies) == 2


def test_a_server_that_is_not_there_is_given_up(pauses, picture: Image):
    observer = RemoteObserver(Endpoint("m", "http://127.0.0.1:9/v1"), ChatCompletions("m"), sleep=pauses)

    with pytest.raises(ObserverError, match="connection failed"):
        observer.ask([Query("p", (picture,))])

    observer.close()


def test_an_address_that_is_none_is_told(pauses, picture: Image):
    observer = RemoteObserver(Endpoint("m", "http://[::1/v1"), ChatCompletions("m"), sleep=pauses)

    with pytest.raises(ObserverError, match="not an address"):
        observer.ask([Query("p", (picture,))])

    observer.close()


@pytest.mark.parametrize(
    ("reply", "flag"),
    [("<yes> It is blurred.", True), ("No", False), ("I cannot help with that.", None), ("", None)],
)
def test_whatever_the_model_says_is_passed_on(peer, ask: Ask, reply: str, flag: bool | None):
    peer.answer = lambda body: says(reply)  # noqa: ARG005

    replies = ask(3)

    assert [got.text for got in replies] == [reply] * 3
    assert read_reply(replies[0].text, DIRECT_PROMPT).flag is flag


def test_closing_cancels_what_is_in_flight_and_leaves_no_thread_and_no_warning(peer, picture: Image):
    peer.pause_seconds = 5
    before = threading.active_count()
    observer = RemoteObserver(Endpoint("m", f"{peer.address}/v1", workers=2), ChatCompletions("m"))
    futures = [observer.submit(Query("p", (picture,))) for _ in range(6)]
    time.sleep(0.1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        observer.close()
        observer.close()
        gc.collect()

    assert threading.active_count() == before
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(timeout=1)
    with pytest.raises(RuntimeError, match="closed"):
        observer.submit(Query("p", (picture,)))


def test_a_large_picture_arrives_whole(peer, build):
    noise = Image(np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8))

    build().ask([Query("p", (noise, noise))])

    first, second, _ = peer.bodies[0]["messages"][0]["content"]
    assert first == second
    assert len(first["image_url"]["url"]) > 2_000_000


ONE_PICTURE = json.dumps({"error": {"message": "At most 1 image(s) may be provided in one prompt."}})


def takes_one(status: int):
    async def behave(request: web.Request) -> web.StreamResponse:
        parts = json.loads(await request.read())["messages"][0]["content"]
        if len(parts) > 2:
            return web.Response(status=status, text=ONE_PICTURE, content_type="application/json")
        return web.json_response(GOOD)

    return behave


@pytest.mark.parametrize("status", [400, 500])
def test_a_server_that_takes_one_picture_is_shown_two_as_one(
    peer, build, picture: Image, caplog, status: int
):
    peer.script = [takes_one(status)] * 20
    other = Image(255 - picture.pixels)
    observer = build(workers=2)

    replies = observer.ask([Query("Same?", (picture, other), key=str(number)) for number in range(6)])

    shown, said = peer.bodies[-1]["messages"][0]["content"]
    pixels = decode(base64.b64decode(shown["image_url"]["url"].partition(",")[2])).image.pixels
    assert [reply.text for reply in replies] == ["<yes> Blurred."] * 6
    assert len(peer.bodies) <= 6 + 2
    assert np.array_equal(pixels[:, : picture.width], picture.pixels)
    assert np.array_equal(pixels[:, -picture.width :], other.pixels)
    assert said["text"].startswith("The picture shows two images side by side")
    assert said["text"].endswith("Same?")
    assert observer.side_by_side
    assert [record.message for record in caplog.records if "side by side" in record.message] == [
        "m takes one picture per request: two are shown side by side as one"
    ]


def test_a_session_that_began_with_two_pictures_is_not_mixed(peer, pauses, picture: Image):
    peer.script = [takes_one(400)]
    observer = RemoteObserver(
        Endpoint("m", f"{peer.address}/v1"), ChatCompletions("m"), sleep=pauses, side_by_side=False
    )

    with pytest.raises(ObserverError, match="--side-by-side"):
        observer.ask([Query("p", (picture, picture))])

    observer.close()


def test_a_single_picture_is_sent_as_it_is(peer, pauses, picture: Image):
    peer.answer = lambda body: GOOD  # noqa: ARG005
    observer = RemoteObserver(
        Endpoint("m", f"{peer.address}/v1"), ChatCompletions("m"), sleep=pauses, side_by_side=True
    )

    observer.ask([Query("p", (picture,))])
    observer.close()

    assert text(peer.bodies[0]) == "p"


def test_what_is_asked_again_is_counted_and_told(peer, build, picture: Image, caplog, pauses):
    peer.script = [(429, {"retry-after": "2"}, "slow down"), (503, {}, "")]
    observer = build()

    observer.ask([Query("p", (picture,))])

    assert observer.retries.by_reason == {"HTTP 429": 1, "HTTP 503": 1}
    assert observer.retries.waited_seconds == pytest.approx(sum(pauses.seconds))
    assert "m: HTTP 429: slow down; asked again in" in caplog.text


def test_a_context_too_small_for_the_limit_is_asked_for_less(peer, build, picture: Image):
    words = "This model's maximum context length is 2048 tokens. However, you requested max_tokens=1024"
    peer.script = [(400, {}, json.dumps({"error": {"message": words}}))]

    build().ask([Query("p", (picture,))])

    assert [body["max_tokens"] for body in peer.bodies] == [1024, 512]
