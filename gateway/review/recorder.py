"""Take flagged images off the way of requests: a bounded queue, and a thread that writes them into the store.

Nobody waits for it. What finds no room is dropped and counted; what was kept says so, and outlives a kill.
"""

import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from sqlalchemy.exc import InterfaceError, OperationalError

from calibration.upright_size import upright_size
from gateway.review.database import StoreAwayError
from gateway.review.flag import Flag, without_content
from gateway.review.store import Caught

log = logging.getLogger(__name__)

Fate = Literal["kept", "dropped"]
Keeping = Literal["off", "hashes", "pictures"]

_BATCH = 64
_PAUSES_SECONDS = (0.1, 0.5, 2.0, 5.0)  # between attempts; the last one again and again
_CLOSING_SECONDS = 5.0
_ATTEMPTS = 6  # some 15 seconds; then it may be a flag that the store takes never
_PASSING = (OSError, OperationalError, InterfaceError, StoreAwayError)  # what another attempt may overcome


class Ticket:
    """What became of a flag that was handed over."""

    __slots__ = ("id", "is_kept")

    def __init__(self, flag_id: str) -> None:
        self.id = flag_id
        self.is_kept = False  # in the store: no kill loses it


class Taking(Protocol):
    """A store, as far as it is written to."""

    def add(self, caught: Sequence[Caught]) -> None:
        """Keep flags, all or none; of no flags, tell by an error whether the store is away."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Records(Protocol):
    """Whoever takes flagged images."""

    @property
    def keeping(self) -> Keeping:
        """What is kept of a flagged image."""
        ...

    def offer(self, flag: Flag, picture: bytes) -> Ticket | None:
        """Take a flag without waiting, and the picture's file; None where there is no room."""
        ...

    def close(self) -> None:
        """Keep what was taken, and end."""
        ...


class NoRecords:
    """Keeps nothing."""

    keeping: Keeping = "off"

    def offer(self, flag: Flag, picture: bytes) -> Ticket | None:  # noqa: ARG002 - as whoever keeps something
        """Take nothing."""
        return None

    def close(self) -> None:
        """End nothing."""


NO_RECORDS = NoRecords()


@dataclass(frozen=True)
class Room:
    """How much may wait."""

    flags: int = 2000
    bytes: int = 128 * 1024 * 1024


@dataclass(frozen=True)
class _Waiting:
    ticket: Ticket
    flag: Flag
    picture: bytes


class Recorder:
    """The queue and its thread; one for each process."""

    def __init__(
        self,
        store: Taking,
        keeping: Keeping,
        count: Callable[[Fate], None],
        *,
        artifact: str = "",
        room: Room = Room(),
    ) -> None:
        """Take the store.

        Args:
            store: Where flags are kept; closed with this.
            keeping: `hashes`: no picture, and no words, which may quote one.
            count: Hears of everything kept or dropped; called from both sides.
            artifact: Version of the predictor that judges here.
            room: What may wait.
        """
        self._store = store
        self.keeping = keeping
        self._count = count
        self._artifact = artifact
        self._room = room
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._is_closing = False
        self._until = float("inf")
        self._thread = threading.Thread(target=self._write, name="review-writer", daemon=True)
        self._thread.start()

    def offer(self, flag: Flag, picture: bytes) -> Ticket | None:
        """Take a flag without waiting; None where there is no room."""
        with self._changed:
            is_full = len(self._waiting) >= self._room.flags or self._bytes + len(picture) > self._room.bytes
            if is_full or self._is_closing:
                self._count("dropped")
                return None
            ticket = Ticket(flag.id)
            self._waiting.append(_Waiting(ticket, flag, picture))
            self._bytes += len(picture)
            self._changed.notify()
        return ticket

    def close(self) -> None:
        """Keep what was taken, for some seconds; what is left then is dropped, counted and told."""
        with self._changed:
            self._is_closing = True
            self._until = time.monotonic() + _CLOSING_SECONDS
            self._changed.notify()
        self._thread.join(_CLOSING_SECONDS * 2)
        self._store.close()

    def _write(self) -> None:
        while batch := self._next():
            self._keep(batch)

    def _next(self) -> Sequence[_Waiting]:
        """Wait for flags; none: it is over."""
        with self._changed:
            while not self._waiting and not self._is_closing:
                self._changed.wait()
            return [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]

    def _keep(self, batch: Sequence[_Waiting], attempt: int = 0) -> None:
        """Write a batch, as often as it takes; meanwhile the queue fills, and the rest is dropped.

        A store that is away is waited for. One that answers, and does not take the batch, is offered its
        flags one by one, so that one flag that cannot be kept costs no other.
        """
        while trouble := self._trouble_with(batch):
            passes = isinstance(trouble, _PASSING) and (attempt < _ATTEMPTS or bool(self._trouble_with([])))
            if not passes and len(batch) > 1:
                for each in batch:
                    self._keep([each], _ATTEMPTS)
                return
            if not passes or self._is_over_after(attempt, batch, trouble):
                self._drop(batch, trouble)
                return
            attempt += 1
        for each in batch:
            each.ticket.is_kept = True
            self._count("kept")
        self._release(batch)

    def _trouble_with(self, batch: Sequence[_Waiting]) -> Exception | None:
        """Write a batch; return what went wrong. Of no flags it tells whether the store takes any."""
        try:
            self._store.add([self._caught(each) for each in batch])
        except Exception as error:  # noqa: BLE001 - no flag ends the thread that keeps all others
            return error
        return None

    def _is_over_after(self, attempt: int, batch: Sequence[_Waiting], trouble: Exception) -> bool:
        """Wait before another attempt; tell whether there is time for none."""
        log.warning("%d flags are not kept yet (%s): trying again", len(batch), _reason(trouble))
        pause_seconds = _PAUSES_SECONDS[min(attempt, len(_PAUSES_SECONDS) - 1)]
        with self._changed:
            if not self._is_closing:
                self._changed.wait_for(lambda: self._is_closing, pause_seconds)
            else:
                time.sleep(min(pause_seconds, 0.1))
            return time.monotonic() > self._until

    def _drop(self, batch: Sequence[_Waiting], trouble: Exception) -> None:
        ids = ", ".join(each.flag.id for each in batch)
        log.error(
            "%d flags are lost, the store does not take them (%s): %s", len(batch), _reason(trouble), ids
        )
        for _ in batch:
            self._count("dropped")
        self._release(batch)

    def _release(self, batch: Sequence[_Waiting]) -> None:
        with self._changed:
            self._bytes -= sum(len(each.picture) for each in batch)

    def _caught(self, waiting: _Waiting) -> Caught:
        """Read from the picture what the store wants to know of it; not on the way of a request."""
        picture = waiting.picture
        width, height = upright_size(picture) or (0, 0)
        flag = replace(
            waiting.flag,
            digest=hashlib.sha256(picture).hexdigest(),
            size_bytes=len(picture),
            width=width,
            height=height,
            artifact=self._artifact,
        )
        return Caught(flag, picture) if self.keeping == "pictures" else Caught(without_content(flag), None)


def _reason(trouble: Exception) -> str:
    return (str(trouble).splitlines() or [type(trouble).__name__])[0][:200]
