"""Tell whether what visibly changed between two pictures has moved: a camera that pans, zooms or shakes.

Dense optical flow (DIS; Kroeger et al., 2016) over a small copy: light that went elsewhere is found again
there. A caption, noise, another light is not. The share was set on one zooming film, and tried on four films
made from development photographs.
"""

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_SIDE = 256  # pixels: the longer side on which movement is sought
_LEFT = 0.5  # share of the difference that movement may leave
_LEAST_SIDE = 32  # pixels: flow wants as many


def has_moved(first: Floats, second: Floats, where: Mask) -> bool:
    """Tell whether movement explains most of the difference.

    Args:
        first: (H, W, 3), grey levels 0 to 255.
        second: Likewise.
        where: (H, W), the places that are asked about.
    """
    height, width = where.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = (round(width * scale), round(height * scale))
    if min(size) < _LEAST_SIDE:
        return False
    before, after = (_small_grey(each, size) for each in (first, second))
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(after, before, None)
    rows, columns = np.indices(before.shape, dtype=np.float32)
    moved = cv2.remap(
        before, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    asked = cv2.resize(where.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    if not asked.any():
        return False
    differences = [float(cv2.absdiff(each, after)[asked].mean()) for each in (before, moved)]
    return differences[1] <= _LEFT * differences[0]


def brought_along(first: Floats, second: Floats) -> Floats:
    """Move what the first shows to where the second has it: (H, W, 3), grey levels 0 to 255."""
    before, after = (
        np.asarray(cv2.cvtColor(np.clip(np.rint(each), 0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY))
        for each in (first, second)
    )
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(after, before, None)
    rows, columns = np.indices(before.shape, dtype=np.float32)
    places = columns + flow[..., 0], rows + flow[..., 1]
    moved = cv2.remap(first, *places, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(moved, 0, 255), dtype=np.float32)


def _small_grey(pixels: Floats, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(np.rint(cv2.cvtColor(np.clip(small, 0, 255), cv2.COLOR_RGB2GRAY)), dtype=np.uint8)
