"""Tell what only the nearest known version lacks: an earlier one showed it already, pixel by pixel.

A picture is compared with the version that differs least. Where a page or an edit goes back, as a row that is
no longer lit or a photograph annotated after it was softened, that version has a faint difference of its own
from the ones before it, and the newcomer has not. Whoever hides something new cannot have shown it before.
"""

from collections.abc import Iterable

import numpy as np

from calibration.across_channels import any_of_channels
from calibration.image import Image, Pixels

_OF_WHAT_IS_HIDDEN = 0.99  # pixels that one earlier version has exactly so


def was_shown(version: Image, expected: Image, earlier: Iterable[Pixels]) -> bool:
    """Tell whether one earlier version is exactly as the newcomer where that differs unseen from the nearest.

    Args:
        version: The newcomer, as small as pictures are remembered.
        expected: The nearest version, were nothing but what is visible changed; of the same size.
        earlier: All known versions; those of another size tell nothing.
    """
    hidden = any_of_channels(version.pixels != expected.pixels)
    least = _OF_WHAT_IS_HIDDEN * np.count_nonzero(hidden)
    return any(
        known.shape == version.pixels.shape
        and np.count_nonzero((known[hidden] == version.pixels[hidden]).all(axis=1)) >= least
        for known in earlier
    )
