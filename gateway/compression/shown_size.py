"""Send a picture at the size at which its provider shows it, encoded as forecast, looked at once.

For models whose own input is not known: nearly all that are paid for. What the provider shows is the whole
picture there is, so pixels beyond that size are free, and a pair is judged at that size. Nothing is searched:
the quality is the one the predictor forecasts to be allowed; the outcome is decoded and judged, and corrected
twice at most.

Codecs: JPEG, which takes a fifth of WebP's time, and WebP beside it for small pictures: now one, now the
other is lighter by a tenth. JPEG with full chroma for text and screens, whose coloured edges half the chroma
would smear.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from calibration.encoders import JPEG_FULL_CHROMA, WEBP, WEBP_THOROUGH, Encoder, lossy
from calibration.image import Image, decode
from gateway.compression.job import Candidate, Job
from gateway.compression.pieces import Judges, judge_of, sample_of
from gateway.providers.sizes import Size
from predictor.predict import DeliveryForecast, Predictor

Effort = Literal["fast", "normal"]

_BOTH_PIXELS = 500_000  # up to which both codecs are tried
TEXT_CLASSES = frozenset({"document", "screen", "chart"})
_LEAST_QUALITY = 30
_LEAST_TEXT_QUALITY = 92  # letters are read, not seen: no classifier and no metric stands for that
_USUAL_QUALITY = 85  # of a codec nothing was learned of
_HIGHEST_QUALITY = 98
_MOST_CORRECTIONS = {"fast": 1, "normal": 2}
_SCALES_INSIDE, _QUALITIES_INSIDE = (1.0, 0.75, 0.5, 0.25), (95, 85, 70, 50)
_WASTEFUL, _AIM = 0.6, 0.8  # shares of the allowed probability: below the one a lower quality is tried
_LOGITS_PER_QUALITY, _LEAST_PROBABILITY = 1 / 7, 1e-3


@dataclass(frozen=True)
class ShownSizePlanner:
    """Chooses codec, size and quality for one picture after another; holds nothing between them."""

    predictor: Predictor
    encoders: Sequence[Encoder]
    limit: float  # of P(notice) beyond false alarms
    effort: Effort = "normal"
    least_quality: int = _LEAST_QUALITY

    def candidates(self, job: Job, target: Size) -> Iterator[Candidate]:
        """Yield versions to send at `target`, upright; nothing where every one tried would be noticed."""
        picture = job.stored_at(target)
        encoders = self._encoders(job, picture)
        if not encoders:
            return
        reference = picture if target == job.shown else job.stored_at(job.shown)
        judge = judge_of(self.predictor, reference, job.profile)
        sample = sample_of(reference)
        forecast = self._forecast(job, sample)
        for encoder in encoders:
            attempt = _Attempt(job, picture, target, encoder, judge)
            found = self._searched(attempt, self._first_quality(forecast, sample, encoder))
            if job.is_too_large and (found is None or not _is_light_enough(found, job)):
                found = self._brought_inside(attempt)
            if found is not None:
                yield found

    def _brought_inside(self, attempt: "_Attempt") -> Candidate | None:
        """Return the best version that the provider takes: noticed or not, it would refuse what came."""
        for scale in _SCALES_INSIDE:
            smaller = attempt.scaled(scale)
            for quality in _QUALITIES_INSIDE:
                candidate = smaller.at(quality)
                if _is_light_enough(candidate, attempt.job):
                    return candidate
        return None

    def _encoders(self, job: Job, picture: Image) -> list[Encoder]:
        """Pick the codecs: one, since each costs an encoding, or two where that is quickly done."""
        usable = [each for each in self._preferred(job, picture) if each.format in job.formats]
        fitting = [each for each in usable if each.takes(picture)]
        is_quick = self.effort == "normal" and picture.width * picture.height <= _BOTH_PIXELS
        first_of_format = {each.format: each for each in reversed(fitting)}
        if is_quick and job.picture_class not in TEXT_CLASSES:
            return list(first_of_format.values())
        return fitting[:1]

    def _preferred(self, job: Job, picture: Image) -> Iterator[Encoder]:
        if job.picture_class in TEXT_CLASSES:
            yield JPEG_FULL_CHROMA
        is_small = WEBP_THOROUGH.takes(picture)
        for encoder in sorted(lossy(self.encoders), key=lambda each: each.format != "jpeg"):
            yield WEBP_THOROUGH if encoder is WEBP and is_small else encoder

    def _first_quality(self, forecast: DeliveryForecast | None, reference: Image, encoder: Encoder) -> int:
        if forecast is None or not forecast.knows(encoder.name):
            return _USUAL_QUALITY
        return forecast.quality(encoder.name, min(reference.width, reference.height), self.limit)

    def _forecast(self, job: Job, reference: Image) -> DeliveryForecast | None:
        return self.predictor.forecast(reference, job.profile) if self.predictor.has_thresholds else None

    def _searched(self, attempt: "_Attempt", first: int) -> Candidate | None:
        """Encode and look; correct towards the allowed probability as often as the effort allows."""
        is_text = attempt.job.picture_class in TEXT_CLASSES
        least = max(self.least_quality, _LEAST_TEXT_QUALITY if is_text else _LEAST_QUALITY)
        quality = min(max(first, least), _HIGHEST_QUALITY)
        tried = _Tried(self.limit, least)
        for _ in range(1 + _MOST_CORRECTIONS[self.effort]):
            candidate = attempt.at(quality)
            tried.note(quality, candidate)
            is_near = _WASTEFUL * self.limit <= candidate.probability <= self.limit
            if is_near or (tried.best is not None and self.effort == "fast") or tried.is_settled:
                break
            quality = tried.following
        return tried.best


@dataclass(frozen=True, eq=False)
class _Attempt:
    """One picture about to be encoded."""

    job: Job
    picture: Image
    size: Size
    encoder: Encoder
    judge: Judges

    def scaled(self, scale: float) -> "_Attempt":
        """Return the same at a smaller size."""
        if scale == 1.0:
            return self
        size = Size(max(1, round(self.size.width * scale)), max(1, round(self.size.height * scale)))
        return replace(self, picture=self.job.stored_at(size), size=size)

    def at(self, quality: int) -> Candidate:
        data = self.encoder.encode(self.picture, quality)
        excess = self.judge.excess(decode(data).image)
        return Candidate(data, self.encoder.format, quality, self.size, excess)


def _is_light_enough(candidate: Candidate, job: Job) -> bool:
    return job.most_bytes is None or len(candidate.data) <= job.most_bytes


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
        self._last = (least, 0.0)
        self.best: Candidate | None = None
        self._best_quality = _HIGHEST_QUALITY + 1  # the lowest quality that passed, or none

    def note(self, quality: int, candidate: Candidate) -> None:
        """Add one."""
        odds = _log_odds(candidate.probability)
        self._last = (quality, odds)
        if candidate.probability <= self._limit:
            self.best, self._best_quality, self._best_odds = candidate, quality, odds
        else:
            self._failed, self._failed_odds = quality, odds

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
        return min(max(wanted, self._failed + 1), self._best_quality - 1)


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, _LEAST_PROBABILITY), 1 - _LEAST_PROBABILITY)
    return math.log(bounded / (1 - bounded))
