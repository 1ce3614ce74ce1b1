"""Tell what a name or a question before a value asks: the question of the prompt, its opposite, or neither.

"Noticeable difference: no", `{"are_identical": true}` and "Are they different? Yes." answer the prompt; "Same
dog? Yes." and `{"sharp": "yes"}` answer something else: they hold words that no question about the pair has.
"""

import re
from dataclasses import dataclass

ANSWERS = (
    *("answer", "conclusion", "verdict", "decision", "response", "choice", "judgement", "judgment"),
    *(
        "determination",
        "output",
        "final",
        "result",
        "assessment",
        "selection",
        "option",
        "letter",
        "assistant",
    ),
    *(
        "flag",
        "label",
        "prediction",
        "return",
        "reply",
        "tldr",
        "tl;dr",
        "status",
        "pick",
        "call",
        "vote",
        "selected",
    ),
)
NOT_THE_ANSWER = (
    *("long", "longer", "initial", "first", "tentative", "preliminary", "previous", "earlier", "original"),
    *("wrong", "incorrect", "expected", "possible", "sample", "example", "opposite", "other", "intermediate"),
    *("analysis", "next", "naive"),
)
_SAME = frozenset(
    {"same", "identical", "match", "matches", "matching", "indistinguishable", "alike", "equal"}
)
_DIFFERENT = frozenset(
    {"different", "differ", "differs", "difference", "differences", "noticeable", "distinguishable", "change"}
    | {"changes", "changed", "discrepancy", "discrepancies", "perceptible", "noticed", "shift"}
)
_OF_ANY_PAIR = frozenset(
    {
        *(
            "a",
            "an",
            "the",
            "any",
            "is",
            "are",
            "am",
            "there",
            "it",
            "they",
            "them",
            "these",
            "those",
            "this",
        ),
        *("two", "both", "pair", "image", "images", "picture", "pictures", "photo", "photos", "photograph"),
        *("photographs", "version", "versions", "of", "between", "in", "on", "level", "levels", "degree"),
        *(
            "do",
            "does",
            "did",
            "has",
            "have",
            "had",
            "i",
            "you",
            "we",
            "see",
            "seen",
            "visible",
            "detectable",
        ),
        *("detected", "found", "find", "was", "were", "been", "be", "really", "truly", "so", "then"),
        *("overall", "final", "exactly", "clear", "clearly", "significant", "to", "me", "one", "another"),
        *("other", "each", "from", "yes", "no", "q", "question", "here", "completely", "perfectly", "task"),
        *("asked", "spot", "notice", "apparent", "present", "exist", "exists", "observed", "terms", "with"),
        *("respect", "regarding", "now", "and", "but", "well", "ok", "okay", "visibly", "noticeably"),
        *("answer", "flag", "result", "s", "my"),
    }
)
_NEGATIONS = frozenset({"not", "no", "non"})
# What people call the same thing: a claim about sharpness answers a question about blur.
_ASPECTS = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        r"blur|sharp|focus|clarity|soft|crisp|resolution|detail",
        r"bright|exposure|dark|dim|light|luminance",
        r"nois|grain|speck",
        r"saturat|colou?r|vivid|palette|hue",
        r"contrast|tonal|flat",
        r"compress|artifact|artefact|block|jpeg",
        r"perspective|viewpoint|angle|camera|distance|vantage|position",
        r"band|gradient|smooth|step|posteri[sz]",
        r"mask|cover|hid(?:es|den)|occlu|rectang|\bbox|blacked|blocked",
        r"watermark|overlay|\bqr\b|lettering|\btext\b|\bword\b|\blogo",
    )
)


_PLAIN_ASPECTS = 5  # those that have comparatives of their own
_SIZE = re.compile(r"\b(?:small|larg|tall|short|bigg)er\b|perspective", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What the prompt asked."""

    wants_letter: bool
    yes_means_different: bool  # rather than identical
    about: str | None  # such as "blur"; None: any difference


def answers_prompt(name: str, asked: Asked) -> bool | None:
    """Whether a yes to this name is a yes to the prompt (True), a no (False), or neither (None)."""
    words = _words(name)
    poles = {word in _DIFFERENT for word in words if word in _DIFFERENT | _SAME}
    if not poles:
        return _by_other_words(name, words, asked)
    words = _without_both_sides(words)
    if len(poles) > 1 or any(_is_strange(word, asked) for word in words):
        return None
    says_different = poles.pop() != bool(_NEGATIONS.intersection(words[:3]))
    return says_different == asked.yes_means_different


def is_answer_name(name: str) -> bool:
    """Whether a name is one for the answer itself, whatever it is."""
    words = _words(name)
    return any(word in ANSWERS for word in words) and not any(word in NOT_THE_ANSWER for word in words)


def speaks_of(text: str, about: str | None) -> bool:
    """Whether a text names what was asked for, by its name or another for the same thing."""
    if about is None:
        return False
    aspects = [aspect for aspect in _ASPECTS if aspect.search(about)]
    return about.lower() in text.lower() or any(aspect.search(text) for aspect in aspects)


def names_another(text: str, about: str) -> bool:
    """Whether a text is about something else than what was asked for: darker is not blurrier."""
    others = [aspect for aspect in (*_ASPECTS[:_PLAIN_ASPECTS], _SIZE) if not aspect.search(about)]
    return not speaks_of(text, about) and any(aspect.search(text) for aspect in others)


def _by_other_words(name: str, words: list[str], asked: Asked) -> bool | None:
    if is_answer_name(name):
        return True
    if re.search(r"不同|差异|区别|差别", name):
        return asked.yes_means_different
    if re.search(r"相同|一样|一致", name):
        return not asked.yes_means_different
    if asked.about and asked.about.lower() in name.lower() and not any(_is_strange(w, asked) for w in words):
        return True
    return None


def _is_strange(word: str, asked: Asked) -> bool:
    """Whether a word has no place in a question about this pair."""
    if word in _OF_ANY_PAIR or word in _SAME or word in _DIFFERENT or word in _NEGATIONS:
        return False
    return not speaks_of(word, asked.about)


def _without_both_sides(words: list[str]) -> list[str]:
    """Drop the names of the two pictures where both are named: "between image 1 and image 2"."""
    for one, other in (("1", "2"), ("first", "second"), ("left", "right"), ("a", "b")):
        if one in words and other in words:
            words = [word for word in words if word not in {one, other}]
    return words


def _words(name: str) -> list[str]:
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.findall(r"tl;dr|[^\W_]+", parts, re.IGNORECASE)]
