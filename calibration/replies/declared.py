"""Find the answer a reply declares, and where it stands.

The grammar, strongest first; within one strength the last declaration counts, for a reply may revise itself:

- *explicit*: `<yes>`, "Answer: yes", "my conclusion is <no>", boxed, "so, no", "I would say yes", an answer
  field of JSON, a line that is nothing but the answer, an option's letter where letters were asked for;
- *field*: something named and its value, "Noticeable difference: no", `{"identical": true}`;
- *interjection*: a sentence that begins with yes or no; the one that begins the reply before any other.

A yes or no inside a sentence ("there is no dog") is no answer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

Strength = Literal["explicit", "field", "interjection"]

_YES = r"(?:yes|yeah|yep|yup|affirmative|oui|sí|ja|да|sim|はい|예|네|是的|是|有的|有|对的|对)"
_NO = (
    r"(?:no|(?:absolutely|definitely|certainly|of course) not|not (?:at all|really)|nope|nah|negative"
    r"|non|nein|нет|não|いいえ|아니요|아니오|否|不是的?|没有|沒有|不|无)"
)
# What may follow a "no" that answers; "no" before a noun is part of a statement.
_AFTER_NO = (
    r"(?=\s*$|\s*[.,;:!?)\]}>\"'”’*_`|\\/(—–。，、；：！<\n]|\s+[-=~]|\s+(?:there|they|the|these|those"
    r"|this|that|it|its|i|we|both"
    r"|neither|because|since|as|but|not|between|after|upon|based|thus|so|any)\b|\s*[^\w\s\"'“‘<(\[-])(?!\.?\s?\d)"
)
_AFTER_YES = r"(?!\s*(?:\bor\b|\band no\b|/\s*no\b))(?!-\w)"
_SPOKEN = rf"(?:(?P<yes>(?<!\w){_YES}(?!\w){_AFTER_YES})|(?P<no>(?<!\w){_NO}(?!\w){_AFTER_NO}))"
_LETTER = (
    r"(?:\(?(?P<a>(?<![a-zA-Z\d_])(?-i:A))(?![\w'’])(?=\W*$|\s*[.):,;*\]}\"'`\n<—–-]|\s+(?:yes"
    r"|because|since|is (?:the |my )?(?:correct|right|answer|choice))\b)"
    r"|\(?(?P<b>(?<![a-zA-Z\d_])(?-i:B))(?![\w'’])(?=\W*$|\s*[.):,;*\]}\"'`\n<—–-]|\s+(?:no|because"
    r"|since|is (?:the |my )?(?:correct|right|answer|choice))\b))"
)
_TRUTH = r"(?:(?P<true>\b(?:true|correct)\b)|(?P<false>\b(?:false|incorrect)\b))"
_MARKS = r"[^\w\n<]{0,8}[<\s]{0,3}"  # signs between a label and its answer
_DEGREE = (
    r"(?:(?:an?|the|simply|clearly|therefore|thus|definitely|definite|clear|firm|resounding|still"
    r"|option|letter|choice) ){0,3}"
)

_ANSWER_NAME = (
    r"(?:answer|conclusion|verdict|decision|response|choice|judge?ment|determination|output|final"
    r"|result|assessment|selection|selected option|option(?:['’]s letter)?|letter|assistant|flag"
    r"|label|prediction)"
)
_NEGATED = re.compile(
    r"(?:\bnot|n['’]t|\bcannot|\bnever|\brather than|\binstead of|\bthan)[ \"\'“<*]+(?:\w+[ \"\'“<*]+){0,2}$",
    re.IGNORECASE,
)
_SAYS_DIFFER = re.compile(
    r"differ|distinguish|change|noticeable|discrepan|perceptible|不同|差异|区别", re.IGNORECASE
)
_SAYS_SAME = re.compile(r"identical|\bsame\b|_same|same_|match|indistinguish|相同|一样|一致", re.IGNORECASE)


@dataclass(frozen=True)
class Declared:
    """A yes or a no and its place in the reply."""

    flag: bool
    start: int  # of the word itself, without the signs around it
    end: int
    strength: Strength
    begin: int  # of the whole declaration: its label or name


def _pattern(before: str, answers: str, after: str = "") -> re.Pattern[str]:
    return re.compile(before + answers + after, re.IGNORECASE | re.MULTILINE)


_TAG = _pattern(
    r"(?:[<＜《【\[{]|&lt;)\s*/?\s*\"?",
    rf"(?:(?P<yes>(?:yes|是|有)\b)|(?P<no>(?:no|否|没有|无)\b{_AFTER_NO}))",
)
_LABEL = (
    rf"\b{_ANSWER_NAME}\b(?: (?:to|for|regarding|here|in)\b[^.!?\n:]{{0,100}}?)?(?:_?\w*)?{_MARKS}\s{{0,3}}"
    rf"(?:(?:is|was|would be|will be|must be|should be|has to be|remains|stays)\b{_MARKS})?{_DEGREE}{_MARKS}"
)
_CHINESE_LABEL = r"(?:答案|结论|结果|回答|因此|所以|综上|判断)(?:应该|应当)?(?:是|为)?[\W]{0,6}"
_CONCLUDES = (
    r"\b(?:so|but|hence|therefore|thus|overall|finally|ultimately|consequently|accordingly"
    r"|in (?:conclusion|summary|short|sum)"
    r"|to (?:conclude|sum up|summari[sz]e|answer)\b[^.,:\n]{0,40}|all in all|in the end|actually"
    r"|wait|correction|scratch that|for (?:these|this|that) reasons?"
    r"|on (?:second thought|reflection|closer (?:look|inspection|examination))|upon (?:closer"
    r"|further)[^.,:\n]{0,30})[\s,:—–.…-]{1,6}"
    rf"(?:(?:actually|then|wait|hmm+|well|it is|it's|that's|i think|i'd say"
    rf"|i say)[\s,:]{{1,3}}){{0,2}}{_DEGREE}[\"'*“]{{0,3}}"
)
_SAYS = (
    r"\bi(?:'d|’d| would| will|'ll|’ll| must| should| shall| can)?(?: have to| need to"
    r"| want to)?(?: \w+)? (?:say|answer|conclude|respond|reply|go with|choose|pick|select"
    rf"|return|vote|lean towards?|settle on)(?: with| that| is| for)?{_MARKS}{_DEGREE}{_MARKS}"
)
_BOXED = r"\\boxed\s*\{(?:\W*\\?(?:text(?:bf|rm)?|mathrm|mathbf)\W*)?\W{0,3}"
_IS_A = r"\b(?:it|that|this)(?:'s|’s| is| would be) an? (?:\w+ )?[\"'*“]{0,3}"
_EXPLICIT = (
    _TAG,
    *(
        _pattern(before, _SPOKEN)
        for before in (_LABEL, _CHINESE_LABEL, _CONCLUDES, _SAYS, _IS_A, f"(?:{_BOXED})")
    ),
    _pattern(_LABEL, _TRUTH),
    _pattern(r"^[^\w\n<]*", rf"(?:{_SPOKEN}|{_TRUTH})", r"[^\w\n]*$"),  # a line of its own
    _pattern(r"[,:;—–-]\W{0,4}", _SPOKEN, r"\W*\Z"),  # the last word
)
_LETTERS = (
    *(
        _pattern(before, _LETTER)
        for before in (_LABEL, _CHINESE_LABEL + "选?", _CONCLUDES, _SAYS, f"(?:{_BOXED})")
    ),
    _pattern(r"^[^\w\n]*(?:option |choice |letter )?[^\w\n]*", _LETTER),
    _pattern(r"选(?:项|择)?[^\w\n]{0,3}", _LETTER),
    _pattern(r"[\[(]\s?", _LETTER, r"\s?[\])]\W*\Z"),
    _pattern(r"\boption[^\w\n]{1,4}", _LETTER),
)
_BARE_LETTER = re.compile(r"\W*(?:(?P<a>a)|(?P<b>b))\W*", re.IGNORECASE)
_FIELD = _pattern(
    r"(?:^"
    r"|[\n{,;.!|(•-])[^\w\n]*(?P<name>\w[\w '’/()-]{0,60}?)[\"'*_`\s)]*"
    r"(?:[:=：][\"'*_`\s<\[(]*|\|\s*\**|\s[–—-]\s\**)",
    rf"(?:{_SPOKEN}|{_TRUTH}|(?P<none>\bnone\b|\bnull\b|\[\s*\]))",
)
_SENTENCE = re.compile(
    r"(?<!^)\b(?:is|are|was|were|there|looks?|not|no|do|does|but|and)\b", re.IGNORECASE
)  # no name
_OPENS = (
    r"(?:based|after|upon|looking|having|from|in|on|as|with|given|considering|comparing|judging|to"
    r"|for|when|at|following|between)\b[^.!?;\n]{0,140}?[,:—–]\s*"
)
_GREETS = (
    r"(?:(?!possibly|potentially|arguably|theoretically)\w{4,}ly|sure(?: thing)?|certainly"
    r"|of course|absolutely|ok(?:ay)?|alright|well|hmm+|right|great|thanks"
    r"|thank you[^.!?\n]{0,60}|got it|understood"
    r"|here(?:'s| is) (?:my|the) [^.!?\n:]{0,40}|i (?:think|believe|see)|i'd say|my analysis|analysis)\W{1,3}"
)
_INTERJECTION = _pattern(
    rf"(?:^"
    rf"|(?P<mark>[.!?。！？])(?=[\s\"*<]))[^\w\n]*(?:(?:{_GREETS}){{0,2}}(?:{_OPENS})?(?:{_GREETS})?)[\"'*_“(`]*",
    _SPOKEN,
)
_QUESTION = re.compile(r"[^.!?\n。！？]*$")


def find_declared(
    text: str, *, wants_letter: bool, yes_means_different: bool, about: str | None
) -> Declared | None:
    """Return the declaration that counts; None where there is none.

    Args:
        text: Without reasoning and options (`calibration.replies.masking`).
        wants_letter: Whether the prompt asked for A or B.
        yes_means_different: Whether the prompt asked for a difference, rather than for identity.
        about: What the prompt asked for, such as "blur": a field of that name answers it.
    """
    fields = [*_fields(text, yes_means_different=yes_means_different, about=about)]
    turned = {field.start: field.flag for field in fields}
    explicit = [
        each
        for each in _explicit(text, wants_letter=wants_letter)
        if turned.get(each.start, each.flag) == each.flag  # "Identical: no" is a field, not a last word
    ]
    if explicit:
        return max(explicit, key=lambda each: each.end)
    if fields:
        return _agreed(fields)
    found = [*_interjections(text, yes_means_different=yes_means_different)]
    leading = [each for each in found if not re.search(r"[.!?]\s", text[: each.start].strip())]
    candidates = leading[:1] or found[-1:]
    return candidates[0] if candidates else None


def without_fields(text: str) -> str:
    """Blank every name with a yes-or-no value: what is left is prose."""
    return _FIELD.sub("\n", text)


def _agreed(fields: list[Declared]) -> Declared | None:
    """Return the last of fields that all say the same; fields at odds are no answer."""
    return fields[-1] if len({each.flag for each in fields}) == 1 else None


def _explicit(text: str, *, wants_letter: bool) -> Iterator[Declared]:
    if wants_letter and (bare := _BARE_LETTER.fullmatch(text)):
        yield from _declared(bare, "explicit")
    for pattern in (*_EXPLICIT, *(_LETTERS if wants_letter else ())):
        for match in pattern.finditer(text):
            for declared in _declared(match, "explicit"):
                if not _NEGATED.search(text[max(0, declared.start - 40) : declared.start]):
                    yield declared


def _fields(text: str, *, yes_means_different: bool, about: str | None) -> Iterator[Declared]:
    matches = [*_FIELD.finditer(text)]
    asked = [match for match in matches if about and about.lower() in match["name"].lower()]
    for match in asked or matches:
        kind = _kind(match["name"], about=about, yes_means_different=yes_means_different)
        if _SENTENCE.search(match["name"]):
            continue
        for declared in _declared(match, "field") if kind is not None else ():
            yield replace(declared, flag=declared.flag == kind)


def _interjections(text: str, *, yes_means_different: bool) -> Iterator[Declared]:
    for match in _INTERJECTION.finditer(text):
        kind: bool | None = True
        if match["mark"] in ("?", "？"):
            question = _QUESTION.search(text[: match.start("mark")])
            asked = question[0] if question else ""
            kind = (
                _kind(asked, about=None, yes_means_different=yes_means_different) if asked.strip() else True
            )
        for declared in _declared(match, "interjection") if kind is not None else ():
            yield replace(declared, flag=declared.flag == kind)


def _kind(name: str, *, about: str | None, yes_means_different: bool) -> bool | None:
    """Whether a yes to this name is a yes to the prompt, a no (False), or neither (None)."""
    if re.search(_ANSWER_NAME, name, re.IGNORECASE) and not _SAYS_DIFFER.search(name):
        return True
    if _SAYS_SAME.search(name):
        return not yes_means_different
    if _SAYS_DIFFER.search(name):
        return yes_means_different
    if about and about.lower() in name.lower():
        return True
    return None


def _declared(match: re.Match[str], strength: Strength) -> Iterator[Declared]:
    for name, word in match.groupdict().items():
        if word is not None and name in {"yes", "a", "true", "no", "b", "false", "none"}:
            yield Declared(
                name in {"yes", "a", "true"}, match.start(name), match.end(name), strength, match.start()
            )
