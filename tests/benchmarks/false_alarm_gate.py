"""How many thresholds of an observer that says "different" too often are called measured.

Runs the product's own procedure and assessment on simulated observers that differ in their false alarms
alone: fifteen distortions, 25 questions each, a fifth of them identical pairs. At most 25 % of false alarms
are allowed, so of an observer at .30 none should be. The last line is JSON. Takes about a minute on one core;
needs no data.
"""

import json
import sys
from collections import Counter

import numpy as np
from recovery_observers import STRONGEST, ask_all

from calibration.assessment import assess
from calibration.fitting import Values
from calibration.psychometric import PsychometricFunction
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Stimulus, Trial

QUERIES = 25
RUNS = 48
SEED = 20261128
FALSE_ALARMS = (0.30, 0.20, 0.10, 0.02)


def trials_of(name: str, levels: Values, said: Values) -> list[Trial]:
    """Put one run's answers into the log's form."""
    scale = DISTORTIONS[name].levels / STRONGEST
    return [
        Trial(
            id=f"{name}-{index}",
            series=0,
            index=index,
            stimulus=Stimulus("a.png", name, float(level) * scale, 0),
            polarity="different",
            order="reference_first",
            prompt="",
            noticed=bool(yes),
            probability=None,
            reply_class="correct",
            reply="",
            is_first_token=False,
            seconds=0.0,
        )
        for index, (level, yes) in enumerate(zip(levels, said, strict=True))
    ]


def statuses(false_alarm: float) -> tuple[Counter[str], int]:
    """Assess many observers of one kind; return thresholds by status, and runs whose gate was not one."""
    function = PsychometricFunction(20, 3, false_alarm, 0.02)
    asked = {name: ask_all(function, RUNS, QUERIES, SEED + number) for number, name in enumerate(DISTORTIONS)}
    counted: Counter[str] = Counter()
    divided = 0
    for run in range(RUNS):
        trials = [
            trial
            for name, (levels, said) in asked.items()
            for trial in trials_of(name, levels[run], said[run])
        ]
        found = [assessment.threshold for assessment in assess(trials).values()]
        counted.update(threshold.status for threshold in found)
        divided += len({threshold.reason.startswith("biased") for threshold in found}) > 1
    return counted, divided


def main() -> int:
    """Print the shares by false-alarm rate; fail where one too many is trusted, or a careful one is not."""
    rows = {}
    for false_alarm in FALSE_ALARMS:
        counted, divided = statuses(false_alarm)
        total = counted.total()
        rows[f"{false_alarm:.2f}"] = {
            "thresholds": total,
            **{status: round(count / total, 4) for status, count in sorted(counted.items())},
            "runs_with_unlike_gates": divided,
        }
        print(f"false alarms {false_alarm:.2f}: {rows[f'{false_alarm:.2f}']}", flush=True)
    floors = {
        "at_30_at_most_1_in_20_measured": rows["0.30"].get("measured", 0.0) <= 0.05,
        # How many are rough rather than measured is the interval's affair, which 25 questions leave wide.
        "at_02_at_least_19_in_20_used": rows["0.02"].get("measured", 0.0) + rows["0.02"].get("rough", 0.0)
        >= 0.95,
        "one_answer_per_observer": not any(row["runs_with_unlike_gates"] for row in rows.values()),
    }
    print(json.dumps({"benchmark": "false_alarm_gate", "runs": RUNS, "by_rate": rows, "floors": floors}))
    return 0 if all(floors.values()) else 1


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    sys.exit(main())
