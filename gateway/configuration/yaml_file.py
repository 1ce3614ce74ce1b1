"""Read YAML without its traps: every plain value is the text that stands there, and knows its line.

YAML 1.1 turns `on` and `no` into truth values, `0123` into 83, `12:30` into 750 and `1_000` into 1000; here
the key decides what a text means. Twice the same key is refused, where YAML would silently keep the second.
Anchors, aliases and `<<` work, and keys of the top level that begin with `x-` are free to hold them.
"""

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from gateway.configuration.keys import Where, spell
from gateway.configuration.problems import Place, Problem

_MOST_BYTES = 1024 * 1024
_MOST_VALUES = 50_000  # aliases of aliases grow exponentially
_TAG = "tag:yaml.org,2002:"
_TAGS = {_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")}
_UNQUOTED = re.compile(r"\{.*[^'\"]\$\{")  # a reference in a mapping of one line
_NO_SPACE = re.compile(r"\s*(?:- +)?([a-z_]+):(?=[^\s/])")
_LINES_BEFORE = 6  # that can belong to the value in whose middle YAML stumbles
_IN_PLAIN_WORDS = {
    r"'\t' that cannot start": "a tab; YAML indents with spaces",
    "that cannot start any token": "text that begins with a special character needs quotes",
    "mapping values are not allowed": "a second `: ` on the line (are quotes missing?), or wrong indentation",
    "could not find expected ':'": "a key without its `: `, or a text that ends in another line",
    "expected <block end>": "the indentation does not fit the lines above, or quotes are missing",
    "expected ',' or": "a bracket is opened and not closed, or a comma is missing",
    "expected the node content": "a bracket is opened and not closed",
    "found undefined alias": "`*name` is used, but no `&name` stands before it",
    "unexpected end of stream": "quotes are opened and not closed",
    "found another document": "`---` begins a second document; the settings are one",
    "not allowed": "a character that cannot stand in a text file",
}


class UnreadableFileError(Exception):
    """The file cannot be opened; the message says why."""


@dataclass(frozen=True)
class Document:
    """What a file says, and where it says it."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Where, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    is_private: bool = True  # nobody else on this machine may read it


class _DamagedError(Exception):
    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def read_document(path: Path) -> Document:
    """Read a file; what is wrong with its YAML is among the problems.

    Raises:
        UnreadableFileError: It cannot be opened.
    """
    try:
        with path.open("rb") as file:
            data, mode = file.read(_MOST_BYTES + 1), os.fstat(file.fileno()).st_mode
    except IsADirectoryError as error:
        raise UnreadableFileError(f"{path} is a folder; the settings are one YAML file in it") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableFileError(f"cannot read {path}: {str(reason).lower()}") from error
    found = parse_document(data, str(path))
    is_private = not stat.S_ISREG(mode) or not mode & (stat.S_IRGRP | stat.S_IROTH)
    return Document(found.values, found.places, found.problems, is_private)


def parse_document(data: bytes, origin: str) -> Document:
    """Read YAML; `origin` names it in messages."""
    reader = _Reader(origin)
    try:
        node = _compose(_decode(data))
        if node is None:
            return Document(
                problems=[
                    Problem("warning", "nothing in it: every setting has its default", "", Place(origin))
                ]
            )
        if not isinstance(node, yaml.MappingNode):
            if isinstance(node, yaml.ScalarNode) and (spaceless := _NO_SPACE.match(node.value)):
                _refuse(f"a space is missing after `{spaceless[1]}:`", node)
            kind = "a list" if isinstance(node, yaml.SequenceNode) else "a text"
            _refuse(f"expected keys and values such as `listen:` and `upstream:`, got {kind}", node)
        values = reader.read(node, ())
    except _DamagedError as error:
        problem = Problem("error", error.message, "", Place(origin, error.line))
        return Document(problems=[*reader.problems, problem])
    except RecursionError:
        return Document(problems=[Problem("error", "nested too deeply for settings", "", Place(origin))])
    return Document(
        {key: value for key, value in values.items() if not key.startswith("x-")},
        reader.places,
        reader.problems,
    )


def _decode(data: bytes) -> str:
    if len(data) > _MOST_BYTES:
        raise _DamagedError("more than a megabyte: this is no file of settings")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _DamagedError("this is UTF-16; save it as UTF-8", 1)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _DamagedError("not UTF-8 text; save the file as UTF-8", line) from error


def _compose(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise _DamagedError(_in_plain_words(error.reason), line) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = _in_plain_words(error.problem or error.context or "")
        if mark and _UNQUOTED.search(_line_around(text, mark.index)):
            message = "between { and } a ${NAME} needs quotes: '${NAME}'"
        if mark and (found := _without_space(text, mark.line)):
            raise found from error
        raise _DamagedError(message, mark.line + 1 if mark else None) from error
    except (ValueError, OverflowError) as error:  # a \U escape beyond Unicode
        raise _DamagedError("an escape that names no character") from error


def _without_space(text: str, mark: int) -> _DamagedError | None:
    """Find `key:value` near the line where YAML stumbled, and say which line it is."""
    lines = text.splitlines()[: mark + 1]
    for number in range(len(lines), max(0, len(lines) - _LINES_BEFORE), -1):
        line = lines[number - 1]
        if (found := _NO_SPACE.match(line)) and not re.search(r":\s|:$|['\"\[{]", line):
            return _DamagedError(f"a space is missing after `{found[1]}:`", number)
    return None


def _line_around(text: str, index: int) -> str:
    return text[:index].rpartition("\n")[2] + text[index:].partition("\n")[0]


def _in_plain_words(problem: str) -> str:
    known = (words for part, words in _IN_PLAIN_WORDS.items() if part in problem)
    return next(known, f"this is not YAML: {problem}")


def _refuse(message: str, node: yaml.Node) -> NoReturn:
    raise _DamagedError(message, node.start_mark.line + 1)


class _Reader:
    """Turns nodes into values, remembering lines and what is wrong."""

    def __init__(self, origin: str) -> None:
        self.places: dict[Where, Place] = {}
        self.problems: list[Problem] = []
        self._origin = origin
        self._count = 0
        self._open: set[int] = set()

    def read(self, node: yaml.Node, where: Where) -> Any:
        self.places.setdefault(where, self._place(node))
        self._count += 1
        if self._count > _MOST_VALUES:
            _refuse("too many values for settings", node)
        if isinstance(node, yaml.ScalarNode):
            return self._text(node, where)
        if id(node) in self._open:
            _refuse("`*name` stands inside its own `&name`", node)
        self._open.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            found: Any = [self.read(item, (*where, index)) for index, item in enumerate(node.value)]
        else:
            found = self._mapping(node, where)
        self._open.discard(id(node))
        return found

    def _text(self, node: yaml.ScalarNode, where: Where) -> str | None:
        if node.tag not in _TAGS:
            self._add(f"the tag {node.tag.replace(_TAG, '!!')} means nothing here; leave it out", node, where)
        if any("\ud800" <= character <= "\udfff" for character in node.value):
            self._add("an escape that names half a character", node, where)
            return None
        return None if node.tag == _TAG + "null" and node.style is None else str(node.value)

    def _mapping(self, node: yaml.Node, where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                merged += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                continue
            key, line = self._name(key_node), key_node.start_mark.line + 1
            if key in first:
                message = f"stands here and at line {first[key]}; keep one"
                self._add(message, key_node, (*where, key))
                continue
            first[key] = line
            is_below = isinstance(value_node, yaml.ScalarNode) and value_node.value
            at_line = value_node.start_mark.line + 1 if is_below else line
            self.places[*where, key] = Place(self._origin, at_line)
            found[key] = self.read(value_node, (*where, key))
        return self._merge(merged, where) | found

    def _merge(self, nodes: list[yaml.Node], where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node in nodes:
            if not isinstance(node, yaml.MappingNode):
                _refuse("`<<` takes in keys and values, such as `<<: *name`", node)
            found = self.read(node, where) | found
        return found

    def _name(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            _refuse("a key is a word; here stands a list or more keys", node)
        if any("\ud800" <= character <= "\udfff" for character in node.value):
            _refuse("an escape that names half a character", node)
        return str(node.value)

    def _place(self, node: yaml.Node) -> Place:
        return Place(self._origin, node.start_mark.line + 1)

    def _add(self, message: str, node: yaml.Node, where: Where) -> None:
        self.problems.append(Problem("error", message, spell(where), self._place(node)))
