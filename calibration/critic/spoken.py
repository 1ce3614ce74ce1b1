"""Find in a reply the one word of a scale that it answers with.

Case, markup and what stands around do not count. A reply that names several words answers with the one it
declares ("overall: fair"); one that leaves the choice open, or only says what it is not, answers nothing.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from calibration.critic.scales import Scale

_DECLARES = re.compile(
    r"\b(?:overall|answer|rating|verdict|conclusion|in short|final(?:ly)?|therefore"
    r"|i(?:['’]d| would)? (?:rate|say)|(?:rated|described|judged) as)\b",
    re.IGNORECASE,
)
_DENIED = r"(?:\b(?:not|isn't|isn’t|hardly|never|neither|nor|nothing)\s+(?:(?:a|an|so|very|really|that)\s+)?)"
_BETWEEN = r"[\"'`*_)\]]{0,3}\s*(?:,|/|\||or|,\s*or)\s*[\"'`*_(\[]{0,3}"


@dataclass(frozen=True)
class Spoken:
    """A word of a scale where it stands in a text."""

    word: str
    start: int
    end: int


def spoken_word(text: str, scale: Scale) -> Spoken | None:
    """Return the word a reply answers with, where it stands first; None where it declares none, or several.

    Args:
        text: Without its reasoning.
        scale: What was asked.
    """
    word, offered, denied = _patterns(scale)
    blanked = _blank(denied, _blank(offered, text))
    found = [_spoken(each, scale) for each in word.finditer(blanked)]
    if len({each.word for each in found}) <= 1:
        return found[0] if found else None
    cues = list(_DECLARES.finditer(blanked))
    declared = [each for each in found if cues and each.start >= cues[-1].end()]
    return declared[0] if len({each.word for each in declared}) == 1 else None


def _spoken(match: re.Match[str], scale: Scale) -> Spoken:
    said = match[0].lower()
    return Spoken(scale.spoken_as.get(said, said), match.start(), match.end())


@lru_cache(maxsize=32)
def _compiled(names: tuple[str, ...], words: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    any_name = rf"\b(?:{'|'.join(names)})\b"
    any_word = rf"\b(?:{'|'.join(words)})\b"
    least = min(len(words), 3) - 1  # so many after the first are the list that was offered, not an answer
    return (
        re.compile(any_name, re.IGNORECASE),
        re.compile(rf"{any_word}(?:{_BETWEEN}{any_word}){{{least},}}", re.IGNORECASE),
        re.compile(_DENIED + any_name, re.IGNORECASE),
    )


def _patterns(scale: Scale) -> tuple[re.Pattern[str], ...]:
    names = sorted({*scale.words, *scale.spoken_as}, key=len, reverse=True)
    return _compiled(tuple(names), scale.words)


def _blank(pattern: re.Pattern[str], text: str) -> str:
    """Put spaces in place of what matches: places stay places."""
    return pattern.sub(lambda match: " " * len(match[0]), text)
