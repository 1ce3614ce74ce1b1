"""Recognise replies that give no answer: empty ones, refusals, and those that cannot judge.

An answer about what cannot be made out in a damaged picture ("the sign is illegible") is an answer.
"""

import re

_PLACEHOLDER = re.compile(r"\s*\[empty: [^\]]*\]\s*")  # of `observers.remote`; a word of the log for no text
_CANNOT = (
    r"(?:can(?:no|'|’)?t|can not|won(?:'|’)t|will not|(?:am|'m|’m|are|is|be) (?:unable|not able) to"
    r"|not possible to|impossible to|do not have the ability to|don(?:'|’)t have the ability to)"
)
_PICTURES = r"(?:images?|pictures?|photos?|photographs?|attachments?|files?)"
_THE = r"(?:(?:the|any|these|those|this|that|your|both|two|actual|attached|uploaded|to|of) ){0,3}"
_DECLINES = (
    rf"{_CANNOT}\s+(?:\w+\s+)?(?:help(?! (?:noticing|but|seeing|thinking))"
    r"|assist|comply|fulfil+|engage|do (?:that|this)\b)",
    rf"{_CANNOT}\s+(?:\w+\s+)?(?:process|view|see|open|access|load|display|analy[sz]e"
    rf"|compare) {_THE}{_PICTURES}\b(?! (?:clearly|well|sharply))",
    rf"{_CANNOT}\s+(?:provide|give|offer|identify) (?:\w+ ){{0,3}}(?:assistance|help|analysis"
    rf"|comparison|people|person|individuals)",
    rf"(?:don(?:'|’)t|do not|didn(?:'|’)t) (?:\w+ )?(?:see|have|receive"
    rf""
    rf"|find) (?:access to )?{_THE}{_PICTURES}\b"
    r"(?: (?:attached|here|in (?:the|your|our|this)|to)\b| ?(?:[^\w\s]|\Z))",
    rf"\bno {_PICTURES} (?:(?:was|were|is|are|has been|have been|seems? to be"
    rf"|appears? to be) )?(?:\w+ly )?(?:provided|attached|uploaded|shared|visible|loaded|included"
    rf"|came|received|sent)\b",
    rf"\b{_PICTURES} (?:did not|didn(?:'|’)t|failed to|do not appear to|don(?:'|’)t appear to"
    rf"|seem not to) (?:\w+ )?(?:load|upload|attach|come|be attached|have loaded|have been)",
    rf"please (?:\w+ )?(?:upload|provide|share|attach|send|supply"
    rf"|re-?upload) (?:me )?{_THE}(?:two |both )?{_PICTURES}",
    rf"\b(?:upload|attach|share|send) {_THE}(?:two |both )?{_PICTURES},? please\b",
    r"\bas an? (?:text-based |text-only |large )?(?:language model|text-based"
    r"|ai)\b[^.]{0,60}(?:can(?:no|'|’)?t|unable|not able|don(?:'|’)t)",
    r"(?:against|violates?|conflicts with) (?:my|the|our|openai's) (?:\w+ )?(?:guidelines?"
    r"|polic(?:y|ies)|terms)",
    r"\b(?:must|have to|need to|going to|respectfully) (?:respectfully )?(?:decline|refuse)\b",
    r"^\W*(?:i'm|i’m|i am)? ?(?:very |so |really )?sorry\W*$",
    r"(?:无法|不能|没办法)(?:协助|帮助|提供帮助|查看|看到|处理|识别|访问)",
    r"(?:没有|未)(?:收到|看到|提供|上传)(?:任何)?(?:图片|图像|照片)",
)
_HELPLESS = (
    rf"{_CANNOT}\s+(?:\w+\s+){{0,2}}?(?:determine|compare|evaluate|assess|judge|answer|analy[sz]e"
    rf"|tell (?:if|whether|for sure|for certain|with certainty|from)|say (?:if|whether|for sure"
    rf"|for certain|with certainty)|be (?:sure|certain))\b(?! (?:any|a) )",
    rf"{_CANNOT} (?:\w+ )?(?:decide|settle|commit|choose between|make up my mind)\b|\bundecided\b"
    rf"|\btoss-?up\b",
    r"\b(?:i|i['’]d|we|would) (?:would |also )?(?:need|require) (?:more|additional|further"
    r"|higher[- ]\w+) (?:information|context"
    r"|details?|images?|resolution)",
    r"\b(?:i am|i'm|i’m) (?:not (?:\w+ )?(?:sure|certain)|unsure|uncertain)\b",
    r"\bi can (?:help|assist|compare|see (?:both|the|two)) ?(?:you|images?|pictures?)?",
    r"(?:无法|不能|难以)(?:判断|确定|比较|回答|分辨是否)",
)
_CONCESSION = re.compile(r"\b(?:although|though|even (?:if|though))\b[^.!?\n]{0,120}", re.IGNORECASE)
_REFUSES = re.compile("|".join(_DECLINES), re.IGNORECASE)
_CANNOT_JUDGE = re.compile("|".join((*_DECLINES, *_HELPLESS)), re.IGNORECASE)


def is_empty(text: str) -> bool:
    """Whether nothing was said: no text, or the word of the log for none."""
    return not text.strip() or _PLACEHOLDER.fullmatch(text) is not None


def refuses(text: str) -> bool:
    """Whether a reply declines to answer or says that no picture came through; a concession does not."""
    return _REFUSES.search(_CONCESSION.sub("", text)) is not None


def cannot_judge(text: str) -> bool:
    """Whether a reply about a pair declines, or leaves open whether the two differ."""
    return _CANNOT_JUDGE.search(text) is not None
