"""Stop a run whose replies cannot be counted, before they cost the whole budget.

Judged on the trials of this run alone: the same command, given again once the cause is mended, goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from scipy.special import bdtr

from calibration.observers.protocol import ObserverError
from calibration.questions import MULTIPLE_CHOICE_PROMPT
from calibration.trials import Trial

# Below a share of one half no threshold is reported (`calibration.assessment`). An observer of just that
# share has so few readable replies among its first n with a chance of 3e-5 each time: a run of 1,500
# trials is ended wrongly with a chance below 1e-3, one of a tenth within 60 trials almost surely.
NEEDED_SHARE = 0.5
FEWEST_TRIALS = 20
_CHANCE = 3e-5
_SHOWN = 3
_SHOWN_CHARACTERS = 90
_BY_LETTER = MULTIPLE_CHOICE_PROMPT.rpartition("images? ")[2]


class UnreadableRepliesError(ObserverError):
    """Too few replies can be counted for a threshold to come of the run; the trials are kept."""


@dataclass
class Legibility:
    """The trials of this run, counted as they come."""

    trials: int = 0
    counted: int = 0
    _lost: list[Trial] = field(default_factory=list)

    def take(self, trials: Sequence[Trial]) -> UnreadableRepliesError | None:
        """Count trials; return what to end the run with, once too few can be counted."""
        for trial in trials:
            self.trials += 1
            if trial.noticed is not None:
                self.counted += 1
            elif len(self._lost) < _SHOWN:
                self._lost.append(trial)
            if is_hopeless(self.counted, self.trials):
                return UnreadableRepliesError(self._describe())
        return None

    def _describe(self) -> str:
        is_task = any(trial.reference_reply is not None for trial in self._lost)
        wanted = "compared with the answer to the reference" if is_task else "read as yes or no"
        advice = "mend the cause (a limit on tokens, a refusal) and give the same command again"
        if is_task:
            advice += ", or ask a shorter question"
        elif not self._was_asked_by_letter:
            advice += ", or put it another way, in another --out: --question difference:multiple-choice"
        examples = "; ".join(_shown(trial) for trial in self._lost)
        return (
            f"stopped early: {self.counted} of {self.trials} replies could be {wanted}. "
            f"Among the others: {examples}. The answers are kept; {advice}"
        )

    @property
    def _was_asked_by_letter(self) -> bool:
        """Whether multiple choice was tried already, first or as the second prompt."""
        return any(
            trial.prompt.endswith(_BY_LETTER) or trial.second_reply is not None for trial in self._lost
        )


def is_hopeless(counted: int, trials: int) -> bool:
    """Whether so few replies can be counted that half of them never will be."""
    return trials >= FEWEST_TRIALS and float(bdtr(counted, trials, NEEDED_SHARE)) < _CHANCE


def _shown(trial: Trial) -> str:
    """Return what to show of a lost trial: the reply that was to count, in quotes, on one line, shortened."""
    text = " ".join((trial.second_reply or trial.reply).split())
    return f'"{text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"}"'
