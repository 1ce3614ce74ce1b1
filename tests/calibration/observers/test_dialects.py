"""Whatever JSON a server sends, a dialect makes a reply of it or calls it malformed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.observers.anthropic import Messages
from calibration.observers.dialect import Dialect, MalformedError
from calibration.observers.gemini import GenerateContent
from calibration.observers.openai_compatible import ChatCompletions
from calibration.observers.openai_responses import Responses
from calibration.questions import IMPLICIT_PROMPT, MULTIPLE_CHOICE_PROMPT

WORDS = [
    "choices",
    "message",
    "content",
    "refusal",
    "logprobs",
    "token",
    "logprob",
    "top_logprobs",
    "usage",
    "prompt_tokens",
    "finish_reason",
    "completion_tokens",
    "text",
    "type",
    "stop_reason",
    "input_tokens",
    "output_tokens",
    "candidates",
    "parts",
    "promptFeedback",
    "blockReason",
    "finishReason",
    "logprobsResult",
    "chosenCandidates",
    "topCandidates",
    "logProbability",
    "usageMetadata",
    "thought",
    "output",
    "status",
    "error",
    "incomplete_details",
    "reason",
    "output_tokens_details",
    "completion_tokens_details",
    "total_tokens",
]
KEYS = st.sampled_from(WORDS)
VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["<yes", "A", "text", "", "x"])
)
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
TOKENS = st.lists(
    st.fixed_dictionaries({"token": JSON, "logprob": JSON, "top_logprobs": JSON}) | JSON, max_size=3
)
CHAT = st.fixed_dictionaries(
    {
        "choices": st.lists(
            st.fixed_dictionaries(
                {
                    "message": st.fixed_dictionaries({"content": JSON, "refusal": JSON}),
                    "logprobs": st.fixed_dictionaries({"content": TOKENS}) | JSON,
                    "finish_reason": JSON,
                }
            ),
            min_size=1,
            max_size=2,
        ),
        "usage": JSON,
    }
)
MESSAGE = st.fixed_dictionaries(
    {
        "content": st.lists(
            st.fixed_dictionaries({"type": st.just("text"), "text": JSON}) | JSON, max_size=3
        ),
        "stop_reason": JSON,
        "usage": JSON,
    }
)
GENERATED = st.fixed_dictionaries(
    {
        "candidates": st.lists(
            st.fixed_dictionaries(
                {
                    "content": st.fixed_dictionaries({"parts": JSON}) | JSON,
                    "finishReason": JSON,
                    "logprobsResult": st.fixed_dictionaries(
                        {"chosenCandidates": JSON, "topCandidates": JSON}
                    ),
                }
            ),
            max_size=2,
        )
        | JSON,
        "promptFeedback": JSON,
        "usageMetadata": JSON,
    }
)
RESPONSE = st.fixed_dictionaries(
    {
        "output": st.lists(
            st.fixed_dictionaries({"type": st.just("message"), "content": st.lists(JSON, max_size=2) | JSON})
            | JSON,
            max_size=3,
        ),
        "status": st.sampled_from(["completed", "incomplete", "failed"]) | JSON,
        "incomplete_details": st.fixed_dictionaries({"reason": JSON}) | JSON,
        "error": JSON,
        "usage": JSON,
    }
)
DIALECTS = [ChatCompletions("m"), Messages("m"), GenerateContent("m"), Responses("m")]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: type(dialect).__name__)
@settings(deadline=None)
@given(
    answer=JSON | CHAT | MESSAGE | GENERATED | RESPONSE,
    prompt=st.sampled_from([IMPLICIT_PROMPT, MULTIPLE_CHOICE_PROMPT]),
)
def test_any_json_is_a_reply_or_malformed(dialect: Dialect, answer: object, prompt: str):
    try:
        reply = dialect.read(answer, prompt)
    except MalformedError:
        return

    assert isinstance(reply.text, str)
    assert reply.ended in (None, "stop", "length", "refusal", "other")
    assert reply.probability is None or 0 <= reply.probability <= 1
    assert all(count is None or count >= 0 for count in (reply.tokens_in, reply.tokens_out))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: type(dialect).__name__)
@settings(deadline=None)
@given(complaint=st.text() | st.sampled_from(["logprobs", "temperature", "max_completion_tokens"]))
def test_a_server_that_complains_for_ever_is_not_heard_for_ever(dialect: Dialect, complaint: str):
    fresh = type(dialect)("m")

    concessions = 0
    while fresh.concede(fresh.body("p", ["aGk="]), complaint):
        concessions += 1
        assert concessions < 5
