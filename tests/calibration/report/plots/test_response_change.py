from dataclasses import replace

import pytest

from calibration.prompts.assessment import PromptFinding, assess_prompts
from calibration.report.plots.ink import INK
from calibration.report.plots.response_change import draw_response_change
from tests.calibration.staged_prompts import prompt_trials

KIND = "prompt-words"


def drawn(finding: PromptFinding):
    return draw_response_change(finding).axes[0]


def upright_lines(axes) -> list[float]:
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    return [float(line.get_xdata()[0]) for line in dashed if line.get_xdata()[0] == line.get_xdata()[-1]]


def test_a_threshold_stands_where_it_was_measured():
    finding = assess_prompts(prompt_trials(1.0))[KIND]

    assert upright_lines(drawn(finding)) == [pytest.approx(finding.threshold.threshold)]


def test_a_threshold_not_reached_is_not_drawn():
    assert upright_lines(drawn(assess_prompts(prompt_trials(0.2))[KIND])) == []


def test_every_share_that_was_perturbed_has_its_dot():
    finding = assess_prompts(prompt_trials(1.0))[KIND]

    dots = [line for line in drawn(finding).lines if line.get_marker() == "o" and line.get_color() == INK]

    assert [line.get_xdata()[0] for line in dots] == [found.share for found in finding.levels]


def test_answers_that_could_not_be_compared_are_not_drawn():
    trials = [replace(trial, noticed=None) for trial in prompt_trials(1.0)]

    assert not drawn(assess_prompts(trials)[KIND]).get_lines()[:-1]


def test_a_prompt_of_one_sentence_is_drawn_up_to_the_whole():
    finding = assess_prompts(prompt_trials(1.0, prompt="What is this?"))["prompt-sentences"]

    assert drawn(finding).get_xlim()[1] > 100
