"""What one clause of prose claims about two pictures: that they differ, that they do not, or neither.

A clause claims something where it holds a cue of difference or of sameness, or says that damage left a trace
in one picture or in neither. A negation before a cue turns it round; a condition or a guess makes it no
claim.
"""

import re

from calibration.replies import cues
from calibration.replies.lexicon import ADDED, DIFFERENCE_NOUN, ONE
from calibration.replies.names import names_another, speaks_of

_LONGEST = 500  # characters of a clause: more is no sentence
SHORT = 4  # words: a clause with fewer may do without a subject
_EMPHASIS = re.compile(r"[*_`\"“”]+")


def claim_of(clause: str, about: str | None) -> bool | None:
    """Return whether one clause claims a difference, that there is none, or nothing (None)."""
    if len(clause) > _LONGEST or cues.OPEN.search(clause) or _is_beside_the_question(clause, about):
        return None
    for claim in (_plain_claim, _trace_claim, _chinese_claim):
        claimed = claim(clause, about)
        if claimed is not None:
            return claimed
    if cues.TOO_SMALL.search(clause):
        return None if cues.NEGATION.search(clause) else False
    return _cued_claim(_EMPHASIS.sub("", clause), about)


def marks_by_side(clause: str) -> dict[str, set[str]]:
    """Return the damage named, by the one picture that the clause is about; empty where it is about both."""
    if cues.OF_BOTH.search(clause) or cues.COMPARES.search(clause):
        return {}
    side = cues.SIDE.search(clause)
    marks = {mark[0].lower() for mark in cues.MARK.finditer(clause)}
    return {"first" if side["first"] else "second": marks} if side and marks else {}


def _is_beside_the_question(clause: str, about: str | None) -> bool:
    """Whether a clause is about another kind of difference than was asked for."""
    if about is None or speaks_of(clause, about):
        return False
    if cues.NAMED.search(clause):
        return True
    return names_another(clause, about) and not re.search(DIFFERENCE_NOUN, clause, re.IGNORECASE)


def _plain_claim(clause: str, about: str | None) -> bool | None:
    if cues.NONE_SEEN.search(clause):
        return False
    if cues.HEADING.match(clause):
        return True
    if cues.LESS.search(clause) and (about is None or speaks_of(clause, about)):
        return True
    return None


def _trace_claim(clause: str, about: str | None) -> bool | None:
    """Return what a clause says of the traces of damage: that one has them, that neither does, or nothing."""
    if (about is not None and not speaks_of(clause, about)) or cues.COMPARES.search(clause):
        return None
    if about is not None and _has_none(clause):
        return False
    if cues.ONE_IS_NOT.search(clause):
        return True
    rest = cues.ONLY_ONE.sub("", clause)
    if cues.NEGATION.search(rest) or cues.OF_BOTH.search(rest):
        return None
    if rest != clause and re.search(rf"\b{ONE}\b", clause, re.IGNORECASE):
        return True
    is_telling = about is not None or re.search(rf"\b{ADDED}\b", rest, re.IGNORECASE)
    return True if is_telling and cues.IN_ONE.search(rest) else None


def _has_none(clause: str) -> bool:
    """Whether a clause says that neither picture was damaged, or the one as much as the other."""
    if cues.IN_NEITHER.search(clause):
        return True
    return cues.AS_MUCH.search(clause) is not None and not cues.NEGATION.search(clause)


def _chinese_claim(clause: str, about: str | None) -> bool | None:  # noqa: ARG001 - as the others
    if cues.CHINESE_NONE.search(clause):
        return False
    return True if cues.CHINESE_DIFFERENCE.search(clause) else None


def _cued_claim(clause: str, about: str | None) -> bool | None:
    """Return what the cues of a clause claim; nothing where they are at odds."""
    is_equal = cues.EQUALLY.search(clause) or cues.WITHIN_ONE.search(clause)
    claims = {
        _turned(clause, cue, says=True) for cue in (() if is_equal else cues.DIFFERENCE.finditer(clause))
    }
    is_of_pair = cues.PAIR.search(clause) or len(clause.split()) < SHORT or speaks_of(clause, about)
    if is_of_pair and not cues.THE_REST.search(clause):
        claims |= {_turned(clause, cue, says=False) for cue in cues.SAMENESS.finditer(clause)}
    claims.discard(None)
    return claims.pop() if len(claims) == 1 else None


def _turned(clause: str, cue: re.Match[str], *, says: bool) -> bool | None:
    """Return what a cue claims in its clause: negations before it, or within it, turn it round."""
    negations = len(cues.NEGATION.findall(cues.NO_NEGATION.sub("", clause[: cue.end()])))
    if negations > 1 or cues.NEGATION.search(cues.NO_NEGATION.sub("", clause[cue.end() :])):
        return None
    if negations == 1:
        return not says
    is_any = re.search(r"\bany\b", cue[0], re.IGNORECASE)
    return None if is_any or (says and _is_heading(clause, cue)) else says


def _is_heading(clause: str, cue: re.Match[str]) -> bool:
    """Whether a clause only names a difference, as a heading does, without a verb that claims one."""
    return cue.start() == 0 and not cues.VERB.search(clause) and "different" not in cue[0].lower()
