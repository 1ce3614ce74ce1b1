import pytest

from calibration.procedures.ascending import climbed
from calibration.psychometric import PsychometricFunction
from calibration.report.sweeps import Sweep, sweeps_of
from tests.calibration.report.staged_trials import adaptive_trials, ascending_trials, staged_trial


@pytest.mark.parametrize("threshold", [0.6, 2, 9, 30, 400])
@pytest.mark.parametrize("window", [1, 2, 3, 5])
def test_the_jnds_are_those_the_procedure_found(threshold: float, window: int):
    trials = ascending_trials("blur", PsychometricFunction(threshold, 3, 0.05, 0.05), 5, window)

    sweeps = sweeps_of(trials, 50)

    assert [sweep.image for sweep in sweeps] == [f"{series}.png" for series in range(5)]
    for series, sweep in enumerate(sweeps):
        answers = [(t.stimulus.level, t.noticed) for t in trials if t.series == series]
        assert list(sweep.jnds) == climbed(answers, 50, window).jnds


def test_a_log_in_any_order_gives_the_same_sweeps():
    trials = ascending_trials("blur", PsychometricFunction(5, 3, 0.02, 0.02))

    assert sweeps_of(trials[::-1], 50) == sweeps_of(trials, 50)


def test_zones_and_jnds_cover_every_level_once():
    for trials in (
        ascending_trials("blur", PsychometricFunction(level, 3, 0.02, 0.02)) for level in (1, 4, 20, 90)
    ):
        for sweep in sweeps_of(trials, 50):
            covered = [
                level for zone in sweep.zones for level in range(int(zone.start) + 1, int(zone.end) + 1)
            ]
            assert sorted([*covered, *sweep.jnds]) == list(range(1, int(sweep.reached) + 1))


def test_a_reference_never_noticed_is_one_open_zone():
    sweep = Sweep("a.png", (), 50)

    assert [(zone.start, zone.end, zone.is_open) for zone in sweep.zones] == [(0, 50, True)]


def test_other_procedures_have_no_sweeps():
    one_picture = [staged_trial(n, level=level) for n, level in enumerate((0.0, 25.0, 3.5))]

    assert sweeps_of(adaptive_trials("blur", PsychometricFunction(5, 3, 0.02, 0.02)), 50) == []
    assert sweeps_of(one_picture, 50) == []
    assert sweeps_of([], 50) == []
