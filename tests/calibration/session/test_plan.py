from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calibration.procedures.adaptive import Adaptive
from calibration.procedures.ascending import Ascending
from calibration.procedures.constant import Constant
from calibration.procedures.protocol import Heard, Step
from calibration.questions import DifferenceQuestion
from calibration.session.plan import ProcedureName, SessionPlan, count_trials, wave_for
from calibration.session.references import References
from calibration.stimuli.registry import DISTORTIONS, select_distortions

BLUR, NOISE = DISTORTIONS["blur"], DISTORTIONS["noise"]
NAMES = tuple(f"{number}.png" for number in range(7))


def plan_of(
    procedure: ProcedureName = "adaptive", names: tuple[str, ...] = NAMES, **fields: Any
) -> SessionPlan:
    return SessionPlan(
        **{
            "references": References(Path(), names, ()),
            "distortions": select_distortions("blur,jpeg"),
            "question": DifferenceQuestion(),
            "procedure": procedure,
            "queries_per_threshold": 30,
            "seed": 0,
            "wave": 1,
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("procedure", "kind"), [("adaptive", Adaptive), ("ascending", Ascending), ("constant", Constant)]
)
def test_a_plan_builds_the_procedure_it_names(procedure: ProcedureName, kind: type):
    assert isinstance(plan_of(procedure).procedure_for(BLUR, 0), kind)


def test_only_the_papers_procedure_keeps_order_and_sample():
    plans = [plan_of("adaptive"), plan_of("constant"), plan_of("ascending")]

    assert [(plan.swaps_order, plan.keeps_sample) for plan in plans] == [(True, False)] * 2 + [(False, True)]


def test_a_sweep_climbs_a_picture_of_its_own_and_there_are_no_more_sweeps_than_pictures():
    assert plan_of("ascending").series == range(7)
    assert plan_of("ascending", sweeps=3).series == range(3)
    assert plan_of("adaptive").series == range(1)


def test_every_round_shows_each_picture_once_in_an_order_of_its_own():
    plan = plan_of()

    rounds = [[plan.image_for(BLUR, 7 * cycle + place) for place in range(7)] for cycle in range(3)]

    assert [sorted(shown) for shown in rounds] == [sorted(NAMES)] * 3
    assert len({tuple(shown) for shown in rounds}) == 3


def test_the_seed_alone_decides_and_each_distortion_and_series_for_itself():
    def drawn(plan: SessionPlan, distortion=BLUR, series: int = 0, index: int = 0) -> float:
        return float(plan.chance_of(distortion, series, index).random())

    assert drawn(plan_of()) == drawn(plan_of(wave=4, sweeps=2))
    others = [
        drawn(plan_of(seed=1)),
        drawn(plan_of(), NOISE),
        drawn(plan_of(), series=1),
        drawn(plan_of(), index=1),
    ]
    assert len({drawn(plan_of()), *others}) == 5
    assert plan_of().sample_of(BLUR, 0) == plan_of().sample_of(BLUR, 0) != plan_of().sample_of(BLUR, 1)


@pytest.mark.parametrize(
    ("procedure", "distortions", "wave"),
    [
        ("adaptive", 1, 4),  # eight are wanted, but four cost precision enough
        ("adaptive", 3, 3),
        ("adaptive", 4, 2),
        ("adaptive", 15, 2),
        ("constant", 1, 64),
        ("ascending", 15, 1),
    ],
)
def test_waves_are_as_short_as_keeps_eight_in_flight(procedure: ProcedureName, distortions: int, wave: int):
    assert wave_for(procedure, distortions) == wave


@pytest.mark.parametrize(
    ("plan", "trials"),
    [
        (plan_of(), 60),
        (plan_of("constant"), 60),
        (plan_of("ascending", queries_per_threshold=None), 7 * (50 * 3 + 100 * 3)),
        (plan_of("ascending", queries_per_threshold=None, window=1), 7 * (50 + 100)),
        (plan_of("ascending", queries_per_threshold=200), 7 * (150 + 200)),
    ],
)
def test_trials_are_counted_before_the_first(plan: SessionPlan, trials: int):
    assert count_trials(plan) == trials


@pytest.mark.parametrize("window", [1, 2, 3, 5])
def test_a_sweep_that_notices_everything_takes_no_more_trials_than_counted(window: int):
    plan = plan_of("ascending", ("a.png",), queries_per_threshold=None, window=window, distortions=[BLUR])

    assert sum(1 for _ in everything_noticed(plan)) <= count_trials(plan)


def everything_noticed(plan: SessionPlan) -> Iterator[Step]:
    procedure, index = plan.procedure_for(BLUR, 0), 0
    while (step := procedure.place(index)) is not None:
        procedure.record(Heard(step, noticed=True))
        yield step
        index += 1
