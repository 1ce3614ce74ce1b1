"""Made-up observers for the recovery benchmark: what they answer, what may be learned of them at best.

The adaptive procedure is run side by side on many observers of one kind; the paper's ascending rule answers
for comparison. Randomness comes from the seed alone.
"""

from dataclasses import dataclass, replace

import numpy as np

from calibration.fitting import Counts, PsychometricFit, Values, fit_psychometric
from calibration.parameters import GuessPrior
from calibration.procedures.adaptive import Adaptive, TrialPlan, placement
from calibration.procedures.protocol import Heard
from calibration.psychometric import PsychometricFunction

STRONGEST = 50.0
CHUNK = 100  # runs advanced together; bounds memory


@dataclass(frozen=True)
class Recovery:
    """What many runs on one observer gave, as shares of the threshold."""

    function: PsychometricFunction
    rmse: float
    bias: float
    coverage: float  # of the 95 % intervals
    runs: int
    queries: int

    def record(self) -> dict[str, float]:
        """Return what is printed."""
        f = self.function
        observer = {"threshold": f.threshold, "slope": f.slope, "false_alarm": f.guess_rate}
        figures = {"rmse": self.rmse, "bias": self.bias, "coverage": self.coverage}
        figures |= {"rmse_over_bound": self.rmse / fisher_bound(f, self.queries * 4 // 5)}
        return {
            **observer,
            **{name: round(value, 4) for name, value in figures.items()},
            "queries": self.queries,
            "runs": self.runs,
        }

    def __str__(self) -> str:
        f = self.function
        return (
            f"threshold {f.threshold:>4g} slope {f.slope:g} false alarms {f.guess_rate:.2f}, "
            f"{self.queries} queries: RMSE {self.rmse:6.1%} "
            f"({self.rmse / fisher_bound(f, self.queries * 4 // 5):.2f} x bound)  "
            f"bias {self.bias:+6.1%}  coverage {self.coverage:6.1%}  ({self.runs} runs)"
        )


def summarise(function: PsychometricFunction, fits: list[PsychometricFit]) -> Recovery:
    """Compare many fits with the truth."""
    ratio = np.array([fit.function.threshold for fit in fits]) / function.threshold
    covered = [fit.interval[0] <= function.threshold <= fit.interval[1] for fit in fits]
    return Recovery(
        function,
        rmse=float(np.sqrt(np.mean((ratio - 1) ** 2))),
        bias=float(ratio.mean() - 1),
        coverage=float(np.mean(covered)),
        runs=len(fits),
        queries=fits[0].n_trials,
    )


def fisher_bound(function: PsychometricFunction, trials: int) -> float:
    """Least standard error of ln threshold after so many trials, all at the one level that tells most.

    The other parameters count as known; a yes or no at level x tells (dp / d ln t)^2 / (p (1 - p)).
    """
    levels = np.geomspace(function.threshold / 20, function.threshold * 20, 4001)
    step = 1e-4
    up, down = (
        replace(function, threshold=function.threshold * np.exp(sign * step)).probability(levels)
        for sign in (1, -1)
    )
    p = function.probability(levels)
    information = float(np.max(((up - down) / (2 * step)) ** 2 / (p * (1 - p))))
    return 1 / float(np.sqrt(trials * information))


def recover(function: PsychometricFunction, runs: int, queries: int, seed: int) -> Recovery:
    """Calibrate `runs` observers of one kind, a fifth of the queries being identical pairs."""
    levels, said = ask_all(function, runs, queries, seed)
    return summarise(function, fit_all(levels, said))


def recover_pooled(
    function: PsychometricFunction, runs: int, queries: int, seed: int, *, borrowed: int
) -> Recovery:
    """The same, with answers to identical pairs of other distortions added to the guess rate's prior."""
    levels, said = ask_all(function, runs, queries, seed)
    elsewhere = np.random.default_rng([seed, 5]).binomial(borrowed, function.guess_rate, runs)
    default = GuessPrior()
    priors = [GuessPrior(default.said + yes, default.unsaid + borrowed - yes) for yes in elsewhere]
    fits = [
        fit_psychometric(counts_of(*answers), STRONGEST, prior)
        for *answers, prior in zip(levels, said, priors, strict=True)
    ]
    return summarise(function, fits)


def ask_all(function: PsychometricFunction, runs: int, queries: int, seed: int) -> tuple[Values, Values]:
    """Run the adaptive procedure on many observers; return levels and answers, (runs, queries)."""
    parts = [
        _ask(function, min(CHUNK, runs - start), queries, [seed, start]) for start in range(0, runs, CHUNK)
    ]
    return np.concatenate([levels for levels, _ in parts]), np.concatenate([said for _, said in parts])


def fit_all(levels: Values, said: Values) -> list[PsychometricFit]:
    """Fit every run."""
    return [fit_psychometric(counts_of(*answers), STRONGEST) for answers in zip(levels, said, strict=True)]


def counts_of(levels: Values, said: Values) -> Counts:
    """Count one run's answers."""
    return Counts.of([(float(level), bool(yes)) for level, yes in zip(levels, said, strict=True)])


def recover_in_waves(
    function: PsychometricFunction, runs: int, queries: int, seed: int, *, wave: int
) -> Recovery:
    """Place so many trials before the first of them is answered."""
    fits = []
    for run in range(runs):
        rng = np.random.default_rng([seed, 4, run])
        procedure = Adaptive(STRONGEST, queries, np.random.default_rng([seed, 2, run]))
        answers = []
        for start in range(0, queries, wave):
            steps = [procedure.place(index) for index in range(start, min(start + wave, queries))]
            for step in filter(None, steps):
                said = bool(rng.random() < float(function.probability(step.level)))
                procedure.record(Heard(step, said))
                answers.append((step.level, said))
        fits.append(fit_psychometric(Counts.of(answers), STRONGEST))
    return summarise(function, fits)


def recover_from_probabilities(
    function: PsychometricFunction, runs: int, queries: int, seed: int, *, spread: float
) -> Recovery:
    """Hear P("different") instead of yes or no; pictures differ in their thresholds by `spread` (ln)."""
    fits = []
    for run in range(runs):
        rng = np.random.default_rng([seed, 6, run])
        procedure = Adaptive(STRONGEST, queries, np.random.default_rng([seed, 2, run]))
        answers = []
        for index in range(queries):
            step = procedure.place(index)
            if step is None:
                break
            own = replace(function, threshold=function.threshold * np.exp(spread * rng.standard_normal()))
            stated = float(own.probability(step.level))
            procedure.record(Heard(step, stated > 0.5, stated))
            answers.append((step.level, stated > 0.5, stated))
        fits.append(fit_psychometric(Counts.with_readings(answers), STRONGEST))
    return summarise(function, fits)


def first_jnds(function: PsychometricFunction, sweeps: int, seed: int, window: int = 3) -> Values:
    """What the paper's rule reports, sweep by sweep: the first of `window` Yes in a row; else the limit."""
    rng = np.random.default_rng([seed, 3])
    levels = np.arange(1, int(STRONGEST) + 1)
    said = rng.random((sweeps, len(levels))) < function.probability(levels)
    padded = np.concatenate(
        [said, np.ones((sweeps, window - 1), dtype=bool)], axis=1
    )  # windows end at the top
    held = np.lib.stride_tricks.sliding_window_view(padded, window, axis=1).all(axis=2)
    return np.where(held.any(axis=1), held.argmax(axis=1) + 1, STRONGEST).astype(np.float64)


def _ask(function: PsychometricFunction, runs: int, queries: int, seed: list[int]) -> tuple[Values, Values]:
    rng = np.random.default_rng([*seed, 1])
    place = placement(STRONGEST)
    plans = [TrialPlan(np.random.default_rng([*seed, 2, run])) for run in range(runs)]
    posterior = place.prior(runs)
    levels, said = np.zeros((runs, queries)), np.zeros((runs, queries), dtype=bool)
    for index in range(queries):
        at, doubts = place.expected_entropy(posterior).argmin(axis=1) + 1, place.doubts(posterior)
        kinds = np.array([plan.kind(index) for plan in plans])
        at = np.where((kinds == "check") & doubts, len(place.levels) - 1, at)
        at = np.where(kinds == "catch", 0, at)
        levels[:, index] = place.levels[at]
        said[:, index] = rng.random(runs) < function.probability(levels[:, index])
        posterior = place.update(posterior, at, said[:, index])
    return levels, said
