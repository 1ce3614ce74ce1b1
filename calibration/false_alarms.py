"""What identical pairs of the other distortions say about the false-alarm rate of one.

A readiness to say "different" is the observer's more than the distortion's: five identical pairs of its own
tell little, those of the whole run much. They are borrowed unless the distortion's own contradict them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import fisher_exact

from calibration.parameters import UNINFORMED, GuessPrior
from calibration.trials import Trial

_MOST_BORROWED = 20.0  # identical pairs: prompts may name the distortion, so rates may differ a little
_CONTRADICTS = 0.1  # p-value below which a distortion stands for itself


@dataclass(frozen=True)
class CatchCount:
    """Answers to identical pairs."""

    said: int  # "different"
    shown: int


def count_catches(trials: Sequence[Trial]) -> CatchCount:
    """Count the readable answers to identical pairs."""
    answers = [trial.noticed for trial in trials if trial.is_catch and trial.noticed is not None]
    return CatchCount(sum(answers), len(answers))


def guess_prior(name: str, catches: Mapping[str, CatchCount]) -> GuessPrior:
    """Return the prior of one distortion's guess rate: the general one, and what the others add to it."""
    own = catches[name]
    said = sum(count.said for other, count in catches.items() if other != name)
    shown = sum(count.shown for other, count in catches.items() if other != name)
    if not shown or _differ(own, CatchCount(said, shown)):
        return UNINFORMED
    share = min(1.0, _MOST_BORROWED / shown)
    return GuessPrior(UNINFORMED.said + share * said, UNINFORMED.unsaid + share * (shown - said))


def _differ(own: CatchCount, others: CatchCount) -> bool:
    table = [[count.said, count.shown - count.said] for count in (own, others)]
    return float(fisher_exact(table)[1]) < _CONTRADICTS
