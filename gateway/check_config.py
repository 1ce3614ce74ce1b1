"""The command `jnd-gateway check-config`: everything that is wrong with a file, or what it amounts to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.configuration.problems import Problem
from gateway.settings_file import Reading, read_settings
from gateway.startup import facts, summary


def check_file(path: Path, *, as_json: bool) -> tuple[str, bool]:
    """Return what to print, and whether the gateway would start with this file.

    Raises:
        UnreadableFileError: The file cannot be opened.
    """
    reading = read_settings(path)
    text = (
        json.dumps(_report(path, reading), ensure_ascii=False)
        if as_json
        else "\n".join(_lines(path, reading))
    )
    return text, reading.settings is not None


def _report(path: Path, reading: Reading) -> dict[str, Any]:
    return {
        "file": str(path),
        "is_usable": reading.settings is not None,
        "errors": [_fields(problem) for problem in reading.errors],
        "warnings": [_fields(problem) for problem in reading.warnings],
        "settings": None if reading.settings is None else facts(reading.settings),
    }


def _fields(problem: Problem) -> dict[str, Any]:
    place = problem.place
    is_line = place is not None and place.line is not None
    return {
        "line": place.line if place else None,
        "variable": place.origin
        if place and not is_line and place.origin.upper().startswith("JND_")
        else None,
        "key": problem.key,
        "message": problem.message,
    }


def _lines(path: Path, reading: Reading) -> Iterator[str]:
    for problem in reading.problems:
        yield f"{problem.severity}: {problem}"
    if reading.problems:
        yield ""
    if reading.settings is not None:
        yield summary(reading.settings)
        yield ""
        yield f"{path} can be used" + (
            f"; {_count(len(reading.warnings), 'warning')}" if reading.warnings else ""
        )
    else:
        yield f"{path} cannot be used: {_count(len(reading.errors), 'error')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
