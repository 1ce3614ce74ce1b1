"""What is told and noted of a run beside its trials: progress, what it costs, how a model was asked."""

from dataclasses import dataclass, replace
from typing import Protocol

from calibration.directory import CalibrationDirectory, SessionRecord
from calibration.observers.account import RetryAccount
from calibration.observers.options import ObserverOptions
from calibration.observers.protocol import Described
from calibration.session.budget import Budget
from calibration.session.estimate import describe_correction
from calibration.session.plan import SessionPlan


class Reporter(Protocol):
    """Who is told how a run goes."""

    def begin(self, total: int) -> None:
        """Hear how many trials there will be."""
        ...

    def advance(self, count: int) -> None:
        """Hear that so many more were answered."""
        ...

    def tell(self, message: str) -> None:
        """Hear what is about to happen."""
        ...

    def warn(self, message: str) -> None:
        """Hear of something the user should know."""
        ...


@dataclass
class RunNotes:
    """Hears of answers: notes how they were asked, and says once where they cost more than announced."""

    directory: CalibrationDirectory
    begun: SessionRecord
    observer: Described
    plan: SessionPlan
    budget: Budget
    reporter: Reporter
    is_corrected: bool = False

    def advance(self, count: int) -> None:
        """Hear that so many more were answered."""
        self.reporter.advance(count)
        if getattr(self.observer, "side_by_side", False) and not self.begun.side_by_side:
            self.begun = self.directory.amend(replace(self.begun, side_by_side=True))
        is_billed = bool(getattr(self.observer, "address", ""))
        if is_billed and not self.is_corrected:
            correction = describe_correction(self.plan, self.budget)
            self.is_corrected = correction is not None
            if correction is not None:
                self.reporter.warn(correction)


def how_asked(observer: Described, options: ObserverOptions) -> dict[str, object]:
    """Return how a remote observer was asked, and how often again; nothing of a local one."""
    address = getattr(observer, "address", "")
    if not address:
        return {}
    asked: dict[str, object] = {
        "address": address,
        "max_tokens": getattr(observer, "max_tokens", options.max_tokens),
        "effort": options.effort,
        "thinking": options.thinking,
        "side_by_side": getattr(observer, "side_by_side", options.side_by_side is True),
    }
    retries = getattr(observer, "retries", None)  # workers of a cluster keep their own
    if isinstance(retries, RetryAccount):
        asked |= {"retries": dict(retries.by_reason), "waited_seconds": round(retries.waited_seconds, 1)}
    return asked
