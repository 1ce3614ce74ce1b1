import json

import pytest

from gateway.providers.rules import ProviderRulesError, Recipient, Size, load_rules, parse_rules

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
    assert RULES.of("sglang") == RULES.of("vllm")
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


def test_azure_serves_openais_models_by_openais_rules_and_others_too():
    azure, openai = RULES.of("azure"), RULES.of("openai")

    for model in ("gpt-4o", "gpt-5.4-mini", "o3", "nobody-knows"):
        assert azure.family(model) == openai.family(model)
    assert azure.family("claude-opus-4-7") == RULES.of("anthropic").family("claude-opus-4-7")


FAMILIES = {
    "gpt-4o-mini tiles": [("openai", "gpt-4o-mini-2024-07-18"), ("azure", "prod-gpt4o-mini")],
    "gpt-4o tiles": [
        ("openai", "chatgpt-4o-latest"),
        ("openai", "ft:gpt-4o-2024-08-06:acme::abc"),
        ("azure", "team-gpt-4o"),
        ("azure", "gpt4o"),
        ("openrouter", "openai/gpt-4o:extended"),
    ],
    "gpt-4 tiles": [
        ("openai", "gpt-4.1"),
        ("openai", "gpt-4-turbo-2024-04-09"),
        ("openai", "gpt-4-1106-vision-preview"),
        ("openai", "gpt-4.5-preview"),
        ("azure", "my_gpt-4_vision"),
    ],
    "gpt-4.1-mini patches": [("openai", "gpt-4.1-mini"), ("azure", "gpt-41-mini")],
    "gpt-4.1-nano patches": [("openai", "gpt-4.1-nano-2025-04-14")],
    "gpt-5 tiles": [
        ("openai", "gpt-5"),
        ("openai", "gpt-5-2025-08-07"),
        ("openai", "gpt-5.1"),
        ("openai", "gpt-5-chat-latest"),
    ],
    "gpt-5-mini patches": [("openai", "gpt-5-mini"), ("openai", "gpt-5.1-codex-mini")],
    "gpt-5-nano patches": [("openai", "gpt-5-nano-2025-08-07")],
    "gpt-5.2 patches": [("openai", "gpt-5.2-2025-12-11"), ("azure", "gpt-5-2-prod"), ("azure", "gpt_5_2")],
    "gpt-5.4 patches": [("openai", "gpt-5.4-mini"), ("openai", "gpt-5.4-nano"), ("openai", "gpt-5.4")],
    "gpt-5.5 patches": [("openai", "gpt-5.5")],
    "gpt-5.6 patches": [("openai", "gpt-5.6-terra")],
    "gpt-6 patches": [("openai", "gpt-6-astra")],
    "o1 and o3 tiles": [("openai", "o1"), ("openai", "o3-2025-04-16"), ("azure", "team-o3")],
    "o4-mini patches": [("openai", "o4-mini")],
    "computer-use tiles": [("openai", "computer-use-preview-2025-03-11")],
    "unknown openai": [("openai", "gpt-7"), ("azure", "vision-prod"), ("openai", "gpt-5.10")],
    "claude high resolution": [
        ("anthropic", "claude-opus-4-7"),
        ("anthropic", "claude-opus-4-7-20260416"),
        ("anthropic", "claude-sonnet-5"),
        ("anthropic", "claude-opus-4-10"),
        ("bedrock", "us.anthropic.claude-opus-4-7-v1:0"),
        ("bedrock", "anthropic.claude-opus-4-7-v1:0"),
        ("bedrock", "arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-opus-4-7-v1:0"),
        ("vertex", "claude-opus-4-7@20260416"),
        ("vertex", "publishers/anthropic/models/claude-opus-4-7"),
        ("gemini", "claude-opus-4-7@default"),
        ("openrouter", "anthropic/claude-opus-4.7"),
        ("openrouter", "anthropic/claude-opus-4.7:thinking"),
        ("anthropic", "claude-nobody-knows"),
    ],
    "claude standard": [
        ("anthropic", "claude-haiku-4-5"),
        ("anthropic", "claude-sonnet-4-5-20250929"),
        ("anthropic", "claude-opus-4-20250514"),
        ("anthropic", "claude-opus-4-6"),
        ("anthropic", "claude-3-7-sonnet-latest"),
        ("anthropic", "claude-3-5-haiku-20241022"),
        ("bedrock", "anthropic.claude-3-haiku-20240307-v1:0"),
        ("openrouter", "anthropic/claude-3.5-sonnet"),
        ("openrouter", "anthropic/claude-sonnet-4"),
    ],
    "gemini 2 tiles": [("gemini", "gemini-2.5-flash"), ("gemini", "models/gemini-1.5-pro")],
    "gemini 3 budget": [("gemini", "gemini-3-pro-preview"), ("vertex", "gemini-3.5-flash"), ("gemini", "x")],
    "qwen2-vl grid": [
        ("vllm", "Qwen/Qwen2.5-VL-7B-Instruct"),
        ("ollama", "qwen2.5vl:7b"),
        ("qwen", "qvq-max"),
    ],
    "qwen3-vl grid": [("qwen", "qwen3-vl-plus"), ("qwen", "qwen-vl-max"), ("vllm", "acme/my-qwen3.5-vl")],
    "internvl grid": [("vllm", "OpenGVLab/InternVL3_5-8B"), ("vllm", "mini-internvl-chat-2b")],
    "llava-onevision canvas": [("sglang", "lmms-lab/llava-onevision-qwen2-7b-ov")],
    "smolvlm small edge": [("transformers", "HuggingFaceTB/SmolVLM2-500M-Video-Instruct")],
    "smolvlm edge": [("transformers", "HuggingFaceTB/SmolVLM-Instruct")],
    "pixtral rows": [("mistral", "pixtral-12b-2409"), ("openrouter", "mistralai/pixtral-large-2411")],
    "mistral rows": [("mistral", "mistral-small-latest"), ("bedrock", "mistral.magistral-small-2509")],
    "unknown": [
        ("xai", "grok-4"),
        ("groq", "meta-llama/llama-4-scout"),
        ("other", "gpt-4o"),
        ("nobody", "x"),
    ],
}


@pytest.mark.parametrize(
    ("family", "provider", "model"), [(family, *asked) for family, all_ in FAMILIES.items() for asked in all_]
)
def test_every_spelling_leads_to_the_family_it_names(family: str, provider: str, model: str):
    assert RULES.of(provider).family(model).name == family


def test_every_family_that_is_described_is_led_to_by_a_name():
    described = {family.name for each in RULES.providers.values() for _, family in each.families}

    assert described <= set(FAMILIES)


@pytest.mark.parametrize(
    ("provider", "model", "detail", "seen", "tokens"),
    [
        ("openai", "gpt-4o", "low", Size(512, 384), 85),
        ("openai", "gpt-4o", "HIGH", Size(1024, 768), 765),
        ("openai", "gpt-4o-mini", "low", Size(512, 384), 2833),
        ("openai", "gpt-5", "", Size(1024, 768), 70 + 4 * 140),
        ("openai", "computer-use-preview", "", Size(1024, 768), 65 + 4 * 129),
        ("openai", "gpt-5.4", "low", Size(2048, 1536), 3687),
        ("openai", "gpt-5.4", "original", Size(3669, 2752), 11_868),
        ("openai", "gpt-5.5", "high", Size(1824, 1368), 2942),
        ("openai", "gpt-5.6-terra", "high", Size(1824, 1368), 2942),
        ("openai", "gpt-5.6-terra", "original", Size(4032, 3024), 14_364),
        ("openai", "gpt-6-astra", "low", Size(512, 384), 231),
        ("openai", "gpt-6-astra", "nonsense", Size(4032, 3024), 14_364),
        ("gemini", "gemini-3-pro", "", Size(4032, 3024), 1120),
        ("gemini", "gemini-3-pro", "low", Size(4032, 3024), 280),
        ("gemini", "gemini-3-pro", "medium", Size(4032, 3024), 560),
        ("gemini", "gemini-3-pro", "ultra", Size(4032, 3024), 2240),
        ("gemini", "gemini-2.5-pro", "low", Size(4032, 3024), 64),
        ("anthropic", "claude-opus-4-7", "low", Size(2212, 1659), 4740),
    ],
)
def test_detail_decides_what_twelve_megapixels_are_shown_as(provider, model, detail, seen, tokens):
    rule = RULES.of(provider).rule(model, detail)

    assert rule.seen(Size(4032, 3024)) == seen
    assert rule.tokens(Size(4032, 3024)) == tokens


def test_where_sources_conflict_the_larger_size_is_shown_and_the_data_say_so():
    for model in ("gpt-5.2", "gpt-4.1-mini", "gpt-4.1-nano", "o4-mini"):
        family = RULES.of("openai").family(model)
        assert family.rule.seen(Size(2048, 2048)) == Size(2048, 2048)
        assert "1,536" in family.conflict
        assert "6,144" in family.conflict


def test_a_formula_that_is_published_as_a_rough_one_does_not_pass_for_documented():
    family = RULES.of("gemini").family("gemini-2.5-pro")

    assert family.sure == "reported"
    assert f"258 at 600 x 400 instead of {family.rule.tokens(Size(600, 400)):,}" in family.conflict


def test_every_entry_tells_its_source_and_heic_is_read_where_it_is_said():
    for provider in RULES.providers.values():
        for family in (provider.default, *(family for _, family in provider.families)):
            assert len(family.source) > 5

    assert "heic" in RULES.of("gemini").reads
    assert RULES.of("openai").reads == frozenset()


def test_limits_are_those_of_the_model_and_of_the_place_it_is_served_at():
    bedrock = RULES.limits_of(Recipient("bedrock", "us.anthropic.claude-opus-4-7-v1:0"))
    router = RULES.limits_of(Recipient("openrouter", "anthropic/claude-opus-4.7"))

    assert (bedrock.max_side, bedrock.many_images, bedrock.max_images) == (8000, 20, 20)
    assert bedrock.image_bytes() == 3_932_160
    assert (router.max_side, router.many_images, router.max_images) == (8000, 20, 600)
    assert RULES.limits_of(Recipient("nobody", "x")).exceeded(Size(60_000, 9), size_bytes=10**9) == []


def test_a_name_of_any_length_is_looked_up_at_once():
    assert RULES.of("openai").family("-" * 1_000_000).name == "unknown openai"
