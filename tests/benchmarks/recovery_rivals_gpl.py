"""Run by `recovery_rivals.py` in an environment of its own: psignifit and questplus are under the GPL.

Imports nothing of this project. Reads one JSON job from standard input, writes one JSON answer.
"""

import json
import sys
import time
import warnings

import numpy as np
import psignifit
from questplus.qp import QuestPlusWeibull

AT_THRESHOLD = 1 - np.exp(-1)
ALMOST_NOTHING = 0.01  # level of an identical pair on a logarithmic scale


def fit_by_psignifit(levels, said, strongest):
    """Threshold and 95 % interval psignifit reads off one run of ours."""
    shown = np.maximum(levels, ALMOST_NOTHING)
    at = np.unique(shown)
    data = np.array([[x, np.sum(np.array(said)[shown == x]), np.sum(shown == x)] for x in at])
    result = psignifit.psignifit(
        data,
        experiment_type="yes/no",
        sigmoid="weibull",
        thresh_PC=AT_THRESHOLD,
        stimulus_range=(strongest / 250, strongest),
        fixed_parameters={
            "eta": 1e-4
        },  # no overdispersion, which is so here and takes a twentieth of the time
    )
    low, high = result.confidence_intervals["threshold"]["0.95"]
    return [float(result.parameter_estimate["threshold"]), float(low), float(high)]


def run_questplus(observer, strongest, queries, seed):
    """Threshold QUEST+ finds when it places the trials itself; a fifth are identical pairs."""
    rng = np.random.default_rng(seed)
    levels = np.log10(np.concatenate([[ALMOST_NOTHING], np.geomspace(strongest / 200, strongest, 36)]))
    quest = QuestPlusWeibull(
        intensities=levels,
        thresholds=np.log10(np.geomspace(strongest / 250, 2 * strongest, 41)),
        slopes=np.geomspace(1, 8, 6),
        lower_asymptotes=[0.01, 0.05, 0.15, 0.3, 0.5],
        lapse_rates=[0.01, 0.03, 0.1],
        stim_scale="log10",
    )
    catches = rng.integers(5, size=-(-queries // 5))
    for index in range(queries):
        is_catch = index % 5 == catches[index // 5]
        at = levels[0] if is_catch else quest.next_intensity
        x = 0.0 if is_catch else 10**at
        g, lapse = observer["guess_rate"], observer["lapse_rate"]
        climbed = 1 - np.exp(-((x / observer["threshold"]) ** observer["slope"]))
        quest.update(intensity=at, response="Yes" if rng.random() < g + (1 - g - lapse) * climbed else "No")
    return float(10 ** quest.param_estimate["threshold"])


def until(deadline, work, items):
    """Results of as many items as there is time for."""
    done = []
    for item in items:
        if time.monotonic() > deadline:
            break
        done.append(work(item))
    return done


def main():
    """Answer the job."""
    warnings.simplefilter("ignore")
    job = json.load(sys.stdin)
    start = time.monotonic()
    fitted = until(
        start + job["seconds"] * 0.65,
        lambda run: fit_by_psignifit(np.array(run["levels"]), run["said"], job["strongest"]),
        job["trials"],
    )
    found = until(
        time.monotonic() + job["seconds"] * 0.35,
        lambda seed: run_questplus(job["observer"], job["strongest"], job["queries"], [job["seed"], seed]),
        range(len(job["trials"])),
    )
    json.dump({"psignifit": fitted, "questplus": found}, sys.stdout)


if __name__ == "__main__":
    main()
