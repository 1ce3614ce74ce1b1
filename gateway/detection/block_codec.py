"""Tell a difference that a codec of blocks left, as films have it, from noise that somebody added.

A frame of a film differs from the one before by a few waves in each block of 8 x 8 pixels: seen on the
codec's own grid they are few, on a grid moved by half a block they are many. Noise is many waves on either.
Only of use where the pictures were neither shrunk nor stored anew by another such codec, unless finely.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.opponent import LUMA
from predictor.residual.strata import Codec

Floats = npt.NDArray[np.float32]

_BLOCK = 8  # pixels
_WAVES = 4  # of 63: the strongest of a block
# Share of a block's energy in its strongest waves, median of the blocks, by the quality of the JPEG that the
# picture came in; coarser ones make few waves of any noise. Lossless: frames of a film .66 to .85, noise .3,
# noise stored once as a JPEG of quality 75 .63; at 95, noise of two levels .66; at 90, films .94, noise .78.
_LEAST_IN_FEW = 0.66
_LEAST_IN_FEW_OF_JPEG = ((94, 0.75), (88, 0.85))  # quality and more
_LEAST_GAIN = 0.22  # over the same on the moved grid
_LEAST_LEVELS = 0.5  # grey levels rms of a block that is looked at
_LEAST_BLOCKS = 20


def is_of_block_codec(difference: Floats, codec: Codec) -> bool:
    """Tell whether a difference (H, W, 3), in grey levels, was left by blocks before `codec` stored it."""
    least = _least_in_few(codec)
    plane = np.ascontiguousarray(difference @ LUMA, dtype=np.float32)
    own = _in_few_waves(plane)
    if own is None or own < least:
        return False
    half = _BLOCK // 2
    moved = _in_few_waves(plane[half:, half:])
    return moved is not None and own - moved >= _LEAST_GAIN


def _least_in_few(codec: Codec) -> float:
    if codec.is_lossless:
        return _LEAST_IN_FEW
    quality = codec.jpeg_quality or 0
    return next((share for least, share in _LEAST_IN_FEW_OF_JPEG if quality >= least), np.inf)


def _in_few_waves(plane: Floats) -> float | None:
    """Return what share of a block's energy, its mean apart, its strongest waves have; None: too little."""
    rows, columns = (length // _BLOCK for length in plane.shape)
    whole = plane[: rows * _BLOCK, : columns * _BLOCK]
    blocks = whole.reshape(rows, _BLOCK, columns, _BLOCK).transpose(0, 2, 1, 3)  # (rows, columns, 8, 8)
    waves = np.square(_WAVES_OF_BLOCK @ blocks @ _WAVES_OF_BLOCK.T).reshape(-1, _BLOCK * _BLOCK)[:, 1:]
    energies = waves.sum(axis=1)
    chosen = energies >= _LEAST_LEVELS**2 * _BLOCK**2
    if int(chosen.sum()) < _LEAST_BLOCKS:
        return None
    strongest = np.partition(waves[chosen], -_WAVES, axis=1)[:, -_WAVES:].sum(axis=1)
    return float(np.median(strongest / energies[chosen]))


_WAVES_OF_BLOCK = np.asarray(cv2.dct(np.eye(_BLOCK, dtype=np.float32), flags=cv2.DCT_ROWS).T)
