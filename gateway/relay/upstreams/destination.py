"""Where a request goes: which of the settings' upstreams, at which path, with whose credentials.

The longest prefix decides, then the model, then the order of the settings. A path is only ever appended to
an upstream's base URL; nothing in a request can choose scheme, host or port.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import unquote_to_bytes

from gateway.errors import UnknownPathError
from gateway.providers.hosts import provider_of
from gateway.relay.callers.credentials import CREDENTIAL_HEADERS, CREDENTIAL_PARAMETERS
from gateway.relay.paths import Target, keeping_short, read_target
from gateway.relay.upstreams.answer import Headers
from gateway.relay.upstreams.upstream import Upstream
from gateway.settings import ImageUrls, Settings
from gateway.settings import Upstream as UpstreamSettings

DEFAULT = "default"  # name of the upstream that the settings do not name

_VERSION = b"/v1"
_LOOKED_AT = b"/v1/models"
_SDK_KNOWS_THE_VERSION = frozenset({"anthropic", "gemini", "ollama", "azure", "vertex"})
_OPENAI_BELOW = b"/openai"  # where Gemini offers OpenAI's API, and Azure too
_KEY_HEADERS: Mapping[str, bytes] = {
    "anthropic": b"x-api-key",
    "azure": b"api-key",
    "gemini": b"x-goog-api-key",
}  # of others: authorization
# Where an API lies on a host that its base URL names alone; other things there hear the same key.
_ROOTS: Mapping[str, tuple[bytes, ...]] = {
    "anthropic": (b"/v1",),
    "azure": (b"/openai", b"/models", b"/anthropic", b"/providers", b"/api/projects"),
    "gemini": (b"/v1", b"/v1beta", b"/v1beta1", b"/v1alpha", b"/upload", b"/download"),
    "ollama": (b"/v1", b"/api"),
    "vertex": (b"/v1", b"/v1beta1"),
}  # of others it cannot be told


@dataclass(frozen=True)
class Destination:
    """One upstream, and how to speak with it."""

    name: str  # label of metrics and logs
    provider: str  # whose rules apply to images
    image_urls: ImageUrls
    upstream: Upstream
    models: tuple[str, ...]  # patterns; empty: all of them
    credential: tuple[bytes, bytes] | None  # header sent instead of the caller's; None: the caller's pass

    @property
    def judging_provider(self) -> str:
        """Whose API judges the caller's key; empty where the settings' own is sent in its place."""
        return "" if self.credential is not None else self.provider

    def target(self, path: bytes, query: bytes) -> bytes:
        """Return path and query at the upstream.

        Raises:
            UnknownPathError: The API lies below /v1/, and this path does not; or it leaves the API, and
                the settings' key would go with it.
        """
        mapped = self._mapped(path)
        if self.credential is not None:
            self._keep_inside(mapped)
            query = _without_key(query) if query else query
        return mapped + b"?" + query if query else mapped

    def headers(self, headers: Headers) -> Headers:
        """Return the headers with the caller's credentials, or with the settings' in their place."""
        if self.credential is None:
            return headers
        return [*without_keys(headers), self.credential]

    async def look(self) -> None:
        """Return when the upstream answers, whatever it says.

        Raises:
            GatewayError: There is no answer.
        """
        answer = await self.upstream.send(
            "GET", self._mapped(_LOOKED_AT), self.headers([]), None, size_bytes=None
        )
        answer.close()

    def takes(self, *names: str) -> bool:
        """Tell whether a model with one of these names leads here."""
        return not self.models or any(fnmatchcase(name, each) for each in self.models for name in names)

    def _mapped(self, path: bytes) -> bytes:
        base = self.upstream.base_path
        if base.endswith(_VERSION):
            return base[: -len(_VERSION)] + path
        if self.provider in _SDK_KNOWS_THE_VERSION and not base.endswith(_OPENAI_BELOW):
            return base + path
        if path == _VERSION or path.startswith(_VERSION + b"/"):
            return base + path[len(_VERSION) :] or b"/"
        raise UnknownPathError("nothing here: this API lies below /v1/ (is /v1 in the base URL?)")

    def _keep_inside(self, mapped: bytes) -> None:
        base = self.upstream.base_path
        roots = (base,) if base else _ROOTS.get(self.provider, (b"",))
        if all(_below(root, mapped) is None for root in roots):
            known = ", ".join(root.decode() for root in roots)
            raise UnknownPathError(f"nothing here: with the gateway's key, only what lies below {known}")


@dataclass(frozen=True)
class Place:
    """A path below one prefix, before the model is known."""

    target: Target  # without the prefix
    candidates: Sequence[Destination]

    def destination(self, *names: str) -> Destination:
        """Return the upstream of a model, by the name in the request or any other of it.

        Without a name, the first that takes every model, else the first.

        Raises:
            UnknownPathError: No upstream below this prefix takes it.
        """
        if not any(names):
            return next((each for each in self.candidates if not each.models), self.candidates[0])
        for each in self.candidates:
            if each.takes(*names):
                return each
        raise UnknownPathError("no upstream at this path takes this model")


class Destinations:
    """All upstreams of the settings."""

    def __init__(self, settings: Settings) -> None:
        """Read the settings; connections open when the upstreams are entered.

        Raises:
            ValueError: The environment names a proxy that cannot be used.
        """
        self._prefix = settings.listen.prefix.encode()
        default = _destination(DEFAULT, settings.upstream, ())
        by_prefix: dict[bytes, list[Destination]] = {}
        for each in settings.upstreams:
            found = _destination(each.name, each, each.models)
            by_prefix.setdefault(each.prefix.encode(), []).append(found)
        by_prefix.setdefault(b"", []).append(default)
        self._by_prefix = sorted(by_prefix.items(), key=lambda item: -len(item[0]))
        self.place = keeping_short(self._place)

    @property
    def all(self) -> list[Destination]:
        """Every destination, the default last."""
        return [each for _, candidates in self._by_prefix for each in candidates]

    def _place(self, wire: bytes) -> Place:
        """Find the upstreams that a normalised path leads to.

        Raises:
            UnknownPathError: It does not begin with the gateway's own prefix.
            BadPathError: What is left of it is no path.
        """
        rest = _below(self._prefix, wire)
        if rest is None:
            raise UnknownPathError(f"nothing here: everything lies below {self._prefix.decode()}")
        for prefix, candidates in self._by_prefix:
            below = _below(prefix, rest)
            if below is not None:
                return Place(read_target(below), candidates)
        raise UnknownPathError("nothing here")  # the default has no prefix: never reached


def without_keys(headers: Headers) -> Headers:
    """Leave out everybody's credentials."""
    return [pair for pair in headers if pair[0] not in CREDENTIAL_HEADERS]


def _destination(name: str, settings: UpstreamSettings, models: tuple[str, ...]) -> Destination:
    provider = provider_of(settings.provider, settings.base_url)
    credential = None
    if settings.api_key is not None:
        key = settings.api_key.get_secret_value().encode()
        header = _KEY_HEADERS.get(provider)
        credential = (b"authorization", b"Bearer " + key) if header is None else (header, key)
    return Destination(
        name=name,
        provider=provider,
        image_urls=settings.image_urls,
        upstream=Upstream(settings),
        models=models,
        credential=credential,
    )


def _below(prefix: bytes, path: bytes) -> bytes | None:
    """Return the path without the prefix; None if it does not begin with it."""
    if not prefix:
        return path
    if not path.startswith(prefix) or path[len(prefix) : len(prefix) + 1] not in (b"/", b""):
        return None
    return path[len(prefix) :] or b"/"


def _without_key(query: bytes) -> bytes:
    pieces = query.split(b"&")
    names = (unquote_to_bytes(piece.partition(b"=")[0].replace(b"+", b" ")) for piece in pieces)
    return b"&".join(
        piece for piece, name in zip(pieces, names, strict=True) if name.lower() not in CREDENTIAL_PARAMETERS
    )
