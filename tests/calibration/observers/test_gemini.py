import base64
import json
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from google import genai
from google.genai import types

from calibration.image import Image, decode, encode_png_fast
from calibration.observers.gemini import parse_gemini
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.observers.remote import RemoteObserver
from calibration.questions import IMPLICIT_PROMPT
from calibration.settings import ObserverSettings

Ask = Callable[..., Reply]


def generated(*parts: dict[str, object], finish: str | None = "STOP", **more: object) -> dict[str, object]:
    return {
        "candidates": [{"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, **more}],
        "usageMetadata": {"promptTokenCount": 540, "candidatesTokenCount": 7, "thoughtsTokenCount": 30},
    }


@pytest.fixture
def observer(peer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteObserver]:
    monkeypatch.setenv("GEMINI_API_KEY", "secret")
    monkeypatch.setenv("GEMINI_BASE_URL", peer.address)
    peer.answer = lambda body: generated({"text": "<yes> Blurred."})  # noqa: ARG005
    observer = parse_gemini(
        "gemini-2.5-flash", settings=ObserverSettings(), options=ObserverOptions(workers=2)
    )
    yield observer
    observer.close()


@pytest.fixture
def ask(observer: RemoteObserver, picture: Image) -> Ask:
    return lambda prompt=IMPLICIT_PROMPT: observer.ask([Query(prompt, (picture, picture), key="k")])[0]


def test_images_go_inline_before_the_prompt(peer, ask: Ask, picture: Image):
    reply = ask("what?")

    (content,) = peer.bodies[0]["contents"]
    first, second, text = content["parts"]
    assert reply.text == "<yes> Blurred."
    assert text == {"text": "what?"}
    assert first == second
    assert np.array_equal(decode(base64.b64decode(first["inlineData"]["data"])).image.pixels, picture.pixels)


def test_the_request_is_what_the_official_sdk_would_send(peer, ask: Ask, picture: Image):
    ask()
    png = types.Part.from_bytes(data=encode_png_fast(picture), mime_type="image/png")
    client = genai.Client(
        api_key="secret", http_options=types.HttpOptions(base_url=peer.address, api_version="v1beta")
    )
    answer = client.models.generate_content(
        model="gemini-2.5-flash",
        contents=[png, png, IMPLICIT_PROMPT],
        config=types.GenerateContentConfig(
            temperature=0, max_output_tokens=16_384, response_logprobs=True, logprobs=5
        ),
    )
    client.close()

    ours, theirs = peer.bodies
    assert ours["generationConfig"] == theirs["generationConfig"]
    for part, other in zip(ours["contents"][0]["parts"], theirs["contents"][0]["parts"], strict=True):
        assert bare(part) == bare(other)
    assert peer.paths[0] == peer.paths[1]
    assert peer.headers[0]["x-goog-api-key"] == peer.headers[1]["x-goog-api-key"]
    assert answer.text == "<yes> Blurred."


def bare(part: dict) -> dict:
    """One part, in one of the two spellings the API takes: the SDK mixes them, and base64's alphabets."""
    if "inlineData" not in part:
        return part
    inline = part["inlineData"]
    media_type = inline.get("mimeType") or inline["mime_type"]
    return {"type": media_type, "data": inline["data"].replace("-", "+").replace("_", "/")}


def test_thoughts_are_billed_and_not_read(peer, ask: Ask):
    peer.answer = lambda body: generated({"text": "No...", "thought": True}, {"text": "<yes> B."})  # noqa: ARG005

    reply = ask()

    assert (reply.text, reply.tokens_in, reply.tokens_out) == ("<yes> B.", 540, 37)


def test_log_probabilities_become_a_probability(peer, ask: Ask):
    tokens = [("<", {}), ("yes", {"yes": 0.6, "no": 0.2}), (">", {})]
    result = {
        "chosenCandidates": [
            {"token": token, "tokenId": 1, "logProbability": math.log(others.get(token, 1))}
            for token, others in tokens
        ],
        "topCandidates": [
            {
                "candidates": [
                    {"token": t, "tokenId": 1, "logProbability": math.log(p)} for t, p in others.items()
                ]
            }
            for _, others in tokens
        ],
    }
    answer = generated({"text": "<yes>"}, logprobsResult=result)
    types.GenerateContentResponse.model_validate(answer)
    peer.answer = lambda body: answer  # noqa: ARG005

    assert ask().probability == pytest.approx(0.75)


def test_a_model_without_log_probabilities_is_asked_without(peer, ask: Ask, caplog: pytest.LogCaptureFixture):
    peer.script = [
        (400, {}, json.dumps({"error": {"code": 400, "message": "Logprobs is not enabled for models/g"}}))
    ]

    replies = [ask(), ask()]

    assert [reply.probability for reply in replies] == [None, None]
    assert ["responseLogprobs" in body["generationConfig"] for body in peer.bodies] == [True, False, False]
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "[empty: SAFETY]"),
        ({"candidates": [{"finishReason": "SAFETY"}]}, "[empty: SAFETY]"),
        (
            {"candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}]},
            "[empty: MAX_TOKENS]",
        ),
        (generated({"text": ""}), ""),
    ],
)
def test_blocked_and_empty_answers_are_replies_that_say_why(peer, ask: Ask, answer, text: str):
    types.GenerateContentResponse.model_validate(answer)
    peer.answer = lambda body: answer  # noqa: ARG005

    assert ask().text == text


def test_the_wait_google_writes_into_the_body_is_honoured(
    peer, observer: RemoteObserver, picture: Image, pauses
):
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36s"}]
    peer.script = [(429, {}, json.dumps({"error": {"code": 429, "message": "quota", "details": details}}))]
    observer._sleep = pauses

    observer.ask([Query("p", (picture,))])

    assert pauses.seconds == [pytest.approx(36.25, abs=0.25)]


def test_a_wrong_key_is_told_in_the_servers_words(peer, ask: Ask):
    peer.script = [(400, {}, '{"error": {"code": 400, "message": "API key not valid."}}')]

    with pytest.raises(ObserverError, match=r"HTTP 400: API key not valid\."):
        ask()


def test_either_variable_holds_the_key_and_a_missing_one_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    with pytest.raises(ValueError, match="set GEMINI_API_KEY"):
        parse_gemini("g", settings=ObserverSettings(), options=ObserverOptions(workers=1))

    monkeypatch.setenv("GOOGLE_API_KEY", "k")
    observer = parse_gemini("g", settings=ObserverSettings(), options=ObserverOptions(workers=1))
    observer.close()

    assert observer.endpoint.api_key == "k"


def test_a_missing_model_is_told():
    with pytest.raises(ValueError, match="gemini:MODEL"):
        parse_gemini("", settings=ObserverSettings(), options=ObserverOptions(workers=1))


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        (generated({"text": "<yes>"}), "stop"),
        ({"candidates": [{"finishReason": "MAX_TOKENS"}]}, "length"),
        ({"candidates": [{"finishReason": "PROHIBITED_CONTENT"}]}, "refusal"),
        ({"candidates": [{"finishReason": "LANGUAGE"}]}, "other"),
        ({"promptFeedback": {"blockReason": "OTHER"}}, "refusal"),
    ],
)
def test_what_ended_an_answer_is_told(peer, ask: Ask, answer, ended: str):
    types.GenerateContentResponse.model_validate(answer)
    peer.answer = lambda body: answer  # noqa: ARG005

    assert ask().ended == ended


@pytest.mark.parametrize(
    ("model", "options", "expected"),
    [
        ("gemini-2.5-flash", {"thinking": "off"}, {"thinkingBudget": 0}),
        ("gemini-2.5-flash", {"thinking": "on"}, {"thinkingBudget": -1}),
        ("gemini-2.5-flash", {"thinking": 512}, {"thinkingBudget": 512}),
        ("gemini-2.5-flash", {"effort": "low"}, {"thinkingBudget": 1024}),
        ("gemini-3-pro-preview", {"effort": "low"}, {"thinkingLevel": "low"}),
        ("gemini-3-flash", {"thinking": "off"}, {"thinkingLevel": "minimal"}),
        ("gemini-3-flash", {}, None),
    ],
)
def test_thinking_and_effort_are_asked_for_in_geminis_words(
    peer, monkeypatch, picture: Image, *, model: str, options: dict[str, object], expected: object
):
    monkeypatch.setenv("GEMINI_API_KEY", "secret")
    monkeypatch.setenv("GEMINI_BASE_URL", f"{peer.address}/v1beta")
    peer.answer = lambda body: generated({"text": "<yes>"})  # noqa: ARG005
    observer = parse_gemini(model, settings=ObserverSettings(), options=ObserverOptions(**options))

    observer.ask([Query("p", (picture, picture))])
    observer.close()

    asked = peer.bodies[0]["generationConfig"].get("thinkingConfig")
    assert asked == expected
    assert peer.paths == [f"/v1beta/models/{model}:generateContent"]
    types.ThinkingConfig.model_validate(asked or {})


def test_a_model_that_takes_no_temperature_is_asked_without(peer, ask: Ask):
    peer.script = [(400, {}, '{"error": {"message": "Temperature is not supported"}}')]

    ask()

    assert ["temperature" in body["generationConfig"] for body in peer.bodies] == [True, False]
