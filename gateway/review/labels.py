"""What people said of flags, as JSON lines: for other programs, and to calibrate detection anew."""

from collections.abc import Iterator
from typing import Any

import orjson

from gateway.review.filters import Filter
from gateway.review.flag import Flag
from gateway.review.store import ReviewStore
from gateway.review.words import machine_time


def label_lines(store: ReviewStore, wanted: Filter) -> Iterator[bytes]:
    """Return a line for each flag that somebody has judged, newest first."""
    for flag in store.walk(wanted):
        if flag.mark != "open":
            yield orjson.dumps(_fields(flag)) + b"\n"


def _fields(flag: Flag) -> dict[str, Any]:
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
    }
