"""Bring a fresh procedure to where another stands, from its answers alone: what a resumed session does."""

from collections.abc import Sequence

from calibration.procedures.protocol import Heard, Procedure


def replay(procedure: Procedure, answers: Sequence[Heard], wave: int = 1) -> None:
    """Place whole waves, then record their answers."""
    for start in range(0, len(answers), wave):
        for index in range(start, min(start + wave, len(answers))):
            procedure.place(index)
        for heard in answers[start : start + wave]:
            procedure.record(heard)
