"""The folder of one calibration: session.json, trials.jsonl, profile.json, report.html.

Files are replaced whole or not at all, so a reader never sees half a profile.
"""

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

SCHEMA_VERSION = 1


class DirectoryError(RuntimeError):
    """The calibration folder cannot be used as asked; what it holds is left as it is."""


@dataclass(frozen=True)
class SessionRecord:
    """What must stay the same for a run to go on where it stopped."""

    observer: str  # the command line's SPEC
    question: str
    procedure: str
    seed: int
    stimulus_side: int | None
    images: Sequence[str]
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True)
class CalibrationDirectory:
    """Paths of one calibration."""

    root: Path

    @property
    def trials(self) -> Path:
        """The trial log."""
        return self.root / "trials.jsonl"

    @property
    def profile(self) -> Path:
        """The measured profile."""
        return self.root / "profile.json"

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.root / "report.html"

    @property
    def session(self) -> Path:
        """What was run."""
        return self.root / "session.json"

    def begin(self, record: SessionRecord) -> None:
        """Note what is run, or check that it is what was begun here before.

        Raises:
            DirectoryError: The folder holds another session, or cannot be written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DirectoryError(f"cannot make the folder {self.root}: {error.strerror}") from error
        if not self.session.exists():
            write_whole(self.session, json.dumps(asdict(record), indent=2))
            return
        begun = self._read_session()
        wanted = json.loads(json.dumps(asdict(record)))
        differing = sorted(key for key in wanted if begun.get(key) != wanted[key])
        if differing:
            raise DirectoryError(
                f"{self.root} holds a session with other {', '.join(differing)}; "
                "choose another --out, or repeat the options it was begun with"
            )

    def _read_session(self) -> dict[str, object]:
        try:
            begun = json.loads(self.session.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DirectoryError(f"cannot read {self.session}: {error}") from error
        if not isinstance(begun, dict):
            raise DirectoryError(f"{self.session} does not describe a session")
        return begun


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one, never a part.

    Raises:
        DirectoryError: The disk refused, for example because it is full.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DirectoryError(f"cannot write {path}: {error.strerror}") from error
