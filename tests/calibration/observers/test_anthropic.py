import base64
import json
from collections.abc import Callable, Iterator

import anthropic
import numpy as np
import pytest

from calibration.image import Image, decode
from calibration.observers.anthropic import parse_anthropic
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.observers.remote import RemoteObserver
from calibration.settings import ObserverSettings

Ask = Callable[..., Reply]


def message(*blocks: dict[str, object], stop: str = "end_turn") -> dict[str, object]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": list(blocks),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 300, "cache_read_input_tokens": 20, "output_tokens": 9},
    }


@pytest.fixture
def observer(peer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteObserver]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", peer.address)
    peer.answer = lambda body: message({"type": "text", "text": "<yes> Blurred."})  # noqa: ARG005
    observer = parse_anthropic("claude", settings=ObserverSettings(), options=ObserverOptions(workers=2))
    yield observer
    observer.close()


@pytest.fixture
def ask(observer: RemoteObserver, picture: Image) -> Ask:
    return lambda prompt="what?": observer.ask([Query(prompt, (picture, picture), key="k")])[0]


def test_images_go_as_base64_blocks_before_the_prompt(peer, ask: Ask, picture: Image):
    reply = ask()

    (sent,) = peer.bodies[0]["messages"]
    first, second, text = sent["content"]
    assert reply.text == "<yes> Blurred."
    assert text == {"type": "text", "text": "what?"}
    assert first == second
    assert np.array_equal(decode(base64.b64decode(first["source"]["data"])).image.pixels, picture.pixels)
    assert peer.bodies[0]["temperature"] == 0


def test_the_request_is_what_the_official_sdk_would_send_beside_its_newer_version(peer, ask: Ask):
    ask()
    ours = dict(peer.bodies[0])
    temperature = {"temperature": ours.pop("temperature")}  # gone from the version the SDK speaks
    with anthropic.Anthropic(base_url=peer.address, api_key="secret", max_retries=0) as client:
        answer = client.messages.create(**ours, extra_body=temperature)

    assert peer.bodies[1] == peer.bodies[0]
    assert peer.paths[0] == peer.paths[1] == "/v1/messages"
    assert peer.headers[0]["content-type"] == peer.headers[1]["content-type"]
    assert peer.headers[0]["x-api-key"] == "secret"
    assert peer.headers[0]["anthropic-version"] == "2023-06-01"
    assert answer.content[0].text == "<yes> Blurred."
    assert answer.usage.output_tokens == 9


def test_all_tokens_read_are_counted_those_from_a_cache_too(ask: Ask):
    reply = ask()

    assert (reply.tokens_in, reply.tokens_out, reply.probability) == (320, 9, None)


@pytest.mark.parametrize(
    ("blocks", "stop", "text"),
    [
        ([{"type": "thinking", "thinking": "no"}, {"type": "text", "text": "<yes>"}], "end_turn", "<yes>"),
        ([], "refusal", "[empty: refusal]"),
        ([], "end_turn", ""),
        ([{"type": "text", "text": "I can't."}], "refusal", "I can't."),
    ],
)
def test_refusals_and_empty_messages_are_replies(peer, ask: Ask, blocks, stop: str, text: str):
    peer.answer = lambda body: message(*blocks, stop=stop)  # noqa: ARG005

    assert ask().text == text


def test_a_model_that_takes_no_temperature_is_asked_without(peer, ask: Ask):
    peer.script = [
        (400, {}, json.dumps({"error": {"message": "`temperature` is deprecated for this model."}}))
    ]

    replies = [ask(), ask()]

    assert [reply.text for reply in replies] == ["<yes> Blurred."] * 2
    assert ["temperature" in body for body in peer.bodies] == [True, False, False]


def test_an_overloaded_server_is_asked_again(peer, ask: Ask):
    peer.script = [(529, {"retry-after-ms": "1"}, '{"type": "error", "error": {"type": "overloaded_error"}}')]

    assert ask().text == "<yes> Blurred."


def test_a_wrong_key_is_told_in_the_servers_words(peer, ask: Ask):
    peer.script = [(401, {}, '{"type": "error", "error": {"type": "x", "message": "invalid x-api-key"}}')]

    with pytest.raises(ObserverError, match="HTTP 401: invalid x-api-key"):
        ask()


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_key_is_named_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch, value: str | None):
    if value is None:
        monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    else:
        monkeypatch.setenv("ANTHROPIC_API_KEY", value)

    with pytest.raises(ValueError, match="set ANTHROPIC_API_KEY"):
        parse_anthropic("claude", settings=ObserverSettings(), options=ObserverOptions(workers=1))


def test_a_missing_model_is_told():
    with pytest.raises(ValueError, match="anthropic:MODEL"):
        parse_anthropic("", settings=ObserverSettings(), options=ObserverOptions(workers=1))
