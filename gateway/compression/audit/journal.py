"""Keep every answer of an audit from the moment it comes, so that a run that was cut off goes on from there.

One JSON line per answer, appended and handed to the system at once: whatever ends the process takes at most
the line it was writing, which is left out when the file is read again.
"""

import contextlib
import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.compression.audit.answers import Answer

_START = b'{"key": "'


class JournalError(ValueError):
    """The file is not an audit's, or another audit writes it."""


class Journal:
    """Answers by the key of what was asked."""

    def __init__(self, path: Path) -> None:
        """Open for writing, and read what an earlier run left.

        Raises:
            JournalError: It holds something else, or is in use.
            OSError: It cannot be opened.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)  # answers quote pictures
        self._file = os.fdopen(descriptor, "a+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._answers = self._read(path)
        except BlockingIOError as error:
            self._file.close()
            raise JournalError(f"{path} is written by another audit at this moment") from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: str) -> Answer | None:
        """Return what was answered, if it was asked."""
        return self._answers.get(key)

    def add(self, key: str, answer: Answer) -> None:
        """Keep an answer; on disk when this returns.

        Raises:
            OSError: The disk refused, for example because it is full.
        """
        self._write(json.dumps({"key": key, "text": answer.text, "margin": answer.margin}).encode() + b"\n")
        self._answers[key] = answer

    def _write(self, line: bytes) -> None:
        view = memoryview(line)
        while view:
            view = view[self._file.write(view) :]
        with contextlib.suppress(OSError):  # pipes and some mounts cannot, and kept what was written
            os.fsync(self._file.fileno())

    def _read(self, path: Path) -> dict[str, Answer]:
        self._file.seek(0)
        data = self._file.read()
        *lines, torn = data.split(b"\n")
        answers = {}
        for number, line in enumerate(lines, start=1):
            if not line:
                continue
            key, answer = _parsed(line, f"{path}, line {number}")
            answers[key] = answer
        if torn:
            if not (torn.startswith(_START) or _START.startswith(torn)):
                raise JournalError(f"{path} holds something other than answers of an audit")
            self._file.truncate(len(data) - len(torn))  # what the end of the earlier run cut short
        return answers


def _parsed(line: bytes, where: str) -> tuple[str, Answer]:
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise JournalError(f"{where}: expected an answer of an audit, got {line[:60]!r}") from error
    match found:
        case {"key": str(key), "text": str(text), "margin": None | int() | float() as margin}:
            return key, Answer(text, margin)
        case _:
            raise JournalError(f"{where}: expected an answer of an audit, got {line[:60]!r}")
