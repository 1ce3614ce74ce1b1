"""BRISQUE, NIQE and a linear probe on pretrained networks, to stand beside the critic in one run.

Own code, since the packages at hand bring torchvision or licences that this project does not take. BRISQUE
(Mittal, Moorthy, Bovik 2012): 36 features and a support vector regression, fitted to the same photographs as
the critic. NIQE (Mittal, Soundararajan, Bovik 2013): the distance of a picture's patches from those of good
photographs.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from scipy.special import gamma
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVR

from calibration.image import load
from predictor.learning.critic.teacher import Teacher

Floats = npt.NDArray[np.float64]

# By classifier, the last layer with features before its classes, and the side it was made for.
_PROBED = {
    "mobilenet_v1_0.5_160_quant": ("mean", 160),
    "mobilenet_v2_1.0_224_quant": ("mean", 224),
    "squeezenet_v1.0_dc": ("cat_7", 227),
}
_PATCH = 96  # pixels, at full size
_SHARP = 0.75  # of the sharpest patch: a pristine patch has at least this


@dataclass(frozen=True, eq=False)
class Niqe:
    """The natural patches' normal distribution."""

    mean: Floats  # (36,)
    covariance: Floats  # (36, 36)

    def distance(self, patches: Floats) -> float:
        """Return how far a picture's patches (P, 36) are from natural: lower is better."""
        difference = self.mean - np.nanmean(patches, axis=0)
        pooled = (self.covariance + np.cov(patches, rowvar=False)) / 2
        return float(np.sqrt(difference @ np.linalg.pinv(pooled) @ difference))


def fit_niqe(pictures: list[tuple[Floats, Floats]]) -> Niqe:
    """Fit to patches of good photographs, (P, 36), and their sharpness, (P,)."""
    kept = np.concatenate([patches[sharp >= _SHARP * sharp.max()] for patches, sharp in pictures])
    return Niqe(kept.mean(axis=0), np.cov(kept, rowvar=False))


def fit_brisque(rows: Floats, mos: Floats) -> Pipeline:
    """Fit BRISQUE's regression to rows (N, 36)."""
    return make_pipeline(MinMaxScaler((-1, 1)), SVR(C=100, gamma=0.1, epsilon=1)).fit(rows, mos)


def probe(networks: Path, learnt: list[Path], mos: Floats, held: list[Path]) -> dict[str, Floats]:
    """Fit to photographs and their scores; return each probe's prediction of the held-out ones."""
    predicted, known, new = {}, [], []
    for name, (layer, side) in _PROBED.items():
        teacher = Teacher(networks / f"{name}.pt2", (layer,))
        known.append(np.stack([_features_of(teacher, path, side) for path in learnt]))
        new.append(np.stack([_features_of(teacher, path, side) for path in held]))
        predicted[f"probe_{name.split('_')[0]}_{name.split('_')[1]}"] = _ridge(known[-1], mos, new[-1])
    predicted["probe_all"] = _ridge(np.hstack(known), mos, np.hstack(new))
    return predicted


def _features_of(teacher: Teacher, path: Path, side: int) -> Floats:
    view = cv2.resize(load(path).pixels, (side, side), interpolation=cv2.INTER_AREA)
    return teacher.features(view)[0].mean(axis=(0, 1), dtype=np.float64)


def _ridge(known: Floats, mos: Floats, new: Floats) -> Floats:
    """The strength of the penalty is chosen by leaving out one photograph each."""
    return make_pipeline(StandardScaler(), RidgeCV(np.logspace(1, 5, 17))).fit(known, mos).predict(new)


def described(pixels: npt.NDArray[np.uint8]) -> tuple[Floats, Floats, Floats]:
    """Return BRISQUE's row (36,), NIQE's patches (P, 36) and their sharpness (P,)."""
    light = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float64)
    whole, parts, sharpness = [], [], np.zeros(0)
    for octave in range(2):
        mean = cv2.GaussianBlur(light, (7, 7), 7 / 6)
        spread = np.sqrt(np.abs(cv2.GaussianBlur(light * light, (7, 7), 7 / 6) - mean * mean))
        normal = (light - mean) / (spread + 1)
        whole.append(_features(normal.reshape(1, *normal.shape))[0])
        side = _PATCH >> octave
        parts.append(_features(_tiles(normal, side)))
        if not octave:
            sharpness = _tiles(spread, side).mean(axis=(1, 2))
        light = cv2.resize(light, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_CUBIC)
    return np.concatenate(whole), np.hstack(parts), sharpness


def _tiles(plane: Floats, side: int) -> Floats:
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    cut = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return cut.transpose(0, 2, 1, 3).reshape(-1, side, side)


def _features(tiles: Floats) -> Floats:
    """Return (P, 18) of tiles (P, S, S)."""
    flat = tiles.reshape(len(tiles), -1)
    variance = (flat**2).mean(axis=1)
    shape = _ggd_shape(variance / np.maximum(np.abs(flat).mean(axis=1) ** 2, 1e-12))
    found = [shape, variance]
    for near, far in (
        (tiles[:, :, :-1], tiles[:, :, 1:]),
        (tiles[:, :-1], tiles[:, 1:]),
        (tiles[:, :-1, :-1], tiles[:, 1:, 1:]),
        (tiles[:, :-1, 1:], tiles[:, 1:, :-1]),
    ):
        found += _aggd((near * far).reshape(len(tiles), -1))
    return np.stack(found, axis=1)


def _aggd(values: Floats) -> list[Floats]:
    """Return shape, mean, left and right variance of asymmetric generalised Gaussians."""
    left = np.sqrt((values**2 * (values < 0)).sum(axis=1) / np.maximum((values < 0).sum(axis=1), 1)) + 1e-9
    right = np.sqrt((values**2 * (values > 0)).sum(axis=1) / np.maximum((values > 0).sum(axis=1), 1)) + 1e-9
    ratio = left / right
    r = np.abs(values).mean(axis=1) ** 2 / np.maximum((values**2).mean(axis=1), 1e-12)
    shape = _ggd_shape(1 / np.maximum(r * (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2, 1e-9))
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    mean = (right - left) * scale * gamma(2 / shape) / gamma(1 / shape)
    return [shape, mean, left**2, right**2]


def _ggd_shape(ratio: Floats) -> Floats:
    shapes, ratios = _shape_table()
    return shapes[np.clip(np.searchsorted(-ratios, -ratio), 0, len(shapes) - 1)]


@cache
def _shape_table() -> tuple[Floats, Floats]:
    shapes = np.arange(0.2, 10, 0.001)
    return shapes, gamma(1 / shapes) * gamma(3 / shapes) / gamma(2 / shapes) ** 2  # falls
