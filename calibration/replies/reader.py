"""Turn a reply into the flag it declares and one of the paper's four classes.

What is declared counts; where nothing is declared, what the prose plainly claims; else nothing. A reply is
never guessed, and yes and no are read by the same rules: whatever is lost is lost for both.
"""

import re
from dataclasses import dataclass

from calibration.questions import IDENTICAL_PROMPT, Polarity, ReplyClass
from calibration.replies.declared import Declared, find_declared, without_fields
from calibration.replies.masking import without_middle, without_options, without_reasoning
from calibration.replies.names import Asked
from calibration.replies.refusals import cannot_judge, is_empty, refuses
from calibration.replies.statements import stated_difference

_WANTS_ANALYSIS = "with analysis"
_WANTS_LETTER = "option's letter"
_ABOUT = re.compile(r"difference in (?:the )?([\w -]+?) (?:between|of these)")


@dataclass(frozen=True)
class Answer:
    """What one reply says: its yes or no (None: not to be found), and how well formed it is."""

    flag: bool | None
    reply_class: ReplyClass
    is_declared: bool = True  # False: the flag is not said, it follows from what the prose claims


def read_reply(text: str, prompt: str) -> Answer:
    """Find the yes or no of a reply and judge its form.

    Classes: `correct`; `antilogy`, the analysis says the opposite of the flag; `deficiency`, a part asked for
    is missing (the flag, or the analysis); `gibberish`, neither flag nor readable words. The class is
    reported; whether the flag counts does not hang on it (`says_different`).
    """
    said = "" if is_empty(text) else without_options(without_middle(without_reasoning(text)), prompt)
    declared = _declared(said, prompt)
    if declared is None:
        flag = _implied(said, prompt)
        return Answer(
            flag, "gibberish" if flag is None and not _is_prose(text) else "deficiency", is_declared=False
        )
    analysis = said[: declared.begin] + "\n" + said[declared.end :]
    if _WANTS_ANALYSIS in prompt and not re.search(r"[^\W\d_]{2,}", analysis):
        return Answer(declared.flag, "deficiency")
    stated = stated_difference(without_fields(analysis), _about(prompt))
    is_antilogy = stated is not None and stated != _means_different(declared.flag, prompt)
    return Answer(declared.flag, "antilogy" if is_antilogy else "correct")


def read_first_token(text: str, prompt: str) -> Answer:
    """Read a reply cut after its first token: only the flag can be judged."""
    declared = _declared(text, prompt)
    return Answer(None, "gibberish") if declared is None else Answer(declared.flag, "correct")


def declared_place(text: str, prompt: str) -> Declared | None:
    """Return the answer `read_reply` reads and its place in the text; None where the reply declares none."""
    return _declared(without_options(without_middle(without_reasoning(text)), prompt), prompt)


def says_different(answer: Answer, polarity: Polarity) -> bool | None:
    """Return whether the observer noticed a difference; None when the reply cannot be counted.

    A declared flag counts whatever its analysis says. To leave out those that an analysis seems to contradict
    would lose more of one answer than of the other: who notices a difference writes more about it.
    """
    return None if answer.flag is None else answer.flag == (polarity == "different")


def _declared(said: str, prompt: str) -> Declared | None:
    asked = Asked(
        wants_letter=_WANTS_LETTER in prompt,
        yes_means_different=prompt != IDENTICAL_PROMPT,
        about=_about(prompt),
    )
    declared = find_declared(said, asked)
    if declared is None:
        return None
    denies = {"opening": refuses, "interjection": cannot_judge}.get(declared.strength)
    return None if denies is not None and denies(said) else declared


def _implied(said: str, prompt: str) -> bool | None:
    """Return the flag that a reply without one amounts to."""
    stated = None if cannot_judge(said) else stated_difference(said, _about(prompt))
    return None if stated is None else stated == _means_different(True, prompt)


def _about(prompt: str) -> str | None:
    found = _ABOUT.search(prompt)
    return found[1] if found else None


def _means_different(flag: bool, prompt: str) -> bool:
    return flag != (prompt == IDENTICAL_PROMPT)


def _is_prose(text: str) -> bool:
    """Whether the text reads as words: some letters, not one token over and over."""
    words = re.findall(r"[^\W\d_]{2,}", text.lower())
    return len(words) >= 2 and len(set(words)) * 3 >= len(words)
