"""Tell what a word that could be an answer answers, by what stands before it.

Every pattern ends where the word begins and looks back no further than a window, so the time is bounded.
"""

import re
from dataclasses import dataclass
from typing import Literal

from calibration.replies.lexicon import matcher, one_of
from calibration.replies.mentions import Mention
from calibration.replies.names import ANSWERS, NOT_THE_ANSWER, Asked, answers_prompt, is_answer_name

Strength = Literal["final", "opening", "concluding", "field", "interjection"]

WINDOW = 240  # characters before a word that tell what it answers
_PREAMBLE = 400  # characters: more is no greeting
_SIGNS = r"[^\w\n]{0,12}"


_DEGREES = (
    *("an?", "the", "simply", "clearly", "therefore", "thus", "definitely", "definite", "clear", "firm"),
    *("resounding", "still", "option", "letter", "choice", "that", "just", "hence", "both", "images", "now"),
)
_DEGREE = rf"(?:{one_of(*_DEGREES)}{_SIGNS}\s){{0,3}}"
_BEING = r"(?:is|would be|will be|must be|should be|has to be|remains|stays|becomes|=|→)"
_TAG = matcher(r"(?:[<＜《【\[{☑✓✔]|&lt;)\s?/?\s?[\"']?\**(?:(?:option|choice) )?\(?\Z")
_BOXED = matcher(r"\\boxed\s*\{(?:\W*\\?(?:text(?:bf|rm)?|mathrm|mathbf)\W*)?\W{0,3}\Z")
_LABEL = matcher(
    rf"(?P<label>(?:(?P<kind>\w+)[ _-])?\b{one_of(*ANSWERS)}(?:['’]s letter)?\b"
    rf"(?: (?:to|for|regarding|here|in"
    rf"|based)\b[^.!?\n:]{{0,100}}?)?){_SIGNS}\s{{0,3}}(?:{_BEING}{_SIGNS}\s?)?"
    rf"{_DEGREE}{_SIGNS}\Z"
)
_CHINESE_LABEL = matcher(
    r"(?:答案|结论|结果|回答|因此|所以|综上|判断|选项?|选择)(?:应该|应当)?(?:是|为|选)?[\W]{0,6}\Z"
)
_CONCLUDES = matcher(
    r"\b(?:so|hence|therefore|thus|ergo|overall|finally|ultimately|consequently|accordingly|in (?:conclusion"
    r"|summary|short|sum|brief)|to (?:conclude|sum up|summari[sz]e|answer|be clear"
    r"|your question)\b[^.,:\n]{0,40}"
    r"|all in all|in one word|put simply|bottom line|which means|here you go|you asked for[^.:\n]{0,20}"
    r"|if (?:i (?:have to|had to|must)|forced|asked|pressed)[^.,:\n]{0,30}|in the end|i conclude"
    r"|(?:as )?(?:to|for) your question|for (?:these|this|that) reasons?"
    r"|final"
    rf"|visually,? though)[\s,:—–.…*-]{{1,6}}(?:to your question[\s,:]{{1,3}})?"
    rf"(?:(?:it is|it's|that's|i think|i'd say|i say|again"
    rf"|my answer is)[\s,:]{{1,3}}){{0,2}}{_DEGREE}{_SIGNS}\Z"
)
_SAYS = matcher(
    r"(?:\bi(?:[\'’]m| am) (?:leaning towards?|going with|inclined to say)|\bi(?:'d|’d| would| will|'ll|’ll"
    r"| must| should| shall"
    r"| can)?(?: have to| need to"
    r"| want to)?(?: \w+)? (?:say|answer|conclude|respond|reply|go with|choose|pick|select"
    rf"|return|vote|lean(?: towards?)?|settle on))(?: with| that| is| for)?{_SIGNS}{_DEGREE}{_SIGNS}\Z"
)
_IS_A = matcher(
    rf"(?:\b(?:it|that|this)(?:'s|’s| is| would be| makes (?:it|this))"
    rf"|\bi['’]?m at) (?:an? )?(?:\w+ )?{_SIGNS}\Z"
)
_LEADS_TO = matcher(r"(?:→|⇒|=>|->|➜)\s*[*_`\"]{0,3}\Z")
_NEGATED = matcher(
    r"(?:\bnot|n['’]t|\bcannot|\bnever|\brather than|\binstead of|\bthan)[ \"\'“<*]+(?:\w+[ \"\'“<*]+){0,2}\Z"
)
_TENTATIVE = matcher(
    r"\b(?:might|may|could|possibly|potentially|arguably|perhaps|maybe|theoretically|either|whether|if|when"
    r"|at first"
    r"|initial(?:ly)?|first (?:impression|glance|thought)|tempted|wanted to|almost|nearly|thought"
    r"|expect(?:ed)?"
    r"|would have|was|before|until|unless|hesitate|rather not)\b[^,;:.!?\n]{0,60}\Z"
)
_FIELD = matcher(
    r"(?:\A|[\n{,;.!|(•<\[>#–—-])[^\w\n]*(?P<name>[^\W\d_][\w '’/();?-]{0,90}?)[\"'*_`\s)\]]*"
    r"(?:[:：=]|\||\s[–—-]\s|(?<=\w)>)[\s\"'*_`<\[({（]*(?:option |choice )?\(?\Z"
)
_QUESTION = matcher(r"(?P<question>[^.!?\n。！？]*)[?？][^\w\n]{0,6}\s{0,3}[^\w\n]{0,6}\Z")
_OPENER = matcher(
    r"(?:based|after|upon|looking|having|from|in|on|as|with|given|considering|comparing|judging|to"
    r"|for|when|at|following|between)\b[^.!?;\n]{0,160}[,:—–-]\W*\Z"
)
_GREETING = matcher(
    r"(?:(?!possibly|potentially|arguably|theoretically|probably|only|unfortunately|family|apply)\w{4,}ly"
    r"|sure(?: thing)?"
    r"|of course|ok(?:ay)?|alright|well|hmm+|right|great(?: question)?|good question|hello|hi(?: there)?|hey"
    r"|got it|understood|i (?:think|believe|see)|i'd say|my|analysis|assistant|ai|model|image quality"
    r"|(?:thanks|thank you|let me|let['’]s|i(?:['’]ve|['’]ll| have| will| looked| compared)|here(?:['’]s| is)"
    r"|after|step \d)\b[^.!?\n:]{0,120}|\d)(?:[.!:,…–—\n*]|\.{2,3}|\Z)"
)
_ALONE = re.compile(r"[\"'*_`)\]}>”’]{0,4}\s*(?:[.!…]+|\([^)\n]{0,40}\)\.?|\Z|\n|(?<=\*\*)|(?<=__))")
_SENTENCE = matcher(
    r"(?:\A|\n|[.!?。！？)>](?=[\s\"*<_(]))[^\w\n]*(?:(?:(?!possibly|potentially|arguably|theoretically"
    r"|probably)\w{4,}ly"
    r"|sure|of course|ok(?:ay)?|well|hmm+|right|again|now)\W{1,3}){0,2}(?P<opener>(?:based|after|upon"
    r"|looking|having"
    r"|given|considering|comparing|judging|on|from|with)\b[^.!?;\n]{0,140}[,:—–]\s*)?[\"'*_“(`<]*\Z"
)
_CLOSED = re.compile(r"</\s?\w+\s?>")
_QUALIFIED = matcher(
    r"(?:(?:it|that)(?:['’]s| is) )?(?:an? )?(?:hard|clear|definite|firm|strong|solid|resounding|simple|big"
    r"|plain) \W*\Z"
)
_RIGHT = matcher(r"\W{0,3}\s(?:is|would be) (?:the )?(?:correct|right|answer|choice)\b")
_WITH_WORD = matcher(r"\W{0,3}[.):]\s?\W{0,3}(?:yes|no)\b")
_ELLIPTIC = matcher(r"the(?:re|y)\b")  # "They are.": an answer only by itself
_BREAK = re.compile(r"[^\w\n]{0,3}[,.—–:]")
_LAST_WORD = re.compile(r"[,:;—–-]\W{0,4}\Z")
_THOUGH = matcher(
    r"(?:(?P<declines>\b(?:can|won|wouldn|could)(?:no|['’])?t\b|\bcannot|\bnot able|\bunable"
    r"|\bsorry)[^.!?\n]{0,120})?,? but"
    r"\s[^\w\n]{0,3}\Z"
)
_LOOSE = " \t\r\n\"'*_`#>|-–—.,:;!•·✅❌☑✔✓❎👍👎(<[“‘{~=→"
_VERB = matcher(r"\b(?:is|are|was|were|there|looks?|shows?|not|no|do|does|but|and)\b")  # no name has one


@dataclass(frozen=True)
class Context:
    """What a word answers, and how plainly."""

    strength: Strength
    means_yes: bool  # a yes here is a yes to the prompt
    begins_before: int  # characters before the word that belong to the declaration


def context_of(text: str, mention: Mention, asked: Asked) -> Context | None:
    """Return what a mention answers; None where it does not answer the prompt."""
    before = _before(text, mention)
    if mention.kind in {"pole", "nothing"}:
        return _of_value(mention, before, asked)
    if _ELLIPTIC.match(text, mention.start):
        return Context("opening", True, 0) if _is_all(text, mention) else None
    if is_opening(text, mention):
        return Context("final" if _is_own_line(text, mention) else "opening", True, 0)
    question = _QUESTION.search(before)
    if question is not None and question["question"].strip():
        kind = answers_prompt(question["question"], asked)
        return None if kind is None else Context("concluding", kind, len(before) - question.start())
    return _stated(text, mention, before, asked)


def _stated(text: str, mention: Mention, before: str, asked: Asked) -> Context | None:
    """Judge a mention that answers no question that the reply itself asks."""
    if _NEGATED.search(before) or (mention.kind != "truth" and _TENTATIVE.search(before)):
        return None
    for find in (_wrapped, _labelled, _concluded, _in_table, _in_field):
        found = find(before, asked)
        if found is not None:
            return found if isinstance(found, Context) else None
    return None if mention.kind == "truth" else _in_prose(text, mention, before)


def is_opening(text: str, mention: Mention) -> bool:
    """Whether nothing but a greeting or an announcement stands before a mention."""
    if mention.start > _PREAMBLE or mention.kind in {"pole", "nothing"}:
        return False
    at, before = 0, text[: mention.start]
    while True:
        at += len(before[at:]) - len(before[at:].lstrip(_LOOSE))
        greeting = _GREETING.match(before, at)
        if greeting is None or greeting.end() == at:
            break
        at = greeting.end()
    rest = before[at:].strip(_LOOSE)
    return not rest or any(pattern.fullmatch(before, at) for pattern in (_OPENER, _QUALIFIED))


def field_before(text: str, mention: Mention) -> int | None:
    """Return where the name begins whose value a mention is."""
    begin = max(0, mention.start - WINDOW)
    field = _FIELD.search(_before(text, mention))
    return None if field is None else begin + field.start()


def is_alone(text: str, mention: Mention) -> bool:
    """Whether a sentence holds nothing after the mention."""
    return _ALONE.match(text, mention.end) is not None


def _before(text: str, mention: Mention) -> str:
    """Return what stands before a mention; a tag that closes ends a sentence, and is no label."""
    before = text[max(0, mention.start - WINDOW) : mention.start]
    return _CLOSED.sub(lambda tag: ".".ljust(len(tag[0])), before)


def _wrapped(before: str, asked: Asked) -> Context | None:  # noqa: ARG001 - as the others
    found = _TAG.search(before) or _BOXED.search(before)
    return None if found is None else Context("final", True, len(before) - found.start())


def _labelled(before: str, asked: Asked) -> Context | bool | None:  # noqa: ARG001 - as the others
    chinese = _CHINESE_LABEL.search(before)
    if chinese is not None:
        return Context("final", True, len(before) - chinese.start())
    label = _LABEL.search(before)
    if label is None:
        return None
    if (label["kind"] or "").lower() in NOT_THE_ANSWER:
        return False
    return Context("final", True, len(before) - label.start())


def _concluded(before: str, asked: Asked) -> Context | None:  # noqa: ARG001 - as the others
    for pattern in (_CONCLUDES, _SAYS, _IS_A, _LEADS_TO):
        if (found := pattern.search(before)) is not None:
            return Context("concluding", True, len(before) - found.start())
    return None


def _in_table(before: str, asked: Asked) -> Context | bool | None:
    """Judge the first cell of a row by the head of its column."""
    lines = before.split("\n")
    if (
        len(lines) < 3
        or not re.fullmatch(r"\s*\|[^\w|]*", lines[-1])
        or not re.fullmatch(r"[\s:|-]+", lines[-2])
    ):
        return None
    return _by_name(lines[-3].strip(" |").split("|")[0], before, asked)


def _in_field(before: str, asked: Asked) -> Context | bool | None:
    field = _FIELD.search(before)
    return None if field is None else _by_name(field["name"], before[field.start() :], asked)


def _by_name(name: str, before: str, asked: Asked) -> Context | bool | None:
    kind = answers_prompt(name, asked)
    if kind is not None:
        return Context("final" if is_answer_name(name) else "field", kind, len(before))
    return None if _VERB.search(name) else False


def _of_value(mention: Mention, before: str, asked: Asked) -> Context | None:
    """Judge "different" after "Verdict:", and "none" after "Differences:"."""
    label, field = _LABEL.search(before), _FIELD.search(before)
    if mention.kind == "pole":
        named = (label is not None and (label["kind"] or "").lower() not in NOT_THE_ANSWER) or (
            field is not None and is_answer_name(field["name"]) and not _VERB.search(field["name"])
        )
        return Context("final", asked.yes_means_different, 0) if named else None
    if field is None or is_answer_name(field["name"]):
        return None
    kind = answers_prompt(field["name"], asked)
    return None if kind is None else Context("field", kind, len(before) - field.start())


def _is_own_line(text: str, mention: Mention) -> bool:
    line = text[text.rfind("\n", 0, mention.start) + 1 : mention.start]
    return not re.search(r"\w", line) and not re.search(r"\w", text[mention.end :].split("\n", 1)[0])


def _is_all(text: str, mention: Mention) -> bool:
    return not re.search(r"\w", text[: mention.start] + text[mention.end :])


def _in_prose(text: str, mention: Mention, before: str) -> Context | None:
    """Judge a mention by its place in the sentence."""
    strength: Strength | None = None
    sentence = _SENTENCE.search(before)
    though = _THOUGH.search(before)
    if _is_own_line(text, mention):
        strength = "final"
    elif mention.kind == "letter" and _RIGHT.match(text, mention.end):
        strength = "concluding"
    elif though is not None and _BREAK.match(text, mention.end):
        strength = "concluding" if though["declines"] else "interjection"
    elif _LAST_WORD.search(before) and not re.search(r"\w", text[mention.end :]):
        strength = "concluding"
    elif sentence is not None:
        strength = _at_sentence_start(text, mention, has_opener=bool(sentence["opener"]))
    return None if strength is None else Context(strength, True, 0)


def _at_sentence_start(text: str, mention: Mention, *, has_opener: bool) -> Strength | None:
    if mention.kind == "letter" and not is_alone(text, mention):
        return "final" if _WITH_WORD.match(text, mention.end) else None
    return "concluding" if has_opener or is_alone(text, mention) else "interjection"
