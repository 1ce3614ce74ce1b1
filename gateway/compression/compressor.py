"""Lighten an image by as much as the model cannot see: resolution first, then format and quality.

Tiers: `exact` keeps every decoded pixel; `faithful` and `lean` allow the predictor's P(notice), after the
model's own resize and beyond its false-alarm floor, to reach 5 % and 20 %. What is sent was itself judged,
decoded from its final bytes. The result is a pure function of the arguments.

Where the model's input is known, the search begins at the size and quality that the predictor forecasts to be
allowed, and goes no lower: the lightest of many candidates that pass is one that was judged too kindly.

Limits no prediction overrides: the settings of `calibration.encoders`, whose qualities end at 30; no side
below the model's input side; for a model whose input is unknown, no size below the one its provider shows it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from calibration.encoders import ENCODERS, Encoder, lossy, reduce_to
from calibration.image import Decoded, Image, decode
from calibration.image_source import FormatName
from calibration.profile import JndProfile
from gateway.compression.quality_search import QualitySearch
from gateway.providers.rules import ProviderRules, Size
from predictor.predict import Comparison, DeliveryForecast, Predictor

Tier = Literal["exact", "faithful", "lean"]

LEAN_PROBABILITY = 0.20
_SCALES = (1.0, 0.75, 0.5, 0.35, 0.25)
_INPUT_MULTIPLES = (8, 6, 4, 3, 2)  # of the model's input side: more rungs for large pictures
_RESOLUTION_SHARE = 0.5  # of the allowed probability; what it leaves is the codec's
# Photographs sent as forecast for .05, .2 and .5 were noticed with about this power of it: .03, .15, .42,
# asked of the embedded model. What is sent must pass the judgement of the pair as well.
_FORECAST_POWER = 1.2


@dataclass(frozen=True)
class CompressionPlan:
    """What was done to one image, or why nothing was."""

    format: str
    quality: int | None  # None: lossless, or left as it is
    width: int
    height: int
    bytes_in: int
    bytes_out: int
    tokens_in: int
    tokens_out: int
    probability: float  # predicted P(notice) beyond the model's false alarms
    tier: str
    reason: str  # why the image was left as it is; empty otherwise
    picture_class: str = ""  # under which answers about it are counted; empty where nothing is


@dataclass(frozen=True, eq=False)
class _Job:
    """One image with the rules that bind it."""

    decoded: Decoded
    data: bytes
    input_side: int | None  # of the model, pixels
    comparison: Comparison
    forecast: DeliveryForecast | None  # None: the model's input is unknown, or the artifact has none
    formats: frozenset[FormatName]
    ceiling: Size  # pixels beyond it are wasted
    count_tokens: Callable[[Size], int]

    @cached_property
    def source_size(self) -> Size:
        return Size(self.decoded.image.width, self.decoded.image.height)

    def tokens(self, size: Size) -> int:
        return self.count_tokens(size)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """Encoded bytes that may be sent."""

    data: bytes
    format: FormatName
    quality: int | None
    size: Size
    probability: float


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
    ) -> None:
        """`max_probability` bounds the faithful tier; the lean tier allows at least 20 %."""
        self._encoders = encoders
        self._predictor = predictor
        self._providers = providers
        self._tier = tier
        self._limit = max_probability if tier == "faithful" else max(max_probability, LEAN_PROBABILITY)
        self._forecast_limit = self._limit ** (1 / _FORECAST_POWER)

    def compress(
        self, decoded: Decoded, data: bytes, profile: JndProfile, provider: str, model: str
    ) -> tuple[bytes, CompressionPlan]:
        """Return the bytes to send, and what was done; never more bytes or tokens than came in."""
        rules = self._providers.of(provider)
        rule = rules.rule(model)
        job = _Job(
            decoded=decoded,
            data=data,
            input_side=profile.input_side,
            comparison=self._predictor.against(decoded.image, profile),
            forecast=self._forecast(decoded.image, profile),
            formats=rules.formats_for(decoded.source.format),
            ceiling=rule.seen(Size(decoded.image.width, decoded.image.height)),
            count_tokens=rule.tokens,
        )
        if not decoded.source.is_plain:
            return _leave(job, "a rewrite would lose animation, transparency, orientation or colour profile")
        candidates = [
            *self._exact_candidates(job),
            *(self._lossy_candidates(job) if self._tier != "exact" else ()),
        ]
        allowed = [candidate for candidate in candidates if _is_lighter(candidate, job)]
        if not allowed:
            return _leave(job, self._why_nothing(job, candidates))
        return _carry_out(job, min(allowed, key=lambda found: len(found.data)), self._tier)

    def _lossy_candidates(self, job: _Job) -> list[_Candidate]:
        """Encode at the lowest rung that leaves the codec room, going back up where it does not."""
        sizes = _ladder(job)
        lowest = self._lowest_rung(job, sizes)
        for rung in dict.fromkeys((lowest, lowest // 2, 0)):
            found = list(self._encodings(job, _reduce(job, sizes[rung])))
            if found:
                return found
        return []

    def _encodings(self, job: _Job, small: Image) -> Iterator[_Candidate]:
        near: int | None = None
        for encoder in lossy(self._usable(job, small)):
            found = self._lowest_quality(job, small, encoder, near=near)
            if found is not None:
                near = found.quality
                yield found

    def _exact_candidates(self, job: _Job) -> Iterator[_Candidate]:
        """Offer the same pixels in another lossless form, for sources that are lossless already."""
        picture = job.decoded.image
        for encoder in self._usable(job, picture):
            if not (encoder.is_lossless and job.decoded.source.is_lossless):
                continue
            data = encoder.encode(picture, None)
            if np.array_equal(decode(data).image.pixels, picture.pixels):
                yield _Candidate(data, encoder.format, None, job.source_size, 0.0)

    def _usable(self, job: _Job, picture: Image) -> list[Encoder]:
        return [
            encoder for encoder in self._encoders if encoder.format in job.formats and encoder.takes(picture)
        ]

    def _lowest_rung(self, job: _Job, sizes: list[Size]) -> int:
        """Find the lowest rung of the resolution ladder that half of the allowed probability permits."""
        least = self._forecast_short_side(job)
        low, high = 0, sum(min(size.width, size.height) >= least for size in sizes[1:])
        middle = high  # the first rung stands in for "all failed"
        while low < high:
            reduced = _reduce(job, sizes[middle])
            if job.comparison.excess(reduced) <= self._limit * _RESOLUTION_SHARE:
                low = middle
            else:
                high = middle - 1
            middle = (low + high + 1) // 2
        return low

    def _lowest_quality(
        self, job: _Job, picture: Image, encoder: Encoder, *, near: int | None
    ) -> _Candidate | None:
        """Search the codec's settings; every probe is encoded, decoded and judged against the source."""
        grid = [quality for quality in encoder.settings if quality is not None]
        least = min(self._forecast_quality(job, picture, encoder), grid[-1])
        search = QualitySearch([quality for quality in grid if quality >= least], least or near)
        best: _Candidate | None = None
        while (quality := search.next) is not None:
            candidate = _encode(job, picture, encoder, quality)
            is_allowed = candidate.probability <= self._limit
            search.tell(is_allowed)
            best = candidate if is_allowed else best
        return best

    def _forecast(self, image: Image, profile: JndProfile) -> DeliveryForecast | None:
        is_useful = self._tier != "exact" and profile.input_side is not None
        return (
            self._predictor.forecast(image, profile) if is_useful and self._predictor.has_thresholds else None
        )

    def _forecast_short_side(self, job: _Job) -> int:
        if job.forecast is None:
            return 0
        return job.forecast.least_short_side(self._forecast_limit * _RESOLUTION_SHARE)

    def _forecast_quality(self, job: _Job, picture: Image, encoder: Encoder) -> int:
        """Return the quality forecast to be allowed; 0 where nothing is forecast of this codec."""
        if job.forecast is None or not job.forecast.knows(encoder.name):
            return 0
        short_side = min(picture.width, picture.height)
        left = self._forecast_limit - job.forecast.size_probability(short_side)
        allowed = max(left, self._forecast_limit * (1 - _RESOLUTION_SHARE))
        return job.forecast.quality(encoder.name, short_side, allowed)

    def _why_nothing(self, job: _Job, candidates: list[_Candidate]) -> str:
        if candidates:
            return "no encoding within the limit is smaller"
        if self._tier == "exact":
            return "no smaller encoding of the same pixels is known for this format"
        if not self._usable(job, job.decoded.image):
            return (
                f"only {' and '.join(sorted(job.formats))} may be sent there, and no codec here writes that"
            )
        return "every encoding tried would be noticed"


def _encode(job: _Job, picture: Image, encoder: Encoder, quality: int) -> _Candidate:
    data = encoder.encode(picture, quality)
    excess = job.comparison.excess(decode(data).image)
    return _Candidate(data, encoder.format, quality, Size(picture.width, picture.height), excess)


def _is_lighter(candidate: _Candidate, job: _Job) -> bool:
    return len(candidate.data) < len(job.data) and job.tokens(candidate.size) <= job.tokens(job.source_size)


def _ladder(job: _Job) -> list[Size]:
    """List the sizes to try, largest first; the first needs no permission beyond the provider's."""
    source, side = job.source_size, job.input_side
    if side is None:
        return [source] if job.ceiling == source else [source, job.ceiling]
    short = min(source.width, source.height)
    scales = {*_SCALES, *(multiple * side / short for multiple in _INPUT_MULTIPLES)}
    scales.add(job.ceiling.width / source.width)
    allowed = sorted((scale for scale in scales if scale <= 1.0 and scale * short >= side), reverse=True)
    return [_scaled(source, scale) for scale in allowed or [1.0]]


def _scaled(size: Size, scale: float) -> Size:
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))


def _reduce(job: _Job, size: Size) -> Image:
    return reduce_to(job.decoded.image, size.width, size.height)


def _carry_out(job: _Job, chosen: _Candidate, tier: Tier) -> tuple[bytes, CompressionPlan]:
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
    )
    return chosen.data, plan


def _leave(job: _Job, reason: str) -> tuple[bytes, CompressionPlan]:
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
        reason=reason,
    )
    return job.data, plan
