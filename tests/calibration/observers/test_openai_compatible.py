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
    message: dict[str, object], tokens: list[dict[str, object]] | None = None, finish: str | None = "stop"
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
        "m gives no log-probabilities: each query yields its answer only"
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


@pytest.mark.parametrize(
    ("message", "finish", "ended"),
    [
        ({"content": "<yes>"}, "stop", "stop"),
        ({"content": "<yes> Bl"}, "length", "length"),
        ({"content": None}, "content_filter", "refusal"),
        ({"content": None, "refusal": "I cannot."}, "stop", "refusal"),
        ({"content": [{"type": "refusal", "refusal": "No way."}]}, "stop", "refusal"),
        ({"content": "x"}, "tool_calls", "other"),
        ({"content": "x"}, None, None),
    ],
)
def test_what_ended_a_reply_is_told(peer, ask: Ask, message, finish: str | None, ended: str | None):
    peer.answer = lambda body: completion(message, finish=finish)  # noqa: ARG005

    assert ask().ended == ended


def test_thoughts_beside_the_content_are_not_read(peer, ask: Ask):
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "No."}], "text": "No."}
    peer.answer = lambda body: completion(  # noqa: ARG005
        {
            "content": [thought, {"type": "text", "text": "<yes> B."}],
            "reasoning_content": "No.",
            "reasoning": "No.",
        }
    )

    assert ask().text == "<yes> B."


@pytest.mark.parametrize(
    ("usage", "out"),
    [
        ({"prompt_tokens": 500, "completion_tokens": 900, "total_tokens": 1400}, 900),  # OpenAI: inclusive
        ({"prompt_tokens": 500, "completion_tokens": 100, "total_tokens": 1400}, 900),  # xAI, Google: apart
        ({"prompt_tokens": 500, "completion_tokens": 900}, 900),
    ],
)
def test_thoughts_are_billed_wherever_a_server_counts_them(peer, ask: Ask, usage: dict[str, int], out: int):
    details = {"completion_tokens_details": {"reasoning_tokens": 800}}
    peer.answer = lambda body: {**completion({"content": "<yes>"}), "usage": {**usage, **details}}  # noqa: ARG005

    reply = ask()

    assert (reply.tokens_out, reply.tokens_thought) == (out, 800)


def built(spec: str, **options: object) -> RemoteObserver:
    return parse_openai(spec, settings=ObserverSettings(), options=ObserverOptions(**options))


@pytest.mark.parametrize(
    ("model", "options", "expected"),
    [
        ("gpt-5", {}, {"max_completion_tokens": 16_384}),
        ("gpt-5", {"effort": "minimal"}, {"max_completion_tokens": 16_384, "reasoning_effort": "minimal"}),
        ("gpt-5.1", {"thinking": "off"}, {"max_completion_tokens": 1024, "reasoning_effort": "none"}),
        ("gpt-5", {"max_tokens": 500}, {"max_completion_tokens": 500}),
        ("gpt-4o", {}, {"max_tokens": 1024}),
        (
            "Qwen/Qwen3-VL-8B-Thinking",
            {"thinking": "off"},
            {"max_tokens": 1024, "chat_template_kwargs": {"enable_thinking": False}},
        ),
    ],
)
def test_limits_effort_and_thinking_are_asked_for_in_the_models_words(
    peer, picture: Image, model: str, options: dict[str, object], expected: dict[str, object]
):
    peer.answer = lambda body: completion({"content": "<yes>"})  # noqa: ARG005
    observer = built(f"{model}@{peer.address}/v1", **options)

    observer.ask([Query("p", (picture,))])
    observer.close()

    (body,) = peer.bodies
    names = ("max_tokens", "max_completion_tokens", "reasoning_effort", "chat_template_kwargs")
    assert {name: body[name] for name in names if name in body} == expected


def test_an_effort_a_model_does_not_know_is_told_in_the_servers_words(peer, picture: Image):
    words = "Unsupported value: 'reasoning_effort' does not support 'none' with this model."
    peer.script = [(400, {}, json.dumps({"error": {"message": words}}))]
    observer = built(f"gpt-5@{peer.address}/v1", effort="none")

    with pytest.raises(ObserverError, match="does not support 'none'"):
        observer.ask([Query("p", (picture,))])

    observer.close()


def test_a_number_of_tokens_to_think_is_refused():
    with pytest.raises(ValueError, match="give --effort"):
        built("m@http://h/v1", thinking=2048)


def test_azure_gets_its_key_by_its_own_header_and_its_query(peer, monkeypatch, picture: Image):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("OPENAI_KEY_HEADER", "api-key")  # what Azure's hosts get without being told
    peer.answer = lambda body: completion({"content": "<yes>"})  # noqa: ARG005
    observer = built(f"gpt-4o@{peer.address}/openai/deployments/D?api-version=2024-10-21")

    observer.ask([Query("p", (picture,))])
    observer.close()

    assert peer.paths == ["/openai/deployments/D/chat/completions?api-version=2024-10-21"]
    assert peer.headers[0]["api-key"] == "secret"
    assert "authorization" not in peer.headers[0]


@pytest.mark.parametrize(("own", "expected"), [("azures", "azures"), (None, "openais")])
def test_azures_hosts_take_azures_key_and_header_without_being_told(
    monkeypatch, own: str | None, expected: str
):
    monkeypatch.setenv("OPENAI_API_KEY", "openais")
    monkeypatch.delenv("AZURE_OPENAI_API_KEY", raising=False)
    if own is not None:
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", own)

    azure = built("gpt-4o@https://x.openai.azure.com/openai/deployments/D?api-version=2024-10-21")
    openais = built("gpt-4o@https://api.openai.com/v1")
    azure.close()
    openais.close()

    assert azure.endpoint.api_key == expected
    assert azure._dialect.headers("k") == {"api-key": "k"}
    assert openais.endpoint.api_key == "openais"
    assert openais._dialect.headers("k") == {"authorization": "Bearer k"}
