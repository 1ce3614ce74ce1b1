"""Keep what the shadow audit counted, spent and decided, in a file that workers share and restarts keep.

What it decides is the epoch of the policy for one model and class of pictures: each raise makes the margin
stricter, and nothing ever lowers it but a person who removes the file. Writers take turns by a lock beside
the file and replace it whole; readers look whether it is another one at most once a second.
"""

import fcntl
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from calibration.whole_file import replace_file
from gateway.compression.audit.rate import ChangeRate

# By epoch: what remains of the allowed probability that the model notices; 0: the same pixels or nothing.
FACTORS = (1.0, 0.25, 0.05, 0.0)
# The interval is looked at again after every answer, so it must hold at any of those looks.
LIVE_CONFIDENCE = 0.999
MOST_ENTRIES = 1000  # callers can make up models

_LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class LedgerError(ValueError):
    """The file is not what this module wrote."""


class Margins(Protocol):
    """How strict compression has to be by now."""

    def of(self, model: str, picture_class: str) -> float:
        """Return what remains of the allowed probability, 1 to 0."""
        ...

    def version(self, model: str) -> str:
        """Name all that was decided for a model: part of the key of whatever depends on it."""
        ...


class FirstEpoch:
    """Margins where nothing is audited."""

    def of(self, model: str, picture_class: str) -> float:  # noqa: ARG002 - the protocol's signature
        """Return 1: all of it."""
        return FACTORS[0]

    def version(self, model: str) -> str:  # noqa: ARG002 - the protocol's signature
        """Return that nothing was decided."""
        return ""


@dataclass(frozen=True)
class Entry:
    """One model and class of pictures: its epoch, and what was counted since it began."""

    epoch: int = 0
    answers: int = 0
    changed: int = 0
    noise: int = 0

    @property
    def rate(self) -> ChangeRate:
        """Return the counts; each request is a unit of its own."""
        return ChangeRate(self.answers, self.answers, self.changed, self.noise)


@dataclass(frozen=True)
class _State:
    day: str = ""
    spent: int = 0  # questions asked this day
    entries: tuple[tuple[str, str, Entry], ...] = ()  # model, class

    def entry(self, model: str, picture_class: str) -> Entry:
        return next((e for m, c, e in self.entries if (m, c) == (model, picture_class)), Entry())

    def having(self, model: str, entries: Mapping[str, Entry]) -> "_State":
        others = {(m, c): e for m, c, e in self.entries}
        found = others | {(model, picture_class): entry for picture_class, entry in entries.items()}
        return replace(self, entries=tuple((m, c, e) for (m, c), e in sorted(found.items(), key=_name)))


def _name(item: tuple[tuple[str, str], Entry]) -> tuple[str, str]:
    return item[0]


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
        with self._writing() as state:
            spent = state.spent if state.day == self._today() else 0
            if spent + questions > daily:
                return False
            self._write(replace(state, day=self._today(), spent=spent + questions))
            return True

    def record(
        self, model: str, classes: Sequence[str], *, is_changed: bool, is_noise: bool, promise: float
    ) -> list[str]:
        """Count an answer about pictures of these classes; return those whose epoch it raised.

        Raises:
            OSError: The file cannot be written.
        """
        with self._writing() as state:
            known = {name: state.entry(model, name) for name in classes}
            counted = {
                name: _counted(entry, is_changed=is_changed, is_noise=is_noise, promise=promise)
                for name, entry in known.items()
                if entry != Entry() or len(state.entries) < MOST_ENTRIES
            }
            self._write(state.having(model, counted))
        return [name for name, entry in counted.items() if entry.epoch > known[name].epoch]

    def _today(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).date().isoformat()

    def _current(self) -> _State:
        now = time.monotonic()
        if now >= self._looked_at + _LOOK_SECONDS:
            self._looked_at = now
            try:
                self._state = self._read()
            except (LedgerError, OSError) as error:  # the margins known so far stay in force
                log.warning("the shadow audit's file cannot be read: %s", error)
        return self._state

    @contextmanager
    def _writing(self) -> Iterator[_State]:
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                self._state = self._read()
            except LedgerError as error:
                raise OSError(str(error)) from error  # nothing is written over what nobody understands
            yield self._state

    def _read(self) -> _State:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._stamp = None
            return _State()
        if (found.st_ino, found.st_mtime_ns) == self._stamp:
            return self._state
        state = _parsed(self._path.read_bytes(), self._path)
        self._stamp = (found.st_ino, found.st_mtime_ns)
        return state

    def _write(self, state: _State) -> None:
        entries = [{"model": m, "class": c, **asdict(entry)} for m, c, entry in state.entries]
        fields = {"version": 1, "day": state.day, "spent": state.spent, "entries": entries}
        replace_file(self._path, json.dumps(fields, indent=1).encode() + b"\n")
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


def _parsed(data: bytes, path: Path) -> _State:
    try:
        fields: Any = json.loads(data)
        entries = tuple((_text(e, "model"), _text(e, "class"), _entry(e)) for e in fields["entries"])
        return _State(_text(fields, "day"), _count(fields, "spent"), entries)
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise LedgerError(f"{path} is not what the shadow audit wrote: {error}; move it away") from error


def _entry(fields: Any) -> Entry:
    found = Entry(*(_count(fields, name) for name in ("epoch", "answers", "changed", "noise")))
    if found.changed + found.noise > found.answers:
        raise ValueError(f"expected no more changes than answers, got {found}")
    return found


def _text(fields: Any, name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"expected text as {name}, got {value!r}")
    return value


def _count(fields: Any, name: str) -> int:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError(f"expected a count as {name}, got {value!r}")
    return value
