import numpy as np
import pytest
import torch

from predictor.artifact import Part, default_directory, read_part
from predictor.learning.interval_widening import (
    Told,
    Widening,
    chances_covered,
    learn_widening,
    thresholds_covered,
    widened,
)
from predictor.noticeability.settings import settings_from_card


def told(true: np.ndarray, predicted: float, low: float, high: float) -> Told:
    return Told(true, *(np.full(len(true), value) for value in (predicted, low, high)))


def test_thresholds_twice_the_interval_away_need_twice_the_interval():
    far = told(np.exp(np.array([-0.4, 0.4, 0.0])), 1.0, float(np.exp(-0.2)), float(np.exp(0.2)))

    assert thresholds_covered(far, 1.0) == pytest.approx(1 / 3)
    assert thresholds_covered(far, 2.01) == 1.0


def test_no_more_is_widened_than_covers_as_promised():
    chances = told(np.full(40, 0.5), 0.5, 0.4, 0.6)
    thresholds = told(np.exp(np.linspace(-0.29, 0.29, 40)), 1.0, float(np.exp(-0.2)), float(np.exp(0.2)))

    found = learn_widening([chances], [thresholds])

    assert found.chances == 1.0
    assert 1.3 <= found.thresholds <= 1.5


def test_a_group_is_covered_by_its_mean_chance():
    scattered = told(np.tile([0.0, 1.0], 50), 0.5, 0.4, 0.6)

    assert chances_covered(scattered, 1.0, margin=0.0) == 1.0


@pytest.mark.parametrize("kind", ["noticeability", "thresholds"])
def test_widening_touches_no_array_and_no_margin_of_a_planner(kind: str):
    part = read_part(default_directory(), kind)  # type: ignore[arg-type]

    found = widened(part, Widening(1.7, 1.3))

    assert all(torch.equal(found.tensors[name], array) for name, array in part.tensors.items())
    assert found.card.get("widening") == part.card.get("widening")
    assert "nobody learned" in found.card["intervals"]


def test_a_stranger_is_told_the_wider_interval():
    part = read_part(default_directory(), "noticeability")

    strangers = settings_from_card(widened(part, Widening(1.7, 1.3)).card["settings"]).strangers

    assert strangers is not None
    assert (strangers.widening, strangers.margin) == (1.7, 0.05)
    plain = strangers.interval.around(0.5)
    wide = strangers.interval.around(0.5, widening=strangers.widening, margin=strangers.margin)
    assert wide[0] < plain[0] - 0.05
    assert wide[1] > plain[1] + 0.05


def test_a_part_is_told_apart_by_what_it_holds():
    part = Part({}, {"delivery": {}, "widening": 1.2})

    assert widened(part, Widening(1.7, 1.3)).card["interval_widening"] == 1.3
