"""Tell what a word that could be an answer answers, by what stands before it (`leads`)."""

import re
from dataclasses import dataclass
from typing import Literal

from calibration.replies import leads
from calibration.replies.mentions import Mention
from calibration.replies.names import NOT_THE_ANSWER, Asked, answers_prompt, is_answer_name

Strength = Literal["final", "opening", "concluding", "field", "interjection"]

WINDOW = 240  # characters before a word that tell what it answers
_PREAMBLE = 400  # characters: more is no greeting


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
    if leads.DOUBTED.match(text, mention.end) and not leads.SAYS.search(before):
        return None
    if leads.ELLIPTIC.match(text, mention.start):
        return Context("opening", True, 0) if _is_all(text, mention) else None
    if is_opening(text, mention):
        return Context("final" if _is_own_line(text, mention) else "opening", True, 0)
    question = leads.QUESTION.search(before)
    if question is not None and question["question"].strip():
        kind = answers_prompt(question["question"], asked)
        return None if kind is None else Context("concluding", kind, len(before) - question.start())
    return _stated(text, mention, before, asked)


def _stated(text: str, mention: Mention, before: str, asked: Asked) -> Context | None:
    """Judge a mention that answers no question that the reply itself asks."""
    if leads.NEGATED.search(before) or (mention.kind != "truth" and leads.TENTATIVE.search(before)):
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
        at += len(before[at:]) - len(before[at:].lstrip(leads.LOOSE))
        greeting = leads.GREETING.match(before, at)
        if greeting is None or greeting.end() == at:
            break
        at = greeting.end()
    rest = before[at:].strip(leads.LOOSE)
    return not rest or any(pattern.fullmatch(before, at) for pattern in (leads.OPENER, leads.QUALIFIED))


def field_before(text: str, mention: Mention) -> int | None:
    """Return where the name begins whose value a mention is."""
    begin = max(0, mention.start - WINDOW)
    field = leads.FIELD.search(_before(text, mention))
    return None if field is None else begin + field.start()


def is_alone(text: str, mention: Mention) -> bool:
    """Whether a sentence holds nothing after the mention."""
    return leads.ALONE.match(text, mention.end) is not None


def _before(text: str, mention: Mention) -> str:
    """Return what stands before a mention; a tag that closes ends a sentence, and is no label."""
    before = text[max(0, mention.start - WINDOW) : mention.start]
    return leads.CLOSED.sub(lambda tag: ".".ljust(len(tag[0])), before)


def _wrapped(before: str, asked: Asked) -> Context | None:  # noqa: ARG001 - as the others
    found = leads.TAG.search(before) or leads.BOXED.search(before)
    return None if found is None else Context("final", True, len(before) - found.start())


def _labelled(before: str, asked: Asked) -> Context | bool | None:  # noqa: ARG001 - as the others
    chinese = leads.CHINESE_LABEL.search(before)
    if chinese is not None:
        return Context("final", True, len(before) - chinese.start())
    label = leads.LABEL.search(before)
    if label is None:
        return None
    if (label["kind"] or "").lower() in NOT_THE_ANSWER:
        return False
    return Context("final", True, len(before) - label.start())


def _concluded(before: str, asked: Asked) -> Context | None:  # noqa: ARG001 - as the others
    for pattern in (leads.CONCLUDES, leads.SAYS, leads.IS_A, leads.LEADS_TO):
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
    field = leads.FIELD.search(before)
    return None if field is None else _by_name(field["name"], before[field.start() :], asked)


def _by_name(name: str, before: str, asked: Asked) -> Context | bool | None:
    kind = answers_prompt(name, asked)
    if kind is not None:
        return Context("final" if is_answer_name(name) else "field", kind, len(before))
    return None if leads.VERB.search(name) else False


def _of_value(mention: Mention, before: str, asked: Asked) -> Context | None:
    """Judge "different" after "Verdict:", and "none" after "Differences:"."""
    label, field = leads.LABEL.search(before), leads.FIELD.search(before)
    if mention.kind == "pole":
        named = (label is not None and (label["kind"] or "").lower() not in NOT_THE_ANSWER) or (
            field is not None and is_answer_name(field["name"]) and not leads.VERB.search(field["name"])
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
    sentence = leads.SENTENCE.search(before)
    though = leads.THOUGH.search(before)
    if _is_own_line(text, mention):
        strength = "final"
    elif mention.kind == "letter" and leads.RIGHT.match(text, mention.end):
        strength = "concluding"
    elif though is not None and leads.BREAK.match(text, mention.end):
        strength = "concluding" if though["declines"] else "interjection"
    elif leads.LAST_WORD.search(before) and not re.search(r"\w", text[mention.end :]):
        strength = "concluding"
    elif sentence is not None:
        strength = _at_sentence_start(text, mention, has_opener=bool(sentence["opener"]))
    return None if strength is None else Context(strength, True, 0)


def _at_sentence_start(text: str, mention: Mention, *, has_opener: bool) -> Strength | None:
    if mention.kind == "letter" and not is_alone(text, mention):
        return "final" if leads.WITH_WORD.match(text, mention.end) else None
    return "concluding" if has_opener or is_alone(text, mention) else "interjection"
