"""What in a clause claims that two pictures differ, or that they do not, and what keeps it from doing so."""

import re

from calibration.replies.lexicon import (
    ADVERBS,
    BE,
    COMPARATIVE,
    DIFFERENCE_NOUN,
    HIDDEN,
    NOT,
    OF_THE_PAIR,
    OF_THE_SCENE,
    ONE,
    PLAIN,
    SLIGHT,
    SPOILT,
    THE_OTHER,
    TRACE,
    VIEW,
    matcher,
    one_of,
)

NEGATION = matcher(
    r"\b(?:no|not|never|neither|nor|without|cannot|hardly|barely|lacks?|lacking|absence|free of|far from"
    r"|nothing"
    r"|none|unable|fails? to|\w+n['’]t|can['’]t)\b"
)
NO_NEGATION = matcher(
    r"\bno\b(?=\s{0,4}[^\w\s'])",
    r"\bnot only\b",
    r"\bno (?:doubt|denying|question|mistaking|longer)\b",
    r"\bwithout (?:a )?doubt\b",
)
OPEN = matcher(  # a condition, a guess, a question, an intention
    r"\b(?:if|whether|unless|might|may|perhaps|possibl[ey]|maybe|potentially|probably|hard|difficult"
    r"|in order to"
    r"|looking for|look for|comparing|except|other than|apart from|aside from|unsure|not sure|let me|let's"
    r"|need to"
    r"|asks?|asked|asking|question|at first|initially|at a glance)\b",
    rf"\bwould\b(?!{NOT}| (?:say|call|describe|judge))",
    rf"\bcould\b(?!{NOT})",
    r"\bother (?:\w+ )?(?:differences?|changes?)\b",
    r"\bbetween (?!(?:the|these|those|both|them|two|images?|pictures?|each|it|one|this|either|your)\b)",
    r"\?|是否|可能|也许|如果|除了",
)
VERB = matcher(
    rf"\b(?:{BE}|be|exists?|can|do|does|see|notice|detect|observe|perceive|find)\b", r"['’](?:s|re|ve)\b"
)

_SEES = one_of(
    *(
        "see",
        "notice",
        "detect",
        "observe",
        "perceive",
        "find",
        "spot",
        "identify",
        "discern",
        "shows?",
        "have",
    ),
    *("has", "exhibit", "reveals?", "contain", "with", "noticed", "detected", "found", "observed", "spotted"),
)
_DEGREE = one_of(
    "slight", "subtle", "marked", "distinct", "small", "minor", "major", "strong", "real", "definite"
)
_CHANGED = one_of("changed?", "shift(?:ed)?", "moved?", "altered", "rotated", "different", "differ")
_WORSE = one_of(COMPARATIVE, SPOILT)
_FURTHER = one_of("further", "farther", "closer", "higher", "lower", "nearer")
_TO_ANOTHER = one_of(
    "drops?", "decreases?", "increases?", "falls", "rises", "worsens", "degrades", "changes", "shifts"
)
DIFFERENCE = matcher(
    rf"\b(?:there|here)(?:['’]s| is| are| was| were| appears?| seems?| does"
    rf"| do) (?:\w+ ){{0,8}}?{DIFFERENCE_NOUN}\b",
    rf"\b{_SEES} (?:\w+[ ,]+){{0,6}}?{DIFFERENCE_NOUN}\b",
    rf"\b{PLAIN}(?:,? (?:and |but |yet )?\w+){{0,2}} {DIFFERENCE_NOUN}\b",
    rf"\b(?:{_DEGREE}|any|no|zero) (?:\w+ ){{0,3}}{DIFFERENCE_NOUN}\b",
    rf"\b{DIFFERENCE_NOUN}\b[^,;:]{{0,60}}? (?:is|are|can be|was|were){NOT}? {ADVERBS}(?:{PLAIN}|{SLIGHT})\b",
    rf"\b{DIFFERENCE_NOUN} (?:is|are|was|were) (?:\w+ ){{0,2}}(?:present|found|detected|observed|noticed"
    rf"|noted)\b",
    rf"\b(?:main|key|primary|biggest|only|most \w+) {DIFFERENCE_NOUN} (?:\w+ ){{0,4}}(?:is|are)\b",
    rf"\b{DIFFERENCE_NOUN} exists?\b",
    rf"\btell (?:\w+ ){{0,3}}(?:apart|{DIFFERENCE_NOUN})\b",
    r"\bdistinguish(?:es)? (?:\w+ )?(?:them|between|the two)\b",
    r"\bsets? (?:them|the two|these|one|it|the \w+) (?:\w+ )?apart\b",
    rf"(?:\b{BE}|\bcall (?:them|the \w+)|(?<=\w)['’]re){NOT}? {ADVERBS}(?:two )?"
    r"(?:different|distinguishable|dissimilar)\b",
    rf"\b(?:describe|judge|see|regard) [^,;:]{{0,30}} as {ADVERBS}different\b",
    rf"^\W*(?:not )?{ADVERBS}(?:different|distinguishable|noticeable)\W*$",
    r"\bdiffer(?:s|ed)?\b",
    r"\bnothing (?:\w+ )?(?:has|have|was|is) (?:been )?(?:changed|altered)\b",
    rf"\b{_TO_ANOTHER}\b[^,;:]{{0,30}} (?:from|between|in) (?:the )?{ONE}",
    rf"\b{COMPARATIVE} (?:\w+ ){{0,4}}?(?:than|compared (?:to|with)|relative to)\b",
    rf"\b{ONE}\b[^,;:]{{0,40}}? {BE} {ADVERBS}(?:an? )?(?:\w+ )?{_WORSE}\b",
    rf"\b{ONE} {BE} (?:\w+ ){{0,2}}{COMPARATIVE}\b",
    rf"^\W*in (?:the )?{ONE}\b[^;:]{{0,50}}? {BE}{NOT}? {ADVERBS}{_WORSE}",
    rf"\b{BE}{NOT}? {ADVERBS}{_WORSE}\b[^,;:]{{0,20}} in (?:the )?{ONE}\b",
    rf"\bneither\b[^,;:]{{0,50}}? {BE} {ADVERBS}{_WORSE}\b",
    rf"\b{VIEW}s? (?:(?:has|have|is|was|does|did){NOT}? {ADVERBS})?{_CHANGED}\b",
    rf"\bdifferent {VIEW}s?\b",
    rf"\bfrom (?:an? )?(?:\w+ )?(?:{COMPARATIVE} (?:\w+ )?{VIEW}|{VIEW} {_FURTHER})\b",
    rf"\b{ONE}\b[^,;:]{{0,40}}? from {_FURTHER}\b",
)
_ALMOST = "(?<!nearly )(?<!almost )"
_SAME = rf"{_ALMOST}\bthe (?:exact |very )?same"
SAMENESS = matcher(
    rf"{_ALMOST}(?<!largely )(?<!mostly )\b(?:identical|unchanged)\b(?! (?:\w+ )?{OF_THE_SCENE}s?\b)",
    r"\bindistinguishable\b",
    rf"{_SAME}\W*$",
    rf"{_SAME} (?:in (?:terms|all|every|both|{OF_THE_PAIR})|(?:\w+ )?{OF_THE_PAIR}|as (?:the|each))\b",
    rf"{_SAME} (?:to me|overall|across|throughout|here|regarding|with respect)\b",
    r"\bthe (?:exact |very )?same (?:image|picture|photo|photograph)s?(?: twice)?\W*$",
    rf"^\W*same\b(?! {OF_THE_SCENE})",
    r"\bequally (?:sharp|bright|dark|noisy|clear|blurry|blurred|saturated|crisp|detailed|in focus|good"
    r"|clean)\b",
    r"\b(?:consistent|uniform|unvarying|equivalent|equal|alike) (?:\w+ ){0,2}?(?:between|across|in both)\b",
    r"\b(?:exactly |look |looks |are )alike\b|\bduplicates?\b|\bcopies of (?:one|the same)\b",
    r"\bmatch (?:in (?:every|all)|throughout|everywhere)\b",
    r"\bmatch(?:es|ing)? (?:\w+ )?(?:exactly|perfectly|each other|pixel|completely)\b",
)
EQUALLY = matcher(
    r"(?<!not )(?<!n't )(?<!n’t )\bequally\b", rf"\b{BE} (?:just |every bit |still )?as \w+"
)  # no cue of difference
WITHIN_ONE = matcher(
    rf"^\W*in (?:the )?{ONE}\b[^;:]{{0,60}}?\b{TRACE}\b",
    r"^(?!.*\b(?:no|not|neither)\b).*\b(?:(?:in|of|on) (?:both|each)|each (?:image|picture))\b",
)  # compares parts of a picture
TOO_SMALL = matcher(
    rf"\b{DIFFERENCE_NOUN}\b[^,;:]{{0,60}}? (?:is|are|was|were|remains?) {ADVERBS}{HIDDEN}\b",
    rf"\b{HIDDEN} (?:\w+ )?{DIFFERENCE_NOUN}\b",
)
NONE_SEEN = matcher(
    r"^\W*not that i (?:can|could) (?:see|tell|notice|make out)\b",
    r"^\W*none(?: (?:visible|noticeable|at all|that i can see))?\W*$",
    r"\b(?:see|is|are|find|notice) none\b",
    r"^\W*nothing (?:\w+ )?(?:noticeable|visible|perceptible|obvious)\b",
    r"^\W*nothing (?:differs|changed|changes|is different|has changed)\b",
    r"\bi (?:can(?:no|['’])?t|cannot|don['’]t) (?:see|notice|find) it\b",
    rf"\b(?:it|they)(?:['’]s| is| are){NOT} {ADVERBS}{PLAIN}",
    rf"\bit(?:['’]s| is) too {one_of(SLIGHT, 'faint')}\b",
    rf"\b{DIFFERENCE_NOUN}\b[^,;:]{{0,40}}? (?:is|are) too {one_of(SLIGHT, 'faint')} (?:to|for)\b",
)
HEADING = matcher(
    rf"^\W*(?:noticeable|visible|perceptible|(?:{_DEGREE}|clear) (?:\w+ )?{DIFFERENCE_NOUN})\W*$"
)
LESS = matcher(
    r"(?:\bnot|n['’]t) (?:quite |nearly |all |both )?(?:equally \w+|as \w+ as)\b",
    r"\blacks? the \w+ of the (?:first|second|other)\b",
)
# A claim about something else than the pair, or than what was asked, is no claim.
PAIR = matcher(
    r"\b(?:images|pictures|photos|photographs|versions|they|them|both|two|each|pair|everything|neither"
    r"|one another|to me|it|these|perspectives?|viewpoints?|angles?|camera)\b",
    r"\b(?:to|as|of) the (?:first|other|second|original|left|right|former|latter)\b",
)
THE_REST = matcher(
    r"\b(?:else|otherwise|the rest|aside)\b",
    rf"\b(?:{OF_THE_SCENE}s?|poses?|elements)\b[^,;:]{{0,60}}?\b(?:{BE}|remains?|stays?|do(?:es)?) ",
)
_SOMETHING = one_of(OF_THE_PAIR, OF_THE_SCENE)
NAMED = matcher(
    rf"\b{DIFFERENCE_NOUN} (?:\w+ )?(?:in|of|to) (?:the |their |overall |image ){{0,3}}{_SOMETHING}\b",
    rf"\b{_SOMETHING}\W{{1,5}}(?:\w+ )?{DIFFERENCE_NOUN}\b",
)

_WITHOUT = one_of("free (?:of|from)", "without", "no")
IN_NEITHER = matcher(
    r"\b(?:sharp|crisp|smooth|clean|legible|in focus|vivid|even)(?: and \w+)? in both\b",
    rf"\bneither\b[^,;:]{{0,60}}?\b{TRACE}\b",
    rf"\b(?:not|n['’]t|nothing|{_WITHOUT})\b[^,;:]{{0,60}}?\b{TRACE}\b[^,;:]{{0,40}}\b(?:either|both"
    rf"|any of)\b",
    rf"\b(?:both|the (?:two )?(?:images|pictures))\b[^,;:]{{0,40}}\b{_WITHOUT}\b[^,;:]{{0,30}}\b{TRACE}\b",
    rf"\bno (?:part|area|region)s? of either\b[^,;:]{{0,40}}?\b{TRACE}\b",
)
IN_ONE = matcher(
    rf"\b{ONE}\b[^,;:]{{0,40}}? (?:{BE}|suffers from) (?:\w+[ -]){{0,5}}?{TRACE}\b",
    rf"\b{TRACE}\b[^;:]{{0,60}}? (?:(?:in|on|to|over|across|of) )?(?:the )?{ONE}\b",
)
ONLY_ONE = matcher(  # blanked before negations are counted: the other has it not
    r"\bonly (?:in )?(?:one|the (?:first|second|other|left|right)|image \w)\b",
    r"\b(?:image|picture|photo|one) (?:\w+ )?only\b",
    r",? (?:but|and)? ?(?:not|absent|missing)(?: (?:from|in|present in|visible in|there in))?"
    rf" {THE_OTHER}\b[^,;]{{0,80}}",
    rf",? ?unlike {THE_OTHER}\b[^,;]{{0,80}}",
    rf",? ?(?:that|which) ?(?:is|are|['’]s)?{NOT} (?:\w+ )?in {THE_OTHER}\b[^,;]{{0,80}}",
    rf",? ?(?:that |which )?{THE_OTHER}(?: one| image| picture)? (?:lacks|(?:does|is|has){NOT})\W*$",
)
ONE_IS_NOT = matcher(rf"\b(?:the )?(?:other|second|first)(?: one| image)? (?:is|does|has){NOT}\W*$")
AS_MUCH = matcher(
    r"\bequally \w+",
    rf"\b(?:just |every bit |still |exactly )?as \w+ as (?:(?:in|on) )?(?:{THE_OTHER}|it|before)\b",
)
OF_BOTH = matcher(
    r"\b(?:both|either|neither|each|too|also|as well|likewise)\b",
    r"\b(?:first|image 1|left)\b.*\b(?:second|image 2|right)\b",
    r"\b(?:second|image 2|right)\b.*\b(?:first|image 1|left)\b",
)
COMPARES = matcher(
    rf"\b{DIFFERENCE_NOUN}\b",
    r"\b(?:more|less|higher|lower|same)\b(?! (?:left|right|corner|part|half|edge|third))",
)
MARK = matcher(rf"\b(?:{TRACE}|{SPOILT})\b")
SIDE = matcher(
    r"\b(?:(?P<first>first|left|former|1st|(?:image|picture|photo) (?:1|one|a))"
    r"|second|right|latter|2nd|(?:image|picture|photo) (?:2|two|b))\b"
)

_CHINESE_NOUN = "(?:差异|差别|区别|不同|变化)"
CHINESE_DIFFERENCE = re.compile(
    rf"(?:有|存在|看出|发现|察觉|看到)[^，。；不没无]{{0,12}}?{_CHINESE_NOUN}"
    r"|(?:差异|区别|差别)(?:很|较|十分|非常)?(?:明显|显著)"
    r"|更(?:加)?(?:为)?(?:模糊|亮|明亮|暗|清晰|锐利|鲜艳|嘈杂|低|高)|不(?:太)?(?:一样|相同|一致)"
    r"|(?:两张|两幅|它们|图片|图像)[^，。；]{0,8}?不同"
)
CHINESE_NONE = re.compile(
    rf"(?:没有?|无|未|看不出|并无|不存在|没)[^，。；]{{0,10}}?{_CHINESE_NOUN}"
    r"|(?:差异|差别|区别)(?:并)?不(?:明显|显著|大)|(?<![不])(?:相同|一样|一致|无异)"
)
