"""Weigh what the detectors found into one verdict with one p-value, in words a person can act on.

Detectors that judge one picture's pixels are one test, calibrated end to end (`combination`). Tests may
depend on each other in any way, so their p-values are combined by Holm's method: something is found in a
benign picture with probability at most alpha, as long as each test keeps its promise. Rules, such as bytes
behind a picture's end, have no p-value; their false alarms are counted apart, by kind.

The outcome says what is; the flags say whether to worry: the kinds of evidence for an edit that neither the
model nor a person who looks at that place sees, and for whatever is built like an attack, visible or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from calibration.holm import holm

Outcome = Literal["clean", "imperceptible_edit", "noticeable_edit", "unchecked"]
Kind = Literal[
    "residual", "near_duplicate", "reference", "container", "alpha", "scaling", "hidden_text", "query_series"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Box = tuple[int, int, int, int, float]  # left, top, right, bottom: pixels of the upright picture; weight 0..1


@dataclass(frozen=True)
class Evidence:
    """What one detector found."""

    kind: Kind  # the detector
    score: float  # in the detector's own unit; higher is more suspicious
    p_value: float | None  # None: a rule where `is_attack`; otherwise it informs, but finds nothing
    jnd_ratio: float | None  # size of the change in the model's JNDs, where a reference is known
    explanation: str
    is_attack: bool = False  # built like one: worth an alarm however visible
    is_visible: bool = False  # to a person who looks at that place
    boxes: tuple[
        Box, ...
    ] = ()  # where it lies, the weightiest first; none: nowhere in particular, or unknown

    @property
    def is_noticeable(self) -> bool:
        """Whether the model or a person sees the change."""
        return self.is_visible or (self.jnd_ratio is not None and self.jnd_ratio >= 1.0)


@dataclass(frozen=True)
class Verdict:
    """What the gateway concludes about one image."""

    outcome: Outcome
    p_value: float  # of "nothing was added to this picture", over all detectors; 1.0 when unchecked
    jnd_ratio: float | None
    evidence: tuple[Evidence, ...]
    explanation: str
    flags: tuple[Kind, ...] = ()  # what makes it worth an alarm, the kinds in alphabetical order
    failures: tuple[str, ...] = ()  # detectors that broke, whose evidence is missing


def conclude(evidence: Sequence[Evidence], *, alpha: float, tests: Sequence[str] | None = None) -> Verdict:
    """Decide at false-alarm rate `alpha`; without evidence the image is unchecked.

    An edit is noticeable when a person sees it in its place, or the model is predicted to notice it (one JND
    or more), else imperceptible.

    Args:
        evidence: In the order in which it is told.
        alpha: Probability that something is found in a benign picture, rules apart.
        tests: For each evidence, the name of the test whose p-value it has a share in; None: each its own.

    Raises:
        ValueError: `alpha` is not strictly between 0 and 1.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must be between 0 and 1, got {alpha}")
    if not evidence:
        return unchecked("No detector could examine this image.")
    names = tests if tests is not None else [str(place) for place in range(len(evidence))]
    corrected = _corrected(evidence, names)
    testable = [item for item in evidence if item.p_value is not None]
    testable.sort(key=_p_value)
    found = [item for item in testable if corrected[id(item)] <= alpha]
    found += [item for item in evidence if item.is_attack and item.p_value is None]
    p_value = min(corrected.values(), default=1.0)
    if not found:
        return Verdict(
            "clean", p_value, _largest_ratio(evidence), tuple(evidence), _why_clean(testable or evidence)
        )
    outcome: Outcome = (
        "noticeable_edit" if any(item.is_noticeable for item in found) else "imperceptible_edit"
    )
    flags = sorted({item.kind for item in found if item.is_attack or not item.is_noticeable})
    explanation = " ".join(item.explanation for item in found)
    return Verdict(outcome, p_value, _largest_ratio(found), tuple(evidence), explanation, tuple(flags))


def unchecked(reason: str) -> Verdict:
    """Say that nobody looked, and why."""
    return Verdict("unchecked", 1.0, None, (), reason)


def _corrected(evidence: Sequence[Evidence], names: Sequence[str]) -> dict[int, float]:
    """Return by identity the p-value of each evidence, corrected for the number of tests.

    A test's p-value is the smallest of its evidence; the others are raised in proportion.
    """
    smallest: dict[str, float] = {}
    for item, name in zip(evidence, names, strict=True):
        if item.p_value is not None:
            smallest[name] = min(item.p_value, smallest.get(name, 1.0))
    of_test = dict(zip(smallest, holm(list(smallest.values())), strict=True))
    return {
        id(item): of_test[name]
        if item.p_value <= smallest[name]
        else min(1.0, item.p_value * of_test[name] / smallest[name])
        for item, name in zip(evidence, names, strict=True)
        if item.p_value is not None
    }


def _p_value(item: Evidence) -> float:
    return 1.0 if item.p_value is None else item.p_value


def _largest_ratio(evidence: Sequence[Evidence]) -> float | None:
    return max((item.jnd_ratio for item in evidence if item.jnd_ratio is not None), default=None)


def _why_clean(evidence: Sequence[Evidence]) -> str:
    return " ".join(item.explanation for item in evidence)
