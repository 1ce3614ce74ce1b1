"""Trials of observers with known functions, without images or a session: what the report's tests look at."""

import numpy as np

from calibration.procedures.adaptive import Adaptive
from calibration.procedures.ascending import Ascending
from calibration.procedures.protocol import Heard
from calibration.psychometric import PsychometricFunction
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Stimulus, Trial


def staged_trial(index: int = 0, **changed: object) -> Trial:
    """One trial; fields of the stimulus may be changed as well."""
    stimulus = {"image": "a.png", "distortion": "blur", "level": 10.0, "seed": 0, "reference_level": 0.0}
    stimulus |= {name: changed.pop(name) for name in list(changed) if name in stimulus}
    fields = {
        "id": str(index),
        "series": 0,
        "index": index,
        "polarity": "different",
        "order": "reference_first",
        "prompt": "",
        "noticed": True,
        "probability": None,
        "reply_class": "correct",
        "reply": "",
        "is_first_token": False,
        "seconds": 0.0,
    }
    return Trial(stimulus=Stimulus(**stimulus), **(fields | changed))


def adaptive_trials(
    distortion: str, function: PsychometricFunction, count: int = 40, **changed: object
) -> list[Trial]:
    """An adaptive run with chance orders and polarities."""
    rng = np.random.default_rng(1)
    procedure = Adaptive(float(DISTORTIONS[distortion].levels), count, np.random.default_rng(1))
    trials = []
    for index in range(count):
        step = procedure.place(index)
        noticed = bool(rng.random() < function.probability(step.level))
        procedure.record(Heard(step, noticed))
        chance = {
            "polarity": str(rng.choice(["different", "identical"])),
            "order": str(rng.choice(["reference_first", "distorted_first"])),
        }
        trials.append(
            staged_trial(
                index, distortion=distortion, level=step.level, noticed=noticed, **(chance | changed)
            )
        )
    return trials


def ascending_trials(
    distortion: str, function: PsychometricFunction, references: int = 3, window: int = 3
) -> list[Trial]:
    """One sweep per reference; each step is as visible as its distance from the replaced reference."""
    trials = []
    for series in range(references):
        rng = np.random.default_rng(series)
        procedure = Ascending(DISTORTIONS[distortion].levels, series, window)
        index = 0
        while (step := procedure.place(index)) is not None:
            noticed = bool(rng.random() < function.probability(step.level - step.reference_level))
            procedure.record(Heard(step, noticed))
            trials.append(
                staged_trial(
                    index,
                    series=series,
                    image=f"{series}.png",
                    distortion=distortion,
                    level=step.level,
                    reference_level=step.reference_level,
                    noticed=noticed,
                )
            )
            index += 1
    return trials
