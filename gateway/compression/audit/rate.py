"""Count changed answers by picture, and tell with what certainty a promise about their share is kept.

A picture is the unit: answers about one picture depend on each other, so each picture counts with the share
of its answers. Intervals are Clopper and Pearson's (1934), which for shares between 0 and 1 are wider than
need be; the difference to the model's own noise is Newcombe's (1998, method 10) with their limits.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from scipy.special import betaincinv  # as scipy.stats' beta, which would cost whoever serves 46 MB

CONFIDENCE = 0.95
Finding = Literal["kept", "undecided", "broken"]


@dataclass(frozen=True)
class ChangeRate:
    """How many answers about how many pictures changed."""

    pictures: int = 0
    answers: int = 0
    changed: float = 0.0  # sum over pictures of the share of answers that lightening alone sets apart
    noise: float = 0.0  # the same of answers that the model itself does not repeat

    @property
    def share(self) -> float:
        """Share of answers changed beyond the model's own noise; by chance negative, 0 where none is."""
        return (self.changed - self.noise) / self.pictures if self.pictures else 0.0

    @property
    def noise_share(self) -> float:
        """Share of answers that the model would have changed anyhow."""
        return self.noise / self.pictures if self.pictures else 0.0

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Return the limits of `share` at this confidence, between 0 and 1."""
        if not self.pictures:
            return 0.0, 1.0
        changed, noise = self.changed / self.pictures, self.noise_share
        low, high = clopper_pearson(self.changed, self.pictures, confidence)
        noise_low, noise_high = clopper_pearson(self.noise, self.pictures, confidence)
        if not self.noise:  # none was seen: what is not there cannot be the cause of what is
            noise_high = 0.0
        below = self.share - math.hypot(changed - low, noise_high - noise)
        above = self.share + math.hypot(high - changed, noise - noise_low)
        return max(below, 0.0), min(max(above, 0.0), 1.0)

    def finding(self, promise: float, confidence: float = CONFIDENCE) -> Finding:
        """Tell whether the interval lies below the promised share, above it, or around it."""
        low, high = self.interval(confidence)
        if low > promise:
            return "broken"
        return "kept" if high <= promise else "undecided"


def rate_of(answers: Iterable[tuple[str, bool, bool]]) -> ChangeRate:
    """Count (picture, is changed, is noise), one of each answer."""
    by_picture: dict[str, list[tuple[bool, bool]]] = {}
    for picture, is_changed, is_noise in answers:
        by_picture.setdefault(picture, []).append((is_changed, is_noise))
    return ChangeRate(
        pictures=len(by_picture),
        answers=sum(map(len, by_picture.values())),
        changed=sum(sum(changed for changed, _ in found) / len(found) for found in by_picture.values()),
        noise=sum(sum(noise for _, noise in found) / len(found) for found in by_picture.values()),
    )


def clopper_pearson(count: float, of: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return both limits of a share.

    Args:
        count: From 0 to `of`; not whole where units count by shares.
        of: At least 1.
        confidence: Of both sides together.

    Raises:
        ValueError: An argument is outside its range.
    """
    if not (of >= 1 and 0 <= count <= of):
        raise ValueError(f"expected a count between 0 and a number of at least 1, got {count} of {of}")
    if not 0 < confidence < 1:
        raise ValueError(f"expected a confidence strictly between 0 and 1, got {confidence}")
    tail = (1 - confidence) / 2
    low = float(betaincinv(count, of - count + 1, tail)) if count > 0 else 0.0
    high = float(betaincinv(count + 1, of - count, 1 - tail)) if count < of else 1.0
    return low, high


def pictures_needed(promise: float, confidence: float = CONFIDENCE) -> int | None:
    """Return how many pictures without a change show that a promise is kept; None: no number does."""
    if promise <= 0:
        return None
    return math.ceil(math.log((1 - confidence) / 2) / math.log1p(-promise))
