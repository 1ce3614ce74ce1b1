"""Read what people said about pictures: a CSV file with `file`, `mos`, and perhaps attributes.

Any scale will do. Further columns named after an attribute, or `generated` (yes or no), are compared as well;
what else a file holds is left alone.
"""

import csv
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from calibration.critic.scales import ATTRIBUTES

_FILE_NAMES = ("file", "image", "image_name", "filename", "name")
_SCORE_NAMES = ("mos", "score", "dmos", "mos_mean")
_ALSO_CALLED = {"colourfulness": "colorfulness", "noise": "noisiness"}
_GENERATED = "generated"
_TRUE, _FALSE = ("1", "true", "yes", "generated", "ai"), ("0", "false", "no", "photo", "photographed")
_SHOWN = 5  # problems


@dataclass(frozen=True)
class HumanScores:
    """What people said, by picture."""

    mos: Mapping[str, float]
    attributes: Mapping[str, Mapping[str, float]]  # by attribute, then by picture
    generated: Mapping[str, bool]
    digest: str  # of the file
    without_picture: tuple[str, ...] = ()  # names in rows that no picture of the folder has


@dataclass(frozen=True)
class _Row:
    line: int
    name: str
    numbers: Mapping[str, float]
    generated: bool | None


def read_scores(path: Path, pictures: Sequence[str]) -> HumanScores:
    """Read a CSV file about pictures; commas, semicolons or tabs between its columns.

    Args:
        path: The file.
        pictures: Of the folder, relative to it with forward slashes; a row names one so, by the end
            of that (its last part), or by a path that ends so.

    A file may be about more pictures than the folder holds: a data set's table beside a part of it.

    Raises:
        ValueError: It cannot be read, lacks a column, rows are wrong or name several pictures, or none names
            a picture that is there.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the scores in {path}: {error}") from error
    told = _read_rows(path, text)
    named = _match(path, told, pictures)
    rows = [row for row in told if row.line in named]
    mos = {named[row.line]: row.numbers["mos"] for row in rows}
    attributes = {
        attribute: {named[row.line]: row.numbers[attribute] for row in rows if attribute in row.numbers}
        for attribute in ATTRIBUTES
    }
    return HumanScores(
        mos,
        {attribute: found for attribute, found in attributes.items() if found},
        {named[row.line]: row.generated for row in rows if row.generated is not None},
        hashlib.sha256(data).hexdigest(),
        tuple(row.name for row in told if row.line not in named),
    )


def _read_rows(path: Path, text: str) -> list[_Row]:
    lines = text.splitlines()
    heading = lines[0] if lines else ""
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(lines, delimiter=delimiter)
    columns = _columns(path, next(reader, []))
    rows: list[_Row] = []
    problems: list[str] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            rows.append(_read_row(reader.line_num, cells, columns))
        except ValueError as error:
            problems.append(f"line {reader.line_num}: {error}")
    _complain(f"{path} has rows that cannot be read", problems)
    if not rows:
        raise ValueError(f"expected scores in {path}, got a heading alone")
    return rows


def _columns(path: Path, heading: Iterable[str]) -> dict[str, int]:
    """Return the place of every column that is read, by our name for it."""
    names = [_ALSO_CALLED.get(name.strip().lower(), name.strip().lower()) for name in heading]
    found = {name: names.index(name) for name in (*ATTRIBUTES, _GENERATED) if name in names}
    for wanted, aliases in (("file", _FILE_NAMES), ("mos", _SCORE_NAMES)):
        there = [names.index(alias) for alias in aliases if alias in names]
        if not there:
            raise ValueError(f"expected columns file and mos in {path}, got {', '.join(names) or 'nothing'}")
        found[wanted] = there[0]
    return found


def _read_row(line: int, cells: Sequence[str], columns: Mapping[str, int]) -> _Row:
    told = {name: cells[at].strip() for name, at in columns.items() if at < len(cells)}
    if not told.get("file"):
        raise ValueError("expected the name of a picture, got nothing")
    numbers = {"mos": _number("mos", told.get("mos", ""))}
    numbers |= {name: _number(name, told[name]) for name in ATTRIBUTES if told.get(name)}
    said = told.get(_GENERATED, "").lower()
    if said and said not in _TRUE + _FALSE:
        raise ValueError(f"expected yes or no for {_GENERATED}, got {said!r}")
    return _Row(line, told["file"].replace("\\", "/"), numbers, said in _TRUE if said else None)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"expected a number for {name}, got {text!r}")
    return value


def _match(path: Path, rows: Sequence[_Row], pictures: Sequence[str]) -> dict[int, str]:
    """Return the picture that each row is about, by its line; a row about none is left out."""
    there = set(pictures)
    by_last: dict[str, list[str]] = {}
    for picture in pictures:
        by_last.setdefault(Path(picture).name, []).append(picture)
    named: dict[int, str] = {}
    lines: dict[str, int] = {}
    problems: list[str] = []
    for row in rows:
        found = [row.name] if row.name in there else _by_end(row.name, by_last.get(Path(row.name).name, []))
        if len(found) > 1:
            problems.append(f"line {row.line}: {row.name} is {len(found)} pictures: {', '.join(found[:3])}")
        elif found and found[0] in lines:
            problems.append(f"line {row.line}: {row.name} was scored in line {lines[found[0]]} already")
        elif found:
            named[row.line] = found[0]
            lines[found[0]] = row.line
    if not named and not problems:
        problems = [f"line {row.line}: {row.name} is not in the folder" for row in rows]
    _complain(f"{path} does not fit the pictures", problems)
    return named


def _by_end(name: str, pictures: Sequence[str]) -> list[str]:
    """Return those of a name's pictures whose path ends as the row's does, or the other way round."""
    return [one for one in pictures if f"/{one}".endswith(f"/{name}") or f"/{name}".endswith(f"/{one}")]


def _complain(about: str, problems: Sequence[str]) -> None:
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise ValueError(f"{about}: {'; '.join(problems[:_SHOWN])}{more}")
