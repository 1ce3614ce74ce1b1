import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.compression.audit.rate import ChangeRate, clopper_pearson, pictures_needed, rate_of


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0.0, 0.3085), (1, 300, 0.0000844, 0.01843), (10, 100, 0.0490, 0.1762), (10, 10, 0.6915, 1.0)],
)
def test_limits_are_those_of_published_tables(count: int, of: int, low: float, high: float):
    assert clopper_pearson(count, of) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("count", "of", "confidence"), [(-1, 5, 0.9), (6, 5, 0.9), (0, 0, 0.9), (1, 5, 1.0)])
def test_what_cannot_be_counted_is_refused(count: float, of: int, confidence: float):
    with pytest.raises(ValueError, match="expected"):
        clopper_pearson(count, of, confidence)


@given(st.integers(1, 400), st.data())
def test_the_interval_holds_the_share_and_grows_with_confidence(pictures: int, data: st.DataObject):
    changed = data.draw(st.floats(0, pictures))
    noise = data.draw(st.floats(0, pictures - changed))
    rate = ChangeRate(pictures, pictures, changed, noise)

    low, high = rate.interval()
    wide_low, wide_high = rate.interval(0.999)

    assert 0 <= low <= max(rate.share, 0) <= high + 1e-9 <= 1 + 1e-9
    assert wide_low <= low + 1e-9 and wide_high >= high - 1e-9


def test_two_answers_about_one_picture_weigh_as_much_as_one_about_another():
    rate = rate_of([("a", True, False), ("a", False, False), ("b", False, True), ("c", False, False)])

    assert rate == ChangeRate(pictures=3, answers=4, changed=0.5, noise=1.0)


def test_a_noisy_model_is_not_blamed_on_the_lightening():
    """Three draws of one coin: lightening does nothing, whatever the model's own noise."""
    rng = np.random.default_rng(5)
    broken = 0
    for _ in range(200):
        first, sent, again = rng.random((3, 150)) < 0.8
        rate = ChangeRate(
            150,
            150,
            float(np.sum((first == again) & (sent != first))),
            float(np.sum((sent == again) & (sent != first))),
        )
        broken += rate.finding(0.01) == "broken"

    assert broken <= 0.05 * 200


def test_a_change_in_one_answer_of_five_is_found_under_the_same_noise():
    rng = np.random.default_rng(6)
    first, sent, again = rng.random((3, 400)) < 0.9
    sent = np.where(rng.random(400) < 0.2, ~first, sent)
    rate = ChangeRate(
        400,
        400,
        float(np.sum((first == again) & (sent != first))),
        float(np.sum((sent == again) & (sent != first))),
    )

    assert rate.finding(0.01) == "broken"


@pytest.mark.parametrize(
    ("rate", "finding"),
    [
        (ChangeRate(400, 400), "kept"),
        (ChangeRate(50, 50), "undecided"),
        (ChangeRate(50, 50, changed=5), "broken"),
        (ChangeRate(), "undecided"),
    ],
)
def test_the_finding_says_where_the_interval_lies(rate: ChangeRate, finding: str):
    assert rate.finding(0.01) == finding


def test_as_many_pictures_are_needed_as_make_the_upper_limit_reach_the_promise():
    needed = pictures_needed(0.01)

    assert needed is not None
    assert clopper_pearson(0, needed)[1] <= 0.01 < clopper_pearson(0, needed - 1)[1]
    assert pictures_needed(0.0) is None
