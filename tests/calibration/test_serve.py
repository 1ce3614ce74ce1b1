import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openai
import pytest
import uvicorn

from calibration.image import Image, encode_jpeg, encode_png
from calibration.observers.protocol import ObserverError, Query, Reply, TokenChoice, UnfitQueryError
from calibration.observers.simulated import parse_simulated
from calibration.questions import DIFFERENT_PROMPT, IMPLICIT_PROMPT
from calibration.serve import build_app

GREY = Image(np.full((16, 16, 3), 128, np.uint8))
WHITE = Image(np.full((16, 16, 3), 255, np.uint8))


class Slow:
    """A local model that takes its time and notes its batches."""

    name = "slow"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def complete(self, queries: Sequence[Query]) -> list[str]:
        self.batches.append(len(queries))
        time.sleep(0.2)
        if any(query.prompt == "break" for query in queries):
            raise ObserverError("out of order")
        if any(query.prompt == "too long" for query in queries):
            raise UnfitQueryError("expected less")
        return [f"{query.prompt} {len(query.images)}" for query in queries]

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def count_image_tokens(self, image: Image) -> int:
        return image.width


@contextlib.contextmanager
def serving(model) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(build_app(model), port=0, log_level="warning"))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(parse_simulated("threshold=5,slope=8,false_alarm=0,lapse=0")) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{address}/v1", api_key="any", max_retries=0) as client:
        yield client


def user(prompt: str, *images: bytes | str):
    urls = [
        image if isinstance(image, str) else f"data:image/png;base64,{base64.b64encode(image).decode()}"
        for image in images
    ]
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return [{"role": "user", "content": [*parts, {"type": "text", "text": prompt}]}]


def post(address: str, body: bytes, path: str = "/v1/chat/completions") -> tuple[int, dict]:
    request = urllib.request.Request(f"{address}{path}", data=body, method="POST")  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_official_sdk_gets_an_answer_with_usage(client: openai.OpenAI):
    messages = user(DIFFERENT_PROMPT, encode_png(GREY), encode_jpeg(WHITE, 90))

    completion = client.chat.completions.create(model="simulated", messages=messages)

    assert completion.choices[0].message.content == "Yes"
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None
    assert completion.usage.prompt_tokens == len(DIFFERENT_PROMPT.split()) + 2
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + 1


def test_the_official_sdk_can_stream_and_gets_usage_when_it_asks(client: openai.OpenAI):
    messages = user(IMPLICIT_PROMPT, encode_png(GREY), encode_png(WHITE))

    chunks = list(
        client.chat.completions.create(
            model="simulated", messages=messages, stream=True, stream_options={"include_usage": True}
        )
    )

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "<yes> The images differ in quality."
    assert [chunk.usage is not None for chunk in chunks].count(True) == 1
    assert chunks[-1].usage.completion_tokens == 6
    assert len(chunks) > 5


def test_without_asking_a_stream_carries_no_usage(client: openai.OpenAI):
    messages = user(DIFFERENT_PROMPT, encode_png(GREY), encode_png(GREY))

    chunks = list(client.chat.completions.create(model="simulated", messages=messages, stream=True))

    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_the_models_are_listed(client: openai.OpenAI):
    assert [model.id for model in client.models.list()] == ["simulated"]
    assert client.models.retrieve("simulated").id == "simulated"


def test_an_unknown_model_is_not_found(client: openai.OpenAI):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-5", messages=user("hello"))

    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-5")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://example.com/cat.png", "invalid_image_url"),
        ("file:///etc/passwd", "invalid_image_url"),
        ("data:text/plain;base64,aGk=", "invalid_image_url"),
        ("data:image/png;base64,@@@", "invalid_base64_image"),
        ("data:image/png;base64,", "invalid_image"),
        ("data:image/png;base64," + base64.b64encode(b"no picture").decode(), "invalid_image"),
        ("data:image/png;base64," + base64.b64encode(encode_png(GREY)[:60]).decode(), "invalid_image"),
    ],
)
def test_an_image_that_cannot_be_used_is_a_bad_request(client: openai.OpenAI, url: str, code: str):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="simulated", messages=user("same?", url))

    assert (caught.value.code, caught.value.type) == (code, "invalid_request_error")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"messages": []}',
        b'{"model": "simulated"}',
        b'{"model": "simulated", "messages": []}',
        b'{"model": "simulated", "messages": ["hi"]}',
        b'{"model": "simulated", "messages": [{"role": "system", "content": "hi"}]}',
        b'{"model": "simulated", "messages": [{"role": "user", "content": 3}]}',
        b'{"model": "simulated", "messages": [{"role": "user", "content": [{"type": "audio"}]}]}',
        b'{"model": "simulated", "n": 2, "messages": [{"role": "user", "content": "hi"}]}',
    ],
)
def test_a_body_that_is_no_request_is_told_in_openais_format(address: str, body: bytes):
    status, answer = post(address, body)

    assert status == 400
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["error"]["message"]


def test_an_unknown_path_is_told_in_openais_format(address: str):
    status, answer = post(address, b"{}", "/v1/embeddings")

    assert status == 404
    assert answer["error"]["type"] == "invalid_request_error"


def test_the_server_tells_that_it_lives(address: str):
    with urllib.request.urlopen(f"{address}/livez") as response:  # noqa: S310
        assert response.status == 200


def test_pictures_of_an_earlier_turn_stay_in_sight_of_the_last_prompt():
    model = Slow()
    turns = [*user("first", encode_png(GREY)), {"role": "assistant", "content": "ok"}, *user("second")]

    with serving(model) as address:
        _, answer = post(address, json.dumps({"model": "slow", "messages": turns}).encode())

    assert answer["choices"][0]["message"]["content"] == "second 1"
    assert answer["usage"]["prompt_tokens"] == 1 + 16


def test_requests_that_wait_together_are_answered_in_one_batch():
    model = Slow()
    body = json.dumps({"model": "slow", "messages": user("hi")}).encode()

    with serving(model) as address:
        threads = [threading.Thread(target=post, args=(address, body)) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sum(model.batches) == 10
    assert len(model.batches) <= 4


def test_a_model_that_fails_is_a_server_error_and_the_server_lives_on():
    with serving(Slow()) as address:
        status, answer = post(address, json.dumps({"model": "slow", "messages": user("break")}).encode())
        after, _ = post(address, json.dumps({"model": "slow", "messages": user("hi")}).encode())

    assert (status, answer["error"]["type"]) == (500, "server_error")
    assert after == 200


def test_a_query_that_the_model_never_takes_is_a_bad_request_and_costs_no_other_its_answer():
    bodies = [
        json.dumps({"model": "slow", "messages": user(word)}).encode()
        for word in ("hi", "too long", "hi", "too long", "hi")
    ]

    with serving(Slow()) as address, ThreadPoolExecutor(5) as callers:
        answers = list(callers.map(lambda body: post(address, body), bodies))

    assert [status for status, _ in answers] == [200, 400, 200, 400, 200]
    assert answers[1][1]["error"]["message"] == "expected less"


def test_sigterm_answers_what_is_in_flight_and_ends(tmp_path: Path):
    script = tmp_path / "slow_server.py"
    script.write_text(_SLOW_SERVER)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(script), str(port)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/livez")
        answers: list[tuple[int, dict]] = []
        body = json.dumps({"model": "slow", "messages": user("hi")}).encode()
        asking = threading.Thread(target=lambda: answers.append(post(f"http://127.0.0.1:{port}", body)))
        asking.start()
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGTERM)
        asking.join(timeout=10)
        assert process.wait(timeout=10) in (0, -signal.SIGTERM)
    finally:
        process.kill()
        process.wait()

    assert answers[0][0] == 200


_SLOW_SERVER = """
import sys, time
from calibration.serve import run_server

class Slow:
    name = "slow"
    def complete(self, queries):
        time.sleep(1.0)
        return ["done"] * len(queries)
    def count_tokens(self, text):
        return 1
    def count_image_tokens(self, image):
        return 1

run_server(Slow(), host="127.0.0.1", port=int(sys.argv[1]))
"""


def _wait_for(url: str, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(url):  # noqa: S310
            return
        time.sleep(0.05)
    raise TimeoutError(url)


class Telling(Slow):
    """A local model that says how sure it is."""

    name = "telling"

    def tell(self, queries: Sequence[Query], listed: int) -> list[Reply]:
        alternatives = {" good": -0.2, " poor": -1.9, " bad": -4.0}
        kept = dict(list(alternatives.items())[: max(listed, 1)])
        return [
            Reply(f"{query.manner.opening} good", choices=(TokenChoice(" good", kept),)) for query in queries
        ]


def test_the_official_sdk_gets_log_probabilities_of_an_opened_answer():
    messages = [*user("Rate it.", encode_png(GREY)), {"role": "assistant", "content": "It is"}]

    with serving(Telling()) as address, openai.OpenAI(base_url=f"{address}/v1", api_key="any") as client:
        told = client.chat.completions.create(
            model="telling",
            messages=messages,
            logprobs=True,
            top_logprobs=2,
            extra_body={"continue_final_message": True},
        ).choices[0]
        plain = client.chat.completions.create(model="telling", messages=user("hi")).choices[0]

    assert told.message.content == "It is good"
    assert told.logprobs is not None
    (token,) = told.logprobs.content or []
    assert (token.token, token.logprob) == (" good", -0.2)
    assert [other.token for other in token.top_logprobs] == [" good", " poor"]
    assert (plain.message.content, plain.logprobs) == ("hi 0", None)


def test_a_model_that_tells_none_refuses_them(client: openai.OpenAI):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="simulated", messages=user("hi"), logprobs=True)

    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "logprobs")
