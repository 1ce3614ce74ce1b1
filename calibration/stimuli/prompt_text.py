"""Perturb a prompt: its characters, its words or its sentences, a given share of them.

The text counterpart of an image distortion. The level is changed over total in per cent, image placeholders
excluded (facts: text JND protocol); a placeholder is never touched, and none is ever made. Knows no language:
words are what stands between spaces, sentences end at . ! ? or a line's end. Synonyms, which need a
dictionary, are left out.

"Total" counts visible characters, words or sentences. At least one is changed, so a short prompt's level can
be higher than asked; `Perturbation.level` is what it became.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

Granularity = Literal["character", "word", "sentence"]
Operation = Literal["substitute", "insert", "delete", "swap", "drop", "duplicate", "misspell", "filler"]

LEVELS = (5, 10, 15, 20, 25, 30, 50)  # per cent, the paper's

PLACEHOLDER = re.compile(
    r"<\|?/?(?:start_of_|end_of_)?(?:image|img|vision)[^<>\n]{0,200}>"
    r"|\{{1,2}(?:image|img)[^{}\n]{0,40}\}{1,2}"
    r"|\[(?:image|img)[^\[\]\n]{0,40}\]",
    re.IGNORECASE,
)

_UNITS: Mapping[Granularity, re.Pattern[str]] = MappingProxyType(
    {
        "character": re.compile(r"\S"),
        "word": re.compile(r"\S+"),
        "sentence": re.compile(r"[^\s.!?。！？](?:[^.!?。！？\n]|[.!?](?=\S))*[.!?。！？]*|[.!?。！？]+"),
    }
)
_GAP = re.compile(r"[ \t]*")
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_FILLERS = ("Take your time.", "This is for a report.", "Thank you in advance.", "Here is my question.")
_TRIES = 50  # draws in which no placeholder came out of other text by chance


@dataclass(frozen=True)
class Change:
    """One place of the prompt, before and after; `before` starts at `start` of the original."""

    start: int
    before: str
    after: str
    operation: Operation
    units: int  # of the original that it changes: two when neighbours swap


@dataclass(frozen=True)
class Perturbation:
    """A prompt and what became of it."""

    original: str
    text: str
    granularity: Granularity
    changes: tuple[Change, ...]  # in the order of the original, never overlapping
    total: int  # units outside placeholders

    @property
    def changed(self) -> int:
        """Units that were changed."""
        return sum(change.units for change in self.changes)

    @property
    def level(self) -> float:
        """Changed over total, per cent; 0 for a prompt without any unit."""
        return 100 * self.changed / self.total if self.total else 0.0


@dataclass(frozen=True)
class _Unit:
    """A character, word or sentence, and the stretch between placeholders it lies in."""

    start: int
    text: str
    stretch: int
    gap: str = ""  # spaces that follow it: they go where it goes

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def perturb(prompt: str, granularity: Granularity, level: float, rng: np.random.Generator) -> Perturbation:
    """Change `level` per cent of a prompt's characters, words or sentences.

    Characters are replaced by, or joined by, a neighbour on the keyboard, deleted, or swapped; words dropped,
    duplicated, swapped or misspelt; sentences dropped, duplicated, swapped, or preceded by a filler.

    Raises:
        ValueError: `level` is not within 0-100, or every draw made a placeholder out of other text.
    """
    if not 0 <= level <= 100:
        raise ValueError(f"level must be 0-100 %, got {level}")
    units = _units(prompt, granularity)
    count = max(1, round(len(units) * level / 100)) if units and level else 0
    for _ in range(_TRIES):
        changes = tuple(_draw_changes(prompt, units, count, granularity, rng))
        text = _apply(prompt, changes)
        if PLACEHOLDER.findall(text) == PLACEHOLDER.findall(prompt):
            return Perturbation(prompt, text, granularity, changes, len(units))
    raise ValueError("expected a prompt that can be changed without making an image placeholder of it")


def _units(prompt: str, granularity: Granularity) -> list[_Unit]:
    found: list[_Unit] = []
    edges = [0, *(edge for match in PLACEHOLDER.finditer(prompt) for edge in match.span()), len(prompt)]
    for stretch, (start, end) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        for match in _UNITS[granularity].finditer(prompt, start, end):
            gap = _GAP.match(prompt, match.end(), end)
            found.append(_Unit(match.start(), match.group(), stretch, gap.group() if gap else ""))
    return found


def _draw_changes(
    prompt: str, units: list[_Unit], count: int, granularity: Granularity, rng: np.random.Generator
) -> Iterator[Change]:
    chosen = sorted(int(at) for at in rng.permutation(len(units))[:count])
    place = 0
    while place < count:
        at = chosen[place]
        unit = units[at]
        neighbour = units[at + 1] if place + 1 < count and chosen[place + 1] == at + 1 else None
        if neighbour and _can_swap(unit, neighbour) and rng.random() < 0.5:
            yield _swap(prompt, unit, neighbour)
            place += 2
        else:
            yield _CHANGE[granularity](unit, len(units), rng)
            place += 1


def _can_swap(unit: _Unit, neighbour: _Unit) -> bool:
    return unit.stretch == neighbour.stretch and unit.text != neighbour.text


def _swap(prompt: str, unit: _Unit, neighbour: _Unit) -> Change:
    between = prompt[unit.end : neighbour.start]
    before = prompt[unit.start : neighbour.end]
    return Change(unit.start, before, neighbour.text + between + unit.text, "swap", 2)


def _change_character(unit: _Unit, total: int, rng: np.random.Generator) -> Change:
    typed = _neighbour_key(unit.text, rng)
    operations: dict[Operation, str] = {"insert": unit.text + (typed or unit.text)}
    if typed:
        operations["substitute"] = typed
    if total > 1:
        operations["delete"] = ""
    return _drawn(unit, operations, rng)


def _change_word(unit: _Unit, total: int, rng: np.random.Generator) -> Change:
    operations: dict[Operation, str] = {
        "duplicate": f"{unit.text} {unit.text}",
        "misspell": _misspell(unit.text, rng),
    }
    if total > 1:
        operations["drop"] = ""
    return _drawn(unit, operations, rng)


def _change_sentence(unit: _Unit, total: int, rng: np.random.Generator) -> Change:
    operations: dict[Operation, str] = {
        "duplicate": f"{unit.text} {unit.text}",
        "filler": f"{_FILLERS[int(rng.integers(len(_FILLERS)))]} {unit.text}",
    }
    if total > 1:
        operations["drop"] = ""
    return _drawn(unit, operations, rng)


_Changer = Callable[[_Unit, int, np.random.Generator], Change]
_CHANGE: Mapping[Granularity, _Changer] = MappingProxyType(
    {"character": _change_character, "word": _change_word, "sentence": _change_sentence}
)


def _drawn(unit: _Unit, operations: Mapping[Operation, str], rng: np.random.Generator) -> Change:
    operation = list(operations)[int(rng.integers(len(operations)))]
    before = unit.text + unit.gap if operation == "drop" else unit.text
    return Change(unit.start, before, operations[operation], operation, 1)


def _misspell(word: str, rng: np.random.Generator) -> str:
    """Change one character of a word, as a finger does."""
    at = int(rng.integers(len(word)))
    changed = _change_character(_Unit(at, word[at], 0), len(word), rng)
    return word[:at] + changed.after + word[at + 1 :]


def _neighbour_key(character: str, rng: np.random.Generator) -> str:
    """Return a key beside this one, in its case; nothing for what no Latin keyboard holds."""
    lower = character.lower()
    for row in _ROWS:
        at = row.find(lower)
        if at >= 0:
            beside = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            key = beside[int(rng.integers(len(beside)))]
            return key.upper() if character != lower else key
    return ""


def _apply(prompt: str, changes: tuple[Change, ...]) -> str:
    pieces, end = [], 0
    for change in changes:
        pieces += [prompt[end : change.start], change.after]
        end = change.start + len(change.before)
    return "".join([*pieces, prompt[end:]])
