"""From a reply to what it says on a scale: a word, and how probable each word was where the reply tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from calibration.critic.scales import Scale
from calibration.critic.spoken import Spoken, spoken_word
from calibration.observers.flags import AROUND
from calibration.observers.protocol import Reply, TokenChoice
from calibration.observers.word_tokens import word_masses
from calibration.replies.masking import without_reasoning
from calibration.replies.refusals import is_empty, refuses

_LEAST_MASS = 0.01  # of all words together: below, the model considered none of them

Outcome = Literal["read", "refused", "unreadable"]


@dataclass(frozen=True)
class Reading:
    """What became of one reply."""

    outcome: Outcome
    word: str | None = None  # the one it says
    alternatives: Mapping[str, float] = field(default_factory=dict)  # of the token where the word begins


def read_words(reply: Reply, scale: Scale) -> Reading:
    """Read a reply; its alternatives are those of the token with which its word begins.

    Where it says no word, the first token's count if the words were considered there.
    """
    text = without_reasoning(reply.text)
    if reply.ended == "refusal" or refuses(text):
        return Reading("refused")
    choice, spoken = _choice(reply.choices, scale)
    if choice is not None:
        return Reading("read", None if spoken is None else spoken.word, choice.alternatives)
    found = None if is_empty(text) else spoken_word(text, scale)
    return Reading("unreadable") if found is None else Reading("read", found.word)


def _choice(choices: Sequence[TokenChoice], scale: Scale) -> tuple[TokenChoice | None, Spoken | None]:
    """Return the token where the word begins, and the word; none where no word was considered."""
    spoken = spoken_word(without_reasoning("".join(choice.token for choice in choices)), scale)
    place = 0 if spoken is None else spoken.start
    end = 0
    for choice in choices:
        end += len(choice.token)
        begins = end > place if spoken is not None else bool(choice.token.strip(AROUND))
        if begins:
            masses = word_masses(choice.alternatives, scale.words)
            return (choice, spoken) if sum(masses.values()) >= _LEAST_MASS else (None, None)
    return None, None
