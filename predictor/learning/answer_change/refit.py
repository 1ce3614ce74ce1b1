"""Fit the chance of a changed answer to one model, from its own calibration on a task question.

How far its answer distribution moves is predicted as for every other model; from what movement on its answers
change is what the trials tell. Training half. Identical pairs are left out: an answer that changes there is
the model's own noise, told as `repeat_rate`, not the picture's.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.profile import JndProfile, load_profile
from calibration.session.references import References, render_pair
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Trial, read_trials
from predictor.answer_change.change import UNKNOWN_SIDE, AnswerModel, OwnFlip, flip_terms
from predictor.artifact import CARD, FILE_FIELDS, Part, default_directory, has_part, read_part
from predictor.learning.answer_change.training import logistic
from predictor.learning.shown_pictures import describe_left_out, find_shown

Floats = npt.NDArray[np.float32]

DELIVERY = ("jpeg", "webp", "rescale", "png8")  # what is done to a version on its way
_UNCOUNTED = "the reply could not be counted"
_MOST_REPEATS_CHANGED = 0.5  # of identical pictures: from there on answers tell nothing of pictures
_PRIOR_SPREAD = (0.5, 1.5)  # of slope (as a share of it) and constant, between models


@dataclass(frozen=True, eq=False)
class AnswerTrials:
    """What a task calibration told of N pairs."""

    profile: JndProfile
    log_divergence: Floats  # (N,) predicted mean of ln KL
    has_changed: npt.NDArray[np.bool_]  # (N,)
    photographs: int
    repeat_rate: float | None  # changed answers to identical pictures; None: never asked
    left_out: Mapping[str, int] = field(default_factory=dict)  # trials, by reason

    def digest(self) -> str:
        """Return the SHA-256 of what is learned from."""
        return hashlib.sha256(self.log_divergence.tobytes() + self.has_changed.tobytes()).hexdigest()


@dataclass(frozen=True)
class LearnedAnswers:
    """An answer_change part before it is written."""

    part: Part
    figures: Mapping[str, Any]  # by model


def answered_a_task(calibration: Path) -> bool:
    """Tell whether a calibration's trials answer a task question.

    Raises:
        TrialLogError: Its trial log is not readable.
    """
    return any(trial.reference_reply is not None for trial in read_trials(calibration / "trials.jsonl"))


def read_answer_trials(calibration: Path, images: Path, model: AnswerModel) -> AnswerTrials:
    """Read a task calibration; pictures are looked up in `images` by the names in its trials.

    Raises:
        ProfileError: The directory's profile is not readable.
        TrialLogError: Its trial log is not readable.
        ValueError: No trial is of use.
    """
    profile = load_profile(calibration)
    trials = read_trials(calibration / "trials.jsonl")
    pictures = find_shown(calibration, images, (trial.stimulus.image for trial in trials))
    whys = {
        trial.id: _UNCOUNTED if trial.noticed is None else pictures.why_unusable(trial.stimulus.image)
        for trial in trials
        if trial.reference_reply is not None
    }
    counted = [trial for trial in trials if trial.id in whys and trial.noticed is not None]
    wanted = [trial for trial in counted if not trial.is_catch and trial.stimulus.distortion in DELIVERY]
    used = [trial for trial in wanted if whys[trial.id] is None]
    if not used:
        raise ValueError(
            f"expected answers to pictures of {images} in {calibration}, changed by {', '.join(DELIVERY)}; "
            "found none: calibrate with --distortions jpeg,webp,rescale"
        )
    repeats = [bool(trial.noticed) for trial in counted if trial.is_catch]
    return AnswerTrials(
        profile,
        np.array([_divergence(trial, images, profile, model) for trial in used], dtype=np.float32),
        np.array([trial.noticed for trial in used], dtype=np.bool_),
        len({trial.stimulus.image for trial in used}),
        float(np.mean(repeats)) if repeats else None,
        Counter(why for why in whys.values() if why is not None),
    )


def learn_from_answers(
    calibrations: Sequence[Path], images: Path, out: Path, tell: Callable[[str], None]
) -> LearnedAnswers:
    """Fit each calibration's model beside those the artifact knows; nothing is written.

    Goes on from the answer_change part of `out`, or from the one that ships.

    Raises:
        ArtifactError: Neither has such a part, or it is damaged.
        ProfileError: A calibration has no readable profile.
        ValueError: A calibration has no trial of use, its pictures are others now, or its model answers at
            random.
    """
    has_own = (out / CARD).exists() and has_part(out, "answer_change")
    part = read_part(out if has_own else default_directory(), "answer_change")
    model = AnswerModel.from_part(part)
    learned = {}
    for folder in calibrations:
        trials = read_answer_trials(folder, images, model)
        told = describe_left_out(trials.left_out)
        if told is not None:
            tell(f"{folder}: {told}")
        learned[trials.profile.model] = {**asdict(refit(model, trials)), **describe(trials)}
    card = {name: value for name, value in part.card.items() if name not in FILE_FIELDS}
    card["models"] = {**part.card.get("models", {}), **learned}
    return LearnedAnswers(Part(part.tensors, card), learned)


def refit(model: AnswerModel, trials: AnswerTrials) -> OwnFlip:
    """Move the flip head from where other models have it to where this one's answers say.

    A logistic regression with a normal prior around the shipped head, so that few trials change little. More
    damage never makes a change less likely: where that fits best, damage is taken to say nothing.

    Raises:
        ValueError: The model answers at random: half of its answers to identical pictures change.
    """
    if trials.repeat_rate is not None and trials.repeat_rate >= _MOST_REPEATS_CHANGED:
        raise ValueError(
            f"{trials.profile.model} answers at random: {trials.repeat_rate:.0%} of its answers to identical "
            f"pictures change, expected less than {_MOST_REPEATS_CHANGED:.0%}"
        )
    shared = model.heads.flip
    spread = np.array([_PRIOR_SPREAD[0] * abs(float(shared[0])) + 1e-3, _PRIOR_SPREAD[1]])
    terms, penalty = flip_terms(trials.log_divergence), 1.0 / spread**2
    slope, constant = logistic(terms, trials.has_changed, penalty=penalty, centre=shared).tolist()
    if slope < 0:
        alone = logistic(terms[:, 1:], trials.has_changed, penalty=penalty[1:], centre=shared[1:])
        slope, constant = 0.0, float(alone[0])
    return OwnFlip(slope, constant)


def describe(trials: AnswerTrials) -> Mapping[str, Any]:
    """Return what the card says of a model's own trials."""
    return {
        "trials": len(trials.has_changed),
        "photographs": trials.photographs,
        "changed": round(float(trials.has_changed.mean()), 4),
        "repeat_rate": trials.repeat_rate,
        "trials_sha256": trials.digest(),
    }


def _divergence(trial: Trial, images: Path, profile: JndProfile, model: AnswerModel) -> float:
    stimulus = trial.stimulus
    references = References(images, (stimulus.image,), ())
    reference, version = render_pair(
        stimulus, DISTORTIONS[stimulus.distortion], references, profile.stimulus_side
    )
    rows = model.features(reference, [version], profile.input_side or UNKNOWN_SIDE)
    return float(model.heads.log_divergence(rows)[0])
