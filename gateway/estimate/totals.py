"""Add up what pictures were and became: bytes, tokens and money, by class of picture.

Bytes buy latency and upload; tokens buy money. Providers bill a picture by its size in pixels, so fewer bytes
of the same size cost the same.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gateway.compression.compressor import CompressionPlan
from gateway.compression.picture_class import CLASSES, PictureClass
from gateway.compression.plan import Effort, Tier
from gateway.providers.prices import Price

_PER = 1_000  # images, of sums of money


@dataclass(frozen=True)
class Target:
    """Who would be sent the pictures."""

    provider: str
    model: str
    price: Price | None  # None: nobody wrote one down

    @property
    def name(self) -> str:
        """Both, as the command line takes them."""
        return f"{self.provider}:{self.model}"


@dataclass(frozen=True)
class Manner:
    """How pictures would be lightened, whoever they are for."""

    tier: Tier = "faithful"
    effort: Effort = "normal"
    detail: str = (
        ""  # at which those are shown whose request asks for no level; empty: the provider's default
    )


@dataclass(frozen=True)
class Outcome:
    """What one picture would become for one target."""

    kind: PictureClass
    plan: CompressionPlan
    milliseconds: float


@dataclass(frozen=True)
class Sums:
    """Sums over some pictures."""

    images: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    def with_plan(self, plan: CompressionPlan, times: int) -> "Sums":
        """Add one picture as often as it is sent."""
        return Sums(
            self.images + times,
            self.bytes_in + plan.bytes_in * times,
            self.bytes_out + plan.bytes_out * times,
            self.tokens_in + plan.tokens_in * times,
            self.tokens_out + plan.tokens_out * times,
        )

    @property
    def bytes_saved_share(self) -> float:
        """How much of the bytes would not be sent, 0-1."""
        return 1 - self.bytes_out / self.bytes_in if self.bytes_in else 0.0

    @property
    def tokens_saved_share(self) -> float:
        """How much of the tokens would not be paid for, 0-1."""
        return 1 - self.tokens_out / self.tokens_in if self.tokens_in else 0.0


@dataclass(frozen=True)
class Totals:
    """What one target's pictures come to."""

    target: Target
    whole: Sums
    by_class: dict[PictureClass, Sums]  # the classes met, in a fixed order
    left_alone: Counter[str]  # pictures sent as they came, by reason
    milliseconds_p50: float  # to make one lighter, each picture once
    milliseconds_p95: float

    @property
    def money(self) -> dict[str, Any] | None:
        """Dollars per thousand images, and whose price that is; None where no price is known."""
        price, whole = self.target.price, self.whole
        if price is None or not whole.images:
            return None
        before, after = (
            price.of(tokens) * _PER / whole.images for tokens in (whole.tokens_in, whole.tokens_out)
        )
        return {
            "currency": "USD",
            "per_million_tokens": price.per_million,
            "per_1000_images_in": round(before, 4),
            "per_1000_images_out": round(after, 4),
            "per_1000_images_saved": round(before - after, 4),
            "source": price.source,
            "date": price.date,
        }


def add_up(target: Target, outcomes: Iterable[tuple[Outcome, int]]) -> Totals:
    """Add up every picture of one target, each with how often it is sent."""
    whole, left_alone = Sums(), Counter[str]()
    by_class: dict[PictureClass, Sums] = {}
    milliseconds: list[float] = []
    for outcome, times in outcomes:
        whole = whole.with_plan(outcome.plan, times)
        by_class[outcome.kind] = by_class.get(outcome.kind, Sums()).with_plan(outcome.plan, times)
        milliseconds.append(outcome.milliseconds)
        if outcome.plan.bytes_out >= outcome.plan.bytes_in:
            left_alone[outcome.plan.reason or "nothing lighter was found"] += times
    p50, p95 = np.percentile(milliseconds, [50, 95]) if milliseconds else (0.0, 0.0)
    ordered = {kind: by_class[kind] for kind in CLASSES if kind in by_class}
    return Totals(target, whole, ordered, left_alone, round(float(p50), 3), round(float(p95), 3))
