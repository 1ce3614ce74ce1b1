"""From a perturbed prompt to a trial: one picture is asked about with the prompt as it is, and as it became.

What counts as an answer, and when two are the same, is that of a task question.
"""

from collections.abc import Sequence
from dataclasses import replace

from calibration.observers.protocol import Query, Reply
from calibration.session.conversation import Draft, TaskConversation
from calibration.stimuli.prompt_kinds import perturbation_of
from calibration.trials import Trial


class PromptConversation(TaskConversation):
    """Asks with the perturbed prompt; the unperturbed one is asked once per picture and prompt.

    At level 0 the prompt is asked as it is once more: how often the answer changes by itself.
    """

    def next_query(self, draft: Draft, replies: Sequence[Reply]) -> Query | None:
        """Ask with the perturbed prompt, then with the unperturbed one where its answer is not yet known."""
        query = super().next_query(draft, replies)
        if query is None or replies:
            return query
        return replace(query, prompt=_asked(draft))

    def conclude(self, draft: Draft, replies: Sequence[Reply], seconds: float) -> Trial:
        """Compare the two answers; the trial holds both prompts."""
        trial = super().conclude(draft, replies, seconds)
        return replace(trial, prompt=_asked(draft), reference_prompt=draft.prompt)

    def remember(self, trial: Trial) -> None:
        """Keep the answer to the unperturbed prompt."""
        super().remember(replace(trial, prompt=trial.reference_prompt or trial.prompt))


def _asked(draft: Draft) -> str:
    stimulus = draft.stimulus
    return perturbation_of(draft.prompt, stimulus.distortion, stimulus.level, stimulus.seed).text
