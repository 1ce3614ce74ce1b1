"""Put together what one model answered in several places: its calibrations, and what it was asked now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from calibration.image import Image
from calibration.profile import JndProfile
from predictor.learning.dataset import AnsweredPairs, Answers, Floats
from predictor.own_thresholds import is_estimated


@dataclass(frozen=True, eq=False)
class PairsTogether:
    """Pairs of several sources, one after another."""

    sources: tuple[AnsweredPairs, ...]

    def __len__(self) -> int:
        return sum(map(len, self.sources))

    def shown(self) -> Iterator[tuple[Image, Image]]:
        """Go through the pictures of every source."""
        for source in self.sources:
            yield from source.shown()

    @cached_property
    def photos(self) -> npt.NDArray[np.str_]:
        """Return the photograph of each, (N,)."""
        return np.concatenate([source.photos for source in self.sources])

    @cached_property
    def families(self) -> npt.NDArray[np.int64]:
        """Return the distortion of each, (N,)."""
        return np.concatenate([source.families for source in self.sources])

    @cached_property
    def levels(self) -> Floats:
        """Return the level of each, (N,)."""
        return np.concatenate([source.levels for source in self.sources])

    @cached_property
    def shifts(self) -> Floats:
        """Return the shifts of each, (N, families)."""
        return np.concatenate([source.shifts for source in self.sources])

    @cached_property
    def probabilities(self) -> Floats:
        """Return how likely the model says "different", (N,)."""
        return np.concatenate([source.probabilities for source in self.sources])

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "PairsTogether":
        """Return the chosen pairs, those of the first source first."""
        is_chosen = np.isin(np.arange(len(self)), np.arange(len(self))[chosen])
        ends = np.cumsum([len(source) for source in self.sources])[:-1]
        parts = zip(self.sources, np.split(is_chosen, ends), strict=True)
        return PairsTogether(tuple(source.take(part) for source, part in parts))

    def digest(self) -> str:
        """Return a SHA-256 that tells these pairs and answers from all others."""
        return sha256("".join(source.digest() for source in self.sources).encode()).hexdigest()


@dataclass(frozen=True)
class LessonTogether:
    """Everything one model answered, under one profile."""

    pairs: AnsweredPairs
    profile: JndProfile


def put_together(lessons: Sequence[Answers]) -> list[Answers]:
    """Make one lesson of each model's; the first profile counts, with thresholds only others measured."""
    found: list[Answers] = []
    for model in dict.fromkeys(lesson.profile.model for lesson in lessons):
        of_model = [lesson for lesson in lessons if lesson.profile.model == model]
        if len(of_model) == 1:
            found.append(of_model[0])
            continue
        pairs = PairsTogether(tuple(lesson.pairs for lesson in of_model))
        found.append(LessonTogether(pairs, _merged([lesson.profile for lesson in of_model])))
    return found


def _merged(profiles: Sequence[JndProfile]) -> JndProfile:
    distortions = dict(profiles[0].distortions)
    for profile in profiles[1:]:
        for name, other in profile.distortions.items():
            mine = distortions.get(name)
            if mine is None or (not is_estimated(mine) and is_estimated(other)):
                distortions[name] = other
    return replace(profiles[0], distortions=distortions)
