"""Tell what the settings amount to: where requests go, whose eyes count for which model, and what is off.

Printed at start and by `check-config`. Names hosts and never a key. Loads no torch.
"""

import textwrap
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from calibration.known_profiles import resolve_profile
from calibration.profile import ProfileError
from gateway.configuration.addresses import WITHOUT_VERSION
from gateway.configuration.profile_names import source_of
from gateway.configuration.proxies import proxy_on_the_way
from gateway.detection.ocr_process import is_ocr_installed
from gateway.policy import Policies
from gateway.providers.hosts import AUTO, provider_of
from gateway.settings import DEFAULT_NAME, Review, Settings, Upstream

_WIDEST = 120  # columns


def facts(settings: Settings) -> dict[str, Any]:
    """Return the effective settings as JSON can hold them."""
    address = _address(settings)
    named = [_api(api, address, api.name, api.prefix, api.models) for api in settings.upstreams]
    return {
        "version": version("lmm-jnd"),
        "listen": address,
        "prefix": settings.listen.prefix,
        "workers": settings.listen.workers,
        "upstreams": [*named, _api(settings.upstream, address, DEFAULT_NAME, "", ())],
        "model_map": dict(settings.model_map),
        "models": [_model(name, profile) for name, profile in settings.models.items()],
        "other_models": "default: taken to see as well as people do",
        "artifact": str(settings.artifact) if settings.artifact else "the one that ships",
        "policy": {
            "mode": settings.policy.mode,
            "block_on": sorted(settings.policy.block_on),
            "actions": dict(sorted(settings.policy.actions.items())),
            "sanitize_when": settings.policy.sanitize_when,
            "reveal_reason": settings.policy.reveal_reason,
            "allow": len(settings.policy.allow),
            "allow_file": str(settings.policy.allow_file) if settings.policy.allow_file else "",
            "alpha": settings.policy.alpha,
            "on_failure": settings.policy.on_failure,
            "named": sorted(settings.policies),
            "modes": {each.name: each.mode for each in Policies(settings).all if each.name},
            "unasked": {
                name: {"models": list(change.models), "upstreams": list(change.upstreams)}
                for name, change in settings.policies.items()
                if change.models or change.upstreams
            },
            "allow_bypass": settings.policy.allow_bypass,
        },
        "compression": {"mode": settings.compression.mode, "tier": settings.compression.tier},
        "review": _review(settings.review),
        "clients": [client.name for client in settings.clients],
        "trusted_clients": [client.name for client in settings.clients if client.is_trusted],
        "only_known_clients": settings.only_known_clients,
        "memory": settings.memory.redis_place,
        "prices": {"currency": settings.prices.currency, "own": len(settings.prices.per_million)},
        "off": what_is_off(settings),
    }


def summary(settings: Settings) -> str:
    """Return the same for people, a few lines."""
    told = facts(settings)
    processes = "1 process" if told["workers"] == 1 else f"{told['workers']} processes"
    lines = [f"jnd-gateway {told['version']} on {told['listen']}, {processes}"]
    lines += [line for api in told["upstreams"] for line in _api_lines(api)]
    models = [(model["name"], f"profile {model['profile']}", model["source"]) for model in told["models"]]
    lines += _table([*models, ("any other", "", told["other_models"])])
    lines += [f"model_map   {name} -> {model}" for name, model in told["model_map"].items()]
    lines += _client_lines(told)
    lines += _policy_lines(told["policy"])
    lines += _review_lines(told["review"])
    compression = told["compression"]
    lines.append(f"compression {compression['mode']}, tier {compression['tier']}")
    lines.append(f"artifact    {told['artifact']}")
    if told["memory"]:
        lines.append(f"memory      shared by {told['memory']}, keys {settings.memory.redis_prefix}:*")
    if told["prices"]["own"]:
        lines.append(f"prices      {told['prices']['own']} of your own, in {told['prices']['currency']}")
    lines += [f"off         {line}" for line in told["off"]]
    return "\n".join(lines)


def what_is_off(settings: Settings) -> list[str]:
    """List what the gateway could do and does not, each with the key that changes it."""
    blind = [
        *(api.name for api in settings.upstreams if api.image_urls == "pass"),
        *([DEFAULT_NAME] if settings.upstream.image_urls == "pass" else []),
    ]
    where = "" if len(blind) > len(settings.upstreams) else f" in requests to {', '.join(blind)}"
    off = {
        "examining pictures for edits (policy.inspection)": settings.policy.inspection == "off",
        "acting on edited pictures, they are only told (policy.mode)": _only_told(settings),
        "lightening pictures (compression.mode)": settings.compression.mode == "off",
        "lightening pictures, it is only reported (compression.mode)": settings.compression.mode == "observe",
        f"looking at pictures named by an address{where} (image_urls)": bool(blind),
        "comparing with pictures seen before (near_duplicate.enabled)": not settings.near_duplicate.enabled,
        "reading hidden text, for short ones to be flagged too (extra: ocr)": not is_ocr_installed(),
        "asking callers for a key of yours (only_known_clients)": not settings.only_known_clients,
        "the upstream's health in /readyz (readiness.check_upstream)": not settings.readiness.check_upstream,
        "keeping flagged images for review (review.store)": settings.review.store == "off",
        "the page that shows flagged images (review.listen)": settings.review.store != "off"
        and settings.review.listen is None,
        "traces (telemetry.otlp_endpoint)": settings.telemetry.otlp_endpoint is None,
    }
    return [line for line, is_off in off.items() if is_off]


def _review(review: Review) -> dict[str, Any]:
    """Return what is kept of flagged images, where, and who shows it; no key, no password."""
    if review.store == "off":
        return {"store": "off"}
    return {
        "store": review.store,
        "directory": str(review.directory),
        "database": "SQLite" if review.database_url is None else "PostgreSQL",
        "page": "" if review.listen is None else f"http://{review.listen}/review",
        "keep_days": review.keep_days,
        "max_bytes": review.max_bytes,
    }


def _review_lines(told: Mapping[str, Any]) -> list[str]:
    if told["store"] == "off":
        return []
    shown = f", shown on {told['page']}" if told["page"] else ""
    return [
        f"review      {told['store']} of flagged images in {told['directory']} ({told['database']}){shown}",
        f"            kept for {told['keep_days']:g} days, at most {told['max_bytes']} bytes",
    ]


def _address(settings: Settings) -> str:
    host, port = settings.listen.host, settings.listen.port
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port or 'PORT'}{settings.listen.prefix}"


def _api(api: Upstream, address: str, name: str, prefix: str, models: Iterable[str]) -> dict[str, Any]:
    provider = provider_of(api.provider, api.base_url)
    parts = urlsplit(api.base_url)
    return {
        "name": name,
        "base_url": api.base_url,
        "host": parts.hostname or "",
        "provider": provider,
        "provider_from": "host" if api.provider == AUTO else "settings",
        "image_urls": api.image_urls,
        "key": "the caller's" if api.api_key is None else "from the settings",
        "proxy": proxy_on_the_way(api.base_url),
        "prefix": prefix,
        "models": list(models),
        "sdk_base_url": address + prefix + ("" if provider in WITHOUT_VERSION else "/v1"),
    }


def _api_lines(api: Mapping[str, Any]) -> list[str]:
    chosen = f" for {', '.join(api['models'])}" if api["models"] else ""
    proxy = f" through the proxy {api['proxy']}" if api["proxy"] else ""
    return [
        f"upstream    {api['name']}{chosen}: {api['sdk_base_url']} -> {api['base_url']}{proxy}",
        f"            provider {api['provider']} (by the {api['provider_from']}), pictures by address: "
        f"{api['image_urls']}, key: {api['key']}",
    ]


def _client_lines(told: Mapping[str, Any]) -> list[str]:
    if not told["clients"]:
        return []
    trusted = f"; trusted: {', '.join(told['trusted_clients'])}" if told["trusted_clients"] else ""
    others = "refused" if told["only_known_clients"] else "answered as well"
    return [*_wrapped("clients", told["clients"]), f"            others are {others}{trusted}"]


def _policy_lines(policy: Mapping[str, Any]) -> list[str]:
    acts = f" {' and '.join(policy['block_on'])}" if policy["mode"] != "monitor" else ""
    lines = [f"policy      {policy['mode']}{acts}; what cannot be checked: {policy['on_failure']}"]
    lines += _wrapped("", [f"{kind}: {action}" for kind, action in policy["actions"].items()])
    if policy["sanitize_when"] == "always":
        lines.append("            every picture is sanitized (policy.sanitize_when)")
    if policy["allow"] or policy["allow_file"]:
        listed = [f"{policy['allow']} of the settings"] if policy["allow"] else []
        listed += [f"those of {policy['allow_file']}"] if policy["allow_file"] else []
        lines.append(f"            pictures never flagged: {' and '.join(listed)}")
    if policy["allow_bypass"]:
        lines.append("            every caller may skip image work by x-jnd-bypass (policy.allow_bypass)")
    lines += _wrapped("policies", policy["named"])
    lines += _wrapped("", [f"{name}: {policy['modes'][name]}" for name in policy["named"]])
    for name, where in policy["unasked"].items():
        of = [f"{what} {', '.join(names)}" for what, names in where.items() if names]
        lines.append(f"            {name} treats unasked: {' and '.join(of)}")
    return lines


def _only_told(settings: Settings) -> bool:
    """Whether nothing is done to any picture, whatever is found and whichever policy treats it."""
    return not any(each.may_sanitize or each.may_block for each in Policies(settings).all)


def _wrapped(heading: str, names: Iterable[str]) -> list[str]:
    text = ", ".join(names)
    return textwrap.wrap(
        text, _WIDEST, initial_indent=heading.ljust(12), subsequent_indent=" " * 12, break_long_words=False
    )


def _model(name: str, profile: str) -> dict[str, str]:
    try:
        source = source_of(resolve_profile(profile))
    except (ProfileError, OSError, ValueError) as error:
        source = str(error)
    return {"name": name, "profile": profile, "source": source}


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    cells = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width] for row in rows]
    return [f"model       {'  '.join(row).rstrip()}" for row in cells]
