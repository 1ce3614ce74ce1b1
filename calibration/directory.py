"""The folder of one calibration: session.json, trials.jsonl, profile.json, report.html.

Files are replaced whole or not at all, so a reader never sees half a profile.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from calibration.whole_file import replace_file

SCHEMA_VERSION = 2


class DirectoryError(RuntimeError):
    """The calibration folder cannot be used as asked; what it holds is left as it is."""


@dataclass(frozen=True)
class SessionRecord:
    """What must stay the same for a run to go on where it stopped."""

    observer: str  # the command line's SPEC
    question: str
    question_digest: str  # of a task file's content; else empty
    procedure: str
    window: int  # of ascending sweeps
    seed: int
    stimulus_side: int | None
    images: Sequence[str]
    images_content: str  # digest of their bytes
    folder: str = ""  # where the images lay; they may be elsewhere when the run goes on
    wave: int = 1  # trials placed at a time; a run that goes on keeps the wave it was begun with
    # How a remote observer is asked; sessions of before lack these, and go on with what is the default.
    address: str = ""  # of its server, without credentials; empty: it has none, or the session is of before
    max_tokens: int | None = None
    effort: str | None = None
    thinking: str | None = None
    side_by_side: bool = False  # two pictures were shown as one
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

    @property
    def has_trials(self) -> bool:
        """Whether something was answered here before."""
        return self.trials.is_file() and self.trials.stat().st_size > 0

    @property
    def is_unfinished(self) -> bool:
        """Whether a run was begun here and has no profile yet."""
        return self.session.is_file() and not self.profile.exists()

    def begin(self, record: SessionRecord) -> SessionRecord:
        """Note what is run, or check that it is what was begun here before; return what was begun.

        Raises:
            DirectoryError: The folder holds another session, or cannot be written.
        """
        make_folder(self.root)
        if not self.session.exists():
            return self.amend(record)
        begun = self.read_session()
        if not begun.address and record.address:
            begun = self.amend(replace(begun, address=record.address))
        wanted = replace(record, images=list(record.images), folder=begun.folder, wave=begun.wave)
        differing = [
            each.name for each in fields(record) if getattr(begun, each.name) != getattr(wanted, each.name)
        ]
        if "address" in differing:
            differing[differing.index("address")] = f"address ({begun.address}, not {wanted.address})"
        if differing:
            raise DirectoryError(
                f"{self.root} holds a session with other {', '.join(sorted(differing))}; "
                "choose another --out, or repeat the options it was begun with"
            )
        return begun

    def amend(self, record: SessionRecord) -> SessionRecord:
        """Write down what is run; return it.

        Raises:
            DirectoryError: The disk refused.
        """
        write_whole(self.session, json.dumps(asdict(record), indent=2))
        return record

    def read_session(self) -> SessionRecord:
        """Return what was begun here.

        Raises:
            DirectoryError: Nothing was, or its description is damaged or of another schema version.
        """
        try:
            begun = json.loads(self.session.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DirectoryError(f"cannot read {self.session}: {error}") from error
        version = begun.get("schema_version") if isinstance(begun, dict) else None
        if version != SCHEMA_VERSION:
            raise DirectoryError(
                f"expected a session of schema version {SCHEMA_VERSION} in {self.session}, got {version!r}; "
                "choose another --out"
            )
        try:
            return SessionRecord(**begun)
        except TypeError as error:
            raise DirectoryError(f"{self.session} does not describe a session: {error}") from error


def make_folder(path: Path) -> None:
    """Make a folder and those it lies in, where they are not there yet.

    Raises:
        DirectoryError: The disk refused.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DirectoryError(f"cannot make the folder {path}: {error.strerror}") from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one, never a part.

    Raises:
        DirectoryError: The disk refused, for example because it is full.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        replace_file(path, data)
    except OSError as error:
        raise DirectoryError(f"cannot write {path}: {error.strerror}") from error
