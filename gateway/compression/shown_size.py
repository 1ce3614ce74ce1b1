"""Send a picture at the size at which its provider shows it, encoded as forecast, looked at once.

For models whose own input is not known: nearly all that are paid for. What the provider shows is the whole
picture there is, so pixels beyond that size are free, and a pair is judged at that size. Nothing is searched:
the quality is the one the predictor forecasts to be allowed; the outcome is decoded and judged, and corrected
twice at most. A larger picture is judged by a sample, which JPEG need not write the rest for: the whole is
written once, at the end.

Codecs: WebP for small pictures, JPEG, which takes a fifth of its time, for others and for those shrunk.
Classifiers shown parts of a photograph at full size change more of their answers than people notice
differences, and fewer for WebP than for JPEG of as many bytes: so neither goes below the quality from which
nearly all answers stay. What text and screens are sent as is chosen in `text_forms`. Where time counts, for
large pictures and on request, JPEG is written in one pass.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from calibration.encoders import JPEG, JPEG_BASELINE, WEBP, WEBP_THOROUGH, Encoder, lossy
from calibration.image import Image, decode
from gateway.compression.job import Candidate, Job
from gateway.compression.plan import Effort
from gateway.compression.sample import sample_of
from gateway.compression.text_forms import LEAST_TEXT_QUALITY, TEXT_CLASSES, text_encoders, text_versions
from gateway.providers.sizes import Size
from predictor.predict import Comparison, DeliveryForecast, Margin, Predictor
from predictor.views import reduce

_WEBP_PIXELS = 1_100_000  # up to which WebP is worth its time, of a picture that is not shrunk
_ONE_PASS_PIXELS = 1_500_000  # from which JPEG is written in one pass
_LARGE_PIXELS = 4_000_000  # from which no answers were asked about
_LEAST_QUALITY = 30
# Of 511 confident answers of three classifiers, to 60 photographs and nine parts of each, there changed 6 at
# WebP 90, 12 at 88, 19 at 86, 33 at 80; 10 at JPEG 85, 25 at 80. Below, nobody's eyes are asked.
STABLE: Mapping[str, int] = {"jpeg": 85, "webp": 85}
_USUAL_QUALITY = 85  # of a codec nothing was learned of
_HIGHEST_QUALITY = 98
_MOST_CORRECTIONS = {"fast": 1, "normal": 2}
_SCALES_INSIDE, _QUALITIES_INSIDE = (1.0, 0.75, 0.5, 0.25, 0.125), (95, 85, 70, 50)
_WASTEFUL, _AIM = 0.6, 0.8  # shares of the allowed probability: below the one a lower quality is tried
_LOGITS_PER_QUALITY, _LEAST_PROBABILITY = 1 / 7, 1e-3


@dataclass(frozen=True)
class ShownSizePlanner:
    """Chooses codec, size and quality for one picture after another; holds nothing between them."""

    predictor: Predictor
    encoders: Sequence[Encoder]
    limit: float  # of P(notice) beyond false alarms
    effort: Effort = "normal"
    stable: Mapping[str, int] = field(default_factory=lambda: STABLE)  # by format

    def candidates(self, job: Job, target: Size) -> Iterator[Candidate]:
        """Yield versions to send at `target`, upright; nothing where every one tried would be noticed."""
        picture = job.stored_at(target)
        if job.picture_class in TEXT_CLASSES:
            changed = partial(self.changed, job, target, picture)
            yield from text_versions(job, picture, target, self.encoders, changed)
        else:
            yield from self.changed(job, target, picture)

    def changed(self, job: Job, target: Size, picture: Image) -> Iterator[Candidate]:
        """Yield versions whose pixels a codec changed; `picture` is the job's at `target`, as stored."""
        encoder = self._encoder(job, picture)
        if encoder is None:
            return
        reference = picture if target == job.shown else job.stored_at(job.shown)
        sample = sample_of(reference)
        judge = self.predictor.against(sample, job.profile)
        forecast = self._forecast(job, sample, judge)
        sight = _Sight(reference, sample, judge, self._margin(job, encoder))
        attempt = _Attempt(job, picture, target, encoder, sight)
        found = self._searched(attempt, self._first_quality(forecast, sample, encoder))
        if job.must_change and (found is None or not _is_light_enough(found.data, job)):
            found = self._brought_inside(attempt)
        if found is not None:
            yield found

    def _margin(self, job: Job, encoder: Encoder) -> Margin:
        """Return what judged chances come to: found on photographs, and of them alone."""
        if job.picture_class != "photograph":
            return Margin()
        return self.predictor.margin(job.profile, encoder.name)

    def _brought_inside(self, attempt: "_Attempt") -> Candidate | None:
        """Return the best version that the provider takes: noticed or not, it would refuse what came."""
        for scale in _SCALES_INSIDE:
            smaller = attempt.scaled(scale)
            if _is_light_enough(smaller.written(_QUALITIES_INSIDE[-1]), attempt.job):
                quality = next(
                    quality
                    for quality in _QUALITIES_INSIDE
                    if _is_light_enough(smaller.written(quality), attempt.job)
                )
                return smaller.finished(smaller.looked_at(quality))
        return None

    def _encoder(self, job: Job, picture: Image) -> Encoder | None:
        """Pick the best codec that may be sent: one, since each costs an encoding."""
        usable = (each for each in self._preferred(job, picture) if each.format in job.formats)
        return next((each for each in usable if each.takes(picture)), None)

    def _preferred(self, job: Job, picture: Image) -> Iterator[Encoder]:
        if job.picture_class in TEXT_CLASSES:
            yield from text_encoders(picture, self.encoders)
        is_small = WEBP_THOROUGH.takes(picture)
        first = "webp" if self._is_webp_worth_it(job, picture) else "jpeg"
        for encoder in sorted(lossy(self.encoders), key=lambda each: each.format != first):
            if encoder is JPEG and self._is_hurried(picture):
                yield JPEG_BASELINE
            else:
                yield WEBP_THOROUGH if encoder is WEBP and is_small else encoder

    def _is_webp_worth_it(self, job: Job, picture: Image) -> bool:
        pixels = picture.width * picture.height
        return self.effort == "normal" and pixels <= _WEBP_PIXELS and pixels == job.source_size.pixels

    def _is_hurried(self, picture: Image) -> bool:
        return self.effort == "fast" or picture.width * picture.height > _ONE_PASS_PIXELS

    def _first_quality(self, forecast: DeliveryForecast | None, reference: Image, encoder: Encoder) -> int:
        if forecast is None or not forecast.knows(encoder.name):
            return _USUAL_QUALITY
        return forecast.quality(encoder.name, min(reference.width, reference.height), self.limit)

    def _forecast(self, job: Job, sample: Image, judge: Comparison) -> DeliveryForecast | None:
        if not self.predictor.has_thresholds:
            return None
        return self.predictor.forecast(sample, job.profile, judge)

    def _searched(self, attempt: "_Attempt", first: int) -> Candidate | None:
        """Encode and look; correct towards the allowed probability as often as the effort allows."""
        least = self._least_quality(attempt)
        quality = min(max(first, least), _HIGHEST_QUALITY)
        tried = _Tried(self.limit, least)
        for _ in range(1 + _MOST_CORRECTIONS[self.effort]):
            look = attempt.looked_at(quality)
            tried.note(look)
            is_near = _WASTEFUL * self.limit <= look.probability <= self.limit
            if is_near or (tried.best is not None and self.effort == "fast") or tried.is_settled:
                break
            quality = tried.following
        return attempt.finished(tried.best) if tried.best is not None else None

    def _least_quality(self, attempt: "_Attempt") -> int:
        """Return the lowest quality at which answers stay; of very large pictures none was measured."""
        stable = self.stable.get(attempt.encoder.format, _LEAST_QUALITY)
        if attempt.job.picture_class in TEXT_CLASSES:
            return max(stable, LEAST_TEXT_QUALITY)
        is_large = attempt.picture.width * attempt.picture.height > _LARGE_PIXELS
        return _LEAST_QUALITY if is_large else stable


@dataclass(frozen=True, eq=False)
class _Sight:
    """How versions of one picture are looked at."""

    reference: Image  # as the provider shows it
    sample: Image  # of the reference
    judge: Comparison  # of the sample
    margin: Margin  # between what is judged and what is kept

    def excess(self, seen: Image) -> float:
        """Return the chance that a version, of which this is the sample, is noticed."""
        return self.margin.told(self.judge.excess(seen))

    def of(self, version: Image) -> Image:
        """Return the version's sample; a smaller version is enlarged, as the model's view of it is."""
        return sample_of(reduce(version, self.reference.width, self.reference.height))


@dataclass(frozen=True)
class _Look:
    """One quality, looked at."""

    quality: int
    probability: float
    data: bytes | None  # the whole, where it had to be written


@dataclass(frozen=True, eq=False)
class _Attempt:
    """One picture about to be encoded."""

    job: Job
    picture: Image
    size: Size
    encoder: Encoder
    sight: _Sight

    def scaled(self, scale: float) -> "_Attempt":
        """Return the same at a smaller size."""
        if scale == 1.0:
            return self
        size = Size(max(1, round(self.size.width * scale)), max(1, round(self.size.height * scale)))
        return replace(self, picture=self.job.stored_at(size), size=size)

    def written(self, quality: int) -> bytes:
        return self.encoder.encode(self.picture, quality)

    def looked_at(self, quality: int) -> _Look:
        """Encode, decode and judge: the sample where its pixels come out as in the whole."""
        if self._is_sampled:
            seen = decode(self.encoder.encode(self.sight.sample, quality)).image
            return _Look(quality, self.sight.excess(seen), None)
        data = self.written(quality)
        return _Look(quality, self.sight.excess(self.sight.of(self.job.reread(data))), data)

    def finished(self, look: _Look) -> Candidate:
        """Return what may be sent."""
        data = look.data if look.data is not None else self.written(look.quality)
        return Candidate(data, self.encoder.format, look.quality, self.size, look.probability)

    @property
    def _is_sampled(self) -> bool:
        is_smaller = self.sight.sample is not self.picture
        return self.encoder.codes_squares and self.picture is self.sight.reference and is_smaller


def _is_light_enough(data: bytes, job: Job) -> bool:
    return job.most_bytes is None or len(data) <= job.most_bytes


class _Tried:
    """The qualities tried so far of one picture and codec, and the one to try next.

    Between 60 and 95 of either codec people's log odds change by about one for seven steps of quality; once
    one quality passed and one did not, the line between them tells.
    """

    def __init__(self, limit: float, least: int) -> None:
        self._limit = limit
        self._aim = _log_odds(_AIM * limit)
        self._failed = least - 1  # the highest quality that was noticed, or none
        self._failed_odds: float | None = None
        self._failed_before: int | None = None
        self._last = (least, 0.0)
        self.best: _Look | None = None
        self._best_quality = _HIGHEST_QUALITY + 1  # the lowest quality that passed, or none

    def note(self, look: _Look) -> None:
        """Add one."""
        odds = _log_odds(look.probability)
        self._last = (look.quality, odds)
        if look.probability <= self._limit:
            self.best, self._best_quality, self._best_odds = look, look.quality, odds
        else:
            self._failed_before = self._failed if self._failed_odds is not None else None
            self._failed, self._failed_odds = look.quality, odds

    @property
    def is_settled(self) -> bool:
        """Whether no quality is left between those known."""
        return self._failed + 1 >= self._best_quality

    @property
    def following(self) -> int:
        """The quality that is noticed with a little less than the limit, as far as can be told."""
        quality, odds = self._last
        slope = _LOGITS_PER_QUALITY
        if self.best is not None and self._failed_odds is not None:
            slope = max(self._failed_odds - self._best_odds, slope) / (self._best_quality - self._failed)
        wanted = quality + round((odds - self._aim) / slope)
        if self.best is None and self._failed_before is not None:
            # Where the file was a JPEG already, some qualities are no better than those just below.
            wanted = max(wanted, quality + 2 * (quality - self._failed_before))
        return min(max(wanted, self._failed + 1), self._best_quality - 1)


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, _LEAST_PROBABILITY), 1 - _LEAST_PROBABILITY)
    return math.log(bounded / (1 - bounded))
