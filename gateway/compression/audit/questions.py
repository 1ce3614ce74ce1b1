"""Read what an audit asks about which pictures: JSON lines that name pictures, or one prompt for all."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calibration.pictures import picture_names


class QuestionsError(ValueError):
    """The questions cannot be read, or ask about pictures that are not there."""


@dataclass(frozen=True)
class Question:
    """One prompt about one picture."""

    picture: str  # relative to the folder of pictures, with forward slashes
    prompt: str


def read_questions(file: Path, folder: Path) -> tuple[Question, ...]:
    """Return every question, in the order in which a budget is spent best: new pictures first.

    Lines are `{"image": NAME, "prompt": TEXT}`, those without `image` ask about every picture of the folder.
    A file that does not begin with `{` is one prompt for all.

    Raises:
        QuestionsError: Something is missing or is not what was expected, with its line.
    """
    names = sorted(picture_names(folder)) if folder.is_dir() else []
    if not names:
        raise QuestionsError(f"{folder} holds no picture: expected PNG, JPEG, WebP or GIF files")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsError(f"{file} cannot be read as questions: {error}") from error
    asked = _lines(file, text, names) if text.lstrip().startswith("{") else [(None, text.strip())]
    if not any(prompt for _, prompt in asked):
        raise QuestionsError(f"{file} holds no question")
    questions = dict.fromkeys(
        Question(name, prompt)
        for picture, prompt in asked
        for name in ([picture] if picture is not None else names)
    )
    return _spread(list(questions))


def _lines(file: Path, text: str, names: Sequence[str]) -> list[tuple[str | None, str]]:
    known = frozenset(names)
    return [
        _line(f"{file}, line {number}", line, known)
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]


def _line(where: str, line: str, known: frozenset[str]) -> tuple[str | None, str]:
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise QuestionsError(f"{where}: expected a JSON object, got {line[:60]!r}: {error}") from error
    match found:
        case {"prompt": str(prompt), **rest} if prompt.strip():
            picture = rest.get("image")
        case _:
            raise QuestionsError(f'{where}: expected {{"image": NAME, "prompt": TEXT}}, got {line[:60]!r}')
    if picture is not None and not isinstance(picture, str):
        raise QuestionsError(f"{where}: expected the name of a picture as `image`, got {picture!r}")
    if picture is not None and picture not in known:
        raise QuestionsError(f"{where}: no picture {picture!r} in the folder")
    return picture, prompt


def _spread(questions: list[Question]) -> tuple[Question, ...]:
    """Put each picture's first question before any second one; pictures in an order that means nothing."""
    turns: dict[str, int] = {}
    order: list[tuple[int, bytes, Question]] = []
    for question in questions:
        turn = turns[question.picture] = turns.get(question.picture, -1) + 1
        order.append((turn, hashlib.sha256(question.picture.encode()).digest(), question))
    return tuple(question for _, _, question in sorted(order, key=lambda found: found[:2]))
