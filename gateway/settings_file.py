"""Read the configuration once: a YAML file, then `JND_` environment variables on top; refuse it as a whole.

`JND_UPSTREAM__BASE_URL` overrides `upstream.base_url`. A value `${NAME}` in the file is taken from the
environment: so keys stay out of it. Everything that is wrong is told at once, each with its line.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from gateway.configuration.environment import read_variables
from gateway.configuration.keys import Key, Where, key_at, spell, tree_of
from gateway.configuration.meaning import apis, check_meaning
from gateway.configuration.old_keys import OLD_KEYS, rename_old_keys
from gateway.configuration.problems import Place, Problem
from gateway.configuration.proxies import check_proxies
from gateway.configuration.section import holds_secret
from gateway.configuration.values import (
    at,
    merge,
    references_in,
    resolve,
    without,
    without_empty_blocks,
)
from gateway.configuration.words import explain
from gateway.configuration.yaml_file import Document, UnreadableFileError, read_document
from gateway.settings import Settings

log = logging.getLogger(__name__)


class SettingsError(ValueError):
    """The configuration cannot be used; the message names each line and key and what was expected of it."""


@dataclass(frozen=True)
class Reading:
    """What was read: settings, unless an error is among the problems."""

    settings: Settings | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> list[Problem]:
        """What must be mended."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """What works and was probably not meant."""
        return [problem for problem in self.problems if problem.severity == "warning"]


def load_settings(path: Path | None = None, *, options: Mapping[str, str | None] | None = None) -> Settings:
    """Read the YAML file at `path` (none: defaults), then the environment; warnings are logged.

    Args:
        path: Of the file.
        options: Of the command line: keys of `listen`, over everything else; None: not given.

    Raises:
        SettingsError: The file cannot be opened, or something in it or in the environment is wrong.
    """
    try:
        reading = read_settings(path, options=options)
    except UnreadableFileError as error:
        raise SettingsError(str(error)) from error
    if reading.settings is None:
        lines = "\n".join(f"  {problem}" for problem in reading.errors)
        raise SettingsError(f"cannot use the settings:\n{lines}")
    for warning in reading.warnings:
        log.warning("%s", warning)
    return reading.settings


def read_settings(
    path: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    options: Mapping[str, str | None] | None = None,
) -> Reading:
    """Read as `load_settings` does, and return what is wrong instead of raising it.

    Raises:
        UnreadableFileError: The file cannot be opened.
    """
    outside = os.environ if environment is None else environment  # noqa: TID251 - the place where it is read
    root = tree_of(Settings)
    document = read_document(path) if path is not None else Document()
    variables = read_variables(outside, root, OLD_KEYS, referred_to=set(references_in(document.values)))
    chosen = {key: value for key, value in (options or {}).items() if value is not None}
    problems = [*document.problems, *variables.problems]
    places = _lines_that_count(document.places, variables.places) | variables.places
    places |= {("listen", key): Place(f"--{key}") for key in chosen}

    def tell(where: Where, problem: Problem) -> None:
        placed = _placed(replace(problem, key=problem.key or spell(where)), where, places)
        if (placed.key, placed.place) not in {(known.key, known.place) for known in problems}:
            problems.append(placed)

    def refuse(where: Where, message: str) -> None:
        tell(where, Problem("error", message))

    values = merge(resolve(document.values, outside, refuse), variables.values)
    values = merge(values, {"listen": chosen} if chosen else {})
    for where, problem in rename_old_keys(values, places):
        tell(where, problem)
    settings = _check(without_empty_blocks(values, root), root, tell)
    problems += _exposed_keys(document, root)
    problems.sort(key=lambda problem: (problem.place or Place("")).line or 0)
    is_usable = all(problem.severity == "warning" for problem in problems)
    return Reading(settings if is_usable else None, tuple(problems))


class _Tell(Protocol):
    def __call__(self, where: Where, problem: Problem) -> None: ...


def _check(values: dict[str, Any], root: Key, tell: _Tell) -> Settings | None:
    """Check types, then meaning; where types are wrong, the meaning of what is right."""
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        mistakes = explain(error, root)
        for where, message in mistakes:
            tell(where, Problem("error", message))
        _check_rest(without(values, [where for where, _ in mistakes]), root, tell)
        return None
    findings = check_meaning(settings)
    for where, problem in findings:
        tell(where, problem)
    if all(problem.severity == "warning" for _, problem in findings):  # so every address is one
        for problem in check_proxies((api.base_url for _, api in apis(settings)), settings.listen):
            tell((), problem)
    return settings


def _check_rest(values: dict[str, Any], root: Key, tell: _Tell) -> None:
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        # What lacks a key is wrong as a whole.
        lacking = [where[:-1] for where, _ in explain(error, root) if len(where) > 1]
        smaller = without(values, lacking)
        if smaller != values:
            _check_rest(smaller, root, tell)
        return
    for where, problem in check_meaning(settings):
        # What was left out may be what a warning misses, and shifts the entries of lists.
        if problem.severity == "error" and not any(isinstance(step, int) for step in where):
            tell(where, problem)


def _lines_that_count(lines: Mapping[Where, Place], variables: Mapping[Where, Place]) -> dict[Where, Place]:
    """Leave out lines of the file whose values a variable replaces."""
    return {
        where: place
        for where, place in lines.items()
        if not any(where[:length] in variables for length in range(1, len(where) + 1))
    }


def _placed(problem: Problem, where: Where, places: Mapping[Where, Place]) -> Problem:
    """Find the line of a key, or of the nearest group around it that is written down."""
    while where and where not in places:
        where = where[:-1]
    return replace(problem, place=places.get(where) if where else problem.place)


def _exposed_keys(document: Document, root: Key) -> list[Problem]:
    """Warn of keys in a file that others may read."""
    found = []
    for where, place in document.places.items() if not document.is_private else ():
        key, _ = key_at(root, where)
        text = at(document.values, where)
        if key and key.is_secret and isinstance(text, str) and holds_secret(text):
            message = "others on this machine can read the file; write ${NAME} of a variable, or chmod 600 it"
            found.append(Problem("warning", message, spell(where), place))
    return found
