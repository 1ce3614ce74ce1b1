"""The one door for those who ask whether a model would notice a change in a picture.

Loads an artifact and answers. Training, evaluation and the laboratory stay outside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.image import Image, resize
from calibration.image_source import SourceInfo
from calibration.profile import JndProfile
from predictor.answer_change.change import AnswerChange, AnswerModel
from predictor.artifact import (
    ArtifactError,
    artifact_version,
    default_directory,
    has_part,
    older_schema,
    part_version,
    read_part,
)
from predictor.guarantees.margin import Margin, margins_from_card
from predictor.guarantees.risk_control import RiskLimit
from predictor.noticeability.comparison import Comparison, beyond
from predictor.noticeability.explanation import Explanation
from predictor.noticeability.full_size import FullSizeModel
from predictor.noticeability.known_references import KnownReferences
from predictor.noticeability.model import Noticeability, NoticeabilityModel
from predictor.own_thresholds import OwnThreshold, own_threshold
from predictor.residual.detector import Codec, ResidualDetector, ResidualFinding, codec_of
from predictor.residual.places import suspicion_map
from predictor.residual.reencoding import ReencodingFinding, ReencodingJudge, Resize
from predictor.thresholds.content_effect import Trust
from predictor.thresholds.delivery import CodecSettings, DeliveryForecast
from predictor.thresholds.full_size import FullSizeDelivery
from predictor.thresholds.model import PredictedThreshold, ThresholdModel
from predictor.views import FullSizeViewer, PairError, Viewer

__all__ = [
    "AnswerChange",
    "ArtifactError",
    "CodecSettings",
    "Comparison",
    "DeliveryForecast",
    "Explanation",
    "Margin",
    "Noticeability",
    "PairError",
    "PredictedThreshold",
    "Predictor",
    "ResidualFinding",
]


@dataclass(frozen=True)
class FullSize:
    """What was learned of people, for models that see every pixel they are shown."""

    noticeability: FullSizeModel
    delivery: FullSizeDelivery
    margins: Mapping[str, Margin] = field(default_factory=dict)  # by codec


class Predictor:
    """Every trained part of one artifact."""

    def __init__(
        self,
        noticeability: NoticeabilityModel,
        residual: ResidualDetector | None,
        reencoding: ReencodingJudge | None,
        version: str,
        *,
        answers: AnswerModel | None = None,
        thresholds: ThresholdModel | None = None,
        full_size: FullSize | None = None,
        detectors: str = "",
    ) -> None:
        self._full_size = full_size
        self._thresholds = thresholds
        self._answers = answers
        self._noticeability = noticeability
        self._residual = residual
        self._reencoding = reencoding
        self.version = version  # of the artifact: changes with any of its parts
        self.detectors = detectors  # version of the part behind `residual` and `reencoding`

    @classmethod
    def load(cls, path: Path | None = None) -> "Predictor":
        """Load an artifact directory, or the one shipped with the package.

        Raises:
            ArtifactError: It is missing, damaged, foreign, newer, or older than what still fits.
        """
        directory = path or default_directory()
        try:
            return cls._loaded(directory)
        except ArtifactError as error:
            raise ArtifactError(f"{error}{older_schema(directory)}") from error

    @classmethod
    def _loaded(cls, directory: Path) -> "Predictor":
        noticeability = NoticeabilityModel.from_part(read_part(directory, "noticeability"))
        residual, reencoding = None, None
        if has_part(directory, "residual"):
            part = read_part(directory, "residual")
            residual, reencoding = (
                ResidualDetector.from_part(part),
                ReencodingJudge.from_tensors(part.tensors),
            )
        answers = None
        if has_part(directory, "answer_change"):
            answers = AnswerModel.from_part(read_part(directory, "answer_change"))
        thresholds = None
        if has_part(directory, "thresholds"):
            thresholds = ThresholdModel.from_part(read_part(directory, "thresholds"))
        return cls(
            noticeability,
            residual,
            reencoding,
            artifact_version(directory),
            answers=answers,
            thresholds=thresholds,
            full_size=_load_full_size(directory),
            detectors=part_version(directory, "residual"),
        )

    def compare(self, first: Image, second: Image, profile: JndProfile) -> Noticeability:
        """Predict whether the profile's model tells two pictures apart, the same in either order.

        For who does not know which is the original; `notice` is for who does. Where their sizes differ they
        are judged at the larger one's: what the smaller has lost counts.

        Raises:
            PairError: The aspect ratios differ by more than 2 %.
        """
        smaller, larger = sorted((first, second), key=_by_size)
        full_size = self._full_size_of(profile)
        if full_size is not None:
            return full_size.judge_unordered(FullSizeViewer(larger), smaller, profile)
        return self._noticeability.judge_unordered(Viewer(larger, profile).views(smaller), profile)

    def notice(self, reference: Image, distorted: Image, profile: JndProfile) -> Noticeability:
        """Predict whether the profile's model notices the change, judged at the reference's size.

        Raises:
            PairError: The aspect ratios differ by more than 2 %.
        """
        return self.notice_each(reference, [distorted], profile)[0]

    def notice_each(
        self, reference: Image, candidates: Sequence[Image], profile: JndProfile
    ) -> list[Noticeability]:
        """Predict for several versions of one reference at once.

        Raises:
            PairError: The aspect ratio of a candidate differs by more than 2 %.
        """
        if not candidates:
            return []
        return self.against(reference, profile).notice_each(candidates)

    def against(self, reference: Image, profile: JndProfile) -> "Comparison":
        """Prepare one reference for many questions, one after another."""
        return Comparison(self._noticeability, self._full_size_of(profile), reference, profile)

    def excess(self, found: Noticeability, profile: JndProfile) -> float:
        """Return P(notice) beyond the model's false alarms (Abbott's formula): 0 for identical pictures."""
        judge = self._full_size_of(profile) or self._noticeability
        return beyond(found.probability, judge.floor(profile))

    def margin(self, profile: JndProfile, codec: str) -> Margin:
        """Return what `excess` comes to of photographs that are sent in a codec because it was low.

        Known of people, whom the default profile is; for anyone else chances are told as they are judged.
        """
        if self._full_size is None or self._full_size_of(profile) is None or profile.source != "default":
            return Margin()
        return self._full_size.margins.get(codec, Margin())

    def _full_size_of(self, profile: JndProfile) -> FullSizeModel | None:
        """Return who judges at full size; None for a model that sees less, or was learned from by itself.

        What a model's own answers have corrected is the other network's.
        """
        is_known = self._noticeability.has_met(profile.model)
        if self._full_size is None or profile.input_side is not None or is_known:
            return None
        return self._full_size.noticeability

    def residual(self, image: Image, source: SourceInfo) -> ResidualFinding:
        """Tell, without a reference, whether the image carries an added perturbation.

        Raises:
            ArtifactError: The artifact has no residual part.
        """
        if self._residual is None:
            raise ArtifactError("expected an artifact with a residual part, this one has none")
        return self._residual.find(image, source)

    def residual_map(self, image: Image, source: SourceInfo) -> NDArray[np.float32]:
        """Tell where in the image a perturbation seems to lie: log-odds, (rows, columns) of coarse parts.

        Raises:
            ArtifactError: The artifact has no residual part.
        """
        if self._residual is None:
            raise ArtifactError("expected an artifact with a residual part, this one has none")
        return suspicion_map(self._residual, image, codec_of(source))

    def reencoding(
        self, original: Image, version: Image, codec: Codec, resized: Resize = resize
    ) -> ReencodingFinding:
        """Tell whether a version differs from the original by more than re-encoding.

        `codec` is the version's; `resized` may be a `resize` that remembers what it made.

        Raises:
            ArtifactError: The artifact has no residual part.
        """
        if self._reencoding is None:
            raise ArtifactError("expected an artifact with a residual part, this one has none")
        return self._reencoding.judge(original, version, codec, resized)

    def answer_change(
        self, original: Image, version: Image, profile: JndProfile, margin: float | None = None
    ) -> AnswerChange:
        """Predict whether the model would answer differently, were it sent the version.

        `margin` is the model's own on the original, where known: the likeliest answer's probability minus
        the second's. It says more than everything else together.

        Raises:
            ArtifactError: The artifact has no answer_change part.
            PairError: The aspect ratios differ by more than 2 %.
            ValueError: The margin is not between 0 and 1.
        """
        return self.answer_change_each(original, [version], profile, margin)[0]

    def answer_change_each(
        self, original: Image, versions: Sequence[Image], profile: JndProfile, margin: float | None = None
    ) -> list[AnswerChange]:
        """Predict for several versions of one original at once; raises as `answer_change`."""
        return self._answer_model().judge(original, versions, profile, margin)

    @property
    def answer_limits(self) -> tuple[RiskLimit, ...]:
        """Limits of `AnswerChange.probability` that keep a rate of changed answers, for the card's observers.

        Raises:
            ArtifactError: The artifact has no answer_change part.
        """
        return self._answer_model().limits

    def _answer_model(self) -> AnswerModel:
        if self._answers is None:
            raise ArtifactError("expected an artifact with an answer_change part, this one has none")
        return self._answers

    def thresholds(self, image: Image, profile: JndProfile) -> Mapping[str, PredictedThreshold]:
        """Predict at which level the model starts to notice each distortion of this image.

        Raises:
            ArtifactError: The artifact has no thresholds part.
        """
        return self._threshold_model().predict(image, profile, self._own_thresholds(profile))

    def forecast(
        self, image: Image, profile: JndProfile, comparison: Comparison | None = None
    ) -> DeliveryForecast:
        """Predict at which codec quality and at which size the model starts to notice, as the image is sent.

        `comparison` is the image's own, where it is judged as well: what both measure is measured once.

        Raises:
            ArtifactError: The artifact has no thresholds part.
        """
        own = self._own_thresholds(profile)
        if self._full_size is None or profile.input_side is not None:
            return self._threshold_model().forecast(image, profile, own)
        trust = Trust() if profile.source == "default" else self._threshold_model().trust(profile.model)
        return DeliveryForecast(
            self._full_size.delivery.curves(image, own, trust, comparison.sight if comparison else None),
            input_side=None,
            short_side=min(image.width, image.height),
        )

    def _own_thresholds(self, profile: JndProfile) -> Mapping[str, OwnThreshold]:
        """Say what judging pairs says, where the profile lacks a threshold or answers have corrected it."""
        judge = self._full_size_of(profile) or self._noticeability
        taken = judge.levels_taken(profile)
        factors = self._noticeability.factors_learned(profile)
        is_met = self._threshold_model().has_met(profile.model)  # its content effects were learned by profile
        return {
            name: own_threshold(
                profile, name, guess=guess * factors[name], factor=1.0 if is_met else factors[name]
            )
            for name, guess in taken.items()
        }

    @property
    def has_thresholds(self) -> bool:
        """Whether `thresholds` and `forecast` can be asked."""
        return self._thresholds is not None

    def _threshold_model(self) -> ThresholdModel:
        if self._thresholds is None:
            raise ArtifactError("expected an artifact with a thresholds part, this one has none")
        return self._thresholds


def _load_full_size(directory: Path) -> FullSize | None:
    if not has_part(directory, "people"):
        return None
    part = read_part(directory, "people")
    references = KnownReferences()
    return FullSize(
        FullSizeModel.from_part(part, references),
        FullSizeDelivery.from_part(part, references),
        margins_from_card(part.card),
    )


def _by_size(image: Image) -> tuple[int, bytes]:
    """Order two pictures whatever order they come in, so that not even rounding tells it."""
    return image.width * image.height, image.pixels.tobytes()
