import json
import math
from dataclasses import asdict, replace

import pytest

from predictor.noticeability.settings import Certainty, Interval, Link, Settings, settings_from_card

SETTINGS = Settings(("blur", "noise"), (1.0, 4.0), 1.0, Interval((0.5,), (-1.0, -2.0), (1.0, 2.0)))


def test_one_jnd_is_halfway_between_floor_and_ceiling():
    link = Link(floor=0.1, ceiling=0.9, steepness=5.0)

    assert link.probability(0.0) == pytest.approx(0.5)


def test_no_difference_gives_the_floor():
    assert Link(0.03, 0.98, 4.0).probability(-math.inf) == pytest.approx(0.03)


def test_what_a_model_was_learned_to_do_replaces_what_its_profile_says():
    certainty = Certainty(2.0, 0.0, SETTINGS.interval, floor=0.1, ceiling=0.7)

    assert certainty.over(Link(0.02, 0.98, 3.0)) == Link(0.1, 0.7, 6.0)


def test_the_link_rises():
    link = Link(0.02, 0.97, 4.0)
    chances = [link.probability(size / 10) for size in range(-30, 30)]

    assert chances == sorted(chances)
    assert chances[-1] == pytest.approx(0.97, abs=1e-4)


def test_intervals_depend_on_the_range_and_enclose_the_prediction():
    low, high = SETTINGS.interval.around(0.3)
    wide_low, wide_high = SETTINGS.interval.around(0.6)

    assert low < 0.3 < high
    assert wide_high - wide_low > high - low


def test_a_bound_far_beyond_every_answer_is_a_sure_one():
    interval = Interval((), (-1e6,), (1e6,))

    assert interval.around(0.5) == pytest.approx((0.0, 1.0))


def test_settings_survive_the_card():
    settings = replace(
        SETTINGS,
        usual_pattern=(0.1, -0.1),
        known_models={"met": Certainty(2.0, 0.0, SETTINGS.interval, (0.1, -0.2), 0.05, 0.9)},
        strangers=Certainty(1.0, 0.2, SETTINGS.interval),
    )

    assert settings_from_card(json.loads(json.dumps(asdict(settings)))) == settings
