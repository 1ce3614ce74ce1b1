"""Who calls: which tenant, which of the settings' clients, and what it may ask for. Keys are never kept."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.errors import BadBypassError, GatewayError, UnknownClientError, UnknownPolicyError
from gateway.relay.callers.credentials import KeyPlaces, Keys, client_tenant
from gateway.relay.callers.incoming import Headers, Incoming
from gateway.settings import Client, Settings

BYPASS_REFUSED = ("bypass_refused",)
_UNKNOWN_KEY = "no key of this request is known here"
_NO_KEY = "no key was sent: expected authorization: Bearer KEY, api-key, x-api-key or x-goog-api-key"


@dataclass(frozen=True)
class Caller:
    """One request's sender."""

    tenant: str  # whose memory it meets: a hash of its key, as `credentials` tells
    client: str = ""  # name in the settings; empty: not one of them
    is_trusted: bool = False
    is_bypassed: bool = False  # asks for no image work, and may
    remarks: tuple[str, ...] = ()  # what it asks for in vain, one word each
    policy_name: str = ""  # as x-jnd-policy names it; whether it may, the policies say


class Callers:
    """Everyone the settings know."""

    def __init__(self, settings: Settings, headers: Iterable[bytes] = ()) -> None:
        """Keep hashes of the clients' keys: all of one length, whatever is compared with them.

        `headers`, in lower case, may hold keys beside those that hold them everywhere.
        """
        self._places = KeyPlaces(headers)
        self._clients: Sequence[tuple[bytes, Client]] = [
            (_digest(client.key.get_secret_value().encode()), client) for client in settings.clients
        ]
        self._only_known = settings.only_known_clients
        self._allow_bypass = settings.policy.allow_bypass

    def of(self, incoming: Incoming, provider: str = "") -> Caller:
        """Tell who sent this request.

        Args:
            incoming: The request.
            provider: Whose API judges its key, as far as that is known; empty: nobody knows whose.

        Raises:
            UnknownClientError: Only known clients may call, and this is none of them.
            BadBypassError: It asks for a bypass in words nobody knows, or once so and once so.
            UnknownPolicyError: It asks for two policies.
        """
        keys = self._places.read(incoming.headers, incoming.query)
        wishes = _wishes(incoming.headers)
        client = self._client(keys) if self._clients or self._only_known else None
        if client is None and self._only_known and not incoming.is_preflight:
            raise UnknownClientError(_UNKNOWN_KEY if any(keys.every) else _NO_KEY)
        is_trusted = client is not None and client.is_trusted
        wants_bypass = _is_true(wishes.get(b"x-jnd-bypass", b""))
        may_bypass = is_trusted or self._allow_bypass
        return Caller(
            tenant=self._tenant(keys, client, provider),
            client=client.name if client is not None else "",
            is_trusted=is_trusted,
            is_bypassed=wants_bypass and may_bypass,
            remarks=() if may_bypass or not wants_bypass else BYPASS_REFUSED,
            policy_name=wishes.get(b"x-jnd-policy", b"").decode("latin-1"),
        )

    def going_to(self, caller: Caller, incoming: Incoming, provider: str) -> Caller:
        """Return who sent this request, once it is known whose API judges its key."""
        if caller.client:
            return caller
        keys = self._places.read(incoming.headers, incoming.query)
        return replace(caller, tenant=self._places.tenant(keys, provider))

    def _tenant(self, keys: Keys, client: Client | None, provider: str) -> str:
        if client is None:
            return self._places.tenant(keys, provider)
        return client_tenant(client.key.get_secret_value().encode())

    def _client(self, keys: Keys) -> Client | None:
        """Compare every key with every client's, in a time that tells nothing of how near one came."""
        digests = [_digest(key) for key in keys.every]
        known: Client | None = None
        for expected, client in self._clients:
            for digest in digests:
                if hmac.compare_digest(expected, digest):
                    known = known or client
        return known


def _wishes(headers: Headers) -> Mapping[bytes, bytes]:
    """Return what a request asks of the gateway.

    Raises:
        BadBypassError: It asks for two different things: which of them was meant would be a guess.
        UnknownPolicyError: Likewise.
    """
    wishes: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _TWICE and wishes.setdefault(name, value) != value:
            raise _TWICE[name](f"expected {name.decode()} once, got two that differ")
    return wishes


def _is_true(word: bytes) -> bool:
    word = word.lower()
    if word not in (b"", b"true", b"false"):
        raise BadBypassError("expected x-jnd-bypass: true or false")
    return word == b"true"


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


_TWICE: Mapping[bytes, type[GatewayError]] = {
    b"x-jnd-bypass": BadBypassError,
    b"x-jnd-policy": UnknownPolicyError,
}
