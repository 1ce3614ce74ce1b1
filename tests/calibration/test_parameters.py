import numpy as np
import pytest

from calibration.parameters import (
    COMMON_LAPSES,
    GUESS_RATES,
    LAPSE_RATES,
    RARE_LAPSES,
    SLOPES,
    GuessPrior,
    SlopePrior,
    coarse_grid,
)


@pytest.mark.parametrize("strongest", [50.0, 100.0])
def test_the_prior_is_a_distribution_over_the_thresholds_considered(strongest):
    grid = coarse_grid(strongest)

    assert np.exp(grid.log_prior).sum() == pytest.approx(1)
    assert np.exp(grid.log_thresholds[[0, -1]]) == pytest.approx([strongest / 250, 2 * strongest])


def test_no_threshold_is_ruled_out_beforehand():
    by_threshold = np.exp(coarse_grid(50.0).log_prior).sum(axis=1)

    assert by_threshold.min() > 1e-3


def test_probabilities_are_those_of_the_function_and_grow_with_level():
    grid = coarse_grid(50.0)

    p = grid.probability(np.array([0.0, 5.0, 50.0]))

    assert p.shape == (3, *grid.log_prior.shape)
    assert np.all(np.diff(p, axis=0) >= -1e-12)
    assert np.all((p > 0) & (p < 1))


def test_a_refined_grid_spans_the_posterior_alone():
    grid = coarse_grid(50.0)
    posterior = np.zeros(grid.log_prior.shape)
    posterior[30:33] = 1

    fine = grid.refined(posterior / posterior.sum())

    assert grid.log_thresholds[28] <= fine.log_thresholds[0] < grid.log_thresholds[30]
    assert grid.log_thresholds[32] < fine.log_thresholds[-1] <= grid.log_thresholds[34]


def test_refining_a_nuisance_keeps_its_prior():
    grid = coarse_grid(50.0)
    posterior = np.zeros(grid.shape)
    posterior[:, 5:7, 0:2, 1] = 1

    fine = grid.refined(posterior.reshape(grid.log_prior.shape) / posterior.sum())

    assert grid.slopes[3] < fine.slopes[0] < fine.slopes[-1] < grid.slopes[8]
    guess = np.exp(fine.log_prior).reshape(fine.shape).sum(axis=(0, 1, 3))
    assert np.exp(fine.log_prior).sum() == pytest.approx(1)
    assert guess @ fine.guess_rates < fine.guess_rates.mean()  # few cry wolf


def test_identical_pairs_seen_elsewhere_move_the_guess_rate():
    few, many = (
        np.exp(coarse_grid(50.0, prior).log_prior).reshape(coarse_grid(50.0).shape).sum(axis=(0, 1, 3))
        for prior in (GuessPrior(), GuessPrior(0.4 + 12, 4 + 28))
    )

    assert many @ GUESS_RATES == pytest.approx(0.3, abs=0.04)
    assert few @ GUESS_RATES < 0.15


def test_one_lapse_in_ten_is_expected_when_fitting_and_hardly_when_placing():
    common, rare = (
        np.exp(coarse_grid(50.0, lapse_prior=prior).log_prior)
        .reshape(coarse_grid(50.0).shape)
        .sum(axis=(0, 1, 2))[LAPSE_RATES > 0.1]
        .sum()
        for prior in (COMMON_LAPSES, RARE_LAPSES)
    )

    assert common > 0.15
    assert rare < common / 2


def test_what_is_known_of_the_slope_narrows_it_and_rules_nothing_out():
    prior = SlopePrior(2.0, 0.5, general_share=0.3)

    mass = (
        np.exp(coarse_grid(50.0, slope_prior=prior).log_prior).reshape(coarse_grid(50.0).shape).sum((0, 2, 3))
    )

    assert mass[(SLOPES > 1.2) & (SLOPES < 3.4)].sum() > 0.6
    assert mass.min() > 1e-3
