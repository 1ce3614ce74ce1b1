"""Tell a filter over one picture of a page: brighter, more colourful, by curves that hold for the whole.

Such filters are known of whole pictures (`tone.py`); here one lies over a shape with a sharp edge, as people
see it. Dark and bright parts of a picture may change little and much, and colours each by their own.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import furthest_of_channels
from gateway.detection.lit_ground import ends_at_once
from gateway.detection.tone import toned_like

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# Fitted on two photographs in pages, brightened and made more colourful step by step, at 512 pixels: 1.0 to
# 1.4 left. Noise of two levels leaves 2.
_MOST_LEFT = 1.6  # grey levels that the filter may leave of most of the shape
_MOSTLY = 80.0  # per cent
_MOST_CONTRAST = 1.6  # times the fine contrast there was: more would bring out what had been laid in before


def beside_filter(before: Floats, after: Floats, inside: Mask) -> Floats | None:
    """Measure what one filter over the shape does not explain (H, W), in grey levels.

    Args:
        before: (H, W, 3), grey levels 0 to 255.
        after: Likewise.
        inside: (H, W), the shape without its rim.

    Returns:
        None where no filter explains most of it, or it fades towards the rim as a retouch does.
    """
    change = furthest_of_channels(after - before)
    if not ends_at_once(change, inside, inside):
        return None
    filtered = toned_like(before, after, inside)
    if filtered is before or _contrast(filtered, inside) > _MOST_CONTRAST * _contrast(before, inside):
        return None
    left = furthest_of_channels(after - filtered)
    return left if float(np.percentile(left[inside], _MOSTLY)) <= _MOST_LEFT else None


def _contrast(pixels: Floats, inside: Mask) -> float:
    fine = pixels - cv2.blur(pixels, (5, 5))
    return float(np.sqrt(np.square(fine[inside]).mean()))
