import pytest

from gateway.errors import UnknownPathError
from gateway.relay.upstreams.destination import Destination, Destinations
from gateway.settings import Settings


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def _destination(path: bytes, *models: str, **sections) -> tuple[Destination, bytes]:
    place = Destinations(Settings(**sections)).place(path)
    return place.destination(*models), place.target.wire


def _target(base_url: str, path: bytes, query: bytes = b"", **upstream) -> bytes:
    destination, below = _destination(path, upstream={"base_url": base_url, **upstream})
    return destination.target(below, query)


@pytest.mark.parametrize(
    ("base_url", "path", "target"),
    [
        ("https://api.openai.com/v1", b"/v1/chat/completions", b"/v1/chat/completions"),
        ("https://api.openai.com/v1/", b"/v1/models", b"/v1/models"),
        ("http://vllm:8000/v1", b"/tokenize", b"/tokenize"),
        ("https://openrouter.ai/api/v1", b"/v1/models", b"/api/v1/models"),
        ("https://api.groq.com/openai/v1", b"/v1/models", b"/openai/v1/models"),
        ("https://api.perplexity.ai", b"/v1/chat/completions", b"/chat/completions"),
        ("https://api.perplexity.ai", b"/v1", b"/"),
        ("https://api.anthropic.com", b"/v1/messages", b"/v1/messages"),
        (
            "https://x.openai.azure.com",
            b"/openai/deployments/d/chat/completions",
            b"/openai/deployments/d/chat/completions",
        ),
        ("https://x.openai.azure.com/openai/v1", b"/v1/responses", b"/openai/v1/responses"),
        (
            "https://generativelanguage.googleapis.com",
            b"/v1beta/models/g:generateContent",
            b"/v1beta/models/g:generateContent",
        ),
        (
            "https://generativelanguage.googleapis.com/v1beta/openai",
            b"/v1/chat/completions",
            b"/v1beta/openai/chat/completions",
        ),
        ("http://localhost:11434", b"/api/chat", b"/api/chat"),
    ],
)
def test_paths_map_to_what_an_sdk_would_ask_of_the_same_base_url(base_url, path, target):
    assert _target(base_url, path) == target


@pytest.mark.parametrize("path", [b"/chat/completions", b"/", b"/v11/models", b"/v1%2F@evil/path"])
def test_a_path_outside_v1_is_unknown_where_the_base_url_has_no_version(path):
    with pytest.raises(UnknownPathError, match="/v1"):
        _target("https://api.perplexity.ai", path)


def test_the_query_passes_as_it_is():
    assert _target("https://h/v1", b"/v1/x", b"a=%20&key=k&b") == b"/v1/x?a=%20&key=k&b"


UPSTREAMS = [
    {"name": "claude", "prefix": "/anthropic", "base_url": "https://api.anthropic.com"},
    {"name": "local", "models": ["llama*", "qwen*"], "base_url": "http://vllm:8000/v1"},
    {"name": "deep", "prefix": "/a/b", "base_url": "http://deep/v1"},
    {"name": "shallow", "prefix": "/a", "base_url": "http://shallow/v1"},
    {"name": "small", "prefix": "/a", "models": ["small-*"], "base_url": "http://small/v1"},
]


@pytest.mark.parametrize(
    ("path", "model", "name", "below"),
    [
        (b"/v1/models", "", "default", b"/v1/models"),
        (b"/anthropic/v1/messages", "claude-x", "claude", b"/v1/messages"),
        (b"/anthropicx/v1/messages", "claude-x", "default", b"/anthropicx/v1/messages"),
        (b"/anthropic//evil/v1", "", "claude", b"/evil/v1"),
        (b"/v1/chat/completions", "llama-3", "local", b"/v1/chat/completions"),
        (b"/v1/chat/completions", "gpt-4o", "default", b"/v1/chat/completions"),
        (b"/a/b/v1/x", "", "deep", b"/v1/x"),
        (b"/a/v1/x", "", "shallow", b"/v1/x"),
        (b"/a/v1/x", "small-1", "shallow", b"/v1/x"),
    ],
)
def test_the_longest_prefix_decides_then_the_model_then_the_order(path, model, name, below):
    destination, wire = _destination(path, model, upstreams=UPSTREAMS)

    assert (destination.name, wire) == (name, below)


def test_a_model_leads_by_any_of_its_names():
    destination, _ = _destination(b"/v1/x", "meta/llama-3", "llama-3", upstreams=UPSTREAMS)

    assert destination.name == "local"


def test_a_model_nobody_takes_is_told():
    only = [{"name": "small", "prefix": "/a", "models": ["small-*"], "base_url": "http://small/v1"}]
    with pytest.raises(UnknownPathError):
        _destination(b"/a/v1/x", "large", upstreams=only)


def test_the_gateways_own_prefix_comes_first():
    destination, wire = _destination(b"/llm/anthropic/v1/x", listen={"prefix": "/llm"}, upstreams=UPSTREAMS)
    assert (destination.name, wire) == ("claude", b"/v1/x")

    with pytest.raises(UnknownPathError):
        _destination(b"/anthropic/v1/x", listen={"prefix": "/llm"}, upstreams=UPSTREAMS)


CALLERS = [
    (b"authorization", b"Bearer theirs"),
    (b"api-key", b"t"),
    (b"x-api-key", b"t"),
    (b"x-goog-api-key", b"t"),
]


@pytest.mark.parametrize(
    ("provider", "header"),
    [
        ("openai", (b"authorization", b"Bearer ours")),
        ("anthropic", (b"x-api-key", b"ours")),
        ("azure", (b"api-key", b"ours")),
        ("gemini", (b"x-goog-api-key", b"ours")),
        ("unheard-of", (b"authorization", b"Bearer ours")),
    ],
)
def test_a_key_of_the_settings_takes_the_place_of_every_key_of_the_caller(provider, header):
    upstream = {"provider": provider, "api_key": "ours", "base_url": "https://h/v1"}
    destination, below = _destination(b"/v1/x", upstream=upstream)

    assert destination.headers([(b"x-other", b"1"), *CALLERS]) == [(b"x-other", b"1"), header]
    assert destination.target(below, b"key=theirs&a=1&%6Bey=t&key") == b"/v1/x?a=1"


KEYED = [
    ("https://h/v1", "other", b"/v1/chat/completions", b"/v1/chat/completions"),
    ("https://h/v1", "other", b"/v1", b"/v1"),
    ("https://h/api/v1", "other", b"/v1/models", b"/api/v1/models"),
    ("https://h/api", "other", b"/v1/models", b"/api/models"),
    ("https://h", "other", b"/v1/anything", b"/anything"),  # the whole host may be the API
    ("https://h", "anthropic", b"/v1/messages", b"/v1/messages"),
    ("https://h", "gemini", b"/v1beta/models/g:generateContent", b"/v1beta/models/g:generateContent"),
    ("https://h", "gemini", b"/upload/v1beta/files", b"/upload/v1beta/files"),
    ("https://h", "ollama", b"/api/chat", b"/api/chat"),
    ("https://h", "azure", b"/openai/v1/responses", b"/openai/v1/responses"),
    ("https://h", "azure", b"/models/chat/completions", b"/models/chat/completions"),
    ("https://h/openai/v1", "azure", b"/v1/responses", b"/openai/v1/responses"),
]


@pytest.mark.parametrize(("base_url", "provider", "path", "target"), KEYED)
def test_a_key_of_the_settings_goes_where_the_api_lies(base_url, provider, path, target):
    assert _target(base_url, path, provider=provider, api_key="ours") == target


@pytest.mark.parametrize(
    ("base_url", "provider", "path"),
    [
        ("https://h/v1", "other", b"/admin"),
        ("https://h/v1", "other", b"/"),
        ("https://h/v1", "other", b"/v11/models"),
        ("https://h/v1", "other", b"/v1/../admin"),
        ("https://h/v1", "other", b"/v1%2Fmodels"),
        ("https://h/api/v1", "other", b"/tokenize"),
        ("https://h/openai/v1", "azure", b"/deployments/d"),
        ("https://h", "anthropic", b"/admin"),
        ("https://h", "gemini", b"/"),
        ("https://h", "ollama", b"/metrics"),
        ("https://h", "azure", b"/vision/v3.2/analyze"),
    ],
)
def test_a_key_of_the_settings_goes_nowhere_else_on_the_host(base_url, provider, path):
    with pytest.raises(UnknownPathError, match="key"):
        _target(base_url, path, provider=provider, api_key="ours")


@pytest.mark.parametrize(("base_url", "provider"), [("https://h", "azure"), ("https://h", "ollama")])
@pytest.mark.anyio
async def test_a_look_asks_although_the_place_is_closed_to_callers(base_url, provider):
    destination, _ = _destination(
        b"/v1/x", upstream={"base_url": base_url, "provider": provider, "api_key": "ours"}
    )
    asked = []

    class Answer:
        def close(self) -> None:
            pass

    async def send(_method, target, *_, **__):
        asked.append(target)
        return Answer()

    destination.upstream.send = send
    await destination.look()

    assert asked == [b"/v1/models"]


def test_keys_pass_where_the_settings_have_none():
    destination, _ = _destination(b"/v1/x")

    assert destination.headers(CALLERS) == CALLERS
