"""Which tokens spell yes or no, and how probable a reply's flag made each: a probability from one query.

Works on the alternatives APIs list beside each token, and tells which entries of a vocabulary spell a flag.
Judges no prose: where no token of the reply is plainly its flag, there is no probability.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calibration.observers.protocol import TokenChoice
from calibration.questions import MULTIPLE_CHOICE_PROMPT
from calibration.replies.reader import declared_place

_LONGEST_FLAG = 12  # characters, signs included
_ASKS_FOR_LETTER = MULTIPLE_CHOICE_PROMPT.rpartition("images? ")[2]
AROUND = " \t\r\n<>*_\"'`([{:.,;!)]}▁ĠĊ"  # the last three: how tokenizers write space and line end


@dataclass(frozen=True)
class FlagWords:
    """What affirms and what denies, in small letters."""

    yes: frozenset[str]
    no: frozenset[str]

    def meaning(self, token: str) -> bool | None:
        """Return what a token says on its own: yes, no, or neither."""
        word = token.strip(AROUND).lower()
        if len(word) == 1 and not token.strip(AROUND).isupper():
            return None  # "a" is an article
        return True if word in self.yes else False if word in self.no else None


@dataclass(frozen=True)
class FlagTokens:
    """The entries of a vocabulary that matter to a flag."""

    yes: tuple[int, ...]
    no: tuple[int, ...]
    signs: frozenset[int]  # may come before the flag: "<", a space, a line end

    def place(self, tokens: Sequence[int]) -> int | None:
        """Return where a reply has its flag, if it begins with one."""
        for at, token in enumerate(tokens):
            if token in self.yes or token in self.no:
                return at
            if token not in self.signs:
                return None
        return None


def flag_words(prompt: str) -> FlagWords:
    """Return what a prompt's flags are: yes and no, and letters where it asks for one."""
    if prompt.endswith(_ASKS_FOR_LETTER):
        return FlagWords(frozenset({"yes", "a"}), frozenset({"no", "b"}))
    return FlagWords(frozenset({"yes"}), frozenset({"no"}))


def affirmative_probability(choices: Sequence[TokenChoice], prompt: str) -> float | None:
    """Return P(yes) / (P(yes) + P(no)) at the token of the answer the reply declares; None without one.

    The answer is the one `read_reply` reads: the last declared, reasoning left out. The share is 0 or 1 where
    the other flag is not among the alternatives listed.
    """
    words = flag_words(prompt)
    place = declared_place("".join(choice.token for choice in choices), prompt)
    if place is None:
        return None
    end = 0
    for choice in choices:
        start, end = end, end + len(choice.token)
        if start < place.end and place.start < end:
            # Where a field is named for the opposite ("identical: no"), its word is not the flag.
            return _share(choice, words) if words.meaning(choice.token) is place.flag else None
    return None


def spelling(words: FlagWords, vocabulary: Iterable[tuple[str, int]]) -> FlagTokens:
    """Return the entries of a vocabulary that spell yes, that spell no, and that are only signs."""
    yes: list[int] = []
    no: list[int] = []
    signs: list[int] = []
    for token, index in vocabulary:
        meaning = words.meaning(token) if len(token) <= _LONGEST_FLAG else None
        if meaning is not None:
            (yes if meaning else no).append(index)
        elif not token.strip(AROUND):
            signs.append(index)
    return FlagTokens(tuple(sorted(yes)), tuple(sorted(no)), frozenset(signs))


def _share(choice: TokenChoice, words: FlagWords) -> float | None:
    masses = {True: 0.0, False: 0.0}
    for token, logarithm in choice.alternatives.items():
        meaning = words.meaning(token)
        if meaning is not None and logarithm <= 0:
            masses[meaning] += math.exp(logarithm)
    total = masses[True] + masses[False]
    return masses[True] / total if total > 0 else None
