"""Say what an audit found: one sentence for a ticket, a table by class of picture, fields for machines."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.compression.audit.rate import CONFIDENCE, ChangeRate, Finding, pictures_needed, rate_of
from gateway.compression.audit.run import AuditLog, Outcome
from gateway.compression.plan import Tier

# Largest share of answers that a tier may change beyond the model's own noise.
PROMISES: Mapping[Tier, float] = {"exact": 0.0, "faithful": 0.01, "lean": 0.05}

_EXAMPLES = 20  # changed answers told in full


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    all_answers: ChangeRate
    confident: ChangeRate | None  # None: the API told no probabilities


@dataclass(frozen=True)
class Report:
    """What an audit of one model and tier found."""

    model: str
    tier: Tier
    promise: float
    log: AuditLog
    errors: Mapping[str, int]  # of the API, by kind, those got over included

    @property
    def rows(self) -> list[Row]:
        """All pictures, then each class of them."""
        classes = sorted({outcome.picture_class for outcome in self.log.outcomes})
        return [
            _row("all", self.log.outcomes),
            *(_row(name, [o for o in self.log.outcomes if o.picture_class == name]) for name in classes),
        ]

    @property
    def judged(self) -> ChangeRate:
        """What the promise is about: confident answers where the API tells which those are, else all."""
        row = self.rows[0]
        return row.all_answers if row.confident is None else row.confident

    @property
    def finding(self) -> Finding:
        """Whether the promise is kept; untouched pictures keep any."""
        log = self.log
        if log.left_alone and not (log.outcomes or log.unanswered or log.unreadable or log.unfinished):
            return "kept"
        return self.judged.finding(self.promise)

    @property
    def has_kept_promise(self) -> bool:
        """Whether what was seen is within the promise; `finding` says if that proves anything."""
        if self.finding == "undecided":
            return self.judged.pictures > 0 and self.judged.share <= self.promise
        return self.finding == "kept"

    @property
    def sentence(self) -> str:
        """What a person may paste into a ticket."""
        rate, kind = self.judged, "" if self.rows[0].confident is None else "confident "
        if not self.log.outcomes:
            return f"{self.model}, tier {self.tier}: no answer was compared ({_uncompared(self.log)})."
        low, high = rate.interval()
        return (
            f"{self.model}, tier {self.tier}: lightening changed {_percent(max(rate.share, 0.0))} of its "
            f"{kind}answers beyond its own repeat noise of {_percent(rate.noise_share)} "
            f"({CONFIDENCE:.0%} interval {_percent(low)} to {_percent(high)}; {rate.answers} "
            f"answers about {rate.pictures} pictures, {len(self.log.left_alone)} more left as they are). The "
            "promise of at most "
            f"{_percent(self.promise)} {_WORDS[self.finding](rate, self.promise)}."
        )

    def table(self) -> list[tuple[str, ...]]:
        """Return the table, its heading first."""
        heading = ("class", "pictures", "answers", "changed", "own noise", "beyond noise", "95 % interval")
        lines: list[tuple[str, ...]] = [heading]
        for row in self.rows:
            lines.append((row.name, *_cells(row.all_answers)))
            if row.confident is not None:
                lines.append((f"{row.name}, confident", *_cells(row.confident)))
        return lines

    def notes(self) -> list[str]:
        """Return what has to be known beside the numbers."""
        log, free = self.log, sum(outcome.original.is_free_text for outcome in self.log.outcomes)
        notes = []
        if free:
            notes.append(
                f"{free} answers are free text: the same said in other words counts as changed. Ask for one "
                "word, a number or a choice where you can."
            )
        if log.unfinished:
            notes.append(
                f"{log.unfinished} questions were not asked: the budget of {log.asked} answers is spent."
            )
        reasons = Counter(log.left_alone.values())
        notes += [f"{count} pictures are sent as they are: {why}." for why, count in reasons.items() if why]
        notes += [f"{name} was left out: {why}" for name, why in sorted(log.unreadable.items())]
        if log.unanswered:
            notes.append(f"{len(log.unanswered)} questions were not answered; the last: {log.unanswered[-1]}")
        if self.errors:
            told = ", ".join(f"{count} × {kind}" for kind, count in sorted(self.errors.items()))
            notes.append(f"Errors of the API, those got over included: {told}.")
        return notes

    def fields(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        log = self.log
        return {
            "model": self.model,
            "tier": self.tier,
            "promise": self.promise,
            "finding": self.finding,
            "kept": self.has_kept_promise,
            "judged_by": "all answers" if self.rows[0].confident is None else "confident answers",
            "sentence": self.sentence,
            "classes": [
                {
                    "class": row.name,
                    "all": _rate_fields(row.all_answers),
                    "confident": None if row.confident is None else _rate_fields(row.confident),
                }
                for row in self.rows
            ],
            "asked": log.asked,
            "left_alone": len(log.left_alone),
            "unreadable": log.unreadable,
            "unanswered": len(log.unanswered),
            "unfinished": log.unfinished,
            "errors": dict(self.errors),
            "changed": [_example(outcome) for outcome in log.outcomes if outcome.is_changed][:_EXAMPLES],
        }


def _row(name: str, outcomes: Sequence[Outcome]) -> Row:
    told = [outcome for outcome in outcomes if outcome.original.is_confident is not None]
    confident = [outcome for outcome in told if outcome.original.is_confident]
    return Row(name, _rate(outcomes), _rate(confident) if told else None)


def _rate(outcomes: Sequence[Outcome]) -> ChangeRate:
    return rate_of((outcome.picture, outcome.is_changed, outcome.is_noise) for outcome in outcomes)


def _is_kept(rate: ChangeRate, promise: float) -> str:  # noqa: ARG001 - one signature for all three
    return "is kept"


def _is_broken(rate: ChangeRate, promise: float) -> str:  # noqa: ARG001 - as above
    return "is broken"


def _is_undecided(rate: ChangeRate, promise: float) -> str:
    needed = pictures_needed(promise)
    if rate.share > promise:
        return "was not kept here, though that may be chance: ask about more pictures"
    if needed is None:
        return "is not contradicted; that nothing at all changes cannot be proved by asking"
    if needed <= rate.pictures:
        return "is not contradicted, and not proved: ask about more pictures"
    return f"is not contradicted, and not proved: that takes {needed} lightened pictures without a change"


_WORDS: Mapping[Finding, Callable[[ChangeRate, float], str]] = {
    "kept": _is_kept,
    "broken": _is_broken,
    "undecided": _is_undecided,
}


def _uncompared(log: AuditLog) -> str:
    counts = {
        "pictures left as they are": len(log.left_alone),
        "unreadable pictures": len(log.unreadable),
        "unanswered questions": len(log.unanswered),
        "questions beyond the budget": log.unfinished,
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing was asked"


def _percent(share: float) -> str:
    return f"{round(100 * share, 2):.3g} %"


def _cells(rate: ChangeRate) -> tuple[str, ...]:
    low, high = rate.interval()
    changed = rate.changed / rate.pictures if rate.pictures else 0.0
    return (
        str(rate.pictures),
        str(rate.answers),
        _percent(changed),
        _percent(rate.noise_share),
        _percent(max(rate.share, 0.0)),
        f"{_percent(low)} – {_percent(high)}",
    )


def _rate_fields(rate: ChangeRate) -> dict[str, Any]:
    return {
        "pictures": rate.pictures,
        "answers": rate.answers,
        "changed": rate.changed,
        "noise": rate.noise,
        "share": rate.share,
        "interval": list(rate.interval()),
    }


def _example(outcome: Outcome) -> dict[str, Any]:
    return {
        "image": outcome.picture,
        "prompt": outcome.prompt,
        "original": outcome.original.text,
        "lightened": outcome.lightened.text,
    }
