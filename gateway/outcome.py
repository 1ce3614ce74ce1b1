"""What became of one image on its way through the gateway: what headers, metrics, logs and the body read."""

from dataclasses import dataclass, fields, replace

from gateway.compression.plan import CompressionPlan
from gateway.detection.verdict import Verdict
from gateway.policy import Action


@dataclass(frozen=True)
class Timings:
    """Seconds per stage; zero where a stage did not run."""

    decode: float = 0.0
    inspect: float = 0.0
    compress: float = 0.0
    sanitize: float = 0.0


@dataclass(frozen=True)
class ImageOutcome:
    """What became of one image."""

    data: bytes  # to send; the very bytes that came when nothing was re-encoded
    media_type: str  # of `data`: as declared, unless that is wrong or it was re-encoded; empty: nobody knows
    bytes_in: int
    verdict: Verdict
    plan: CompressionPlan | None = None  # None: compression is off, or the image was not reached
    action: Action = "monitor"
    timings: Timings = Timings()
    reason: str = ""  # one word when something was skipped or wrong
    pixels_in: int = 0  # width times height as it came; 0: never decoded
    is_observed: bool = False  # mode observe: `plan` tells what would have been sent instead of `data`
    is_recalled: bool = False  # known from an earlier request
    quality: float | None = None  # mean opinion score, 0 to 100; None: nobody asked, or it cannot be judged
    is_quality_guessed: bool = False  # the image is unlike the photographs that the score was learned from

    @property
    def is_unread(self) -> bool:
        """Whether it could not be decoded, and its bytes showed nothing: kept so that it is asked once."""
        return self.verdict.outcome == "unchecked" and not self.pixels_in

    @property
    def bytes_out(self) -> int:
        """Size of what is sent."""
        return len(self.data)

    @property
    def pixels_out(self) -> int:
        """Width times height of what is sent."""
        return self.pixels_in if self.plan is None or self.is_observed else self.plan.width * self.plan.height

    @property
    def tokens_saved(self) -> int:
        """Tokens the provider will not charge."""
        return 0 if self.is_observed else self._planned_tokens

    @property
    def would_save_tokens(self) -> int:
        """Tokens that mode observe left in."""
        return self._planned_tokens if self.is_observed else 0

    @property
    def would_save_bytes(self) -> int:
        """Bytes that mode observe left in."""
        return self.plan.bytes_in - self.plan.bytes_out if self.plan and self.is_observed else 0

    def found_as(self, other: "ImageOutcome") -> "ImageOutcome":
        """Return this outcome with what was found in the same image before."""
        times = (
            getattr(self.timings, each.name) + getattr(other.timings, each.name) for each in fields(Timings)
        )
        return replace(
            self,
            verdict=other.verdict,
            action=other.action,
            quality=other.quality,
            is_quality_guessed=other.is_quality_guessed,
            timings=Timings(*times),
            is_recalled=other.is_recalled,
        )

    @property
    def _planned_tokens(self) -> int:
        return 0 if self.plan is None else self.plan.tokens_in - self.plan.tokens_out
