"""The path of one image: cache → decode with limits → inspect → policy → compress, or sanitize.

Runs on worker threads, never on the event loop; what was met before is recalled, which costs no image work.
The bytes that come out are a function of the image, the model and the settings alone; the verdict also knows
the caller's earlier images. Others judge failures.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import cast

from calibration.image import Decoded, ImageError, decode
from calibration.image_header import count_pixels
from calibration.image_source import MEDIA_TYPES, DecodeLimits, FormatName, Reason
from calibration.profile import JndProfile
from gateway.allow_list import ALLOWED, excused
from gateway.asked import Asked
from gateway.compression.audit.ledger import FirstEpoch, Margins
from gateway.compression.compressor import FAILURES, CompressionPlan
from gateway.compression.plan import Tier
from gateway.compression.scaled_decode import decode_for_lightening
from gateway.detection.protocol import Examined
from gateway.detection.unread_file import judge_unread, media_type_of
from gateway.detection.verdict import Verdict, unchecked
from gateway.hidden_parts import without_hidden_parts
from gateway.looks import Looks
from gateway.memory.cache import Cache
from gateway.memory.shelves import owner_of
from gateway.outcome import ImageOutcome, Timings
from gateway.policy import EffectivePolicy, decide, excuse
from gateway.providers.limits import Limits
from gateway.providers.rules import ProviderRules, load_rules
from gateway.stages import Compresses, Inspects, Sanitizes

__all__ = [
    "COMPRESSION_FAILED",
    "INSPECTION_OFF",
    "MISMATCH",
    "NOT_SANITIZED",
    "Asked",
    "Compresses",
    "ImageOutcome",
    "Inspects",
    "Pipeline",
    "Profiles",
    "Sanitizes",
    "Timings",
]

INSPECTION_OFF = "inspection_off"  # the reason of an image that nobody wanted to be examined
MISMATCH = "media_type_mismatch"  # the reason of an image that is not what its data URL declares
DETECTOR_FAILED = "detector_failed"  # the reason of an image of which a detector's evidence is missing
COMPRESSION_FAILED = "compression_failed"  # the reason of an image whose compressor broke
NOT_SANITIZED = "not_sanitized"  # the reason of an image that should have been, and goes as it came
_ALIASES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}  # unregistered, but common


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Profiles:
    """Which profile stands for which model; a model nobody named gets the human-level-safe default."""

    by_model: Mapping[str, JndProfile]
    default: JndProfile

    def of(self, model: str) -> JndProfile:
        """Return the model's profile or the default."""
        return self.by_model.get(model, self.default)


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
    cache: Cache[ImageOutcome]
    clock: Callable[[], float] = time.perf_counter
    rules: ProviderRules = field(default_factory=load_rules)
    margins: Margins = field(default_factory=FirstEpoch)
    tier: Tier = "faithful"  # of the compressor
    sanitizer: Sanitizes | None = None  # None: no policy asks for one
    allowed: Container[bytes] = frozenset()  # digests of pictures that are never flagged
    looks: Looks | None = None  # None: the artifact holds no judge of quality
    written: Mapping[str, date] = field(default_factory=dict)  # by part of the artifact: when it was learned

    def recall(self, data: bytes, media_type: str, asked: Asked) -> ImageOutcome | None:
        """Return what became of the image when it was last met, without looking at it; None if it is new.

        Raises:
            ImageError: It could not be decoded, and showed nothing.
        """
        return self._recalled(self.cache.get, data, media_type, asked)

    def recall_near(self, data: bytes, media_type: str, asked: Asked) -> ImageOutcome | None:
        """Do the same for what this process knows, without waiting for what others may."""
        return self._recalled(self.cache.get_near, data, media_type, asked)

    def _recalled(
        self,
        get: Callable[[bytes], ImageOutcome | None],
        data: bytes,
        media_type: str,
        asked: Asked,
    ) -> ImageOutcome | None:
        digest = hashlib.sha256(data).digest()
        known = get(self._key(digest, media_type, self._settled(asked)))
        return None if known is None else _readable(replace(known, timings=Timings(), is_recalled=True))

    def limits_of(self, asked: Asked) -> Limits:
        """Return what is refused on the way to whoever is asked."""
        return self.rules.limits_of(self._settled(asked).recipient)

    def pixels_of(self, data: bytes) -> int:
        """Tell from its header what an image will cost; one that does not say may be the largest allowed."""
        return count_pixels(data) or self.limits.max_pixels

    def process(self, data: bytes, media_type: str, asked: Asked) -> ImageOutcome:
        """Take one image all the way.

        Args:
            data: The encoded image.
            media_type: As its sender declares it.
            asked: The model by the name the settings know.

        Raises:
            ImageError: The bytes are not an image within the limits.
            ImageTimeoutError: The deadline came between two stages.
        """
        digest = hashlib.sha256(data).digest()
        asked = self._settled(asked)
        key = self._key(digest, media_type, asked)
        known = self.cache.get(key)
        if known is not None:
            return _readable(replace(known, timings=Timings(), is_recalled=True))
        outcome = self._work_anew(data, digest, media_type, asked)
        if not outcome.verdict.failures:  # which may be of the moment: no memory, say
            self.cache.put(key, outcome, outcome.bytes_out)
        return _readable(outcome)

    def _work_anew(self, data: bytes, digest: bytes, media_type: str, asked: Asked) -> ImageOutcome:
        """Work on an image, but judge it once, however many images come to stand beside it.

        Where a conversation crosses a limit of images, all of them are brought inside other sizes at once; to
        inspect each again would take most of that time, and judge earlier pictures by later ones.
        """
        alone = replace(asked, recipient=replace(asked.recipient, images=1))
        if asked.verdict is not None or alone == asked:
            return self._work(data, digest, media_type, asked)
        known = self.cache.get(self._key(digest, media_type, alone))
        if known is None:
            return self._work(data, digest, media_type, asked)
        if known.is_unread:
            return known
        outcome = self._work(data, digest, media_type, replace(asked, verdict=known.verdict))
        return replace(outcome, quality=known.quality, is_quality_guessed=known.is_quality_guessed)

    def _settled(self, asked: Asked) -> Asked:
        """Say nothing of a request but what outcomes depend on: its images count by the step of limits alone.

        With their plain number, every turn of a conversation would be a new question.
        """
        recipient = asked.recipient
        if not recipient.provider:
            recipient = replace(recipient, provider=self.provider)
        images = self.rules.limits_of(recipient).settled(recipient.images)
        return replace(asked, recipient=replace(recipient, images=images))

    def _work(self, data: bytes, digest: bytes, media_type: str, asked: Asked) -> ImageOutcome:
        recipient = asked.recipient
        profile = self.profiles.of(recipient.model)
        started = self.clock()
        try:
            decoded = self._decode(data, profile, asked)
        except ImageError as error:
            return self._of_unread(data, digest, error, media_type, asked)
        is_decoded = self.clock()
        asked.check_time()
        to_whom = (recipient.provider, recipient.model, asked.tenant)
        examined = Examined(decoded, data, digest, profile, *to_whom, asked.check_time)
        verdict = asked.verdict or self._verdict(examined, asked.policy)
        look = None
        if self.looks is not None and asked.verdict is None:
            verdict, look = self.looks.told(decoded, verdict)
        is_inspected = self.clock()
        timings = Timings(is_decoded - started, is_inspected - is_decoded)
        if digest in self.allowed:
            asked = replace(asked, policy=excuse(asked.policy))
            verdict = excused(verdict)
        outcome = self._judged(data, decoded, verdict, media_type, asked.policy)
        if digest in self.allowed:
            outcome = replace(outcome, reason=outcome.reason or ALLOWED)
        if outcome.action == "sanitize":
            asked.check_time()
            outcome = self._sanitize(outcome, decoded, profile, asked)
            timings = replace(timings, sanitize=self.clock() - is_inspected)
        elif self._may_lighten(outcome, asked.policy):
            asked.check_time()
            outcome = self._lighten(outcome, decoded, profile, asked)
            timings = replace(timings, compress=self.clock() - is_inspected)
        outcome = replace(outcome, timings=timings)
        if look is None:
            return outcome
        return replace(outcome, quality=look.quality, is_quality_guessed=look.is_guessed)

    def _verdict(self, examined: Examined, policy: EffectivePolicy) -> Verdict:
        if policy.inspection == "off":
            return unchecked("Inspection is switched off.")
        return self.inspector.inspect(examined)

    def _decode(self, data: bytes, profile: JndProfile, asked: Asked) -> Decoded:
        """Decode, and hold the image to the pixels its header states: no more were made room for."""
        most = min(self.limits.max_pixels, self.pixels_of(data))
        limits = replace(self.limits, max_pixels=most)
        try:
            is_sanitized = asked.policy.sanitize_when == "always"
            if asked.policy.inspection == "on" or asked.policy.compression == "off" or is_sanitized:
                return decode(data, limits)
            return decode_for_lightening(
                data, limits, rules=self.rules, tier=self.tier, profile=profile, recipient=asked.recipient
            )
        except ImageError as error:
            if error.reason == "too_many_pixels" and most < self.limits.max_pixels:
                raise ImageError("damaged", "the image has more pixels than its header states") from error
            raise

    def _of_unread(
        self, data: bytes, digest: bytes, error: ImageError, media_type: str, asked: Asked
    ) -> ImageOutcome:
        """Flag what the bytes of a picture that cannot be decoded show by themselves; it is sent as it came.

        Raises:
            ImageError: Nobody wants to know, or what failed is of the moment: not to be remembered.
            ImageTimeoutError: The deadline came between two pages.
        """
        if asked.policy.inspection == "off" or digest in self.allowed or _is_of_the_moment(error):
            raise error
        try:
            found = asked.verdict or judge_unread(data, error, self.limits, asked.check_time)
        except MemoryError:
            raise error from None
        if found is None:
            return ImageOutcome(data, media_type, len(data), unchecked(str(error)), reason=error.reason)
        action = decide(found, asked.policy)
        return ImageOutcome(
            data,
            media_type or media_type_of(data),
            len(data),
            found,
            action="monitor" if action == "sanitize" else action,
            reason=error.reason,
        )

    def _judged(
        self, data: bytes, decoded: Decoded, verdict: Verdict, media_type: str, policy: EffectivePolicy
    ) -> ImageOutcome:
        reason = ""
        if not media_type:  # nothing was declared, so nothing is wrong
            media_type = decoded.source.media_type
        elif _ALIASES.get(media_type, media_type) != decoded.source.media_type:
            reason = MISMATCH
            if policy.compression != "observe":  # which sends everything as it came
                media_type = decoded.source.media_type
        if not reason and verdict.failures:
            reason = DETECTOR_FAILED
        elif not reason and verdict.outcome == "unchecked":
            reason = "not_examined" if policy.inspection == "on" else INSPECTION_OFF
        return ImageOutcome(
            data,
            media_type,
            len(data),
            verdict,
            action=decide(verdict, policy),
            reason=reason,
            pixels_in=decoded.source.width * decoded.source.height,
        )

    def _may_lighten(self, outcome: ImageOutcome, policy: EffectivePolicy) -> bool:
        return self.compressor is not None and policy.compression != "off" and outcome.action != "block"

    def _sanitize(
        self, outcome: ImageOutcome, decoded: Decoded, profile: JndProfile, asked: Asked
    ) -> ImageOutcome:
        try:
            if self.sanitizer is None or asked.is_fixed:
                raise ValueError("expected an image that may be changed, and a sanitizer")
            clear = without_hidden_parts(decoded, outcome.verdict, self.rules, asked.recipient)
            out, plan = self.sanitizer.sanitize(clear, outcome.data, profile, asked.recipient)
        except FAILURES as error:  # the verdict stays; whether it is sent so is a matter of policy.on_failure
            log.warning("an image was not sanitized: %s", error)
            return replace(outcome, action="monitor", reason=NOT_SANITIZED)
        media_type = MEDIA_TYPES[cast(FormatName, plan.format)]
        return replace(outcome, data=out, plan=plan, media_type=media_type)

    def _lighten(
        self, outcome: ImageOutcome, decoded: Decoded, profile: JndProfile, asked: Asked
    ) -> ImageOutcome:
        if self.compressor is None:
            return outcome
        try:
            out, plan = self.compressor.compress(decoded, outcome.data, profile, asked.recipient)
        except FAILURES:  # the verdict stays
            log.exception("compression failed")
            return replace(outcome, reason=outcome.reason or COMPRESSION_FAILED)
        is_sent = asked.policy.compression == "on"
        return _lightened(outcome, out, plan) if is_sent else _observed(outcome, plan)

    def _key(self, digest: bytes, media_type: str, asked: Asked) -> bytes:
        shown = (f"{each.name}={getattr(asked.recipient, each.name)}" for each in fields(asked.recipient))
        decided = self.margins.version(asked.recipient.model)
        parts = (
            self.version,
            decided,
            asked.policy.key,
            media_type,
            asked.tenant,
            str(asked.is_fixed),
            str(digest in self.allowed),  # somebody may allow it while the gateway runs
            *shown,
        )
        named = "\0".join(parts).encode("utf-8", "surrogatepass") + digest
        return owner_of(asked.tenant) + hashlib.sha256(named).digest()


def _readable(outcome: ImageOutcome) -> ImageOutcome:
    """Return the outcome of a picture that was decoded, or whose bytes showed something.

    Raises:
        ImageError: It was not.
    """
    if outcome.is_unread:
        raise ImageError(cast(Reason, outcome.reason), outcome.verdict.explanation)
    return outcome


def _is_of_the_moment(error: BaseException) -> bool:
    """Tell whether memory was short, whatever was made of that."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, MemoryError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


def _lightened(outcome: ImageOutcome, out: bytes, plan: CompressionPlan) -> ImageOutcome:
    """Send what the compressor made."""
    is_same = out == outcome.data
    media_type = outcome.media_type if is_same else MEDIA_TYPES[cast(FormatName, plan.format)]
    return replace(outcome, data=out, plan=plan, media_type=media_type)


def _observed(outcome: ImageOutcome, plan: CompressionPlan) -> ImageOutcome:
    """Send what came, and tell what the compressor would have made of it."""
    return replace(outcome, plan=plan, is_observed=True)
