"""Whether what could not be counted was lost evenly, or took one kind of answer with it.

Replies lost at random widen an interval. Lost where the damage is strong, or where the answer was "yes", they
move the threshold: an observer whose every second "yes" is lost seems to notice less than it does.
Says what was lost; what a reply means is `calibration.questions`.
"""

from collections.abc import Callable, Sequence
from statistics import median

from scipy.stats import fisher_exact

from calibration.questions import Polarity
from calibration.ratios import holm
from calibration.trials import Trial

SaidYes = Callable[[Trial], bool | None]  # of a reply, counted or not; None: cannot be told

_SIGNIFICANT = 0.05  # corrected for the number of tests
_ASKED: dict[Polarity, str] = {
    "different": " when asked for differences",
    "identical": " when asked whether they are identical",
}
_FEWEST_LOST = 3


def uneven_exclusion(trials: Sequence[Trial], said_yes: SaidYes | None = None) -> str:
    """Say how the replies of a run were lost unevenly; empty where nothing speaks against chance.

    Args:
        trials: Of one observer, all distortions.
        said_yes: Reads a yes or no even from replies that are not counted, where that is possible.
    """
    groups = [_by_damage("", trials)]
    for polarity, asked in _ASKED.items():
        own = [trial for trial in trials if trial.polarity == polarity]
        groups += [_by_damage(asked, own)] if 0 < len(own) < len(trials) else []
    groups += [] if said_yes is None else [_by_answer(trials, said_yes)]
    split = [group for group in groups if group.is_testable]
    adjusted = holm([group.p_value for group in split])
    likely = [(p, group.describe()) for group, p in zip(split, adjusted, strict=True) if p < _SIGNIFICANT]
    return min(likely)[1] if likely else ""


class _Halves:
    """Two groups of trials, of which as many should be lost."""

    def __init__(self, first: tuple[str, Sequence[Trial]], second: tuple[str, Sequence[Trial]]) -> None:
        self._names = (first[0], second[0])
        self._totals = (len(first[1]), len(second[1]))
        self._lost = tuple(sum(trial.noticed is None for trial in group) for _, group in (first, second))

    @property
    def is_testable(self) -> bool:
        return min(self._totals) > 0 and sum(self._lost) >= _FEWEST_LOST

    @property
    def p_value(self) -> float:
        table = [[lost, total - lost] for lost, total in zip(self._lost, self._totals, strict=True)]
        return float(fisher_exact(table)[1])

    def describe(self) -> str:
        told = (
            f"{lost} of {total} {name}"
            for lost, total, name in zip(self._lost, self._totals, self._names, strict=True)
        )
        return f"replies were lost unevenly, {' but '.join(told)}: that moves thresholds"


def _by_damage(asked: str, trials: Sequence[Trial]) -> _Halves:
    """Split each distortion's trials at its median step of damage, then put the halves together."""
    by_name: dict[str, list[Trial]] = {}
    for trial in trials:
        by_name.setdefault(trial.stimulus.distortion, []).append(trial)
    weaker: list[Trial] = []
    stronger: list[Trial] = []
    for own in by_name.values():
        middle = median(_damage(trial) for trial in own)
        weaker += [trial for trial in own if _damage(trial) <= middle]
        stronger += [trial for trial in own if _damage(trial) > middle]
    return _Halves((f"about weaker damage{asked}", weaker), (f"about stronger{asked}", stronger))


def _by_answer(trials: Sequence[Trial], said_yes: SaidYes) -> _Halves:
    said = [(trial, said_yes(trial)) for trial in trials]
    return _Halves(
        ("that said yes", [trial for trial, yes in said if yes is True]),
        ("that said no", [trial for trial, yes in said if yes is False]),
    )


def _damage(trial: Trial) -> float:
    return trial.stimulus.level - trial.stimulus.reference_level
