"""How well 25 queries recover a known threshold: error, bias and coverage, beside the ascending rule.

Runs the product's own procedure and fit on simulated observers, a fifth of the queries being identical pairs.
The last line is JSON. Takes about two minutes on one core; needs no data.
"""

import json
import sys
import time
from dataclasses import dataclass

import numpy as np

from calibration.fitting import Counts, Values, fit_psychometric
from calibration.procedures import TrialPlan, placement
from calibration.psychometric import PsychometricFunction

QUERIES = 25
STRONGEST = 50.0
RUNS = 500
RUNS_BESIDE = 200
CHUNK = 100  # runs advanced together; bounds memory


@dataclass(frozen=True)
class Recovery:
    """What many runs on one observer gave."""

    function: PsychometricFunction
    rmse: float  # as a share of the threshold
    bias: float
    coverage: float  # of the 95 % intervals
    runs: int
    ascending: float  # mean first hit of the rule with a window of three, for comparison

    def record(self) -> dict[str, float]:
        """Return what is printed."""
        observer = {
            "threshold": self.function.threshold,
            "slope": self.function.slope,
            "false_alarm": self.function.guess_rate,
        }
        figures = {"rmse": self.rmse, "bias": self.bias, "coverage": self.coverage}
        return {**observer, **{name: round(value, 4) for name, value in figures.items()}, "runs": self.runs}


def recover(function: PsychometricFunction, runs: int, seed: int = 0) -> Recovery:
    """Calibrate `runs` observers of one kind and compare with the truth."""
    thresholds, lows, highs = [], [], []
    for start in range(0, runs, CHUNK):
        levels, said = ask(function, min(CHUNK, runs - start), seed=seed + start)
        for one_levels, one_said in zip(levels, said, strict=True):
            fit = fit_psychometric(Counts.of(list(zip(one_levels, one_said, strict=True))), STRONGEST)
            thresholds.append(fit.function.threshold)
            lows.append(fit.interval[0])
            highs.append(fit.interval[1])
    ratio = np.array(thresholds) / function.threshold
    covered = (np.array(lows) <= function.threshold) & (function.threshold <= np.array(highs))
    return Recovery(
        function,
        rmse=float(np.sqrt(np.mean((ratio - 1) ** 2))),
        bias=float(ratio.mean() - 1),
        coverage=float(covered.mean()),
        runs=runs,
        ascending=ascend(function, runs, seed),
    )


def ask(function: PsychometricFunction, runs: int, seed: int) -> tuple[Values, Values]:
    """Run the adaptive procedure side by side; return levels and answers, (runs, QUERIES)."""
    rng = np.random.default_rng([seed, 1])
    place = placement(STRONGEST)
    plans = [TrialPlan(np.random.default_rng([seed, 2, run])) for run in range(runs)]
    fixed = {"catch": 0, "strongest": len(place.levels) - 1}
    posterior = place.prior(runs)
    levels, said = np.zeros((runs, QUERIES)), np.zeros((runs, QUERIES), dtype=bool)
    for index in range(QUERIES):
        telling = place.most_telling(posterior)
        at = np.array([fixed.get(plan.kind(index), telling[run]) for run, plan in enumerate(plans)])
        levels[:, index] = place.levels[at]
        said[:, index] = rng.random(runs) < function.probability(levels[:, index])
        posterior = place.update(posterior, at, said[:, index])
    return levels, said


def ascend(function: PsychometricFunction, runs: int, seed: int, window: int = 3) -> float:
    """Mean level the paper's rule reports: the first of `window` Yes in a row, one level at a time."""
    rng = np.random.default_rng([seed, 3])
    levels = np.arange(1, int(STRONGEST) + 1)
    said = rng.random((runs, len(levels))) < function.probability(levels)
    held = np.lib.stride_tricks.sliding_window_view(said, window, axis=1).all(axis=2)
    first = np.where(held.any(axis=1), held.argmax(axis=1) + 1, STRONGEST)
    return float(first.mean())


def main() -> int:
    """Print every condition and the verdict on the floors; fail when one is missed."""
    started = time.perf_counter()
    named = {
        "guess_02": recover(PsychometricFunction(20, 3, 0.02, 0.02), RUNS),
        "guess_30": recover(PsychometricFunction(20, 3, 0.30, 0.02), RUNS),
    }
    beside = [
        recover(PsychometricFunction(threshold, slope, 0.02, 0.02), RUNS_BESIDE)
        for threshold, slope in ((3, 3), (8, 3), (40, 3), (20, 2), (20, 5))
    ]
    for result in (*named.values(), *beside):
        f = result.function
        print(
            f"threshold {f.threshold:>4g} slope {f.slope:g} false alarms {f.guess_rate:.2f}: "
            f"RMSE {result.rmse:6.1%}  bias {result.bias:+6.1%}  coverage {result.coverage:6.1%}  "
            f"({result.runs} runs; ascending rule, window 3: {result.ascending:.1f})"
        )
    low, high = named["guess_02"], named["guess_30"]
    floors = {
        "rmse_guess_02": low.rmse <= 0.15,
        "bias_guess_02": abs(low.bias) <= 0.06,
        "bias_guess_30": abs(high.bias) <= 0.12,
        "coverage_guess_02": 0.92 <= low.coverage <= 0.98,
        "coverage_guess_30": 0.92 <= high.coverage <= 0.98,
    }
    record = {
        "benchmark": "calibration_recovery",
        "queries": QUERIES,
        **{name: result.record() for name, result in named.items()},
        "beside": [result.record() for result in beside],
        "floors": floors,
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(record))
    return 0 if all(floors.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
