"""Climb one reference level by level: the paper's rule (arXiv 2507.00490, pipeline figure).

The first level whose whole window says Yes is a JND; the picture at that level replaces the reference, and
the climb goes on to the second, third … n-th JND. No identical pair is ever shown, so a readiness to say yes
passes for acuity: that is the rule, and why `adaptive` is the default.
"""

from dataclasses import dataclass, field

from calibration.procedures.protocol import Heard, Step

DEFAULT_WINDOW = 3  # unpublished (facts: lmm-jnd, 11.2); least biased at false-alarm rates up to .1


@dataclass
class Ascending:
    """One sweep: X_0 against X_1, X_2, …; on a confirmed Yes the reference is replaced."""

    levels: int
    reference: int
    window: int = DEFAULT_WINDOW
    most_queries: int | None = None  # the sweep stops here, wherever it is
    _climb: "Climb" = field(init=False)

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError(f"the window must be at least 1 level, got {self.window}")
        self._climb = Climb(self.levels, self.window)

    def place(self, index: int) -> Step | None:
        """Show the next level of the window being tried."""
        finished = self._climb.is_finished or (self.most_queries is not None and index >= self.most_queries)
        return None if finished else Step(self._climb.level, self.reference, self._climb.base)

    def record(self, heard: Heard) -> None:
        """Go on, start a new window, or replace the reference; a reply that cannot be counted is no Yes."""
        self._climb.hear(said_yes=heard.noticed is True)


class Climb:
    """Where a sweep stands, and the JNDs it found.

    A window that holds a No cannot be a JND's, and neither can any window that reaches into that No: the next
    candidate is the level after it, so every level is asked once per reference.
    """

    def __init__(self, levels: int, window: int) -> None:
        self.jnds: list[int] = []
        self.base = 0  # level of the reference
        self.level = 1  # asked next
        self._levels = levels
        self._window = window
        self.candidate = 1  # first level of the window being tried: no JND lies below it unfound

    @property
    def is_finished(self) -> bool:
        """Whether no window is left above the reference."""
        return self.candidate > self._levels

    def hear(self, *, said_yes: bool) -> None:
        """Take note of the answer at `level`."""
        if not said_yes:
            self._try_from(self.level + 1)
        elif self.level == min(self.candidate + self._window - 1, self._levels):
            self.jnds.append(self.candidate)
            self.base = self.candidate
            self._try_from(self.candidate + 1)
        else:
            self.level += 1

    def _try_from(self, level: int) -> None:
        self.candidate = self.level = level


def climbed(answers: list[tuple[float, bool | None]], levels: int, window: int) -> Climb:
    """Return where a sweep stands after these answers, (level, noticed) in the order asked.

    Raises:
        ValueError: A climb of this window would have asked for another level.
    """
    climb = Climb(levels, window)
    for level, noticed in answers:
        if climb.is_finished or level != climb.level:
            raise ValueError(f"expected the answer at level {climb.level}, got {level:g}")
        climb.hear(said_yes=noticed is True)
    return climb
