import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.surprise import Surprise, learn_surprise


def test_surprise_is_how_rarely_benign_pictures_score_as_high_in_decades():
    scores = np.random.default_rng(0).standard_normal(10_000)

    curve = learn_surprise(scores.tolist(), pictures=10_000, unit=1.0)

    assert curve.of(float(np.quantile(scores, 0.9))) == pytest.approx(1.0, abs=0.15)
    assert curve.of(float(np.quantile(scores, 0.99))) == pytest.approx(2.0, abs=0.15)


def test_beyond_all_benign_scores_a_tail_goes_on_as_an_exponential_would_and_ends_after_a_decade():
    scores = np.random.default_rng(1).exponential(1.0, 5000)

    curve = learn_surprise(scores.tolist(), pictures=5000, unit=1.0)

    highest = float(scores.max())
    assert curve.of(highest + 0.5) - curve.of(highest) == pytest.approx(0.5 / np.log(10), rel=0.6)
    assert curve.of(highest + 500.0) == pytest.approx(curve.of(highest) + 1.0, abs=0.01)


@given(
    st.lists(st.floats(-1000, 1000), max_size=60),
    st.floats(-2000, 2000),
    st.floats(0, 2000),
    st.integers(0, 100),
)
def test_a_higher_score_is_never_less_surprising(scores, score, more, silent):
    curve = learn_surprise(scores, pictures=len(scores) + silent, unit=0.5)

    assert 0.0 <= curve.of(score) <= curve.of(score + more)


def test_a_rule_that_never_fired_is_as_surprising_as_the_number_of_pictures_allows():
    curve = learn_surprise([], pictures=999, unit=0.5)

    assert curve.of(0.0) == pytest.approx(3.0)
    assert curve.of(2.0) > curve.of(1.0) > 3.0


def test_equal_scores_count_together():
    curve = learn_surprise([0.0] * 90 + [1.0] * 10, pictures=100, unit=1.0)

    assert curve.of(0.0) == pytest.approx(0.0, abs=0.01)
    assert curve.of(1.0) == pytest.approx(np.log10(101 / 11), abs=0.01)


def test_a_curve_survives_its_file_and_one_that_falls_is_refused():
    curve = learn_surprise([1.0, 2.0, 5.0], pictures=10, unit=1.0)

    assert Surprise.from_json(curve.to_json()) == curve
    with pytest.raises(ValueError, match="rise"):
        Surprise((1.0, 2.0), (1.0, 0.5), 1.0)
    with pytest.raises(ValueError, match="pictures"):
        learn_surprise([1.0, 2.0], pictures=1, unit=1.0)
