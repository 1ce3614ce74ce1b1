"""Lighten an image by as much as the model cannot see; the one place where it is decided what is sent.

Tiers: `exact` keeps every decoded pixel, as every tier does of pictures that are transparent, HDR or CMYK;
`faithful` and `lean` allow the predictor's P(notice), in the provider's view and beyond the model's
false-alarm floor, to reach 5 % and 20 %. `faithful` shrinks a picture only to exactly the size its provider
would show, and asks nobody whether answers stay: for models whose input is not known that is measured
(`tests/benchmarks`), not predicted. `lean` goes below that size as far as answers are predicted to stay, and
there encodes gently. A picture its provider refuses is brought inside the provider's limits, whatever the
tier. What is sent was itself judged or compared, decoded from its final bytes; of a large JPEG a sample was,
encoded by itself at the same quality (`sample`).
Orientation and colour profile travel along unchanged. The result is a pure function of the arguments.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import cv2

from calibration.channels import INKS
from calibration.dynamic_range import is_hdr
from calibration.encoders import ENCODERS, JPEG_FULL_CHROMA, Encoder
from calibration.image import Decoded, ImageError
from calibration.image_source import SourceInfo
from calibration.left_behind import left_behind
from calibration.metadata import Metadata, attach, read_metadata
from calibration.profile import JndProfile
from gateway.compression.inside_limits import brought_inside
from gateway.compression.job import Candidate, Job
from gateway.compression.known_input import KnownInputSearch
from gateway.compression.lossless import same_pixels
from gateway.compression.picture_class import PictureClass
from gateway.compression.plan import SENTENCES, CompressionPlan, Effort, LeftAlone, Tier
from gateway.compression.resolution_ladder import GENTLE_QUALITY, at_least_size
from gateway.compression.scaled_decode import whole
from gateway.compression.shown_size import ShownSizePlanner
from gateway.compression.text_forms import TEXT_CLASSES
from gateway.providers.limits import Limits
from gateway.providers.rules import ProviderRules, Recipient
from gateway.providers.sizes import Size
from predictor.predict import Predictor

__all__ = ["FAILURES", "CompressionPlan", "Compressor", "Tier"]

LEAN_PROBABILITY = 0.20
_WORTH_IT = 0.95  # of a JPEG's bytes: a second generation that saves less is not written
# What codecs raise on odd pictures, ours and others'; the picture is then sent as it came, and what was found
# in it stays found.
FAILURES = (
    ImageError,
    ValueError,
    OSError,
    MemoryError,
    RuntimeError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    SyntaxError,  # of Pillow's parsers
    SystemError,  # of Pillow's encoders
    EOFError,
    BufferError,
    struct.error,
    zlib.error,
    cv2.error,
)


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
        self._predictor = predictor
        self._known_input = KnownInputSearch(predictor, encoders, limit)
        self._shown_size = ShownSizePlanner(predictor, encoders, limit, effort)
        gentle = [JPEG_FULL_CHROMA for each in encoders if each.format == "jpeg"]
        self._gentle = ShownSizePlanner(predictor, gentle, limit, effort, {"jpeg": GENTLE_QUALITY})

    def compress(
        self,
        decoded: Decoded,
        data: bytes,
        profile: JndProfile,
        recipient: Recipient,
        *,
        picture_class: PictureClass | None = None,
    ) -> tuple[bytes, CompressionPlan]:
        """Return the bytes to send, and what was done; never more bytes or tokens than came in.

        `picture_class` spares a look where the caller has had one.
        """
        job = replace(self._job(decoded, data, profile, recipient), known_class=picture_class)
        try:
            untouchable = _untouchable(job)
            if untouchable:
                return _leave(job, untouchable)
            return self._lighten_reduced(job) if decoded.is_reduced else self._lighten(job)
        except FAILURES:
            return _leave(job, "failed")

    def _job(self, decoded: Decoded, data: bytes, profile: JndProfile, recipient: Recipient) -> Job:
        rules = self._providers.of(recipient.provider)
        rule, limits = rules.rule(recipient.model, recipient.detail), self._providers.limits_of(recipient)
        size = Size(*decoded.whole_size)
        return Job(
            decoded=decoded,
            data=data,
            profile=profile,
            formats=rules.formats_for(decoded.source.format) - _refused(limits, decoded.source),
            shown=rule.seen(size),
            most=limits.fitted(size, images=recipient.images),
            most_bytes=limits.image_bytes(step=recipient.limit_step),
            count_tokens=rule.tokens,
            is_framed=recipient.is_framed,
            limits=limits,
            images=recipient.images,
        )

    def _lighten_reduced(self, job: Job) -> tuple[bytes, CompressionPlan]:
        """Lighten from fewer pixels than there are; from all of them where that is asked for or fails."""
        if self._tier != "exact" and not self._is_searched(job) and not _kept_whole(job):
            sent, plan = self._lighten(job)
            if not plan.left_alone:
                return sent, plan
        return self._lighten(replace(job, decoded=whole(job.decoded, job.data)))

    def _lighten(self, job: Job) -> tuple[bytes, CompressionPlan]:
        kept = _kept_whole(job)
        is_container_all = job.is_refused and job.decoded.source.is_lossless
        if kept or self._tier == "exact" or is_container_all:
            allowed = self._same_pixels(job)
            if not allowed and job.must_change and (kept or job.is_refused):
                allowed = brought_inside(job, self._predictor)
            if allowed or not job.must_change or kept == "high_dynamic_range":
                return self._lightest(job, allowed, kept or "light_already")
        found = self._lossy_candidates(job)
        candidates = [each for each in (_with_metadata(job, each) for each in found) if each is not None]
        allowed = [each for each in candidates if _may_be_sent(each, job)]
        is_text_searched = self._is_searched(job) and job.picture_class in TEXT_CLASSES
        if not allowed or is_text_searched:
            allowed += self._same_pixels(job)
        is_colour_lost = bool(found) and not candidates
        return self._lightest(
            job, allowed, "colours" if is_colour_lost else self._why_nothing(job, candidates)
        )

    def _lightest(
        self, job: Job, allowed: Sequence[Candidate], otherwise: LeftAlone
    ) -> tuple[bytes, CompressionPlan]:
        if not allowed:
            return _leave(job, otherwise)
        lightest = min(allowed, key=lambda each: (job.tokens(each.size), len(each.data)))
        return _carry_out(job, lightest, self._tier)

    def _same_pixels(self, job: Job) -> list[Candidate]:
        """Return the first lossless form that may be sent, if there is one: further ones cost time."""
        if job.most != job.source_size or job.decoded.is_reduced:
            return []
        forms = same_pixels(job, self._encoders)
        return list(islice((each for each in forms if _may_be_sent(each, job)), 1))

    def _lossy_candidates(self, job: Job) -> list[Candidate]:
        if self._is_searched(job):
            return self._known_input.candidates(job)
        target = self._target(job)
        return self._reduced(job, target) or list(self._shown_size.candidates(job, target))

    def _reduced(self, job: Job, target: Size) -> list[Candidate]:
        """Return versions at fewer vision tokens than `target` costs; none where answers would change."""
        least = at_least_size(job, target) if self._tier == "lean" else None
        if least is None:
            return []
        found = self._gentle.changed(least, least.shown, least.stored_at(least.shown))
        return [each for each in found if _may_be_sent(each, job)]

    def _is_searched(self, job: Job) -> bool:
        """Tell whether the model's own input decides the size: it is known, and coordinates are not told.

        That search knows nothing of limits.
        """
        return job.profile.input_side is not None and not job.is_framed and not job.must_change

    def _target(self, job: Job) -> Size:
        """Return the size to send: the one shown, within what the provider accepts."""
        wanted = job.source_size if self._tier == "exact" else job.shown
        return wanted if wanted.width <= job.most.width and wanted.height <= job.most.height else job.most

    def _why_nothing(self, job: Job, candidates: Sequence[Candidate]) -> LeftAlone:
        if job.must_change:
            return "limit"
        if candidates or self._tier == "exact":
            return "light_already"
        writable = {each.format for each in self._encoders if each.takes(job.decoded.stored)}
        return "noticed" if writable & job.formats else "format"


def _refused(limits: Limits, source: SourceInfo) -> frozenset[str]:
    """Return the formats that are not written: those refused, and that of a picture refused as it is."""
    is_refused = limits.refuses(source.format, frames=source.frames)
    return limits.refused | {source.format} if is_refused else limits.refused


def _untouchable(job: Job) -> LeftAlone:
    """Say what any rewrite could lose that a model may see; empty where nothing is.

    Animation: a provider refuses it, or shows the first frame, or nobody knows what, and not alike for GIF,
    PNG and WebP; so no other file is sure to be shown as this one. Only where the request would fail with it
    the first frame is sent, which is what was looked at. An HDR JPEG is of twelve bits, or half of a picture
    whose other half, the gain map, would be left behind.
    """
    source = job.decoded.source
    if "aspect" in job.exceeded(job.source_size, size_bytes=len(job.data)):
        return "limit"
    if source.is_animated and not job.must_change:
        return "animation"
    if source.is_repaired:
        return "repaired"
    return "high_dynamic_range" if source.format == "jpeg" and is_hdr(job.data) else ""


def _kept_whole(job: Job) -> LeftAlone:
    """Say why a picture may only be rewritten without loss; empty where it may be otherwise."""
    source = job.decoded.source
    if source.has_alpha:
        return "transparency"
    if source.mode == INKS:
        return "" if job.must_change else "colours"
    return "high_dynamic_range" if is_hdr(job.data) else ""


def _lost(job: Job, chosen: Candidate) -> tuple[str, ...]:
    """Name what a picture that had to change lost beside metadata."""
    is_on_white = job.decoded.source.has_alpha and not chosen.is_complete
    losses = {"animation": job.decoded.source.is_animated, "transparency": is_on_white}
    return tuple(name for name, is_lost in losses.items() if is_lost)


def _with_metadata(job: Job, candidate: Candidate) -> Candidate | None:
    """Have orientation and colour profile travel along; None where the format cannot hold them."""
    if candidate.is_complete:
        return candidate
    metadata = read_metadata(job.data)
    if job.decoded.source.mode == INKS:  # the profile is that of the inks, which are no more
        metadata = Metadata(metadata.orientation)
    try:
        return replace(candidate, data=attach(candidate.data, metadata))
    except ValueError:
        return None


def _may_be_sent(candidate: Candidate, job: Job) -> bool:
    """Tell whether a version is worth sending, or the only way to be accepted at all."""
    if job.must_change and (candidate.quality is None or _is_light_enough(candidate, job)):
        return _is_light_enough(candidate, job)
    tokens, tokens_in = job.tokens(candidate.size), job.tokens(job.source_size)
    is_second = job.decoded.source.format == "jpeg" and candidate.quality is not None
    is_cheaper = tokens < tokens_in  # worth a second generation whatever the bytes
    most = _WORTH_IT * len(job.data) if is_second and not is_cheaper else len(job.data) - 1
    return len(candidate.data) <= most and tokens <= tokens_in


def _is_light_enough(candidate: Candidate, job: Job) -> bool:
    return job.most_bytes is None or len(candidate.data) <= job.most_bytes


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
        tier=_tier_of(chosen, job, tier),
        reason="",
        picture_class=job.picture_class,
        left_behind=(*left_behind(job.data), *_lost(job, chosen)),
        exceeds=job.exceeded(chosen.size, size_bytes=len(chosen.data)),
    )
    return chosen.data, plan


def _tier_of(chosen: Candidate, job: Job, tier: Tier) -> Tier:
    """Name what was kept, not what was asked for: in the exact tier, too, limits make pictures smaller."""
    if chosen.quality is None and chosen.size == job.source_size:
        return "exact"
    return "faithful" if tier == "exact" else tier


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
        exceeds=(
            *job.exceeded(job.source_size, size_bytes=len(job.data)),
            *(("format",) if job.is_refused else ()),
        ),
    )
    return job.data, plan
