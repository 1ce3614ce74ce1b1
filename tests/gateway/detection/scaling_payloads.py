"""Hide one picture in another so that it shows where that is shrunk without antialiasing.

The least change, in squares, after which the shrunk picture is the target: of `shrink(x) = L x Rᵀ` it is
`L⁺ (target - L x Rᵀ) R⁺ᵀ`, repeated where clipping has eaten of it (Xiao et al. 2019; anamorpher).
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

Kernel = Literal["nearest", "bilinear", "bicubic"]
Picture = npt.NDArray[np.uint8]
_CUBIC = -0.75  # OpenCV's and PyTorch's
_ROUNDS = 3


def shrinking(length: int, count: int, kernel: Kernel, *, from_corners: bool = False) -> sparse.csr_matrix:
    """Return the weights (count, length) of a kernel without antialiasing.

    `from_corners` reads where TensorFlow 1 does, and nearest neighbour of OpenCV and PyTorch.
    """
    targets = np.arange(count)
    step = length / count
    if kernel == "nearest":
        position = targets * step if from_corners else (targets + 0.5) * step
        taps = {0: np.ones(count)}
    else:
        position = targets * step if from_corners else (targets + 0.5) * step - 0.5
        part = position - np.floor(position)
        offsets = (0, 1) if kernel == "bilinear" else (-1, 0, 1, 2)
        weigh = _linear if kernel == "bilinear" else _cubic
        taps = {offset: weigh(np.abs(offset - part)) for offset in offsets}
    first = np.floor(position).astype(int)
    weights = sum(
        sparse.csr_matrix((values, (targets, np.clip(first + offset, 0, length - 1))), shape=(count, length))
        for offset, values in taps.items()
    )
    return sparse.csr_matrix(weights)


def hidden_in(cover: Picture, target: Picture, kernel: Kernel, *, from_corners: bool = False) -> Picture:
    """Change `cover` (h, w, 3) least, so that it shrinks to `target`."""
    down = shrinking(cover.shape[0], target.shape[0], kernel, from_corners=from_corners)
    across = shrinking(cover.shape[1], target.shape[1], kernel, from_corners=from_corners)
    back_down, back_across = _inverse(down), _inverse(across)
    hidden = cover.astype(float)
    for channel, wanted in enumerate(np.moveaxis(target.astype(float), 2, 0)):
        for _ in range(_ROUNDS):
            missing = wanted - (across @ (down @ hidden[:, :, channel]).T).T
            hidden[:, :, channel] += (back_across @ (back_down @ missing).T).T
            hidden[:, :, channel] = hidden[:, :, channel].clip(0, 255)
    return hidden.round().astype(np.uint8)


def shrunk(cover: Picture, side: int, kernel: Kernel, *, from_corners: bool = False) -> Picture:
    """Shrink a picture to a square as the kernel would."""
    down = shrinking(cover.shape[0], side, kernel, from_corners=from_corners)
    across = shrinking(cover.shape[1], side, kernel, from_corners=from_corners)
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
