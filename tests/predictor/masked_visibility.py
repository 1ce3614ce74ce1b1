from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from predictor.learning.dataset import Pair


class MaskedVisibility:
    """A made-up observer: band-limited contrast against internal noise, masked by the reference's texture.

    Stands in for a model; `acuity` scales all its thresholds.
    """

    def __init__(self, *, acuity: float = 1.0) -> None:
        self._acuity = acuity

    def label(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        """Return P(says "different"), with 2 % false alarms and lapses."""
        return np.array([self._probability(pair) for pair in pairs])

    def _probability(self, pair: Pair) -> float:
        reference, distorted = _luma_chroma(pair.reference.pixels), _luma_chroma(pair.distorted.pixels)
        visible = 0.0
        for sensitivity in (1.0, 2.0, 1.5, 0.7):  # fine to coarse
            low_reference, low_distorted = cv2.pyrDown(reference), cv2.pyrDown(distorted)
            size = (reference.shape[1], reference.shape[0])
            band = reference - cv2.pyrUp(low_reference, dstsize=size)
            other = distorted - cv2.pyrUp(low_distorted, dstsize=size)
            mask = cv2.blur(np.abs(band[..., :1]), (5, 5)).reshape(*band.shape[:2], 1)
            signal = sensitivity * (other - band) / (6.0 + 0.8 * mask)
            worst = cv2.resize(signal**2, (6, 6), interpolation=cv2.INTER_AREA).max()
            visible += float(worst) + float(np.mean(signal**2))
            reference, distorted = low_reference, low_distorted
        visible += 0.02 * float(np.mean((distorted - reference) ** 2)) / 9.0
        size_in_jnds = np.sqrt(visible) * self._acuity / 0.35
        return float(0.02 + 0.96 * (1.0 - 2.0 ** -min(size_in_jnds**4, 100.0)))


def _luma_chroma(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb), dtype=np.float32)
