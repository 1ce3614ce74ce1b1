"""Blank out what a reply says without answering: its reasoning, the question repeated, the options named.

Every function returns a text as long as its argument, so a place in the result is a place in the reply.
"""

import re

_NAMES = r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratchpad|inner_?monologue|seed:think)"
_OPENS = (
    rf"<\s{{0,3}}{_NAMES}\b[^<>]{{0,80}}>|◁think▷|\[THINK\]|<\|begin_of_thought\|>"
    rf"|<\|channel\|>\s*(?:analysis"
    rf"|commentary)\b"
)
_CLOSES = (
    rf"<\s{{0,3}}/\s{{0,3}}{_NAMES}\s{{0,3}}>|◁/think▷|\[/THINK\]|<\|end_of_thought\|>"
    r"|<\|channel\|>\s*final\s*<\|message\|>"
)
_WRAPPER = re.compile(rf"(?P<opens>{_OPENS})|{_CLOSES}", re.IGNORECASE)

_OPTION = r"[\"'“‘`<\[(*]{0,4}\s?/?\s?\b(?:yes|no)\b\s?/?\s?[\"'”’`>\])*]{0,4}"
_EITHER = re.compile(
    rf"(?<!\| )(?<!\|){_OPTION}(?:\s{{0,3}},?\s{{0,3}}(?:or|and|vs\.?|/|\|)\s{{0,3}}{_OPTION})+",
    re.IGNORECASE,
)
_TAG = r"<\s{0,2}/?\s{0,2}(?:yes|no)\s{0,2}/?\s{0,2}>"
_TAGS_IN_A_ROW = re.compile(rf"{_TAG}(?:[\s,;|/]{{0,8}}{_TAG})+", re.IGNORECASE)
_RUN = re.compile(r"\b(?:yes|no)\b(?:\s{1,4}\b(?:yes|no)\b){2,}", re.IGNORECASE)
_MARKUP = re.compile(r"<\|\w+\|>|</s>|<image>", re.IGNORECASE)
_WHEN = re.compile(
    r"[\"'<\[(*`]{0,4}\b(?:yes|no)\b[\"'>\])*`]{0,4}\s{0,2}(?:=|means?\b|if\b|when\b|otherwise\b"
    r"|would mean\b)",
    re.IGNORECASE,
)
_LETTERS = re.compile(
    r"\(?\bA\b\W{0,6}(?:yes\b\W{0,8}|or\s+|/\s*|and\s+)\(?\bB\b(?:\W{0,6}no\b)?(?:[\"'>\])*`]*[.;]?)",
    re.IGNORECASE,
)
_UNCHECKED = re.compile(
    r"(?:\[\s?\]|\(\s\)|[☐⬜◯○□❏])\s{0,3}[*_`]{0,3}(?:\(?[AB][.):]{0,2}\s?)?[*_`]{0,3}(?:yes|no)?\b",
    re.IGNORECASE,
)
_CHECK = re.compile(r"[\[(]\s?[xX✓✔]\s?[\])](?=\s{0,3}\S)")
_CHINESE_OPTIONS = re.compile(
    r"[<“「【]?(?:是|有)[>”」】]?\s*(?:还是|或者?|/|、)\s*[<“「【]?(?:否|不是|没有|无)[>”」】]?"
)


_END = 3000  # characters


def without_reasoning(text: str) -> str:
    """Blank what stands between reasoning tags of any family; what never ends takes all that follows.

    A closing tag alone ends reasoning that began in the prompt, as some chat templates have it.
    """
    start: int | None = None
    for wrapper in _WRAPPER.finditer(text):
        if wrapper["opens"]:
            start = wrapper.start() if start is None else start
            continue
        text = _blanked(text, start or 0, wrapper.end())
        start = None
    text = text if start is None else _blanked(text, start, len(text))
    for token in _MARKUP.finditer(text):
        text = _blanked(text, token.start(), token.end())
    return text


def without_middle(text: str) -> str:
    """Blank all but the two ends of an endless reply: what declares an answer stands there."""
    return text if len(text) <= 2 * _END else _blanked(text, _END, len(text) - _END)


def without_options(text: str, prompt: str) -> str:
    """Blank the prompt where it is repeated, and yes and no where they are named, not said."""
    for part in (prompt, *re.split(r"(?<=[.?!])\s+", prompt)):
        if len(part) > len("A. Yes; B. No"):
            for found in re.finditer(re.escape(part), text, re.IGNORECASE):
                text = _blanked(text, found.start(), found.end())
    for found in _CHECK.finditer(text):
        text = text[: found.start()] + "✓".rjust(len(found[0])) + text[found.end() :]
    for pattern in (_UNCHECKED, _LETTERS, _EITHER, _TAGS_IN_A_ROW, _RUN, _WHEN, _CHINESE_OPTIONS):
        for found in pattern.finditer(text):
            if pattern not in {_TAGS_IN_A_ROW, _RUN} or len(set(re.findall(r"yes|no", found[0].lower()))) > 1:
                text = _blanked(text, found.start(), found.end())
    return text


def _blanked(text: str, start: int, end: int) -> str:
    """Put line ends in place of a part: what comes after begins a sentence."""
    return text[:start] + "\n" * (end - start) + text[end:]
