"""Hide one picture in another so that it shows where that is shrunk without antialiasing.

The least change, in squares, after which the shrunk picture is the target: of `shrink(x) = L x Rᵀ` it is
`L⁺ (target - L x Rᵀ) R⁺ᵀ`, repeated where clipping has eaten of it (Xiao et al. 2019; anamorpher).
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

Kernel = Literal["nearest", "bilinear", "bicubic", "lanczos"]
Picture = npt.NDArray[np.uint8]
_CUBIC = -0.75  # OpenCV's and PyTorch's
_ROUNDS = 3


def shrinking(
    length: int, count: int, kernel: Kernel, *, from_corners: bool = False, to_ends: bool = False
) -> sparse.csr_matrix:
    """Return the weights (count, length) of a kernel without antialiasing.

    `from_corners` reads where TensorFlow 1 does, and nearest neighbour of OpenCV and PyTorch; `to_ends` from
    the first pixel to the last, as PyTorch does with `align_corners`.
    """
    targets = np.arange(count)
    step = length / count
    if kernel == "nearest":
        position = targets * step if from_corners else (targets + 0.5) * step
        taps = {0: np.ones(count)}
    else:
        position = targets * step if from_corners else (targets + 0.5) * step - 0.5
        position = targets * (length - 1) / (count - 1) if to_ends else position
        part = position - np.floor(position)
        reach, weigh = _KERNELS[kernel]
        taps = {offset: weigh(np.abs(offset - part)) for offset in range(1 - reach, reach + 1)}
    first = np.floor(position).astype(int)
    weights = sum(
        sparse.csr_matrix((values, (targets, np.clip(first + offset, 0, length - 1))), shape=(count, length))
        for offset, values in taps.items()
    )
    return sparse.csr_matrix(weights)


def hidden_in(
    cover: Picture, target: Picture, kernel: Kernel, *, from_corners: bool = False, to_ends: bool = False
) -> Picture:
    """Change `cover` (h, w, 3) least, so that it shrinks to `target`."""
    down, across = (
        shrinking(*lengths, kernel, from_corners=from_corners, to_ends=to_ends)
        for lengths in zip(cover.shape[:2], target.shape[:2], strict=True)
    )
    back_down, back_across = _inverse(down), _inverse(across)
    hidden = cover.astype(float)
    for channel, wanted in enumerate(np.moveaxis(target.astype(float), 2, 0)):
        for _ in range(_ROUNDS):
            missing = wanted - (across @ (down @ hidden[:, :, channel]).T).T
            hidden[:, :, channel] += (back_across @ (back_down @ missing).T).T
            hidden[:, :, channel] = hidden[:, :, channel].clip(0, 255)
    return hidden.round().astype(np.uint8)


def shrunk(
    cover: Picture, side: int, kernel: Kernel, *, from_corners: bool = False, to_ends: bool = False
) -> Picture:
    """Shrink a picture to a square as the kernel would."""
    down, across = (
        shrinking(length, side, kernel, from_corners=from_corners, to_ends=to_ends)
        for length in cover.shape[:2]
    )
    channels = [(across @ (down @ one.astype(float)).T).T for one in np.moveaxis(cover, 2, 0)]
    return np.stack(channels, axis=2).clip(0, 255).round().astype(np.uint8)


def _inverse(weights: sparse.csr_matrix) -> npt.NDArray[np.float64]:
    return weights.T @ np.linalg.inv((weights @ weights.T).toarray())


def _linear(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.maximum(1 - distance, 0)


def _cubic(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    near = (_CUBIC + 2) * distance**3 - (_CUBIC + 3) * distance**2 + 1
    far = _CUBIC * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))


def _sinc(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(distance < 4, np.sinc(distance) * np.sinc(distance / 4), 0)


_KERNELS = {"bilinear": (1, _linear), "bicubic": (2, _cubic), "lanczos": (4, _sinc)}  # pixels to either side
