"""The n-th JNDs of ascending sweeps, read off the log: where each reference was replaced.

Knows neither window nor rule: a trial tells the level of the picture it was compared with, so every JND but
one at the very end of the scale shows in the trials after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from calibration.trials import Trial


@dataclass(frozen=True)
class Zone:
    """A run of levels at which the change since the last JND is not noticed."""

    start: float  # level of the JND, or 0
    end: float  # the last level not noticed
    is_open: bool  # nothing was noticed up to the last level asked


@dataclass(frozen=True)
class Sweep:
    """One climb over one reference picture."""

    image: str
    jnds: tuple[float, ...]  # levels, ascending
    reached: float  # the last level asked

    @property
    def zones(self) -> list[Zone]:
        """Benefit zones: between two JNDs, processing costs nothing the model notices."""
        starts = (0.0, *self.jnds)
        ends = (*(jnd - 1 for jnd in self.jnds), self.reached)
        last = len(self.jnds)
        return [
            Zone(start, end, is_open=number == last)
            for number, (start, end) in enumerate(zip(starts, ends, strict=True))
            if end > start
        ]


def sweeps_of(trials: Sequence[Trial], levels: int) -> list[Sweep]:
    """Return the sweeps of one distortion's trials; none where no reference was climbed on its own."""
    by_series: dict[int, list[Trial]] = {}
    for trial in trials:
        by_series.setdefault(trial.series, []).append(trial)
    return [
        _sweep(sorted(series, key=lambda trial: trial.index), levels)
        for _, series in sorted(by_series.items())
        if len({trial.stimulus.image for trial in series}) == 1 and _climbs(series)
    ]


def _climbs(series: Sequence[Trial]) -> bool:
    """Whether these are one climb: from level 1 up by single levels, never an identical pair."""
    shown = sorted(series, key=lambda trial: trial.index)
    return shown[0].stimulus.level == 1 and all(
        trial.stimulus.level > trial.stimulus.reference_level and float(trial.stimulus.level).is_integer()
        for trial in shown
    )


def _sweep(series: Sequence[Trial], levels: int) -> Sweep:
    jnds = sorted({trial.stimulus.reference_level for trial in series} - {0.0})
    last = series[-1]
    if last.stimulus.level == levels and last.noticed and levels not in jnds:
        jnds.append(float(levels))  # confirmed at the end of the scale: no trial follows
    return Sweep(last.stimulus.image, tuple(jnds), max(trial.stimulus.level for trial in series))
