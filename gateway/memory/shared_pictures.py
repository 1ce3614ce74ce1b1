"""The memory of seen pictures as a worker sees it: kept by another process, asked over a socket.

A memory that is slow or gone makes no request wait: after a few hundredths of a second it has seen nothing,
and that is counted.
"""

import contextlib
import logging
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from cachetools import TTLCache

from calibration.image import Image
from gateway.memory.frames import (
    MAX_PAYLOAD_BYTES,
    SIZES_BYTES,
    Frame,
    FrameError,
    decode_head,
    decode_sizes,
    encode_frame,
)
from gateway.memory.protocol import SeenPicture

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.05  # for one question; the picture's own work takes about as long
BEHIND_SECONDS = 0.005  # while an earlier question is still unanswered
_ACCEPTED_TENANTS = 10_000  # told once a minute each, not with every answer
_ACCEPTED_SECONDS = 60.0
_PIECE_BYTES = 1024 * 1024


class _TroubleError(Exception):
    """The memory did not answer in time, or not at all."""


class SharedPictures:
    """The store's other end; safe to use from several threads, one question at a time."""

    def __init__(
        self,
        connection: socket.socket,
        *,
        on_trouble: Callable[[], None],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Take a socket to `serve_pictures`; `on_trouble` hears of every unanswered question."""
        connection.setblocking(False)
        self._connection = connection
        self._on_trouble = on_trouble
        self._patience_seconds = patience_seconds
        self._lock = threading.Lock()
        self._unsent = bytearray()
        self._received = bytearray()
        self._number = 0
        self._is_behind = False
        self._is_gone = False
        self._told: TTLCache[str, None] = TTLCache(_ACCEPTED_TENANTS, _ACCEPTED_SECONDS)
        self._to_tell: deque[str] = deque(maxlen=_ACCEPTED_TENANTS)

    def alike(self, tenant: str, fingerprint: int, most_bits: int) -> list[SeenPicture]:
        """Ask which of the tenant's pictures are alike; none where nobody answers in time."""
        question = {"do": "alike", "tenant": tenant, "fingerprint": fingerprint, "most_bits": most_bits}
        frame = self._ask(question)
        return [] if frame is None else list(_pictures(frame))

    def remember(self, tenant: str, seen: SeenPicture) -> None:
        """Have a picture kept; it is forgotten where nobody answers in time."""
        pixels = np.ascontiguousarray(seen.picture.pixels)
        if pixels.nbytes > MAX_PAYLOAD_BYTES:
            return
        height, width = pixels.shape[:2]
        question = {
            "do": "remember",
            "tenant": tenant,
            "fingerprint": seen.fingerprint,
            "digest": seen.digest.hex(),
            "height": height,
            "width": width,
        }
        self._ask(question, [pixels.tobytes()])

    def mark(self, tenant: str, fingerprint: int, digest: bytes, most_bits: int) -> int:
        """Have a picture noted as a query; where nobody answers in time, it is the only one."""
        question = {"do": "mark", "tenant": tenant, "fingerprint": fingerprint}
        frame = self._ask({**question, "digest": digest.hex(), "most_bits": most_bits})
        return 1 if frame is None else int(frame.head["count"])

    def accept(self, tenant: str) -> None:
        """Pass on that the upstream knows this key; called on the event loop, so it never waits."""
        if tenant in self._told:
            return
        self._told[tenant] = None
        self._to_tell.append(tenant)
        if self._lock.acquire(blocking=False):
            try:
                with contextlib.suppress(_TroubleError):  # whoever asks next meets the same, and counts it
                    self._tell()
            finally:
                self._lock.release()

    def _ask(self, question: Mapping[str, Any], payload: Sequence[bytes] = ()) -> Frame | None:
        deadline = time.monotonic() + self._patience()
        if not self._lock.acquire(timeout=self._patience()):
            self._on_trouble()
            return None
        try:
            self._number += 1
            self._tell()
            self._put({**question, "id": self._number}, payload, deadline)
            frame = self._answer(self._number, deadline)
        except _TroubleError as error:
            self._is_behind = True
            log.debug("the memory of pictures: %s", error)
            self._on_trouble()
            return None
        finally:
            self._lock.release()
        self._is_behind = False
        return frame

    def _patience(self) -> float:
        return BEHIND_SECONDS if self._is_behind else self._patience_seconds

    def _tell(self) -> None:
        """Send what needs no answer and fits without waiting."""
        while self._to_tell and not self._unsent:
            self._unsent += encode_frame({"do": "accept", "tenant": self._to_tell.popleft()})
            self._send_some()

    def _put(self, head: Mapping[str, Any], payload: Sequence[bytes], deadline: float) -> None:
        self._flush(deadline)  # the rest of an earlier message: without it, nothing after it can be read
        self._unsent += encode_frame(head, payload)
        self._flush(deadline)

    def _flush(self, deadline: float) -> None:
        while self._unsent:
            self._send_some()
            if self._unsent:
                self._wait(select.POLLOUT, deadline)

    def _send_some(self) -> None:
        self._check()
        try:
            sent = self._connection.send(memoryview(bytes(self._unsent[:_PIECE_BYTES])))
        except BlockingIOError:
            return
        except OSError as error:
            self._is_gone = True
            raise _TroubleError(str(error)) from error
        del self._unsent[:sent]

    def _answer(self, number: int, deadline: float) -> Frame:
        """Read until the answer to this question; late answers to earlier ones are dropped."""
        while True:
            frame = self._take_frame()
            if frame is None:
                self._receive_some(deadline)
            elif frame.head.get("id") == number:
                return frame

    def _take_frame(self) -> Frame | None:
        """Return the first message in what was received, once it is whole."""
        received = self._received
        if len(received) < SIZES_BYTES:
            return None
        try:
            head_bytes, payload_bytes = decode_sizes(bytes(received[:SIZES_BYTES]))
            end = SIZES_BYTES + head_bytes + payload_bytes
            if len(received) < end:
                return None
            head = decode_head(bytes(received[SIZES_BYTES : SIZES_BYTES + head_bytes]))
        except FrameError as error:
            self._is_gone = True
            raise _TroubleError(str(error)) from error
        frame = Frame(head, bytes(received[SIZES_BYTES + head_bytes : end]))
        del received[:end]
        return frame

    def _receive_some(self, deadline: float) -> None:
        self._check()
        try:
            piece = self._connection.recv(_PIECE_BYTES)
        except BlockingIOError:
            self._wait(select.POLLIN, deadline)
            return
        except OSError as error:
            self._is_gone = True
            raise _TroubleError(str(error)) from error
        if not piece:
            self._is_gone = True
            raise _TroubleError("it is gone")
        self._received += piece

    def _wait(self, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(self._connection, event)
        milliseconds = max(0.0, deadline - time.monotonic()) * 1000
        if not poll.poll(milliseconds):
            raise _TroubleError("no answer in time")

    def _check(self) -> None:
        if self._is_gone:
            raise _TroubleError("it is gone")


def _pictures(frame: Frame) -> Iterator[SeenPicture]:
    start = 0
    for fingerprint, digest, height, width in frame.head["pictures"]:
        end = start + height * width * 3
        pixels = np.frombuffer(frame.payload, np.uint8, end - start, start).reshape(height, width, 3).copy()
        yield SeenPicture(Image(pixels), fingerprint, bytes.fromhex(digest))
        start = end
