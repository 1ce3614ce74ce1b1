"""The shape every procedure has: it places trials and hears their answers.

A procedure knows nothing about images or models; it sees levels, and references by number. What it places
depends on its seed and on the answers recorded before, never on time, so a run can be resumed and spread over
machines.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Step:
    """One trial as a procedure wants it."""

    level: float  # of the picture compared; equal to `reference_level` in a catch trial
    reference: int  # which picture, by number in the session's shuffled order
    reference_level: float = 0.0  # above 0 once an n-th JND has replaced the reference


@dataclass(frozen=True)
class Heard:
    """The answer to one step."""

    step: Step
    noticed: bool | None  # None: the reply could not be counted
    probability: float | None = None  # of saying "different", where the observer tells


class Procedure(Protocol):
    """A rule for the levels of one series of trials."""

    def place(self, index: int) -> Step | None:
        """Return trial `index`, or None when the series is finished.

        Called once per index, in order. Several may be placed before the first of them is recorded.
        """
        ...

    def record(self, heard: Heard) -> None:
        """Take note of an answer; answers come in the order their trials were placed."""
        ...
