"""The memory of seen pictures as a worker sees it: kept by another process, asked over a socket.

A memory that is slow or gone makes no request wait for long: then it is as if there were only what this
worker saw itself, or was told of, lately, and that is counted. Marks are sent all the same, and arrive.
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from cachetools import TTLCache

from gateway.memory.elsewhere import CountedElsewhere
from gateway.memory.frames import MAX_PAYLOAD_BYTES, Frame
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.picture_connection import PATIENCE_SECONDS, PictureConnection
from gateway.memory.seen_pictures import SeenPictures

OWN_BYTES = 16 * 1024 * 1024  # of pixels a worker keeps: what it need not be sent again, nor asked for
_OWN_PICTURES = 1000
_ACCEPTED_TENANTS = 10_000  # told once a minute each, not with every answer
_ACCEPTED_SECONDS = 60.0


class SharedPictures:
    """The store's other end; safe to use from several threads."""

    def __init__(
        self,
        connection: socket.socket,
        *,
        on_trouble: Callable[[], None],
        patience_seconds: float = PATIENCE_SECONDS,
        ttl_seconds: float = 3600.0,
    ) -> None:
        """Take a socket to `serve_pictures`; `on_trouble` hears of every unanswered question."""
        self._line = PictureConnection(connection, on_trouble=on_trouble, patience_seconds=patience_seconds)
        self._own = SeenPictures[KeptPicture](_OWN_PICTURES, ttl_seconds, time.monotonic, max_bytes=OWN_BYTES)
        self._told: TTLCache[str, None] = TTLCache(_ACCEPTED_TENANTS, _ACCEPTED_SECONDS)
        self._elsewhere = CountedElsewhere(ttl_seconds)

    def alike(self, tenant: str, fingerprint: int, most_bits: int) -> list[KeptPicture]:
        """Ask which of the tenant's pictures are alike; in silence, which of this worker's own are."""
        own = self._own.alike(tenant, fingerprint, most_bits)
        held = {each.digest.hex(): each for each in own}
        question = {"do": "alike", "tenant": tenant, "fingerprint": fingerprint, "most_bits": most_bits}
        frame = self._line.ask({**question, "held": list(held)})
        if frame is None:
            return own
        found = list(_pictures(frame, held))
        for picture in found:
            if picture.digest.hex() not in held:
                self._own.remember(tenant, picture)
        return found

    def remember(self, tenant: str, seen: KeptPicture) -> None:
        """Have a picture kept; where nobody answers in time, it is as soon as somebody listens."""
        if len(seen.pixels) > MAX_PAYLOAD_BYTES:
            return
        self._own.remember(tenant, seen)
        message = {
            "do": "remember",
            "tenant": tenant,
            "fingerprint": seen.fingerprint,
            "digest": seen.digest.hex(),
            "height": seen.height,
            "width": seen.width,
            "is_deflated": seen.is_deflated,
        }
        self._line.tell(message, [seen.pixels])
        self._line.ask({"do": "hear", "tenant": tenant})  # else the others may not find it yet

    def mark(self, tenant: str, fingerprint: int, digest: bytes, most_bits: int) -> int:
        """Have a picture noted as a query; where nobody answers in time, count what this worker knows of."""
        own = self._own.mark(tenant, fingerprint, digest, most_bits)
        mark = {"do": "mark", "tenant": tenant, "fingerprint": fingerprint, "digest": digest.hex()}
        mark["most_bits"] = most_bits
        # Told, then asked: a question that finds no time is not sent, and marking twice counts once.
        self._line.tell(mark)
        frame = self._line.ask(mark)
        if frame is None:
            return own + self._elsewhere.of(tenant, fingerprint, most_bits)
        count = max(int(frame.head["count"]), own)
        self._elsewhere.note(tenant, fingerprint, count - own)
        return count

    def forget(self, tenant: str) -> None:
        """Have all of a tenant's forgotten, here and where pictures are kept."""
        self._own.forget(tenant)
        self._line.tell({"do": "forget", "tenant": tenant})

    def accept(self, tenant: str) -> None:
        """Pass on that the upstream knows this key; called on the event loop, so it never waits."""
        if tenant in self._told:
            return
        self._told[tenant] = None
        self._own.accept(tenant)
        self._line.tell({"do": "accept", "tenant": tenant})


def _pictures(frame: Frame, held: Mapping[str, KeptPicture]) -> Iterator[KeptPicture]:
    named: Sequence[tuple[int, str, int, int, int, bool]] = frame.head["pictures"]
    start = 0
    for fingerprint, digest, height, width, size_bytes, is_deflated in named:
        if digest in held:
            yield held[digest]
            continue
        pixels = frame.payload[start : start + size_bytes]
        yield KeptPicture(fingerprint, bytes.fromhex(digest), height, width, pixels, is_deflated)
        start += size_bytes
