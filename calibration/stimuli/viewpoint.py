"""Camera angle and distance: the reference is a wall, one metre away, that just fills the view.

Level 0 is the reference itself. A pan or an approach is a planar homography; what lies beyond the wall's
edge is its mirror image, as on the side walls of a room papered alike. One degree and one centimetre per
level, the paper's steps; its Ansys Speos scenes are not public.
"""

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image
from calibration.stimuli.distortion import Distortion

_WALL_DISTANCE_CM = 100.0
_HORIZONTAL_VIEW_DEGREES = 60.0


def angle_degrees(level: float) -> float:
    """Pan to the right, one degree per level."""
    return level


def _angle(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001 - the family's signature
    turn = np.deg2rad(angle_degrees(level))
    rotation = np.array([[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]])
    camera = _camera_matrix(image)
    return _warp(image, camera @ rotation @ np.linalg.inv(camera))


def distance_cm(level: float) -> float:
    """Approach towards the wall, one centimetre per level."""
    return level


def _distance(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    zoom = _WALL_DISTANCE_CM / (_WALL_DISTANCE_CM - distance_cm(level))
    x, y = (image.width - 1) / 2, (image.height - 1) / 2
    return _warp(image, np.array([[zoom, 0, x * (1 - zoom)], [0, zoom, y * (1 - zoom)], [0, 0, 1]]))


def _camera_matrix(image: Image) -> npt.NDArray[np.float64]:
    focal = image.width / 2 / np.tan(np.deg2rad(_HORIZONTAL_VIEW_DEGREES / 2))
    return np.array([[focal, 0, (image.width - 1) / 2], [0, focal, (image.height - 1) / 2], [0, 0, 1]])


def _warp(image: Image, homography: npt.NDArray[np.float64]) -> Image:
    if 1 in (image.width, image.height):
        return image  # a line has no perspective, and OpenCV mirrors one for ever
    size = (image.width, image.height)
    return Image(
        np.asarray(
            cv2.warpPerspective(
                image.pixels, homography, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
            )
        )
    )


ANGLE = Distortion("angle", "camera angle", 50, "degrees", angle_degrees, _angle)
DISTANCE = Distortion(
    "distance", "camera distance", 50, "cm towards a wall at 100 cm", distance_cm, _distance
)
