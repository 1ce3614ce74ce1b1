"""Tell a place that moved as a whole, within a frame that stands still: a picture that a page pans or zooms.

Six numbers say how each point of the place moved; they carry no code, no words and no retouch, so what they
leave is all that can be hidden. Smooth colours, in which people see a small zoom at some edges alone, move so
as well as photographs do. Fitted to colours, since light alone may be the same all over.
"""

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_RIM = 5  # pixels along the frame, where something new comes in
_LEAST_SIDE = 32  # pixels
_PASSES = 20
_BLUR = 0.7  # pixels, sigma
_OUTLYING = 4.0  # grey levels, from which on a pixel counts less: what does not move along
_SAMPLE = 20_000  # pixels
_RIDGE = 1e-3
_BLOCK = 16  # pixels
# A colour wheel that zooms, in JPEG 90 at 512 pixels, leaves 1.05 of 7.3 and 8 grey levels rms. Noise of two
# levels would make 2.3 of that.
_MOST_LEFT = 1.5  # grey levels rms
_MOST_SHARE = 0.25  # of the change, in grey levels rms
_MOST_IN_BLOCK = 2.2  # grey levels rms: letters of four levels leave 2.4


def is_one_movement(first: Floats, second: Floats) -> bool:
    """Tell whether one shift, zoom and turn of a place explains its change, but for its rim.

    Args:
        first: (H, W, 3), grey levels 0 to 255.
        second: Likewise.
    """
    if min(first.shape[:2]) < _LEAST_SIDE:
        return False
    inner = np.s_[_RIM:-_RIM, _RIM:-_RIM]
    change = (second - first)[inner]
    left = (second - _moved(first, second))[inner]
    most = min(_MOST_LEFT, _MOST_SHARE * _rms(change))
    if _rms(left) > most:
        return False
    size = tuple(max(1, length // _BLOCK) for length in left.shape[1::-1])
    powers = cv2.resize(np.square(left), size, interpolation=cv2.INTER_AREA)
    return float(np.sqrt(powers.mean(axis=2).max())) <= _MOST_IN_BLOCK


def _moved(first: Floats, second: Floats) -> Floats:
    """Move the first by the shift, zoom and turn that bring it nearest to the second (H, W, 3)."""
    height, width = first.shape[:2]
    rows, columns = np.indices((height, width), dtype=np.float32)
    # Of the middle, so that zoom and shift do not depend on each other.
    across, down = 2 * columns / width - 1, 2 * rows / height - 1
    terms = np.stack([np.ones_like(across), across, down], axis=2)
    calm, goal = (cv2.GaussianBlur(each, (0, 0), _BLUR) for each in (first, second))
    chosen = _chosen(height, width)
    numbers = np.zeros((3, 2), dtype=np.float32)
    for _ in range(_PASSES):
        step = _step(_by(calm, terms @ numbers), goal, terms, chosen)
        numbers += step
        if float(np.abs(step).max()) < _RIDGE:
            break
    return _by(first, terms @ numbers)


def _chosen(height: int, width: int) -> npt.NDArray[np.intp]:
    inside = np.zeros((height, width), dtype=np.bool_)
    inside[_RIM:-_RIM, _RIM:-_RIM] = True
    chosen = np.flatnonzero(inside)
    return chosen[:: max(1, chosen.size // _SAMPLE)]


def _by(pixels: Floats, shifts: Floats) -> Floats:
    """Take each pixel from where it came (H, W, 3)."""
    rows, columns = np.indices(shifts.shape[:2], dtype=np.float32)
    places = columns + shifts[..., 0], rows + shifts[..., 1]
    moved = cv2.remap(pixels, *places, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.float32)


def _step(moved: Floats, goal: Floats, terms: Floats, chosen: npt.NDArray[np.intp]) -> Floats:
    """Solve for the change of the six numbers (3, 2) that brings the moved nearer to the goal."""
    slopes = [cv2.Sobel(moved, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1))]
    error = (goal - moved).reshape(-1, 3)[chosen]
    weights = 1 / (1 + np.square(np.abs(error).max(axis=1) / _OUTLYING))
    own = terms.reshape(-1, 3)[chosen]
    columns = [own[:, None, :] * slope.reshape(-1, 3)[chosen][..., None] for slope in slopes]
    design = np.concatenate(columns, axis=2)  # (N, 3, 6)
    weighted = (design * weights[:, None, None]).reshape(-1, 6)
    design = design.reshape(-1, 6)
    solved = np.linalg.solve(weighted.T @ design + _RIDGE * np.eye(6), weighted.T @ error.ravel())
    return np.asarray(solved.reshape(2, 3).T, dtype=np.float32)


def _rms(pixels: Floats) -> float:
    return float(np.sqrt(np.square(pixels).mean()))
