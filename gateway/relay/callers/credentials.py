"""Where keys stand in a request, and whose memory it meets: that of the key which its API judges.

What stands beside that key counts for nothing. Otherwise a caller would be somebody new with every made-up
word there, accepted by the API each time, and no query of an attack would ever meet the one before. Of an API
whose habits are not known every key counts: callers who share only some of theirs share no memory.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from gateway.relay.callers.incoming import Headers

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
_IN_QUERY = b"?"  # begins the name of a place in the query
_AUTHORIZATION = (b"authorization",)
# By provider, what it reads first; the first that is there is judged, and alone. Servers that people run
# themselves stay out: what stands before them may read keys of its own anywhere.
_JUDGED: Mapping[str, Sequence[bytes]] = {
    **dict.fromkeys(("openai", "bedrock", "qwen", "mistral", "xai", "groq", "openrouter"), _AUTHORIZATION),
    "anthropic": (b"x-api-key", b"authorization"),
    "azure": (b"api-key",),  # else its API Management may judge several
    "gemini": (b"x-goog-api-key", b"?key", b"authorization"),
    "vertex": (b"authorization", b"x-goog-api-key", b"?key"),
}


@dataclass(frozen=True)
class Keys:
    """The keys of one request, without the word Bearer."""

    every: Sequence[bytes]  # however often a place is filled
    first: Sequence[bytes]  # of each place, in the order of `KeyPlaces`; empty: none

    def tenant(self, judged: Iterable[int]) -> str:
        """Return a hash of the first of these places that holds a key; of all places where none does."""
        for place in judged:
            if self.first[place]:
                alone = [key if each == place else b"" for each, key in enumerate(self.first)]
                return _hash(alone)
        return _hash(self.first)


class KeyPlaces:
    """Everywhere a key may stand."""

    def __init__(self, headers: Iterable[bytes] = ()) -> None:
        """Take headers, in lower case, that may hold keys beside those that hold them everywhere."""
        names = dict.fromkeys((*CREDENTIAL_HEADERS, *headers))
        parameters = (_IN_QUERY + name for name in sorted(CREDENTIAL_PARAMETERS))
        self._places = {name: place for place, name in enumerate((*names, *parameters))}
        self._judged = {
            provider: [self._places[name] for name in names] for provider, names in _JUDGED.items()
        }

    def __contains__(self, header: bytes) -> bool:
        """Tell whether a header may hold a key."""
        return header in self._places

    def read(self, headers: Headers, query: bytes) -> Keys:
        """Return the keys of a request; of a place that is filled twice, APIs hear the first."""
        every: list[bytes] = []
        first = [b""] * len(self._places)
        found = [pair for pair in headers if pair[0] in self._places]
        if query:
            found += [(_IN_QUERY + name, value) for name, value in key_parameters(query)]
        for name, value in found:
            key = bare(value)
            every.append(key)
            first[self._places[name]] = first[self._places[name]] or key
        return Keys(every, first)

    def tenant(self, keys: Keys, provider: str) -> str:
        """Return whose memory a request to a provider's API meets."""
        return keys.tenant(self._judged.get(provider, ()))

    def tenants_of(self, key: bytes) -> list[str]:
        """List whose memory a caller with this key alone can meet: by the place of it, or as a client."""
        empty = [b""] * len(self._places)
        by_place = [_hash([*empty[:place], key, *empty[place + 1 :]]) for place in self._places.values()]
        return [client_tenant(key), *by_place]


def client_tenant(key: bytes) -> str:
    """Return whose memory a client of the settings meets, wherever its key stands and whatever beside it."""
    return _hash([b"client", key])


def key_parameters(query: bytes) -> list[tuple[bytes, bytes]]:
    """Return every key in a query, decoded, each with its parameter's name in lower case."""
    folded = query.lower()
    if not any(hint in folded for hint in _HINTS):
        return []
    text = query.decode("latin-1")  # a query need not be UTF-8, nor what its escapes stand for
    pairs = (
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in parse_qsl(text, keep_blank_values=True, encoding="latin-1")
    )
    return [pair for pair in pairs if pair[0] in CREDENTIAL_PARAMETERS]


def bare(key: bytes) -> bytes:
    """Return a key without the word Bearer, however that is written."""
    return key[len(_BEARER) :].strip() if key[: len(_BEARER)].lower() == _BEARER else key.strip()


def _hash(parts: Sequence[bytes]) -> str:
    return hashlib.sha256(b"\1".join(parts)).hexdigest()
