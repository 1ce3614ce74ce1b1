"""Tell a provider by the address of its API; a host nobody knows is `other`, whose rules are the cautious ones."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from yarl import URL

from gateway.providers.rules import OTHER

AUTO = "auto"

_HOSTS: Sequence[tuple[str, str]] = (
    ("api.openai.com", "openai"),
    ("*.api.openai.com", "openai"),
    ("*.openai.azure.com", "azure"),
    ("*.cognitiveservices.azure.com", "azure"),
    ("*.services.ai.azure.com", "azure"),
    ("api.anthropic.com", "anthropic"),
    ("*generativelanguage.googleapis.com", "gemini"),
    ("*aiplatform.googleapis.com", "gemini"),
    ("*dashscope*.aliyuncs.com", "qwen"),
)
_OLLAMA_PORT = 11434


def provider_of(provider: str, base_url: str) -> str:
    """Return the provider named in the settings, or for `auto` the one the host tells."""
    if provider != AUTO:
        return provider
    url = URL(base_url)
    host = (url.host or "").lower()
    for pattern, name in _HOSTS:
        if fnmatchcase(host, pattern):
            return name
    return "ollama" if url.port == _OLLAMA_PORT else OTHER
