"""Stores in folders of their own, and flags to put into them."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.detection.verdict import Evidence
from gateway.review.flag import Circumstances, Flag, new_id
from gateway.review.store import Caught, ReviewStore

PICTURE = b"\x89PNG and the rest of a picture"
DAY = 86_400.0
NOON = 1_800_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReviewStore]:
    opened = ReviewStore.open(tmp_path / "review")
    yield opened
    opened.close()


@pytest.fixture
def catch() -> Callable[..., Caught]:
    """A factory of flags with their pictures; `at`: when, `picture`, and fields of flag or request."""

    def make(at: float = NOON, picture: bytes | None = PICTURE, **changes: Any) -> Caught:
        circumstances = {
            name: changes.pop(name) for name in Circumstances.__dataclass_fields__ if name in changes
        }
        request = replace(Circumstances(tenant="t1", client="shop", model="gpt-4o"), **circumstances)
        evidence = Evidence("residual", 3.5, 0.001, None, "Noise was added.", boxes=((0, 0, 16, 16, 1.0),))
        fields = {
            "id": new_id(at),
            "digest": hashlib.sha256(picture or b"gone").hexdigest(),
            "request": request,
            "outcome": "imperceptible_edit",
            "kinds": ("residual",),
            "p_value": 0.001,
            "jnd_ratio": 0.5,
            "explanation": "Noise was added.",
            "evidence": (evidence,),
            "action": "monitor",
            "size_bytes": len(picture or b""),
        }
        return Caught(Flag(**(fields | changes)), picture)

    return make
