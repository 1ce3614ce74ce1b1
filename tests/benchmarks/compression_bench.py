"""What every part of the compression benchmark shares: the product, how much to measure, what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from compression_answers import Panel, read_panel
from compression_pictures import Picture
from compression_sending import Sender, Sent, Target

from calibration.profile import JndProfile
from gateway.compression.compressor import Tier
from gateway.providers.rules import ProviderRules
from predictor.predict import Predictor


@dataclass(frozen=True)
class LeftAlone:
    """A picture the product sent as it came."""

    part: str
    picture: str
    reason: str


@dataclass
class Bench:
    """One run."""

    predictor: Predictor
    rules: ProviderRules
    is_quick: bool
    out: Path  # where curves are drawn
    sent: dict[str, int] = field(default_factory=dict)  # pictures by part
    left_alone: list[LeftAlone] = field(default_factory=list)

    @cached_property
    def panel(self) -> Panel:
        """The classifiers, read when the first part asks for them."""
        return read_panel()

    def count(self, *, full: int, quick: int) -> int:
        return quick if self.is_quick else full

    def sender(
        self,
        tier: Tier = "faithful",
        *,
        effort: str | None = None,
        max_probability: float = 0.05,
        profile: JndProfile | None = None,
    ) -> Sender:
        """Set the product up; without a `profile`, as it is for the model a picture is sent to."""
        return Sender(
            self.predictor,
            tier,
            max_probability=max_probability,
            effort=effort,
            rules=self.rules,
            profile=profile,
        )

    def send(self, part: str, sender: Sender, picture: Picture, target: Target) -> Sent:
        """Compress, and remember what was left alone."""
        sent = sender.send(picture, target)
        self.sent[part] = self.sent.get(part, 0) + 1
        if sent.data == picture.data:
            self.left_alone.append(LeftAlone(part, picture.name, sent.plan.reason))
        return sent


@dataclass(frozen=True)
class Found:
    """What one part came to."""

    figures: Mapping[str, float]  # named as in `compression_floors`, those that have a floor and others
    rows: Mapping[str, object] = field(default_factory=dict)


def mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 4) if values else float("nan")


def median(values: list[float]) -> float:
    return round(float(np.median(values)), 2) if values else float("nan")
