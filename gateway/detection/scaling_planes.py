"""Part a picture into the planes in which a payload for shrinking may show: light and two colours.

What keeps its light alike is not in the first. Differences of colours cost as much to look at again, so they
are given only where some pixels differ in colour from all around them: after most codecs, and in most
drawings, few do.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from gateway.detection.scaling_samples import Grey

Pixels = npt.NDArray[np.uint8]  # (H, W, 3)

_BAND, _EVERY = 6, 24  # rows that are looked at before all are: what lies between is too low for letters
_MIDDLE = 128  # of a plane, where two channels are alike
_MOST_BEYOND = 1e-3  # share of the pixels beyond the ends of a plane, from which it stays halved
_ROUND, _APART = 5, 12  # pixels around, across and down; levels from the mean of either
_LEAST_APART = 3e-4  # share of the pixels: words of 40 levels in a tenth of 12 MP have as many


def payload_planes(pixels: Pixels) -> Iterator[Grey]:
    """Yield light, then the differences from green that have pixels apart; (H, W) each.

    Args:
        pixels: (H, W, 3), red, green and blue.
    """
    yield np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    for channel in (0, 2):
        if _has_pixels_apart(_halved(_bands(pixels), channel)):
            halved = _halved(pixels, channel)
            yield halved if _is_of_bright_colour(halved) else _at_full_strength(pixels, channel)


def _bands(pixels: Pixels) -> Pixels:
    """Return some bands of rows; of any line of letters one holds a part."""
    return pixels[np.arange(pixels.shape[0]) % _EVERY < _BAND]


def _halved(pixels: Pixels, channel: int) -> Grey:
    """Return the difference of a channel from green at half its strength, which has room for everything."""
    colour, green = (np.ascontiguousarray(pixels[..., each]) for each in (channel, 1))
    return np.asarray(cv2.addWeighted(colour, 0.5, green, -0.5, _MIDDLE), dtype=np.uint8)


def _has_pixels_apart(halved: Grey) -> bool:
    """Tell whether enough pixels differ from what is beside them and from what is above and below."""
    across, down = (cv2.absdiff(halved, cv2.blur(halved, size)) for size in ((_ROUND, 1), (1, _ROUND)))
    apart = cv2.countNonZero(cv2.inRange(cv2.min(across, down), _APART // 2, 255))
    return apart >= _LEAST_APART * halved.size


def _is_of_bright_colour(halved: Grey) -> bool:
    """Tell whether much of it would be cut off at full strength."""
    inside = cv2.countNonZero(cv2.inRange(halved, _MIDDLE // 2, 255 - _MIDDLE // 2))
    return halved.size - inside > _MOST_BEYOND * halved.size


def _at_full_strength(pixels: Pixels, channel: int) -> Grey:
    colour, green = (np.ascontiguousarray(pixels[..., each]) for each in (channel, 1))
    return np.asarray(cv2.addWeighted(colour, 1.0, green, -1.0, _MIDDLE), dtype=np.uint8)
