"""A calibration's trials as pairs, rendered again one by one, as the observer saw them.

Pictures keep the size they were shown at: what a model is judged by, whole or tile by tile, is decided where
it is decided for every other pair. Nothing is rendered before it is looked at, and nothing is kept.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from calibration.image import Image
from calibration.profile import JndProfile, load_profile
from calibration.session.references import References, Renderer
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Trial, read_trials
from predictor.learning.dataset import FAMILIES, NO_FAMILY, Floats
from predictor.learning.shown_pictures import ShownPictures, find_shown

_UNCOUNTED = "the reply could not be counted"
_UNKNOWN = "the distortion is not known here"


@dataclass(frozen=True, eq=False)
class RecordedPairs:
    """N trials of one model whose pictures can be shown again."""

    trials: tuple[Trial, ...]
    images: Path
    stimulus_side: int | None  # pixels the pictures were shown at; None: as they are

    def __len__(self) -> int:
        return len(self.trials)

    def shown(self) -> Iterator[tuple[Image, Image]]:
        """Render pair after pair: the reference, and its rival at the rival's own size.

        Raises:
            ImageError: A picture is no longer readable.
        """
        renderer = Renderer(References(self.images, (), ()), self.stimulus_side)
        for trial in self.trials:
            yield renderer.pair(trial.stimulus, DISTORTIONS[trial.stimulus.distortion])

    @cached_property
    def photos(self) -> npt.NDArray[np.str_]:
        """Return each trial's picture, (N,)."""
        return np.array([trial.stimulus.image for trial in self.trials], dtype=np.str_)

    @cached_property
    def families(self) -> npt.NDArray[np.int64]:
        """Return each trial's distortion, (N,); NO_FAMILY for identical pairs."""
        found = [
            NO_FAMILY if one.is_catch else FAMILIES.index(one.stimulus.distortion) for one in self.trials
        ]
        return np.array(found, dtype=np.int64)

    @cached_property
    def levels(self) -> Floats:
        """Return each trial's level, (N,); 0 where the reference was damaged itself."""
        stimuli = [trial.stimulus for trial in self.trials]
        return np.array([0.0 if one.reference_level else one.level for one in stimuli], dtype=np.float32)

    @cached_property
    def shifts(self) -> Floats:
        """Return zeros, (N, families): the model answered for itself."""
        return np.zeros((len(self), len(FAMILIES)), dtype=np.float32)

    @cached_property
    def probabilities(self) -> Floats:
        """Return how likely the model said "different", (N,): as it stated, or 0 and 1."""
        return np.array([_probability(trial) for trial in self.trials], dtype=np.float32)

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "RecordedPairs":
        """Return the chosen trials."""
        return replace(self, trials=tuple(self.trials[index] for index in np.arange(len(self))[chosen]))

    def digest(self) -> str:
        """Return the SHA-256 of what was shown and answered, whatever it is rendered to."""
        told = [[asdict(trial.stimulus), _probability(trial)] for trial in self.trials]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class RecordedLesson:
    """What a calibration tells of one model."""

    pairs: RecordedPairs
    profile: JndProfile
    left_out: Mapping[str, int]  # trials, by reason


def read_recorded(calibration: Path, images: Path) -> RecordedLesson:
    """Read a calibration directory; pictures are looked up in `images` by the names in its trials.

    Replies that could not be counted, and trials whose picture is not there, are left out and counted.

    Raises:
        ProfileError: The directory's profile is not readable.
        TrialLogError: Its trial log is not readable.
        DirectoryError: Its session is not readable.
        ValueError: No trial is left, the pictures are others, or the trials answer a task question.
    """
    profile = load_profile(calibration)
    trials = read_trials(calibration / "trials.jsonl")
    _refuse_task_trials(calibration, trials)
    pictures = find_shown(calibration, images, (trial.stimulus.image for trial in trials))
    whys = [_why_left_out(trial, pictures) for trial in trials]
    used = tuple(trial for trial, why in zip(trials, whys, strict=True) if why is None)
    if not used:
        raise ValueError(f"expected trials in {calibration} with pictures in {images}, found none")
    left_out = Counter(why for why in whys if why is not None)
    return RecordedLesson(RecordedPairs(used, images, profile.stimulus_side), profile, left_out)


def _refuse_task_trials(calibration: Path, trials: Sequence[Trial]) -> None:
    """Their "noticed" means that an answer changed: a network of noticing must not learn it."""
    if any(trial.reference_reply is not None for trial in trials):
        raise ValueError(
            f"expected trials of the difference question in {calibration}, got a task question's: they say "
            "whether answers changed, not what was noticed; train learns from them, answer predicts them"
        )


def _why_left_out(trial: Trial, pictures: ShownPictures) -> str | None:
    if trial.noticed is None:
        return _UNCOUNTED
    if trial.stimulus.distortion not in DISTORTIONS:
        return _UNKNOWN
    return pictures.why_unusable(trial.stimulus.image)


def _probability(trial: Trial) -> float:
    if trial.probability is not None and math.isfinite(trial.probability):
        return float(trial.probability)
    return float(bool(trial.noticed))
