"""From the sweeps of one distortion to its mean first JND, with the n-th JNDs behind it.

A sweep without a JND is censored: at the strongest level, or where it was cut short. Says nothing of false
alarms, since sweeps show no identical pair.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from calibration.censoring import CensoredMean, censored_mean
from calibration.procedures.ascending import climbed
from calibration.trials import Trial


@dataclass(frozen=True)
class Ascent:
    """What the sweeps over all references of one distortion found."""

    jnds: Sequence[Sequence[int]]  # levels of the 1st ... n-th JND, sweep by sweep; none: censored
    first: CensoredMean  # of the first JNDs
    stopped: Sequence[float] = ()  # last levels of sweeps that found nothing and did not climb to the end
    reached: float = math.inf  # the strongest level asked

    @property
    def n_censored(self) -> int:
        """Sweeps in which nothing was noticed."""
        return sum(not found for found in self.jnds)


def assess_sweeps(trials: Sequence[Trial], levels: int, window: int) -> Ascent:
    """Read every series as one sweep.

    Args:
        trials: At least one, all of one distortion.
        levels: The strongest level.
        window: Levels in a row that confirm a JND.

    Raises:
        ValueError: The trials are not sweeps of this window.
    """
    by_series: dict[int, list[Trial]] = {}
    for trial in trials:
        by_series.setdefault(trial.series, []).append(trial)
    sweeps = [sorted(series, key=lambda trial: trial.index) for _, series in sorted(by_series.items())]
    climbs = [
        climbed([(trial.stimulus.level, trial.noticed) for trial in sweep], levels, window)
        for sweep in sweeps
    ]
    reached = [sweep[-1].stimulus.level for sweep in sweeps]
    # Where a sweep stopped inside a window, the JND may still be the first level of that window.
    firsts = [
        float(climb.jnds[0]) if climb.jnds else min(float(climb.candidate), last)
        for climb, last in zip(climbs, reached, strict=True)
    ]
    mean = censored_mean(firsts, [not climb.jnds for climb in climbs])
    return Ascent(
        jnds=tuple(tuple(climb.jnds) for climb in climbs),
        first=mean,
        stopped=tuple(
            last
            for climb, last in zip(climbs, reached, strict=True)
            if not climb.jnds and not climb.is_finished
        ),
        reached=max(reached),
    )
