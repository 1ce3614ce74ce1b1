"""How many questions until a threshold is known to 10 %: ours against the paper's sweeps, on real pictures.

The observer is the embedded model, whose thresholds differ from picture to picture, as any model's do; a
made-up observer without such spread is in `calibration_recovery`. Three ways, each judged by its spread
around its own mean, which is charitable to all: exhaustive ascending sweeps, every level of each picture,
window 3, mean first JND; our adaptive procedure from yes and no alone; the same with stated probabilities.
The last line is JSON. Takes about six minutes on one core; bundled photographs, or `--images DIR`.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from session_throughput import write_photographs

from calibration.ascent import assess_sweeps
from calibration.fitting import Counts, fit_psychometric
from calibration.observers.embedded.observer import EmbeddedObserver, load_embedded
from calibration.observers.protocol import Query, Reply
from calibration.questions import DifferenceQuestion, PaperQuestion
from calibration.session.asking import asker_for
from calibration.session.plan import SessionPlan
from calibration.session.references import find_references
from calibration.session.run import run_session
from calibration.stimuli.registry import select_distortions
from calibration.trials import Trial, TrialLog

DISTORTIONS = "blur,brightness,jpeg,noise,qr"
PRECISION = 0.10
LENGTHS = (10, 15, 20, 25, 30, 40, 50, 60, 80)
FLOOR = 8.0
WINDOW = 3


@dataclass(frozen=True)
class YesOrNo:
    """The embedded model, its probabilities kept to itself."""

    observer: EmbeddedObserver
    name: str = "embedded"
    in_flight: int = 32

    @property
    def stimulus_side(self) -> int | None:
        """As the model's."""
        return self.observer.stimulus_side

    @property
    def input_side(self) -> int | None:
        """As the model's."""
        return self.observer.input_side

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer with the flag the probability stands for."""
        return [
            Reply("Yes" if (reply.probability or 0.0) > 0.5 else "No", is_first_token=True)
            for reply in self.observer.ask(queries)
        ]

    def close(self) -> None:
        """Hold nothing."""


def run(observer: EmbeddedObserver | YesOrNo, plan: SessionPlan, log: Path) -> dict[str, list[Trial]]:
    """Run a session; return its trials by distortion, in order."""
    with TrialLog(log) as opened:
        run_session(asker_for(observer), plan, opened, [].append, stimulus_side=observer.stimulus_side)
        trials = sorted(opened.trials, key=lambda trial: (trial.series, trial.index))
    names = [distortion.name for distortion in plan.distortions]
    return {name: [t for t in trials if t.stimulus.distortion == name] for name in names}


def thresholds_of(trials: Sequence[Trial], strongest: float) -> list[float]:
    """Fit the first 10, 15 … 80 answers of one run."""
    answers = [(t.stimulus.level, bool(t.noticed), t.probability) for t in trials if t.noticed is not None]
    return [
        fit_psychometric(Counts.with_readings(answers[:length]), strongest).function.threshold
        for length in LENGTHS
    ]


def adaptive_cost(observer: EmbeddedObserver | YesOrNo, plan: SessionPlan, scratch: Path, runs: int) -> dict:
    """Return, by distortion, the fewest of `LENGTHS` with a spread of at most 10 %, and the spreads."""
    found: dict[str, list[list[float]]] = {distortion.name: [] for distortion in plan.distortions}
    kind = type(observer).__name__
    for seed in range(runs):
        asked = run(observer, replace(plan, seed=seed), scratch / f"{kind}-{seed}.jsonl")
        for distortion in plan.distortions:
            found[distortion.name].append(thresholds_of(asked[distortion.name], float(distortion.levels)))
    return {name: _cost_of(np.array(thresholds)) for name, thresholds in found.items()}


def _cost_of(thresholds: np.ndarray) -> dict[str, object]:
    """Judge (runs, lengths): spread of each length around the mean of the longest."""
    settled = thresholds[:, -1].mean()
    spreads = np.sqrt(np.mean((thresholds / settled - 1) ** 2, axis=0))
    enough = [length for length, spread in zip(LENGTHS, spreads, strict=True) if spread <= PRECISION]
    told = {str(length): round(float(spread), 3) for length, spread in zip(LENGTHS, spreads, strict=True)}
    return {"queries": enough[0] if enough else None, "rmse": told}


def sweep_cost(observer: EmbeddedObserver, plan: SessionPlan, scratch: Path) -> dict[str, dict[str, float]]:
    """Return, by distortion, how many exhaustive sweeps it takes until their mean is known to 10 %."""
    sweeps = len(plan.references.names)
    climbing = replace(
        plan,
        procedure="ascending",
        question=PaperQuestion("direct"),
        queries_per_threshold=None,
        wave=1,
        sweeps=sweeps,
    )
    asked = run(observer, climbing, scratch / "sweeps.jsonl")
    costs = {}
    for distortion in plan.distortions:
        ascent = assess_sweeps(asked[distortion.name], distortion.levels, WINDOW)
        firsts = np.array([jnds[0] if jnds else distortion.levels for jnds in ascent.jnds], dtype=np.float64)
        needed = max(1.0, float(np.var(firsts, ddof=1) / (PRECISION * firsts.mean()) ** 2))
        costs[distortion.name] = {
            "mean_first_jnd": round(float(firsts.mean()), 2),
            "spread_of_one": round(float(firsts.std(ddof=1) / firsts.mean()), 3),
            "sweeps": round(needed, 1),
            "queries": round(needed * distortion.levels),
        }
    return costs


def main() -> int:
    """Print the three costs by distortion and the verdict on the floor; fail when it is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--runs", type=int, default=30)
    options = parser.parse_args()
    torch.set_num_threads(1)
    started = time.perf_counter()
    observer = load_embedded()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = options.images or scratch / "photographs"
        if options.images is None:
            folder.mkdir()
            write_photographs(folder)
        plan = SessionPlan(
            references=find_references(folder, 0),
            distortions=select_distortions(DISTORTIONS),
            question=DifferenceQuestion(),
            procedure="adaptive",
            queries_per_threshold=max(LENGTHS),
            seed=0,
            wave=1,
        )
        sweeps = sweep_cost(observer, plan, scratch)
        stated = adaptive_cost(observer, plan, scratch, options.runs)
        plain = adaptive_cost(YesOrNo(observer), plan, scratch, options.runs)
    ratios = {
        kind: {
            each: round(sweeps[each]["queries"] / cost["queries"], 1) if cost["queries"] else None
            for each, cost in costs.items()
        }
        for kind, costs in (("stated_probabilities", stated), ("yes_no", plain))
    }
    medians = {
        kind: float(np.median([ratio or 0.0 for ratio in each.values()])) for kind, each in ratios.items()
    }
    record = {
        "benchmark": "queries_to_precision",
        "pictures": len(plan.references.names),
        "runs": options.runs,
        "sweeps": sweeps,
        "stated_probabilities": stated,
        "yes_no": plain,
        "times_fewer": ratios,
        "median_times_fewer": medians,
        "floors": {f"{kind}_8_times_fewer": median >= FLOOR for kind, median in medians.items()},
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(record))
    return 0 if all(record["floors"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
