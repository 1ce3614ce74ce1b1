"""Add pictures to the list of allowed ones, and take them off it; every other line of the file stays."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from calibration.whole_file import replace_file


class AllowFile:
    """The file of allowed pictures, as several processes write it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, digest: str, note: str) -> None:
        """Allow a picture; a line break in the note is none.

        Raises:
            OSError: The file cannot be written.
        """
        line = f"{digest}  # {' '.join(note.split())}"
        self._change(lambda lines: lines if any(_is_of(digest, each) for each in lines) else [*lines, line])

    def remove(self, digest: str) -> None:
        """Allow a picture no longer.

        Raises:
            OSError: The file cannot be written.
        """
        self._change(lambda lines: [each for each in lines if not _is_of(digest, each)])

    def _change(self, change: Callable[[list[str]], list[str]]) -> None:
        with self._locked():
            text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
            lines = text.splitlines()
            changed = change(lines)
            if changed != lines:
                replace_file(self._path, "".join(f"{line}\n" for line in changed).encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._path.with_name(f".{self._path.name}.lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _is_of(digest: str, line: str) -> bool:
    first = line.partition("#")[0].split(maxsplit=1)
    return bool(first) and first[0].lower().removeprefix("sha256:") == digest
