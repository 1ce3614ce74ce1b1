"""Trials and the log that keeps them: append-only JSON lines that survive a kill at any moment.

One trial is one line. A batch is written with one call and synced to disk before it counts as answered; a
line torn by a crash is dropped when the log is opened again.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError

from calibration.questions import Polarity, ReplyClass

SCHEMA_VERSION = 2

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)  # how a line of a log is read

Order = Literal["reference_first", "distorted_first"]


class TrialLogError(RuntimeError):
    """The log cannot be read or written; what it already holds is safe."""


@dataclass(frozen=True)
class Stimulus:
    """Which pair was shown; with the images and the stimulus side it can be rendered again, bit for bit."""

    __pydantic_config__ = _STRICT

    image: str  # reference: path relative to the images folder, with forward slashes
    distortion: str
    level: float  # equal to `reference_level` in a catch trial: an identical pair
    seed: int  # of the generator handed to the distortion
    reference_level: float = 0.0  # of the picture compared with; above 0 after an n-th JND replaced it


@dataclass(frozen=True)
class Trial:
    """One question and its answer."""

    __pydantic_config__ = _STRICT

    id: str
    series: int  # ascending sweeps are series of their own, one per reference; else 0
    index: int  # position within its distortion's series, from 0
    stimulus: Stimulus
    polarity: Polarity
    order: Order
    prompt: str
    noticed: bool | None  # says "different"; None: the reply could not be counted
    probability: float | None  # of saying "different", where the observer tells
    reply_class: ReplyClass
    reply: str
    is_first_token: bool  # `reply` stops after the flag
    seconds: float  # from asking to the answer, or a batch's time divided by its trials
    second_reply: str | None = None  # to the multiple-choice prompt, where `reply` could not be counted
    reference_reply: str | None = None  # task questions: the answer to the reference, compared with `reply`
    reference_prompt: str | None = (
        None  # where the prompt is perturbed: as it was before; `prompt` is what was asked
    )
    questions: int = 1  # asked for this trial
    tokens_in: int = 0  # billed for them, where the provider tells
    tokens_out: int = 0

    @property
    def is_catch(self) -> bool:
        """Whether the pair was identical."""
        return self.stimulus.level == self.stimulus.reference_level

    def to_line(self) -> str:
        """Write as one JSON line."""
        return json.dumps({"schema_version": SCHEMA_VERSION, **asdict(self)}, ensure_ascii=False) + "\n"

    @classmethod
    def from_line(cls, line: str) -> "Trial":
        """Read what `to_line` wrote.

        Raises:
            TrialLogError: Not JSON, of another schema version, or with fields missing or unknown.
        """
        try:
            fields = json.loads(line)
            version = fields.pop("schema_version", None)
        except (json.JSONDecodeError, AttributeError, TypeError, RecursionError) as error:
            raise TrialLogError(f"expected a trial, got something else: {error}") from error
        if version != SCHEMA_VERSION:
            raise TrialLogError(f"expected trials of schema version {SCHEMA_VERSION}, got {version!r}")
        try:
            return _checker().validate_json(json.dumps(fields))
        except ValidationError as error:
            wrong = error.errors()[0]
            where = ".".join(str(part) for part in wrong["loc"])
            raise TrialLogError(
                f"expected a trial, got one whose {where} is wrong: {wrong['msg']}"
            ) from error


@lru_cache(maxsize=1)
def _checker() -> TypeAdapter[Trial]:
    return TypeAdapter(Trial)


def read_trials(path: Path) -> list[Trial]:
    """Read a log, leaving out a last line torn by a crash; a missing file is an empty log.

    Raises:
        TrialLogError: A line is not a trial of this version.
    """
    return [trial for trial, _ in _parse(path)]


class TrialLog:
    """The log of one run, opened for appending by one process at a time."""

    def __init__(self, path: Path) -> None:
        """Open `path`, creating it if need be, and drop a torn last line.

        Raises:
            TrialLogError: The file cannot be read or written, or another run is writing it.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise TrialLogError(f"cannot open the trial log {path}: {error.strerror}") from error
        try:
            self._lock()
            self.trials: list[Trial] = self._recover()
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, trials: Sequence[Trial]) -> None:
        """Write a batch and wait until it is on disk.

        Raises:
            TrialLogError: The disk refused, for example because it is full.
        """
        data = "".join(trial.to_line() for trial in trials).encode()
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise TrialLogError(
                f"cannot write the trial log {self.path}: {error.strerror}; "
                "make room and run the same command again: it goes on where it stopped"
            ) from error
        self.trials.extend(trials)

    def close(self) -> None:
        """Release the file and its lock."""
        os.close(self._descriptor)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrialLogError(f"another run is writing {self.path}") from error

    def _recover(self) -> list[Trial]:
        kept = list(_parse(self.path))
        end = kept[-1][1] if kept else 0
        try:
            if os.fstat(self._descriptor).st_size != end:
                os.ftruncate(self._descriptor, end)
                os.fsync(self._descriptor)
        except OSError as error:
            raise TrialLogError(f"cannot repair the trial log {self.path}: {error.strerror}") from error
        return [trial for trial, _ in kept]


def _parse(path: Path) -> Iterator[tuple[Trial, int]]:
    """Yield each trial with the offset of its line's end."""
    try:
        lines = _lines(path.read_bytes())
    except FileNotFoundError:
        return
    except OSError as error:
        raise TrialLogError(f"cannot read the trial log {path}: {error.strerror}") from error
    end = 0
    for number, line in enumerate(lines, start=1):
        end += len(line)
        try:
            trial = Trial.from_line(line.decode())
        except (TrialLogError, UnicodeDecodeError) as error:
            if number == len(lines) and _is_torn(line):
                return
            raise TrialLogError(f"{path}, line {number}: {error}") from error
        if not line.endswith(b"\n"):
            return  # whole by chance, but never synced: asking again is the safe side
        yield trial, end


def _is_torn(line: bytes) -> bool:
    """Whether a crash may have left this last line: no line end, or blocks of zeros never written."""
    return not line.endswith(b"\n") or b"\x00" in line


def _lines(data: bytes) -> list[bytes]:
    """Split after line feeds only: replies may hold any other character."""
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
