"""Find text that a frame of an animation shows for a glance between two longer ones that agree.

A banner that blinks stays long enough to be read, and of a fade the frames beside are short as well. What
comes for some hundredths of a second over one and the same picture is there for a reader of frames.
"""

import numpy as np

from calibration.second_looks import Animation
from gateway.detection.faint_frames import Levels, greys_of, letters_of

_GLANCE_MS = 60.0
_HELD_MS = 500.0  # each of the two beside it
_MOST_LOOKED_AT = 3
_MOST_DECODED = 40  # frames, to reach one
_LEAST_CHANGE = 3.0  # grey levels: what codecs change
_SAME = 1.5  # grey levels in the mean, between the two beside it


def glanced_text(data: bytes, shown: Animation) -> int | None:
    """Return the number of the frame, from 1, that shows such text; None where none does.

    Args:
        data: The file.
        shown: Its frames as they were decoded, for their times alone.
    """
    lasting = [frame.milliseconds for frame in shown.frames]
    last = len(lasting) - 1
    candidates = [
        number
        for number in range(1, len(lasting))
        if lasting[number] <= _GLANCE_MS
        and lasting[number - 1] >= _HELD_MS
        and (number < last or shown.is_repeated)
        and lasting[(number + 1) % len(lasting)] >= _HELD_MS
        and number + 2 <= _MOST_DECODED
    ]
    for number in candidates[:_MOST_LOOKED_AT]:
        after = (number + 1) % len(lasting)
        greys = greys_of(data, max(number, after) + 1)
        if len(greys) > max(number, after) and _is_glanced(greys[number - 1], greys[number], greys[after]):
            return number + 1
    return None


def _is_glanced(before: Levels, at: Levels, after: Levels) -> bool:
    if float(np.abs(after - before).mean()) > _SAME:
        return False
    change = np.asarray(at - (before + after) / 2, dtype=np.float32)
    return float(np.ptp(change)) > _LEAST_CHANGE and letters_of(change) > 0
