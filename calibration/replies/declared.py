"""Find the answer a reply declares, and where it stands.

Each word that could be an answer (`mentions`) is judged by what stands before it, and gets one strength:

- *final*: `<yes>`, "Answer: yes", boxed, an answer field of JSON, a line that is nothing but the answer;
- *opening*: the reply begins with it, after no more than a greeting;
- *concluding*: "so, no", "I would say yes", a sentence, or last word, that is nothing but the answer;
- *field*: the difference or identity named and its value, "Noticeable difference: no", `{"identical": true}`;
- *interjection*: a sentence that begins with yes or no.

The strongest counts. Of final ones the last does, for a reply may revise itself; where others are at odds,
none counts. What answers some other question ("Same dog? Yes.") is no answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from calibration.replies.contexts import WINDOW, Strength, context_of, field_before
from calibration.replies.lexicon import matcher, one_of
from calibration.replies.mentions import find_mentions
from calibration.replies.names import Asked
from calibration.replies.refusals import cannot_judge

_TAKES_BACK = one_of(
    *(
        "wait",
        "actually",
        "correction",
        "scratch that",
        "i was wrong",
        "i change my mind",
        "my mistake",
        "i mean",
    ),
    *(
        r"i['’](?:d|ll) revise[^.:\n]{0,20}",
        "i (?:must |have to |would )?(?:revise|correct) (?:that|myself|my answer)",
    ),
    *("on second thoughts?", "on reflection", "looking again", "no, sorry"),
)
_AND_THEN = one_of(
    "actually", "then", "wait", "hmm+", "well", "looking again", "i was wrong", "it is", "it['’]s"
)
_REVISES = matcher(rf"\b{_TAKES_BACK}\b(?:[^\w?]{{1,6}}{_AND_THEN}\b){{0,3}}[^\w?]{{1,6}}\Z")
_RESTATED = matcher(  # "Yes, they are identical. No, they are not identical."
    r"(?:\A|[.!]\s{1,3})(?P<said>yes|no), "
    r"(?:they|these|the (?:two )?(?:images|pictures)) (?:are|do|differ)\b(?! both)"
)
_ORDER: tuple[Strength, ...] = ("final", "opening", "concluding", "field", "interjection")


@dataclass(frozen=True)
class Declared:
    """A yes or a no and its place in the reply."""

    flag: bool
    start: int  # of the word itself, without the signs around it
    end: int
    strength: Strength
    begin: int  # of the whole declaration: its label or name


def find_declared(text: str, asked: Asked) -> Declared | None:
    """Return the declaration that counts; None where there is none, or where those there are leave it open.

    Args:
        text: Without reasoning and options (`calibration.replies.masking`).
        asked: What the prompt asked.
    """
    found: list[Declared] = []
    heard: set[bool] = set()  # what was revised, too
    for mention in find_mentions(text, wants_letter=asked.wants_letter):
        is_revision = bool(found) and _REVISES.search(text[max(0, mention.start - WINDOW) : mention.start])
        context = context_of(text, mention, asked)
        if is_revision and mention.kind in {"word", "letter"}:
            found = [Declared(mention.flag, mention.start, mention.end, "final", mention.start)]
        elif context is not None:
            begin = mention.start - context.begins_before
            flag = mention.flag == context.means_yes
            found.append(Declared(flag, mention.start, mention.end, context.strength, begin))
        heard |= {each.flag for each in found}
    if len(heard) == 2 and cannot_judge(text[found[-1].end :]):
        return None
    if {restated["said"].lower() for restated in _RESTATED.finditer(text)} == {"yes", "no"}:
        return None
    return _deciding(_without_contradicted(text, found))


def without_fields(text: str) -> str:
    """Blank every name with a yes-or-no value: what is left is prose."""
    for mention in reversed(find_mentions(text, wants_letter=False)):
        begin = None if mention.kind == "pole" else field_before(text, mention)
        if begin is not None:
            text = text[:begin] + "\n" * (mention.end - begin) + text[mention.end :]
    return text


def _deciding(found: Sequence[Declared]) -> Declared | None:
    """Return the declaration that counts among all."""
    strongest = next((s for s in _ORDER if any(each.strength == s for each in found)), None)
    chosen = [each for each in found if each.strength == strongest]
    if strongest == "final":
        return chosen[-1]
    if strongest == "opening":
        first = chosen[0]
        is_undone = any(each.flag != first.flag for each in found if each.strength == "concluding")
        return None if is_undone else first
    return chosen[-1] if len({each.flag for each in chosen}) == 1 else None


def _without_contradicted(text: str, found: Sequence[Declared]) -> list[Declared]:
    """Drop neighbours that say the opposite with no word between them: both were said, and neither counts."""
    contradicted = {
        each.start
        for one, other in pairwise(found)
        if one.flag != other.flag
        and (one.strength == other.strength or {one.strength, other.strength} == {"opening", "concluding"})
        and not re.search(r"[\w?]", text[one.end : other.start])
        for each in (one, other)
    }
    return [each for each in found if each.start not in contradicted]
