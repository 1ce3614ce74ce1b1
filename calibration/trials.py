"""Trials and the log that keeps them: one trial is one line of an append-only file (`line_log`)."""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from calibration.line_log import LineLog, TrialLogError, parse_lines
from calibration.questions import Polarity, ReplyClass

SCHEMA_VERSION = 2

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)  # how a line of a log is read

Order = Literal["reference_first", "distorted_first"]

__all__ = ["SCHEMA_VERSION", "Order", "Stimulus", "Trial", "TrialLog", "TrialLogError", "read_trials"]


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
    return [trial for trial, _ in parse_lines(path, Trial.from_line)]


class TrialLog(LineLog[Trial]):
    """The log of one run."""

    def __init__(self, path: Path) -> None:
        """Open `path`, creating it if need be, and drop a torn last line.

        Raises:
            TrialLogError: The file cannot be read or written, or another run is writing it.
        """
        super().__init__(path, Trial.from_line)

    @property
    def trials(self) -> list[Trial]:
        """Every trial on disk."""
        return self.entries
