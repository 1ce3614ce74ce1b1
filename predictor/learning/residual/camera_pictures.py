"""Photograph a picture once more: what its noise would look like straight from a camera's raw file.

Sensor noise is born in the mosaic, one colour per pixel, stronger in the light. Demosaicing spreads it over
neighbours, the colour matrix and the tone curve over channels and shadows. Perturbations added afterwards
know nothing of that; these pictures show the residual detector the difference. Optics are left out.
Training and calibration only.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_WHITE = 65535.0
_GAMMA = 2.2
_MIN_SIDE = 128
# The sensor's own colours -> sRGB, a typical matrix; rows sum to one so that white stays white.
_COLOURS = np.array([[1.7, -0.5, -0.2], [-0.25, 1.55, -0.3], [0.0, -0.6, 1.6]], dtype=np.float32)
# Which colour lies at (0, 0), (0, 1), (1, 0), (1, 1), with OpenCV's names (of the second row) for it.
_PATTERNS: Sequence[tuple[tuple[int, int, int, int], tuple[int, int]]] = (
    ((0, 1, 1, 2), (cv2.COLOR_BayerRGGB2RGB, cv2.COLOR_BayerRGGB2RGB_EA)),
    ((2, 1, 1, 0), (cv2.COLOR_BayerBGGR2RGB, cv2.COLOR_BayerBGGR2RGB_EA)),
    ((1, 0, 2, 1), (cv2.COLOR_BayerGRBG2RGB, cv2.COLOR_BayerGRBG2RGB_EA)),
    ((1, 2, 0, 1), (cv2.COLOR_BayerGBRG2RGB, cv2.COLOR_BayerGBRG2RGB_EA)),
)


def photograph_again(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Shrink away old compression, then undo, mosaic, add noise, and develop (Brooks et al. 2019, sec. 3)."""
    scene = _shrunk(pixels, rng)
    matrix = _colour_matrix(rng)
    gains = np.array([rng.uniform(1.4, 2.4), 1.0, rng.uniform(1.3, 2.0)], dtype=np.float32)
    linear = (scene.astype(np.float32) / 255.0) ** _GAMMA
    sensor = np.clip(linear @ np.linalg.inv(matrix).T, 0.0, 1.0) / gains
    raw_colours = _demosaiced(sensor.astype(np.float32), rng)
    developed = np.clip(np.clip(raw_colours * gains, 0.0, 1.0) @ matrix.T, 0.0, 1.0) ** (1.0 / _GAMMA)
    return _finished(developed.astype(np.float32), rng)


def _shrunk(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    scale = max(rng.uniform(0.5, 0.85), _MIN_SIDE / min(pixels.shape[:2]))
    if scale >= 1.0:
        return pixels
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _colour_matrix(rng: np.random.Generator) -> Floats:
    strength = rng.uniform(0.2, 1.0)
    return np.asarray(strength * _COLOURS + (1.0 - strength) * np.eye(3), dtype=np.float32)


def _demosaiced(sensor: Floats, rng: np.random.Generator) -> Floats:
    """Sample one colour per pixel, add shot and read noise (their eq. 1-3), interpolate the others."""
    order, codes = _PATTERNS[int(rng.integers(len(_PATTERNS)))]
    raw = np.empty(sensor.shape[:2], dtype=np.float32)
    for index, channel in enumerate(order):
        raw[index // 2 :: 2, index % 2 :: 2] = sensor[index // 2 :: 2, index % 2 :: 2, channel]
    shot = np.exp(rng.uniform(np.log(2e-5), np.log(8e-3)))
    read = np.exp(2.18 * np.log(shot) + 1.2 + 0.26 * rng.standard_normal())
    noisy = raw + rng.standard_normal(raw.shape, dtype=np.float32) * np.sqrt(shot * raw + read)
    counts = np.round(np.clip(noisy, 0.0, 1.0) * _WHITE).astype(np.uint16)
    developed = cv2.cvtColor(counts, codes[int(rng.integers(len(codes)))])
    return np.asarray(developed, dtype=np.float32) / np.float32(_WHITE)


def _finished(developed: Floats, rng: np.random.Generator) -> Pixels:
    """Smooth colour noise, sharpen and shrink, each in some cameras only; round to 8 bits."""
    if rng.random() < 0.4:
        planes = cv2.cvtColor(developed, cv2.COLOR_RGB2YCrCb)
        planes[..., 1:] = cv2.GaussianBlur(planes[..., 1:], (0, 0), rng.uniform(0.8, 3.0))
        developed = np.asarray(cv2.cvtColor(planes, cv2.COLOR_YCrCb2RGB), dtype=np.float32)
    if rng.random() < 0.4:
        blurred = cv2.GaussianBlur(developed, (0, 0), rng.uniform(0.6, 1.5))
        developed = developed + np.float32(rng.uniform(0.2, 1.0)) * (developed - blurred)
    if rng.random() < 0.25 and min(developed.shape[:2]) >= 1.6 * _MIN_SIDE:
        scale = rng.uniform(0.62, 0.95)
        size = (round(developed.shape[1] * scale), round(developed.shape[0] * scale))
        developed = np.asarray(cv2.resize(developed, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    return np.clip(np.round(developed * 255.0), 0, 255).astype(np.uint8)
