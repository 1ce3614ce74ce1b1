"""What one clause of prose claims about two pictures: that they differ, that they do not, or neither.

A clause claims something where it holds a cue of difference or of sameness, or says that damage left a trace in
one picture or in neither. A negation before a cue turns it round; a condition or a guess makes it no claim.
"""

import re

from calibration.replies.names import names_another, speaks_of

_NEGATION = re.compile(
    r"\b(?:no|not|never|neither|nor|without|cannot|can't|can’t|hardly|barely|lacks?|lacking"
    r"|absence|free of|far from|nothing|none|unable"
    r"|fails? to|\w+n['’]t)\b",
    re.IGNORECASE,
)
_NO_NEGATION = re.compile(
    r"\bno\b(?=\s*[^\w\s'])|\bnot only\b|\bno (?:doubt|denying|question|mistaking)\b|\bwithout (?:a )?doubt\b|\bno longer\b", re.IGNORECASE
)
_OPEN = re.compile(
    r"\b(?:if|whether|unless|would(?! not|n['’]t| (?:say|call|describe|judge))|could(?! not|n['’]t)|might|may|perhaps|possibl[ey]|maybe|potentially|probably"
    r"|hard|difficult"
    r"|in order to|looking for|look for|comparing|except|other than|apart from|aside from|unsure"
    r"|not sure|let me|let's|need to|asks?|asked|asking"
    r"|question|at first|initially|at a glance|other (?:\w+ )?(?:differences?|changes?))\b"
    r"|\bbetween (?!(?:the|these|those|both|them|two|images?|pictures?|each|it|one|this|either"
    r"|your)\b)|\?|是否|可能|也许|如果|除了",
    re.IGNORECASE,
)
_ADVERBS = (
    r"(?:(?:\w+ly|very|quite|rather|somewhat|a bit|a little|slightly|much|still|also|now|indeed|far"
    r"|to be|to have|have|be|too|any|been|more|less|exactly|really|indeed|being|become|just|all) ){0,3}"
)
_PLAIN = (
    r"(?:noticeabl[ey]|perceptibl[ey]|perceivable|visibl[ey]|discernibl[ey]|detectable|apparent"
    r"|distinguishable|observable|obvious|evident|clear|seen|significant|meaningful|appreciable)"
)
_NOUN = (
    r"(?:differences?|changes?|variations?|discrepanc(?:y|ies)|distinctions?|differing|disparit(?:y"
    r"|ies)|shifts?)"
)
_WORSE = (
    r"(?:blurr?ier|sharper|softer|brighter|darker|dimmer|noisier|grainier|hazier|duller|lighter"
    r"|warmer|cooler|crisper|clearer"
    r"|higher|lower|stronger|weaker|smoother|rougher|coarser|closer|farther|further|larger"
    r"|smaller|paler|richer|fainter|blockier"
    r"|nearer|greyer|grayer|yellower|bluer|greener|redder|flatter|fuzzier|worse|better|(?:more|less) (?!than)\w+)"
)
_SPOILT = (
    r"(?:blurr(?:ed|y)|out of focus|pixelated|noisy|grainy|washed[- ]out|degraded|desaturated"
    r"|oversaturated|posteri[sz]ed|faded|hazy"
    r"|overexposed|underexposed|distorted|darkened|brightened|lightened|sharpened|smoothed"
    r"|softened|compressed|dimmed|rotated|zoomed|shifted|changed|moved|altered|reduced|increased"
    r"|missing|masked|covered|obscured|soft|bright|dark|dim|dull|muted)"
    r"(?! (?!(?:compared|than|relative|in|with|by|from|on|at|overall|throughout|and|or|to|across|along|around|versions?|copy|either|too|also|\w+ly)\b)\w)"
)
_ONE = (
    r"(?:(?:first|second|left|right|latter|former|other|top|bottom|1st|2nd)(?:[- ]hand)?(?: (?:image"
    r"|picture|photo|one|version|side))?|(?:image|picture|photo) (?:1|2|a|b|one|two)"
    r"|one(?: of (?:them|the (?:two )?images))?)"
)
_BE = (
    r"(?:is|are|was|were|looks?|appears?|seems?|has|have|shows?|exhibits?|displays?|contains?|being"
    r"|been|became|becomes|(?<=\w)['’](?:re|s))"
)
_VIEW = r"(?:angle|viewpoint|perspective|camera|position|distance|view|vantage point|spot|place|location)"
_DIFFERENCE = re.compile(
    rf"\b(?:there|here)(?:['’]s| is| are| was| were| appears?| seems?| does| do) (?:\w+ ){{0,8}}?{_NOUN}\b"
    rf"|\b(?:see|notice|detect|observe|perceive|find|spot|identify|discern|show|shows|have|has"
    rf"|exhibit|reveal|reveals|contain|with|noticed|detected|found|observed"
    rf"|spotted) (?:\w+[ ,]+){{0,6}}?{_NOUN}\b"
    rf"|\b{_PLAIN}(?:,? (?:and |but |yet )?\w+){{0,2}} {_NOUN}\b"
    rf"|\b(?:slight|subtle|marked|distinct|small|minor|major|strong|real|definite|any|no"
    rf"|zero) (?:\w+ ){{0,3}}{_NOUN}\b"
    rf"|\b{_NOUN}\b[^,;:]{{0,60}}? (?:is|are|can be|was|were)(?: not|n't|n’t)? {_ADVERBS}(?:{_PLAIN}|subtle|slight|small|minor)\b"
    rf"|\b{_NOUN} (?:is|are|was|were) (?:\w+ ){{0,2}}(?:present|found|detected|observed|noticed|noted)\b"
    rf"|\btell (?:\w+ ){{0,3}}(?:apart|{_NOUN})\b|\bdistinguish(?:es)? (?:\w+ )?(?:them|between|the two)\b"
    rf"|(?:\b{_BE}|\bcall (?:them|the \w+)|(?<=\w)['’]re)(?: not|n't|n’t)? {_ADVERBS}(?:two )?(?:different|distinguishable|dissimilar)\b"
    rf"|\bsets? (?:them|the two|these|one|it|the \w+) (?:\w+ )?apart\b|\bnothing (?:\w+ )?(?:has|have|was|is) (?:been )?(?:changed|altered)\b"
    rf"|\bdifferent {_VIEW}s?\b|\bfrom (?:an? )?(?:\w+ )?{_WORSE} (?:\w+ )?{_VIEW}\b"
    rf"|\b{_ONE}\b[^,;:]{{0,40}}? from (?:further|farther|closer|higher|lower|nearer)\b"
    rf"|\b(?:drops?|decreases?|increases?|falls|rises|worsens|degrades|changes|shifts|varies)\b[^,;:]{{0,30}} (?:from|between|in) (?:the )?{_ONE}"
    rf"|^\W*(?:not )?{_ADVERBS}(?:different|distinguishable|noticeable)\W*$"
    rf"|\bdiffer(?:s|ed)?\b|\b(?:main|key|primary|biggest|only|most \w+) {_NOUN} (?:\w+ ){{0,4}}(?:is|are)\b"
    rf"|\b(?:describe|judge|see|regard) [^,;:]{{0,30}} as {_ADVERBS}different\b"
    rf"|\bfrom (?:an? )?(?:\w+ )?{_VIEW} (?:further|farther|closer|higher|lower|nearer)\b"
    rf"|\b{_WORSE} (?:\w+ ){{0,4}}?(?:than|compared (?:to|with)|relative to)\b"
    rf"|\b{_ONE}\b[^,;:]{{0,40}}? {_BE} {_ADVERBS}(?:an? )?(?:\w+ )?(?:{_WORSE}|{_SPOILT})\b"
    rf"|\b{_ONE} {_BE} (?:\w+ ){{0,2}}{_WORSE}\b"
    rf"|\b{_BE}(?: not|n't|n’t)? {_ADVERBS}(?:{_WORSE}|{_SPOILT})\b[^,;:]{{0,20}} in (?:the )?{_ONE}\b"
    rf"|\b{_VIEW}s? (?:(?:has|have|is|was|does|did)(?: not|n't|n’t)? {_ADVERBS})?(?:changed?|shift(?:ed)?|moved?|altered"
    rf"|rotated|different|differ)\b"
    rf"|\b{_NOUN} exists?\b"
    rf"|\bneither\b[^,;:]{{0,50}}? {_BE} {_ADVERBS}(?:{_WORSE}|{_SPOILT})\b",
    re.IGNORECASE,
)
_OF_THE_PAIR = (
    r"(?:level|degree|amount|sharpness|clarity|focus|brightness|contrast|saturation|colou?rs?|noise"
    r"|quality|exposure|tone|tones|viewpoint|position|place|spot|location|vantage|lighting|height|perspective|angle|distance|blur|resolution|grain|image"
    r"|picture|photo|detail|visual)"
)
_SAMENESS = re.compile(
    rf"(?<!nearly )(?<!almost )(?<!largely )(?<!mostly )\b(?:identical"
    rf"|unchanged)\b(?! (?:\w+ )?(?:scene|composition|subject|content|object|layout|framing"
    rf"|setting)s?\b)"
    rf"|\bindistinguishable\b"
    rf"|(?<!nearly )(?<!almost )\bthe (?:exact |very )?same(?:\W*$| (?:in (?:terms|all|every|both"
    rf"|{_OF_THE_PAIR})|(?:\w+ )?{_OF_THE_PAIR}|to me|overall|across|throughout|as (?:the|each)"
    rf"|here|across|regarding|with respect)\b)"
    rf"|^\W*same\b(?! (?:scene|composition|subject|content|object|layout|framing|setting))"
    rf"|\bequally (?:sharp|bright|dark|noisy|clear|blurry|blurred|saturated|crisp|detailed"
    rf"|in focus|good|clean)\b"
    rf"|\b(?:consistent|uniform|unvarying|equivalent|equal|alike) (?:\w+ ){{0,2}}?(?:between"
    rf"|across|in both)\b"
    rf"|\b(?:exactly |look |looks |are )alike\b|\bduplicates?\b|\bcopies of (?:one|the same)\b|\bidentical copies\b"
    rf"|\bthe (?:exact |very )?same (?:image|picture|photo|photograph)s?(?: twice)?\W*$"
    rf"|\bmatch (?:in (?:every|all)|throughout|everywhere)\b"
    rf"|\bmatch(?:es|ing)? (?:\w+ )?(?:exactly|perfectly|each other|pixel|completely)\b",
    re.IGNORECASE,
)
_TOO_SMALL = re.compile(
    rf"\b{_NOUN}\b[^,;:]{{0,60}}? (?:is|are|was|were|remains?) {_ADVERBS}(?:{{0}})\b"
    rf"|\b(?:{{0}}) (?:\w+ )?{_NOUN}\b".replace(
        "{0}", "imperceptible|unnoticeable|indiscernible|undetectable|invisible|negligible"
    ),
    re.IGNORECASE,
)
_ALIKE = re.compile(
    rf"(?<!not )(?<!n't )(?<!n’t )\bequally\b|\b{_BE} (?:just |every bit |still )?as \w+", re.IGNORECASE
)
_VERB = re.compile(
    rf"\b(?:{_BE}|be|exists?|can|do|does|see|notice|detect|observe|perceive|find)\b|['’](?:s|re|ve)\b",
    re.IGNORECASE,
)
_NONE_SEEN = re.compile(
    r"^\W*not that i (?:can|could) (?:see|tell|notice|make out)\b|^\W*none(?: (?:visible|noticeable|at all|that i can see))?\W*$|\b(?:see|is|are|find|notice) none\b"
    rf"|\b(?:it|they)(?:['’]s| is| are)(?:n['’]t| not) {_ADVERBS}{_PLAIN}|\bit(?:['’]s"
    rf"| is) too (?:small|subtle|slight|faint)\b"
    rf"|\b{_NOUN}\b[^,;:]{{0,40}}? (?:is|are) too (?:small|subtle|slight|faint|minor) (?:to|for)\b"
    r"|^\W*nothing (?:differs|changed|changes|is different|has changed)\b",
    re.IGNORECASE,
)
# A claim about something else than the pair, or than what was asked, is no claim.
_PAIR = re.compile(
    r"\b(?:images|pictures|photos|photographs|versions|they|them|both|two|each|pair|everything|neither"
    r"|one another|to me|it|these"
    r"|perspectives?|viewpoints?|angles?|camera|(?:to|as|of) the (?:first|other|second|original"
    r"|left|right|former|latter))\b",
    re.IGNORECASE,
)
_THE_REST = re.compile(
    r"\b(?:else|otherwise|the rest|aside)\b|\b(?:compositions?|subjects?|scenes?|contents?"
    r"|framing|layouts?|objects?|poses?|setting|elements)\b"
    rf"[^,;:]{{0,60}}?\b(?:{_BE}|remains?|stays?|do(?:es)?) ",
    re.IGNORECASE,
)
_SOMETHING = rf"(?:{_OF_THE_PAIR}|composition|content|subject|framing|layout|scene)"
_NAMED = re.compile(
    rf"\b{_NOUN} (?:\w+ )?(?:in|of|to) (?:the |their |overall |image )*{_SOMETHING}\b"
    rf"|\b{_SOMETHING}\W{{1,5}}(?:\w+ )?{_NOUN}\b",
    re.IGNORECASE,
)
_CHINESE_DIFFERENCE = re.compile(
    r"(?:有|存在|看出|发现|察觉|看到)[^，。；不没无]{0,12}?(?:差异|差别|区别|不同|变化)|(?:差异|区别|差别)(?:很|较|十分|非常)?(?:明显|显著)"
    r"|更(?:加)?(?:为)?(?:模糊|亮|明亮|暗|清晰|锐利|鲜艳|嘈杂|低|高)|不(?:太)?(?:一样|相同|一致)|(?:两张|两幅|它们|图片|图像)[^，。；]{0,8}?不同"
)
_CHINESE_NONE = re.compile(
    r"(?:没有?|无|未|看不出|并无|不存在|没)[^，。；]{0,10}?(?:差异|差别|区别|不同|变化)|(?:差异|差别|区别)(?:并)?不(?:明显|显著|大)"
    r"|(?<![不])(?:相同|一样|一致|无异)"
)


# What damage leaves in a picture: in one of the two it is a difference, in neither it is none.
_THE = r"(?:the )?"
_THE_OTHER = r"(?:(?:in|on) )?(?:the )?(?:first|second|other|left|right|original|former|image \w|it|before)\b"
_TRACE = (
    r"(?:blur(?:ring|riness)?|nois[ey]\w*|grain\w*|speck\w*|banding|bands|steps|contours?|artifacts?|artefacts?|blocks|blocking|blockiness"
    r"|ringing|watermarks?|overlay\w*|overlaid|lettering|qr|code|mask\w*|cover(?:s|ed)|hid(?:es|den)|obscure[sd]|rectangle|box|patch|code|steps|square"
    r"|loss|reduction|haze|smear\w*|SAMPLE|text)"
)
_ONLY_ONE = re.compile(
    r"\bonly (?:in )?(?:one|the (?:first|second|other|left|right)|image \w)\b|\b(?:image|picture|photo|one) (?:\w+ )?only\b"
    rf"|,? (?:but|and)? ?(?:not|absent|missing)(?: (?:from|in|present in|visible in|there in))? {_THE}(?:first|second|other|left|right|image \w)\b[^,;]*"
    rf"|,? ?unlike {_THE}(?:first|second|other|left|right|image \w)\b[^,;]*"
    rf"|,? ?(?:that|which)(?: is| are|['’]s)?(?: not|n['’]t) (?:\w+ )?in {_THE}(?:first|second|other|left|right|image \w)\b[^,;]*"
    rf"|,? ?(?:that |which )?{_THE}(?:first|second|other|left|right|image \w)(?: one| image| picture)? (?:lacks|(?:does|is|has)(?:n['’]t| not))\W*$",
    re.IGNORECASE,
)
_IN_NEITHER = re.compile(
    rf"\bneither\b[^,;:]{{0,60}}?\b{_TRACE}\b|\b(?:no|not|n['’]t|nothing|without|free (?:of|from))\b[^,;:]{{0,60}}?\b{_TRACE}\b[^,;:]{{0,40}}\b"
    rf"(?:either|both|any of)\b|\b(?:both|the (?:two )?(?:images|pictures))\b[^,;:]{{0,40}}\b(?:free (?:of|from)|without|no)\b[^,;:]{{0,30}}\b{_TRACE}\b"
    rf"|\bno (?:part|area|region)s? of either\b[^,;:]{{0,40}}?\b{_TRACE}\b",
    re.IGNORECASE,
)
_IN_ONE = re.compile(
    rf"\b{_ONE}\b[^,;:]{{0,40}}? (?:{_BE}|suffers from) (?:\w+[ -]){{0,5}}?{_TRACE}\b|\b{_TRACE}\b[^;:]{{0,60}}? (?:(?:in|on|to|over|across) )?(?:the )?{_ONE}\b",
    re.IGNORECASE,
)
_OF_BOTH = re.compile(
    r"\b(?:both|either|neither|each|too|also|as well|likewise)\b"
    r"|\b(?:first|image 1|left)\b.*\b(?:second|image 2|right)\b"
    r"|\b(?:second|image 2|right)\b.*\b(?:first|image 1|left)\b",
    re.IGNORECASE,
)
_AS_MUCH = re.compile(
    rf"\bequally \w+|\b(?:just |every bit |still |exactly )?as \w+ as {_THE_OTHER}", re.IGNORECASE
)
_HEDGED_HEADING = re.compile(
    rf"^\W*(?:noticeable|visible|perceptible|(?:slight|subtle|small|minor|clear|marked|strong) (?:\w+ )?{_NOUN})\W*$",
    re.IGNORECASE,
)
_MARK = re.compile(rf"\b(?:{_TRACE}|{_SPOILT})\b", re.IGNORECASE)
_SIDE = re.compile(
    r"\b(?:(?P<first>first|left|former|1st|(?:image|picture|photo) (?:1|one|a))"
    r"|second|right|latter|2nd|(?:image|picture|photo) (?:2|two|b))\b",
    re.IGNORECASE,
)
_LESS = re.compile(
    r"(?:\bnot|n['’]t) (?:quite |nearly |all |both )?(?:equally \w+|as \w+ as)\b|\blacks? the \w+ of the (?:first|second|other)\b",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"^(?!.*\b(?:no|not|neither)\b).*\b(?:(?:in|of|on) (?:both|each)|each (?:image|picture))\b", re.IGNORECASE)
_WHOLE = re.compile(rf"\b{_NOUN}\b|\b(?:more|less|higher|lower|same)\b(?! (?:left|right|corner|part|half|edge|third))", re.IGNORECASE)
_ELLIPTIC = re.compile(
    rf"\b(?:the )?(?:other|second|first)(?: one| image)? (?:is|does|has)(?:n['’]t| not)\W*$", re.IGNORECASE
)
_ADDED = re.compile(
    r"\b(?:watermark|overlay|overlaid|banding|artifacts?|artefacts?|qr code|blocky|blocking|masked|covered|hides?|hidden|added)\b",
    re.IGNORECASE,
)

_LONGEST = 500  # characters of a clause: more is no sentence
SHORT = 4  # words: a clause with fewer may do without a subject


def claim_of(clause: str, about: str | None) -> bool | None:
    """Return whether one clause claims a difference, that there is none, or nothing (None)."""
    named = _NAMED.search(clause)
    if len(clause) > _LONGEST or _OPEN.search(clause) or (about and named and not speaks_of(clause, about)):
        return None
    if _NONE_SEEN.search(clause):
        return False
    if _HEDGED_HEADING.match(clause):
        return True
    if about and names_another(clause, about) and not re.search(_NOUN, clause):
        return None
    if _LESS.search(clause) and (about is None or speaks_of(clause, about)):
        return True
    trace = _trace_claim(clause, about)
    if trace is not None:
        return trace
    if _TOO_SMALL.search(clause):
        return None if _NEGATION.search(clause) else False
    if _CHINESE_NONE.search(clause):
        return False
    if _CHINESE_DIFFERENCE.search(clause):
        return True
    plain = re.sub(r"[*_`\"“”]+", "", clause)
    cues = () if _ALIKE.search(plain) or _WITHIN.search(plain) else _DIFFERENCE.finditer(plain)
    claims = {_turned(plain, cue, says=True) for cue in cues}
    if not _THE_REST.search(plain) and (
        _PAIR.search(plain) or len(plain.split()) < SHORT or speaks_of(plain, about)
    ):
        claims |= {_turned(plain, cue, says=False) for cue in _SAMENESS.finditer(plain)}
    claims.discard(None)
    return claims.pop() if len(claims) == 1 else None


def marks_by_side(clause: str) -> dict[str, set[str]]:
    """Return the damage named, by the one picture that the clause is about; empty where it is about both."""
    if _OF_BOTH.search(clause) or _WHOLE.search(clause):
        return {}
    side = _SIDE.search(clause)
    marks = {mark[0].lower() for mark in _MARK.finditer(clause)}
    return {"first" if side["first"] else "second": marks} if side and marks else {}


def _trace_claim(clause: str, about: str | None) -> bool | None:
    """Return what a clause says of the traces of damage: in one of the two, in neither, or neither of these."""
    concerns = about is None or speaks_of(clause, about)
    if not concerns or _WHOLE.search(clause):
        return None
    if about is not None and (
        _IN_NEITHER.search(clause) or (_AS_MUCH.search(clause) and not _NEGATION.search(clause))
    ):
        return False
    if _ELLIPTIC.search(clause):
        return True
    rest = _ONLY_ONE.sub("", clause)
    if _NEGATION.search(rest) or _OF_BOTH.search(rest):
        return None
    is_one_sided = rest != clause and re.search(rf"\b{_ONE}\b", clause, re.IGNORECASE)
    return (
        True
        if is_one_sided or (_IN_ONE.search(rest) and (about is not None or _ADDED.search(rest)))
        else None
    )


def _turned(clause: str, cue: re.Match[str], *, says: bool) -> bool | None:
    """Return what a cue claims in its clause: negations before it, or within it, turn it round."""
    before = _NO_NEGATION.sub("", clause[: cue.end()])
    negations = len(_NEGATION.findall(before))
    if (
        negations > 1
        or _NEGATION.search(_NO_NEGATION.sub("", clause[cue.end() :]))
        or (
            negations == 0
            and (re.search(r"\bany\b", cue[0], re.IGNORECASE) or (says and _is_heading(clause, cue)))
        )
    ):
        return None
    return says if negations == 0 else not says


def _is_heading(clause: str, cue: re.Match[str]) -> bool:
    """Whether a clause only names a difference, as a heading does, without a verb that claims one."""
    return cue.start() == 0 and not _VERB.search(clause) and "different" not in cue[0].lower()
