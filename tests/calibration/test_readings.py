import numpy as np
import pytest
from scipy.stats import beta

from calibration.readings import PRECISIONS, expected_index, likelihoods


def test_a_reading_is_likeliest_where_it_is_expected():
    table = likelihoods(0.3)

    for precision, row in zip(PRECISIONS, table, strict=True):
        if precision >= 10:
            assert np.argmax(row) == pytest.approx(expected_index(0.3), abs=15)


@pytest.mark.parametrize("reading", [0.1, 0.5, 0.93])
def test_likelihoods_are_those_of_a_beta_distribution(reading):
    at = expected_index(0.5)  # exactly in the table

    found = likelihoods(reading)[:, at]

    assert found == pytest.approx(beta(PRECISIONS / 2, PRECISIONS / 2).pdf(reading), rel=1e-6, abs=1e-29)


@pytest.mark.parametrize("expected", [0.1, 0.5, 0.9])
def test_at_no_precision_a_saturated_reading_is_a_yes_or_a_no(expected):
    at = expected_index(expected)

    assert likelihoods(1.0)[0, at] == pytest.approx(expected, rel=0.1)
    assert likelihoods(0.0)[0, at] == pytest.approx(1 - expected, rel=0.1)


def test_every_probability_has_a_place():
    places = expected_index(np.array([0.0, 1e-9, 0.5, 1 - 1e-9, 1.0]))

    assert places.tolist() == [0, 0, 200, 400, 400]


def test_no_reading_is_impossible():
    for reading in (0.0, 0.02, 0.4, 0.98, 1.0):
        assert np.all(likelihoods(reading) > 0)


@pytest.mark.parametrize("reading", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(reading):
    with pytest.raises(ValueError, match="between 0 and 1"):
        likelihoods(reading)
