"""Addresses of APIs: where a base URL ends and a method begins, which are Azure's, what to note of one.

People paste base URLs as they find them: with a slash, a query, or the method's own path at the end.
"""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_METHODS = ("/chat/completions", "/completions", "/responses", "/v1/messages", "/messages")
_VERSIONS = ("/v1beta", "/v1")
_DEPLOYMENT = re.compile(r"/deployments/[^/]+$")
_AZURE = (".azure.com", ".azure-api.net", ".azure.us", ".azure.cn")
_SECRET = re.compile(r"key|token|secret|sig|password|code|auth", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def method_url(base_url: str, path: str) -> str:
    """Return where a method is called: its path goes before the base URL's query, and is not doubled.

    Azure's Responses API knows no deployments: the model is named in the body.

    Args:
        base_url: As the user gave it.
        path: Begins with a slash, such as /chat/completions or /v1/messages.
    """
    parts = urlsplit(base_url)
    base = _without_method(parts.path)
    if path == "/responses":
        base = _DEPLOYMENT.sub("", base)
    for version in _VERSIONS:
        if path.startswith(f"{version}/"):
            base = base.removesuffix(version)
    return urlunsplit((parts.scheme, parts.netloc, base + path, parts.query, ""))


def is_azure(base_url: str) -> bool:
    """Return whether the host is one of Azure's, which take a key as `api-key`."""
    host = _host(base_url)
    return host.endswith(_AZURE)


def identity(base_url: str) -> str:
    """Return what tells servers apart: no slash, method, credential or usual port."""
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError:  # told when it is asked
        return base_url
    is_usual = port is None or port == _DEFAULT_PORTS.get(parts.scheme)
    host = _host(base_url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if not _SECRET.search(name)]
    return urlunsplit(
        (
            parts.scheme,
            host if is_usual else f"{host}:{port}",
            _without_method(parts.path),
            urlencode(query),
            "",
        )
    )


def split_spec(rest: str) -> tuple[str, str] | None:
    """Split `MODEL@BASE_URL`, where either may hold an @ as well; None where one of them is missing."""
    found = re.fullmatch(r"(.+?)@(https?://.+)", rest, re.IGNORECASE)
    return (found[1], found[2]) if found else None


def _host(base_url: str) -> str:
    try:
        host = urlsplit(base_url).hostname or ""
    except ValueError:
        return ""
    return f"[{host}]" if ":" in host else host


def _without_method(path: str) -> str:
    base = path.rstrip("/")
    for method in _METHODS:
        if base.endswith(method):
            return base.removesuffix(method).rstrip("/")
    return base
