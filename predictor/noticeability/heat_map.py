"""Paint a map of JNDs over a greyed picture, for people to look at."""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image

_LONGEST = 1024  # pixels: larger pictures are shown reduced
_FULL_HEAT = 2.0  # JNDs at the hot end of the scale, or the hottest place's where that is more
_FAINTEST = 0.05  # JNDs: places worth less stay grey
_GREY_CONTRAST, _GREY_LIFT = 0.6, 50.0  # the picture steps back so that the heat is what is seen


def paint(picture: Image, local_map: npt.NDArray[np.float32]) -> Image:
    """Lay the map over the picture in grey: nothing where nothing is noticed, then violet to yellow.

    One JND is the middle of the scale unless some place is worth more than two; the picture's shape is kept.
    """
    scale = min(1.0, _LONGEST / max(picture.width, picture.height))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    small = cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) * _GREY_CONTRAST + _GREY_LIFT
    jnds = cv2.resize(local_map, size, interpolation=cv2.INTER_LINEAR)
    heat = np.clip(jnds / max(_FULL_HEAT, float(local_map.max())), 0.0, 1.0)
    colours = cv2.applyColorMap(np.round(heat * 255).astype(np.uint8), cv2.COLORMAP_PLASMA)[..., ::-1]
    cover = np.where(jnds < _FAINTEST, 0.0, 0.25 + 0.6 * heat)[..., None]
    painted = (1.0 - cover) * grey[..., None] + cover * colours
    return Image(np.ascontiguousarray(np.clip(np.round(painted), 0, 255).astype(np.uint8)))
