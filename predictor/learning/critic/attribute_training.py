"""Learn noisiness, sharpness and brightness by relativity: which version of a picture has more of it.

The lines are then put on the 0-100 scale by the score of versions whose damage is known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from sklearn.linear_model import LogisticRegression

from calibration.image import Image, Pixels
from calibration.stimuli.registry import DISTORTIONS
from predictor.critic.attributes import AttributeModel, ranking_row, tone_row
from predictor.critic.measures import Floats, Measures, measure
from predictor.learning.critic.colour_training import Colours, train_colours
from predictor.learning.critic.kadid import damaged
from predictor.learning.critic.scale_tables import table_through
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
# How each exposure is made, by how much it is lighter in points, and how much it counts: light added to all
# tones, as a haze or a wrong black point does; all tones multiplied; KADID's curves, which leave both ends.
_ADDED = (-50, -35, -20, -10, -4, 0, 4, 10, 20, 35, 50)  # points of full light
_MULTIPLIED = (0.3, 0.6, 1.5, 2.2)
_CURVED = ((17, 5), (17, 4), (17, 3), (17, 2), (16, 2), (16, 3), (16, 4), (16, 5))  # kind and level
_STOP, _CURVE_STEP = 25.0, 8.0  # points that doubling all tones is worth, and a level of a curve
_ADDED_COUNTS = 4.0  # exposures of the other kinds count 1
_SHRINKAGE = 9.0
_ABSOLUTE = 25.0  # of mean light besides: what is dark without having been darkened looks dark all the same
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


@dataclass(frozen=True, eq=False)
class Exposures:
    """Rows that `tone_row` gives of photographs in exposures of known strength."""

    rows: Floats  # (N, 15)
    strength: Floats  # (N,) points by which each is lighter than the photograph
    weight: Floats  # (N,)


def exposures_of(photographs: Photographs) -> Exposures:
    """Make and measure the exposures of every photograph."""
    made = [
        (tone_row(measure(image)), *known) for one in photographs for image, *known in _exposed(one.image)
    ]
    rows, strength, weight = zip(*made, strict=True)
    return Exposures(np.stack(rows), np.array(strength, np.float32), np.array(weight, np.float32))


def versions_of(photographs: Photographs, seed: int = 6) -> Versions:
    """Make and measure the versions of every photograph."""
    rng = np.random.default_rng(seed)
    rows, owners = [], []
    for owner, photograph in enumerate(photographs):
        for version in _versions(photograph.image, rng):
            rows.append(ranking_row(measure(version)))
            owners.append(owner)
    return Versions(np.stack(rows), np.array(owners), list(VERSIONS) * len(photographs))


def train_attributes(versions: Versions, exposures: Exposures, colours: Colours) -> AttributeModel:
    """Fit the lines and their tables."""
    tones = _fit_tones(exposures)
    usual = float(np.median(exposures.rows[exposures.strength == 0] @ tones))
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
        tones,
        usual,
        mean.astype(np.float32),
        scale.astype(np.float32),
        weights,
        np.stack([scores for scores, _ in padded]).astype(np.float32),
        np.stack([values for _, values in padded]).astype(np.float32),
        train_colours(colours),
    )


def measured_rows(measures: Sequence[Measures]) -> Floats:
    """Return the ranking rows of what was measured already."""
    return np.stack([ranking_row(one) for one in measures])


def _exposed(image: Image) -> Iterator[tuple[Image, float, float]]:
    """Yield exposures, each with the points by which it is lighter, and how much it counts."""
    values = image.pixels.astype(np.float32)
    for added in _ADDED:
        yield Image(_as_pixels(values + 2.55 * added)), added, _ADDED_COUNTS
    for factor in _MULTIPLIED:
        yield Image(_as_pixels(values * factor)), _STOP * float(np.log2(factor)), 1.0
    for kind, level in _CURVED:
        points = _CURVE_STEP * level * (1 if kind == _CURVED[-1][0] else -1)
        yield damaged(image, kind=kind, level=level, rng=np.random.default_rng(0)), points, 1.0


def _as_pixels(values: Floats) -> Pixels:
    pixels: Pixels = np.clip(values + 0.5, 0, 255).astype(np.uint8)
    return pixels


def _fit_tones(exposures: Exposures) -> Floats:
    """Fit a line without negative weights to how much lighter exposures are, over all photographs at once."""
    scale = exposures.rows.std(axis=0) + 1e-6
    size = exposures.rows.shape[1]
    constant = np.ones((len(exposures.rows), 1))
    rows = np.hstack([exposures.rows / scale, constant, -constant]) * np.sqrt(exposures.weight)[:, None]
    shrinking = np.sqrt(_SHRINKAGE) * np.eye(size, size + 2)
    wanted = np.concatenate([exposures.strength * np.sqrt(exposures.weight), np.zeros(size)])
    tones = (nnls(np.vstack([rows, shrinking]), wanted)[0][:size] / scale).astype(np.float32)
    tones[0] += _ABSOLUTE
    fitted: Floats = tones
    return fitted


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
    knots = [float(np.median(scores[kinds == f"{kind} {level}"])) for (kind, level), _ in places]
    return table_through(knots, [value for _, value in places])


def _padded(
    scores: npt.NDArray[np.float64], values: npt.NDArray[np.float64], size: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    missing = size - len(scores)
    beyond = scores[-1] + np.arange(1, missing + 1)
    return np.concatenate([scores, beyond]), np.concatenate([values, np.full(missing, 100.0)])
