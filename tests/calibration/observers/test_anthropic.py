import base64
import json
from collections.abc import Callable, Iterator

import anthropic
import numpy as np
import pytest
from anthropic.types import Message as AnthropicMessage

from calibration.image import Image, decode
from calibration.observers.anthropic import parse_anthropic
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.observers.remote import RemoteObserver
from calibration.settings import ObserverSettings

Ask = Callable[..., Reply]


def message(*blocks: dict[str, object], stop: str | None = "end_turn") -> dict[str, object]:
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


@pytest.mark.parametrize(
    ("stop", "ended"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("pause_turn", "other"),
        (None, None),
    ],
)
def test_what_ended_a_message_is_told(peer, ask: Ask, stop: str | None, ended: str | None):
    peer.answer = lambda body: message({"type": "text", "text": "<yes> B."}, stop=stop)  # noqa: ARG005

    assert ask().ended == ended


def thoughtful(body: dict[str, object]) -> dict[str, object]:
    """Claude with thinking on: 3,000 tokens of thought before a word, cut where the limit is lower."""
    needed, limit = 3050, body["max_tokens"]
    blocks = [{"type": "thinking", "thinking": "Is it <no>?", "signature": "s"}]
    if limit >= needed:
        blocks.append({"type": "text", "text": "<yes> Blurred."})
    answer = message(*blocks, stop="end_turn" if limit >= needed else "max_tokens")
    spent = min(needed, limit)
    details = {"thinking_tokens": min(3000, limit)}
    answer["usage"] = {"input_tokens": 320, "output_tokens": spent, "output_tokens_details": details}
    AnthropicMessage.model_validate(answer)
    return answer


def built(model: str, peer, monkeypatch, **options: object) -> RemoteObserver:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", peer.address)
    return parse_anthropic(model, settings=ObserverSettings(), options=ObserverOptions(**options))


def test_a_claude_that_thinks_by_itself_has_room_for_its_answer(peer, monkeypatch, picture: Image):
    peer.answer = thoughtful
    observer = built("claude-sonnet-5-5", peer, monkeypatch)

    (reply,) = observer.ask([Query("p", (picture, picture))])
    observer.close()

    assert (reply.text, reply.tokens_out, reply.tokens_thought) == ("<yes> Blurred.", 3050, 3000)
    assert len(peer.bodies) == 1
    assert "thinking" not in peer.bodies[0]


def test_a_model_not_known_to_think_gets_more_room_once_and_keeps_it(peer, monkeypatch, picture: Image):
    peer.answer = thoughtful
    observer = built("claude-4-2-unheard-of", peer, monkeypatch, workers=2)

    replies = observer.ask([Query("p", (picture, picture), key=str(number)) for number in range(6)])
    observer.close()

    assert [reply.text for reply in replies] == ["<yes> Blurred."] * 6
    assert observer.max_tokens == 4096
    assert len(peer.bodies) <= 6 + 2 * 2
    assert sum(reply.tokens_out or 0 for reply in replies) == sum(
        min(3050, body["max_tokens"]) for body in peer.bodies
    )


def test_a_limit_the_user_gave_is_kept_though_replies_are_lost(peer, monkeypatch, picture: Image, caplog):
    peer.answer = thoughtful
    observer = built("claude-sonnet-5-5", peer, monkeypatch, max_tokens=256)

    (reply,) = observer.ask([Query("p", (picture, picture))])
    observer.close()

    assert (reply.text, reply.ended) == ("[empty: max_tokens]", "length")
    assert "give a larger --max-tokens" in caplog.text


@pytest.mark.parametrize(
    ("model", "options", "expected"),
    [
        ("claude-sonnet-4-5", {"thinking": "on"}, {"thinking": {"type": "enabled", "budget_tokens": 4096}}),
        ("claude-opus-4-6", {"thinking": "on"}, {"thinking": {"type": "adaptive"}}),
        ("claude-sonnet-4-5", {"thinking": 2048}, {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        ("claude-opus-5", {"thinking": "off"}, {"thinking": {"type": "disabled"}}),
        ("claude-opus-5", {"effort": "low"}, {"output_config": {"effort": "low"}}),
        ("claude-opus-5", {"effort": "none"}, {"thinking": {"type": "disabled"}}),
    ],
)
def test_thinking_and_effort_are_asked_for_in_claudes_words(
    peer, monkeypatch, picture: Image, *, model: str, options: dict[str, object], expected: dict[str, object]
):
    peer.answer = lambda body: message({"type": "text", "text": "<yes>"})  # noqa: ARG005
    observer = built(model, peer, monkeypatch, **options)

    observer.ask([Query("p", (picture, picture))])
    observer.close()

    (body,) = peer.bodies
    assert {name: body[name] for name in ("thinking", "output_config") if name in body} == expected
    thinking = body.get("thinking", {})
    assert thinking.get("budget_tokens", 0) < body["max_tokens"]
    assert ("temperature" in body) == (thinking.get("type") not in ("enabled", "adaptive"))


@pytest.mark.parametrize(
    ("model", "thinking", "complaint", "other"),
    [
        (
            "claude-4-9-unheard-of",
            "on",
            '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
            '"output_config.effort" to control thinking behavior.',
            {"type": "adaptive"},
        ),
        (
            "claude-opus-4-6",
            "on",
            "adaptive thinking is not supported on this model",
            {"type": "enabled", "budget_tokens": 4096},
        ),
        ("claude-sonnet-5-5", "off", "thinking.type: use between_tools", {"type": "between_tools"}),
    ],
)
def test_a_model_that_thinks_in_another_way_is_asked_that_way(
    peer, monkeypatch, picture: Image, *, model: str, thinking: str, complaint: str, other: dict[str, object]
):
    peer.script = [(400, {}, json.dumps({"error": {"message": complaint}}))]
    peer.answer = lambda body: message({"type": "text", "text": "<yes>"})  # noqa: ARG005
    observer = built(model, peer, monkeypatch, thinking=thinking)

    observer.ask([Query("p", (picture, picture))])
    observer.close()

    assert peer.bodies[-1]["thinking"] == other


@pytest.mark.parametrize(
    "options",
    [{"effort": "minimal"}, {"thinking": 512}, {"thinking": 4096, "max_tokens": 2048}],
    ids=" ".join,
)
def test_what_claude_does_not_take_is_told_before_anything_is_sent(peer, monkeypatch, options):
    with pytest.raises(ValueError, match="Claude takes"):
        built("claude-sonnet-4-5", peer, monkeypatch, **options)
