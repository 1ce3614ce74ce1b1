"""Let false alarms that people found join the benign scores of their stratum, and say what that changes.

Nobody labels what was never flagged, so what joins is more suspicious than traffic is. It takes the place of
the least suspicious pictures: among as many as before, p-values only grow, whatever the labels. A stratum
keeps the rate that it promised, flags less, and misses what no longer stands out; how much of the attacks
that people found, is told.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from predictor.guarantees.conformal import ConformalCalibration, calibrate

CONFIDENCE = 0.8  # of p-values, as detection takes them
FEWEST = 10  # false alarms of a stratum: fewer say more about chance than about traffic


@dataclass(frozen=True)
class Labelled:
    """One picture that a person judged."""

    picture: str  # names it: a picture counts once, however often it came
    stratum: str
    score: float
    is_attack: bool


@dataclass(frozen=True)
class StratumChange:
    """What labels did to one stratum."""

    stratum: str
    benign: int  # calibration pictures before
    false_alarms: int  # pictures, each once
    attacks: int
    reason: str  # why it stays as it is; empty: it does not
    threshold_before: float  # score from which a picture is flagged; infinite: none is
    threshold_after: float
    still_flagged: int  # of the false alarms
    attacks_found_before: int
    attacks_found_after: int

    @property
    def is_changed(self) -> bool:
        """Whether the false alarms joined."""
        return not self.reason


def recalibrate(
    base: ConformalCalibration, labelled: Iterable[Labelled], *, alpha: float, fewest: int = FEWEST
) -> tuple[ConformalCalibration, Sequence[StratumChange]]:
    """Return the calibration with the false alarms of every stratum that has enough, and what changed.

    A picture that some called an attack and others a false alarm is left out.

    Raises:
        ValueError: `alpha` is not strictly between 0 and 1.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must be between 0 and 1, got {alpha}")
    by_stratum: dict[str, list[Labelled]] = defaultdict(list)
    for each in _once(labelled):
        by_stratum[each.stratum].append(each)
    scores = dict(base.scores)
    changes = []
    for stratum, found in sorted(by_stratum.items()):
        alarms = [each.score for each in found if not each.is_attack]
        reason = _reason(base, stratum, len(alarms), fewest)
        if not reason:
            joined = np.concatenate([base.scores[stratum], np.asarray(alarms, dtype=np.float32)])
            scores[stratum] = calibrate({stratum: joined}).scores[stratum][-base.scores[stratum].size :]
        changes.append(_change(base, ConformalCalibration(scores), found, alpha, reason))
    return ConformalCalibration(scores), changes


def _once(labelled: Iterable[Labelled]) -> Sequence[Labelled]:
    """Return each picture once, at its highest score; none that people disagree about."""
    highest: dict[str, Labelled] = {}
    said: dict[str, set[bool]] = defaultdict(set)
    for each in labelled:
        said[each.picture].add(each.is_attack)
        known = highest.get(each.picture)
        if known is None or each.score > known.score:
            highest[each.picture] = each
    return [each for picture, each in highest.items() if len(said[picture]) == 1]


def _reason(base: ConformalCalibration, stratum: str, alarms: int, fewest: int) -> str:
    if stratum not in base.scores:
        return "the calibration does not know this kind of picture"
    if alarms < fewest:
        return f"too few false alarms: {alarms} of {fewest}"
    return ""


def _change(
    base: ConformalCalibration,
    after: ConformalCalibration,
    found: Sequence[Labelled],
    alpha: float,
    reason: str,
) -> StratumChange:
    stratum = found[0].stratum
    attacks = [each for each in found if each.is_attack]
    alarms = [each for each in found if not each.is_attack]
    is_known = stratum in base.scores
    return StratumChange(
        stratum=stratum,
        benign=base.scores[stratum].size if is_known else 0,
        false_alarms=len(alarms),
        attacks=len(attacks),
        reason=reason,
        threshold_before=_threshold(base, stratum, alpha) if is_known else float("inf"),
        threshold_after=_threshold(after, stratum, alpha) if is_known else float("inf"),
        still_flagged=_flagged(after, alarms, alpha),
        attacks_found_before=_flagged(base, attacks, alpha),
        attacks_found_after=_flagged(after, attacks, alpha),
    )


def _flagged(calibration: ConformalCalibration, labelled: Sequence[Labelled], alpha: float) -> int:
    return sum(
        calibration.assured_p_value(each.score, each.stratum, CONFIDENCE) <= alpha
        for each in labelled
        if each.stratum in calibration.scores
    )


def _threshold(calibration: ConformalCalibration, stratum: str, alpha: float) -> float:
    """Return the lowest score of the calibration above which p <= alpha."""
    above: list[float] = [*calibration.scores[stratum].tolist(), float("inf")]
    low, high = 0, len(above) - 1
    while low < high:  # p falls as scores rise
        middle = (low + high) // 2
        beyond = float(np.nextafter(np.float32(above[middle]), np.float32(np.inf)))
        if calibration.assured_p_value(beyond, stratum, CONFIDENCE) <= alpha:
            high = middle
        else:
            low = middle + 1
    return above[low]
