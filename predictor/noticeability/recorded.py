"""Turn a calibration's trials back into pairs, rendered again from the same pictures."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from calibration.image import ImageError, resize
from calibration.profile import JndProfile, load_profile
from calibration.session.references import References, render_pair
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Trial, read_trials
from predictor.dataset import FAMILIES, NO_FAMILY, Pair, PairSet, pair_set
from predictor.features import WHOLE_SIDE, model_view


def recorded_pairs(calibration: Path, images: Path) -> tuple[PairSet, JndProfile]:
    """Read a calibration directory; pictures are looked up in `images` by the names in its trials.

    Replies that could not be counted, and trials whose picture is not there, are left out.

    Raises:
        ProfileError: The directory's profile is not readable.
        TrialLogError: Its trial log is not readable.
        ValueError: No trial is left, or the trials answer a task question.
    """
    profile = load_profile(calibration)
    side = profile.input_side or WHOLE_SIDE
    pairs: list[Pair] = []
    probabilities: list[float] = []
    trials = read_trials(calibration / "trials.jsonl")
    _refuse_task_trials(calibration, trials)
    for trial in trials:
        probability = _probability(trial)
        pair = None if probability is None else _render(trial, images, profile.stimulus_side, side)
        if pair is not None and probability is not None:
            pairs.append(pair)
            probabilities.append(probability)
    if not pairs:
        raise ValueError(f"expected trials in {calibration} with pictures in {images}, found none")
    shifts = np.zeros((len(pairs), len(FAMILIES)), dtype=np.float32)
    return pair_set(pairs, shifts, np.array(probabilities, dtype=np.float32)), profile


def _refuse_task_trials(calibration: Path, trials: Sequence[Trial]) -> None:
    """Their "noticed" means that an answer changed: a network of noticing must not learn it."""
    if any(trial.reference_reply is not None for trial in trials):
        raise ValueError(
            f"expected trials of the difference question in {calibration}, got a task question's: they say "
            "whether answers changed, not what was noticed; train learns from them, answer predicts them"
        )


def _probability(trial: Trial) -> float | None:
    if trial.noticed is None or trial.stimulus.distortion not in DISTORTIONS:
        return None
    if trial.probability is not None and math.isfinite(trial.probability):
        return float(trial.probability)
    return float(trial.noticed)


def _render(trial: Trial, images: Path, stimulus_side: int | None, side: int) -> Pair | None:
    stimulus = trial.stimulus
    references = References(images, (stimulus.image,), ())
    try:
        reference, distorted = render_pair(
            stimulus, DISTORTIONS[stimulus.distortion], references, stimulus_side
        )
    except (ImageError, OSError):
        return None
    family = NO_FAMILY if trial.is_catch else FAMILIES.index(stimulus.distortion)
    brought_back = resize(distorted, reference.width, reference.height, "bicubic")
    return Pair(
        model_view(reference, side), model_view(brought_back, side), stimulus.image, family, stimulus.level
    )
