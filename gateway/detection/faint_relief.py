"""Fill what is embossed: strokes that are light on one side and dark on the other become ink of one kind.

A relief is what a mask has less of a step further, so adding it up along that step gives the mask again:
ahead of a pixel the mask less its copy behind, behind it less the copy ahead. Both together leave a stroke
twice, and once less wherever another lies a few pixels off. What is no relief, such as the edge of something
flat, has one side alone.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.int16]
Mask = npt.NDArray[np.uint8]

TOWARDS = ((1, 1), (1, -1))  # down and across: where the light of an embossed letter comes from, or goes to
_REACH = 3  # pixels of the shrunk picture: as wide as a stroke of the letters that are looked for
_ONE_SIDED = 0.5  # of what both sides have together, by which they may differ


@dataclass(frozen=True, eq=False)
class Relief:
    """What is embossed along one step."""

    filled: Plane  # (H, W)
    has_sides: Mask  # (H, W), where light is on one side and shade on the other


def relief_of(light: Plane, towards: tuple[int, int]) -> Relief:
    """Add up a plane along a step, ahead of each pixel less behind it."""
    down, across = towards
    wide = cv2.copyMakeBorder(light, _REACH, _REACH, _REACH, _REACH, cv2.BORDER_CONSTANT, value=0)
    height, width = light.shape

    def at(steps: int) -> Plane:
        top, left = _REACH + steps * down, _REACH + steps * across
        return np.asarray(wide[top : top + height, left : left + width], dtype=np.int16)

    ahead, behind = at(1), at(0)
    for steps in range(1, _REACH):
        ahead, behind = cv2.add(ahead, at(steps + 1)), cv2.add(behind, at(-steps))
    filled = np.asarray(cv2.subtract(ahead, behind), dtype=np.int16)
    apart = cv2.absdiff(cv2.add(ahead, behind), 0)
    has_sides = cv2.compare(apart, cv2.multiply(cv2.absdiff(filled, 0), _ONE_SIDED), cv2.CMP_LE)
    return Relief(filled, np.asarray(has_sides, dtype=np.uint8))
