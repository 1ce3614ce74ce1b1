"""Tell which requests may be put to a model a second time without doing anything but being answered.

Whatever might act, be kept, be charged apart or answer more than once is left out, and so is any request of a
kind that is not known here: a new key of an API may mean anything only where it concerns tools or storage.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from gateway.compression.audit.wire import DialectName

# By the gateway's name of a dialect: the API's, and how the path of its one plain method ends.
_METHODS: Mapping[str, tuple[DialectName, str]] = {
    "openai_chat": ("openai", "/chat/completions"),
    "azure_chat": ("openai", "/chat/completions"),
    "anthropic": ("anthropic", "/messages"),
    "gemini": ("gemini", ":generateContent"),
}


# Keys that search, keep, act or bring tools with them: what OpenAI's API and those in its format take ...
_OPENAI_ACTS = (
    "store",
    "background",
    "previous_response_id",
    "conversation",
    "web_search_options",
    "plugins",  # OpenRouter
    "search_parameters",  # xAI
    "enable_search",  # Model Studio
    "search_settings",  # Groq
)
# ... and what the others do.
_ANTHROPIC_ACTS = ("mcp_servers", "container", "context_management")
_GEMINI_ACTS = ("store", "cachedContent", "cached_content")
_SEARCHING_MODEL = re.compile(
    r":online$|(?:^|[-/])search(?:-|$)|(?:^|/)compound(?:-|$)"
)  # without being told to


def wire_of(dialect: str, path: str) -> DialectName | None:
    """Name the API of a method that only answers; None for every other one."""
    name, end = _METHODS.get(dialect, (None, ""))
    return name if name is not None and path.endswith(end) else None


def may_repeat(wire: DialectName, body: bytes) -> bool:
    """Tell whether a request only asks for one answer, whole, and leaves nothing behind."""
    try:
        request: Any = orjson.loads(body)
    except ValueError:
        return False
    return isinstance(request, dict) and not request.get("stream") and _CHECKS[wire](request)


def _is_plain_openai(request: Mapping[str, Any]) -> bool:
    model = request.get("model")
    return (
        not _asks_for(request, _OPENAI_ACTS)
        and not (isinstance(model, str) and _SEARCHING_MODEL.search(model.lower()))
        and request.get("n") in (None, 1)
        and request.get("modalities") in (None, ["text"])
        and all(_of_type(tool, "function", "custom") for tool in _tools(request))
    )


def _is_plain_anthropic(request: Mapping[str, Any]) -> bool:
    # A tool of the caller's own has no type, or says that it is custom; versioned ones may run on the server.
    return not _asks_for(request, _ANTHROPIC_ACTS) and all(
        isinstance(tool, dict) and tool.get("type") in (None, "custom") for tool in _tools(request)
    )


def _is_plain_gemini(request: Mapping[str, Any]) -> bool:
    settings = request.get("generationConfig", request.get("generation_config"))
    settings = settings if isinstance(settings, dict) else {}
    count = settings.get("candidateCount", settings.get("candidate_count"))
    kinds = settings.get("responseModalities", settings.get("response_modalities"))
    return (
        not _asks_for(request, _GEMINI_ACTS)
        and count in (None, 1)
        and kinds in (None, ["TEXT"])
        and all(
            isinstance(tool, dict) and set(tool) <= {"functionDeclarations", "function_declarations"}
            for tool in _tools(request)
        )
    )


_CHECKS: Mapping[DialectName, Callable[[Mapping[str, Any]], bool]] = {
    "openai": _is_plain_openai,
    "anthropic": _is_plain_anthropic,
    "gemini": _is_plain_gemini,
}


def _asks_for(request: Mapping[str, Any], keys: Iterable[str]) -> bool:
    """Tell whether any of these is wanted: an empty object is, of an option that has settings of its own."""
    return any(request.get(key) not in (None, False, []) for key in keys)


def _tools(request: Mapping[str, Any]) -> list[Any]:
    tools = request.get("tools") or []
    return tools if isinstance(tools, list) else [tools]


def _of_type(tool: Any, *kinds: str) -> bool:
    return isinstance(tool, dict) and tool.get("type") in kinds
