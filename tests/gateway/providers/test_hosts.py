import pytest

from gateway.providers.hosts import provider_of


@pytest.mark.parametrize(
    ("base_url", "provider"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://mine.openai.azure.com", "azure"),
        ("https://mine.services.ai.azure.com/openai/v1", "azure"),
        ("https://api.anthropic.com", "anthropic"),
        ("https://generativelanguage.googleapis.com", "gemini"),
        ("https://europe-west1-aiplatform.googleapis.com", "gemini"),
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "qwen"),
        ("http://localhost:11434", "ollama"),
        ("http://localhost:8000/v1", "other"),
        ("https://api.openai.com.evil.example/v1", "other"),
        ("https://openrouter.ai/api/v1", "other"),
    ],
)
def test_auto_goes_by_the_host(base_url, provider):
    assert provider_of("auto", base_url) == provider


def test_a_provider_that_is_named_counts():
    assert provider_of("qwen", "https://api.openai.com/v1") == "qwen"
