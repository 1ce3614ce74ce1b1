"""Tell whether two answers of a model say the same, and which of three stands alone.

Case, white space and punctuation are no difference, numbers count by their value. Nothing is understood: free
text that says the same in other words is another answer.
"""

import re
import unicodedata
from dataclasses import dataclass

CONFIDENT_MARGIN = 0.2  # between the probabilities of the two likeliest tokens; see the facts on stability
FREE_TEXT_WORDS = 6  # answers this long are told apart word by word, which is said in reports

_NUMBER = re.compile(r"(?<![\w.])-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?![0-9])")
_DROPPED = frozenset("'’`*_")  # inside of words, or marks of emphasis: nothing takes their place


@dataclass(frozen=True)
class Answer:
    """What a model answered once."""

    text: str
    margin: float | None = None  # of its least sure token; None where the API tells no probabilities

    @property
    def is_confident(self) -> bool | None:
        """Whether no token of it was nearly another one; None where that is not told."""
        return None if self.margin is None else self.margin > CONFIDENT_MARGIN

    @property
    def is_free_text(self) -> bool:
        """Whether it is longer than a choice, a name or a number."""
        return len(self.text.split()) >= FREE_TEXT_WORDS


@dataclass(frozen=True)
class Standing:
    """Which of an original's two answers and the lightened picture's one stands alone against two that agree.

    If lightening changed nothing, the three are draws of the same model, and each is as often the one that
    stands alone: what `is_changed` has beyond `is_noise` is the doing of the lightening.
    """

    is_changed: bool  # the lightened picture's answer, and the original repeats its own
    is_noise: bool  # the original's first answer


def normalised(text: str) -> str:
    """Return what counts of an answer."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    pieces, end = [], 0
    for number in _NUMBER.finditer(plain):
        pieces += [_words(plain[end : number.start()]), _value(number.group())]
        end = number.end()
    return " ".join(" ".join([*pieces, _words(plain[end:])]).split())


def say_the_same(one: Answer, other: Answer) -> bool:
    """Tell whether two answers are one."""
    return normalised(one.text) == normalised(other.text)


def standing(original: Answer, lightened: Answer, again: Answer | None) -> Standing:
    """Compare; `again` is the original's second answer and may be left out where the first two agree.

    Raises:
        ValueError: The two differ, and there is no third that could settle it.
    """
    if say_the_same(original, lightened):
        return Standing(is_changed=False, is_noise=False)
    if again is None:
        raise ValueError("expected a second answer about the original where the first two differ")
    return Standing(
        is_changed=say_the_same(original, again),
        is_noise=say_the_same(lightened, again),
    )


def _words(text: str) -> str:
    return "".join(_sign(character) for character in text)


def _sign(character: str) -> str:
    if character in _DROPPED:
        return ""
    is_mark = unicodedata.category(character)[0] in "PC" and character != "%"
    return " " if is_mark else character


def _value(number: str) -> str:
    """Write a number in one way: 1,000.50 as 1000.5."""
    sign = "-" if number.startswith("-") else ""
    whole, _, fraction = number.lstrip("-").replace(",", "").partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    value = f"{whole}.{fraction}" if fraction else whole
    return f" {value} " if value == "0" else f" {sign}{value} "
