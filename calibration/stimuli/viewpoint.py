"""Camera angle and distance: the reference is a wall, one metre away, that just fills the view.

Level 0 is the reference itself. A pan or an approach is a planar homography; what lies beyond the wall's
edge is its mirror image, as on the side walls of a room papered alike. One degree and one centimetre per
level, the paper's steps; its Ansys Speos scenes are not public.

OpenCV's warp rounds differently from processor to processor. Both motions here move a pixel's column by its
column alone, so two passes of four products each, in numpy, do the same on every machine.
"""

import math

import numpy as np
import numpy.typing as npt

from calibration.image import Image
from calibration.stimuli.distortion import Distortion

_WALL_DISTANCE_CM = 100.0
_HORIZONTAL_VIEW_DEGREES = 60.0
_CUBIC = -0.75  # the kernel's slope at one pixel, OpenCV's choice
_STEPS_PER_PIXEL = 4096  # coarse enough that the last bit of a library's sine changes nothing
_COLUMNS_AT_ONCE = 256  # bounds memory

Coordinates = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]


def angle_degrees(level: float) -> float:
    """Pan to the right, one degree per level, the paper's step.

    The view is 60 degrees wide, so at level 50 only a sixth of it is shared with the reference.
    """
    return level


def _angle(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001 - the family's signature
    turn = math.radians(angle_degrees(level))
    sine, cosine = math.sin(turn), math.cos(turn)
    focal = image.width / 2 / math.tan(math.radians(_HORIZONTAL_VIEW_DEGREES / 2))
    right = _from_middle(image.width) / focal
    depth = cosine - sine * right  # (W,), positive: the view ends 80 degrees from where it was
    x = (image.width - 1) / 2 + focal * ((cosine * right + sine) / depth)
    return _warp(image, x, 1 / depth)


def distance_cm(level: float) -> float:
    """Approach towards the wall at 100 cm, one centimetre per level, the paper's step.

    Half way at level 50, where things look twice as large.
    """
    return level


def _distance(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    remaining = (_WALL_DISTANCE_CM - distance_cm(level)) / _WALL_DISTANCE_CM
    x = (image.width - 1) / 2 + _from_middle(image.width) * remaining
    return _warp(image, x, np.full(image.width, remaining))


def _from_middle(size: int) -> Coordinates:
    return np.arange(size, dtype=np.float64) - (size - 1) / 2


def _warp(image: Image, source_x: Coordinates, stretch: Coordinates) -> Image:
    """Fetch each pixel from where it was, bicubic, mirrored beyond the edges.

    `source_x` (W,) is the column each column comes from, `stretch` (W,) how many rows one row of it spans,
    counted from the middle.
    """
    if 1 in (image.width, image.height):
        return image  # a line has no perspective
    warped = np.empty_like(image.pixels)
    for left in range(0, image.width, _COLUMNS_AT_ONCE):
        columns = slice(left, left + _COLUMNS_AT_ONCE)
        moved = _interpolate_columns(image.pixels, source_x[columns])  # (H, columns, 3)
        source_y = (image.height - 1) / 2 + _from_middle(image.height)[:, None] * stretch[None, columns]
        stretched = _interpolate_rows(moved, source_y)
        warped[:, columns] = np.clip(stretched + np.float32(0.5), 0, 255).astype(np.uint8)
    return Image(warped)


def _interpolate_columns(pixels: npt.NDArray[np.uint8], source: Coordinates) -> npt.NDArray[np.float32]:
    whole, weights = _taps(source)
    result = np.zeros((pixels.shape[0], len(source), 3), np.float32)
    for tap, weight in enumerate(weights):
        result += pixels[:, _mirrored(whole + tap - 1, pixels.shape[1])] * weight[None, :, None]
    return result


def _interpolate_rows(values: npt.NDArray[np.float32], source: Coordinates) -> npt.NDArray[np.float32]:
    whole, weights = _taps(source)  # (H, columns), and four of them
    height, width, _ = values.shape
    flat = values.reshape(-1, 3)
    result = np.zeros_like(values)
    for tap, weight in enumerate(weights):
        at = _mirrored(whole + tap - 1, height) * width + np.arange(width)
        result += flat[at] * weight[..., None]
    return result


def _taps(source: Coordinates) -> tuple[Steps, list[npt.NDArray[np.float32]]]:
    """Return the pixel at or before each coordinate, and the weights of the pixels from one before it."""
    whole, part = np.divmod(np.floor(source * _STEPS_PER_PIXEL + 0.5).astype(np.int64), _STEPS_PER_PIXEL)
    t = part / _STEPS_PER_PIXEL
    before, after = _far_weight(1 + t), _far_weight(2 - t)
    here = ((_CUBIC + 2) * t - (_CUBIC + 3)) * t * t + 1
    weights = (before, here, 1 - before - here - after, after)
    return whole, [weight.astype(np.float32) for weight in weights]


def _far_weight(distance: Coordinates) -> Coordinates:
    return ((_CUBIC * distance - 5 * _CUBIC) * distance + 8 * _CUBIC) * distance - 4 * _CUBIC


def _mirrored(at: Steps, size: int) -> Steps:
    """Fold positions into 0 ... size - 1; the edge itself is not repeated."""
    folded = at % (2 * (size - 1))
    return np.minimum(folded, 2 * (size - 1) - folded)


ANGLE = Distortion("angle", "camera angle", 50, "degrees", angle_degrees, _angle)
DISTANCE = Distortion(
    "distance", "camera distance", 50, "cm towards a wall at 100 cm", distance_cm, _distance
)
