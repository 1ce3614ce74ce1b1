"""A worker's line to the process that keeps the pictures: what is told arrives in order, answers may not.

Whoever asks waits for a quarter of a second, and less while an earlier question is still unanswered. What is
only told waits for nobody: it goes out with whatever is sent next, also where the other end is slow.
"""

import logging
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.memory.frames import SIZES_BYTES, Frame, FrameError, decode_head, decode_sizes, encode_frame

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.25  # for one question: where many want the processor, the answer waits for its turn too
BEHIND_SECONDS = 0.05  # while an earlier question is still unanswered
MAX_UNTOLD_BYTES = 16 * 1024 * 1024
MAX_UNTOLD = 10_000
_PIECE_BYTES = 1024 * 1024


class _TroubleError(Exception):
    """The other end did not answer in time, or not at all."""


class PictureConnection:
    """One end of the line; safe to use from several threads, one question at a time."""

    def __init__(
        self,
        connection: socket.socket,
        *,
        on_trouble: Callable[[], None],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Take a socket to `serve_pictures`; `on_trouble` hears of all that goes unanswered or untold."""
        connection.setblocking(False)
        self._connection = connection
        self._on_trouble = on_trouble
        self._patience_seconds = patience_seconds
        self._lock = threading.Lock()
        self._untold: deque[bytes] = deque()
        self._untold_bytes = 0
        self._counting = threading.Lock()
        self._unsent = bytearray()
        self._received = bytearray()
        self._number = 0
        self._is_behind = False
        self._is_gone = False

    def tell(self, head: Mapping[str, Any], payload: Sequence[bytes] = ()) -> None:
        """Have something sent, in the order of telling; never waits.

        What would be too much to keep is left out, and counted as trouble.
        """
        if not self._keep(encode_frame(head, payload)):
            self._on_trouble()
        elif self._lock.acquire(blocking=False):
            try:
                self._send_untold()
            except _TroubleError as error:  # whoever asks next meets the same, and counts it
                log.debug("the memory of pictures: %s", error)
            finally:
                self._lock.release()

    def ask(self, question: Mapping[str, Any]) -> Frame | None:
        """Ask, and wait for the answer, not for long; None where there is none."""
        deadline = time.monotonic() + self._patience()
        if not self._lock.acquire(timeout=self._patience()):
            self._on_trouble()
            return None
        try:
            self._number += 1
            self._put({**question, "id": self._number}, deadline)
            frame = self._answer(self._number, deadline)
        except _TroubleError as error:
            self._note_silence(error)
            return None
        finally:
            self._lock.release()
        if self._is_behind:
            log.warning("the memory of pictures answers again")
        self._is_behind = False
        return frame

    def _note_silence(self, error: _TroubleError) -> None:
        if not self._is_behind:
            log.warning(
                "the memory of pictures: %s; until it answers, a worker knows what it saw itself", error
            )
        self._is_behind = True
        self._on_trouble()

    def _patience(self) -> float:
        return min(BEHIND_SECONDS, self._patience_seconds) if self._is_behind else self._patience_seconds

    def _keep(self, message: bytes) -> bool:
        with self._counting:
            size = self._untold_bytes + len(message)
            if self._is_gone or size > MAX_UNTOLD_BYTES or len(self._untold) >= MAX_UNTOLD:
                return False
            self._untold_bytes = size
            self._untold.append(message)
        return True

    def _take(self) -> bytes:
        with self._counting:
            message = self._untold.popleft()
            self._untold_bytes -= len(message)
        return message

    def _send_untold(self) -> None:
        """Send what fits without waiting."""
        while self._unsent or self._untold:
            if not self._unsent:
                self._unsent += self._take()
            if not self._send_some():
                return

    def _put(self, head: Mapping[str, Any], deadline: float) -> None:
        while self._unsent or self._untold:
            self._send_untold()
            self._wait_to_send(deadline)
        self._unsent += encode_frame(head)
        while self._unsent:
            self._send_some()
            self._wait_to_send(deadline)

    def _wait_to_send(self, deadline: float) -> None:
        """Wait for room; read meanwhile, as the other end may wait for somebody to take a late answer."""
        if not self._unsent:
            return
        if self._wait(select.POLLOUT | select.POLLIN, deadline) & select.POLLIN:
            self._receive_some(deadline)
            while self._take_frame() is not None:
                pass

    def _send_some(self) -> bool:
        """Send a piece; tell whether anything went."""
        self._check()
        try:
            sent = self._connection.send(bytes(self._unsent[:_PIECE_BYTES]))
        except BlockingIOError:
            return False
        except OSError as error:
            raise self._gone(str(error)) from error
        del self._unsent[:sent]
        return True

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
            raise self._gone(str(error)) from error
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
            raise self._gone(str(error)) from error
        if not piece:
            raise self._gone("it is gone")
        self._received += piece

    def _wait(self, event: int, deadline: float) -> int:
        poll = select.poll()
        poll.register(self._connection, event)
        milliseconds = max(0.0, deadline - time.monotonic()) * 1000
        events = poll.poll(milliseconds)
        if not events:
            raise _TroubleError("no answer in time")
        return events[0][1]

    def _check(self) -> None:
        if self._is_gone:
            raise _TroubleError("it is gone")

    def _gone(self, reason: str) -> _TroubleError:
        self._is_gone = True
        self._untold.clear()
        return _TroubleError(reason)
