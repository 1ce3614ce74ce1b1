import pytest

from gateway.providers.hosts import provider_at, provider_of
from gateway.providers.rules import load_rules


@pytest.mark.parametrize(
    ("base_url", "provider"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://EU.api.OpenAI.com./v1", "openai"),
        ("https://mine.openai.azure.com/openai/v1", "azure"),
        ("https://api.anthropic.com", "anthropic"),
        ("https://generativelanguage.googleapis.com", "gemini"),
        ("https://europe-west4-aiplatform.googleapis.com", "gemini"),
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "qwen"),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1", "bedrock"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://api.mistral.ai/v1", "mistral"),
        ("https://eu-west-1.api.x.ai/v1", "xai"),
        ("https://s3.amazonaws.com", "other"),
        ("http://localhost:8000/v1", "other"),
        ("http://localhost:11434", "ollama"),
        ("http://localhost:99999", "other"),
        ("https://api.openai.com.example.org/v1", "other"),
        ("https://example.org/api.openai.com", "other"),
        ("http://[::1", "other"),
        ("", "other"),
    ],
)
def test_the_provider_is_told_by_the_host_and_by_nothing_else(base_url, provider):
    assert provider_at(base_url) == provider
    assert provider in load_rules().providers


def test_a_named_provider_is_taken_at_its_word():
    assert provider_of("vllm", "https://api.openai.com/v1") == "vllm"
    assert provider_of("auto", "https://api.openai.com/v1") == "openai"
