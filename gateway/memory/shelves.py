"""Where in Redis what is remembered of whom: names of keys, and the scripts that read and change them.

A shelf is one tenant's, its keys named by a hash of the tenant's name: all in one slot of a cluster, each
with an end. Tenants whose key the upstream has not accepted share one shelf, so that made-up keys push out
nobody but one another. Names carry the version of what is written: gateways of two versions that share one
Redis leave each other's alone.
"""

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from cachetools import TTLCache

if TYPE_CHECKING:
    from redis import Redis

RECORD_VERSION = 2  # of all that is written: raise it with whatever an older gateway would misread
OWNER_BYTES = 8
FINGERPRINT_BYTES = 8
PROBATION = "probation"
ACCEPTED_SECONDS = 24 * 3600.0

_NOT_ACCEPTED_SECONDS = 1.0  # is not asked again
_TENANTS = 10_000

Kind = Literal["pictures", "outcomes"]
_ACCEPTED = 6  # its place among the keys of a shelf
_PARTS = ("items", "used", "arrived", "index")


def owner_of(tenant: str) -> bytes:
    """Return the few bytes that stand for a tenant."""
    return hashlib.sha256(tenant.encode()).digest()[:OWNER_BYTES]


class Shelves:
    """Names of keys under one prefix, and who is accepted as far as this process knows; thread-safe."""

    def __init__(self, prefix: str) -> None:
        """Take what every key begins with."""
        self._start = f"{prefix}:{RECORD_VERSION}"
        self._lock = threading.Lock()
        self._accepted: TTLCache[bytes, None] = TTLCache(_TENANTS, ACCEPTED_SECONDS, time.monotonic)
        self._unknown: TTLCache[bytes, None] = TTLCache(_TENANTS, _NOT_ACCEPTED_SECONDS, time.monotonic)

    @property
    def every_key(self) -> str:
        """Return a pattern of the names of all keys."""
        return f"{self._start}:*"

    @property
    def probe_key(self) -> bytes:
        """Name a key that says nothing."""
        return f"{self._start}:probe".encode()

    def single_key(self, name: str) -> bytes:
        """Name a key of all tenants together."""
        return f"{self._start}:{{{name}}}".encode()

    def keys(self, kind: Kind, shelf: str) -> list[bytes]:
        """Name the keys of a shelf, in the order in which every script expects them."""
        start = f"{self._start}:{{{shelf}}}"
        parts = [f"{start}:{kind}:{part}" for part in _PARTS]
        whole = (f"{start}:{name}" for name in ("marks", "marked", "accepted", "forgotten"))
        return [name.encode() for name in (*parts, *whole)]

    def accepted_key(self, owner: bytes) -> bytes:
        """Name the key that says that the upstream knows a tenant's key."""
        return self.keys("pictures", owner.hex())[_ACCEPTED]

    def shelf_of(self, owner: bytes) -> str:
        """Name the shelf where a tenant's things belong."""
        return owner.hex() if self.is_accepted(owner) else PROBATION

    def is_accepted(self, owner: bytes) -> bool:
        """Tell whether the upstream is known to know this tenant's key."""
        with self._lock:
            return owner in self._accepted

    def may_be_accepted(self, owner: bytes) -> bool:
        """Tell whether it is worth asking: others may have seen it accepted."""
        with self._lock:
            return owner not in self._unknown

    def note(self, owner: bytes, *, is_accepted: bool) -> None:
        """Keep what became known of a tenant."""
        with self._lock:
            if is_accepted:
                self._accepted[owner] = None
                self._unknown.pop(owner, None)
            else:
                self._unknown[owner] = None


@dataclass(frozen=True)
class Room:
    """How much one shelf may hold, and how long."""

    ttl_milliseconds: int
    most_entries: int
    most_bytes: int
    most_listed: int = 0  # entries of one band of fingerprints; 0: nothing is found by its fingerprint


def put(client: "Redis", keys: Sequence[bytes], entry: bytes, value: bytes, room: Room) -> None:
    """Put something on a shelf, in one round trip.

    The value itself stays out of the script: Lua would copy it twice.

    Raises:
        RedisError: It cannot be put there.
    """
    from redis.exceptions import NoScriptError  # noqa: PLC0415 - of an extra

    item = entry[:OWNER_BYTES] + entry[OWNER_BYTES + FINGERPRINT_BYTES :]
    arguments = (entry, room.ttl_milliseconds, room.most_entries, room.most_bytes, room.most_listed)
    with client.pipeline(transaction=False) as pipeline:
        pipeline.hset(keys[0], item, value)
        # As a plain command: a cluster's pipeline has no method for it, though all of this is in one slot.
        pipeline.execute_command(  # type: ignore[no-untyped-call]
            "EVALSHA", _digest("keep"), len(keys), *keys, *arguments
        )
        written, kept = pipeline.execute(raise_on_error=False)
    if isinstance(written, Exception):
        raise written
    if isinstance(kept, NoScriptError):
        client.eval(_text("keep"), len(keys), *keys, *arguments)
    elif isinstance(kept, Exception):
        raise kept


@lru_cache
def _text(name: str) -> str:
    folder = files("gateway.memory") / "scripts"
    head, body = ((folder / f"{each}.lua").read_text(encoding="utf-8") for each in ("shelf", name))
    return f"{head}\n{body}"


@lru_cache
def _digest(name: str) -> str:
    return hashlib.sha1(_text(name).encode(), usedforsecurity=False).hexdigest()  # as Redis names scripts


def run_script(client: "Redis", name: str, keys: Sequence[bytes], arguments: Sequence[bytes | int]) -> Any:
    """Run a script in one round trip; in two where Redis has not met it, or forgot it in a restart.

    Raises:
        RedisError: It cannot be run.
    """
    from redis.exceptions import NoScriptError  # noqa: PLC0415 - of an extra

    try:
        return client.evalsha(_digest(name), len(keys), *keys, *arguments)
    except NoScriptError:
        return client.eval(_text(name), len(keys), *keys, *arguments)
