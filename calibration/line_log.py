"""A log of JSON lines, append-only, that survives a kill at any moment.

A batch is written with one call and synced to disk before it counts as answered; a line torn by a crash is
dropped when the log is opened again. Knows nothing of what a line says.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar


class Entry(Protocol):
    """What a line is made of."""

    def to_line(self) -> str:
        """Write as one JSON line."""
        ...


E = TypeVar("E", bound=Entry)


class TrialLogError(RuntimeError):
    """The log cannot be read or written; what it already holds is safe."""


class LineLog(Generic[E]):
    """The log of one run, opened for appending by one process at a time."""

    def __init__(self, path: Path, parse: Callable[[str], E]) -> None:
        """Open `path`, creating it if need be, and drop a torn last line.

        Raises:
            TrialLogError: The file cannot be read or written, or another run is writing it.
        """
        self.path = path
        self._parse = parse
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise TrialLogError(f"cannot open the trial log {path}: {error.strerror}") from error
        try:
            self._lock()
            self.entries: list[E] = self._recover()
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, entries: Sequence[E]) -> None:
        """Write a batch and wait until it is on disk.

        Raises:
            TrialLogError: The disk refused, for example because it is full.
        """
        data = "".join(entry.to_line() for entry in entries).encode()
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fsync(self._descriptor)
        except OSError as error:
            raise TrialLogError(
                f"cannot write the trial log {self.path}: {error.strerror}; "
                "make room and run the same command again: it goes on where it stopped"
            ) from error
        self.entries.extend(entries)

    def close(self) -> None:
        """Release the file and its lock."""
        os.close(self._descriptor)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrialLogError(f"another run is writing {self.path}") from error

    def _recover(self) -> list[E]:
        kept = list(parse_lines(self.path, self._parse))
        end = kept[-1][1] if kept else 0
        try:
            if os.fstat(self._descriptor).st_size != end:
                os.ftruncate(self._descriptor, end)
                os.fsync(self._descriptor)
        except OSError as error:
            raise TrialLogError(f"cannot repair the trial log {self.path}: {error.strerror}") from error
        return [entry for entry, _ in kept]


def parse_lines(path: Path, parse: Callable[[str], E]) -> Iterator[tuple[E, int]]:
    """Yield each entry with the offset of its line's end; none of a missing file or a torn last line.

    Raises:
        TrialLogError: The file cannot be read, or a line is no entry.
    """
    try:
        lines = _lines(path.read_bytes())
    except FileNotFoundError:
        return
    except OSError as error:
        raise TrialLogError(f"cannot read the trial log {path}: {error.strerror}") from error
    end = 0
    for number, line in enumerate(lines, start=1):
        end += len(line)
        try:
            entry = parse(line.decode())
        except (TrialLogError, UnicodeDecodeError) as error:
            if number == len(lines) and _is_torn(line):
                return
            raise TrialLogError(f"{path}, line {number}: {error}") from error
        if not line.endswith(b"\n"):
            return  # whole by chance, but never synced: asking again is the safe side
        yield entry, end


def _is_torn(line: bytes) -> bool:
    """Whether a crash may have left this last line: no line end, or blocks of zeros never written."""
    return not line.endswith(b"\n") or b"\x00" in line


def _lines(data: bytes) -> list[bytes]:
    """Split after line feeds only: replies may hold any other character."""
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
