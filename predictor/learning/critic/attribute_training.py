"""Learn noisiness and sharpness by relativity: which of two versions of a picture is noisier, sharper.

The lines are then put on the 0-100 scale by the mean score of versions whose damage is known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from calibration.image import Image
from calibration.stimuli.registry import DISTORTIONS
from predictor.critic.attributes import AttributeModel, ranking_row
from predictor.critic.measures import Floats, Measures, measure
from predictor.learning.critic.kadid import damaged
from predictor.learning.critic.views import Photographs

# Kind and level of each version, in the order in which they are made.
VERSIONS = (
    ("clean", 0.0),
    *(("noise", level) for level in (1.5, 4.0, 9.0, 20.0, 45.0)),
    *(("blur", level) for level in (1.0, 2.0, 4.0, 9.0)),
    *(("sharpen", level) for level in (1.0, 3.0)),
    ("jpeg", 80.0),
)
# Where versions lie on the scales: 20 of noisiness is grain seen when looked for.
_NOISINESS = (
    *((("clean", 0.0), 6.0), (("noise", 1.5), 12.0), (("noise", 4.0), 20.0), (("noise", 9.0), 38.0)),
    *((("noise", 20.0), 65.0), (("noise", 45.0), 90.0)),
)
_SHARPNESS = (
    *((("blur", 9.0), 6.0), (("blur", 4.0), 16.0), (("blur", 2.0), 28.0), (("blur", 1.0), 38.0)),
    *((("clean", 0.0), 52.0), (("sharpen", 1.0), 72.0), (("sharpen", 3.0), 90.0)),
)
_NOISE_RANK = {("noise", level): rank for rank, level in enumerate((1.5, 4.0, 9.0, 20.0, 45.0), start=1)}
_SHARP_RANK: dict[tuple[str, float], float] = {
    ("blur", 9.0): -4,
    ("blur", 4.0): -3,
    ("blur", 2.0): -2,
    ("blur", 1.0): -1,
    ("clean", 0.0): 0,
    ("sharpen", 1.0): 1,
    ("sharpen", 3.0): 2,
    **{("noise", level): -0.5 for level in (1.5, 4.0, 9.0, 20.0)},  # grain is no detail
}


@dataclass(frozen=True, eq=False)
class Versions:
    """Rows that `ranking_row` gives of versions of photographs."""

    rows: Floats  # (N, F)
    photograph: npt.NDArray[np.intp]  # (N,) of which it is a version
    made: Sequence[tuple[str, float]]  # kind and level of each


def versions_of(photographs: Photographs, seed: int = 6) -> Versions:
    """Make and measure the versions of every photograph."""
    rng = np.random.default_rng(seed)
    rows, owners = [], []
    for owner, photograph in enumerate(photographs):
        for version in _versions(photograph.image, rng):
            rows.append(ranking_row(measure(version)))
            owners.append(owner)
    return Versions(np.stack(rows), np.array(owners), list(VERSIONS) * len(photographs))


def train_attributes(versions: Versions) -> AttributeModel:
    """Fit both lines and their tables."""
    mean, scale = versions.rows.mean(axis=0), versions.rows.std(axis=0) + 1e-6
    rows = (versions.rows - mean) / scale
    # Blur and JPEG leave a picture no noisier than it was; noise says nothing of sharpness either way.
    noise_rank = np.array(
        [_NOISE_RANK.get(made, 0 if made[0] in {"clean", "sharpen"} else -1) for made in versions.made]
    )
    sharp_rank = np.array([_SHARP_RANK.get(made, np.nan) for made in versions.made])
    noisiness = _ranked(rows, versions.photograph, noise_rank.astype(float))
    sharpness = _ranked(rows, versions.photograph, sharp_rank)
    weights = np.stack([noisiness, sharpness]).astype(np.float32)
    tables = [
        _table(rows @ line, versions.made, places)
        for line, places in ((noisiness, _NOISINESS), (sharpness, _SHARPNESS))
    ]
    knots = max(len(scores) for scores, _ in tables)
    padded = [_padded(scores, values, knots) for scores, values in tables]
    return AttributeModel(
        mean.astype(np.float32),
        scale.astype(np.float32),
        weights,
        np.stack([scores for scores, _ in padded]).astype(np.float32),
        np.stack([values for _, values in padded]).astype(np.float32),
    )


def measured_rows(measures: Sequence[Measures]) -> Floats:
    """Return the ranking rows of what was measured already."""
    return np.stack([ranking_row(one) for one in measures])


def _versions(image: Image, rng: np.random.Generator) -> Iterator[Image]:
    seed = int(rng.integers(1_000_000_000))
    for kind, level in VERSIONS:
        if kind == "clean":
            yield image
        elif kind == "sharpen":
            yield damaged(image, kind=24, level=int(level), rng=rng)
        else:
            yield DISTORTIONS[kind].apply(image, level, np.random.default_rng(seed))


def _ranked(
    rows: Floats, owners: npt.NDArray[np.intp], ranks: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Fit a line by pairs: all of one photograph, and as many of two, whose ranks differ."""
    rng = np.random.default_rng(0)
    known = np.flatnonzero(~np.isnan(ranks))
    same = [
        (a, b)
        for owner in np.unique(owners)
        for a in known[owners[known] == owner]
        for b in known[owners[known] == owner]
    ]
    across = rng.choice(known, size=(len(same), 2))
    pairs = np.array([(a, b) for a, b in (*same, *map(tuple, across)) if ranks[a] > ranks[b]])
    differences = rows[pairs[:, 0]] - rows[pairs[:, 1]]
    signs = rng.choice([-1.0, 1.0], size=len(pairs))
    fitted = LogisticRegression(C=0.01, fit_intercept=False, max_iter=200).fit(
        differences * signs[:, None], signs
    )
    line: npt.NDArray[np.float64] = fitted.coef_[0]
    return line


def _table(
    scores: npt.NDArray[np.floating],
    made: Sequence[tuple[str, float]],
    places: Sequence[tuple[tuple[str, float], float]],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    kinds = np.array([f"{kind} {level}" for kind, level in made])
    knots = np.array([np.median(scores[kinds == f"{kind} {level}"]) for (kind, level), _ in places])
    values = np.array([value for _, value in places])
    first, last = (knots[1] - knots[0]), (knots[-1] - knots[-2])  # as steep beyond the ends
    low = knots[0] - first * values[0] / (values[1] - values[0])
    high = knots[-1] + last * (100 - values[-1]) / (values[-1] - values[-2])
    return np.maximum.accumulate(np.array([low, *knots, high])), np.array([0.0, *values, 100.0])


def _padded(
    scores: npt.NDArray[np.float64], values: npt.NDArray[np.float64], size: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    missing = size - len(scores)
    beyond = scores[-1] + np.arange(1, missing + 1)
    return np.concatenate([scores, beyond]), np.concatenate([values, np.full(missing, 100.0)])
