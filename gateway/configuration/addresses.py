"""Check the address of an API for what people paste: a whole endpoint, a key in it, /v1 too few."""

import ipaddress
import re
from fnmatch import fnmatchcase
from urllib.parse import SplitResult, urlsplit, urlunsplit

from gateway.configuration.problems import Severity
from gateway.providers.hosts import provider_of

Finding = tuple[Severity, str]

_ENDPOINTS = re.compile(
    r"/(chat/completions|completions|responses|messages(/count_tokens)?|embeddings|models"
    r"|api/(chat|generate|tags)|models/[^/]+:\w+)/*$"
)
# Whose SDKs add the version themselves: their base URL has none.
WITHOUT_VERSION = frozenset({"anthropic", "gemini", "ollama", "azure", "vertex"})
_ADDED_BY_SDKS = re.compile(r"/(v1(alpha|beta\d*)|api|openai/deployments(/[^/]+)?)/*$")
_EXAMPLES = {
    "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com",
    "azure": "https://YOURS.openai.azure.com",
    "qwen": "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "ollama": "http://localhost:11434",
    "sglang": "http://localhost:30000/v1",
    "embedded": "http://localhost:8001/v1",
}
# Where hosts speak OpenAI's API, if elsewhere than below /v1.
_PATHS = (
    ("bedrock-runtime*.amazonaws.com", "/openai/v1"),
    ("*.azure.com", "/openai/v1"),
    ("api.groq.com", "/openai/v1"),
    ("openrouter.ai", "/api/v1"),
    ("api.fireworks.ai", "/inference/v1"),
    ("api.deepinfra.com", "/v1/openai"),
    ("dashscope*.aliyuncs.com", "/compatible-mode/v1"),
    ("generativelanguage.googleapis.com", "/v1beta/openai"),
)
_INSIDE = ("localhost", ".localhost", ".local", ".internal", ".lan", ".svc", ".test", ".home.arpa")


def check_base_url(text: str, provider: str) -> list[Finding]:
    """Return what is wrong with `base_url`, and what to write instead; never a password that stands in it."""
    if re.search(r"[\x00-\x20\x7f]", text) or not text.isascii():
        return [("error", "holds a space, a line break or a character that must be percent-encoded")]
    try:
        parts = urlsplit(text)
        port_is_right = parts.port != 0
    except ValueError:
        return [("error", f"expected an address such as https://api.openai.com/v1, got {_unsigned(text)!r}")]
    if "@" in parts.netloc:
        return [("error", "holds a name or password; leave it out, and give the key as api_key: ${NAME}")]
    if parts.scheme not in ("http", "https"):
        meant = f"; did you mean {_guess(text)}?" if "://" not in text else ""
        return [("error", f"expected an address that begins with https:// or http://, got {text!r}{meant}")]
    if not parts.hostname or not port_is_right:
        return [("error", f"expected an address such as https://api.openai.com/v1, got {text!r}")]
    return _check_path(parts, provider_of(provider, text)) or _warnings(parts, provider_of(provider, text))


def example_of(provider: str) -> str:
    """Return what a base URL of this provider looks like."""
    return _EXAMPLES.get(provider, "http://localhost:8000/v1")


def is_public(host: str) -> bool:
    """Tell whether a host lies, as far as its name tells, outside of this machine and its network."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.rstrip(".").lower().endswith(_INSIDE)


def _check_path(parts: SplitResult, provider: str) -> list[Finding]:
    if parts.query or parts.fragment:
        kept = urlunsplit(parts._replace(query="", fragment=""))
        return [("error", f"ends in ?... or #..., which belongs to single requests; write {kept}")]
    if re.search(r"(^|/)(\.|%2e){1,2}(/|$)", parts.path, re.IGNORECASE):
        return [("error", "holds /./ or /../; write the path it leads to")]
    if found := _ENDPOINTS.search(parts.path):
        kept = urlunsplit(parts._replace(path=parts.path[: found.start()]))
        return [("error", f"is one endpoint of the API, {found[0].rstrip('/')}; write its base: {kept}")]
    if provider in WITHOUT_VERSION and (found := _ADDED_BY_SDKS.search(parts.path)):
        kept = urlunsplit(parts._replace(path=parts.path[: found.start()]))
        return [("error", f"ends in {found[0].rstrip('/')}, which SDKs add themselves; write {kept}")]
    if re.search(r"/v1/+v1/*$", parts.path):
        return [("error", f"holds /v1 twice; write {urlunsplit(parts._replace(path='/v1'))}")]
    return []


def _warnings(parts: SplitResult, provider: str) -> list[Finding]:
    found: list[Finding] = []
    if not parts.path.strip("/") and provider not in WITHOUT_VERSION:
        host = parts.hostname or ""
        path = next((path for known, path in _PATHS if fnmatchcase(host, known)), "/v1")
        message = f"has no path, and such APIs usually answer below {path}: did you mean "
        found.append(("warning", f"{message}{urlunsplit(parts._replace(path=path))}?"))
    if parts.scheme == "http" and is_public(parts.hostname or ""):
        message = f"keys and pictures go to {parts.hostname} unencrypted; write https://"
        found.append(("warning", message))
    return found


def _guess(text: str) -> str:
    host = text.lstrip("/").partition("/")[0].partition(":")[0]
    return f"{'https' if is_public(host) else 'http'}://{text.lstrip('/')}"


def _unsigned(text: str) -> str:
    """Leave out what stands before an @: it may be a password."""
    return re.sub(r"(?<=//).*@", "", text)
