"""What is wrong with the settings, and where it stands."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Place:
    """A line of a file, or a variable of the environment."""

    origin: str
    line: int | None = None  # counted from 1

    def __str__(self) -> str:
        """Write as editors and terminals understand it: `gateway.yaml:3`."""
        return self.origin if self.line is None else f"{self.origin}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """One mistake, or something that works and was probably not meant."""

    severity: Severity
    message: str  # what was expected, what came, what to write instead; never a secret
    key: str = ""  # dotted; empty: of the file as a whole
    place: Place | None = None  # None: a default

    def __str__(self) -> str:
        """Write in one line."""
        return ": ".join(filter(None, (str(self.place or ""), self.key, self.message)))
