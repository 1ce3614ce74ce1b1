"""Find text that a frame of an animation shows for a glance between two longer ones that agree.

A banner that blinks stays long enough to be read, and of a fade the frames beside are short as well. What
comes for some hundredths of a second over one and the same picture is there for a reader of frames.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from calibration.second_looks import Animation
from gateway.detection.faint_frames import Levels, greys_of, letters_of

_GLANCE_MS = 60.0
_HELD_MS = 500.0  # each of the two beside it
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
    glances = list(_glances(lasting, is_repeated=shown.is_repeated))
    if not glances:
        return None
    # All of them, decoded once: flashes that show nothing may come before the one that does.
    greys = greys_of(data, max(map(max, glances)) + 1)
    for before, number, after in glances:
        if len(greys) > max(number, after) and _is_glanced(greys[before], greys[number], greys[after]):
            return number + 1
    return None


def _glances(lasting: Sequence[float], *, is_repeated: bool) -> Iterator[tuple[int, int, int]]:
    """Give every frame of what is over in a glance, between the two around that last."""
    for first in range(1, len(lasting)):
        end = first
        while end < len(lasting) and lasting[end] < _HELD_MS:
            end += 1
        is_last = end == len(lasting)
        is_glance = end > first and sum(lasting[first:end]) <= _GLANCE_MS
        is_held = lasting[first - 1] >= _HELD_MS and lasting[end % len(lasting)] >= _HELD_MS
        if is_glance and is_held and end < _MOST_DECODED and (is_repeated or not is_last):
            yield from ((first - 1, number, end % len(lasting)) for number in range(first, end))


def _is_glanced(before: Levels, at: Levels, after: Levels) -> bool:
    if float(np.abs(after - before).mean()) > _SAME:
        return False
    change = np.asarray(at - (before + after) / 2, dtype=np.float32)
    return float(np.ptp(change)) > _LEAST_CHANGE and letters_of(change) > 0
