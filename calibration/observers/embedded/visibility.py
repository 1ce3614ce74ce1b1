"""How visible a change is to the observer we train: the target its answers are taught to follow.

A contrast-masking measure, not a fact about any real model. Its floors were set so that the thresholds on our
level scales fall between the human and the Gemini 2.0 Flash columns of the LMM-JND paper (arXiv 2507.00490,
main table), which makes the embedded observer's JND a designed one: the model card says so.
"""

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Pixels
from calibration.observers.embedded.taste import USUAL, Taste

Floats = npt.NDArray[np.floating[Any]]

_BAND_SIGMAS = (1.0, 2.5, 6.0)  # pixels of the model's input
_CHROMA_FLOORS = (7.0, 5.0, 5.0, 8.0)
_RESPONSE_FLOOR = 0.004  # P("different") on identical pairs, and the reverse at full visibility


def visibility(reference: Pixels, distorted: Pixels, taste: Taste = USUAL) -> float:
    """Return how visible a change is between two (H, W, 3) pictures; 1.0 is noticed half of the time."""
    first, second = _opponent(reference), _opponent(distorted)
    pooled = 0.0
    for channel, floors in enumerate((taste.luma_floors, _CHROMA_FLOORS, _CHROMA_FLOORS)):
        content, change = _bands(first[..., channel]), _bands(second[..., channel] - first[..., channel])
        for band, (signal, masker) in enumerate(zip(change, content, strict=True)):
            local = (
                np.sqrt(cv2.GaussianBlur(masker * masker, (0, 0), 3.0)) if band < len(_BAND_SIGMAS) else 0.0
            )
            excess = np.abs(signal) / (floors[band] + taste.masking * local)
            pooled += float(np.mean(excess**taste.pooling))
    return float(np.power(pooled, 1 / taste.pooling))


def notice_probability(visible: float, taste: Taste = USUAL) -> float:
    """Return P("different") for a visibility: a Weibull function through one half at 1.0."""
    rise = 1 - math.pow(2.0, -(visible**taste.slope))
    return _RESPONSE_FLOOR + (1 - 2 * _RESPONSE_FLOOR) * rise


def _opponent(pixels: Pixels) -> Floats:
    scaled = np.ascontiguousarray(pixels, dtype=np.float32) / 255
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2YCrCb)) * 255


def _bands(channel: Floats) -> list[Floats]:
    """Split into band-passes, fine to coarse, and what is left."""
    rest, bands = channel, []
    for sigma in _BAND_SIGMAS:
        smooth = np.asarray(cv2.GaussianBlur(rest, (0, 0), sigma))
        bands.append(rest - smooth)
        rest = smooth
    return [*bands, rest]
