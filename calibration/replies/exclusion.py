"""Test whether the replies left out of a measurement are a fair sample of all.

A threshold from the counted replies is honest only where a reply is as likely to be lost when the observer
noticed as when it did not. What a lost reply would have said shows in two ways: some name a flag that was not
counted; of the others, the level shown tells whether there was something to notice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.replies.reader import read_reply
from calibration.trials import Trial

_CHANCE = 0.01  # of calling an even loss uneven, for each of the two tests
_SMALL = 0.05  # a share lost that moves no threshold by more than its interval


@dataclass(frozen=True)
class Exclusion:
    """How many trials were lost, and whether as many of either answer."""

    asked: int
    lost: int
    lost_different: int  # of the lost, those whose flag says "different"
    lost_same: int
    p_by_flag: float  # that "different" and "same" are lost alike (Fisher, two-sided)
    p_by_level: float  # that lost and counted trials were shown alike levels (Mann-Whitney, two-sided)

    @property
    def is_uneven(self) -> bool:
        """Whether enough is lost, and unevenly enough, to bias a threshold."""
        return self.lost > _SMALL * self.asked and min(self.p_by_flag, self.p_by_level) < _CHANCE

    def describe(self) -> str:
        """Return the reason a threshold of these trials cannot be trusted; empty where it can."""
        if not self.is_uneven:
            return ""
        if self.p_by_flag < _CHANCE:
            return (
                f"{self.lost} of {self.asked} replies were left out, {self.lost_different} that say "
                f'"different" and {self.lost_same} that say "same": not the same share of both'
            )
        return f"{self.lost} of {self.asked} replies were left out, more at some levels than at others"


def exclusion(trials: Sequence[Trial]) -> Exclusion:
    """Compare the trials that were not counted with those that were."""
    lost = [trial for trial in trials if trial.noticed is None]
    if not lost:
        return Exclusion(len(trials), 0, 0, 0, 1.0, 1.0)
    from scipy.stats import fisher_exact  # noqa: PLC0415 - a second to load, and most runs lose nothing

    counted = [trial for trial in trials if trial.noticed is not None]
    flags = [flag for trial in lost if (flag := _uncounted_flag(trial)) is not None]
    said = [bool(trial.noticed) for trial in counted]
    table = [[flags.count(True), said.count(True)], [flags.count(False), said.count(False)]]
    return Exclusion(
        asked=len(trials),
        lost=len(lost),
        lost_different=flags.count(True),
        lost_same=flags.count(False),
        p_by_flag=float(fisher_exact(table)[1]) if flags and said else 1.0,
        p_by_level=_p_by_level(trials),
    )


def _uncounted_flag(trial: Trial) -> bool | None:
    """Return whether a lost trial says "different", where its reply has a flag, as in older logs."""
    if trial.reference_reply is not None:
        return None
    flag = read_reply(trial.reply, trial.prompt).flag
    return None if flag is None else flag == (trial.polarity == "different")


def _p_by_level(trials: Sequence[Trial]) -> float:
    """Compare levels within each distortion, where they mean the same, and pool the ranks."""
    from scipy.stats import mannwhitneyu, rankdata  # noqa: PLC0415 - as above

    lost: list[float] = []
    counted: list[float] = []
    for name in {trial.stimulus.distortion for trial in trials}:
        of_one = [trial for trial in trials if trial.stimulus.distortion == name]
        ranks = rankdata([trial.stimulus.level - trial.stimulus.reference_level for trial in of_one]) / len(
            of_one
        )
        for trial, rank in zip(of_one, ranks, strict=True):
            (lost if trial.noticed is None else counted).append(float(rank))
    if not lost or not counted or len(np.unique([*lost, *counted])) == 1:
        return 1.0
    return float(mannwhitneyu(lost, counted).pvalue)
