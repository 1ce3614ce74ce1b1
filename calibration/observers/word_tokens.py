"""Which words of a list the tokens of a vocabulary or of an API's list spell, whole or in their first piece.

What stands around a word, its case and how tokenizers write spaces do not count.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from calibration.observers.flags import AROUND

_SHORTEST_PIECE = 2  # letters; one alone begins too many other words


def spelled_word(token: str, words: Sequence[str]) -> str | None:
    """Return the word that a token says, or begins as no other word of the list does; None where it is none.

    A piece such as "exc" may go on to another word than "excellent": what it is given is an upper bound.
    """
    spoken = token.strip(AROUND).lower()
    if spoken in words:
        return spoken
    if len(spoken) < _SHORTEST_PIECE:
        return None
    begun = [word for word in words if word.startswith(spoken)]
    return begun[0] if len(begun) == 1 else None


def word_masses(alternatives: Mapping[str, float], words: Sequence[str]) -> dict[str, float]:
    """Return the probability of every word among the alternatives of a token, its spellings summed.

    Args:
        alternatives: Text of a token to the natural logarithm of its probability.
        words: In small letters.
    """
    masses: dict[str, float] = {}
    for token, logarithm in alternatives.items():
        word = spelled_word(token, words) if logarithm <= 0 else None
        if word is not None:
            masses[word] = masses.get(word, 0.0) + math.exp(logarithm)
    return masses


def spelling_tokens(words: Sequence[str], vocabulary: Iterable[tuple[str, int]]) -> tuple[int, ...]:
    """Return the entries of a vocabulary that say a word of the list, or begin one."""
    longest = max(map(len, words), default=0) + 2 * len("</w>")
    return tuple(
        sorted(index for token, index in vocabulary if len(token) <= longest and spelled_word(token, words))
    )
