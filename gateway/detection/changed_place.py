"""Find a place that was changed unseen while the rest of a picture stayed as it was, bit for bit.

No codec and no resizing does that; pasting does. Storing a JPEG once more by the same tables comes near: it
changes a few cells here and there, where light was clipped, but they make no solid shape. Takes of a scene
that moves within a page are solid too: their noise is as much the one's as the other's.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import any_of_channels, greatest_of_channels

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

# Set by hand on some 70 development photographs stored twice or thrice (solid up to .58; .81, where of less
# than 36 cells), and on edits of 23: noise and codes .76 and more, soft retouches .75.
_CELL = 8  # pixels
_TOGETHER = 5  # cells: gaps up to that wide belong to a place
_RIM = 2  # cells around what people see, into which a codec spreads it
_BESIDE = 4  # cells around it, within which the rest of it lies: what is in a hovered row
_MOST_LEVELS = 12.0  # 90th percentile: more is masked by letters it is drawn upon, and hidden from nobody
_MOST_SHARE = 0.25  # of the picture's cells
_MOST_PLACES = 3
_LEAST_CELLS = 6  # of a place
_MOST_STRAY = 0.03  # of the changed cells, in no place
_LEAST_STEPS = 0.2  # of the pixels, that changed unlike their neighbours: bars .1, a code of 4 pixels .4
_EVEN = 2.5  # mean of the change to its standard deviation: of a light; of a code that only adds, 1
_LEAST_IN_ALL = 36  # cells: a word that fades is smaller
_LESSER = 0.5  # of the visible cells
_SOLID = 0.65  # of the places' boxes


@dataclass(frozen=True)
class ChangedPlace:
    """Where a version is not what it should be."""

    share: float  # of the picture's area, 0..1
    levels: float  # grey levels rms, of what changed there
    rows: slice  # of the largest place
    columns: slice


def changed_place(expected: Pixels, version: Pixels, seen: Mask) -> ChangedPlace | None:
    """Find the places, none where nothing is hidden, or too much for one place.

    Args:
        expected: (H, W, 3), the original with what people see of the change.
        version: Likewise.
        seen: (H, W), where people see a change.
    """
    difference = greatest_of_channels(cv2.absdiff(expected, version))
    changed = _cells(difference) > 0
    visible = _cells(seen.astype(np.uint8))
    changed &= _wider(visible, _RIM) == 0
    total = int(changed.sum())
    if total < _LEAST_IN_ALL or total > _MOST_SHARE * changed.size:
        return None
    labels, boxes = _places(changed)
    cells = np.bincount(labels.ravel(), weights=changed.ravel(), minlength=len(boxes)).astype(int)
    cells[0] = 0  # what is in no place
    large = np.flatnonzero(cells >= _LEAST_CELLS)
    within = int(cells[large].sum())
    if not 1 <= large.size <= _MOST_PLACES or within < (1 - _MOST_STRAY) * total:
        return None
    areas = boxes[large, cv2.CC_STAT_WIDTH] * boxes[large, cv2.CC_STAT_HEIGHT]
    if within < _SOLID * int(areas.sum()) or _is_part_of_visible(labels, large, within, visible):
        return None
    left, top, width, height, _ = (_CELL * int(each) for each in boxes[int(cells.argmax())])
    inside = np.kron(changed, np.ones((_CELL, _CELL), dtype=np.bool_))[: len(version), : version.shape[1]]
    if _is_smooth(version.astype(np.int16) - expected, inside):
        return None
    own = difference[inside & (difference > 0)].astype(np.float32)
    if float(np.percentile(own, 90)) > _MOST_LEVELS:
        return None
    return ChangedPlace(
        share=within / changed.size,
        levels=float(np.sqrt(np.square(own).mean())),
        rows=slice(top, top + height),
        columns=slice(left, left + width),
    )


def belongs_to_seen(expected: Pixels, version: Pixels, seen: Mask) -> bool:
    """Tell whether all that is hidden goes on from what people see, and is the lesser part: a blurred face.

    Args:
        expected: (H, W, 3), the original with what people see of the change.
        version: Likewise.
        seen: (H, W), where people see a change.
    """
    hidden = _cells(greatest_of_channels(cv2.absdiff(expected, version))) > 0
    visible = _cells(seen.astype(np.uint8)) > 0
    if int(hidden.sum()) > _LESSER * int(visible.sum()):
        return False
    labels, _ = _places(hidden | visible)
    return bool(np.isin(labels[hidden], labels[visible]).all())


def _places(changed: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Gather changed cells -> labels (rows, columns) and a line of measures for each, the first for none."""
    padded = np.pad(changed.astype(np.uint8), _TOGETHER)  # closing would stick to the picture's border
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((_TOGETHER, _TOGETHER), np.uint8))
    whole = np.ascontiguousarray(closed[_TOGETHER:-_TOGETHER, _TOGETHER:-_TOGETHER])
    _, labels, measures, _ = cv2.connectedComponentsWithStats(whole, connectivity=8)
    return np.asarray(labels), np.asarray(measures)


def _is_smooth(change: npt.NDArray[np.int16], inside: Mask) -> bool:
    """Tell a light that a design lays over a bar or a card; soft retouches are as smooth, and not told."""
    across = any_of_channels(np.diff(change, axis=1) != 0)[1:]
    down = any_of_channels(np.diff(change, axis=0) != 0)[:, 1:]
    if float((across | down)[inside[1:, 1:]].mean()) < _LEAST_STEPS:
        return True
    own = change[inside].astype(np.float32)  # (N, 3)
    channel = int(np.abs(own.mean(axis=0)).argmax())  # a codec's grain lies upon the light
    return bool(abs(own[:, channel].mean()) >= _EVEN * own[:, channel].std())


def _is_part_of_visible(
    labels: npt.NDArray[np.int32], places: npt.NDArray[np.intp], cells: int, visible: Pixels
) -> bool:
    """Tell whether places lie beside something visible that is larger."""
    _, shapes, measures, _ = cv2.connectedComponentsWithStats(visible, connectivity=8)
    reached = _wider(np.isin(labels, places).astype(np.uint8), _BESIDE) > 0
    beside = np.setdiff1d(shapes[reached], [0])
    return bool(beside.size) and int(measures[beside, cv2.CC_STAT_AREA].sum()) >= cells


def _wider(cells: Pixels, by: int) -> Pixels:
    return np.asarray(cv2.dilate(cells, np.ones((2 * by + 1, 2 * by + 1), np.uint8)), dtype=np.uint8)


def _cells(plane: Pixels) -> Pixels:
    """Take the largest of each cell (rows, columns); those at the right and the bottom may be cut."""
    height, width = plane.shape
    rows, columns = -(-height // _CELL), -(-width // _CELL)
    padded = np.zeros((rows * _CELL, columns * _CELL), dtype=np.uint8)
    padded[:height, :width] = plane
    return np.asarray(padded.reshape(rows, _CELL, columns, _CELL).max(axis=(1, 3)))
