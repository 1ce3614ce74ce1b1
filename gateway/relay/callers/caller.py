"""Who calls: which tenant, which of the settings' clients, and what it may ask for. Keys are never kept."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from gateway.errors import BadBypassError, UnknownClientError
from gateway.relay.callers.incoming import Incoming
from gateway.settings import Client, Settings

CREDENTIAL_HEADERS = (
    b"authorization",
    b"api-key",
    b"x-api-key",
    b"x-goog-api-key",
    b"ocp-apim-subscription-key",  # Azure's API Management, whose cousin in the query is subscription-key
)
# Of the query, in lower case: `key` is where Gemini's REST examples put it.
CREDENTIAL_PARAMETERS = frozenset({b"key", b"api-key", b"subscription-key", b"access_token"})
_HINTS = (b"key", b"token", b"%")  # a query without any of them, however cased, has no such parameter
_BEARER = b"bearer "
BYPASS_REFUSED = ("bypass_refused",)
_UNKNOWN_KEY = "no key of this request is known here"
_NO_KEY = "no key was sent: expected authorization: Bearer KEY, api-key, x-api-key or x-goog-api-key"


@dataclass(frozen=True)
class Caller:
    """One request's sender."""

    tenant: str  # a hash over every credential: who shares none shares no memory
    client: str = ""  # name in the settings; empty: not one of them
    is_trusted: bool = False
    is_bypassed: bool = False  # asks for no image work, and may
    remarks: tuple[str, ...] = ()  # what it asks for in vain, one word each
    policy_name: str = ""  # as x-jnd-policy names it; whether it may, the policies say


def tenants_of(key: str, headers: Iterable[bytes] = ()) -> list[str]:
    """List the tenants that a caller with this key alone can be, by the place where it is sent.

    `headers` are those beside the usual ones, as for `Callers`.
    """
    places = tuple(dict.fromkeys((*CREDENTIAL_HEADERS, *headers)))
    plain = key.encode()
    found = [_tenant([b""] * len(places) + [plain])]  # in the query
    for place in range(len(places)):
        for value in (plain, b"Bearer " + plain, b"bearer " + plain):
            found.append(_tenant([b"\0" + value if each == place else b"" for each in range(len(places))]))
    return found


class Callers:
    """Everyone the settings know."""

    def __init__(self, settings: Settings, headers: Iterable[bytes] = ()) -> None:
        """Keep hashes of the clients' keys: all of one length, whatever is compared with them.

        `headers`, in lower case, may hold keys beside those that hold them everywhere.
        """
        names = dict.fromkeys((*CREDENTIAL_HEADERS, *headers))
        self._places: Mapping[bytes, int] = {name: place for place, name in enumerate(names)}
        self._clients: Sequence[tuple[bytes, Client]] = [
            (_digest(client.key.get_secret_value().encode()), client) for client in settings.clients
        ]
        self._only_known = settings.only_known_clients
        self._allow_bypass = settings.policy.allow_bypass

    def of(self, incoming: Incoming) -> Caller:
        """Tell who sent this request.

        Raises:
            UnknownClientError: Only known clients may call, and this is none of them.
            BadBypassError: It asks for a bypass in words nobody knows.
        """
        found = [b""] * len(self._places)
        wishes: dict[bytes, bytes] = {}
        for name, value in incoming.headers:
            if name in self._places:
                found[self._places[name]] += b"\0" + value
            elif name in _WISHES:
                wishes[name] = value
        if incoming.query:
            found += key_parameters(incoming.query)
        client = self._client(found) if self._clients or self._only_known else None
        if client is None and self._only_known and not incoming.is_preflight:
            raise UnknownClientError(_UNKNOWN_KEY if any(found) else _NO_KEY)
        is_trusted = client is not None and client.is_trusted
        wants_bypass = _is_true(wishes.get(b"x-jnd-bypass", b""))
        may_bypass = is_trusted or self._allow_bypass
        return Caller(
            tenant=_tenant(found),
            client=client.name if client is not None else "",
            is_trusted=is_trusted,
            is_bypassed=wants_bypass and may_bypass,
            remarks=() if may_bypass or not wants_bypass else BYPASS_REFUSED,
            policy_name=wishes.get(b"x-jnd-policy", b"").decode("latin-1"),
        )

    def _client(self, found: Sequence[bytes]) -> Client | None:
        """Compare every key with every client's, in a time that tells nothing of how near one came."""
        keys = [_digest(_bare(key)) for each in found for key in each.split(b"\0") if key]
        known: Client | None = None
        for digest, client in self._clients:
            for key in keys:
                if hmac.compare_digest(digest, key):
                    known = known or client
        return known


def key_parameters(query: bytes) -> list[bytes]:
    """Return the values of every key in a query, decoded."""
    folded = query.lower()
    if not any(hint in folded for hint in _HINTS):
        return []
    pairs = parse_qsl(query, keep_blank_values=True)
    return [value for name, value in pairs if name.lower() in CREDENTIAL_PARAMETERS]


def _tenant(credentials: Sequence[bytes]) -> str:
    return hashlib.sha256(b"\1".join(credentials)).hexdigest()


def _is_true(word: bytes) -> bool:
    word = word.lower()
    if word not in (b"", b"true", b"false"):
        raise BadBypassError("expected x-jnd-bypass: true or false")
    return word == b"true"


def _bare(key: bytes) -> bytes:
    return key[len(_BEARER) :].strip() if key[: len(_BEARER)].lower() == _BEARER else key.strip()


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


_WISHES = frozenset({b"x-jnd-bypass", b"x-jnd-policy"})
