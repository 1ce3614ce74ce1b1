"""Check what types cannot: words that name something, keys that contradict each other, doors left open.

An error is what would not work, or not as anybody can have meant it; a warning is what works and surprises.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib.resources import files
from importlib.util import find_spec
from urllib.parse import urlsplit

from gateway.configuration.addresses import check_base_url, example_of, is_public
from gateway.configuration.keys import Where, spell
from gateway.configuration.loops import leads_back
from gateway.configuration.policy_meaning import check_policies
from gateway.configuration.problems import Problem, Severity
from gateway.configuration.profile_names import check_profile
from gateway.configuration.review_meaning import check_review
from gateway.policy import Policies
from gateway.providers.hosts import AUTO
from gateway.providers.prices import LIST_CURRENCY
from gateway.settings import DEFAULT_NAME, NamedUpstream, Settings, Upstream

Found = tuple[Where, Problem]

_LOOPBACK = ("127.", "::1", "localhost")
_OTHER_PORT = "write the address of the API, or give the gateway another listen.port"
_OTHER_NAMES = {
    "azure-openai": "azure", "openai-azure": "azure", "azureopenai": "azure", "azure-ai": "azure",
    "claude": "anthropic", "google": "gemini", "vertex-ai": "vertex", "google-genai": "gemini",
    "google-vertex": "vertex", "grok": "xai", "x-ai": "xai", "aws": "bedrock", "gpt": "openai",
    "chatgpt": "openai", "alibaba": "qwen", "dashscope": "qwen", "llama.cpp": "llamacpp",
    "llama-server": "llamacpp", "huggingface": "transformers", "hf": "transformers", "local": "embedded",
    "custom": "other", "openai-compatible": "other", "litellm": "other", "mistralai": "mistral",
}  # fmt: skip
_OWN_PATHS = ("/v1", "/livez", "/readyz", "/metrics", "/beta/litellm_basic_guardrail_api")


def check_meaning(settings: Settings) -> list[Found]:
    """Return every finding with the place of its key."""
    checks = (
        _listen,
        _apis,
        _routing,
        _models,
        _artifact,
        _clients,
        _callers_keys,
        _policies,
        _fetching,
        _limits,
        _review,
        _prices,
        _telemetry,
    )
    return [found for check in checks for found in check(settings)]


def known_providers() -> list[str]:
    """List what `provider` may say, `auto` aside."""
    text = files("gateway.providers").joinpath("providers.json").read_text(encoding="utf-8")
    return list(json.loads(text)["providers"])


def why_unknown(provider: str) -> str:
    """Say that nobody described a provider, and which was probably meant; empty for one that is known."""
    known = known_providers()
    if provider in known:
        return ""
    near = [_OTHER_NAMES.get(provider.lower().replace("_", "-"), "")]
    near = near if near[0] else get_close_matches(provider.lower(), known, 1)
    meant = f"did you mean {near[0]}?" if near else f"expected {', '.join(known)}"
    return f"nothing is known of {provider!r}; {meant}"


def apis(settings: Settings) -> Iterator[tuple[Where, Upstream]]:
    """List every upstream with its place, the ones with names first."""
    for index, api in enumerate(settings.upstreams):
        yield ("upstreams", index), api
    yield ("upstream",), settings.upstream


def _found(severity: Severity, where: Where, message: str) -> Found:
    return where, Problem(severity, message, spell(where))


def _listen(settings: Settings) -> Iterator[Found]:
    host = settings.listen.host
    if not host or "/" in host or " " in host or (":" in host and host.count(":") == 1):
        message = f"expected an address alone, such as 127.0.0.1, got {host!r}; the port has a key of its own"
        yield _found("error", ("listen", "host"), message)
    elif not host.startswith(_LOOPBACK) and not settings.only_known_clients:
        message = "whoever reaches this port can use the gateway"
        if any(api.api_key for _, api in apis(settings)):
            message += ", and the api_key in these settings with it"
        yield _found(
            "warning", ("listen", "host"), f"{message}; set only_known_clients, or listen on 127.0.0.1"
        )
    if own := _own_path(settings.listen.prefix):
        message = f"{own} and what lies below it is the gateway's own; choose another, such as /llm"
        yield _found("error", ("listen", "prefix"), message)


def _apis(settings: Settings) -> Iterator[Found]:
    for where, api in apis(settings):
        for severity, message in check_base_url(api.base_url, api.provider):
            yield _found(severity, (*where, "base_url"), message)
        if leads_back(api.base_url, settings.listen):
            yield _found("error", (*where, "base_url"), f"is the gateway itself; {_OTHER_PORT}")
        if api.provider != AUTO and (message := why_unknown(api.provider)):
            yield _found("error", (*where, "provider"), message)
        elif "base_url" not in api.model_fields_set and api.provider not in (AUTO, "openai"):
            message = f"is missing: without it requests go to {urlsplit(api.base_url).hostname}, which is not"
            message += f" {api.provider}; write {example_of(api.provider)}"
            yield _found("error", (*where, "base_url"), message)


def _routing(settings: Settings) -> Iterator[Found]:
    yield from _twice(
        ((("upstreams", i, "name"), api.name) for i, api in enumerate(settings.upstreams)), "name"
    )
    for index, api in enumerate(settings.upstreams):
        if api.name == DEFAULT_NAME:
            message = f"{DEFAULT_NAME} is what `upstream` is called in metrics; choose another"
            yield _found("error", ("upstreams", index, "name"), message)
        yield from _check_route(index, api, settings.upstreams[:index])


def _check_route(index: int, api: NamedUpstream, earlier: Iterable[NamedUpstream]) -> Iterator[Found]:
    where: Where = ("upstreams", index)
    if not api.prefix and not api.models:
        yield _found(
            "error",
            where,
            f"takes every request from `upstream`: give it a prefix such as /{api.name}, or models",
        )
    if own := _own_path(api.prefix):
        message = f"{own} and what lies below it is the gateway's own; choose another, such as /{api.name}"
        yield _found("error", (*where, "prefix"), message)
    for other in earlier:
        if api.prefix == other.prefix and (not other.models or set(api.models) <= set(other.models)):
            message = f"everything that leads here leads to {other.name} first; change its prefix or models"
            yield _found("error", where, message)
        elif other.prefix and api.prefix.startswith(other.prefix + "/"):
            message = f"lies below {other.prefix} of {other.name}; the longer prefix is taken first"
            yield _found("warning", (*where, "prefix"), message)


def _own_path(prefix: str) -> str:
    """Return the path of ours that a prefix would lie in or around; empty where they keep apart."""
    below = prefix + "/"
    return next(
        (own for own in _OWN_PATHS if prefix and (below.startswith(own + "/") or own.startswith(below))), ""
    )


def _models(settings: Settings) -> Iterator[Found]:
    for model, name in settings.models.items():
        for severity, message in check_profile(name):
            yield _found(severity, ("models", model), message)
    for name, target in settings.model_map.items():
        if name == target or _goes_round(name, settings.model_map):
            yield _found(
                "error", ("model_map", name), f"leads back to itself by {target}; name the model in the end"
            )
        elif target in settings.model_map:
            message = f"leads to {target}, which is mapped itself, and one step is taken; name the last model"
            yield _found("warning", ("model_map", name), message)


def _goes_round(start: str, steps: Mapping[str, str]) -> bool:
    seen, name = {start}, steps.get(start)
    while name is not None and name not in seen:
        seen.add(name)
        name = steps.get(name)
    return name is not None


def _artifact(settings: Settings) -> Iterator[Found]:
    folder = settings.artifact
    if folder is None:
        return
    if not folder.is_dir():
        yield _found("error", ("artifact",), f"there is no folder {str(folder)!r}")
    elif not (folder / "card.json").is_file():
        message = f"{str(folder)!r} holds no card.json: it is not what `jnd-predictor train` writes"
        yield _found("error", ("artifact",), message)


def _clients(settings: Settings) -> Iterator[Found]:
    named = [(("clients", i, "name"), client.name) for i, client in enumerate(settings.clients)]
    keys = [
        (("clients", i, "key"), client.key.get_secret_value()) for i, client in enumerate(settings.clients)
    ]
    yield from _twice(named, "name")
    yield from _twice(keys, "key")
    for where, key in keys:
        if len(key) < 16:
            yield _found("warning", where, "is short enough to be guessed; `openssl rand -hex 24` makes one")
    if settings.only_known_clients and not settings.clients:
        yield _found("error", ("only_known_clients",), "nobody could call: `clients` lists nobody")


def _callers_keys(settings: Settings) -> Iterator[Found]:
    """Warn where a key that was made up for the gateway would be shown to an API."""
    bare = [(where, api) for where, api in apis(settings) if api.api_key is None]
    is_mixed = len(bare) <= len(settings.upstreams)
    for where, api in bare if settings.clients else ():
        name = api.name if isinstance(api, NamedUpstream) else DEFAULT_NAME
        if is_mixed:
            message = f"is missing: callers' keys reach {name}, also those you made up for another upstream"
        elif settings.only_known_clients and is_public(urlsplit(api.base_url).hostname or ""):
            message = f"is missing: the keys of `clients` reach {name}, so each has to be one of that API's"
        else:
            continue
        message += "; set one (any word, where that API asks for none)"
        yield _found("warning", (*where, "api_key"), message)


def _twice(values: Iterable[tuple[Where, str]], what: str) -> Iterator[Found]:
    listed = list(values)
    counts = Counter(value for _, value in listed)
    seen: set[str] = set()
    for where, value in listed:
        if counts[value] > 1 and value in seen:
            yield _found("error", where, f"another one above has the same {what}")
        seen.add(value)


def _policies(settings: Settings) -> Iterator[Found]:
    for severity, where, message in check_policies(settings):
        yield _found(severity, where, message)
    urls_pass = [where for where, api in apis(settings) if api.image_urls == "pass"]
    blocking = [each for each in Policies(settings).all if each.may_block and each.on_failure == "forward"]
    if blocking and urls_pass:
        by = "in mode `block`" if not blocking[0].name else f"where policy {blocking[0].name} blocks"
        message = f"pictures named by their address pass unseen {by}; see fetch-check-inline"
        yield _found("warning", (*urls_pass[0], "image_urls"), message)


def _fetching(settings: Settings) -> Iterator[Found]:
    chosen, default = settings.fetching, type(settings.fetching)()
    if chosen != default and all(api.image_urls == "pass" for _, api in apis(settings)):
        yield _found("warning", ("fetching",), "has no effect: image_urls is `pass` everywhere")
    if any(host.strip() in ("*", "*.*") for host in chosen.private_hosts):
        message = "opens everything this machine can reach to every caller; name the hosts"
        yield _found("warning", ("fetching", "private_hosts"), message)
    for index, host in enumerate(chosen.private_hosts + chosen.allowed_hosts):
        if "/" in host or ":" in host:
            key = "private_hosts" if index < len(chosen.private_hosts) else "allowed_hosts"
            yield _found(
                "error", ("fetching", key), f"expected a host alone, such as images.example.org, got {host!r}"
            )


def _limits(settings: Settings) -> Iterator[Found]:
    limits = settings.limits
    pairs = (
        ("queue_bytes", "max_body_bytes", "a body of that size is always refused"),
        ("queue_pixels", "max_pixels", "a picture of that size is never looked at"),
        ("request_seconds", "image_seconds", "a picture never gets that long"),
    )
    for small, large, consequence in pairs:
        if getattr(limits, small) < getattr(limits, large):
            message = f"is below limits.{large}, {getattr(limits, large):g}: {consequence}"
            yield _found("warning", ("limits", small), message)


def _prices(settings: Settings) -> Iterator[Found]:
    chosen = settings.prices
    if chosen.currency != LIST_CURRENCY and not chosen.per_million:
        message = f"the list that ships is in {LIST_CURRENCY}: without prices.per_million no money is told"
        yield _found("warning", ("prices", "currency"), message)


def _review(settings: Settings) -> Iterator[Found]:
    for severity, where, message in check_review(settings):
        yield _found(severity, where, message)


def _telemetry(settings: Settings) -> Iterator[Found]:
    endpoint = settings.telemetry.otlp_endpoint
    if endpoint is None:
        return
    where: Where = ("telemetry", "otlp_endpoint")
    if urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).netloc:
        yield _found("error", where, f"expected an address such as http://localhost:4318, got {endpoint!r}")
    elif leads_back(endpoint, settings.listen):
        yield _found("error", where, "is the gateway itself; write the collector's address")
    if find_spec("opentelemetry") is None:
        yield _found("error", where, "needs the extra `telemetry`: pip install 'lmm-jnd[telemetry]'")
