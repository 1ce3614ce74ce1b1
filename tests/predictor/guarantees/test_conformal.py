import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictor.guarantees.conformal import ConformalCalibration, calibrate


def test_p_value_counts_calibration_pictures_at_least_as_suspicious():
    calibration = calibrate({"lossless": [3.0, 1.0, 2.0, 4.0]})

    assert calibration.p_value(3.0, "lossless") == pytest.approx(3 / 5)
    assert calibration.p_value(9.0, "lossless") == pytest.approx(1 / 5)
    assert calibration.p_value(-9.0, "lossless") == 1.0


def test_fresh_benign_scores_are_flagged_at_most_as_often_as_promised():
    rng = np.random.default_rng(0)
    flags = []
    for _ in range(300):
        calibration = calibrate({"any": rng.normal(size=200)})
        flags += [calibration.p_value(score, "any") <= 0.05 for score in rng.normal(size=50)]

    assert np.mean(flags) == pytest.approx(0.05, abs=0.01)


@given(st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=300), st.floats(0.001, 0.5))
def test_threshold_is_the_least_score_that_is_flagged(scores, alpha):
    calibration = calibrate({"any": scores})

    threshold = calibration.threshold(alpha, "any")

    if np.isfinite(threshold):
        assert calibration.p_value(np.nextafter(np.float32(threshold), np.float32(np.inf)), "any") <= alpha
    else:
        assert calibration.p_value(1e9, "any") > alpha


def test_assured_p_values_hold_for_most_calibration_sets_not_only_on_average():
    rng = np.random.default_rng(1)
    realised = {"marginal": [], "assured": []}
    for _ in range(400):
        calibration = calibrate({"any": rng.random(500)})
        lowest = 1.0 - np.arange(1, 40) / 2000  # scores: uniform, so a threshold t is exceeded by 1 - t
        for name, p_of in (
            ("marginal", lambda score: calibration.p_value(score, "any")),  # noqa: B023 (used at once)
            ("assured", lambda score: calibration.assured_p_value(score, "any", 0.8)),  # noqa: B023
        ):
            flagged = [score for score in lowest if p_of(score) <= 0.01]
            realised[name].append(1.0 - min(flagged, default=1.0))

    assert np.mean(np.array(realised["assured"]) <= 0.01) >= 0.77
    assert np.mean(np.array(realised["marginal"]) <= 0.01) <= 0.65


@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.5, 0.99))
def test_an_assured_p_value_is_never_below_the_marginal_one(size, above, confidence):
    calibration = calibrate({"any": np.arange(size)})
    score = float(size - min(above, size))

    assured = calibration.assured_p_value(score, "any", confidence)

    assert calibration.p_value(score, "any") <= assured <= 1.0


def test_unknown_stratum_and_nan_are_refused():
    calibration = calibrate({"lossless": [1.0]})

    with pytest.raises(LookupError, match="lossless"):
        calibration.p_value(1.0, "lossy")
    with pytest.raises(LookupError, match="lossless"):
        calibration.threshold(0.1, "lossy")
    with pytest.raises(LookupError, match="lossless"):
        calibration.assured_p_value(1.0, "lossy", 0.8)
    with pytest.raises(ValueError, match="NaN"):
        calibration.p_value(float("nan"), "lossless")


@pytest.mark.parametrize("scores", [[], [2.0, 1.0], [np.nan]])
def test_calibration_refuses_scores_that_are_empty_unsorted_or_not_numbers(scores):
    with pytest.raises(ValueError, match="expected"):
        ConformalCalibration({"any": np.array(scores, dtype=np.float32)})
