import base64
import json
from collections.abc import Callable, Iterator

import numpy as np
import openai
import pytest
from openai.types.responses import Response

from calibration.image import Image, decode
from calibration.observers.openai_compatible import parse_openai, parse_openai_responses
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.observers.remote import RemoteObserver
from calibration.settings import ObserverSettings

Ask = Callable[..., Reply]


def response(
    *content: dict[str, object], status: str = "completed", reason: str | None = None, **more: object
):
    """An answer as OpenAI writes it, reasoning first."""
    message = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "gpt-5-pro",
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "temperature": 1.0,
        "top_p": 1.0,
        "output": [{"type": "reasoning", "id": "rs_1", "summary": []}, *([message] if content else [])],
        "usage": {
            "input_tokens": 600,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 1200,
            "output_tokens_details": {"reasoning_tokens": 1152},
            "total_tokens": 1800,
        },
        **more,
    }


def says(text: str) -> dict[str, object]:
    return {"type": "output_text", "text": text, "annotations": []}


@pytest.fixture
def observer(peer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteObserver]:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    peer.answer = lambda body: response(says("<yes> Blurred."))  # noqa: ARG005
    options = ObserverOptions(workers=2, effort="low")
    observer = parse_openai_responses(
        f"gpt-5-pro@{peer.address}/v1", settings=ObserverSettings(), options=options
    )
    yield observer
    observer.close()


@pytest.fixture
def ask(observer: RemoteObserver, picture: Image) -> Ask:
    return lambda prompt="what?": observer.ask([Query(prompt, (picture, picture), key="k")])[0]


def test_images_go_as_data_urls_before_the_prompt(peer, ask: Ask, picture: Image):
    reply = ask()

    body = peer.bodies[0]
    ((message,), paths) = body["input"], peer.paths
    first, second, text = message["content"]
    assert paths == ["/v1/responses"]
    assert reply.text == "<yes> Blurred."
    assert text == {"type": "input_text", "text": "what?"}
    assert first == second
    sent = base64.b64decode(first["image_url"].removeprefix("data:image/png;base64,"))
    assert np.array_equal(decode(sent).image.pixels, picture.pixels)
    assert (body["reasoning"], body["max_output_tokens"], body["store"]) == ({"effort": "low"}, 16_384, False)


def test_the_request_is_what_the_official_sdk_would_send(peer, ask: Ask):
    ask()
    ours = peer.bodies[0]
    with openai.OpenAI(base_url=f"{peer.address}/v1", api_key="secret", max_retries=0) as client:
        answer = client.responses.create(**ours)

    assert peer.bodies[1] == ours
    assert peer.paths[0] == peer.paths[1]
    assert peer.headers[0]["authorization"] == peer.headers[1]["authorization"]
    assert answer.output_text == "<yes> Blurred."


def test_thoughts_are_billed_counted_and_not_read(ask: Ask):
    reply = ask()

    assert (reply.tokens_in, reply.tokens_out, reply.tokens_thought) == (600, 1200, 1152)


@pytest.mark.parametrize(
    ("answer", "text", "ended"),
    [
        (response(says("<no> Same.")), "<no> Same.", "stop"),
        (response({"type": "refusal", "refusal": "I cannot."}), "I cannot.", "refusal"),
        (response(says("<no> Th"), status="incomplete", reason="max_output_tokens"), "<no> Th", "length"),
        (response(status="incomplete", reason="content_filter"), "[empty: content_filter]", "refusal"),
        (response(status="cancelled"), "[empty: cancelled]", "other"),
    ],
)
def test_what_ended_a_response_is_told(peer, ask: Ask, answer, text: str, ended: str):
    Response.model_validate(answer)
    peer.answer = lambda body: answer  # noqa: ARG005

    reply = ask()

    assert (reply.text, reply.ended) == (text, ended)


def test_a_response_that_failed_is_asked_for_again(peer, observer: RemoteObserver, ask: Ask, pauses):
    observer._sleep = pauses
    failed = response(status="failed", error={"code": "server_error", "message": "oh no"})
    peer.script = [(200, {}, json.dumps(failed))]

    assert ask().text == "<yes> Blurred."
    assert observer.retries.by_reason == {"malformed answer": 1}


def test_a_reply_eaten_by_thoughts_is_asked_for_again_with_more_room(peer, ask: Ask):
    eaten = response(status="incomplete", reason="max_output_tokens")
    peer.script = [(200, {}, json.dumps(eaten))]

    replies = [ask(), ask()]

    assert [body["max_output_tokens"] for body in peer.bodies] == [16_384, 32_768, 32_768]
    assert [reply.tokens_out for reply in replies] == [2400, 1200]  # the lost one is paid for as well


def test_a_model_that_takes_no_temperature_is_asked_without(peer, ask: Ask):
    words = "Unsupported parameter: 'temperature' is not supported with this model."
    peer.script = [(400, {}, json.dumps({"error": {"message": words}}))]

    ask()

    assert ["temperature" in body for body in peer.bodies] == [True, False]


@pytest.mark.parametrize("status", [400, 404])
def test_a_model_only_to_be_had_here_is_asked_here(peer, picture: Image, caplog, status: int):
    words = "This model is only supported in v1/responses and not in v1/chat/completions."
    peer.script = [(status, {}, json.dumps({"error": {"message": words}}))] * 2
    peer.answer = lambda body: response(says("<yes>"))  # noqa: ARG005
    peer.pause_seconds = 0.05
    options = ObserverOptions(workers=2)
    observer = parse_openai(f"o1-pro@{peer.address}/v1", settings=ObserverSettings(), options=options)

    replies = observer.ask([Query("p", (picture, picture), key=str(number)) for number in range(4)])
    observer.close()

    assert [reply.text for reply in replies] == ["<yes>"] * 4
    assert peer.paths == ["/v1/chat/completions"] * 2 + ["/v1/responses"] * 4
    assert "asked there" in caplog.text


def test_a_number_of_tokens_to_think_is_refused():
    with pytest.raises(ValueError, match="--effort"):
        parse_openai_responses(
            "m@http://h/v1", settings=ObserverSettings(), options=ObserverOptions(thinking=2048)
        )


def test_a_spec_without_an_address_is_refused():
    with pytest.raises(ValueError, match="openai-responses:MODEL@BASE_URL"):
        parse_openai_responses("gpt-5-pro", settings=ObserverSettings(), options=ObserverOptions())


def test_a_wrong_key_is_told_in_the_servers_words(peer, ask: Ask):
    peer.script = [(401, {}, '{"error": {"message": "Incorrect API key"}}')]

    with pytest.raises(ObserverError, match="HTTP 401: Incorrect API key"):
        ask()
