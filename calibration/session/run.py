"""Run one session: ask what the log does not hold yet, and log every answer as it comes.

A trial is on disk before anything is built on it. All that chance decides hangs on the seed and the trial's
place, so a run that was killed, or spread over machines, goes on as if it had not been.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from calibration.observers.protocol import ObserverError, Reply
from calibration.prompts.task import PromptQuestion
from calibration.session.asking import Answered, Asker
from calibration.session.budget import Budget
from calibration.session.conversation import Conversation, Draft, PairConversation, TaskConversation
from calibration.session.legibility import Legibility
from calibration.session.plan import SessionPlan
from calibration.session.prompt_conversation import PromptConversation
from calibration.session.references import Renderer
from calibration.session.series import Series
from calibration.tasks import TaskQuestion
from calibration.trials import Trial, TrialLog

Progress = Callable[[int], None]  # told how many trials were answered


def run_session(
    asker: Asker,
    plan: SessionPlan,
    log: TrialLog,
    progress: Progress,
    *,
    stimulus_side: int | None,
    budget: Budget | None = None,
) -> bool:
    """Ask until every series is finished or the budget is spent; return whether all were finished.

    Args:
        asker: The queue in front of the observer.
        plan: What to ask.
        log: Trials answered before, and where the new ones go.
        progress: Told how many trials were answered, those of earlier runs first.
        stimulus_side: Pixels; None: pictures as they are.
        budget: What may be spent, trials in the log included.

    Raises:
        ObserverError: The observer gave up, or its replies cannot be counted; what was answered is kept.
        TrialLogError: The log cannot be written, or holds trials of another run.
        ImageError: A picture is no longer readable.
    """
    conversation = _conversation(plan, stimulus_side)
    budget = budget or Budget()
    desk = _Desk(asker, conversation, budget)
    series = _resume(plan, log, conversation, desk)
    progress(len(log.trials))
    for trial in log.trials:
        budget.spend(trial)
    while desk.fill():
        answered = desk.collect()
        if answered:
            log.append(answered)
            desk.judge(answered)
            for trial in answered:
                desk.take(series[trial.stimulus.distortion, trial.series].hear(trial))
            progress(len(answered))
    if desk.failure is not None:
        raise desk.failure
    return not desk.waiting


def _conversation(plan: SessionPlan, stimulus_side: int | None) -> Conversation:
    renderer = Renderer(plan.references, stimulus_side)
    if isinstance(plan.question, PromptQuestion):
        return PromptConversation(renderer)
    if isinstance(plan.question, TaskQuestion):
        return TaskConversation(renderer)
    return PairConversation(plan.question, renderer)


def _resume(
    plan: SessionPlan, log: TrialLog, conversation: Conversation, desk: "_Desk"
) -> dict[tuple[str, int], Series]:
    logged: dict[tuple[str, int], list[Trial]] = {}
    for trial in log.trials:
        conversation.remember(trial)
        logged.setdefault((trial.stimulus.distortion, trial.series), []).append(trial)
    series = {
        (distortion.name, number): Series(plan, distortion, number)
        for distortion in plan.distortions
        for number in plan.series
    }
    for key, each in series.items():
        desk.take(each.resume(logged.get(key, [])))
    return series


@dataclass
class _Talk:
    """A trial in the making."""

    draft: Draft
    reserved: int  # questions it cannot do without
    replies: list[Reply] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class _Desk:
    """Drafts that wait, trials that are being asked, and the first thing that went wrong."""

    asker: Asker
    conversation: Conversation
    budget: Budget
    waiting: deque[Draft] = field(default_factory=deque)
    failure: ObserverError | None = None
    _legibility: Legibility = field(default_factory=Legibility)
    _talks: dict[int, _Talk] = field(default_factory=dict)
    _tickets: int = 0

    def take(self, drafts: list[Draft]) -> None:
        """Let drafts wait for their turn."""
        self.waiting.extend(drafts)

    def fill(self) -> bool:
        """Ask as much as the observer and the budget take; return whether anything is being asked.

        After a failure nothing new is asked, but answers on their way are waited for: they were paid for.
        """
        while self.waiting and self.failure is None and self.asker.room > 0:
            needed = self.conversation.least_questions(self.waiting[0])
            if not self._affords(needed):
                break
            self._tickets += 1
            self._talks[self._tickets] = _Talk(self.waiting.popleft(), needed)
            self._ask(self._tickets)
        return bool(self._talks)

    def collect(self) -> list[Trial]:
        """Wait for answers; return the trials they conclude."""
        concluded = (self._hear(answered) for answered in self.asker.collect())
        return [trial for trial in concluded if trial is not None]

    def judge(self, trials: list[Trial]) -> None:
        """Fail once the replies of this run cannot be counted."""
        self.failure = self.failure or self._legibility.take(trials)

    def _ask(self, ticket: int) -> bool:
        talk = self._talks[ticket]
        query = self.conversation.next_query(talk.draft, talk.replies)
        if query is None:
            return False
        if len(talk.replies) == talk.reserved:
            if not self._affords(1):
                return False
            talk.reserved += 1
        self.asker.submit(ticket, query)
        return True

    def _affords(self, questions: int) -> bool:
        reserved = sum(talk.reserved for talk in self._talks.values())
        return self.budget.allows(reserved=reserved, wanted=questions)

    def _hear(self, answered: Answered) -> Trial | None:
        talk = self._talks[answered.ticket]
        if isinstance(answered.reply, ObserverError):
            self.failure = self.failure or answered.reply
            del self._talks[answered.ticket]
            return None
        talk.replies.append(answered.reply)
        talk.seconds += answered.seconds
        if self._ask(answered.ticket):
            return None
        del self._talks[answered.ticket]
        trial = self.conversation.conclude(talk.draft, talk.replies, talk.seconds)
        self.budget.spend(trial)
        return trial
