"""How alike two pictures are in what they show, whatever their size, colours and contrast."""

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Structure = npt.NDArray[np.float32]

SIDE = 64  # pixels: what pictures are brought to before they are compared
FLAT = 2.0  # grey levels: below this, nothing is shown
STRUCTURED = 6.0  # grey levels: above this, something is
_SURROUND = 8.0  # pixels, sigma: what is broader (sky above ground) is alike in unrelated pictures


def structure(pixels: Pixels) -> Structure:
    """Return the detail of a picture (H, W, 3) as (SIDE, SIDE), grey levels around zero."""
    return detail(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def detail(small: Pixels, surround: float = _SURROUND) -> Structure:
    """Return light minus its surround at the picture's own size; slightly smoothed, against pixels' noise.

    Args:
        small: (H, W, 3).
        surround: Sigma in pixels.
    """
    light = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(light, (0, 0), 0.8) - cv2.GaussianBlur(light, (0, 0), surround))


def strength(shown: Structure) -> float:
    """Return how much a picture shows: the standard deviation of its detail, grey levels."""
    return float(shown.std())


def likeness(one: Structure, other: Structure) -> float:
    """Return the correlation of two pictures' detail, -1 to 1; about 0 for unrelated ones.

    Two flat pictures are alike (1), a flat one and one that shows something are not (0).
    """
    weak, strong = sorted((strength(one), strength(other)))
    if weak < FLAT:
        return 1.0 if strong < STRUCTURED else 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
