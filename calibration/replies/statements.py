"""What prose claims about two pictures: that they differ, that they do not, or neither.

Reads clause by clause. A clause claims something where it holds a cue of difference or of sameness; a
negation before the cue turns it round, and a condition or a guess makes it no claim.
"""

import re

_NEGATION = re.compile(
    r"\b(?:no|not|never|neither|nor|without|cannot|can't|can’t|hardly|barely|lacks?|lacking"
    r"|absence|free of|far from|nothing|none|unable"
    r"|fails? to|\w+n['’]t)\b",
    re.IGNORECASE,
)
_NO_NEGATION = re.compile(
    r"\bno\b(?=\s*[^\w\s'])|\bnot only\b|\bno doubt\b|\bwithout (?:a )?doubt\b|\bno longer\b", re.IGNORECASE
)
_OPEN = re.compile(
    r"\b(?:if|whether|unless|would|could|might|may|perhaps|possibl[ey]|maybe|potentially|probably"
    r"|hard|difficult"
    r"|in order to|looking for|look for|comparing|except|other than|apart from|aside from|unsure"
    r"|not sure|let me|let's|need to|asks?|asked|asking"
    r"|question|at first|initially|at a glance|other (?:\w+ )?(?:differences?|changes?))\b"
    r"|\bbetween (?!(?:the|these|those|both|them|two|images?|pictures?|each|it|one|this|either"
    r"|your)\b)|\?|是否|可能|也许|如果|除了",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"[.!?](?=\s|$|[\"'*<)])|:(?=[\s*])|[;\n。！？；，]|\s[–—-]\s|—"
    r"|,?\s\b(?:but|however|although|though|while|whereas|yet|because|since)\b"
    r"|,\s+(?=with\b)|,\s+(?:and |so |as |which |making |or )?(?=(?:they|the|both|it|i|there|we"
    r"|these|this|that|one|no|not)\b)"
    r"|\sand (?=(?:they|it|there|i|we|neither|both|no)\b)",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"^\W*(?:so|therefore|thus|hence|overall|in (?:conclusion|summary|short)|to (?:conclude"
    r"|summari[sz]e)|ultimately"
    r"|consequently|all in all|conclusion|final answer|answer|verdict|因此|所以|综上|总之)\b",
    re.IGNORECASE,
)
_ADVERBS = (
    r"(?:(?:\w+ly|very|quite|rather|somewhat|a bit|a little|slightly|much|still|also|now|indeed|far"
    r"|to be|to have|have|be|too|any|been|become|just|all) ){0,3}"
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
    r"|greyer|grayer|yellower|bluer|greener|redder|flatter|fuzzier|worse|better|(?:more|less) (?!than)\w+)"
)
_SPOILT = (
    r"(?:blurr(?:ed|y)|out of focus|pixelated|noisy|grainy|washed[- ]out|degraded|desaturated"
    r"|oversaturated|posteri[sz]ed|faded|hazy"
    r"|overexposed|underexposed|distorted|darkened|brightened|lightened|sharpened|smoothed"
    r"|softened|compressed|dimmed|rotated|zoomed|shifted|changed|moved|altered|reduced|increased"
    r"|missing|soft|bright|dark|dim|dull)"
)
_ONE = (
    r"(?:(?:first|second|left|right|latter|former|other|top|bottom|1st|2nd)(?:[- ]hand)?(?: (?:image"
    r"|picture|photo|one|version|side))?|(?:image|picture|photo) (?:1|2|a|b|one|two)"
    r"|one(?: of (?:them|the (?:two )?images))?)"
)
_BE = (
    r"(?:is|are|was|were|looks?|appears?|seems?|has|have|shows?|exhibits?|displays?|contains?|being"
    r"|been|became|becomes)"
)
_DIFFERENCE = re.compile(
    rf"\b(?:there|here)(?:['’]s| is| are| was| were| appears?| seems?| does| do) (?:\w+ ){{0,8}}?{_NOUN}\b"
    rf"|\b(?:see|notice|detect|observe|perceive|find|spot|identify|discern|show|shows|have|has"
    rf"|exhibit|reveal|reveals|contain|with|noticed|detected|found|observed"
    rf"|spotted) (?:\w+[ ,]+){{0,6}}?{_NOUN}\b"
    rf"|\b{_PLAIN}(?:,? (?:and |but |yet )?\w+){{0,2}} {_NOUN}\b"
    rf"|\b(?:slight|subtle|marked|distinct|small|minor|major|strong|real|definite|any|no"
    rf"|zero) (?:\w+ ){{0,3}}{_NOUN}\b"
    rf"|\b{_NOUN}\b[^,;:]{{0,60}}? (?:is|are|can be|was|were)(?: not|n't|n’t)? {_ADVERBS}{_PLAIN}\b"
    rf"|\b{_NOUN} (?:is|are|was|were) (?:\w+ ){{0,2}}(?:present|found|detected|observed|noticed|noted)\b"
    rf"|\btell (?:\w+ ){{0,3}}(?:apart|{_NOUN})\b|\bdistinguish(?:es)? (?:\w+ )?(?:them|between|the two)\b"
    rf"|\b{_BE}(?: not|n't|n’t)? {_ADVERBS}(?:different|distinguishable|dissimilar)\b"
    rf"|^\W*(?:not )?{_ADVERBS}(?:different|distinguishable|noticeable)\W*$"
    rf"|\bdiffer(?:s|ed)?\b"
    rf"|\b{_WORSE} (?:\w+ ){{0,4}}?(?:than|compared (?:to|with)|relative to)\b"
    rf"|\b{_ONE}\b[^,;:]{{0,40}}? {_BE} {_ADVERBS}(?:an? )?(?:\w+ )?(?:{_WORSE}|{_SPOILT})\b"
    rf"|\b{_ONE} {_BE} (?:\w+ ){{0,2}}{_WORSE}\b"
    rf"|\b{_BE}(?: not|n't|n’t)? {_ADVERBS}(?:{_WORSE}|{_SPOILT})\b[^,;:]{{0,20}} in (?:the )?{_ONE}\b"
    rf"|\b(?:angle|viewpoint|perspective|camera|position|distance|view)s? (?:has|have|is|was"
    rf"|does)(?: not|n't|n’t)? {_ADVERBS}(?:changed?|shift(?:ed)?|moved?|altered|rotated|different"
    rf"|differ)\b"
    rf"|\b{_NOUN} exists?\b"
    rf"|\bneither\b[^,;:]{{0,50}}? {_BE} {_ADVERBS}(?:{_WORSE}|{_SPOILT})\b",
    re.IGNORECASE,
)
_OF_THE_PAIR = (
    r"(?:level|degree|amount|sharpness|clarity|focus|brightness|contrast|saturation|colou?rs?|noise"
    r"|quality|exposure|tone|tones|viewpoint|perspective|angle|distance|blur|resolution|grain|image"
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
_ALIKE = re.compile(rf"\bequally\b|\b{_BE} (?:just |every bit |still )?as \w+", re.IGNORECASE)
_VERB = re.compile(
    rf"\b(?:{_BE}|be|exists?|can|do|does|see|notice|detect|observe|perceive|find)\b|['’](?:s|re|ve)\b",
    re.IGNORECASE,
)
# What people call the same thing: a claim about sharpness answers a question about blur.
_ASPECTS = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        r"blur|sharp|focus|clarity|soft|crisp|resolution|detail",
        r"bright|exposure|dark|dim|light",
        r"nois|grain",
        r"saturat|colou?r|vivid|palette",
        r"contrast|tonal",
        r"compress|artifact|artefact|block",
        r"perspective|viewpoint|angle|camera|distance",
    )
)
_NONE_SEEN = re.compile(
    r"^\W*none(?: (?:visible|noticeable|at all|that i can see))?\W*$|\b(?:see|is|are|find|notice) none\b"
    rf"|\b(?:it|they)(?:['’]s| is| are)(?:n['’]t| not) {_ADVERBS}{_PLAIN}|\bit(?:['’]s"
    rf"| is) too (?:small|subtle|slight|faint)\b",
    re.IGNORECASE,
)
_UNDONE = re.compile(
    r"\W*(?:but |and )?(?:they|these|it|the (?:two )?(?:images|pictures))(?:['’]re| are|['’]s| is"
    r"| do| does)(?:n['’]t| not)(?: (?:quite|exactly|really))?\W*",
    re.IGNORECASE,
)
# A claim about something else than the pair, or than what was asked, is no claim.
_PAIR = re.compile(
    r"\b(?:images|pictures|photos|photographs|versions|they|both|two|each|pair|everything|neither"
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


_LONGEST = 500  # characters of a clause: more is no sentence
_SHORT = 4  # words: a clause with fewer may do without a subject


def stated_difference(text: str, about: str | None = None) -> bool | None:
    """Return whether the text claims a difference; None where it claims neither, or both.

    A conclusion outweighs what led to it; a clause about what was asked outweighs one about anything else.

    Args:
        text: What was said, without the declared answer itself.
        about: What the question asked for, such as "blur".
    """
    claims: list[tuple[str, bool]] = []
    for clause in _clauses(text):
        claim = _claim(clause, about)
        if claim is not None:
            claims.append((clause, claim))
        elif claims and _UNDONE.fullmatch(clause):  # "they look identical, but they are not"
            claims[-1] = (clause, not claims[-1][1])
    concluding = [claim for clause, claim in claims if _CONCLUDES.match(clause)]
    asked = [claim for clause, claim in claims if _speaks_of(clause, about)]
    for chosen in (concluding[-1:], asked, [claim for _, claim in claims]):
        if chosen:
            return chosen[0] if len(set(chosen)) == 1 else None
    return None


def _clauses(text: str) -> list[str]:
    """Split into clauses; a closing mark stays with its clause, for a question is no claim."""
    clauses, start = [], 0
    for end in _CLAUSE_END.finditer(text):
        if end[0] == ":" and len(text[start : end.start()].split()) < _SHORT:
            continue  # a name before its value
        if _CONCLUDES.fullmatch(text[start : end.start()].strip()):
            continue  # "Therefore, the images ..."
        clauses.append(text[start : end.start() + 1].strip())
        start = end.start() + 1
    return [clause for clause in (*clauses, text[start:].strip()) if clause]


def _claim(clause: str, about: str | None) -> bool | None:
    named = _NAMED.search(clause)
    if len(clause) > _LONGEST or _OPEN.search(clause) or (about and named and not _speaks_of(clause, about)):
        return None
    if _NONE_SEEN.search(clause):
        return False
    if _TOO_SMALL.search(clause):
        return None if _NEGATION.search(clause) else False
    if _CHINESE_NONE.search(clause):
        return False
    if _CHINESE_DIFFERENCE.search(clause):
        return True
    plain = re.sub(r"[*_`\"“”]+", "", clause)
    cues = () if _ALIKE.search(plain) else _DIFFERENCE.finditer(plain)
    claims = {_turned(plain, cue, says=True) for cue in cues}
    if not _THE_REST.search(plain) and (
        _PAIR.search(plain) or len(plain.split()) < _SHORT or _speaks_of(plain, about)
    ):
        claims |= {_turned(plain, cue, says=False) for cue in _SAMENESS.finditer(plain)}
    claims.discard(None)
    return claims.pop() if len(claims) == 1 else None


def _speaks_of(clause: str, about: str | None) -> bool:
    """Whether a clause names what was asked for, by its name or another for the same thing."""
    if about is None:
        return False
    aspects = (aspect for aspect in _ASPECTS if aspect.search(about))
    return about.lower() in clause.lower() or any(aspect.search(clause) for aspect in aspects)


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
