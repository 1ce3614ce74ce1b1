"""Explain a change of light and colour over a whole picture by curves, as filters and editors have them."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_SAMPLE = 20_000  # pixels the curves are fitted to
_CURVE_GAIN = 0.7  # of the error that colour curves may leave, else the colours are as they were
_LEAST_GAIN = 0.3  # grey levels
_LEAST_SLOPE = 0.15  # of a curve
_MOST_FLATTENED = 0.25  # of the pixels
_CLIPPED = 2.0  # grey levels from black and white
_RIDGE_PIXELS = 50.0


def toned_like(first: Floats, second: Floats, where: Mask) -> Floats:
    """Bring the first to the second's light and colours, as far as curves over the whole explain them.

    Args:
        first: (H, W, 3), grey levels 0 to 255.
        second: Likewise.
        where: (H, W), the places that the curves are fitted to.

    Returns:
        The very same array as came first, where no curves explain enough.
    """
    chosen = np.flatnonzero(where.ravel())
    if chosen.size < _RIDGE_PIXELS:
        return first
    chosen = chosen[:: max(1, chosen.size // _SAMPLE)]
    # Blurred: curves fitted to noisy levels would take the noise for contrast.
    before, after = (cv2.blur(each, (5, 5)).reshape(-1, 3)[chosen] for each in (first, second))
    most = _CURVE_GAIN * float(np.abs(before - after).mean()) - _LEAST_GAIN
    if most <= 0.0:
        return first
    fits = [_fitted(before, after, mixing) for mixing in (_UNMIXED, _mixing(before, after))]
    left, mixing, curves = min(fits, key=lambda fit: fit[0])
    if left > most or _flattens(before, mixing, curves):
        return first
    return _applied(first.reshape(-1, 3), mixing, curves).reshape(first.shape)


def read_curve(levels: Floats, curve: Floats) -> npt.NDArray[np.float64]:
    """Read a curve between its 256 levels: the numbers of `np.interp`, which searches for each one's place.

    Args:
        levels: (N,), 0 to 255.
        curve: (256,).
    """
    exact = curve.astype(np.float64)
    below = levels.astype(np.intp)
    return np.asarray(np.diff(exact, append=exact[-1]).take(below) * (levels - below) + exact.take(below))


def _flattens(before: Floats, mixing: Floats, curves: Sequence[Floats]) -> bool:
    """Tell whether curves make one level of many, clipping apart: that would take out what was hidden."""
    mixed = np.rint(np.clip(_with_constant(before) @ mixing, 0, 255)).astype(np.int64)
    for channel, curve in enumerate(curves):
        counts = np.bincount(mixed[:, channel], minlength=256)
        is_clipped = (curve[1:] >= 255 - _CLIPPED) | (curve[:-1] <= _CLIPPED)
        flattened = np.minimum(counts[1:], counts[:-1])[(np.diff(curve) < _LEAST_SLOPE) & ~is_clipped]
        if flattened.sum() > _MOST_FLATTENED * len(mixed):
            return True
    return False


def _fitted(before: Floats, after: Floats, mixing: Floats) -> tuple[float, Floats, list[Floats]]:
    mixed = _with_constant(before) @ mixing
    curves = [_curve(mixed[:, channel], after[:, channel]) for channel in range(3)]
    return float(np.abs(_applied(before, mixing, curves) - after).mean()), mixing, curves


def _applied(colours: Floats, mixing: Floats, curves: Sequence[Floats]) -> Floats:
    mixed = np.clip(_with_constant(colours) @ mixing, 0, 255)
    channels = [read_curve(mixed[:, c], curve).astype(np.float32) for c, curve in enumerate(curves)]
    return np.stack(channels, axis=1)


_LEVELS = np.arange(256, dtype=np.float32)
_UNMIXED: Floats = np.eye(4, 3, dtype=np.float32)


def _with_constant(colours: Floats) -> Floats:
    return np.hstack([colours, np.ones((len(colours), 1), dtype=np.float32)])


def _mixing(before: Floats, after: Floats) -> Floats:
    """Fit colours by a linear mixture of channels (4, 3), pulled towards the colours as they were."""
    kept = ((after > _CLIPPED) & (after < 255 - _CLIPPED)).all(axis=1)
    inputs = _with_constant(before[kept]).astype(np.float64)
    ridge = _RIDGE_PIXELS * np.diag([100.0, 100.0, 100.0, 1.0])
    solved = np.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ after[kept] + ridge @ _UNMIXED)
    return np.asarray(solved, dtype=np.float32)


def _curve(mixed: Floats, after: Floats) -> Floats:
    """Fit one channel's rising curve over its 256 levels: the mean offset around each level."""
    mixed = np.clip(mixed, 0, 255)  # as it is applied: what went beyond black and white is there
    levels = np.rint(mixed).astype(np.int64)
    counts, sums = (
        np.convolve(np.bincount(levels, weights, minlength=256), [0.25, 0.5, 0.25], mode="same")
        for weights in (np.ones_like(mixed), after - mixed)
    )
    known = counts > 0
    curve = _LEVELS + np.interp(_LEVELS, _LEVELS[known], sums[known] / counts[known])
    rising = np.maximum.accumulate(curve) + np.minimum.accumulate(curve[::-1])[::-1]
    return np.asarray(rising / 2, dtype=np.float32)
