"""What prose claims about two pictures: that they differ, that they do not, or neither.

Reads clause by clause (`claims`). A conclusion outweighs what led to it.
"""

import re

from calibration.replies.claims import SHORT, claim_of, marks_by_side
from calibration.replies.cues import NEGATION
from calibration.replies.names import speaks_of

_CLAUSE_END = re.compile(
    r"[.!?](?=\s|$|[\"'*<)])|:(?=[\s*])|[;\n。！？；，]|\s[–—-]\s|—"
    r"|,?\s\b(?:but|however|although|though|while|whereas|yet|because|since)\b"
    r"|,\s+(?=with\b)|,\s+(?:and |so |as |which |making |or )?(?=(?:they|the|both|its?|i|there|we"
    r"|these|this|that|one|no|not)\b)"
    r"|\sand (?=(?:they|it|there|i|we|neither|both|no)\b)",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"^\W*(?:so|therefore|thus|hence|overall|in (?:conclusion|summary|short)|to (?:conclude"
    r"|summari[sz]e)|ultimately"
    r"|consequently|i (?:would |must |can )?conclude|all in all|conclusion|final answer|answer|verdict|因此"
    r"|所以|综上|总之)\b",
    re.IGNORECASE,
)
_LIKEWISE = re.compile(
    r"\bso (?:does|is|do|has) the\b|\bas (?:it (?:is|does|was) )?in (?:the )?(?:first|second|other|image \w"
    r"|original)\b"
    r"|\bthe same (?:amount|degree|level|watermark|blur|noise|grain|artifacts?|text|overlay|is true"
    r"|goes for|applies|thing)\b"
    r"|\b(?:likewise|as well|too)\W*$",
    re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r"\W*(?:at first(?: (?:glance|sight|look))?|at a glance|initially|in (?:the )?(?:first|second|left"
    r"|right|other|image \w)"
    r"(?: image| picture| photo| one)?)\W*",
    re.IGNORECASE,
)
_UNDONE = re.compile(
    r"\W*(?:but |and )?(?:they|these|it|the (?:two )?(?:images|pictures))(?:['’]re| are|['’]s| is"
    r"| do| does)(?:n['’]t| not)(?: (?:quite|exactly|really))?\W*",
    re.IGNORECASE,
)


def stated_difference(text: str, about: str | None = None) -> bool | None:
    """Return whether the text claims a difference; None where it claims neither, or both.

    A conclusion outweighs what led to it; a clause about what was asked outweighs one about anything else.

    Args:
        text: What was said, without the declared answer itself.
        about: What the question asked for, such as "blur".
    """
    claims: list[tuple[str, bool]] = []
    for clause in _clauses(text):
        claim = claim_of(clause, about)
        if claim is not None:
            claims.append((clause, claim))
        elif claims and _UNDONE.fullmatch(clause):  # "they look identical, but they are not"
            claims[-1] = (clause, not claims[-1][1])
    concluding = [claim for clause, claim in claims if _CONCLUDES.match(clause)]
    is_likewise = any(_LIKEWISE.search(clause) for clause in _clauses(text))
    if is_likewise and all(claim for _, claim in claims) and not concluding:
        return None
    if not concluding and _share_a_mark([clause for clause, claim in claims if claim]):
        return None
    asked = [claim for clause, claim in claims if speaks_of(clause, about)]
    for chosen in (concluding[-1:], asked, [claim for _, claim in claims]):
        if chosen:
            return chosen[0] if len(set(chosen)) == 1 else None
    return None


def _clauses(text: str) -> list[str]:
    """Split into clauses; a closing mark stays with its clause, for a question is no claim."""
    clauses, start = [], 0
    for end in _CLAUSE_END.finditer(text):
        head = text[start : end.start()]
        if end[0] == ":" and len(head.split()) < SHORT and not NEGATION.search(head):
            continue  # a name before its value
        if any(intro.fullmatch(text[start : end.start()].strip()) for intro in (_CONCLUDES, _INTRODUCES)):
            continue  # "Therefore, the images ..."
        clauses.append(text[start : end.start() + 1].strip())
        start = end.start() + 1
    return [clause for clause in (*clauses, text[start:].strip()) if clause]


def _share_a_mark(clauses: list[str]) -> bool:
    """Whether the same damage is named in either picture: "The first is blurry. The second is blurry."."""
    first: set[str] = set()
    second: set[str] = set()
    for clause in clauses:
        marks = marks_by_side(clause)
        first |= marks.get("first", set())
        second |= marks.get("second", set())
    return bool(first & second)
