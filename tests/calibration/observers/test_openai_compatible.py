import base64
import json
import math
from collections.abc import Callable, Iterator

import numpy as np
import openai
import pytest
from aiohttp import web
from openai.types.chat import ChatCompletion

from calibration.image import Image, decode
from calibration.observers.dialect import Endpoint
from calibration.observers.openai_compatible import ChatCompletions, parse_openai
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import ObserverError, Query, Reply
from calibration.observers.remote import RemoteObserver
from calibration.questions import IMPLICIT_PROMPT, MULTIPLE_CHOICE_PROMPT
from calibration.settings import ObserverSettings

Ask = Callable[..., Reply]
LETTERED = MULTIPLE_CHOICE_PROMPT.format(distortion="blur")


def token(text: str, *others: tuple[str, float]) -> dict[str, object]:
    """One token of a reply, with the probabilities of what it could have been."""
    top = [{"token": word, "logprob": math.log(p), "bytes": None} for word, p in others]
    return {"token": text, "logprob": math.log(dict(others)[text]), "bytes": None, "top_logprobs": top}


def completion(
    message: dict[str, object], tokens: list[dict[str, object]] | None = None, finish: str = "stop"
):
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{**choice, "logprobs": {"content": tokens, "refusal": None} if tokens else None}],
        "usage": {"prompt_tokens": 321, "completion_tokens": 12, "total_tokens": 333},
    }


@pytest.fixture
def observer(peer, pauses) -> Iterator[RemoteObserver]:
    peer.answer = lambda body: completion({"content": "<yes> Blurred."})  # noqa: ARG005
    observer = RemoteObserver(
        Endpoint("m", f"{peer.address}/v1", api_key="secret", workers=1), ChatCompletions("m"), sleep=pauses
    )
    yield observer
    observer.close()


@pytest.fixture
def ask(observer: RemoteObserver, picture: Image) -> Ask:
    def ask(prompt: str = IMPLICIT_PROMPT) -> Reply:
        return observer.ask([Query(prompt, (picture, picture), key="k")])[0]

    return ask


def test_images_go_as_lossless_data_urls_before_the_prompt(peer, ask: Ask, picture: Image):
    reply = ask("what?")

    (message,) = peer.bodies[0]["messages"]
    first, second, text = message["content"]
    assert reply.text == "<yes> Blurred."
    assert text == {"type": "text", "text": "what?"}
    assert first == second
    sent = base64.b64decode(first["image_url"]["url"].removeprefix("data:image/png;base64,"))
    assert np.array_equal(decode(sent).image.pixels, picture.pixels)


def test_the_request_is_what_the_official_sdk_would_send(peer, ask: Ask):
    ask()
    ours = peer.bodies[0]
    with openai.OpenAI(base_url=f"{peer.address}/v1", api_key="secret", max_retries=0) as client:
        client.chat.completions.create(**ours)

    assert peer.bodies[1] == ours
    assert peer.paths[0] == peer.paths[1]
    for name in ("authorization", "content-type"):
        assert peer.headers[0][name] == peer.headers[1][name]


def test_usage_is_read_and_the_sdk_accepts_the_server_we_test_against(ask: Ask):
    ChatCompletion.model_validate(completion({"content": "x"}, [token("x", ("x", 0.5))]), strict=True)

    reply = ask()

    assert (reply.tokens_in, reply.tokens_out) == (321, 12)


@pytest.mark.parametrize(
    ("prompt", "tokens", "expected"),
    [
        (IMPLICIT_PROMPT, [("<", [("<", 0.9)]), ("yes", [("yes", 0.6), ("no", 0.2)]), ("> A.", [])], 0.75),
        (IMPLICIT_PROMPT, [("<yes", [("<yes", 0.3), ("<no", 0.1), (" Yes", 0.3), ("NO", 0.3)])], 0.6),
        (IMPLICIT_PROMPT, [("No", [("No", 0.9), ("Yes", 0.1)]), (", same.", [])], 0.1),
        (LETTERED, [("B", [("B", 0.5), ("A", 0.25), (" A", 0.25)])], 0.5),
        (LETTERED, [("Answer", []), (":", []), (" A", [(" A", 0.8), (" B", 0.2)]), (".", [])], 0.8),
        (
            IMPLICIT_PROMPT,
            [("There", [("There", 0.5), ("No", 0.5)]), (" is", []), (" no", []), (" dog", [])],
            None,
        ),
        (IMPLICIT_PROMPT, [("I", []), (" cannot", [])], None),
        (IMPLICIT_PROMPT, [("No", [("No", 1.0)]), ("rmally", [])], None),
        (LETTERED, [("A", [("A", 0.9), ("B", 0.1)]), (" clear", []), (" day", [])], None),
    ],
)
def test_the_first_flags_alternatives_become_a_probability(peer, ask: Ask, prompt: str, tokens, expected):
    text = "".join(word for word, _ in tokens)
    spelled = [token(word, *(others or [(word, 0.9)])) for word, others in tokens]
    peer.answer = lambda body: completion({"content": text}, spelled)  # noqa: ARG005

    reply = ask(prompt)

    assert reply.text == text
    assert reply.probability == (expected if expected is None else pytest.approx(expected))


def test_without_log_probabilities_there_is_no_probability(ask: Ask):
    assert ask().probability is None


@pytest.mark.parametrize(
    ("message", "finish", "text"),
    [
        ({"content": None, "refusal": "I cannot."}, "stop", "I cannot."),
        ({"content": ""}, "stop", ""),
        ({"content": None}, "content_filter", "[empty: content_filter]"),
        ({"content": ""}, "length", "[empty: length]"),
        (
            {"content": [{"type": "text", "text": "<no>"}, {"type": "text", "text": " Same."}]},
            "stop",
            "<no> Same.",
        ),
        ({"content": [{"type": "refusal", "refusal": "No way."}]}, "stop", "No way."),
    ],
)
def test_refusals_parts_and_empty_messages_are_replies(peer, ask: Ask, message, finish: str, text: str):
    peer.answer = lambda body: completion(message, finish=finish)  # noqa: ARG005

    assert ask().text == text


COMPLAINTS = {
    "max_tokens": "Unsupported parameter: 'max_tokens' is not supported with this model. "
    "Use 'max_completion_tokens' instead.",
    "temperature": "Unsupported value: 'temperature' does not support 0 with this model.",
    "logprobs": "You are not allowed to request logprobs from this model",
}


def refuse_unsupported(unsupported: list[str], status: int):
    async def behave(request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        for name in unsupported:
            if name in body:
                return web.json_response({"error": {"message": COMPLAINTS[name]}}, status=status)
        return web.json_response(completion({"content": "<yes> Blurred."}))

    return behave


@pytest.mark.parametrize("status", [400, 403, 422])
@pytest.mark.parametrize(
    "unsupported", [["logprobs"], ["max_tokens"], ["temperature"], ["max_tokens", "temperature", "logprobs"]]
)
def test_an_option_the_server_refuses_is_left_out_from_then_on(
    peer, ask: Ask, pauses, unsupported: list[str], status: int
):
    for _ in range(len(unsupported) + 1):
        peer.script.append(refuse_unsupported(unsupported, status))

    replies = [ask(), ask(), ask()]

    assert [reply.text for reply in replies] == ["<yes> Blurred."] * 3
    assert not set(unsupported) & set(peer.bodies[-1])
    assert len(peer.bodies) <= 3 + len(unsupported) + 1
    assert peer.bodies[-1] == peer.bodies[-2]
    assert ("max_completion_tokens" in peer.bodies[-1]) == ("max_tokens" in unsupported)
    assert pauses.seconds == []


def test_a_server_that_allows_five_alternatives_is_asked_for_five(peer, ask: Ask):
    peer.script = [(400, {}, '{"error": {"message": "top_logprobs must be at most 5"}}')]

    ask()

    assert peer.bodies[-1]["top_logprobs"] == 5


def test_giving_up_log_probabilities_is_said_once(peer, ask: Ask, caplog: pytest.LogCaptureFixture):
    peer.script = [refuse_unsupported(["logprobs"], 400)] * 6

    for _ in range(3):
        ask()

    assert [record.message for record in caplog.records] == [
        "m gives no log-probabilities: each query yields yes or no only"
    ]


def test_queries_refused_together_learn_together(peer, pauses, picture: Image):
    peer.pause_seconds = 0.05
    peer.answer = lambda body: completion({"content": "<yes> B."})  # noqa: ARG005
    peer.script = [refuse_unsupported(["logprobs"], 400)] * 100
    observer = RemoteObserver(Endpoint("m", f"{peer.address}/v1"), ChatCompletions("m"), sleep=pauses)

    replies = observer.ask([Query("p", (picture,), key=str(n)) for n in range(16)])
    observer.close()

    assert [reply.text for reply in replies] == ["<yes> Blurred."] * 16
    assert len(peer.bodies) <= 8 * 3 + 8


def test_another_400_is_final(peer, ask: Ask):
    peer.script = [(400, {}, '{"error": {"message": "image too large"}}')]

    with pytest.raises(ObserverError, match="HTTP 400: image too large"):
        ask()


def test_a_model_name_may_hold_an_at_sign_and_the_key_comes_from_the_settings(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")

    observer = parse_openai(
        "org/m@2@http://host/v1", settings=ObserverSettings(), options=ObserverOptions(workers=2)
    )
    observer.close()

    assert observer.name == "org/m@2"
    assert observer.endpoint == Endpoint("org/m@2", "http://host/v1", api_key="k", workers=2)


def test_without_a_key_none_is_sent(peer, picture: Image):
    peer.answer = lambda body: completion({"content": "<yes> B."})  # noqa: ARG005
    observer = RemoteObserver(Endpoint("m", f"{peer.address}/v1"), ChatCompletions("m"))

    observer.ask([Query("p", (picture,))])
    observer.close()

    assert "authorization" not in peer.headers[0]


@pytest.mark.parametrize("rest", ["", "gpt-4o", "@http://host/v1", "gpt-4o@host/v1"])
def test_an_incomplete_spec_is_refused(rest: str):
    with pytest.raises(ValueError, match="openai:MODEL@BASE_URL"):
        parse_openai(rest, settings=ObserverSettings(), options=ObserverOptions(workers=1))
