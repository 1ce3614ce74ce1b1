"""Tell what only the nearest known version lacks: an earlier one showed it already, pixel by pixel.

A picture is compared with the version that differs least. Where a page or an edit goes back, as a row that is
no longer lit or a photograph annotated after it was softened, that version has a faint difference of its own
from the ones before it, and the newcomer has not. Whoever hides something new cannot have shown it before.
"""

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import any_of_channels
from calibration.image import Image, Pixels

_UNIT = np.ones((33, 33), np.uint8)  # pixels around what people see, that a codec may have stored anew


def was_shown(version: Image, nearest: Image, seen: npt.NDArray[np.bool_], earlier: Iterable[Pixels]) -> bool:
    """Tell whether one earlier version is exactly as the newcomer where that differs unseen from the nearest.

    Args:
        version: The newcomer, as small as pictures are remembered.
        nearest: The version it was compared with, of the same size.
        seen: (H, W), where people see that the two differ; right beside it nothing is asked.
        earlier: All known versions; those of another size tell nothing.
    """
    beside = cv2.dilate(seen.view(np.uint8), _UNIT) > 0
    hidden = any_of_channels(version.pixels != nearest.pixels) & ~beside
    if not hidden.any():  # whatever was found lies elsewhere
        return False
    return any(
        known.shape == version.pixels.shape and np.array_equal(known[hidden], version.pixels[hidden])
        for known in earlier
    )
