"""Read what people said of flagged pictures, and the calibration it belongs to; write the calibration anew.

The files are the gateway's: JSON lines of `/review/labels.jsonl` or `jnd-gateway review labels`, and the JSON
that `detection.calibration` names. Everything in them that is not a score stays as it is.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from calibration.whole_file import replace_file
from predictor.guarantees.conformal import ConformalCalibration
from predictor.guarantees.recalibrating import Labelled

_LABELS, _LABELS_VERSION = "jnd-review-labels", 1
_CALIBRATION, _CALIBRATION_VERSION = "jnd-detection-calibration", 1
_IS_ATTACK = {"attack": True, "false_alarm": False, "allowed": False}
_OF_PAIRS = frozenset({"near_duplicate", "reference", "query_series"})  # kinds: not of one picture by itself
_DIGITS = 4  # of scores, as the file keeps them


class LabelsError(ValueError):
    """A file holds something else than expected; says where."""


@dataclass(frozen=True)
class Labels:
    """What was read of one or several files."""

    labelled: Sequence[Labelled]
    unscored: int  # judged flags of files, of comparisons, or whose picture was gone
    compared: int  # of these, the false alarms by comparison with other pictures: no calibration changes them
    known: int  # that had joined the calibration before
    calibration: Mapping[str, Any]  # the fields of its file


def read_labels(files: Sequence[Path], calibration: Path | None = None) -> Labels:
    """Read labels, and the calibration they belong to: their first line's, unless a file of it is named.

    Raises:
        LabelsError: Something is wrong in a file, or scores belong to unlike calibrations.
        OSError: A file cannot be read.
    """
    lines = [(file, number, fields) for file in files for number, fields in _lines(file)]
    headings = [line for line in lines if line[2].get("format") == _LABELS]
    if len(headings) != len(files) or not all(
        _is_known(fields, _LABELS_VERSION) for _, _, fields in headings
    ):
        raise LabelsError(f"expected files that begin as {_LABELS} of version {_LABELS_VERSION}")
    scales = [
        _checked(fields.get("calibration"), f"{file}, line {number}") for file, number, fields in headings
    ]
    base = (
        scales[0]
        if calibration is None
        else _checked(_object(_text(calibration), str(calibration)), str(calibration))
    )
    if any(each["surprise"] != base["surprise"] for each in scales):
        raise LabelsError("the scores of these labels are on another scale than the calibration's")
    joined = frozenset(base.get("joined", ()))
    labelled, unscored, compared, known = [], 0, 0, 0
    for file, number, fields in lines:
        if fields.get("format") == _LABELS:
            continue
        found = _label(fields, f"{file}, line {number}")
        unscored += found is None
        compared += found is None and _is_alarm_of_pair(fields)
        known += found is not None and found.picture in joined
        if found is not None and found.picture not in joined:
            labelled.append(found)
    return Labels(labelled, unscored, compared, known, base)


def scores_of(calibration: Mapping[str, Any]) -> ConformalCalibration:
    """Return the scores that pictures by themselves are judged by.

    Raises:
        LabelsError: They are none.
    """
    try:
        return ConformalCalibration(
            {name: np.asarray(values, dtype=np.float32) for name, values in calibration["single"].items()}
        )
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise LabelsError(f"expected the scores of a calibration: {error}") from error


def write_calibration(
    file: Path, base: Mapping[str, Any], scores: ConformalCalibration, joined: Iterable[str], note: str
) -> None:
    """Write the calibration with other scores; the pictures that joined are named, so that none joins twice.

    Raises:
        OSError: It cannot be written.
    """
    fields = {
        **base,
        "note": "; ".join(filter(None, (base.get("note", ""), note))),
        "single": {
            stratum: [round(float(score), _DIGITS) for score in each]
            for stratum, each in sorted(scores.scores.items())
        },
        "joined": sorted({*base.get("joined", ()), *joined}),
    }
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False) + "\n"
    replace_file(file, text.encode())


def _lines(file: Path) -> list[tuple[int, dict[str, Any]]]:
    found = []
    for number, line in enumerate(_text(file).split("\n"), start=1):
        if line.strip():
            found.append((number, _object(line, f"{file}, line {number}")))
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LabelsError(f"{file}: expected text in UTF-8: {error}") from error


def _checked(calibration: object, place: str) -> dict[str, Any]:
    """Return a calibration of a version that is known, with the scale of its scores."""
    fields = calibration if isinstance(calibration, dict) else {}
    if fields.get("format") != _CALIBRATION or not _is_known(fields, _CALIBRATION_VERSION):
        raise LabelsError(f"{place}: expected a {_CALIBRATION} of version up to {_CALIBRATION_VERSION}")
    if "surprise" not in fields:
        raise LabelsError(f"{place}: expected a {_CALIBRATION} with the scale of its scores, `surprise`")
    if not _are_texts(fields.get("joined", [])) or not isinstance(fields.get("note", ""), str):
        raise LabelsError(f"{place}: expected a {_CALIBRATION} with hashes in `joined`, and a text in `note`")
    return fields


def _is_known(fields: Mapping[str, Any], newest: int) -> bool:
    version = fields.get("schema_version", 0)
    return type(version) is int and 0 <= version <= newest  # not true


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_alarm_of_pair(fields: Mapping[str, Any]) -> bool:
    return fields["label"] == "false_alarm" and not _OF_PAIRS.isdisjoint(_kinds(fields))


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LabelsError(f"{place}: expected JSON: {error}") from error
    if not isinstance(fields, dict):
        raise LabelsError(f"{place}: expected an object, got {type(fields).__name__}")
    return fields


def _kinds(fields: Mapping[str, Any]) -> list[Any]:
    kinds = fields.get("kinds") or []
    return kinds if isinstance(kinds, list) else [kinds]


def _label(fields: Mapping[str, Any], place: str) -> Labelled | None:
    """Return a label; None where it has no score."""
    try:
        is_attack = _IS_ATTACK[fields["label"]]
        digest, stratum, score = fields["digest"], fields["stratum"], fields["score"]
        if not _are_texts([digest, stratum, *_kinds(fields)]):
            raise TypeError("something else than a text for digest, stratum or kinds")
        if score is not None and (type(score) not in (int, float) or not isfinite(score)):  # nor true
            raise ValueError(f"a score of {str(score)[:60]}")
        if score is None or not stratum:
            return None
        return Labelled(digest, stratum, float(score), is_attack)
    except (LookupError, TypeError, ValueError, OverflowError) as error:
        raise LabelsError(f"{place}: expected the label of a flag, got {error!r}") from error
