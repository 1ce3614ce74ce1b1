"""The one door for those who ask whether a model would notice a change in a picture.

Loads an artifact and answers. Training, evaluation and the laboratory stay outside.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from calibration.image import Image
from calibration.image_source import SourceInfo
from calibration.profile import JndProfile
from predictor.answer_change.change import AnswerChange, AnswerModel
from predictor.artifact import ArtifactError, artifact_version, default_directory, has_part, read_part
from predictor.guarantees.risk_control import RiskLimit
from predictor.noticeability.explanation import Explanation, explain
from predictor.noticeability.model import Noticeability, NoticeabilityModel
from predictor.own_thresholds import OwnThreshold, own_threshold
from predictor.residual.detector import Codec, ResidualDetector, ResidualFinding
from predictor.residual.reencoding import ReencodingFinding, ReencodingJudge
from predictor.thresholds.delivery import CodecSettings, DeliveryForecast
from predictor.thresholds.model import PredictedThreshold, ThresholdModel
from predictor.views import PairError, Viewer

__all__ = [
    "AnswerChange",
    "ArtifactError",
    "CodecSettings",
    "Comparison",
    "DeliveryForecast",
    "Explanation",
    "Noticeability",
    "PairError",
    "PredictedThreshold",
    "Predictor",
    "ResidualFinding",
]


class Comparison:
    """One reference and one model, ready to judge candidates; made by `Predictor.against`."""

    def __init__(self, noticeability: NoticeabilityModel, viewer: Viewer, profile: JndProfile) -> None:
        self._noticeability = noticeability
        self._viewer = viewer
        self._profile = profile

    def notice_each(self, candidates: Sequence[Image]) -> list[Noticeability]:
        """Predict for at least one candidate.

        Raises:
            PairError: The aspect ratio of a candidate differs by more than 2 %.
        """
        return self._noticeability.judge(
            [self._viewer.views(candidate) for candidate in candidates], self._profile
        )

    def explain(self, candidate: Image) -> Explanation:
        """Tell where the model would notice the candidate's difference, and by what.

        Raises:
            PairError: The aspect ratio of the candidate differs by more than 2 %.
        """
        views = self._viewer.views(candidate)
        return explain([self._noticeability.look_closely(view, self._profile) for view in views])

    def excess(self, candidate: Image) -> float:
        """Predict P(notice) beyond the model's false alarms; see `Predictor.excess`."""
        found = self.notice_each([candidate])[0]
        return _beyond(found.probability, self._noticeability.floor(self._profile))


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
    ) -> None:
        self._thresholds = thresholds
        self._answers = answers
        self._noticeability = noticeability
        self._residual = residual
        self._reencoding = reencoding
        self.version = version  # of the artifact: changes with any of its parts

    @classmethod
    def load(cls, path: Path | None = None) -> "Predictor":
        """Load an artifact directory, or the one shipped with the package.

        Raises:
            ArtifactError: It is missing, damaged, foreign or newer.
        """
        directory = path or default_directory()
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
        )

    def compare(self, first: Image, second: Image, profile: JndProfile) -> Noticeability:
        """Predict whether the profile's model tells two pictures apart, the same in either order.

        For who does not know which is the original; `notice` is for who does. Where their sizes differ they
        are judged at the larger one's: what the smaller has lost counts.

        Raises:
            PairError: The aspect ratios differ by more than 2 %.
        """
        smaller, larger = sorted((first, second), key=_by_size)
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
        return Comparison(self._noticeability, Viewer(reference, profile), profile)

    def excess(self, found: Noticeability, profile: JndProfile) -> float:
        """Return P(notice) beyond the model's false alarms (Abbott's formula): 0 for identical pictures."""
        return _beyond(found.probability, self._noticeability.floor(profile))

    def residual(self, image: Image, source: SourceInfo) -> ResidualFinding:
        """Tell, without a reference, whether the image carries an added perturbation.

        Raises:
            ArtifactError: The artifact has no residual part.
        """
        if self._residual is None:
            raise ArtifactError("expected an artifact with a residual part, this one has none")
        return self._residual.find(image, source)

    def reencoding(self, original: Image, version: Image, codec: Codec) -> ReencodingFinding:
        """Tell whether a version differs from the original by more than re-encoding.

        `codec` is the version's.

        Raises:
            ArtifactError: The artifact has no residual part.
        """
        if self._reencoding is None:
            raise ArtifactError("expected an artifact with a residual part, this one has none")
        return self._reencoding.judge(original, version, codec)

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

    def forecast(self, image: Image, profile: JndProfile) -> DeliveryForecast:
        """Predict at which codec quality and at which size the model starts to notice, as the image is sent.

        Raises:
            ArtifactError: The artifact has no thresholds part.
        """
        return self._threshold_model().forecast(image, profile, self._own_thresholds(profile))

    def _own_thresholds(self, profile: JndProfile) -> Mapping[str, OwnThreshold]:
        """Say what judging pairs says, where the profile lacks a threshold or answers have corrected it."""
        taken = self._noticeability.levels_taken(profile)
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


def _by_size(image: Image) -> tuple[int, bytes]:
    """Order two pictures whatever order they come in, so that not even rounding tells it."""
    return image.width * image.height, image.pixels.tobytes()


def _beyond(probability: float, floor: float) -> float:
    return max(0.0, (probability - floor) / (1.0 - floor))
