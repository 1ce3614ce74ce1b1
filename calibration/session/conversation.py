"""From a stimulus to a trial: what is asked, asked again, and concluded.

A difference question shows a pair; a task question shows one picture and compares the answer with the one to
its reference, which is asked once and remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from calibration.observers.protocol import Query, Reply
from calibration.questions import PairQuestion, Polarity, ReplyClass
from calibration.replies.reader import Answer, read_first_token, read_reply, says_different
from calibration.session.references import Renderer
from calibration.stimuli.distortion import Distortion
from calibration.tasks import given_answer, same_answer
from calibration.trials import Order, Stimulus, Trial

_DECIMALS = 4  # of a logged probability: what differs beyond is the arithmetic of batches
_EVEN = 0.5
_REFERENCE_ATTEMPTS = 2


@dataclass(frozen=True)
class Draft:
    """A trial before its answer."""

    id: str
    series: int
    index: int  # within the series
    stimulus: Stimulus
    distortion: Distortion
    polarity: Polarity
    order: Order
    prompt: str

    def trial(
        self,
        replies: Sequence[Reply],
        *,
        noticed: bool | None,
        reply_class: ReplyClass,
        seconds: float,
        probability: float | None = None,
        second_reply: str | None = None,
        reference_reply: str | None = None,
    ) -> Trial:
        """Return the answered trial; `replies` are all that were asked for it, the one that counts first."""
        return Trial(
            id=self.id,
            series=self.series,
            index=self.index,
            stimulus=self.stimulus,
            polarity=self.polarity,
            order=self.order,
            prompt=self.prompt,
            noticed=noticed,
            probability=None if probability is None else round(probability, _DECIMALS),
            reply_class=reply_class,
            reply=_whole(replies[0].text),
            is_first_token=replies[0].is_first_token,
            seconds=round(seconds, 6),
            second_reply=None if second_reply is None else _whole(second_reply),
            reference_reply=None if reference_reply is None else _whole(reference_reply),
            questions=len(replies),
            tokens_in=sum(reply.tokens_in or 0 for reply in replies),
            tokens_out=sum(reply.tokens_out or 0 for reply in replies),
        )


class Conversation(Protocol):
    """How one kind of question is put."""

    def least_questions(self, draft: Draft) -> int:
        """Return how many questions the trial cannot do without."""
        ...

    def next_query(self, draft: Draft, replies: Sequence[Reply]) -> Query | None:
        """Return what to ask after `replies`, or None when the trial can be concluded."""
        ...

    def conclude(self, draft: Draft, replies: Sequence[Reply], seconds: float) -> Trial:
        """Return the answered trial."""
        ...

    def remember(self, trial: Trial) -> None:
        """Take what later trials need from one in the log."""
        ...


@dataclass(frozen=True)
class PairConversation:
    """Shows a pair; asks a second time where the reply could not be counted and the question allows it."""

    question: PairQuestion
    renderer: Renderer

    def least_questions(self, draft: Draft) -> int:  # noqa: ARG002 - the protocol's signature
        """Return 1: a second prompt is a favour."""
        return 1

    def next_query(self, draft: Draft, replies: Sequence[Reply]) -> Query | None:
        """Ask the pair, then perhaps the same pair by multiple choice."""
        if not replies:
            return self._query(draft, draft.prompt, draft.id)
        second = self.question.second_prompt(draft.distortion.label)
        if (
            second is None
            or len(replies) > 1
            or _noticed(replies[0], draft.prompt, draft.polarity) is not None
        ):
            return None
        return self._query(draft, second, f"{draft.id}-second")

    def conclude(self, draft: Draft, replies: Sequence[Reply], seconds: float) -> Trial:
        """Count the second reply where there is one; the first one's class is what is reported."""
        first, second = replies[0], replies[1] if len(replies) > 1 else None
        polarity: Polarity = draft.polarity
        counted, prompt = first, draft.prompt
        if second is not None:
            counted, prompt = second, self.question.second_prompt(draft.distortion.label) or draft.prompt
            polarity = "different"
        probability = counted.probability
        if probability is not None and polarity == "identical":
            probability = 1 - probability
        return draft.trial(
            replies,
            noticed=_noticed(counted, prompt, polarity),
            reply_class=_read(first, draft.prompt).reply_class,
            seconds=seconds,
            probability=probability,
            second_reply=None if second is None else second.text,
        )

    def remember(self, trial: Trial) -> None:
        """Every pair stands for itself."""

    def _query(self, draft: Draft, prompt: str, key: str) -> Query:
        reference, rival = self.renderer.pair(draft.stimulus, draft.distortion)
        pair = (reference, rival) if draft.order == "reference_first" else (rival, reference)
        return Query(prompt, pair, key=key, level=draft.stimulus.level - draft.stimulus.reference_level)


class TaskConversation:
    """Shows one picture; the answer to its reference is asked once per picture and prompt.

    Where a reference got no answer (nothing, a refusal, one cut short), it is asked once more with a later
    trial; then it counts as unanswerable until the next run.
    """

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._references: dict[tuple[str, Stimulus], str] = {}
        self._unanswered: dict[tuple[str, Stimulus], list[str]] = {}

    def least_questions(self, draft: Draft) -> int:
        """Return 2 where the reference is still to be asked about."""
        return 1 if self._is_settled(self._key(draft.stimulus, draft.prompt)) else 2

    def next_query(self, draft: Draft, replies: Sequence[Reply]) -> Query | None:
        """Ask about the damaged picture, then about its reference where its answer is not yet known."""
        if len(replies) >= (1 if self._is_settled(self._key(draft.stimulus, draft.prompt)) else 2):
            return None
        reference, rival = self._renderer.pair(draft.stimulus, draft.distortion)
        if not replies:
            return Query(draft.prompt, [rival], key=draft.id, level=draft.stimulus.level)
        key = f"{draft.id}-reference"
        return Query(draft.prompt, [reference], key=key, level=draft.stimulus.reference_level)

    def conclude(self, draft: Draft, replies: Sequence[Reply], seconds: float) -> Trial:
        """Compare the two answers; a trial that lacks one is not counted."""
        key = self._key(draft.stimulus, draft.prompt)
        if len(replies) > 1:
            self._take(key, replies[1])
        answer, expected = given_answer(replies[0].text, replies[0].ended), self._references.get(key)
        noticed = None
        if answer is not None and expected is not None:
            noticed = not same_answer(answer, given_answer(expected) or "")
        return draft.trial(
            replies,
            noticed=noticed,
            reply_class="deficiency" if noticed is None else "correct",
            seconds=seconds,
            reference_reply=self._unanswered[key][-1] if expected is None else expected,
        )

    def remember(self, trial: Trial) -> None:
        """Keep the answer to the reference, where the trial had one to compare with."""
        expected = trial.reference_reply
        if expected is not None and trial.noticed is not None and given_answer(expected) is not None:
            self._references.setdefault(self._key(trial.stimulus, trial.prompt), expected)

    def _take(self, key: tuple[str, Stimulus], reply: Reply) -> None:
        if given_answer(reply.text, reply.ended) is None:
            self._unanswered.setdefault(key, []).append(reply.text)
        else:
            self._references.setdefault(key, reply.text)

    def _is_settled(self, key: tuple[str, Stimulus]) -> bool:
        return key in self._references or len(self._unanswered.get(key, ())) >= _REFERENCE_ATTEMPTS

    def _key(self, stimulus: Stimulus, prompt: str) -> tuple[str, Stimulus]:
        """Return what stands for a reference: before any Replace, one picture whatever the distortion."""
        if stimulus.reference_level == 0:
            return prompt, Stimulus(stimulus.image, "", 0, 0)
        return prompt, replace(stimulus, level=stimulus.reference_level)


def _whole(text: str) -> str:
    """Replace halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _noticed(reply: Reply, prompt: str, polarity: Polarity) -> bool | None:
    return says_different(_read(reply, prompt), polarity)


def _read(reply: Reply, prompt: str) -> Answer:
    if reply.ended == "refusal":
        return Answer(None, "deficiency")
    if not reply.is_first_token:
        answer = read_reply(reply.text, prompt)
        # What prose claims half-way through is no answer yet; a flag it has declared is one.
        return answer if answer.is_declared or reply.ended != "length" else replace(answer, flag=None)
    if reply.probability is not None:
        return Answer(reply.probability > _EVEN, "correct")
    return read_first_token(reply.text, prompt)
