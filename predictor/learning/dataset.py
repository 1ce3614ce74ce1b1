"""Pairs with an observer's answers: what the predictor learns from.

Where pairs come from is the matter of `sampling` (made for training) and `recorded` (a calibration's trials).
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from calibration.image import Image
from calibration.pictures import PHOTO_SUFFIXES
from calibration.profile import JndProfile
from calibration.stimuli.registry import DISTORTIONS

FAMILIES: tuple[str, ...] = tuple(DISTORTIONS)
NO_FAMILY = -1  # identical pictures, or several distortions together

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pair:
    """One reference and its distorted version, both at the model's view."""

    reference: Image
    distorted: Image
    photo: str  # the file it was cut from: photographs, not pairs, are split and resampled
    family: int  # index into FAMILIES, or NO_FAMILY
    level: float  # of that family; 0 where there is none


class AnsweredPairs(Protocol):
    """N pairs with an observer's answers, wherever their pictures are."""

    @property
    def photos(self) -> npt.NDArray[np.str_]:
        """Return the photograph of each, (N,)."""
        ...

    @property
    def families(self) -> npt.NDArray[np.int64]:
        """Return the distortion of each, (N,): an index into FAMILIES, or NO_FAMILY."""
        ...

    @property
    def levels(self) -> Floats:
        """Return the level of each, (N,); 0 where there is none."""
        ...

    @property
    def shifts(self) -> Floats:
        """Return ln of the model's thresholds over the observer's own, (N, families)."""
        ...

    @property
    def probabilities(self) -> Floats:
        """Return how likely the observer says "different", (N,)."""
        ...

    def __len__(self) -> int: ...

    def shown(self) -> Iterator[tuple[Image, Image]]:
        """Go through the pictures, reference and distorted, as they were shown."""
        ...

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Self:
        """Return the chosen pairs."""
        ...

    def digest(self) -> str:
        """Return a SHA-256 that tells these pairs and answers from all others."""
        ...


class Answers(Protocol):
    """One observer's answers and its profile; the pairs may be rendered one by one."""

    @property
    def pairs(self) -> AnsweredPairs:
        """Return the pairs answered."""
        ...

    @property
    def profile(self) -> JndProfile:
        """Return the observer's profile."""
        ...


@dataclass(frozen=True, eq=False)
class PairSet:
    """N labelled pairs as arrays; all views share one side."""

    references: npt.NDArray[np.uint8]  # (N, S, S, 3)
    distorted: npt.NDArray[np.uint8]  # (N, S, S, 3)
    photos: npt.NDArray[np.str_]  # (N,)
    families: npt.NDArray[np.int64]  # (N,)
    levels: Floats  # (N,)
    shifts: Floats  # (N, families) ln of the model's thresholds over the observer's own
    probabilities: Floats  # (N,) of the observer saying "different"

    def __len__(self) -> int:
        return len(self.levels)

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> "PairSet":
        """Return the chosen pairs."""
        return PairSet(**{item.name: getattr(self, item.name)[chosen] for item in fields(self)})

    def shown(self) -> Iterator[tuple[Image, Image]]:
        """Go through the pictures, reference and distorted."""
        for reference, distorted in zip(self.references, self.distorted, strict=True):
            yield Image(reference), Image(distorted)

    def digest(self) -> str:
        """Return the SHA-256 of the distorted pictures and the answers."""
        return hashlib.sha256(self.distorted.tobytes() + self.probabilities.tobytes()).hexdigest()


def shifts_of(shifts: Floats, families: Sequence[str]) -> Floats:
    """Pick the columns of (N, FAMILIES) shifts that a network knows: it may have been trained before some."""
    return np.ascontiguousarray(shifts[:, [FAMILIES.index(name) for name in families]])


def pair_set(pairs: Sequence[Pair], shifts: Floats, probabilities: Floats) -> PairSet:
    """Gather pairs and their answers.

    Raises:
        ValueError: There is no pair.
    """
    if not pairs:
        raise ValueError("expected at least one pair with an answer, got none")
    return PairSet(
        references=np.stack([pair.reference.pixels for pair in pairs]),
        distorted=np.stack([pair.distorted.pixels for pair in pairs]),
        photos=np.array([pair.photo for pair in pairs]),
        families=np.array([pair.family for pair in pairs], dtype=np.int64),
        levels=np.array([pair.level for pair in pairs], dtype=np.float32),
        shifts=np.asarray(shifts, dtype=np.float32),
        probabilities=np.asarray(probabilities, dtype=np.float32),
    )


def join(sets: Sequence[PairSet]) -> PairSet:
    """Put several sets of one view side into one."""
    return PairSet(
        **{item.name: np.concatenate([getattr(one, item.name) for one in sets]) for item in fields(PairSet)}
    )


def split_photos(
    answered: Sequence[PairSet], share: float, rng: np.random.Generator
) -> list[tuple[PairSet, PairSet]]:
    """Split every observer's pairs by the same photographs: those of about `share` of them, then the rest.

    Raises:
        ValueError: An observer answered about photographs of the first part alone.
    """
    names = np.unique(np.concatenate([pairs.photos for pairs in answered]))
    chosen = rng.permutation(names)[: max(1, round(share * len(names)))]
    held = [np.isin(pairs.photos, chosen) for pairs in answered]
    if any(one.all() for one in held):
        raise ValueError("expected answers about more photographs: nothing is left to learn from")
    return [(pairs.take(one), pairs.take(~one)) for pairs, one in zip(answered, held, strict=True)]


def photo_files(folder: Path) -> list[Path]:
    """List the pictures below a folder, sorted by path.

    Raises:
        ValueError: There is none.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    if not found:
        raise ValueError(f"expected pictures (PNG, JPEG, WebP) below {folder}, found none")
    return found
