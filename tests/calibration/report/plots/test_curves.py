from dataclasses import replace
from itertools import pairwise

import pytest

from calibration.assessment import assess
from calibration.psychometric import PsychometricFunction
from calibration.report.plots.curves import draw_curve
from tests.calibration.report.staged_trials import adaptive_trials, ascending_trials, staged_trial


@pytest.mark.parametrize("name", ["blur", "jpeg"])
@pytest.mark.parametrize("threshold", [0.3, 8, 900])
def test_labels_below_the_axis_never_touch(name: str, threshold: float):
    (assessment,) = assess(adaptive_trials(name, PsychometricFunction(threshold, 3, 0.02, 0.02))).values()

    figure = draw_curve(assessment)
    figure.canvas.draw()

    boxes = sorted(
        (label.get_window_extent() for label in figure.axes[0].get_xticklabels()), key=lambda b: b.x0
    )
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_without_a_fit_the_answers_are_drawn_alone():
    (assessment,) = assess(ascending_trials("blur", PsychometricFunction(8, 3, 0.02, 0.02))).values()

    axes = draw_curve(replace(assessment, fit=None)).axes[0]

    assert not axes.lines
    assert axes.collections


def test_answers_against_a_replaced_reference_are_left_out():
    trials = ascending_trials("blur", PsychometricFunction(2, 3, 0.02, 0.02), references=1)
    (whole,) = assess(trials).values()
    first = [trial for trial in trials if trial.stimulus.reference_level == 0]

    drawn = draw_curve(replace(whole, fit=None)).axes[0].collections[0].get_offsets()
    expected = draw_curve(replace(whole, fit=None, trials=first)).axes[0].collections[0].get_offsets()

    assert drawn.tolist() == expected.tolist()


def test_stated_probabilities_are_drawn_where_the_observer_tells_them():
    trials = [staged_trial(index, level=10.0, noticed=True, probability=0.6) for index in range(4)]
    (assessment,) = assess(trials).values()

    (dots,) = draw_curve(replace(assessment, fit=None)).axes[0].collections

    assert dots.get_offsets()[0].tolist() == pytest.approx([10, 0.6])


def test_without_a_readable_answer_nothing_is_drawn_and_that_is_said():
    lost = [staged_trial(index, level=float(index), noticed=None) for index in range(10)]
    (assessment,) = assess(lost).values()

    axes = draw_curve(assessment).axes[0]

    assert not axes.lines
    assert not axes.collections
    assert [text.get_text() for text in axes.texts] == ["no readable answer"]
