"""Tell from an API's address whose it is, where the settings leave that to the address (`provider: auto`).

Only hosts that belong to one provider alone are known, and the port that is Ollama's. Any other server, a
local one above all, is `other`: which formats it reads nobody can tell, so a picture keeps its format.
"""

from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from gateway.providers.rules import OTHER

AUTO = "auto"

_PROVIDER_BY_HOST = {
    "api.openai.com": "openai",
    "*.api.openai.com": "openai",  # regional: eu.api.openai.com
    "*.openai.azure.com": "azure",
    "*.cognitiveservices.azure.com": "azure",
    "*.services.ai.azure.com": "azure",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gemini",
    "*-generativelanguage.googleapis.com": "gemini",
    # Vertex with a key of Gemini's; `vertex` has to be named, as it wants another header.
    "aiplatform.googleapis.com": "gemini",
    "*-aiplatform.googleapis.com": "gemini",
    "dashscope.aliyuncs.com": "qwen",
    "dashscope-*.aliyuncs.com": "qwen",
    "api.mistral.ai": "mistral",
    "api.x.ai": "xai",
    "*.api.x.ai": "xai",
    "api.groq.com": "groq",
    "bedrock-runtime*.amazonaws.com": "bedrock",
    "openrouter.ai": "openrouter",
}


_OLLAMA_PORT = 11434


def provider_at(base_url: str) -> str:
    """Return the provider whose host this is; `other` for hosts nobody described."""
    try:
        parts = urlsplit(base_url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return OTHER
    unknown = "ollama" if port == _OLLAMA_PORT else OTHER
    return next((name for known, name in _PROVIDER_BY_HOST.items() if fnmatchcase(host, known)), unknown)


def provider_of(name: str, base_url: str) -> str:
    """Return the provider the settings name, or where they say `auto` the one at the address."""
    return provider_at(base_url) if name == AUTO else name
