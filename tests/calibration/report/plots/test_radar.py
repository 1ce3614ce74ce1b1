from dataclasses import replace

import numpy as np
import pytest

from calibration.assessment import assess
from calibration.psychometric import PsychometricFunction
from calibration.published_table import COLUMNS, HUMAN_LEVELS, TABLE
from calibration.report.plots.radar import BESIDE, draw_radar, multiples_of_human
from tests.calibration.report.staged_trials import adaptive_trials


def seen(*names: str, threshold: float = 8):
    function = PsychometricFunction(threshold, 3, 0.02, 0.02)
    return assess([trial for name in names for trial in adaptive_trials(name, function)])


def test_a_model_that_sees_like_people_lies_on_their_ring():
    assessments = seen("blur")
    human = HUMAN_LEVELS["blur"]
    same = replace(assessments["blur"].threshold, threshold=human)

    assert multiples_of_human({"blur": replace(assessments["blur"], threshold=same)}) == {"blur": 1}


def test_only_the_papers_columns_with_a_jnd_are_drawn():
    assessments = seen("blur", "webp", "noise") | seen("contrast", threshold=900)
    biased = replace(assessments["noise"].threshold, status="unmeasurable")
    assessments["noise"] = replace(assessments["noise"], threshold=biased)

    assert set(multiples_of_human(assessments)) == {"blur", "contrast"}


def test_every_spoke_ring_and_model_is_labelled():
    figure = draw_radar(seen("blur"))

    assert len(figure.axes[0].get_xticklabels()) == len(COLUMNS)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(legend) == sorted([*BESIDE, "people", "this model"])


def test_the_models_beside_are_published_ones():
    assert set(BESIDE) <= set(TABLE)


@pytest.mark.parametrize("threshold", [0.3, 900])
def test_dots_stay_inside_the_outermost_ring(threshold: float):
    axes = draw_radar(seen("blur", "mask", threshold=threshold)).axes[0]

    radii = np.concatenate([line.get_ydata() for line in axes.lines])
    assert np.nanmin(radii) >= 0
    assert np.nanmax(radii) <= axes.get_ylim()[1]
