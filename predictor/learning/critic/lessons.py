"""Damage the training photographs, whole and in one ninth, and measure what the critic is fitted to."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.image import Image, Pixels
from predictor.critic.measures import Floats, Measures, fitted, measure
from predictor.critic.network import FeatureNetwork, look, shown
from predictor.learning.critic.fitting import Lessons
from predictor.learning.critic.kadid import KINDS, LEVELS, damaged
from predictor.learning.critic.remains_fitting import remaining
from predictor.learning.critic.split import fold_of
from predictor.learning.critic.views import Photograph, Photographs, grained, part_of, smaller

# Kinds that show within a ninth of a picture.
_LOCAL_KINDS = (1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 16, 17, 21, 22, 24)

_KINDS_EACH = 3  # kinds of damage to the whole of each photograph, at two levels each
_PARTS_EACH, _PART = 3, (0.6, 0.98)  # parts of each photograph as it is, and their share of both sides
_SMALLER_EACH = 2  # smaller copies, the second with grain, and as many that are damaged

Opinions = Mapping[tuple[int, int], float]


@dataclass(frozen=True, eq=False)
class Version:
    """What is kept of a picture made of a photograph, or of the photograph itself."""

    photograph: Photograph
    kind: int  # of KADID's; 0: the photograph itself
    level: int
    ninth: int  # that alone is damaged; -1: the whole picture
    is_copy: bool  # made of a part of the photograph, or of a smaller copy
    measures: Measures
    shown: Pixels  # what the critic's network looks at

    @property
    def is_whole(self) -> bool:
        """Tell whether no single place was damaged."""
        return self.ninth < 0

    @property
    def is_photograph(self) -> bool:
        """Tell whether it is as people scored it."""
        return not self.kind and not self.is_copy


@dataclass(frozen=True, eq=False)
class Gathered:
    """Whole pictures to score, and pictures damaged in one place to map."""

    lessons: Lessons
    measures: list[Measures]  # of photographs, and of those damaged in one ninth
    losses: Floats  # (N, 9) points each ninth of them loses


def load_opinions(path: Path) -> Opinions:
    """Read KADID-10k's table into mean opinions, 1 to 5, by type and level."""
    scores = defaultdict(list)
    with path.open(newline="") as table:
        for row in csv.DictReader(table):
            scores[int(row["type"]), int(row["lev"])].append(float(row["dmos"]))
    return {key: float(np.mean(values)) for key, values in scores.items()}


def render(photographs: Photographs, seed: int = 5) -> list[Version]:
    """Make and measure versions of every photograph: itself, parts, kinds of damage at two levels each.

    Smaller copies of it too, untouched and damaged. Every second photograph is also damaged in one ninth.
    """
    rng, parts_rng, smaller_rng, grain_rng = (np.random.default_rng(seed + stream) for stream in range(4))
    kinds: list[int] = []
    versions: list[Version] = []
    for place, photograph in enumerate(photographs):
        versions.append(_version(photograph, photograph.image, 0, 0))
        kinds = kinds if len(kinds) >= _KINDS_EACH else [*kinds, *map(int, rng.permutation(sorted(KINDS)))]
        for kind in kinds[:_KINDS_EACH]:
            for level in (int(one) + 1 for one in rng.choice(LEVELS, 2, replace=False)):
                image = damaged(photograph.image, kind=kind, level=level, rng=rng)
                versions.append(_version(photograph, image, kind, level))
        kinds = kinds[_KINDS_EACH:]
        if not place % 2:
            kind, level = int(rng.choice(_LOCAL_KINDS)), int(rng.integers(3, LEVELS + 1))
            ninth = int(rng.integers(9))
            image = damage_ninth(photograph.image, ninth=ninth, kind=kind, level=level, rng=rng)
            versions.append(_version(photograph, image, kind, level, ninth))
        for _ in range(_PARTS_EACH):
            part = Image(part_of(photograph.image.pixels, parts_rng.uniform(*_PART), parts_rng))
            versions.append(_version(photograph, part, 0, 0, is_copy=True))
        for number in range(_SMALLER_EACH):
            copy = smaller(photograph.image, smaller_rng)
            copy = grained(copy, grain_rng) if number % 2 else copy
            versions.append(_version(photograph, copy, 0, 0, is_copy=True))
            kind, level = int(smaller_rng.choice(sorted(KINDS))), int(smaller_rng.integers(1, LEVELS + 1))
            copy = smaller(photograph.image, smaller_rng)
            image = damaged(copy, kind=kind, level=level, rng=smaller_rng)
            versions.append(_version(photograph, image, kind, level, is_copy=True))
    return versions


def gather(versions: Sequence[Version], network: FeatureNetwork, opinions: Opinions) -> Gathered:
    """Have the network look at the versions, and say what each should score and lose."""
    rows, scored, measures, losses = [], [], [], []
    for version in versions:
        left = remaining(opinions, version.kind, version.level) if version.kind else 1.0
        points = version.photograph.mos
        if version.is_whole:
            rows.append(np.concatenate([version.measures.described(), look(network, version.shown)]))
            scored.append((points, left, fold_of(version.photograph.name), version.is_photograph))
        if version.is_photograph or not version.is_whole:
            measures.append(version.measures)
            lost = np.zeros(9, np.float32)
            lost[max(version.ninth, 0)] = points * (1 - left)
            losses.append(lost)
    mos, remains, fold, is_photograph = (np.array(column) for column in zip(*scored, strict=True))
    lessons = Lessons(np.stack(rows), mos.astype(np.float32), remains.astype(np.float32), fold, is_photograph)
    return Gathered(lessons, measures, np.stack(losses))


def damage_ninth(image: Image, *, ninth: int, kind: int, level: int, rng: np.random.Generator) -> Image:
    """Damage one ninth of a picture, 0 to 8 row by row, and nothing else."""
    row, column = divmod(ninth, 3)
    rows = slice(row * image.height // 3, (row + 1) * image.height // 3)
    columns = slice(column * image.width // 3, (column + 1) * image.width // 3)
    pixels = image.pixels.copy()
    part = Image(np.ascontiguousarray(pixels[rows, columns]))
    pixels[rows, columns] = damaged(part, kind=kind, level=level, rng=rng).pixels
    return Image(pixels)


def _version(
    photograph: Photograph, image: Image, kind: int, level: int, ninth: int = -1, *, is_copy: bool = False
) -> Version:
    looked_at = np.ascontiguousarray(shown(fitted(image.pixels)))
    return Version(photograph, kind, level, ninth, is_copy, measure(image), looked_at)
