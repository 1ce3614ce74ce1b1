"""Tell one light over the ground of a shape, whatever lies on that ground: letters, icons, chosen words.

A hovered row is drawn anew beneath its letters: its ground changes by one light, a gradient perhaps, while
what lies upon it keeps its colours, and the rims of letters change by a part of the light. So the ground must
be even, plates upon it must change alike throughout, and letters by no more than the light.

That people see such a light is asked of its rim, elsewhere, and by grey levels: those of sRGB are nearly even
to the eye. By the display function of DICOM PS3.14 (after Barten; white of 120 cd/m2, 1 of it reflected from
the room) seven levels are 14 just noticeable differences on ground of 34, 12 on 128 and 9 on 245.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import furthest_of_channels, row_of

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# Fitted on rows of a file manager in JPEG 80, a menu's entry and bars that shimmer while pages load, at 512
# pixels: ground of .5 of a shape and more, even to 1.8 grey levels of a light of six.
_OF_GROUND = 16.0  # grey levels from its colour, in one of the two versions
_LEAST_GROUND = 0.4  # of the shape
_EVEN = 1.25  # grey levels that the light may leave of most of the shape
_EVENLY = 0.3  # of the light: likewise, where a codec made it uneven
_MOST_UNEVEN = 1.8  # grey levels of the ground, however strong the light: a code of 2 leaves 1.9
_MOSTLY, _GROUND_MOSTLY = 80.0, 75.0  # per cent, of all and of the ground alone
_STEP = 0.75  # of the change within, that there is next to the rim: a soft retouch fades to .63 and less
_RIM = 5  # pixels: twice as far as the rim is asked
_FLAT = 8.0  # grey levels within 5 x 5 pixels: a plate, no letters
_NEAR, _LEAST_NEAR = 15, 0.25  # pixels around letters, and how much of them is ground


def beside_light(before: Floats, after: Floats, inside: Mask) -> Floats | None:
    """Measure what one light over the ground does not explain (H, W), in grey levels.

    Args:
        before: (H, W, 3), grey levels 0 to 255.
        after: Likewise.
        inside: (H, W), the shape without its rim.

    Returns:
        None where no one light explains most of it, or little of the shape is ground.
    """
    ground = inside & (_is_near_colour(before, inside) | _is_near_colour(after, inside))
    if int(ground.sum()) < _LEAST_GROUND * int(inside.sum()):
        return None
    change = after - before
    if not ends_at_once(furthest_of_channels(change), ground, inside):
        return None
    light = _surface(change, ground)
    left = furthest_of_channels(change - light)
    left[~ground] = _beside_cover(before, after, change, light, ground)[~ground]
    strength = float(np.abs(light[ground].mean(axis=0)).max())
    most = max(_EVEN, _EVENLY * strength)
    if float(np.percentile(left[inside], _MOSTLY)) > most:
        return None
    is_even = float(np.percentile(left[ground], _GROUND_MOSTLY)) <= min(most, _MOST_UNEVEN)
    return left if is_even else None


def _is_near_colour(pixels: Floats, inside: Mask) -> Mask:
    colour = np.array([np.median(plane[inside]) for plane in cv2.split(pixels)], dtype=np.float32)
    return np.asarray(furthest_of_channels(pixels - row_of(colour, inside.shape[1])) <= _OF_GROUND)


def ends_at_once(change: Floats, ground: Mask, inside: Mask) -> bool:
    """Tell whether the ground (H, W) changed as much next to the rim of a shape as within: a light does.

    Args:
        change: (H, W), in grey levels.
        ground: (H, W), where it is asked.
        inside: (H, W), the shape without its rim.
    """
    inner = cv2.erode(inside.astype(np.uint8), np.ones((_RIM, _RIM), np.uint8)) > 0
    rim, within = ground & ~inner, ground & inner
    if not rim.any() or not within.any():
        return True
    return float(change[rim].mean()) >= _STEP * float(change[within].mean())


def _surface(change: Floats, where: Mask) -> Floats:
    """Fit a light that changes slowly across the shape: of second order, each channel (H, W, 3)."""
    height, width = where.shape
    rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    powers = [columns**i * rows**j for i in range(3) for j in range(3 - i)]
    terms = np.asarray(cv2.merge(powers))  # (H, W, 6)
    own = terms[where]
    fitted, *_ = np.linalg.lstsq(own.T @ own, own.T @ change[where], rcond=None)  # six unknowns: quick
    return np.asarray(terms @ fitted, dtype=np.float32)


def _beside_cover(before: Floats, after: Floats, change: Floats, light: Floats, ground: Mask) -> Floats:
    """Measure how far what lies upon the ground changed beyond keeping its colour, or taking the light."""
    beyond = np.maximum(np.minimum(light, 0.0) - change, change - np.maximum(light, 0.0))
    left = furthest_of_channels(np.maximum(beyond, 0.0))
    # Plates, and texture where letters would have ground beside them: changed alike, or all of it counts.
    is_plate = np.minimum(_range(before), _range(after)) <= _FLAT
    is_plate |= cv2.blur(ground.astype(np.float32), (_NEAR, _NEAR)) < _LEAST_NEAR
    uneven = furthest_of_channels(change - cv2.blur(change, (3, 3)))
    left[is_plate] = np.maximum(left, uneven)[is_plate]
    return left


def _range(pixels: Floats) -> Floats:
    window = np.ones((5, 5), np.uint8)
    return furthest_of_channels(cv2.dilate(pixels, window) - cv2.erode(pixels, window))
