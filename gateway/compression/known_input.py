"""Search how small a picture may become for a model of known input size: resolution first, then quality.

Such a model squashes every picture into a square, so much of a large one is lost whatever is sent. The search
begins at the size and quality that the predictor forecasts to be allowed, and goes no lower: the lightest of
many candidates that pass is one that was judged too kindly. What is sent was itself judged, decoded from its
final bytes.

Limits no prediction overrides: the settings of `calibration.encoders`, whose qualities end at 30; no side
below the model's input side.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from calibration.encoders import Encoder, lossy
from calibration.image import Image
from gateway.compression.job import Candidate, Job
from gateway.compression.quality_search import QualitySearch
from gateway.providers.sizes import Size
from predictor.predict import Comparison, DeliveryForecast, Predictor

_SCALES = (1.0, 0.75, 0.5, 0.35, 0.25)
_INPUT_MULTIPLES = (8, 6, 4, 3, 2)  # of the model's input side: more rungs for large pictures
_RESOLUTION_SHARE = 0.5  # of the allowed probability; what it leaves is the codec's
# Photographs sent as forecast for .05, .2 and .5 were noticed with about this power of it: .03, .15, .42,
# asked of the embedded model. What is sent must pass the judgement of the pair as well.
_FORECAST_POWER = 1.2


@dataclass(frozen=True)
class KnownInputSearch:
    """Searches for one picture after another; holds nothing between them."""

    predictor: Predictor
    encoders: Sequence[Encoder]
    limit: float  # of P(notice) beyond false alarms

    def candidates(self, job: Job) -> list[Candidate]:
        """Encode at the lowest rung that leaves the codec room, going back up where it does not."""
        return _Search(self, job).candidates()


class _Search:
    """The search for one picture."""

    def __init__(self, how: KnownInputSearch, job: Job) -> None:
        self._how = how
        self._job = job
        self._comparison: Comparison = how.predictor.against(job.decoded.stored, job.profile)
        self._forecast: DeliveryForecast | None = (
            how.predictor.forecast(job.decoded.stored, job.profile) if how.predictor.has_thresholds else None
        )
        self._forecast_limit = how.limit ** (1 / _FORECAST_POWER)

    def candidates(self) -> list[Candidate]:
        sizes = _ladder(self._job)
        lowest = self._lowest_rung(sizes)
        for rung in dict.fromkeys((lowest, lowest // 2, 0)):
            found = list(self._encodings(sizes[rung]))
            if found:
                return found
        return []

    def _encodings(self, size: Size) -> Iterator[Candidate]:
        small = self._job.stored_at(size)
        near: int | None = None
        for encoder in lossy(self._how.encoders):
            if encoder.format not in self._job.formats or not encoder.takes(small):
                continue
            found = self._lowest_quality(small, size, encoder, near=near)
            if found is not None:
                near = found.quality
                yield found

    def _lowest_rung(self, sizes: list[Size]) -> int:
        """Find the lowest rung of the resolution ladder that half of the allowed probability permits."""
        least = self._forecast_short_side()
        low, high = 0, sum(min(size.width, size.height) >= least for size in sizes[1:])
        middle = high  # the first rung stands in for "all failed"
        while low < high:
            reduced = self._job.stored_at(sizes[middle])
            if self._comparison.excess(reduced) <= self._how.limit * _RESOLUTION_SHARE:
                low = middle
            else:
                high = middle - 1
            middle = (low + high + 1) // 2
        return low

    def _lowest_quality(
        self, picture: Image, size: Size, encoder: Encoder, *, near: int | None
    ) -> Candidate | None:
        """Search the codec's settings; every probe is encoded, decoded and judged against the source."""
        grid = [quality for quality in encoder.settings if quality is not None]
        least = min(self._forecast_quality(picture, encoder), grid[-1])
        search = QualitySearch([quality for quality in grid if quality >= least], least or near)
        best: Candidate | None = None
        while (quality := search.next) is not None:
            candidate = self._encode(picture, size, encoder, quality)
            is_allowed = candidate.probability <= self._how.limit
            search.tell(is_allowed)
            best = candidate if is_allowed else best
        return best

    def _encode(self, picture: Image, size: Size, encoder: Encoder, quality: int) -> Candidate:
        data = encoder.encode(picture, quality)
        excess = self._comparison.excess(self._job.reread(data))
        return Candidate(data, encoder.format, quality, size, excess)

    def _forecast_short_side(self) -> int:
        if self._forecast is None:
            return 0
        return self._forecast.least_short_side(self._forecast_limit * _RESOLUTION_SHARE)

    def _forecast_quality(self, picture: Image, encoder: Encoder) -> int:
        """Return the quality forecast to be allowed; 0 where nothing is forecast of this codec."""
        if self._forecast is None or not self._forecast.knows(encoder.name):
            return 0
        short_side = min(picture.width, picture.height)
        left = self._forecast_limit - self._forecast.size_probability(short_side)
        allowed = max(left, self._forecast_limit * (1 - _RESOLUTION_SHARE))
        return self._forecast.quality(encoder.name, short_side, allowed)


def _ladder(job: Job) -> list[Size]:
    """List the sizes to try, largest first; the first needs no permission beyond the provider's."""
    source, side = job.source_size, job.profile.input_side or 1
    short = min(source.width, source.height)
    scales = {*_SCALES, *(multiple * side / short for multiple in _INPUT_MULTIPLES)}
    scales.add(job.shown.width / source.width)
    allowed = sorted((scale for scale in scales if scale <= 1.0 and scale * short >= side), reverse=True)
    return [_scaled(source, scale) for scale in allowed or [1.0]]


def _scaled(size: Size, scale: float) -> Size:
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale)))
