"""Judge predictions, and plain metrics beside them, on pairs with an observer's answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from calibration.image import Image, resize
from calibration.profile import JndProfile
from predictor.learning.dataset import AnsweredPairs
from predictor.learning.noticeability.threshold_error import threshold_errors
from predictor.noticeability.model import Noticeability
from predictor.predict import Predictor
from predictor.views import model_view

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_GROUPS = 10
_TAIL = 0.025
_GMSD_T = 170.0  # Xue et al. (2014): keeps the similarity stable where both gradients are small


@dataclass(frozen=True)
class Evaluation:
    """What `jnd-predictor evaluate` prints."""

    auc: float  # of "noticed" (more likely than not to be called different) by predicted probability
    brier: float  # expected of one answer, see `expected_brier`
    threshold_error_median: float | None  # |ln(predicted / answered)|; None: no measured threshold
    coverage_95: float
    baselines: Mapping[str, Mapping[str, float]]
    n_pairs: int


def evaluate(predictor: Predictor, pairs: AnsweredPairs, profile: JndProfile) -> Evaluation:
    """Compare predictions with the observer's answers.

    Raises:
        ValueError: All answers are of one kind.
        ImageError: A picture is no longer readable.
    """
    judged = [_judge(predictor, *pair, profile) for pair in pairs.shown()]
    found = [one.predicted for one in judged]
    chances = np.array([one.probability for one in found])
    answered = pairs.probabilities.astype(np.float64)
    noticed = answered > 0.5
    baselines = {
        name: {"auc": area_under_curve(noticed, -np.array([one.metrics[name] for one in judged]))}
        for name in METRICS
    }
    return Evaluation(
        auc=area_under_curve(noticed, chances),
        brier=expected_brier(answered, chances),
        threshold_error_median=threshold_error(
            pairs, chances, profile, identical=np.array([one.is_identical for one in judged])
        ),
        coverage_95=coverage(found, answered),
        baselines=baselines,
        n_pairs=len(pairs),
    )


def predict_pairs(predictor: Predictor, pairs: AnsweredPairs, profile: JndProfile) -> list[Noticeability]:
    """Predict every pair, as serving does."""
    return [predictor.notice(reference, distorted, profile) for reference, distorted in pairs.shown()]


def area_under_curve(noticed: Bools, scores: Floats) -> float:
    """Return the chance that a noticed pair scores above an unnoticed one; ties count half.

    Raises:
        ValueError: All answers are of one kind.
    """
    if noticed.all() or not noticed.any():
        raise ValueError("expected answers of both kinds, noticed and not; got one kind only")
    return float(roc_auc_score(noticed, scores))


def expected_brier(answered: Floats, chances: Floats) -> float:
    """Return the mean squared error against one answer, drawn as often "different" as the observer says so.

    Of yes and no it is the Brier score. The best predictor of stated chances predicts these chances.
    """
    return float(np.mean(answered * (1 - chances) ** 2 + (1 - answered) * chances**2))


def calibration_error(answered: Floats, chances: Floats, groups: int = _GROUPS) -> float:
    """Return the expected calibration error over groups of equal count.

    Args:
        answered: The observer's chances of saying "different", each the mean over questions; or yes and no.
        chances: Predicted.
        groups: Of pairs, by predicted chance.
    """
    order = np.argsort(chances, kind="stable")
    return float(
        sum(
            len(group) * abs(chances[group].mean() - answered[group].mean())
            for group in np.array_split(order, groups)
            if len(group)
        )
        / len(chances)
    )


def coverage(found: Sequence[Noticeability], observed: Floats) -> float:
    """Return how much of the observer's own behaviour lies in the predicted 95 % intervals.

    With probabilities: the share of pairs. With yes and no only: the share of ten equal groups of pairs whose
    count of "different" chances between the group's mean bounds give, but for 2.5 % on either side: of few
    answers the frequency strays from their chance.
    """
    low, high = np.array([one.low for one in found]), np.array([one.high for one in found])
    if not np.isin(observed, (0.0, 1.0)).all():
        return float(np.mean((low <= observed) & (observed <= high)))
    order = np.argsort([one.probability for one in found], kind="stable")
    groups = [group for group in np.array_split(order, _GROUPS) if len(group)]
    inside = [
        binom.ppf(_TAIL, len(group), low[group].mean())
        <= observed[group].sum()
        <= binom.ppf(1 - _TAIL, len(group), high[group].mean())
        for group in groups
    ]
    return float(np.mean(inside))


def threshold_error(
    pairs: AnsweredPairs, chances: Floats, profile: JndProfile, *, identical: Bools
) -> float | None:
    """Return the median over distortions of |ln(predicted / answered)|; see `threshold_errors`.

    Only distortions count whose threshold the profile measured; None where there is none.
    """
    measured = {name for name, found in profile.distortions.items() if found.is_estimated}
    errors = threshold_errors(pairs, chances, measured, identical=identical)
    return float(np.median(np.abs(list(errors.values())))) if errors else None


def measure_all(pairs: AnsweredPairs, metric: Callable[[Image, Image], float]) -> Floats:
    """Apply a full-reference metric to every pair."""
    return np.array([metric(reference, distorted) for reference, distorted in pairs.shown()])


def psnr(reference: Image, distorted: Image) -> float:
    """Return the peak signal-to-noise ratio over RGB, dB; 100 for identical pictures."""
    return min(100.0, float(cv2.PSNR(reference.pixels, distorted.pixels)))


def ssim(reference: Image, distorted: Image) -> float:
    """Return the mean luma SSIM, Gaussian window of sigma 1.5 (Wang et al., 2004).

    scikit-image's takes two to four times as long and refuses pictures of fewer than 11 pixels a side.
    """
    first, second = (
        cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (reference, distorted)
    )
    mean_first, mean_second = _blur(first), _blur(second)
    variance_first = _blur(first**2) - mean_first**2
    variance_second = _blur(second**2) - mean_second**2
    covariance = _blur(first * second) - mean_first * mean_second
    luminance = (2 * mean_first * mean_second + 6.5025) / (mean_first**2 + mean_second**2 + 6.5025)
    structure = (2 * covariance + 58.5225) / (variance_first + variance_second + 58.5225)
    return float(np.mean(luminance * structure))


def gmsd(reference: Image, distorted: Image) -> float:
    """Return the gradient magnitude similarity deviation of luma: 0 for identical pictures, more is worse.

    Xue et al. (2014), "Gradient magnitude similarity deviation", eqs. 1-6: both pictures halved by a 2 x 2
    mean, Prewitt gradients, T = 170 on the scale of 255.
    """
    first, second = (
        cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (reference, distorted)
    )
    steep_first, steep_second = _steepness(_halve(first)), _steepness(_halve(second))
    similarity = (2 * steep_first * steep_second + _GMSD_T) / (steep_first**2 + steep_second**2 + _GMSD_T)
    return float(np.std(similarity))


METRICS: Mapping[str, Callable[[Image, Image], float]] = {  # greater: more alike
    "psnr": psnr,
    "ssim": ssim,
    "gmsd": lambda first, second: -gmsd(first, second),
}


@dataclass(frozen=True)
class _Judged:
    predicted: Noticeability
    metrics: Mapping[str, float]
    is_identical: bool


def _judge(predictor: Predictor, reference: Image, distorted: Image, profile: JndProfile) -> _Judged:
    """Judge a pair once it is rendered, by everything that is asked of it."""
    alike = _as_compared(reference, reference, profile), _as_compared(reference, distorted, profile)
    return _Judged(
        predictor.notice(reference, distorted, profile),
        {name: metric(*alike) for name, metric in METRICS.items()},
        np.array_equal(reference.pixels, distorted.pixels),
    )


def _as_compared(reference: Image, image: Image, profile: JndProfile) -> Image:
    """Bring a picture to where plain metrics compare: the model's view if known, or the reference's size."""
    if profile.input_side is not None:
        return model_view(image, profile.input_side)
    return resize(image, reference.width, reference.height)


def _blur(values: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5), dtype=np.float64)


def _halve(values: Floats) -> Floats:
    rows, columns = values.shape[0] // 2 * 2, values.shape[1] // 2 * 2
    if not rows or not columns:
        return values
    return np.asarray(values[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3)))


def _steepness(values: Floats) -> Floats:
    """Return the gradient magnitude under Prewitt's kernels divided by 3."""
    kernel = np.array([[1.0, 0.0, -1.0]] * 3) / 3.0
    across, down = cv2.filter2D(values, -1, kernel), cv2.filter2D(values, -1, kernel.T)
    return np.asarray(np.hypot(across, down), dtype=np.float64)
