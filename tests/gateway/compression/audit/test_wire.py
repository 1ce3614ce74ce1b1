import base64
import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.compression.audit.wire import (
    WIRES,
    Asked,
    DialectName,
    Manner,
    UnreadableAnswerError,
    address_of,
)
from gateway.dialects.reading.document import read_document
from gateway.dialects.registry import DIALECTS as READERS

ASKED = Asked("What is it?", b"\x89PNG picture", "image/png")
DIALECTS: list[DialectName] = ["openai", "anthropic", "gemini"]


def chosen(text: str, *margins: tuple[float, float]) -> dict[str, Any]:
    content = [
        {"token": "x", "top_logprobs": [{"logprob": math.log(chance)} for chance in pair]} for pair in margins
    ]
    return {
        "choices": [{"message": {"content": text}, "logprobs": {"content": content} if margins else None}]
    }


@pytest.mark.parametrize("name", DIALECTS)
def test_the_picture_and_the_prompt_are_in_the_body_and_the_key_in_a_header(name: DialectName):
    wire = WIRES[name]
    body = wire.body("m", ASKED, Manner())

    assert base64.b64encode(ASKED.data).decode() in repr(body)
    assert "What is it?" in repr(body) and "image/png" in repr(body)
    assert any("secret" in value for value in wire.headers("secret").values())
    assert "secret" not in repr(body)
    assert not any("None" in value for value in wire.headers(None).values())


@pytest.mark.parametrize("name", DIALECTS)
def test_the_gateway_finds_the_picture_in_what_an_audit_sends(name: DialectName):
    wire = WIRES[name]
    reader = next(found for found in READERS if found.takes(wire.target("m")))

    document = read_document(orjson.dumps(wire.body("m", ASKED, Manner())), max_values=1000)

    assert len(list(reader.slots(document))) == 1


@pytest.mark.parametrize("name", DIALECTS)
def test_what_a_model_refuses_is_left_out(name: DialectName):
    bare = WIRES[name].body("m", ASKED, Manner(has_temperature=False, has_probabilities=False))

    assert "temperature" in repr(WIRES[name].body("m", ASKED, Manner()))
    assert "temperature" not in repr(bare) and "logprobs" not in repr(bare).lower()


def test_refusals_are_understood_one_at_a_time():
    manner = Manner()
    for complaint in (
        "Unsupported parameter: 'logprobs'",
        "temperature: only the default (1) is supported",
        "Use 'max_completion_tokens' instead of 'max_tokens'",
    ):
        conceded = manner.conceding(complaint)
        assert conceded is not None
        manner = conceded

    assert manner == Manner(
        has_temperature=False, has_probabilities=False, limit_name="max_completion_tokens"
    )
    assert manner.conceding("logprobs, temperature and max_completion_tokens") is None
    assert Manner().conceding("the image is too large") is None


def test_an_answer_is_as_sure_as_its_least_sure_token():
    answer = WIRES["openai"].read(chosen("left side", (0.9, 0.05), (0.5, 0.4)))

    assert answer.text == "left side"
    assert answer.margin == pytest.approx(0.1)
    assert WIRES["openai"].read(chosen("left")).margin is None


def test_gemini_tells_its_thoughts_apart_and_its_probabilities():
    steps = [{"candidates": [{"logProbability": math.log(0.7)}, {"logProbability": math.log(0.2)}]}]
    parts = [{"text": "hm", "thought": True}, {"text": "a cat"}]
    candidate = {"content": {"parts": parts}, "logprobsResult": {"topCandidates": steps}}

    answer = WIRES["gemini"].read({"candidates": [candidate]})

    assert (answer.text, answer.margin) == ("a cat", pytest.approx(0.5))


def test_a_message_of_claude_is_its_text():
    blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a cat"}]

    assert WIRES["anthropic"].read({"content": blocks}).text == "a cat"


@pytest.mark.parametrize("name", DIALECTS)
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "choices",
                        "message",
                        "content",
                        "logprobs",
                        "top_logprobs",
                        "logprob",
                        "type",
                        "text",
                        "candidates",
                        "parts",
                        "logprobsResult",
                        "topCandidates",
                        "logProbability",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_an_answer_or_told_to_be_none(name: DialectName, body: Any):
    try:
        answer = WIRES[name].read(body)
    except UnreadableAnswerError:
        return
    assert answer.text.strip() and (answer.margin is None or 0 <= answer.margin <= 1.001)


@pytest.mark.parametrize("text", ["", "  ", None, 3])
def test_an_empty_answer_is_no_answer(text: Any):
    with pytest.raises(UnreadableAnswerError, match="no text"):
        WIRES["openai"].read(chosen(text))


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("http://h:1/v1", "http://h:1/v1/chat/completions"),
        ("http://h:1/", "http://h:1/v1/chat/completions"),
        ("https://h/openai/v1/", "https://h/openai/v1/chat/completions"),
    ],
)
def test_an_address_may_end_in_its_version_or_not(base: str, expected: str):
    assert address_of(base, WIRES["openai"].target("m")) == expected


def test_geminis_address_names_the_model():
    assert address_of("https://g/v1beta", WIRES["gemini"].target("gemini-3")) == (
        "https://g/v1beta/models/gemini-3:generateContent"
    )
