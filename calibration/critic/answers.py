"""Answers of a critic and the log that keeps them: one answer is one line (`calibration.line_log`)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from calibration.critic.plan import CriticQuestion
from calibration.critic.reading import Outcome, read_words
from calibration.critic.scales import SCALES
from calibration.line_log import LineLog, TrialLogError, parse_lines
from calibration.observers.protocol import Reply

SCHEMA_VERSION = 1

_DECIMALS = 6  # of a logarithm
_MOST_CHARACTERS = 4000  # of a reply that is kept


@dataclass(frozen=True)
class CriticAnswer:
    """One question and what was answered."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    id: str
    scale: str
    pictures: tuple[str, ...]
    sample: int
    prompt: str
    opening: str
    outcome: Outcome
    word: str | None
    tells_probabilities: bool
    reply: str
    seconds: float
    alternatives: Mapping[str, float] = field(default_factory=dict)
    questions: int = 1
    tokens_in: int = 0  # billed, where the provider tells
    tokens_out: int = 0

    def to_line(self) -> str:
        """Write as one JSON line."""
        return json.dumps({"schema_version": SCHEMA_VERSION, **asdict(self)}, ensure_ascii=False) + "\n"

    @classmethod
    def from_line(cls, line: str) -> "CriticAnswer":
        """Read what `to_line` wrote.

        Raises:
            TrialLogError: Not an answer, or one of another schema version.
        """
        try:
            fields = json.loads(line)
            version = fields.pop("schema_version", None)
        except (json.JSONDecodeError, AttributeError, TypeError, RecursionError) as error:
            raise TrialLogError(f"expected an answer, got something else: {error}") from error
        if version != SCHEMA_VERSION:
            raise TrialLogError(f"expected answers of schema version {SCHEMA_VERSION}, got {version!r}")
        try:
            return _checker().validate_json(json.dumps(fields))
        except ValidationError as error:
            wrong = error.errors()[0]
            where = ".".join(str(part) for part in wrong["loc"])
            raise TrialLogError(
                f"expected an answer, got one whose {where} is wrong: {wrong['msg']}"
            ) from error


class CriticLog(LineLog[CriticAnswer]):
    """The log of one run."""

    def __init__(self, path: Path) -> None:
        """Open `path`, creating it if need be, and drop a torn last line.

        Raises:
            TrialLogError: The file cannot be read or written, or another run is writing it.
        """
        super().__init__(path, CriticAnswer.from_line)


def read_answers(path: Path) -> list[CriticAnswer]:
    """Read a log, leaving out a last line torn by a crash; a missing file is an empty log.

    Raises:
        TrialLogError: A line is not an answer of this version.
    """
    return [answer for answer, _ in parse_lines(path, CriticAnswer.from_line)]


def answer_of(question: CriticQuestion, reply: Reply, seconds: float) -> CriticAnswer:
    """Return what a reply answers."""
    reading = read_words(reply, SCALES[question.scale])
    return CriticAnswer(
        id=question.id,
        scale=question.scale,
        pictures=question.pictures,
        sample=question.sample,
        prompt=question.prompt,
        opening=question.manner.opening,
        outcome=reading.outcome,
        word=reading.word,
        tells_probabilities=bool(reply.choices),
        reply=_whole(reply.text)[:_MOST_CHARACTERS],
        seconds=round(seconds, 6),
        alternatives={token: round(each, _DECIMALS) for token, each in reading.alternatives.items()},
        tokens_in=reply.tokens_in or 0,
        tokens_out=reply.tokens_out or 0,
    )


def _whole(text: str) -> str:
    """Return the text with halves of characters, which no file takes, replaced."""
    return text.encode("utf-8", "replace").decode()


@lru_cache(maxsize=1)
def _checker() -> TypeAdapter[CriticAnswer]:
    return TypeAdapter(CriticAnswer)
