"""Tell a filter over one picture of a page: brighter, more colourful, by curves that hold for the whole.

Such filters are known of whole pictures (`tone.py`); here one lies over a shape with a sharp edge, as people
see it. Dark and bright parts of a picture may change little and much, and colours each by their own. In a
JPEG the codec's own grain lies upon what the filter made.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import furthest_of_channels
from calibration.opponent import LUMA
from gateway.detection.lit_ground import ends_at_once
from gateway.detection.tone import toned_like

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# Fitted on two photographs in pages, brightened and made more colourful step by step, at 512 pixels: 1.0 to
# 1.4 left. Noise of two levels leaves 2.
_MOST_LEFT = 1.6  # grey levels that the filter may leave of most of the shape
_MOSTLY = 80.0  # per cent
_CALMED = (5, 5)  # pixels over which a codec's grain cancels, and codes, letters and retouches do not
_MOST_CONTRAST = 1.6  # times the fine contrast there was: more would bring out what had been laid in before


def beside_filter(before: Floats, after: Floats, inside: Mask, grain: Floats | None = None) -> Floats | None:
    """Measure what one filter over the shape does not explain (H, W), in grey levels.

    Args:
        before: (H, W, 3), grey levels 0 to 255.
        after: Likewise.
        inside: (H, W), the shape without its rim.
        grain: (H, W, 3), what a codec may have put off there, in signed grey levels; None: nothing.

    Returns:
        None where no filter explains most of it, or it fades towards the rim as a retouch does.
    """
    change = furthest_of_channels(after - before)
    if not ends_at_once(change, inside, inside):
        return None
    filtered = toned_like(before, after, inside)
    if filtered is before or _contrast(filtered, inside) > _MOST_CONTRAST * _contrast(before, inside):
        return None
    rest = after - filtered
    left = furthest_of_channels(rest)
    if float(np.percentile(left[inside], _MOSTLY)) <= _MOST_LEFT:
        return left
    return None if grain is None else _beside_grain(rest, grain, inside)


def _beside_grain(rest: Floats, grain: Floats, inside: Mask) -> Floats | None:
    """Measure what is coarser than grain, as far as it is in a filter's power; None where that is too much.

    Filter and codec together are asked three times: in colour, in light, and in colours that were calmed.
    """
    looks = (
        furthest_of_channels,
        lambda pixels: np.abs(pixels @ LUMA),
        lambda pixels: furthest_of_channels(cv2.blur(pixels, _CALMED)),
    )
    most = np.inf
    for look in looks:
        left, codec = (float(np.percentile(look(each)[inside], _MOSTLY)) for each in (rest, grain))
        most = float(np.hypot(_MOST_LEFT, codec))  # they owe each other nothing
        if left > most:
            return None
    return furthest_of_channels(cv2.blur(rest, _CALMED)) * np.float32(_MOST_LEFT / most)


def _contrast(pixels: Floats, inside: Mask) -> float:
    fine = pixels - cv2.blur(pixels, (5, 5))
    return float(np.sqrt(np.square(fine[inside]).mean()))
