"""One series of trials: where it stands, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from calibration.procedures.protocol import Heard, Procedure, Step
from calibration.questions import Polarity
from calibration.session.conversation import Draft
from calibration.session.plan import SessionPlan
from calibration.stimuli.distortion import Distortion
from calibration.tasks import TaskQuestion
from calibration.trials import Order, Stimulus, Trial, TrialLogError


@dataclass
class Series:
    """The trials a procedure places, a wave at a time; a wave is recorded when its last answer is there.

    What is placed depends on earlier waves only, never on the order in which answers arrive.
    """

    plan: SessionPlan
    distortion: Distortion
    number: int
    _procedure: Procedure = field(init=False)
    _next: int = 0  # index of the first trial not yet placed
    _wave: list[tuple[Step, Draft]] = field(default_factory=list)
    _answers: dict[int, Trial] = field(
        default_factory=dict
    )  # of this wave, and those in the log not yet placed

    def __post_init__(self) -> None:
        self._procedure = self.plan.procedure_for(self.distortion, self.number)

    def resume(self, logged: Sequence[Trial]) -> list[Draft]:
        """Take up the trials in the log; return the drafts to ask first.

        Raises:
            TrialLogError: The log holds trials that these options would not have placed.
        """
        self._answers = {trial.index: trial for trial in logged}
        return self._advance()

    def hear(self, trial: Trial) -> list[Draft]:
        """Take note of an answer; return the drafts it makes possible."""
        self._answers[trial.index] = trial
        return self._advance()

    def _advance(self) -> list[Draft]:
        fresh: list[Draft] = []
        while all(draft.index in self._answers for _, draft in self._wave):
            for step, draft in self._wave:
                trial = self._answers.pop(draft.index)
                self._procedure.record(Heard(step, trial.noticed, trial.probability))
            self._wave = self._place_wave()
            if not self._wave:
                break
            fresh = [draft for _, draft in self._wave if draft.index not in self._answers]
        return fresh

    def _place_wave(self) -> list[tuple[Step, Draft]]:
        wave = []
        end = (self._next // self.plan.wave + 1) * self.plan.wave
        while self._next < end and (step := self._procedure.place(self._next)) is not None:
            wave.append((step, self._draft(self._next, step)))
            self._check(wave[-1][1])
            self._next += 1
        return wave

    def _draft(self, index: int, step: Step) -> Draft:
        plan, chance = self.plan, self.plan.chance_of(self.distortion, self.number, index)
        polarity: Polarity = "identical" if chance.random() < 0.5 else "different"
        order: Order = "distorted_first" if chance.random() < 0.5 else "reference_first"
        image = plan.image_for(self.distortion, step.reference)
        if isinstance(plan.question, TaskQuestion):
            prompts = plan.question.prompts_for(image)
            polarity, order = "different", "reference_first"
            prompt = prompts[int(chance.integers(len(prompts)))]
        else:
            polarity = polarity if plan.question.swaps_polarity else "different"
            order = order if plan.swaps_order else "reference_first"
            prompt = plan.question.prompt(self.distortion.label, polarity)
        sample = int(chance.integers(2**31))
        seed = plan.sample_of(self.distortion, self.number) if plan.keeps_sample else sample
        return Draft(
            id=f"{plan.seed}-{self.distortion.name}-{self.number:03d}-{index:05d}",
            series=self.number,
            index=index,
            stimulus=Stimulus(image, self.distortion.name, step.level, seed, step.reference_level),
            distortion=self.distortion,
            polarity=polarity,
            order=order,
            prompt=prompt,
        )

    def _check(self, draft: Draft) -> None:
        trial = self._answers.get(draft.index)
        if trial is not None and (trial.id, trial.stimulus) != (draft.id, draft.stimulus):
            raise TrialLogError(
                f"trial {trial.id} of the log is not what these options would have asked ({draft.stimulus}): "
                "it is of another session or version; choose another --out"
            )
