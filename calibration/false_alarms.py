"""How ready an observer is to say "different" to identical pairs: judged once, from all of a run.

That readiness is the observer's more than the distortion's: five identical pairs of one distortion tell
little, those of the whole run much. Whether thresholds may be used at all is therefore one answer for all
distortions; each one's fit borrows from the others unless its own pairs contradict them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import beta, fisher_exact

from calibration.holm import holm
from calibration.parameters import UNINFORMED, GuessPrior
from calibration.trials import Trial

MAX_FALSE_ALARM = 0.25
_DOUBT = 0.1  # chance that the rate is above that, from which on nothing is called measured
_MOST_BORROWED = 20.0  # identical pairs: prompts may name the distortion, so rates may differ a little
_CONTRADICTS = 0.1  # p-value below which a distortion stands for itself
_UNLIKE = 0.05  # p-value, corrected for the number of distortions, below which one is told apart


@dataclass(frozen=True)
class CatchCount:
    """Answers to identical pairs."""

    said: int  # "different"
    answered: int  # readable
    shown: int = 0  # unreadable ones included


@dataclass(frozen=True)
class Readiness:
    """What the identical pairs of a whole run say about the observer."""

    catches: CatchCount
    stated: float  # how many were called different, a stated probability counting as such

    @property
    def estimate(self) -> float:
        """Posterior mean of the false-alarm rate."""
        said, unsaid = self._posterior
        return said / (said + unsaid)

    @property
    def is_stated(self) -> bool:
        """Whether probabilities tell more than the answers counted."""
        return self.stated != self.catches.said

    @property
    def is_too_high(self) -> bool:
        """Whether no threshold of this observer may be used."""
        return self.estimate > MAX_FALSE_ALARM

    @property
    def may_be_too_high(self) -> bool:
        """Whether more identical pairs may show that no threshold of it may be used."""
        return float(beta.sf(MAX_FALSE_ALARM, *self._posterior)) > _DOUBT

    @property
    def _posterior(self) -> tuple[float, float]:
        return UNINFORMED.said + self.stated, UNINFORMED.unsaid + self.catches.answered - self.stated


def readiness_of(trials: Sequence[Trial]) -> Readiness:
    """Pool the identical pairs of all distortions."""
    stated = sum(
        float(trial.noticed) if trial.probability is None else trial.probability
        for trial in trials
        if trial.is_catch and trial.noticed is not None
    )
    return Readiness(count_catches(trials), stated)


def count_catches(trials: Sequence[Trial]) -> CatchCount:
    """Count the identical pairs, and the readable answers to them."""
    catches = [trial.noticed for trial in trials if trial.is_catch]
    answers = [noticed for noticed in catches if noticed is not None]
    return CatchCount(sum(answers), len(answers), len(catches))


def unlike_the_rest(catches: Mapping[str, CatchCount]) -> dict[str, CatchCount]:
    """Return the distortions whose identical pairs were answered otherwise, each with what the others got."""
    others = {name: _others(name, catches) for name in catches}
    tested = [name for name, rest in others.items() if rest.answered and catches[name].answered]
    adjusted = holm([_p_value(catches[name], others[name]) for name in tested])
    return {name: others[name] for name, p in zip(tested, adjusted, strict=True) if p < _UNLIKE}


def guess_prior(name: str, catches: Mapping[str, CatchCount]) -> GuessPrior:
    """Return the prior of one distortion's guess rate: the general one, and what the others add to it."""
    others = _others(name, catches)
    if not others.answered or _p_value(catches[name], others) < _CONTRADICTS:
        return UNINFORMED
    share = min(1.0, _MOST_BORROWED / others.answered)
    return GuessPrior(
        UNINFORMED.said + share * others.said, UNINFORMED.unsaid + share * (others.answered - others.said)
    )


def _others(name: str, catches: Mapping[str, CatchCount]) -> CatchCount:
    rest = [count for other, count in catches.items() if other != name]
    return CatchCount(
        sum(count.said for count in rest),
        sum(count.answered for count in rest),
        sum(count.shown for count in rest),
    )


def _p_value(own: CatchCount, others: CatchCount) -> float:
    table = [[count.said, count.answered - count.said] for count in (own, others)]
    return float(fisher_exact(table)[1])
