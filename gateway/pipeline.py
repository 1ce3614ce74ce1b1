"""The path of one image: cache → decode with limits → inspect → policy → compress.

Runs on worker threads, never on the event loop. The bytes that come out are a function of the image, the
model and the settings alone; the verdict also knows the caller's earlier images. Others judge failures.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, cast

from calibration.image import Decoded, decode
from calibration.image_source import MEDIA_TYPES, DecodeLimits, FormatName
from calibration.profile import JndProfile
from gateway.compression.compressor import CompressionPlan
from gateway.detection.protocol import Examined
from gateway.detection.verdict import Verdict
from gateway.memory.cache import ByteBoundedCache
from gateway.policy import Action, EffectivePolicy, decide

MISMATCH = "media_type_mismatch"  # the reason of an image that is not what its data URL declares
_ALIASES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}  # unregistered, but common


class Inspects(Protocol):
    """Whoever concludes whether an image was edited."""

    def inspect(self, examined: Examined) -> Verdict:
        """Return a verdict."""
        ...


class Compresses(Protocol):
    """Whoever makes an image lighter without the model noticing."""

    def compress(
        self, decoded: Decoded, data: bytes, profile: JndProfile, provider: str, model: str
    ) -> tuple[bytes, CompressionPlan]:
        """Return the bytes to send, the same ones if nothing was gained, and what was done."""
        ...


@dataclass(frozen=True)
class Profiles:
    """Which profile stands for which model; a model nobody named gets the human-level-safe default."""

    by_model: Mapping[str, JndProfile]
    default: JndProfile

    def of(self, model: str) -> JndProfile:
        """Return the model's profile or the default."""
        return self.by_model.get(model, self.default)


@dataclass(frozen=True)
class Timings:
    """Seconds per stage; zero where a stage did not run."""

    decode: float = 0.0
    inspect: float = 0.0
    compress: float = 0.0


@dataclass(frozen=True)
class ImageOutcome:
    """What became of one image."""

    data: bytes  # to send; the very bytes that came when nothing was re-encoded
    media_type: str  # of `data` when re-encoded, else as the caller declared it
    bytes_in: int
    verdict: Verdict
    plan: CompressionPlan | None = None  # None: compression is off, or the image was not reached
    action: Action = "monitor"
    timings: Timings = Timings()
    reason: str = ""  # one word when something was skipped or wrong
    pixels_in: int = 0  # width times height as it came; 0: never decoded
    is_observed: bool = False  # mode observe: `plan` tells what would have been sent instead of `data`
    is_recalled: bool = False  # known from an earlier request

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

    @property
    def _planned_tokens(self) -> int:
        return 0 if self.plan is None else self.plan.tokens_in - self.plan.tokens_out


@dataclass(frozen=True)
class Pipeline:
    """Everything one image meets on its way."""

    inspector: Inspects
    compressor: Compresses | None
    profiles: Profiles
    limits: DecodeLimits
    provider: str
    artifact: str  # version of the predictor
    version: str  # of artifact, profiles and settings together: part of the cache key
    cache: ByteBoundedCache[ImageOutcome]
    clock: Callable[[], float] = time.perf_counter

    def process(
        self, data: bytes, media_type: str, *, model: str, tenant: str, policy: EffectivePolicy
    ) -> ImageOutcome:
        """Take one image all the way.

        Raises:
            ImageError: The bytes are not an image within the limits.
        """
        digest = hashlib.sha256(data).digest()
        key = self._key(digest, media_type, model, tenant, policy)
        known = self.cache.get(key)
        if known is not None:
            return replace(known, timings=Timings(), is_recalled=True)
        outcome = self._work(data, digest, media_type, model=model, tenant=tenant, policy=policy)
        self.cache.put(key, outcome, outcome.bytes_out)
        return outcome

    def _work(
        self,
        data: bytes,
        digest: bytes,
        media_type: str,
        *,
        model: str,
        tenant: str,
        policy: EffectivePolicy,
    ) -> ImageOutcome:
        profile = self.profiles.of(model)
        started = self.clock()
        decoded = decode(data, self.limits)
        is_decoded = self.clock()
        examined = Examined(decoded, data, digest, profile, self.provider, model, tenant)
        verdict = self.inspector.inspect(examined)
        is_inspected = self.clock()
        outcome = ImageOutcome(data, media_type, len(data), verdict, action=decide(verdict, policy))
        outcome = replace(outcome, pixels_in=decoded.source.width * decoded.source.height)
        if _ALIASES.get(media_type, media_type) != decoded.source.media_type:
            outcome = replace(outcome, reason=MISMATCH)
        elif verdict.outcome == "unchecked":
            outcome = replace(outcome, reason="not_examined")
        if self.compressor is not None and policy.compression != "off" and outcome.action != "block":
            out, plan = self.compressor.compress(decoded, data, profile, self.provider, model)
            outcome = (
                _lightened(outcome, out, plan) if policy.compression == "on" else _observed(outcome, plan)
            )
        timings = Timings(is_decoded - started, is_inspected - is_decoded, self.clock() - is_inspected)
        return replace(outcome, timings=timings)

    def _key(self, digest: bytes, media_type: str, model: str, tenant: str, policy: EffectivePolicy) -> bytes:
        parts = (self.version, policy.key, media_type, model, tenant)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass") + digest).digest()


def _lightened(outcome: ImageOutcome, out: bytes, plan: CompressionPlan) -> ImageOutcome:
    """Send what the compressor made."""
    is_same = out == outcome.data
    media_type = outcome.media_type if is_same else MEDIA_TYPES[cast(FormatName, plan.format)]
    return replace(outcome, data=out, plan=plan, media_type=media_type)


def _observed(outcome: ImageOutcome, plan: CompressionPlan) -> ImageOutcome:
    """Send what came, and tell what the compressor would have made of it."""
    return replace(outcome, plan=plan, is_observed=True)
