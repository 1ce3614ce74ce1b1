"""Add pictures to the list of allowed ones, and take them off it; lines of other people stay."""

import fcntl
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from calibration.whole_file import replace_file

_REVIEWED = re.compile(r"\s*flag \w+, reviewed .*")


class AllowFile:
    """The file of allowed pictures, as several processes write it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, digest: str, flag_id: str, when: str) -> None:
        """Allow a picture, unless it is; the line says of which flag it was reviewed.

        Raises:
            OSError: The file cannot be written.
        """
        line = f"{digest}  # flag {flag_id}, reviewed {when}"
        self._change(lambda lines: lines if any(_is_of(digest, each) for each in lines) else [*lines, line])

    def remove(self, digest: str) -> None:
        """Allow a picture no longer, as far as a review allowed it: a line of the file's owner stays.

        Raises:
            OSError: The file cannot be written.
        """
        self._change(lambda lines: [each for each in lines if not _is_reviewed(digest, each)])

    def _change(self, change: Callable[[list[str]], list[str]]) -> None:
        with self._locked():
            text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
            lines = text.removesuffix("\n").split("\n") if text else []
            changed = change(lines)
            if changed != lines:
                replace_file(self._path, "".join(f"{line}\n" for line in changed).encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._path.with_name(f".{self._path.name}.lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _is_reviewed(digest: str, line: str) -> bool:
    return _is_of(digest, line) and _REVIEWED.fullmatch(line.partition("#")[2]) is not None


def _is_of(digest: str, line: str) -> bool:
    first = line.partition("#")[0].split(maxsplit=1)
    return bool(first) and first[0].lower().removeprefix("sha256:") == digest
