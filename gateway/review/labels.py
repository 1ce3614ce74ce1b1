"""What people said of flags, as JSON lines: for other programs, and to calibrate detection anew.

The first line is the calibration of detection that the scores belong to, so that `jnd-predictor recalibrate`
needs nothing else; every further line is one flag.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from gateway.detection.combination import SINGLE, DetectionCalibration
from gateway.review.filters import Filter
from gateway.review.flag import Flag
from gateway.review.store import ReviewStore
from gateway.review.words import machine_time

FORMAT = "jnd-review-labels"
SCHEMA_VERSION = 1


def label_lines(store: ReviewStore, wanted: Filter, calibration: DetectionCalibration) -> Iterator[bytes]:
    """Return a heading, and a line for each flag that somebody has judged, newest first."""
    heading = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "calibration": orjson.loads(calibration.json),
    }
    yield orjson.dumps(heading) + b"\n"
    for flag in store.walk(wanted):
        if flag.mark != "open":
            yield orjson.dumps(_fields(flag, calibration)) + b"\n"


def _fields(flag: Flag, calibration: DetectionCalibration) -> dict[str, Any]:
    # Rules about files and comparisons with other pictures are no part of this score.
    is_scored = bool(flag.stratum) and any(kind in SINGLE for kind in flag.kinds)
    return {
        "id": flag.id,
        "time": machine_time(flag.seen_at),
        "label": flag.mark,
        "labelled_at": None if flag.marked_at is None else machine_time(flag.marked_at),
        "digest": flag.digest,
        "kinds": list(flag.kinds),
        "outcome": flag.outcome,
        "p_value": flag.p_value,
        "jnd_ratio": flag.jnd_ratio,
        "model": flag.request.model,
        "client": flag.request.client,
        "artifact": flag.artifact,
        "stratum": flag.stratum,
        "score": calibration.score(flag.evidence, flag.stratum) if is_scored else None,
    }
