"""Keep what the shadow audit counted, spent and decided, in a file that workers share and restarts keep.

What it decides is the epoch of the policy for one model and class of pictures: each raise makes the margin
stricter, and nothing ever lowers it but a person who removes the file. Writers take turns by a lock beside
the file and replace it whole; readers look whether it is another one at most once a second.
"""

import fcntl
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from calibration.whole_file import replace_file
from gateway.compression.audit.ledger_state import (
    Entry,
    LedgerError,
    LedgerState,
    pack_state,
    parse_state,
)

# By epoch: what remains of the allowed probability that the model notices; 0: the same pixels or nothing.
FACTORS = (1.0, 0.25, 0.05, 0.0)
# The interval is looked at again after every answer, so it must hold at any of those looks.
LIVE_CONFIDENCE = 0.999
MOST_ENTRIES = 1000  # callers can make up models

_LOOK_SECONDS = 1.0
_TURNS = 5  # how often a change is tried again that another machine forestalled

log = logging.getLogger(__name__)


class Margins(Protocol):
    """How strict compression has to be by now."""

    def of(self, model: str, picture_class: str) -> float:
        """Return what remains of the allowed probability, 1 to 0."""
        ...

    def version(self, model: str) -> str:
        """Name all that was decided for a model: part of the key of whatever depends on it."""
        ...


class SharedText(Protocol):
    """Where machines keep together what was counted; each raises `OSError` where it cannot be reached."""

    def read(self) -> bytes:
        """Return what is there, or nothing."""
        ...

    def swap(self, before: bytes, after: bytes) -> bool:
        """Replace it if it is still what was read; tell whether it was."""
        ...


class FirstEpoch:
    """Margins where nothing is audited."""

    def of(self, model: str, picture_class: str) -> float:  # noqa: ARG002 - the protocol's signature
        """Return 1: all of it."""
        return FACTORS[0]

    def version(self, model: str) -> str:  # noqa: ARG002 - the protocol's signature
        """Return that nothing was decided."""
        return ""


class Ledger:
    """The file `shadow_audit.json` of a folder."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        """Read what is there.

        Raises:
            LedgerError: The file holds something else.
            OSError: The folder cannot be made or read.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "shadow_audit.json"
        self._lock = folder / "shadow_audit.lock"
        self._now = now
        self._stamp: tuple[int, int] | None = None
        self._looked_at = float("-inf")
        self._state = self._read()
        self._shared: SharedText | None = None

    def share(self, shared: SharedText) -> None:
        """Keep together with other machines what is counted from now on."""
        self._shared = shared

    def synchronise(self) -> None:
        """Hear what other machines decided, and tell them what was decided here; waits for both."""
        try:
            self._change(lambda state: state)
        except OSError as error:
            log.warning("the shadow audit's file cannot be written: %s", error)

    def of(self, model: str, picture_class: str) -> float:
        """Return what remains of the allowed probability, 1 to 0."""
        return FACTORS[min(self.entry(model, picture_class).epoch, len(FACTORS) - 1)]

    def version(self, model: str) -> str:
        """Name the epochs of every class of a model's pictures."""
        return ",".join(f"{c}={e.epoch}" for m, c, e in self._current().entries if m == model and e.epoch)

    def backed_off(self) -> list[tuple[str, str, int]]:
        """Return model, class and epoch of all that is stricter than at first."""
        return [(m, c, e.epoch) for m, c, e in self._current().entries if e.epoch]

    def entry(self, model: str, picture_class: str) -> Entry:
        """Return what is known of a model and class."""
        return self._current().entry(model, picture_class)

    def budget_left(self, daily: int) -> int:
        """Return how many questions may still be asked today (UTC)."""
        state = self._current()
        return daily - (state.spent if state.day == self._today() else 0)

    def spend(self, questions: int, daily: int) -> bool:
        """Take questions from the day's budget; false, and nothing is taken, if they are not left.

        Raises:
            OSError: The file cannot be written.
        """
        today = self._today()

        def take(state: LedgerState) -> LedgerState:
            spent = state.spent if state.day == today else 0
            return state if spent + questions > daily else replace(state, day=today, spent=spent + questions)

        before, after = self._change(take)
        return after is not before

    def record(
        self, model: str, classes: Sequence[str], *, is_changed: bool, is_noise: bool, promise: float
    ) -> list[str]:
        """Count an answer about pictures of these classes; return those whose epoch it raised.

        Raises:
            OSError: The file cannot be written.
        """

        def count(state: LedgerState) -> LedgerState:
            counted = {
                name: _counted(
                    state.entry(model, name), is_changed=is_changed, is_noise=is_noise, promise=promise
                )
                for name in classes
                if state.entry(model, name) != Entry() or len(state.entries) < MOST_ENTRIES
            }
            return state.having(model, counted)

        before, after = self._change(count)
        return [name for name in classes if after.entry(model, name).epoch > before.entry(model, name).epoch]

    def _change(self, change: Callable[[LedgerState], LedgerState]) -> tuple[LedgerState, LedgerState]:
        """Write what comes of what is known, here and where machines share it; return both.

        Raises:
            OSError: The file cannot be written.
        """
        with self._writing() as own:
            before, after = self._change_shared(own, change)
            if after != own:
                self._write(after)
        return before, after

    def _change_shared(
        self, own: LedgerState, change: Callable[[LedgerState], LedgerState]
    ) -> tuple[LedgerState, LedgerState]:
        shared = self._shared
        if shared is None:
            return own, change(own)
        for _ in range(_TURNS):
            try:
                raw = shared.read()
                before = own.joined(parse_state(raw, "what redis holds of audits") if raw else LedgerState())
                after = change(before)
                packed = pack_state(after)
                if packed == raw or shared.swap(raw, packed):
                    return before, after
            except LedgerError as error:
                log.warning("%s; until then, this machine counts alone", error)
                break
            except OSError:  # counted by whoever is asked
                break
        return own, change(own)

    def _today(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).date().isoformat()

    def _current(self) -> LedgerState:
        now = time.monotonic()
        if now >= self._looked_at + _LOOK_SECONDS:
            self._looked_at = now
            try:
                self._state = self._read()
            except (LedgerError, OSError) as error:  # the margins known so far stay in force
                log.warning("the shadow audit's file cannot be read: %s", error)
        return self._state

    @contextmanager
    def _writing(self) -> Iterator[LedgerState]:
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                self._state = self._read()
            except LedgerError as error:
                raise OSError(str(error)) from error  # nothing is written over what nobody understands
            yield self._state

    def _read(self) -> LedgerState:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._stamp = None
            return LedgerState()
        if (found.st_ino, found.st_mtime_ns) == self._stamp:
            return self._state
        state = parse_state(self._path.read_bytes(), str(self._path))
        self._stamp = (found.st_ino, found.st_mtime_ns)
        return state

    def _write(self, state: LedgerState) -> None:
        replace_file(self._path, pack_state(state))
        found = self._path.stat()
        self._state, self._stamp = state, (found.st_ino, found.st_mtime_ns)


def _counted(entry: Entry, *, is_changed: bool, is_noise: bool, promise: float) -> Entry:
    """Count an answer; what shows that the promise is broken begins a stricter epoch, counted anew."""
    counted = replace(
        entry,
        answers=entry.answers + 1,
        changed=entry.changed + is_changed,
        noise=entry.noise + is_noise,
    )
    is_broken = counted.rate.finding(promise, LIVE_CONFIDENCE) == "broken"
    return Entry(epoch=entry.epoch + 1) if is_broken and entry.epoch + 1 < len(FACTORS) else counted
