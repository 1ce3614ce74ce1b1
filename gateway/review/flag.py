"""One flagged image as it is kept: what was found, in which request, and what a person said of it.

Keys, prompts and answers are no part of it; the picture lies beside it, by its hash.
"""

import math
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import orjson

from gateway.detection.verdict import Evidence, Kind, Outcome, Verdict
from gateway.policy import Action

Mark = Literal["open", "attack", "false_alarm", "allowed"]
MARKS: tuple[Mark, ...] = get_args(Mark)

ID_LENGTH = 26
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: none is mistaken for another
_TIME_LETTERS = 10  # 48 bits of milliseconds, rounded up
_RANDOM_BITS = 80


@dataclass(frozen=True)
class Circumstances:
    """The request that an image came in."""

    tenant: str = ""  # a hash of its caller's credentials
    client: str = ""  # the caller's name in the settings; empty: none
    model: str = ""
    provider: str = ""
    upstream: str = ""
    dialect: str = ""
    path: str = ""
    request_id: str = ""
    policy: str = ""


@dataclass(frozen=True)
class Flag:
    """One image that was flagged in one request."""

    id: str  # begins with the time, so that flags sort by it
    digest: str  # SHA-256 of the picture's file, 64 hexadecimal digits
    request: Circumstances
    outcome: Outcome
    kinds: tuple[Kind, ...]  # of evidence that raised it
    p_value: float
    jnd_ratio: float | None
    explanation: str
    evidence: tuple[Evidence, ...]
    action: Action
    size_bytes: int = 0  # of the picture's file
    width: int = 0
    height: int = 0
    artifact: str = ""  # version of the predictor that judged it
    mark: Mark = "open"
    marked_at: float | None = None  # seconds since 1970
    stratum: str = ""  # in which detection calibrates such pictures; empty: not known yet

    @property
    def seen_at(self) -> float:
        """When it was flagged, in seconds since 1970."""
        return time_of(self.id)

    @property
    def verdict(self) -> Verdict:
        """What was concluded, as whoever draws it needs it."""
        return Verdict(
            self.outcome, self.p_value, self.jnd_ratio, self.evidence, self.explanation, self.kinds
        )


def new_id(now: float | None = None) -> str:
    """Return an id that nobody else makes and that sorts by time."""
    milliseconds = int((time.time() if now is None else now) * 1000)
    return _spelt(milliseconds, _TIME_LETTERS) + _spelt(
        secrets.randbits(_RANDOM_BITS), ID_LENGTH - _TIME_LETTERS
    )


def first_id_at(seconds: float) -> str:
    """Return the smallest id of a moment: ids of earlier moments are smaller."""
    return _spelt(max(0, int(seconds * 1000)), _TIME_LETTERS) + _LETTERS[0] * (ID_LENGTH - _TIME_LETTERS)


def is_id(text: str) -> bool:
    """Tell whether a text can be an id."""
    return len(text) == ID_LENGTH and all(letter in _LETTERS for letter in text)


def time_of(flag_id: str) -> float:
    """Return when an id was made, in seconds since 1970."""
    milliseconds = 0
    for letter in flag_id[:_TIME_LETTERS]:
        milliseconds = milliseconds * len(_LETTERS) + _LETTERS.index(letter)
    return milliseconds / 1000


def without_content(flag: Flag) -> Flag:
    """Return a flag without words: some of them quote what the picture says."""
    evidence = tuple(replace(item, explanation="") for item in flag.evidence)
    return replace(flag, explanation="", evidence=evidence)


def plain(text: str, most_bytes: int | None = None) -> str:
    """Return text as every database takes it: no halves of characters, no character zero, not too long."""
    whole = text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return whole.encode()[:most_bytes].decode("utf-8", "ignore")


def finite(number: float | None, otherwise: float | None) -> float | None:
    """Return a number as every database takes it: where it is none, something else."""
    return number if number is not None and math.isfinite(number) else otherwise


def evidence_to_json(evidence: Sequence[Evidence]) -> str:
    """Return evidence as a JSON list."""
    return orjson.dumps([_fields(item) for item in evidence], option=orjson.OPT_SERIALIZE_NUMPY).decode()


def evidence_from_json(text: str) -> tuple[Evidence, ...]:
    """Read what `evidence_to_json` wrote.

    Raises:
        ValueError: It is something else.
    """
    try:
        return tuple(
            Evidence(**{**fields, "boxes": tuple(tuple(box) for box in fields.get("boxes", ()))})
            for fields in orjson.loads(text)
        )
    except (TypeError, AttributeError) as error:
        raise ValueError(f"expected a list of evidence: {error}") from error


def _fields(item: Evidence) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "score": finite(item.score, 0.0),
        "p_value": None if item.p_value is None else finite(item.p_value, 1.0),
        "jnd_ratio": finite(item.jnd_ratio, None),
        "explanation": plain(item.explanation),
        "is_attack": item.is_attack,
        "is_visible": item.is_visible,
        "boxes": item.boxes,
    }


def _spelt(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(reversed(letters))
