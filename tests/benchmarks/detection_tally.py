"""Cases of the detection benchmark, and what is counted of their verdicts."""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import beta

from gateway.detection.verdict import Verdict, conclude

STRICT_ALPHA = 0.001
_BOOTSTRAPS = 4000
_TOLD = 6  # names listed of what went wrong in a cell


@dataclass(frozen=True, eq=False)
class Case:
    """One file as it is sent, and the cell of the table it counts in."""

    cell: str
    source: str  # the picture it was made from
    data: bytes
    before: tuple[bytes, ...] = ()  # what the same caller sent earlier
    beside: tuple[bytes, ...] = ()  # what stands in the same request
    also: str = ""  # a second cell it counts in
    has_worked: bool | None = None  # whether the attack changed what its network says; None: unknown
    survives: bool | None = None  # whether it still does after canonical re-encoding (JPEG 75)


@dataclass
class Tally:
    """What was found in the cases of one cell."""

    flagged: list[bool] = field(default_factory=list)
    strict: list[bool] = field(default_factory=list)  # at alpha = .001
    worked: list[bool | None] = field(default_factory=list)
    survived: list[bool | None] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    baselines: Counter[str] = field(default_factory=Counter)
    hits: list[str] = field(default_factory=list)  # sources that were flagged
    misses: list[str] = field(default_factory=list)

    def add(self, case: Case, verdict: Verdict, baselines: Iterable[str]) -> None:
        is_flagged = bool(verdict.flags)
        self.flagged.append(is_flagged)
        self.strict.append(bool(_at(verdict, STRICT_ALPHA).flags))
        self.worked.append(case.has_worked)
        self.survived.append(case.survives)
        self.kinds.update(verdict.flags)
        self.outcomes[verdict.outcome] += 1
        self.baselines.update(baselines)
        (self.hits if is_flagged else self.misses).append(case.source)

    def summary(self, *, is_attack: bool) -> dict[str, object]:
        """Share flagged with its 95 % interval, what flagged, and names of what went wrong."""
        n = len(self.flagged)
        row: dict[str, object] = {
            "n": n,
            "flagged": sum(self.flagged),
            "rate": round(sum(self.flagged) / n, 4),
            "interval": interval(sum(self.flagged), n),
            "flagged_at_.001": sum(self.strict),
            "kinds": dict(self.kinds),
            "outcomes": dict(self.outcomes),
        }
        if self.baselines:
            row["baselines"] = {name: round(found / n, 3) for name, found in sorted(self.baselines.items())}
        if any(worked is not None for worked in self.worked):
            row |= self._against_the_network()
        wrong = self.misses if is_attack else self.hits
        return row | ({"wrong": sorted(set(wrong))[:_TOLD]} if wrong else {})

    def _against_the_network(self) -> dict[str, object]:
        worked = [flag for flag, did in zip(self.flagged, self.worked, strict=True) if did]
        survived = sum(bool(one) for one in self.survived)
        missed = sum(not flag for flag in worked)
        return {
            "worked": len(worked),
            "flagged_of_worked": sum(worked),
            "evaded_and_worked": missed,
            "worked_after_canonical": survived,
        }


def interval(found: int, total: int) -> list[float]:
    """Clopper-Pearson, 95 %."""
    low = beta.ppf(0.025, found, total - found + 1) if found else 0.0
    high = beta.ppf(0.975, found + 1, total - found) if found < total else 1.0
    return [round(float(low), 4), round(float(high), 4)]


def upper(found: int, total: int) -> float:
    """Bound a share from above with 95 % confidence, cases taken as independent (Clopper-Pearson)."""
    return 1.0 if found == total else float(beta.ppf(0.95, found + 1, total - found))


def upper_by_cluster(judged: Iterable[tuple[str, bool]]) -> float:
    """Bound the share of what is true of cases (cluster, whether) where whole clusters are drawn again.

    95th percentile of the bootstrap.
    """
    clusters: dict[str, list[bool]] = defaultdict(list)
    for cluster, is_true in judged:
        clusters[cluster].append(is_true)
    if not clusters:
        return 1.0
    sums = np.array([(sum(those), len(those)) for those in clusters.values()])
    rng = np.random.default_rng(0)
    drawn = sums[rng.integers(len(sums), size=(_BOOTSTRAPS, len(sums)))].sum(axis=1)
    return float(np.percentile(drawn[:, 0] / drawn[:, 1], 95))


def pooled(rows: dict[str, dict[str, object]]) -> dict[str, object]:
    """Sum up rows."""
    n, found = (sum(int(str(row[name])) for row in rows.values()) for name in ("n", "flagged"))
    strict = sum(int(str(row["flagged_at_.001"])) for row in rows.values())
    if not n:
        return {"n": 0}
    return {"n": n, "flagged": found, "rate": round(found / n, 4), "interval": interval(found, n),
            "flagged_at_.001": strict, "interval_at_.001": interval(strict, n)}  # fmt: skip


def show(cell: str, row: dict[str, object]) -> None:
    """Print a line for people."""
    rest = {key: value for key, value in row.items() if key not in ("n", "flagged", "rate", "interval")}
    line = f"{cell:<58} {row['flagged']:>4}/{row['n']:<4} {row['interval']} {json.dumps(rest)}"
    print(line, file=sys.stderr, flush=True)


def _at(verdict: Verdict, alpha: float) -> Verdict:
    return conclude(verdict.evidence, alpha=alpha) if verdict.evidence else verdict
