import pytest

from gateway.model_names import ModelNames, plain_name


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        ("openai/gpt-4o:free", "gpt-4o"),
        ("anthropic/claude-sonnet-4.5:thinking", "claude-sonnet-4.5"),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022"),
        ("anthropic.claude-opus-4-1-20250805-v1:0", "claude-opus-4-1-20250805"),
        ("global.amazon.nova-pro-v1:0", "nova-pro"),
        (
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
            "claude-3-haiku-20240307",
        ),
        ("publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        (
            "projects/p/locations/l/publishers/anthropic/models/claude-opus-4@20250514",
            "claude-opus-4-20250514",
        ),
        ("models/gemini-2.0-flash", "gemini-2.0-flash"),
        ("claude-3-5-sonnet@20240620", "claude-3-5-sonnet-20240620"),
        ("gemini-2.5-flash@default", "gemini-2.5-flash"),
        ("ft:gpt-4o-2024-08-06:acme::abc123", "gpt-4o-2024-08-06"),
        ("qwen2.5vl:7b", "qwen2.5vl:7b"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "Qwen2.5-VL-7B-Instruct"),
        ("", ""),
        ("/", "/"),
    ],
)
def test_names_of_clouds_and_brokers_lead_to_the_model(name, canonical):
    assert ModelNames({}, []).canonical(name) == canonical


def test_the_map_of_the_settings_comes_first_and_again_after_each_step():
    names = ModelNames({"prod": "gpt-4o", "llama": "qwen2-vl"}, [])

    assert names.canonical("prod") == "gpt-4o"
    assert names.canonical("azure/prod") == "gpt-4o"
    assert names.canonical("meta/llama:free") == "qwen2-vl"


def test_a_name_the_settings_know_stays():
    assert ModelNames({}, ["org/gpt-4o:free"]).canonical("org/gpt-4o:free") == "org/gpt-4o:free"


def test_only_names_of_the_settings_become_labels():
    assert ModelNames({"prod": "gpt-4o"}, ["llama"]).labels == {"gpt-4o", "llama"}


def test_a_name_too_long_to_be_one_is_left_alone():
    assert ModelNames({}, []).canonical("a/" * 10_000) == "a/" * 10_000


def test_a_plain_name_has_nothing_around_it_whatever_the_settings_say():
    assert plain_name("us.anthropic.claude-opus-4-7-v1:0") == "claude-opus-4-7"
    assert plain_name("ft:gpt-4o-mini:acme::abc") == "gpt-4o-mini"
    assert plain_name("/" * 10_000) == "/" * 10_000
