"""Measure what tells grain from an added pattern: traces of demosaicing, of light, of colour gains.

A sensor records one colour per pixel: the interpolated ones are smoother, in a 2 x 2 rhythm. Its noise grows
with the light, and white balance and colour matrix leave it unequal between channels. A perturbation within
a bound is equally strong everywhere and in every channel. Each is a measure here; none decides alone.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_SIDE = 16  # pixels of the blocks in which light and noise are compared
_CHANNELS = ("red", "green", "blue")


def measure_grain(pixels: Floats, residual: Floats) -> dict[str, Floats]:
    """Measure (n, S, S, 3) tiles in grey levels and their high-pass residual -> name: (n,)."""
    found = _mosaic_rhythm(pixels)
    found |= _channel_gains(residual)
    return found | _light_dependence(pixels[..., 1], residual[..., 1])


def _mosaic_rhythm(pixels: Floats) -> dict[str, Floats]:
    """How unlike the four places of the 2 x 2 mosaic are in detail (after Gallagher and Chen 2008)."""
    middle = pixels[:, 1:-1, 1:-1]
    around = pixels[:, :-2, 1:-1] + pixels[:, 2:, 1:-1] + pixels[:, 1:-1, :-2] + pixels[:, 1:-1, 2:]
    detail = np.abs(middle - 0.25 * around)
    n, side = detail.shape[0], detail.shape[1] // 2
    by_place = detail.reshape(n, side, 2, side, 2, 3).transpose(1, 3, 0, 2, 4, 5)
    places = _mean_of_rows(by_place.reshape(side * side, -1)).reshape(n, 4, 3)
    energy = np.log(places + 0.02)  # (n, 4 places, 3 channels)
    found = {f"mosaic_{name}": np.ptp(energy[..., index], axis=1) for index, name in enumerate(_CHANNELS)}
    diagonal = energy[:, 0] + energy[:, 3] - energy[:, 1] - energy[:, 2]  # (n, 3)
    return found | {"mosaic_diagonal": np.abs(diagonal[:, 1])}


def _channel_gains(residual: Floats) -> dict[str, Floats]:
    """How unequal the noise of the channels is, by its mean magnitude."""
    n = len(residual)
    pixels = np.abs(residual).reshape(n, -1, 3).transpose(1, 0, 2)
    level = np.log(_mean_of_rows(pixels.reshape(pixels.shape[0], -1)).reshape(n, 3) + 0.05)
    return {
        "gain_red": level[:, 0] - level[:, 1],
        "gain_blue": level[:, 2] - level[:, 1],
        "gain_spread": np.ptp(level, axis=1),
    }


def _light_dependence(green: Floats, residual: Floats) -> dict[str, Floats]:
    """Whether noise grows with light, and how evenly strong it is, among the flatter half of the blocks."""
    light = _block_means(green)
    noise = 0.5 * np.log(_block_means(residual * residual) + 0.01)  # log of the rms
    order = np.argsort(noise, axis=1)[:, : max(2, noise.shape[1] // 2)]
    light, noise = np.take_along_axis(light, order, axis=1), np.take_along_axis(noise, order, axis=1)
    light, centred = light - light.mean(axis=1, keepdims=True), noise - noise.mean(axis=1, keepdims=True)
    together = (light * centred).mean(axis=1)
    return {
        "light_slope": together / ((light * light).mean(axis=1) + 4.0),
        "light_correlation": together / (light.std(axis=1) * centred.std(axis=1) + 1e-2),
        "even_strength": centred.std(axis=1),
    }


def _mean_of_rows(rows: Floats) -> Floats:
    """Return the mean of (m, k) over the first axis: along short strides it takes four times as long."""
    total: Floats = rows.sum(axis=0)
    return total / np.float32(len(rows))


def _block_means(plane: Floats) -> Floats:
    n, rows, columns = plane.shape[0], plane.shape[1] // _SIDE, plane.shape[2] // _SIDE
    cut = plane[:, : rows * _SIDE, : columns * _SIDE].reshape(n, rows, _SIDE, columns, _SIDE)
    means: Floats = cut.mean(axis=(2, 4)).reshape(n, rows * columns)
    return means
