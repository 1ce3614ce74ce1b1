"""Questions about one picture: does the *answer* change when the picture is damaged?

This is what compression needs (response-change JND): noticing a change and answering differently are two
questions with very different thresholds. Reads `task:FILE`; decides when two answers are the same.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from calibration.observers.protocol import Ended
from calibration.replies.masking import without_reasoning
from calibration.replies.refusals import is_empty, refuses

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_SIGN = re.compile(r"(?<![\w.])[-\u2212](?=\d)")  # of a negative number
_MINUS = "\u2212"  # a symbol, not punctuation: survives where a hyphen does not
_NUMBER_COMMA = re.compile(r"(?<=\d),(?=\d{3}\b)")
_SPELT = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORD_NUMBERS = {word: str(number) for number, word in enumerate(_SPELT)}


@dataclass(frozen=True)
class TaskQuestion:
    """What a user of the model asks about pictures."""

    path: str
    prompts: Mapping[str, Sequence[str]]  # by picture; empty: `common` is asked about every picture
    common: str | None
    digest: str  # of the file: a resumed run must ask the same

    @property
    def name(self) -> str:
        """As on the command line."""
        return f"task:{self.path}"

    def prompts_for(self, image: str) -> Sequence[str]:
        """Return the prompts about a picture; none when the file does not speak of it.

        Args:
            image: Path relative to the images folder; the file may name it so, or by its last part.
        """
        if self.common is not None:
            return [self.common]
        return self.prompts.get(image) or self.prompts.get(Path(image).name) or []

    def not_among(self, images: Sequence[str]) -> list[str]:
        """Return the pictures the file speaks of that are not among these."""
        there = {*images, *(Path(image).name for image in images)}
        return sorted(set(self.prompts) - there)


def read_task(path: Path) -> TaskQuestion:
    """Read a file that is one prompt, or JSON lines {"image": file name, "prompt": text}.

    Raises:
        ValueError: The file is empty, unreadable, or a line is not as expected.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the task file {path}: {error}") from error
    if not text:
        raise ValueError(f"expected a prompt or JSON lines in {path}, got an empty file")
    digest = hashlib.sha256(data).hexdigest()
    if not text.startswith("{"):
        return TaskQuestion(str(path), {}, text, digest)
    prompts: dict[str, list[str]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            image, prompt = _read_line(line, f"{path}, line {number}")
            prompts.setdefault(image, []).append(prompt)
    return TaskQuestion(str(path), prompts, None, digest)


def given_answer(text: str, ended: Ended | None = None) -> str | None:
    """Return what a reply answers, its reasoning left out; None where it is empty, cut short or a refusal.

    None of these says anything about the picture: compared with an answer, each would pass for a changed one.
    """
    answer = without_reasoning(text).strip()
    if ended in ("length", "refusal") or is_empty(answer) or refuses(answer):
        return None
    return answer


def same_answer(first: str, second: str) -> bool:
    """Whether two answers say the same, after the normalisation of VQA scoring.

    Case, punctuation, articles, thousands commas and spelt numbers do not count (after Antol et al. 2015).
    Ask for short answers: two long ones that mean the same count as different.
    """
    return normalise_answer(first) == normalise_answer(second)


def normalise_answer(text: str) -> str:
    """Return what is compared of an answer."""
    folded = " ".join(text.casefold().split())
    signed = _SIGN.sub(_MINUS, _NUMBER_COMMA.sub("", folded))
    bare = "".join(" " if unicodedata.category(each).startswith("P") else each for each in signed)
    words = _ARTICLES.sub(" ", bare).split() or bare.split()
    return " ".join(_WORD_NUMBERS.get(word, word) for word in words) or folded


def _read_line(line: str, where: str) -> tuple[str, str]:
    expected = f'{where}: expected {{"image": file name, "prompt": text}}'
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{expected}, got no JSON: {error}") from error
    match fields:
        case {"image": str(image), "prompt": str(prompt)} if image and prompt.strip():
            return image, prompt
        case _:
            raise ValueError(f"{expected}, got {line[:80]}")
