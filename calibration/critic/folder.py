"""The folder of one critic: what was begun, its answers, what came of them.

It may be the folder of a calibration: the names of the files do not meet.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from calibration.directory import DirectoryError, make_folder, write_whole

SCHEMA_VERSION = 1
_MAY_GROW = ("pictures", "anchors", "side_by_side", "schema_version")


@dataclass(frozen=True)
class CriticSession:
    """What must stay the same for a run to go on where it stopped; methods and pictures may be added."""

    observer: str  # the command line's SPEC, without an address
    address: str  # of its server, without credentials; empty: it has none
    longest_side: int  # pixels
    is_opened: bool
    max_tokens: int | None
    effort: str | None
    thinking: str | None
    pictures: Mapping[str, str]  # name to SHA-256 of the file
    anchors: tuple[str, ...] = ()
    side_by_side: bool = False
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True)
class CriticFolder:
    """Paths of one critic."""

    root: Path

    @property
    def session(self) -> Path:
        """What was begun."""
        return self.root / "critic_session.json"

    @property
    def answers(self) -> Path:
        """The log of answers."""
        return self.root / "critic_answers.jsonl"

    @property
    def findings(self) -> Path:
        """What came of them, for machines."""
        return self.root / "critic.json"

    @property
    def table(self) -> Path:
        """Every picture with what was judged of it."""
        return self.root / "critic.csv"

    @property
    def report(self) -> Path:
        """The page for people."""
        return self.root / "critic.html"

    @property
    def plots(self) -> Path:
        """Its figures."""
        return self.root / "critic_plots"

    def read_session(self) -> CriticSession | None:
        """Return what was begun here, or None.

        Raises:
            DirectoryError: Its description is damaged or of another schema version.
        """
        if not self.session.exists():
            return None
        try:
            begun = json.loads(self.session.read_text(encoding="utf-8"))
            if begun.get("schema_version") != SCHEMA_VERSION:
                raise DirectoryError(
                    f"expected schema version {SCHEMA_VERSION} in {self.session}, got "
                    f"{begun.get('schema_version')!r}; choose another --out"
                )
            return CriticSession(**{**begun, "anchors": tuple(begun["anchors"])})
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise DirectoryError(f"cannot read {self.session}: {error}") from error

    def begin(self, session: CriticSession) -> CriticSession:
        """Note what is asked, or check that it fits what was begun here; return what holds now.

        Pictures and anchors of before stay noted, so that none may come back with other bytes.

        Raises:
            DirectoryError: The folder holds another session, or cannot be written.
        """
        make_folder(self.root)
        begun = self.read_session()
        if begun is not None:
            self._check(begun, session)
            session = replace(session, pictures={**begun.pictures, **session.pictures})
        self.amend(session)
        return session

    def amend(self, session: CriticSession) -> None:
        """Write down what is asked.

        Raises:
            DirectoryError: The disk refused.
        """
        write_whole(self.session, json.dumps(asdict(session), indent=2))

    def _check(self, begun: CriticSession, wanted: CriticSession) -> None:
        differing = [
            each.name
            for each in fields(wanted)
            if each.name not in _MAY_GROW and getattr(begun, each.name) != getattr(wanted, each.name)
        ]
        changed = [
            name for name, digest in wanted.pictures.items() if begun.pictures.get(name, digest) != digest
        ]
        if changed:
            differing.append(f"content of {', '.join(changed[:3])}")
        if differing:
            raise DirectoryError(
                f"{self.root} holds a critic with other {', '.join(differing)}; "
                "choose another --out, or repeat the options it was begun with"
            )
