import pytest

from calibration.observers.families import (
    SPOKEN_LIMIT,
    THINKING_LIMIT,
    expected_thought,
    first_limit,
    has_thinking_levels,
    is_openai_reasoner,
    patience_seconds,
    thinks,
    thinks_adaptively,
)
from calibration.observers.options import ObserverOptions

USUAL = ObserverOptions()
THINKERS = [
    "o1",
    "o3-mini",
    "o4-mini-2025-04-16",
    "o1-pro",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-pro",
    "gpt-5.5",
    "gpt-6-astra",
    "gpt-oss-120b",
    "claude-opus-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
    "claude-mythos-preview",
    "anthropic/claude-opus-5",
    "us.anthropic.claude-sonnet-5-v1:0",
    "gemini-2.5-pro",
    "gemini-2.5-flash",
    "google/gemini-3-pro-preview",
    "gemini-3.1-flash",
    "gemini-flash-latest",
    "grok-4",
    "grok-3-mini",
    "Qwen/QVQ-72B-Preview",
    "Qwen/Qwen3-VL-8B-Thinking",
    "qwen3.5-27b",
    "deepseek-reasoner",
    "DeepSeek-R1",
    "zai-org/GLM-4.5V",
    "THUDM/GLM-4.1V-9B-Thinking",
    "magistral-medium",
    "kimi-k2.5",
]
OTHERS = [
    "gpt-4o",
    "gpt-4.1-mini",
    "chatgpt-4o-latest",
    "gpt-5-chat-latest",
    "gpt-5.1",
    "gpt-5.2-2026-01-01",
    "claude-3-5-sonnet",
    "claude-sonnet-4-5",
    "claude-opus-4-8",
    "claude-3-7-sonnet-20250219",
    "gemini-2.0-flash",
    "gemini-1.5-pro",
    "gemini-2.5-flash-lite",
    "grok-2-vision",
    "Qwen/Qwen2.5-VL-7B-Instruct",
    "Qwen/Qwen3-VL-8B-Instruct",
    "llava-hf/llava-1.5-7b-hf",
    "pixtral-12b",
    "llama3.2-vision",
    "gemma-3-27b-it",
    "InternVL2_5-8B",
    "embedded",
    "octopus",
    "grok-4-fast-non-reasoning",
]


@pytest.mark.parametrize("model", THINKERS)
def test_models_that_think_by_themselves_get_room_and_time_for_it(model: str):
    assert thinks(model, USUAL)
    assert first_limit(model, USUAL) == THINKING_LIMIT
    assert expected_thought(model, USUAL) > 1000
    assert patience_seconds(model, USUAL) == 600


@pytest.mark.parametrize("model", OTHERS)
def test_other_models_are_not_expected_to_think(model: str):
    assert not thinks(model, USUAL)
    assert expected_thought(model, USUAL) == 0
    assert patience_seconds(model, USUAL) == 120


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-5", "llava-hf/llava-1.5-7b-hf"])
def test_who_never_thinks_unasked_gets_room_to_speak(model: str):
    assert first_limit(model, USUAL) == SPOKEN_LIMIT


@pytest.mark.parametrize("off", [ObserverOptions(thinking="off"), ObserverOptions(effort="none")])
def test_thinking_turned_off_is_neither_expected_nor_given_room(off: ObserverOptions):
    assert first_limit("gpt-5", off) == SPOKEN_LIMIT
    assert expected_thought("gpt-5", off) == 0


def test_whoever_is_told_to_think_is_expected_to():
    assert expected_thought("claude-sonnet-4-5", ObserverOptions(thinking="on")) > 1000
    assert first_limit("claude-sonnet-4-5", ObserverOptions(thinking=8000)) == 8000 + SPOKEN_LIMIT
    assert first_limit("gpt-5", ObserverOptions(effort="high")) > THINKING_LIMIT


def test_more_effort_is_expected_to_take_more_tokens():
    efforts = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
    expected = [expected_thought("gpt-5", ObserverOptions(effort=effort)) for effort in efforts]

    assert expected == sorted(set(expected))


def test_what_the_user_says_holds():
    told = ObserverOptions(max_tokens=300, timeout_seconds=5.0)

    assert (first_limit("gpt-5", told), patience_seconds("gpt-5", told)) == (300, 5)
    assert expected_thought("gpt-5", told) == 300


def test_models_are_told_to_think_the_way_they_understand():
    assert [thinks_adaptively(f"claude-{name}") for name in ("opus-4-6", "sonnet-5", "sonnet-4-5")] == [
        True,
        True,
        False,
    ]
    assert [has_thinking_levels(f"gemini-{name}") for name in ("3-pro", "2.5-pro")] == [True, False]
    assert [is_openai_reasoner(name) for name in ("o3", "openai/gpt-5-mini", "gpt-4o", "gpt-5-chat")] == [
        True,
        True,
        False,
        False,
    ]
