"""Is this a changed copy of that picture, or another one of similar hash?"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import furthest_of_channels, mean_of_channels
from calibration.image import Image

_GRID = 16  # blocks a side when asking whether two pictures are the same
_BLOCK_TOLERANCE = 14.0  # grey levels between block means
_SAME_SHARE = 0.7  # of the blocks
_DETAIL_SIDE = 128  # pixels
_DETAIL_CORRELATION = 0.5


def is_same_picture(first: Image, second: Image) -> bool:
    """Tell a changed copy from another picture of similar hash: most coarse blocks must agree."""
    if abs(np.log(first.width * second.height / (first.height * second.width))) > 0.03:
        return False
    coarse = [_squeezed(image, _GRID) for image in (first, second)]
    distance = furthest_of_channels(coarse[0] - coarse[1])
    if (distance <= _BLOCK_TOLERANCE).mean() < _SAME_SHARE:
        return False
    details = [_detail(_squeezed(image, _DETAIL_SIDE)) for image in (first, second)]
    energies = [float((detail * detail).mean()) for detail in details]
    if max(energies) < 1.0:  # both flat: nothing but the coarse blocks to compare
        return True
    shared = float((details[0] * details[1]).mean())
    return shared >= _DETAIL_CORRELATION * float(np.sqrt(energies[0] * energies[1]))


def _squeezed(image: Image, side: int) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.resize(image.pixels, (side, side), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _detail(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    grey = mean_of_channels(pixels)
    return np.asarray(grey - cv2.blur(grey, (9, 9)), dtype=np.float32)
