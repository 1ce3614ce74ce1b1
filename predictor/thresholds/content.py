"""Read off a picture what decides how much damage it hides: the response to a little of every distortion.

For each family the change that a little of it would make is written down in closed form (no codec runs, no
level is tried), split into octaves, divided by the local contrast that masks it, and pooled: contrast gain
control as in Watson & Solomon (1997), with Quick pooling. Beside it stand the picture's own statistics.

Content is relative: it says how this picture differs from others. It is therefore read at one size, whatever
the model's input; what a model's resolution does to all pictures alike is in its profile. Turning content
into thresholds is the matter of `content_effect`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image
from calibration.opponent import OPPONENT
from predictor.thresholds.content_fields import FIELDS_OF, Floats, fields_of
from predictor.views import model_view

CONTENT_SIDE = 96  # pixels: every picture is read at this size, squashed into a square
STATISTICS = 32  # numbers that describe the picture itself
POOLED = 10  # numbers per field
_OCTAVES = 3  # band-passes; what is left is one more band
_FLOORS = np.array([4.0, 6.0, 6.0], dtype=np.float32)  # grey levels of Y, Cb, Cr seen without any masking
_MASKING = 0.3  # share of the local contrast that hides a change
_LEAST = 1e-3  # of a response: far below one grey level anywhere
_CHROMA_ZERO = np.array([0.0, 128.0, 128.0], dtype=np.float32)
_PER_COARSE_COLOR = np.float32(1 / 16)  # grey levels
_COLOR_PLACES = np.array([256, 16, 1], dtype=np.float32)
_NO_RESPONSES: Floats = np.zeros(0, dtype=np.float32)
_FLAT, _EDGE = 1.5, 20.0  # grey levels of local contrast; of gradient per pixel


@dataclass(frozen=True, eq=False)
class Content:
    """What was read off one picture; every number is finite."""

    statistics: Floats  # of the picture itself, for every family alike
    responses: Mapping[str, Floats]  # by family: POOLED natural logarithms for each of its fields

    def described(self, family: str) -> Floats:
        """Return the statistics, then the family's own responses, where it has fields."""
        return np.concatenate([self.statistics, self.responses.get(family, _NO_RESPONSES)])


def readings_of(family: str) -> int:
    """Return how many numbers describe a picture for this family."""
    return STATISTICS + POOLED * len(FIELDS_OF.get(family, ()))


def read_content(image: Image) -> Content:
    """Measure one picture of any size and shape."""
    pixels = model_view(_halved(image), CONTENT_SIDE).pixels.astype(np.float32)
    opponent = pixels @ OPPONENT.T  # (S, S, 3) Y, Cb, Cr
    bands = _octaves(opponent)
    local = [_local_contrast(band) for band in bands[:-1]]
    masks = [*(_FLOORS + _MASKING * one for one in local), np.broadcast_to(2 * _FLOORS, bands[-1].shape)]
    gains = [np.asarray(1.0 / mask, dtype=np.float32) for mask in masks]
    pooled = _pool(fields_of(pixels, opponent), gains)
    responses = {
        family: np.concatenate([pooled[field] for field in fields]) for family, fields in FIELDS_OF.items()
    }
    return Content(_statistics(pixels, opponent, bands, local), responses)


def _halved(image: Image) -> Image:
    """Halve large pictures by area, which is fast, as long as twice the reading size is left."""
    pixels = image.pixels
    while min(pixels.shape[:2]) >= 4 * CONTENT_SIDE:
        height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
        even = pixels[: 2 * height, : 2 * width]
        pixels = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
    return Image(pixels)


def _octaves(stack: Floats) -> list[Floats]:
    """Split (S, S, channels) into a Laplacian pyramid: three octaves, fine to coarse, and the rest."""
    rest, bands = stack, []
    for _ in range(_OCTAVES):
        small = cv2.pyrDown(rest)
        bands.append(rest - cv2.pyrUp(small, dstsize=(rest.shape[1], rest.shape[0])))
        rest = small
    return [*bands, rest]


def _local_contrast(band: Floats) -> Floats:
    return np.asarray(np.sqrt(np.maximum(cv2.blur(band * band, (5, 5)), 0)))  # running sums fall below zero


def _pool(changes: Mapping[str, Floats], gains: list[Floats]) -> dict[str, Floats]:
    """Return POOLED numbers a field: luma and chroma of each band, then all of them by exponents 4 and 2."""
    # One field at a time: small arrays are reused, large ones would be mapped anew for every picture.
    moments = np.stack([_moments(change, gains) for change in changes.values()])  # (fields, bands, 2, 3)
    second, fourth = moments[:, :, 0], moments[:, :, 0] ** 2 + moments[:, :, 1] ** 2
    split = np.stack([fourth[..., 0], fourth[..., 1] + fourth[..., 2]], axis=2).reshape(len(moments), -1)
    total = np.stack([fourth.sum(axis=(1, 2)), second.sum(axis=(1, 2)) ** 2], axis=1)
    logs = np.log(np.concatenate([split, total], axis=1) ** 0.25 + _LEAST).astype(np.float32)
    return dict(zip(changes, logs, strict=True))


def _moments(change: Floats, gains: list[Floats]) -> npt.NDArray[np.float64]:
    """Return the mean and the deviation of squared responses, in one pass over the pixels: (bands, 2, 3)."""
    found = np.empty((len(gains), 2, 3))
    for row, band, gain in zip(found, _octaves(change), gains, strict=True):
        response = cv2.multiply(band, gain)
        mean, deviation = cv2.meanStdDev(cv2.multiply(response, response))
        row[0], row[1] = mean[:, 0], deviation[:, 0]
    return found


def _statistics(pixels: Floats, opponent: Floats, bands: list[Floats], local: list[Floats]) -> Floats:
    """Octave contrasts and their spread, flatness, edges, light, colour, and how much looks like print."""
    spread = [np.log(_deciles(one[..., 0].ravel()) + 0.1) for one in local]
    chroma = [np.log(np.sqrt(np.mean(band[..., 1:] ** 2)) + 0.1) for band in bands]
    luma = opponent[..., 0]
    across, down = np.abs(np.diff(luma, axis=1)), np.abs(np.diff(luma, axis=0))
    steep = (across > _EDGE).mean(), (down > _EDGE).mean()
    extreme = (luma < 40) | (luma > 215)
    light = [luma.mean(), luma.std(), (pixels > 235).mean(), (pixels < 20).mean(), extreme.mean()]
    print_like = (extreme[:, 1:] & (across > 2 * _EDGE)).mean()
    edges = [*steep, np.log(across.mean() + 0.1), np.log(down.mean() + 0.1), print_like]
    flat = [(local[0][..., 0] < _FLAT).mean(), (local[1][..., 0] < _FLAT).mean()]
    middle = slice(CONTENT_SIDE // 4, -CONTENT_SIDE // 4)
    centre = [luma[middle, middle].mean(), np.log(luma[middle, middle].std() + 0.1)]
    values = [*np.concatenate(spread), *chroma, *light, *edges, *flat, *centre, *_colours(opponent)]
    return np.asarray(values, dtype=np.float32)


def _colours(opponent: Floats) -> list[float]:
    """Entropy and number of coarse colours, and the volume the colours span: what a palette must hold."""
    coarse = np.floor(np.clip((opponent + _CHROMA_ZERO) * _PER_COARSE_COLOR, 0, 15))
    counts = np.bincount((coarse @ _COLOR_PLACES).astype(np.intp).ravel())
    shares = counts[counts > 0] / counts.sum()
    flat = opponent.reshape(-1, 3) - opponent.mean(axis=(0, 1))
    covariance = (flat.T @ flat / len(flat)).astype(np.float64) + np.eye(3)
    spans = 0.5 * np.log(np.linalg.eigvalsh(covariance))
    return [float(-(shares * np.log(shares)).sum()), float(np.log(len(shares))), *spans.tolist()]


def _deciles(values: Floats) -> Floats:
    """Return the first, the fifth and the ninth."""
    places = [len(values) // 10, len(values) // 2, 9 * len(values) // 10]
    return np.asarray(np.partition(values, places)[places])
