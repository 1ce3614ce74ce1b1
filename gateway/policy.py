"""Decide what a verdict leads to; knows nothing of how it was reached."""

from collections.abc import Iterable
from typing import Literal

from gateway.detection.verdict import Verdict
from gateway.settings import Policy

Action = Literal["monitor", "block"]

# From harmless to grave: the order in which several images are summed up in one header.
_SEVERITY = {"clean": 0, "unchecked": 1, "noticeable_edit": 2, "imperceptible_edit": 3}


def decide(verdict: Verdict, policy: Policy) -> Action:
    """Return `block` only for an outcome that the policy blocks, in mode `block`."""
    return "block" if policy.mode == "block" and verdict.outcome in policy.block_on else "monitor"


def is_flagged(verdict: Verdict) -> bool:
    """Tell whether the image was found to be edited."""
    return _SEVERITY[verdict.outcome] >= _SEVERITY["noticeable_edit"]


def worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the gravest verdict, the first of equals; None when there is no image."""
    return max(verdicts, key=lambda verdict: _SEVERITY[verdict.outcome], default=None)
