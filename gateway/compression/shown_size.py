"""Send a picture at the size at which its provider shows it, encoded as forecast, looked at once.

For models whose own input is not known: nearly all that are paid for. What the provider shows is the whole
picture there is, so pixels beyond that size are free, and a pair is judged at that size. Nothing is searched:
the quality is the one the predictor forecasts to be allowed; the outcome is decoded and judged, and corrected
twice at most.

Codecs: WebP where it may be sent and the picture is small, since it takes five times as long as JPEG and
saves a tenth; JPEG with full chroma for text and screens, whose coloured edges half the chroma would smear.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from calibration.encoders import JPEG_FULL_CHROMA, WEBP, WEBP_THOROUGH, Encoder, lossy
from calibration.image import Image, decode
from gateway.compression.job import Candidate, Job
from gateway.providers.sizes import Size
from predictor.predict import Comparison, DeliveryForecast, Predictor

Effort = Literal["fast", "normal"]

_WEBP_PIXELS = 750_000  # beyond, it takes too long
TEXT_CLASSES = frozenset({"document", "screen", "chart"})
_LEAST_QUALITY = 30
_LEAST_TEXT_QUALITY = 85  # letters are read, not seen: no classifier and no metric stands for that
_USUAL_QUALITY = 85  # of a codec nothing was learned of
_HIGHEST_QUALITY = 98
_MOST_CORRECTIONS = {"fast": 1, "normal": 2}
_SCALES_INSIDE, _QUALITIES_INSIDE = (1.0, 0.75, 0.5, 0.25), (95, 85, 70, 50)
_WASTEFUL = 0.35  # share of the allowed probability below which a lower quality is worth a try


@dataclass(frozen=True)
class ShownSizePlanner:
    """Chooses codec, size and quality for one picture after another; holds nothing between them."""

    predictor: Predictor
    encoders: Sequence[Encoder]
    limit: float  # of P(notice) beyond false alarms
    effort: Effort = "normal"

    def candidates(self, job: Job, target: Size) -> Iterator[Candidate]:
        """Yield the version to send at `target`, upright; nothing where every one tried would be noticed."""
        picture = job.stored_at(target)
        encoder = self._encoder(job, picture)
        if encoder is None:
            return
        reference = picture if target == job.shown else job.stored_at(job.shown)
        comparison = self.predictor.against(reference, job.profile)
        attempt = _Attempt(job, picture, target, encoder, comparison)
        found = self._searched(attempt, self._first_quality(job, reference, encoder))
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

    def _encoder(self, job: Job, picture: Image) -> Encoder | None:
        """Pick the codec: one, since each costs an encoding."""
        usable = (each for each in self._preferred(job, picture) if each.format in job.formats)
        return next((each for each in usable if each.takes(picture)), None)

    def _preferred(self, job: Job, picture: Image) -> Iterator[Encoder]:
        if job.picture_class in TEXT_CLASSES:
            yield JPEG_FULL_CHROMA
        is_small = picture.width * picture.height <= _WEBP_PIXELS and self.effort == "normal"
        if is_small and WEBP in self.encoders:
            yield WEBP_THOROUGH
        first = "webp" if is_small else "jpeg"
        yield from sorted(lossy(self.encoders), key=lambda each: each.format != first)

    def _first_quality(self, job: Job, reference: Image, encoder: Encoder) -> int:
        forecast = self._forecast(job, reference)
        if forecast is None or not forecast.knows(encoder.name):
            return _USUAL_QUALITY
        short_side = min(reference.width, reference.height)
        return forecast.quality(encoder.name, short_side, self.limit)

    def _forecast(self, job: Job, reference: Image) -> DeliveryForecast | None:
        return self.predictor.forecast(reference, job.profile) if self.predictor.has_thresholds else None

    def _searched(self, attempt: "_Attempt", first: int) -> Candidate | None:
        """Encode and look; go up where it would be noticed, down once where much is wasted."""
        least = _LEAST_TEXT_QUALITY if attempt.job.picture_class in TEXT_CLASSES else _LEAST_QUALITY
        quality = min(max(first, least), _HIGHEST_QUALITY)
        best: Candidate | None = None
        for _ in range(1 + _MOST_CORRECTIONS[self.effort]):
            candidate = attempt.at(quality)
            if candidate.probability <= self.limit:
                best = candidate
                if (
                    candidate.probability > _WASTEFUL * self.limit
                    or quality <= least
                    or self.effort == "fast"
                ):
                    break
                following = max(least, quality - _down(quality))
            elif best is not None or quality >= _HIGHEST_QUALITY:
                break
            else:
                following = min(_HIGHEST_QUALITY, quality + _up(quality))
            quality = following
        return best


@dataclass(frozen=True, eq=False)
class _Attempt:
    """One picture about to be encoded."""

    job: Job
    picture: Image
    size: Size
    encoder: Encoder
    comparison: Comparison

    def scaled(self, scale: float) -> "_Attempt":
        """Return the same at a smaller size."""
        if scale == 1.0:
            return self
        size = Size(max(1, round(self.size.width * scale)), max(1, round(self.size.height * scale)))
        return replace(self, picture=self.job.stored_at(size), size=size)

    def at(self, quality: int) -> Candidate:
        data = self.encoder.encode(self.picture, quality)
        excess = self.comparison.excess(decode(data).image)
        return Candidate(data, self.encoder.format, quality, self.size, excess)


def _is_light_enough(candidate: Candidate, job: Job) -> bool:
    return job.most_bytes is None or len(candidate.data) <= job.most_bytes


def _up(quality: int) -> int:
    """Return by how much to raise a quality: halfway to the end of the scale."""
    return max(2, (100 - quality) // 2)


def _down(quality: int) -> int:
    return max(2, (100 - quality) // 3)
