"""Who works on an image in the pipeline, as far as it has to know them: inspects, compresses, sanitizes."""

from typing import Protocol

from calibration.image import Decoded
from calibration.profile import JndProfile
from gateway.compression.plan import CompressionPlan
from gateway.detection.protocol import Examined
from gateway.detection.verdict import Verdict
from gateway.providers.rules import Recipient


class Inspects(Protocol):
    """Whoever concludes whether an image was edited."""

    def inspect(self, examined: Examined) -> Verdict:
        """Return a verdict."""
        ...


class Compresses(Protocol):
    """Whoever makes an image lighter without the model noticing."""

    def compress(
        self, decoded: Decoded, data: bytes, profile: JndProfile, recipient: Recipient
    ) -> tuple[bytes, CompressionPlan]:
        """Return the bytes to send, the same ones if nothing was gained, and what was done.

        Of the request's images, `recipient` counts no more than decide which limits apply.
        """
        ...


class Sanitizes(Protocol):
    """Whoever makes an image harmless that may carry hidden edits."""

    def sanitize(
        self, decoded: Decoded, data: bytes, profile: JndProfile, recipient: Recipient
    ) -> tuple[bytes, CompressionPlan]:
        """Return the bytes to send, no more than came, and what was done.

        Raises:
            ValueError: It cannot be done.
        """
        ...
