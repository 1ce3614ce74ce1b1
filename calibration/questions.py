"""What the observer is asked about a pair, verbatim, and what its reply means.

A question makes the prompt of one trial; `read_reply` turns the reply into a flag and one of the paper's four
classes. Questions about one picture (`task:FILE`) are in `calibration.tasks`.
"""

import re
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

Polarity = Literal["different", "identical"]
ReplyClass = Literal["correct", "antilogy", "gibberish", "deficiency"]
REPLY_CLASSES: tuple[ReplyClass, ...] = ("correct", "antilogy", "gibberish", "deficiency")

# Prompts of the paper (arXiv 2507.00490, pipeline figure). Its '"+<dist.>+"' is string concatenation.
DIRECT_PROMPT = (
    "Is there any noticeable difference in {distortion} between these two images? "
    "Please return <yes> or <no> with analysis."
)
MULTIPLE_CHOICE_PROMPT = (
    "Is there any noticeable difference in {distortion} between these two images? "
    "A. Yes; B. No  Answer with the option's letter from the given choices directly."
)
IMPLICIT_PROMPT = (
    "Is there a noticeable difference between these two images? Please return <yes> or <no> with analysis."
)
VIEWPOINT_PROMPT = (
    "Is there a noticeable difference in the perspectives of these two images? "
    "Please return <yes> or <no> with analysis."
)
# Ours: the same question with "yes" meaning the opposite, so that a bias towards a word shows.
IDENTICAL_PROMPT = "Are these two images identical?"
DIFFERENT_PROMPT = "Are these two images different?"


@dataclass(frozen=True)
class Answer:
    """What one reply says: its yes or no (None: not to be found), and how well formed it is."""

    flag: bool | None
    reply_class: ReplyClass


Wording = Literal["direct", "multiple-choice", "implicit"]
_TEMPLATES: dict[Wording, str] = {
    "direct": DIRECT_PROMPT,
    "multiple-choice": MULTIPLE_CHOICE_PROMPT,
    "implicit": IMPLICIT_PROMPT,
}
_VIEWPOINTS = frozenset({"camera angle", "camera distance"})  # labels of the distortions asked about as views


class PairQuestion(Protocol):
    """A way to ask whether two images differ."""

    @property
    def name(self) -> str:
        """As on the command line."""
        ...

    @property
    def swaps_polarity(self) -> bool:
        """Whether some trials ask if the images are identical, so that a bias towards a word shows."""
        ...

    def prompt(self, distortion_label: str, polarity: Polarity) -> str:
        """Return the text shown with the two images."""
        ...

    def second_prompt(self, distortion_label: str) -> str | None:
        """Return what is asked when the first reply has no yes or no; None to leave it uncounted."""
        ...


@dataclass(frozen=True)
class DifferenceQuestion:
    """The paper's direct prompt, in turns with its polarity swap; multiple choice after an unreadable reply.

    Ten of sixteen open models of the paper answer half of the direct prompts or more in a form that cannot be
    counted, hence the second chance.
    """

    name: str = "difference"
    swaps_polarity: bool = True

    def prompt(self, distortion_label: str, polarity: Polarity) -> str:
        """Return the direct prompt, or "Are these two images identical?" where "yes" means the opposite."""
        if polarity == "identical":
            return IDENTICAL_PROMPT
        return DIRECT_PROMPT.format(distortion=distortion_label)

    def second_prompt(self, distortion_label: str) -> str | None:
        """Return the multiple-choice prompt."""
        return MULTIPLE_CHOICE_PROMPT.format(distortion=distortion_label)


@dataclass(frozen=True)
class PaperQuestion:
    """One of the paper's prompts and nothing else; changes of view have a prompt of their own."""

    wording: Wording
    swaps_polarity: bool = False

    @property
    def name(self) -> str:
        """As on the command line."""
        return f"difference:{self.wording}"

    def prompt(self, distortion_label: str, polarity: Polarity) -> str:  # noqa: ARG002 - never swapped
        """Return the prompt as published."""
        if distortion_label in _VIEWPOINTS and self.wording != "multiple-choice":
            return VIEWPOINT_PROMPT
        return _TEMPLATES[self.wording].format(distortion=distortion_label)

    def second_prompt(self, distortion_label: str) -> str | None:  # noqa: ARG002 - the protocol's signature
        """Return nothing: the paper reports the rate of such replies."""
        return None


def parse_pair_question(spec: str) -> PairQuestion:
    """Read `difference` or `difference:WORDING`.

    Raises:
        ValueError: The question is unknown.
    """
    name, _, wording = spec.partition(":")
    if name == "difference" and not wording:
        return DifferenceQuestion()
    for known in get_args(Wording):
        if name == "difference" and wording == known:
            return PaperQuestion(known)
    raise ValueError(
        "expected --question difference, difference:direct, difference:multiple-choice, difference:implicit "
        f"task:FILE or prompt:FILE, got {spec!r}"
    )


_TAGGED = re.compile(r"<\s*/?\s*(yes|no)\s*/?\s*>", re.IGNORECASE)
_LETTER = re.compile(
    r"^\W*(?:(?:the |my )?(?:correct |final )?(?:option|answer)(?: is)?\W*)?([AB])"
    r"(?=\W*$|\s*[.):,;*\n]|\s+(?:yes|no)\b)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\b(yes|no)\b", re.IGNORECASE)
_WANTS_ANALYSIS = "with analysis"
_WANTS_LETTER = "option's letter"
_SAYS_SAME = re.compile(
    r"\b(?:identical|the same"
    r"|no (?:noticeable|visible|significant|discernible|apparent|real|clear)? ?differences?"
    r"|not (?:differ|different|noticeably different)|indistinguishable|unchanged"
    r"|(?:do|does) not (?:appear|seem) (?:to be )?(?:different|differ)"
    r"|(?:can(?:not|'t)|don't|do not) (?:see|notice|detect|find|perceive) (?:any|a) )",
    re.IGNORECASE,
)
_SAYS_NOT_SAME = re.compile(
    r"\b(?:not|isn't|aren't|n't|hardly|far from|rather than|than)\s+(?:\w+\s+){0,2}?(?:identical|the same)"
    r"|\bnearly identical\b|\balmost identical\b",
    re.IGNORECASE,
)
_SAYS_DIFFERENT = re.compile(
    r"\b(?:blurr?(?:ed|ier|y)|brighter|darker|noisier|grainier|sharper|softer|(?:more|less) saturated"
    r"|(?:lower|higher) contrast|visible artifacts"
    r"|(?:there (?:is|are)|shows?|has|have) "
    r"(?:(?:a|an|some|clear|noticeable|visible|obvious|slight|subtle) )*differences?"
    r"|(?:is|are|looks?|appears?|seems?) (?:(?:very|slightly|clearly|visibly|noticeably|quite) )?different"
    r"|differ (?:in|noticeably|clearly))\b",
    re.IGNORECASE,
)


def read_reply(text: str, prompt: str) -> Answer:
    """Find the yes or no in a reply and judge its form.

    Classes: `correct`; `antilogy`, the analysis says the opposite of the flag; `deficiency`, a part asked for
    is missing (the flag, or the analysis); `gibberish`, neither flag nor readable words.
    """
    flag, rest = _find_flag(text.strip(), wants_letter=_WANTS_LETTER in prompt)
    if flag is None:
        return Answer(None, "deficiency" if _is_prose(text) else "gibberish")
    analysis = rest.strip(" \t\r\n.,:;-–—*>\"'")
    if _WANTS_ANALYSIS in prompt and not re.search(r"[^\W\d_]{2,}", analysis):
        return Answer(flag, "deficiency")
    stated = _stated_difference(analysis)
    if stated is not None and stated != _means_different(flag, prompt):
        return Answer(flag, "antilogy")
    return Answer(flag, "correct")


def read_first_token(text: str, prompt: str) -> Answer:
    """Read a reply cut after its first token: only the flag can be judged."""
    flag, _ = _find_flag(text.strip(), wants_letter=_WANTS_LETTER in prompt)
    return Answer(flag, "gibberish" if flag is None else "correct")


def says_different(answer: Answer, polarity: Polarity) -> bool | None:
    """Return whether the observer noticed a difference; None when the reply cannot be counted.

    A flag contradicted by its own analysis is not counted: nobody knows which of the two was meant.
    """
    if answer.flag is None or answer.reply_class == "antilogy":
        return None
    return answer.flag == (polarity == "different")


def _find_flag(text: str, *, wants_letter: bool) -> tuple[bool | None, str]:
    """Return the flag and the text without it."""
    tags = {match.group(1).lower() for match in _TAGGED.finditer(text)}
    if len(tags) == 1:
        return tags == {"yes"}, _TAGGED.sub("", text)
    if len(tags) == 2:  # noqa: SIM102 - a reply that repeats "<yes> or <no>" has no flag unless it starts with one
        if not (first := _TAGGED.match(text)) or re.match(r"\s*or\b", text[first.end() :]):
            return None, text
    if wants_letter and (letter := _LETTER.match(text)):
        return letter.group(1).upper() == "A", text[letter.end() :]
    words = list(_WORD.finditer(text))
    if words and _leads(text, words[0]):
        return words[0].group(1).lower() == "yes", text[words[0].end() :]
    return None, text


def _leads(text: str, word: re.Match[str]) -> bool:
    """Whether a yes or no answers, rather than being part of a sentence such as "there is no dog"."""
    before = text[: word.start()]
    if re.fullmatch(r"\W*(?:(?:the|my|final) )*(?:answer(?: is)?\W*)?", before, re.IGNORECASE):
        return not re.match(r" (?:one|idea|way|image)", text[word.end() :], re.IGNORECASE)
    return bool(re.search(r"(?:answer|conclusion|return)\W*(?:is\W*)?$", before, re.IGNORECASE))


def _is_prose(text: str) -> bool:
    """Whether the text reads as words: some letters, not one token over and over."""
    words = re.findall(r"[^\W\d_]{2,}", text.lower())
    return len(words) >= 2 and len(set(words)) * 3 >= len(words)


def _means_different(flag: bool, prompt: str) -> bool:
    return flag != (prompt == IDENTICAL_PROMPT)


def _stated_difference(analysis: str) -> bool | None:
    """What the analysis claims, where it claims exactly one of the two; None otherwise."""
    says_not_same = bool(_SAYS_NOT_SAME.search(analysis))
    says_same = bool(_SAYS_SAME.search(analysis)) and not says_not_same
    says_different = bool(_SAYS_DIFFERENT.search(analysis))
    if says_same == says_different:
        return None
    return says_different
