"""Make faint lines of letters legible: dark ink on a light ground, of the height that readers expect."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image
from gateway.detection.faint_lines import FaintLine

_HEIGHT = 32  # pixels of a letter
_AROUND = 1.5  # heights of a letter beside the lines
_GROUND_HEIGHTS = 4  # heights of a letter whose mean is the ground
_LIGHT, _STRONG = 200.0, 140.0  # grey of the ground, and how much darker ink becomes
_MOST_PIXELS = 4_000_000


def amplify(image: Image, lines: Sequence[FaintLine]) -> npt.NDArray[np.uint8]:
    """Return the part of the picture that the lines fill, amplified; (H, W).

    Args:
        image: The picture they were found in.
        lines: At least one; of one colour and polarity, as they are found together.
    """
    height = int(np.median([line.height for line in lines]))
    margin = round(_AROUND * height)
    left, top = (max(0, min(line.box[side] for line in lines) - margin) for side in (0, 1))
    right, bottom = (max(line.box[side] for line in lines) + margin for side in (2, 3))
    part = image.pixels[top:bottom, left:right]
    scale = min(_HEIGHT / height, (_MOST_PIXELS / (part.shape[0] * part.shape[1])) ** 0.5)
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    kernel = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    plane = cv2.resize(
        part.astype(np.float32) @ np.array(lines[0].mix, np.float32), size, interpolation=kernel
    )
    side = _GROUND_HEIGHTS * max(1, round(height * scale))
    detail = plane - cv2.blur(plane, (side, side))
    contrast = float(np.median([line.contrast for line in lines]))
    amplified = np.clip(_LIGHT - detail * (_STRONG / contrast), 0, 255)
    return np.asarray(amplified, dtype=np.uint8)
