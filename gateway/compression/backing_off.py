"""Lighten with the margin that the policy's epoch leaves for a model and class of pictures.

Builds one compressor per margin, the first time it is needed; what they do is theirs.
"""

from collections.abc import Callable
from typing import Protocol

from calibration.image import Decoded
from calibration.profile import JndProfile
from gateway.compression.audit.ledger import Margins
from gateway.compression.compressor import LEAN_PROBABILITY
from gateway.compression.picture_class import PictureClass, classify
from gateway.compression.plan import CompressionPlan, Tier
from gateway.providers.rules import Recipient


class Lightens(Protocol):
    """Whoever lightens a picture of a class that was told."""

    def compress(
        self,
        decoded: Decoded,
        data: bytes,
        profile: JndProfile,
        recipient: Recipient,
        *,
        picture_class: PictureClass,
    ) -> tuple[bytes, CompressionPlan]:
        """Return the bytes to send, and what was done."""
        ...


class BackingOff:
    """A compressor for every margin."""

    def __init__(self, make: Callable[[float], Lightens], margins: Margins) -> None:
        """`make` builds a compressor of what remains of the allowed probability, 1 to 0."""
        self._make, self._margins = make, margins
        self._by_margin: dict[float, Lightens] = {}

    def compress(
        self, decoded: Decoded, data: bytes, profile: JndProfile, recipient: Recipient
    ) -> tuple[bytes, CompressionPlan]:
        """Return the bytes to send, and what was done."""
        picture_class = classify(decoded)
        margin = self._margins.of(recipient.model, picture_class)
        compressor = self._by_margin.get(margin)
        if compressor is None:
            compressor = self._by_margin[margin] = self._make(margin)
        return compressor.compress(decoded, data, profile, recipient, picture_class=picture_class)


def at_margin(tier: Tier, max_probability: float, margin: float) -> tuple[Tier, float]:
    """Return the tier and probability that a margin leaves: none of it means the same pixels."""
    if margin >= 1.0 or tier == "exact":
        return tier, max_probability
    if margin <= 0.0:
        return "exact", max_probability
    allowed = margin * (max_probability if tier == "faithful" else max(max_probability, LEAN_PROBABILITY))
    return ("lean" if tier == "lean" and allowed >= LEAN_PROBABILITY else "faithful"), allowed
