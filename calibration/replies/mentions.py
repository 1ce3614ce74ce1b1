"""Find the words of a reply that could be its answer, wherever they stand and whatever they answer.

Knows yes and no in several languages, the letters of two options, truth values and the two poles
("identical", "different"). A "no" that belongs to a noun ("no dog") is none of them. What a word answers is
for `contexts`.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from calibration.replies.lexicon import one_of

Kind = Literal["word", "letter", "truth", "pole", "nothing"]

_YES = (
    *(
        "yes",
        "yeah",
        "yep",
        "yup",
        "affirmative",
        "oui",
        "sí",
        "si",
        "ja",
        "да",
        "sim",
        "はい",
        "ええ",
        "예",
        "네",
    ),
    *("是的", "是", "有的", "有", "对的", "对"),
    r"i (?:do )?(?:think|believe) so",
    r"the(?:re|y) (?:is|are)(?=\W*\Z)",
)
_NO = (
    *("nope", "nah", "negative", "non", "nein", "nej", "нет", "não", "いいえ", "아니요", "아니오"),
    *("否", "不是的", "不是", "没有", "沒有", "不", "无"),
    r"(?:absolutely|definitely|certainly|of course|probably) not",
    r"not (?:at all|really)",
    r"i (?:do not|don['’]t) (?:think|believe) so",
    r"the(?:re|y) (?:is|are)(?: not|n['’]t)(?=\W*\Z)",
    "no",
)
_AFTER_NO_WORDS = (
    *("there", "they", "the", "these", "those", "this", "that", "it", "its", "i", "we", "both", "neither"),
    *("because", "since", "as", "but", "not", "between", "after", "upon", "based", "thus", "so", "any"),
    *("from", "with", "for", "here", "again", "if", "though", "although", "unless", "except"),
)
_SAME_VALUES = (
    r"(?:exactly |both |essentially )?(?:the )?(?:exact )?same",
    r"(?:both |exactly )?identical",
    "indistinguishable",
    r"no (?:noticeable |visible |perceptible |discernible |significant )?(?:difference|change)s?",
    r"(?:not|aren['’]t) (?:noticeably )?different",
)
_DIFFERENT_VALUES = (
    r"(?:not|aren['’]t) (?:exactly )?(?:the )?same",
    r"(?:not|aren['’]t) identical",
    r"(?:clearly |noticeably |visibly |slightly )?different",
    r"(?:a |visible |clear )*noticeable difference",
)
_HEARD = 200  # words looked at: a reply with more of them does not answer


# What may follow a "no" that answers; before a noun it is part of a statement, before a number an ordinal.
_AFTER_NO = (
    r"(?=\s*\Z|\s*[.,;:!?)\]}>\"'”’*_`|\\/(—–。，、；：！<\n]|\s+[-=~→✅❌]"
    rf"|\s+{one_of(*_AFTER_NO_WORDS)}\b|\s*[^\w\s\"'“‘<(\[-])(?!\.?\s?\d)"
)
_AFTER_YES = r"(?!\s*(?:\bor\b|\band no\b|/\s*no\b))(?!-\w)"
_EDGE = r"(?<![^\W_])"  # an underscore is emphasis
_END = r"(?![^\W_])"
_AFTER_LETTER = (
    r"(?![^\W_]|['’]\w|_\w)(?=\W*\Z|\s*[.):,;*\]}\"'`\n<>—–!|_]|\s+[-—–(]"
    r"|\s+(?:yes|no|because|since|as|is (?:the |my )?(?:correct|right|answer|choice))\b)"
)
_AFTER_VALUE = r"(?=\W*\Z|\s*[.,;!\"'*_`}\]<\n|—–(])"
_MENTION = re.compile(
    rf"{_EDGE}(?:(?P<yes>{one_of(*_YES)}){_END}{_AFTER_YES}"
    rf"|(?P<same>{one_of(*_SAME_VALUES)}){_END}{_AFTER_VALUE}"
    rf"|(?P<differ>{one_of(*_DIFFERENT_VALUES)}){_END}{_AFTER_VALUE}"
    rf"|(?P<no>{one_of(*_NO)}){_END}{_AFTER_NO}"
    rf"|(?P<true>true|correct){_END}{_AFTER_VALUE}|(?P<false>false|incorrect){_END}{_AFTER_VALUE}"
    rf"|(?P<none>none(?: that i can see| visible| noticeable| found| at all| detected)?|null"
    rf"|n/a){_END}{_AFTER_VALUE})|(?P<empty>\[\s*\])",
    re.IGNORECASE,
)
_LETTER = re.compile(rf"(?<![a-zA-Z\d])(?<!\w['’_])(?:(?P<a>A)|(?P<b>B)){_AFTER_LETTER}")
_BARE_LETTER = re.compile(r"\W*(?:(?P<a>[Aa])|(?P<b>[Bb]))\W*")
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("yes", "no"), "word"),
    **dict.fromkeys(("a", "b"), "letter"),
    **dict.fromkeys(("true", "false"), "truth"),
    **dict.fromkeys(("same", "differ"), "pole"),
    **dict.fromkeys(("none", "empty"), "nothing"),
}


@dataclass(frozen=True)
class Mention:
    """A word that could be an answer, and its place."""

    flag: bool  # for a pole: whether it says "different"
    start: int
    end: int
    kind: Kind


def find_mentions(text: str, *, wants_letter: bool) -> list[Mention]:
    """Return the mentions in the order of the text; of very many, those at either end.

    Args:
        text: Without reasoning and options (`calibration.replies.masking`).
        wants_letter: Whether the prompt asked for A or B.
    """
    found = [_mention(match) for match in _MENTION.finditer(text)]
    if wants_letter:
        bare = _BARE_LETTER.fullmatch(text)
        found += [_mention(bare)] if bare else [_mention(match) for match in _LETTER.finditer(text)]
        found = _without_disputed(text, sorted(found, key=lambda mention: mention.start))
    return found if len(found) <= _HEARD else [*found[: _HEARD // 2], *found[-_HEARD // 2 :]]


def _mention(match: re.Match[str]) -> Mention:
    name = str(match.lastgroup)
    return Mention(name in {"yes", "a", "true", "differ"}, match.start(name), match.end(name), _KINDS[name])


def _without_disputed(text: str, found: list[Mention]) -> list[Mention]:
    """Drop a letter and the word beside it where they disagree, as in "A. No"."""
    disputed = {
        each
        for letter, word in pairwise(found)
        if letter.kind == "letter" and word.kind == "word" and letter.flag != word.flag
        if re.fullmatch(r"\W{0,2}[.):(]\s?\W{0,2}", text[letter.end : word.start])
        and re.match(r"[.)*_]|\s*\Z|\n", text[word.end :])
        for each in (letter, word)
    }
    return [mention for mention in found if mention not in disputed]
