"""Judge candidates of one reference for one model, each by who knows what that model sees."""

from collections.abc import Callable, Sequence

from calibration.image import Image
from calibration.profile import JndProfile
from predictor.noticeability.explanation import Explanation, explain
from predictor.noticeability.full_size import FullSizeModel
from predictor.noticeability.model import Noticeability, NoticeabilityModel
from predictor.views import FullSizeViewer, Viewer


class Comparison:
    """One reference and one model, ready to judge candidates; made by `Predictor.against`."""

    def __init__(
        self,
        noticeability: NoticeabilityModel,
        full_size: FullSizeModel | None,
        reference: Image,
        profile: JndProfile,
    ) -> None:
        """`full_size` judges where it is given; what is seen where is told by the other."""
        self._noticeability = noticeability
        self._reference = reference
        self._profile = profile
        self.sight: FullSizeViewer | None = None  # of the reference, where it is judged at full size
        self._judge: Callable[[Sequence[Image]], list[Noticeability]]
        if full_size is None:
            floor, viewer = noticeability.floor(profile), Viewer(reference, profile)
            self._judge = lambda shown: noticeability.judge([viewer.views(one) for one in shown], profile)
        else:
            floor = full_size.floor(profile)
            self.sight = sight = FullSizeViewer(reference)
            self._judge = lambda shown: full_size.judge(sight, shown, profile)
        self._floor = floor

    def notice_each(self, candidates: Sequence[Image]) -> list[Noticeability]:
        """Predict for at least one candidate.

        Raises:
            PairError: The aspect ratio of a candidate differs by more than 2 %.
        """
        return self._judge(candidates)

    def explain(self, candidate: Image) -> Explanation:
        """Tell where the model would notice the candidate's difference, and by what.

        Raises:
            PairError: The aspect ratio of the candidate differs by more than 2 %.
        """
        views = Viewer(self._reference, self._profile).views(candidate)
        return explain([self._noticeability.look_closely(view, self._profile) for view in views])

    def excess(self, candidate: Image) -> float:
        """Predict P(notice) beyond the model's false alarms; see `Predictor.excess`."""
        return beyond(self.notice_each([candidate])[0].probability, self._floor)


def beyond(probability: float, floor: float) -> float:
    """Return P(notice) beyond false alarms, by Abbott's formula; 0 for identical pictures."""
    return max(0.0, (probability - floor) / (1.0 - floor))
