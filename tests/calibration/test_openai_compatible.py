import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from calibration.image import Image, decode
from calibration.observers.openai_compatible import Endpoint, OpenAIObserver, parse_openai
from calibration.observers.protocol import ObserverError, Query
from calibration.settings import ObserverSettings

PICTURE = Image(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))


def completion(text: str) -> str:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]})


class Peer:
    """A real HTTP server that answers as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.script: list[tuple[int, dict[str, str], str]] = []
        self.requests: list[dict[str, object]] = []
        self.headers: list[dict[str, str]] = []
        self.in_flight = self.most_in_flight = 0
        self.pause_seconds = 0.0
        self.answer: Callable[[dict], str] = lambda body: "<yes> Blurred."  # noqa: ARG005 - the default
        self._lock = threading.Lock()
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status, headers, answer = peer.take(body, dict(self.headers))
                data = answer.encode()
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
                with peer._lock:
                    peer.in_flight -= 1

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/v1"
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()

    def take(self, body: dict[str, object], headers: dict[str, str]) -> tuple[int, dict[str, str], str]:
        with self._lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            self.requests.append(body)
            self.headers.append(headers)
            answer = self.script.pop(0) if self.script else (200, {}, completion(self.answer(body)))
        time.sleep(self.pause_seconds)
        return answer

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.stop()


class Pauses:
    """Notes how long the observer wanted to wait, without waiting."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def ask(peer: Peer, count: int = 1, pauses: Pauses | None = None, **options: object):
    observer = OpenAIObserver(Endpoint("m", peer.address, **options), sleep=pauses or Pauses())  # type: ignore[arg-type]
    try:
        return observer.ask([Query(f"prompt {n}", (PICTURE, PICTURE), key=str(n)) for n in range(count)])
    finally:
        observer.close()


def test_images_go_as_lossless_data_urls_before_the_prompt(peer: Peer):
    (reply,) = ask(peer)

    (message,) = peer.requests[0]["messages"]
    first, second, text = message["content"]
    sent = first["image_url"]["url"]
    assert reply.text == "<yes> Blurred."
    assert text == {"type": "text", "text": "prompt 0"}
    assert first == second
    decoded = decode(base64.b64decode(sent.removeprefix("data:image/png;base64,"))).image
    assert np.array_equal(decoded.pixels, PICTURE.pixels)
    assert peer.requests[0]["temperature"] == 0


def test_the_key_goes_as_a_bearer_token(peer: Peer):
    ask(peer, api_key="secret")

    assert {name.lower(): value for name, value in peer.headers[0].items()}[
        "authorization"
    ] == "Bearer secret"


def test_replies_come_in_the_order_of_the_queries(peer: Peer):
    peer.answer = lambda body: body["messages"][0]["content"][-1]["text"]

    replies = ask(peer, count=20)

    assert [reply.text for reply in replies] == [f"prompt {n}" for n in range(20)]


def test_no_more_requests_are_in_flight_than_there_are_workers(peer: Peer):
    peer.pause_seconds = 0.03

    ask(peer, count=12, workers=3)

    assert peer.most_in_flight == 3


@pytest.mark.parametrize(
    ("status", "wish"),
    [
        (429, "7"),
        (500, "7"),
        (503, "in 7 seconds"),
    ],
)
def test_a_wish_to_wait_is_honoured(peer: Peer, status: int, wish: str):
    date = formatdate(time.time() + 7.5, usegmt=True)
    peer.script = [(status, {"retry-after": date if wish.startswith("in") else wish}, "later")]
    pauses = Pauses()

    (reply,) = ask(peer, pauses=pauses)

    assert reply.text == "<yes> Blurred."
    assert pauses.seconds == [pytest.approx(7, abs=1.5)]


@pytest.mark.parametrize("body", ["not json", "[]", '{"choices": []}', '{"error": "x"}', '{"choices": [3]}'])
def test_a_malformed_body_is_asked_for_again(peer: Peer, body: str):
    peer.script = [(200, {}, body)]

    (reply,) = ask(peer)

    assert reply.text == "<yes> Blurred."
    assert len(peer.requests) == 2


def test_a_wish_that_cannot_be_read_is_passed_over(peer: Peer):
    peer.script = [(429, {"retry-after": "soon"}, "")]
    pauses = Pauses()

    ask(peer, pauses=pauses)

    assert pauses.seconds == [0.5]


def test_pauses_grow_and_end_in_an_error_that_says_what_happened(peer: Peer):
    peer.script = [(500, {}, "")] * 6
    pauses = Pauses()

    with pytest.raises(ObserverError, match=r"m at http.*6 attempts; last: HTTP 500"):
        ask(peer, pauses=pauses)

    assert pauses.seconds == [0.5, 1, 2, 4, 8]


def test_a_refusal_for_good_is_not_retried(peer: Peer):
    peer.script = [(401, {}, "wrong key")]

    with pytest.raises(ObserverError, match="HTTP 401: wrong key"):
        ask(peer)

    assert len(peer.requests) == 1


def test_an_empty_message_is_a_reply(peer: Peer):
    peer.script = [
        (200, {}, json.dumps({"choices": [{"message": {"content": None, "refusal": "I cannot."}}]}))
    ]

    assert ask(peer)[0].text == "I cannot."


def test_a_server_that_does_not_answer_in_time_is_given_up(peer: Peer):
    peer.pause_seconds = 0.4

    with pytest.raises(ObserverError, match=r"no answer within 0.05 s"):
        ask(peer, timeout_seconds=0.05)


def test_a_server_that_is_not_there_is_given_up():
    observer = OpenAIObserver(Endpoint("m", "http://127.0.0.1:9/v1"), sleep=Pauses())

    with pytest.raises(ObserverError, match="connection failed"):
        observer.ask([Query("p", (PICTURE,))])

    observer.close()


def test_a_model_name_may_hold_an_at_sign_and_the_key_comes_from_the_settings(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")

    observer = parse_openai("org/m@2@http://host/v1", settings=ObserverSettings(), workers=2)
    observer.close()

    assert observer.name == "org/m@2"
    assert observer._endpoint == Endpoint("org/m@2", "http://host/v1", api_key="k", workers=2)


@pytest.mark.parametrize("rest", ["", "gpt-4o", "@http://host/v1", "gpt-4o@host/v1"])
def test_an_incomplete_spec_is_refused(rest: str):
    with pytest.raises(ValueError, match="openai:MODEL@BASE_URL"):
        parse_openai(rest, settings=ObserverSettings(), workers=1)
