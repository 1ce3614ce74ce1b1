"""Learn from benign pictures what the combined score of detection means: measure many, then fit.

Measuring is the slow half, and pictures are independent: `Measurer` serves one process. Curated pictures are
needed, not raw traffic: whoever uploads noise on purpose would teach that noise is ordinary.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from calibration.image import Decoded, Image
from calibration.profile import JndProfile
from gateway.detection.combination import SINGLE, DetectionCalibration, is_heard, pair_score
from gateway.detection.hidden_text import HiddenTextDetector
from gateway.detection.protocol import Detector, Examined, NotExaminableError
from gateway.detection.residual import ResidualDetector
from gateway.detection.scaling import ScalingDetector
from gateway.detection.strata import pair_stratum, single_stratum
from gateway.detection.surprise import Surprise, learn_surprise
from gateway.detection.verdict import Evidence, Kind
from gateway.detection.versions import compare_versions
from gateway.providers.rules import load_rules
from predictor.guarantees.conformal import ConformalCalibration, calibrate
from predictor.predict import PairError, Predictor

FEWEST = 1000  # pictures that calibrate a stratum: p-values reach a thousandth
_OFTEN = 3  # learning pictures of a stratum
# Of scores, by which a detector finds something clearly more suspicious.
_UNITS: Mapping[Kind, float] = {"residual": 1.0, "scaling": 0.5, "hidden_text": 5.0}


@dataclass(frozen=True)
class Measured:
    """What detection makes of one benign picture, or of a pair."""

    stratum: str
    heard: tuple[Evidence, ...] = ()  # of a picture by itself
    pair: float = 0.0  # score of a pair


class Measurer:
    """Asks the detectors that are calibrated; one for each process."""

    def __init__(self, predictor: Predictor, profile: JndProfile) -> None:
        """Take the predictor whose scores are calibrated, and whose eyes count: any, scores know none."""
        self._predictor = predictor
        self._profile = profile
        self._detectors: tuple[Detector, ...] = (
            ResidualDetector(predictor),
            ScalingDetector(load_rules()),
            HiddenTextDetector(),
        )

    def measure(self, decoded: Decoded, data: bytes) -> Measured:
        """Measure a picture by itself."""
        examined = Examined.by_itself(decoded, data, self._profile)
        found = [self._examined(detector, examined) for detector in self._detectors]
        # Words and places are not needed, and would be carried from process to process.
        heard = tuple(replace(item, explanation="", boxes=()) for item in found if item and is_heard(item))
        return Measured(single_stratum(decoded), heard)

    def measure_pair(self, original: Image, version: Decoded) -> Measured:
        """Measure a version beside its original."""
        try:
            found = compare_versions("reference", original, version, self._predictor, self._profile)
        except PairError:
            return Measured(pair_stratum(version))
        # What people or the model see is told and never flagged, however sure: it is no false alarm.
        is_alarm = found.p_value is not None and (found.is_attack or not found.is_noticeable)
        return Measured(pair_stratum(version), pair=pair_score(found) if is_alarm else 0.0)

    @staticmethod
    def _examined(detector: Detector, examined: Examined) -> Evidence | None:
        try:
            return detector.examine(examined)
        except NotExaminableError:
            return None


def learn_surprises(learned: Iterable[Measured]) -> dict[str, Surprise]:
    """Learn what brings scores to one scale: over all strata, and in those where a detector is often heard.

    A rule that fires again and again in one stratum, hidden text in dither say, is no surprise there.
    """
    by_stratum: dict[str, list[Measured]] = defaultdict(list)
    for one in learned:
        by_stratum[one.stratum].append(one)
    everything = [one for each in by_stratum.values() for one in each]
    curves: dict[str, Surprise] = {kind: _curve(kind, everything) for kind in SINGLE}
    return curves | {
        f"{kind} {stratum}": _curve(kind, measured)
        for kind in SINGLE
        for stratum, measured in by_stratum.items()
        if sum(item.kind == kind for one in measured for item in one.heard) >= _OFTEN
    }


def calibrate_detection(
    base: DetectionCalibration,
    singles: Iterable[Measured],
    pairs: Iterable[Measured],
    *,
    note: str,
    fewest: int = FEWEST,
) -> DetectionCalibration:
    """Replace the strata of `base` of which enough pictures were measured; its surprises stay.

    Give pictures that `base` did not learn its surprises from.
    """
    single_scores, pair_scores = defaultdict(list), defaultdict(list)
    for one in singles:
        single_scores[one.stratum].append(base.score(one.heard, one.stratum))
    for one in pairs:
        pair_scores[one.stratum].append(one.pair)
    return replace(
        base,
        single=_replaced(base.single, single_scores, fewest),
        paired=_replaced(base.paired, pair_scores, fewest),
        note=note,
    )


def _replaced(
    base: ConformalCalibration, scores: Mapping[str, list[float]], fewest: int
) -> ConformalCalibration:
    enough = {stratum: np.asarray(each) for stratum, each in scores.items() if len(each) >= fewest}
    return ConformalCalibration({**base.scores, **calibrate(enough).scores})


def _curve(kind: Kind, measured: list[Measured]) -> Surprise:
    scores = [item.score for one in measured for item in one.heard if item.kind == kind]
    return learn_surprise(scores, pictures=len(measured), unit=_UNITS[kind])
