from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.compression.audit.repeatable import may_repeat, wire_of
from gateway.compression.audit.wire import WIRES, Asked, DialectName, Manner

NAMES: list[DialectName] = ["openai", "anthropic", "gemini"]
FUNCTION = {"type": "function", "function": {"name": "f"}}


def request(name: DialectName) -> dict[str, Any]:
    return WIRES[name].body("m", Asked("What?", b"picture", "image/png"), Manner())


@pytest.mark.parametrize(
    ("dialect", "path", "wire"),
    [
        ("openai_chat", "/v1/chat/completions", "openai"),
        ("azure_chat", "/openai/deployments/d/chat/completions", "openai"),
        ("anthropic", "/v1/messages", "anthropic"),
        ("gemini", "/v1beta/models/g:generateContent", "gemini"),
        ("anthropic", "/v1/messages/batches", None),
        ("anthropic", "/v1/messages/count_tokens", None),
        ("gemini", "/v1beta/models/g:streamGenerateContent", None),
        ("openai_responses", "/v1/responses", None),
        ("ollama", "/api/chat", None),
    ],
)
def test_only_methods_that_answer_and_do_nothing_else_are_known(dialect: str, path: str, wire: str | None):
    assert wire_of(dialect, path) == wire


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_question_may_be_asked_again(name: DialectName):
    assert may_repeat(name, orjson.dumps(request(name)))


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("openai", {"tools": [FUNCTION], "n": 1, "store": False}),
        ("openai", {"model": "research-vision", "web_search_options": None, "plugins": []}),
        ("anthropic", {"tools": [{"name": "f", "input_schema": {}}]}),
        ("gemini", {"tools": [{"functionDeclarations": []}]}),
    ],
)
def test_tools_of_the_callers_own_are_not_run_by_asking(name: DialectName, more: dict[str, Any]):
    assert may_repeat(name, orjson.dumps(request(name) | more))


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("openai", {"stream": True}),
        ("openai", {"store": True}),
        ("openai", {"background": True}),
        ("openai", {"previous_response_id": "r"}),
        ("openai", {"n": 2}),
        ("openai", {"web_search_options": {"a": 1}}),
        ("openai", {"web_search_options": {}}),
        ("openai", {"model": "gpt-4o-search-preview"}),
        ("openai", {"model": "openai/gpt-4o:online"}),
        ("openai", {"model": "groq/compound-mini"}),
        ("openai", {"plugins": [{"id": "web"}]}),
        ("openai", {"search_parameters": {"mode": "auto"}}),
        ("openai", {"enable_search": True}),
        ("openai", {"modalities": ["text", "audio"]}),
        ("openai", {"tools": [FUNCTION, {"type": "web_search"}]}),
        ("openai", {"tools": {"type": "mcp"}}),
        ("anthropic", {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
        ("anthropic", {"mcp_servers": [{"url": "https://x"}]}),
        ("anthropic", {"container": "c"}),
        ("anthropic", {"context_management": {}}),
        ("gemini", {"tools": [{"googleSearch": {}}]}),
        ("gemini", {"cachedContent": "cachedContents/c"}),
        ("gemini", {"generationConfig": {"candidateCount": 2}}),
        ("gemini", {"generationConfig": {"responseModalities": ["TEXT", "IMAGE"]}}),
    ],
)
def test_what_acts_is_kept_or_answers_twice_is_never_asked_again(name: DialectName, more: dict[str, Any]):
    assert not may_repeat(name, orjson.dumps(request(name) | more))


@pytest.mark.parametrize("name", NAMES)
@given(
    body=st.binary(max_size=30)
    | st.dictionaries(
        st.sampled_from(["tools", "n", "stream", "generationConfig", "modalities", "store"]),
        st.recursive(st.none() | st.booleans() | st.text(max_size=3), st.lists, max_leaves=4),
    ).map(orjson.dumps)
)
def test_any_body_is_judged(name: DialectName, body: bytes):
    assert may_repeat(name, body) in (True, False)
