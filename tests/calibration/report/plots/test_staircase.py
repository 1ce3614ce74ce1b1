from calibration.report.plots.staircase import MOST_STRIPS, draw_staircase
from calibration.report.sweeps import Sweep
from calibration.stimuli.registry import DISTORTIONS


def test_each_reference_has_a_step_curve_and_a_strip():
    sweeps = [Sweep("folder/a.png", (5, 20), 50), Sweep("b.png", (), 50), Sweep("c.png", (1, 2, 50), 50)]

    steps, strips = draw_staircase(DISTORTIONS["blur"], sweeps).axes

    assert len(steps.lines) == len(sweeps) + 1  # and their mean
    assert [label.get_text() for label in strips.get_yticklabels()] == ["a", "b", "c"]
    assert [line.get_ydata()[-1] for line in steps.lines] == [2, 0, 3, 5 / 3]


def test_of_many_references_the_first_dozen_gets_strips_and_all_count():
    sweeps = [Sweep(f"{number}.png", (10,), 50) for number in range(40)]

    steps, strips = draw_staircase(DISTORTIONS["blur"], sweeps).axes

    assert len(strips.get_yticklabels()) == MOST_STRIPS
    assert len(steps.lines) == 41
