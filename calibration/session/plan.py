"""What a session is to ask, and everything chance decides in it: all of it hangs on the seed."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from calibration.procedures.adaptive import Adaptive
from calibration.procedures.ascending import DEFAULT_WINDOW, Ascending
from calibration.procedures.constant import Constant, FixedLevels
from calibration.procedures.protocol import Procedure
from calibration.prompts.task import PromptQuestion
from calibration.questions import PairQuestion
from calibration.session.references import References
from calibration.stimuli.distortion import Distortion
from calibration.stimuli.prompt_text import LEVELS
from calibration.tasks import TaskQuestion

ProcedureName = Literal["adaptive", "ascending", "constant"]
Question = PairQuestion | TaskQuestion

_WANTED_IN_FLIGHT = 8
_USUAL_WAVE = 2  # adaptive trials placed before the first is answered: costs nothing measurable
_LONGEST_WAVE = 4  # costs 5 to 10 % of precision: only where few series would leave an observer idle
_CONSTANT_WAVE = 64  # nothing depends on the answers
PROMPT_WAVE = (
    16  # nor does it here: two rounds of levels, so that a budget spent early is spent on all kinds alike
)


@dataclass(frozen=True)
class SessionPlan:
    """What to run."""

    references: References
    distortions: Sequence[Distortion]
    question: Question
    procedure: ProcedureName
    queries_per_threshold: int | None  # None: ascending sweeps go on to their end
    seed: int
    wave: int  # trials of a series placed before the first of them is answered
    sweeps: int = 10  # ascending: pictures climbed per distortion
    window: int = DEFAULT_WINDOW  # ascending: levels that must all be noticed

    @property
    def swaps_order(self) -> bool:
        """Whether the reference is second in some trials; the paper's procedure never does that."""
        return self.procedure != "ascending"

    @property
    def keeps_sample(self) -> bool:
        """Whether a series shows one noise sample, mask place and so on at all levels, as a sweep does."""
        return self.procedure == "ascending"

    @property
    def series(self) -> range:
        """The numbers of every distortion's series: one per picture climbed, else a single one."""
        sweeps = min(self.sweeps, len(self.references.names))
        return range(sweeps if self.procedure == "ascending" else 1)

    def procedure_for(self, distortion: Distortion, series: int) -> Procedure:
        """Build what places one series."""
        if self.procedure == "ascending":
            return Ascending(distortion.levels, series, self.window, self.queries_per_threshold)
        queries = self.queries_per_threshold or 0
        rng = np.random.default_rng([self.seed, _key(distortion)])
        if isinstance(self.question, PromptQuestion):
            return FixedLevels([0.0, *LEVELS], queries, rng)
        strongest = float(distortion.levels)
        if self.procedure == "constant":
            return Constant(strongest, queries, rng)
        return Adaptive(strongest, queries, rng)

    def image_for(self, distortion: Distortion, reference: int) -> str:
        """Return the picture number `reference` of a distortion: all in turn, each round shuffled anew."""
        names = self.references.names
        cycle, place = divmod(reference, len(names))
        shuffled = np.random.default_rng([self.seed, _key(distortion), 1, cycle]).permutation(len(names))
        return names[int(shuffled[place])]

    def chance_of(self, distortion: Distortion, series: int, index: int) -> np.random.Generator:
        """Return the generator of one trial."""
        return np.random.default_rng([self.seed, _key(distortion), 2, series, index])

    def sample_of(self, distortion: Distortion, series: int) -> int:
        """Return the stimulus seed shared by the trials of a series."""
        return int(np.random.default_rng([self.seed, _key(distortion), 3, series]).integers(2**31))


def wave_for(procedure: ProcedureName, distortions: int) -> int:
    """Return how many trials of a series are placed at a time.

    Adaptive series together keep eight in flight; where they are few, as many as waves of four give.
    """
    if procedure == "constant":
        return _CONSTANT_WAVE
    if procedure == "ascending":
        return 1
    return min(max(-(-_WANTED_IN_FLIGHT // distortions), _USUAL_WAVE), _LONGEST_WAVE)


def count_trials(plan: SessionPlan) -> int:
    """Return how many trials the session takes; for ascending sweeps, at most.

    A sweep in which everything is noticed asks a whole window after each Replace.
    """
    if plan.procedure != "ascending":
        return (plan.queries_per_threshold or 0) * len(plan.distortions)
    longest = [distortion.levels * plan.window for distortion in plan.distortions]
    return sum(min(most, plan.queries_per_threshold or most) for most in longest) * len(plan.series)


def _key(distortion: Distortion) -> int:
    return zlib.crc32(distortion.name.encode())
