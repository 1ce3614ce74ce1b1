"""Weigh the detectors that judge pixels together: one score, one p-value, calibrated end to end per stratum.

Whoever judges a picture by itself speaks into one score: the largest surprise, on one scale. That
score's p-value is conformal: 1 + the benign calibration pictures of the stratum that score as high, by their
number + 1; an upper bound of it that holds for the calibration at hand. It is conservative, not randomised:
equal scores count against a picture, so that the same bytes are always judged alike and nobody draws again.
Who abstains or was never asked adds nothing; the score can only fall by that, so the rate is still kept.

Beside an earlier version (`PAIRED`) the score is another one, with a calibration on benign pairs. A rule that
also judges pixels is heard only where it fires: below, it has no sentence that would explain a flag.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.image import Decoded
from gateway.detection.strata import pair_stratum, single_stratum
from gateway.detection.surprise import Surprise
from gateway.detection.verdict import Evidence, Kind
from predictor.guarantees.conformal import ConformalCalibration

FORMAT = "jnd-detection-calibration"
SCHEMA_VERSION = 1
CONFIDENCE = 0.8  # that a realised rate stays below its p-value
SINGLE: tuple[Kind, ...] = ("residual", "scaling", "hidden_text")
PAIRED: tuple[Kind, ...] = ("near_duplicate", "reference")
_ONE_TEST = "single"
_DIGITS = 4  # of scores: as the file keeps them, so that equal ones stay equal
# Decades taken off: rules fire in few benign pictures, and leave nearly all of the rate to the residual.
_HANDICAP: Mapping[Kind, float] = {"scaling": 0.5, "hidden_text": 0.5}
_MOST_DECADES = 6  # of a pair's own p-value
_LOG_ODDS = 4.0  # by which a pair's score moves far beyond that


class DetectionCalibrationError(ValueError):
    """A file is no calibration of detection that this version can read."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Evidence with the p-values of a calibration."""

    evidence: tuple[Evidence, ...]
    tests: tuple[str, ...]  # for each, the test it belongs to


@dataclass(frozen=True, eq=False)
class DetectionCalibration:
    """What was learned of benign pictures; one file."""

    detectors: str  # version of the trained detectors whose scores these are
    surprise: Mapping[str, Surprise]  # by kind, or kind and stratum: "residual small lossy"
    single: ConformalCalibration  # of the largest surprise, by stratum
    paired: ConformalCalibration  # of pair_score, likewise
    note: str = ""  # of which pictures
    joined: tuple[str, ...] = ()  # SHA-256 of false alarms that joined `single`: none does twice

    def judge(self, evidence: Sequence[Evidence], decoded: Decoded) -> Judged:
        """Give evidence the p-values of this calibration; what it does not know keeps its own."""
        stratum = single_stratum(decoded) if any(item.kind in SINGLE for item in evidence) else ""
        judged, tests = [], []
        for place, item in enumerate(evidence):
            is_single = item.kind in SINGLE and stratum in self.single.scores
            found = self._single(item, stratum) if is_single else item
            if item.kind in PAIRED:
                found = self._pair(item, pair_stratum(decoded))
            judged.append(found)
            tests.append(_ONE_TEST if is_single else f"{place}")
        return Judged(tuple(judged), tuple(tests))

    def score(self, evidence: Iterable[Evidence], stratum: str) -> float:
        """Return the largest surprise of those who judged a picture by itself; 0.0: nothing surprises."""
        return max((self._surprise(item, stratum) for item in evidence if is_heard(item)), default=0.0)

    def _single(self, item: Evidence, stratum: str) -> Evidence:
        if not is_heard(item):
            return item
        score = self._surprise(item, stratum)
        return replace(item, p_value=self.single.assured_p_value(score, stratum, CONFIDENCE))

    def _pair(self, item: Evidence, stratum: str) -> Evidence:
        if item.p_value is None or stratum not in self.paired.scores:
            return item
        return replace(item, p_value=self.paired.assured_p_value(pair_score(item), stratum, CONFIDENCE))

    def _surprise(self, item: Evidence, stratum: str) -> float:
        curve = self.surprise.get(f"{item.kind} {stratum}") or self.surprise.get(item.kind)
        if curve is None:
            return 0.0
        return max(0.0, round(curve.of(item.score) - _HANDICAP.get(item.kind, 0.0), _DIGITS))

    @cached_property
    def json(self) -> str:
        """The content of the file that `parse_calibration` reads."""
        fields = {
            "format": FORMAT,
            "schema_version": SCHEMA_VERSION,
            "detectors": self.detectors,
            "note": self.note,
            "surprise": {name: curve.to_json() for name, curve in sorted(self.surprise.items())},
            "single": _to_lists(self.single),
            "paired": _to_lists(self.paired),
            **({"joined": list(self.joined)} if self.joined else {}),
        }
        return json.dumps(fields, separators=(",", ":"), ensure_ascii=False) + "\n"


def is_heard(item: Evidence) -> bool:
    """Tell whether who judged a picture by itself has a say: a test always, a rule where it fires."""
    return item.kind in SINGLE and (item.p_value is not None or item.is_attack)


def pair_score(item: Evidence) -> float:
    """Return how suspicious a pair is: decades of its own p-value, and beyond their end its score.

    Its own p-value makes pairs of one size and of two sizes comparable; it ends where its calibration did.

    Raises:
        ValueError: It has no p-value.
    """
    if item.p_value is None:
        raise ValueError("expected evidence with a p-value")
    decades = min(float(_MOST_DECADES), -float(np.log10(max(item.p_value, 1e-12))))
    beyond = 0.1 / (1.0 + float(np.exp(-np.clip(item.score / _LOG_ODDS, -30.0, 30.0))))
    return round(decades + beyond, _DIGITS)


def load_calibration(file: Path | None = None) -> DetectionCalibration:
    """Read a file, or the calibration that ships with the package.

    Raises:
        DetectionCalibrationError: It cannot be read, or holds something else.
    """
    try:
        source = files("gateway.detection").joinpath("calibration.json") if file is None else file
        return parse_calibration(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DetectionCalibrationError(
            f"cannot read the calibration of detection {file}: {error}"
        ) from error


def parse_calibration(text: str) -> DetectionCalibration:
    """Read a calibration from JSON; raises as `load_calibration`."""
    try:
        fields = json.loads(text)
        if fields["format"] != FORMAT or fields["schema_version"] > SCHEMA_VERSION:
            raise ValueError(f"expected {FORMAT} of version up to {SCHEMA_VERSION}")
        return DetectionCalibration(
            str(fields["detectors"]),
            {str(name): Surprise.from_json(curve) for name, curve in fields["surprise"].items()},
            _from_lists(fields["single"]),
            _from_lists(fields["paired"]),
            str(fields.get("note", "")),
            tuple(str(digest) for digest in fields.get("joined", ())),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise DetectionCalibrationError(f"expected a calibration of detection: {error}") from error


def _to_lists(calibration: ConformalCalibration) -> dict[str, list[float]]:
    return {
        stratum: [round(float(score), _DIGITS) for score in scores]
        for stratum, scores in sorted(calibration.scores.items())
    }


def _from_lists(fields: Mapping[str, Any]) -> ConformalCalibration:
    scores: dict[str, npt.NDArray[np.float32]] = {
        str(stratum): np.asarray(values, dtype=np.float32) for stratum, values in fields.items()
    }
    return ConformalCalibration(scores)
