"""Normalise request targets (RFC 3986), so that what is routed, looked into and sent on is one and the same.

Who an upstream is, the settings alone decide: a scheme or a host in a target never gets through here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from gateway.errors import BadPathError

_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_ESCAPE = re.compile(rb"%(..)?", re.DOTALL)
_HEX = re.compile(rb"[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_TO_ESCAPE = re.compile(rb"[ \x80-\xff]")
_FORBIDDEN = re.compile(rb"[\x00-\x1f\x7f\\]")
_PARAMETERS = re.compile(rb";[^/]*")
_SLASHES = re.compile(rb"/{2,}")
_MOST_BYTES = (
    2048  # an ARN of a cloud has a few hundred, escaped; whoever makes up longer ones wastes our time
)
_MOST_SEGMENTS = 64
_LONGEST_KEPT = 512  # paths of real APIs are shorter; longer ones, made up, would fill the memory
_KEPT = 2048
_MOST_DECODINGS = 4  # a path still escaped after so many rounds has no honest reason to be


@dataclass(frozen=True)
class Target:
    """One request target without its query."""

    wire: (
        bytes  # what is sent on: escapes of unreserved characters and dot segments resolved, else as it came
    )
    plain: (
        str  # what is compared: every escape decoded, slashes collapsed, no parameters, no slash at the end
    )


_Path = TypeVar("_Path", bytes, str)
_Found = TypeVar("_Found")


def keeping_short(find: Callable[[_Path], _Found]) -> Callable[[_Path], _Found]:
    """Return the function with a memory for what it found of short paths."""
    kept = lru_cache(maxsize=_KEPT)(find)
    return lambda path: kept(path) if len(path) <= _LONGEST_KEPT else find(path)


@keeping_short
def read_target(raw_path: bytes) -> Target:
    """Normalise the path of a request; of an absolute target, scheme and host are left out.

    Raises:
        BadPathError: It is too long, does not begin with a slash, has damaged escapes, or still has dot
            segments, backslashes or control characters once everything is decoded.
    """
    if len(raw_path) > _MOST_BYTES:
        raise BadPathError(f"expected a path of at most {_MOST_BYTES} bytes")
    path = _ABSOLUTE.sub(b"", raw_path, count=1) if raw_path[:1] != b"/" else raw_path
    if path[:1] != b"/" and (path or not raw_path):
        raise BadPathError("expected a path that begins with a slash")
    escaped = _TO_ESCAPE.sub(lambda match: b"%%%02X" % match.group()[0], path)
    wire = _without_dots(_ESCAPE.sub(_normal_escape, escaped))
    return Target(b"/" + wire.lstrip(b"/"), _plain(wire))


def _normal_escape(match: re.Match[bytes]) -> bytes:
    digits = match.group(1)
    if digits is None or not _HEX.fullmatch(digits):
        raise BadPathError("expected two hexadecimal digits after every % of the path")
    value = int(digits, 16)
    return bytes([value]) if value in _UNRESERVED else b"%" + digits.upper()


def _without_dots(path: bytes) -> bytes:
    """Remove dot segments (RFC 3986, 5.2.4)."""
    kept: list[bytes] = []
    segments = path.split(b"/")[1:]
    for segment in segments:
        if segment == b"..":
            del kept[-1:]
        elif segment != b".":
            kept.append(segment)
    if segments and segments[-1] in (b".", b".."):
        kept.append(b"")
    return b"/" + b"/".join(kept)


def _plain(wire: bytes) -> str:
    decoded = wire
    for _ in range(_MOST_DECODINGS):
        previous, decoded = decoded, unquote_to_bytes(decoded)
        if decoded == previous:
            break
    else:
        raise BadPathError("expected a path that is escaped once")
    if _FORBIDDEN.search(decoded):
        raise BadPathError("expected a path without backslashes and control characters")
    bare = _PARAMETERS.sub(b"", decoded)
    if not {b".", b".."}.isdisjoint(bare.split(b"/")):
        raise BadPathError("expected a path without escaped dot segments")
    plain = _SLASHES.sub(b"/", bare).rstrip(b"/") or b"/"
    if plain.count(b"/") > _MOST_SEGMENTS:
        raise BadPathError(f"expected a path of at most {_MOST_SEGMENTS} segments")
    return plain.decode("utf-8", "replace")
