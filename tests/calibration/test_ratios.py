import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.profile import Threshold
from calibration.ratios import difference_of_shares, geometric_mean, ratio_of, wilson_interval


def measured(threshold: float, low: float, high: float) -> Threshold:
    return Threshold("measured", threshold, None, low, high, 3.0, 0.02, 0.98, 25)


@st.composite
def thresholds(draw: st.DrawFn) -> Threshold:
    middle = draw(st.floats(0.1, 100))
    return measured(middle, middle / draw(st.floats(1.01, 4)), middle * draw(st.floats(1.01, 4)))


@given(thresholds(), thresholds())
def test_swapping_the_sides_inverts_the_ratio_and_keeps_the_p_value(a: Threshold, b: Threshold):
    forth, back = ratio_of(a, b), ratio_of(b, a)

    assert forth.ratio * back.ratio == pytest.approx(1, rel=2e-3)
    assert forth.low * back.high == pytest.approx(1, rel=2e-3)
    assert forth.p_value == pytest.approx(back.p_value, rel=2e-3)


@given(thresholds(), thresholds())
def test_the_interval_encloses_the_ratio_and_excludes_one_exactly_when_the_test_says_so(
    a: Threshold, b: Threshold
):
    found = ratio_of(a, b)

    assert found.low <= found.ratio <= found.high
    if abs(found.p_value - 0.05) > 0.001:
        assert (found.p_value < 0.05) == (not found.low <= 1 <= found.high)


def test_symmetric_intervals_give_the_textbook_test():
    a, b = (measured(level, level / 1.5, level * 1.5) for level in (10, 20))
    error = math.log(1.5) / 1.96 * math.sqrt(2)

    found = ratio_of(a, b)

    assert found.low == pytest.approx(2 * math.exp(-1.96 * error), rel=1e-3)
    assert found.p_value == pytest.approx(math.erfc(math.log(2) / error / math.sqrt(2)), rel=1e-2)


def test_the_geometric_mean_of_many_is_surer_than_one():
    one = ratio_of(measured(10, 7, 14), measured(15, 10, 21))

    many = geometric_mean([one] * 9)

    assert many.ratio == pytest.approx(one.ratio, rel=1e-3)
    assert math.log(many.high / many.low) == pytest.approx(math.log(one.high / one.low) / 3, rel=1e-2)
    assert many.p_value < one.p_value


def test_wilson_gives_newcombes_worked_examples():
    # Newcombe 1998, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I
    assert wilson_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0 / 20, 20) == pytest.approx((0, 0.1611), abs=5e-5)


def test_a_share_rounded_to_four_digits_still_stands_for_its_count():
    assert wilson_interval(0.308, 263) == wilson_interval(81 / 263, 263)


def test_newcombes_difference_of_shares():
    # Newcombe 1998 (II), table II, contrast a, method 10: 56/70 - 48/80
    assert difference_of_shares(48 / 80, 56 / 70, trials_a=80, trials_b=70) == pytest.approx(
        (0.0524, 0.3339), abs=5e-5
    )


@pytest.mark.parametrize("ends", [(10, 10), (None, None), (10, 12), (8, None)])
def test_a_side_whose_interval_has_no_width_is_not_tested(ends):
    found = ratio_of(measured(10, *ends), measured(30, 25, 36))

    assert (found.ratio, found.low, found.high, found.p_value) == (3, None, None, None)
    assert geometric_mean([found, found]).p_value is None
