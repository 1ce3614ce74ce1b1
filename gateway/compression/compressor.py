"""Lighten an image by as much as the model cannot see; the one place where it is decided what is sent.

Tiers: `exact` keeps every decoded pixel; `faithful` and `lean` allow the predictor's P(notice), in the
provider's view and beyond the model's false-alarm floor, to reach 5 % and 20 %. `faithful` shrinks a picture
only to exactly the size its provider would show, and asks nobody whether answers stay: for models whose input
is not known that is measured (`tests/benchmarks`), not predicted. `lean` goes below that size as far as
answers are predicted to stay, and there encodes gently. A picture its provider refuses is brought inside the
provider's limits, whatever the tier. What is sent was itself judged, decoded from its final bytes.
Orientation and colour profile travel along unchanged. The result is a pure function of the arguments.
"""

from collections.abc import Iterator, Sequence

import cv2

from calibration.dynamic_range import is_hdr
from calibration.encoders import ENCODERS, JPEG_FULL_CHROMA, LEAST_QUALITY, Encoder
from calibration.image import Decoded, ImageError
from calibration.left_behind import left_behind
from calibration.metadata import attach, read_metadata
from calibration.profile import JndProfile
from gateway.compression.job import Candidate, Job
from gateway.compression.known_input import KnownInputSearch
from gateway.compression.lossless import same_pixels
from gateway.compression.plan import SENTENCES, CompressionPlan, LeftAlone, Tier
from gateway.compression.resolution_ladder import GENTLE_QUALITY, WHOLE_QUALITY, at_least_size
from gateway.compression.shown_size import TEXT_CLASSES, Effort, ShownSizePlanner
from gateway.providers.rules import ProviderRules, Recipient
from gateway.providers.sizes import Size
from predictor.predict import Predictor

__all__ = ["CompressionPlan", "Compressor", "Tier"]

LEAN_PROBABILITY = 0.20
_WORTH_IT = 0.95  # of a JPEG's bytes: a second generation that saves less is not written
_CMYK = "CMYK"
# What encoders and decoders have been seen to raise on odd pictures; the picture is then sent as it came.
_FAILURES = (ImageError, ValueError, OSError, MemoryError, RuntimeError, cv2.error)


class Compressor:
    """Chooses and carries out; holds no state between images."""

    def __init__(
        self,
        predictor: Predictor,
        providers: ProviderRules,
        tier: Tier,
        max_probability: float = 0.05,
        *,
        encoders: Sequence[Encoder] = ENCODERS,
        effort: Effort = "normal",
    ) -> None:
        """`max_probability` bounds every tier; the lean one allows at least 20 %."""
        self._providers = providers
        self._tier = tier
        self._encoders = encoders
        limit = max(max_probability, LEAN_PROBABILITY) if tier == "lean" else max_probability
        self._known_input = KnownInputSearch(predictor, encoders, limit)
        least = WHOLE_QUALITY if tier == "lean" else LEAST_QUALITY
        self._shown_size = ShownSizePlanner(predictor, encoders, limit, effort, least)
        gentle = [JPEG_FULL_CHROMA for each in encoders if each.format == "jpeg"]
        self._gentle = ShownSizePlanner(predictor, gentle, limit, effort, GENTLE_QUALITY)

    def compress(
        self, decoded: Decoded, data: bytes, profile: JndProfile, recipient: Recipient
    ) -> tuple[bytes, CompressionPlan]:
        """Return the bytes to send, and what was done; never more bytes or tokens than came in."""
        job = self._job(decoded, data, profile, recipient)
        untouchable = _untouchable(job)
        if untouchable:
            return _leave(job, untouchable)
        try:
            return self._lighten(job)
        except _FAILURES:
            return _leave(job, "failed")

    def _job(self, decoded: Decoded, data: bytes, profile: JndProfile, recipient: Recipient) -> Job:
        rules = self._providers.of(recipient.provider)
        rule, limits = rules.rule(recipient.model, recipient.detail), self._providers.limits_of(recipient)
        size = Size(decoded.image.width, decoded.image.height)
        return Job(
            decoded=decoded,
            data=data,
            profile=profile,
            formats=rules.formats_for(decoded.source.format),
            shown=rule.seen(size),
            most=limits.fitted(size, images=recipient.images),
            most_bytes=limits.image_bytes(),
            count_tokens=rule.tokens,
            is_framed=recipient.is_framed,
        )

    def _lighten(self, job: Job) -> tuple[bytes, CompressionPlan]:
        found = list(self._candidates(job))
        candidates = [each for each in (_with_metadata(job, each) for each in found) if each is not None]
        if found and not candidates:
            return _leave(job, "colours")
        allowed = [each for each in candidates if _may_be_sent(each, job)]
        if not allowed:
            return _leave(job, self._why_nothing(job, candidates))
        lightest = min(allowed, key=lambda each: (job.tokens(each.size), len(each.data)))
        return _carry_out(job, lightest, self._tier)

    def _candidates(self, job: Job) -> Iterator[Candidate]:
        """Yield what may be sent; the same pixels only where that is wanted, or nothing else is found."""
        found: list[Candidate] = []
        if self._tier != "exact" or job.is_too_large:
            found = self._lossy_candidates(job)
            yield from found
        if not job.is_too_large and (not found or job.picture_class in TEXT_CLASSES):
            yield from same_pixels(job, self._encoders)

    def _lossy_candidates(self, job: Job) -> list[Candidate]:
        if job.profile.input_side is not None and not job.is_framed:
            return self._known_input.candidates(job)
        target = self._target(job)
        return self._reduced(job, target) or list(self._shown_size.candidates(job, target))

    def _reduced(self, job: Job, target: Size) -> list[Candidate]:
        """Return versions at fewer vision tokens than `target` costs; none where answers would change."""
        least = at_least_size(job, target) if self._tier == "lean" else None
        found = [] if least is None else self._gentle.candidates(least, least.shown)
        return [each for each in found if _may_be_sent(each, job)]

    def _target(self, job: Job) -> Size:
        """Return the size to send: the one shown, within what the provider accepts."""
        wanted = job.source_size if self._tier == "exact" else job.shown
        return wanted if wanted.width <= job.most.width and wanted.height <= job.most.height else job.most

    def _why_nothing(self, job: Job, candidates: Sequence[Candidate]) -> LeftAlone:
        if candidates or self._tier == "exact":
            return "light_already"
        writable = {each.format for each in self._encoders if each.takes(job.decoded.stored)}
        return "noticed" if writable & job.formats else "format"


def _untouchable(job: Job) -> LeftAlone:
    """Say what a rewrite would lose that a model may see; empty where nothing is."""
    source = job.decoded.source
    if source.frames > 1 and source.format != "jpeg":  # further pictures of a JPEG are never shown
        return "animation"
    if source.is_repaired:
        return "repaired"
    if source.has_alpha:
        return "transparency"
    if source.mode == _CMYK:
        return "colours"
    return "high_dynamic_range" if is_hdr(job.data) else ""


def _with_metadata(job: Job, candidate: Candidate) -> Candidate | None:
    """Have orientation and colour profile travel along; None where the format cannot hold them."""
    if candidate.format == "jpeg" and candidate.quality is None:
        return candidate  # transcoded: they never left it
    try:
        data = attach(candidate.data, read_metadata(job.data))
    except ValueError:
        return None
    return Candidate(data, candidate.format, candidate.quality, candidate.size, candidate.probability)


def _may_be_sent(candidate: Candidate, job: Job) -> bool:
    """Tell whether a version is worth sending, or the only way to be accepted at all."""
    if job.is_too_large and (job.most_bytes is None or len(candidate.data) <= job.most_bytes):
        return True
    tokens, tokens_in = job.tokens(candidate.size), job.tokens(job.source_size)
    is_second = job.decoded.source.format == "jpeg" and candidate.quality is not None
    is_cheaper = tokens < tokens_in  # worth a second generation whatever the bytes
    most = _WORTH_IT * len(job.data) if is_second and not is_cheaper else len(job.data) - 1
    return len(candidate.data) <= most and tokens <= tokens_in


def _carry_out(job: Job, chosen: Candidate, tier: Tier) -> tuple[bytes, CompressionPlan]:
    plan = CompressionPlan(
        format=chosen.format,
        quality=chosen.quality,
        width=chosen.size.width,
        height=chosen.size.height,
        bytes_in=len(job.data),
        bytes_out=len(chosen.data),
        tokens_in=job.tokens(job.source_size),
        tokens_out=job.tokens(chosen.size),
        probability=chosen.probability,
        tier="exact" if chosen.quality is None else tier,
        reason="",
        picture_class=job.picture_class,
        left_behind=left_behind(job.data),
    )
    return chosen.data, plan


def _leave(job: Job, reason: LeftAlone) -> tuple[bytes, CompressionPlan]:
    tokens = job.tokens(job.source_size)
    plan = CompressionPlan(
        format=job.decoded.source.format,
        quality=None,
        width=job.source_size.width,
        height=job.source_size.height,
        bytes_in=len(job.data),
        bytes_out=len(job.data),
        tokens_in=tokens,
        tokens_out=tokens,
        probability=0.0,
        tier="exact",
        reason=SENTENCES[reason],
        left_alone=reason,
        picture_class=job.picture_class,
    )
    return job.data, plan
