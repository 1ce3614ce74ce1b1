"""Have shrinking show what people see: give the pixels it reads a share of those it skips.

Kernels without antialiasing read a few pixels of each step, and what those show may be another picture. A
mean over the step leaves nothing to choose between; what is finer is lost, to whom the size is small anyway.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image
from gateway.providers.sizes import Size


def blend_skipped(image: Image, shown: Size) -> Image:
    """Return the picture at its own size, averaged over the steps in which shrinking to `shown` reads it."""
    across, down = _mean_over(image.width / shown.width), _mean_over(image.height / shown.height)
    blended = cv2.sepFilter2D(image.pixels, -1, across, down, borderType=cv2.BORDER_REFLECT_101)
    return Image(np.asarray(blended, dtype=np.uint8))


def _mean_over(step: float) -> npt.NDArray[np.float32]:
    """Return the weights of a mean as wide as a step, whole pixels or not; 1 leaves a pixel as it is."""
    whole, part = divmod(max(step - 1.0, 0.0) / 2, 1.0)
    weights = np.concatenate([[part], np.ones(2 * int(whole) + 1), [part]]).astype(np.float32)
    return np.asarray(weights / weights.sum(), dtype=np.float32)
