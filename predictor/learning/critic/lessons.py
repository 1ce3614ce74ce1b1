"""Damage the training photographs, whole and in one ninth, and measure what the critic is fitted to."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.image import Image
from predictor.critic.measures import Floats, Measures
from predictor.critic.network import FeatureNetwork
from predictor.critic.specialist import examine
from predictor.learning.critic.fitting import Lessons, remaining
from predictor.learning.critic.kadid import KINDS, LEVELS, damaged
from predictor.learning.critic.split import fold_of
from predictor.learning.critic.views import Photograph, Photographs

# Kinds that show within a ninth of a picture.
_LOCAL_KINDS = (1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 16, 17, 21, 22, 24)

Opinions = Mapping[tuple[int, int], float]


@dataclass(frozen=True)
class Version:
    """A picture made of a photograph."""

    image: Image
    kind: int  # of KADID's; 0: the photograph itself
    level: int
    ninth: int  # that alone is damaged; -1: the whole picture


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


def gather(photographs: Photographs, network: FeatureNetwork, opinions: Opinions, seed: int = 5) -> Gathered:
    """Make and examine the versions of every photograph."""
    rng = np.random.default_rng(seed)
    rows, scored, measures, losses = [], [], [], []
    for place, photograph in enumerate(photographs):
        for version in _versions(photograph, place, rng):
            left = remaining(opinions, version.kind, version.level) if version.kind else 1.0
            measured, row = examine(version.image, network)
            if version.ninth < 0:
                rows.append(row)
                scored.append((photograph.mos, left, fold_of(photograph.name)))
            if version.ninth >= 0 or not version.kind:
                measures.append(measured)
                lost = np.zeros(9, np.float32)
                lost[max(version.ninth, 0)] = photograph.mos * (1 - left)
                losses.append(lost)
    mos, remains, fold = (np.array(column) for column in zip(*scored, strict=True))
    lessons = Lessons(np.stack(rows), mos.astype(np.float32), remains.astype(np.float32), fold)
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


def _versions(photograph: Photograph, place: int, rng: np.random.Generator) -> Iterator[Version]:
    kinds = sorted(KINDS)
    yield Version(photograph.image, 0, 0, -1)
    yield _whole(photograph.image, kinds[place % len(kinds)], rng)
    if place % 2:
        yield _whole(photograph.image, kinds[place // 2 % len(kinds)], rng)
        return
    kind, level = int(rng.choice(_LOCAL_KINDS)), int(rng.integers(3, LEVELS + 1))
    ninth = int(rng.integers(9))
    image = damage_ninth(photograph.image, ninth=ninth, kind=kind, level=level, rng=rng)
    yield Version(image, kind, level, ninth)


def _whole(image: Image, kind: int, rng: np.random.Generator) -> Version:
    level = int(rng.integers(1, LEVELS + 1))
    return Version(damaged(image, kind=kind, level=level, rng=rng), kind, level, -1)
