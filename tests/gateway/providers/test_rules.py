import json

import pytest

from gateway.providers.rules import ProviderRulesError, Size, load_rules, parse_rules

RULES = load_rules()

# The table of the research notes: (provider, model) → tokens at 1024x1024, 1920x1080, 4032x3024.
SIZES = [(1024, 1024), (1920, 1080), (4032, 3024)]
TABLE = {
    ("anthropic", "claude-sonnet-4-5"): (1369, 1560, 1564),
    ("anthropic", "claude-opus-4-7"): (1369, 2691, 4740),
    ("openai", "gpt-5.4"): (1229, 2448, 2942),
    ("openai", "gpt-6-astra"): (1229, 2448, 14364),
    ("openai", "gpt-4o"): (765, 1105, 765),
    ("qwen", "qwen2.5-vl-7b"): (1369, 2691, 15552),
    ("qwen", "qwen3-vl"): (1024, 2040, 11844),
}


@pytest.mark.parametrize(("provider", "model"), TABLE)
def test_tokens_are_those_of_the_table(provider: str, model: str):
    found = [RULES.tokens(provider, model, *size) for size in SIZES]

    assert found == list(TABLE[provider, model])


@pytest.mark.parametrize(
    ("provider", "model", "size", "seen"),
    [
        ("anthropic", "claude-sonnet-4-5", (1920, 1080), Size(1456, 819)),
        ("anthropic", "claude-sonnet-4-5", (4032, 3024), Size(1270, 952)),
        ("anthropic", "claude-opus-4-7", (4032, 3024), Size(2212, 1659)),
        ("openai", "gpt-5.4", (4032, 3024), Size(1824, 1368)),
        ("openai", "gpt-6-astra", (4032, 3024), Size(4032, 3024)),
        ("openai", "gpt-4o", (4032, 3024), Size(1024, 768)),
    ],
)
def test_the_model_is_shown_the_size_of_the_table(
    provider: str, model: str, size: tuple[int, int], seen: Size
):
    assert RULES.seen(provider, model, *size) == seen


def test_gpt_5_5_counts_twelve_megapixels_as_published():
    assert RULES.tokens("openai", "gpt-5.5", 4032, 3024) == 11_868


def test_the_embedded_model_costs_the_same_at_any_size():
    assert {RULES.tokens("embedded", "embedded", side, side) for side in (8, 96, 4000)} == {36}


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini", "qwen", "embedded", "nobody"])
@pytest.mark.parametrize("model", ["gpt-4o", "claude-opus-4-7", "gemini-2.5-pro", "qwen2-vl", "x"])
@pytest.mark.parametrize("size", [(1, 1), (1, 10_000), (10_000, 1), (640, 480), (12_000, 9_000)])
def test_what_the_model_is_shown_costs_no_more_and_is_no_larger(
    provider: str, model: str, size: tuple[int, int]
):
    seen = RULES.seen(provider, model, *size)

    assert 1 <= seen.width <= size[0]
    assert 1 <= seen.height <= size[1]
    assert 1 <= RULES.tokens(provider, model, seen.width, seen.height) <= RULES.tokens(provider, model, *size)


def test_vendor_prefixes_and_case_do_not_matter():
    assert RULES.tokens("openai", "openai/GPT-4o", 1024, 1024) == 765


def test_mini_has_its_own_price():
    assert RULES.tokens("openai", "gpt-4o-mini", 1024, 1024) == 2833 + 4 * 5667


def test_an_unknown_provider_is_treated_with_caution():
    for name in ("png", "jpeg", "webp", "gif"):
        assert RULES.of("nobody").formats_for(name) == {name}
    assert RULES.seen("nobody", "x", 4000, 3000) == Size(4000, 3000)


def test_llamacpp_and_ollama_which_cannot_read_webp_are_never_given_it():
    for provider in ("llamacpp", "ollama"):
        assert RULES.of(provider).formats_for("png") == {"jpeg", "png"}


def test_a_provider_may_be_described_as_like_another():
    assert RULES.of("azure") == RULES.of("openai")
    assert RULES.tokens("vllm", "Qwen/Qwen2.5-VL-7B-Instruct", 1024, 1024) == RULES.tokens(
        "qwen", "qwen2.5-vl", 1024, 1024
    )


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        json.dumps({"version": "1", "providers": {}}),
        json.dumps({"version": "1", "providers": {"other": {"formats": [], "models": {}, "default": {}}}}),
        json.dumps(
            {
                "version": "1",
                "providers": {"other": {"formats": [], "models": {}, "default": {"kind": "fixed", "x": 1}}},
            }
        ),
    ],
)
def test_damaged_rules_are_told(text: str):
    with pytest.raises(ProviderRulesError):
        parse_rules(text)


def test_azure_serves_openais_models_by_openais_rules():
    rules = load_rules()

    assert rules.of("azure") == rules.of("openai") != rules.of("other")
