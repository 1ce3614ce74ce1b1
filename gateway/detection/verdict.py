"""Weigh what the detectors found into one verdict with one p-value, in words a person can act on.

Detectors may depend on each other in any way, so their p-values are combined by Holm's method: a benign
picture is flagged with probability at most alpha, as long as each detector's own p-value keeps its promise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from calibration.holm import holm

Outcome = Literal["clean", "imperceptible_edit", "noticeable_edit", "unchecked"]


@dataclass(frozen=True)
class Evidence:
    """What one detector found."""

    kind: str  # the detector: residual, near_duplicate, reference
    score: float  # in the detector's own unit; higher is more suspicious
    p_value: float | None  # None: it informs, but cannot flag
    jnd_ratio: float | None  # size of the change in the model's JNDs, where a reference is known
    explanation: str


@dataclass(frozen=True)
class Verdict:
    """What the gateway concludes about one image."""

    outcome: Outcome
    p_value: float  # of "nothing was added to this picture", over all detectors; 1.0 when unchecked
    jnd_ratio: float | None
    evidence: tuple[Evidence, ...]
    explanation: str


def conclude(evidence: Sequence[Evidence], *, alpha: float) -> Verdict:
    """Decide at false-alarm rate `alpha`; without evidence the image is unchecked.

    An edit is noticeable when the model is predicted to notice it (one JND or more), else imperceptible.

    Raises:
        ValueError: `alpha` is not strictly between 0 and 1.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must be between 0 and 1, got {alpha}")
    if not evidence:
        return unchecked("No detector could examine this image.")
    adjusted = sorted(holm([item.p_value for item in evidence if item.p_value is not None]))
    testable = sorted((item for item in evidence if item.p_value is not None), key=_p_value)
    flagged = [item for item, p_value in zip(testable, adjusted, strict=True) if p_value <= alpha]
    p_value = adjusted[0] if adjusted else 1.0
    if not flagged:
        return Verdict(
            "clean", p_value, _largest_ratio(evidence), tuple(evidence), _why_clean(testable or evidence)
        )
    ratio = _largest_ratio(flagged)
    outcome: Outcome = "imperceptible_edit" if ratio is None or ratio < 1.0 else "noticeable_edit"
    explanation = " ".join(item.explanation for item in flagged)
    return Verdict(outcome, p_value, ratio, tuple(evidence), explanation)


def unchecked(reason: str) -> Verdict:
    """Say that nobody looked, and why."""
    return Verdict("unchecked", 1.0, None, (), reason)


def _p_value(item: Evidence) -> float:
    return 1.0 if item.p_value is None else item.p_value


def _largest_ratio(evidence: Sequence[Evidence]) -> float | None:
    return max((item.jnd_ratio for item in evidence if item.jnd_ratio is not None), default=None)


def _why_clean(evidence: Sequence[Evidence]) -> str:
    return " ".join(item.explanation for item in evidence)
