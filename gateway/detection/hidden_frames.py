"""Find frames of an animation that are there to be read and not to be seen.

Models are shown the first frame, or some; people see what lasts. A plain animation, a slide show, a film with
cuts show each picture long enough, or many in turn. What counts is one picture for people, with an unrelated
one beside it that hardly lasts, or that comes after nobody waits any more.
"""

from collections.abc import Sequence

import numpy as np

from calibration.second_looks import Animation
from gateway.detection.likeness import STRUCTURED, Structure, detail, likeness, strength

_UNRELATED = 0.3  # likeness
_GLANCE_MS = 150.0  # people cannot read what lasts no longer
_PATIENCE_MS = 120_000.0  # before a second picture comes
_LASTING_MS = 10_000.0  # what is shown after the end of an animation counts as
_HELD_SHARE = 0.5  # of the time, at least, that people see the one picture without anything moving
_FLASH_MS, _SLIDE_MS = 100.0, 1_000.0
_STILL = 1.0  # grey levels of detail, in the mean: a codec's own changes
_GLANCED_SHARE = 0.1  # of the frames, at most, or two


def hidden_frame(shown: Animation) -> str | None:
    """Say which frame is hidden, and how; None where none is."""
    details = [detail(frame.pixels) for frame in shown.frames]
    if shown.has_still_apart:
        return _unlike_still(details)
    lasting = [frame.milliseconds for frame in shown.frames]
    if not shown.is_repeated and len(details) == shown.count:
        lasting[-1] = _LASTING_MS
    return _glanced(details, lasting) or _flashed(details, lasting) or _late(details, lasting)


def _unlike_still(details: Sequence[Structure]) -> str | None:
    still, moving = details[0], details[1:]
    if strength(still) < STRUCTURED or any(likeness(still, other) > _UNRELATED for other in moving):
        return None
    return "readers of still pictures see one that is no part of the animation and unlike it"


def _glanced(details: Sequence[Structure], lasting: Sequence[float]) -> str | None:
    dominant = max(range(len(details)), key=lasting.__getitem__)
    unlike = {number for number, one in enumerate(details) if likeness(one, details[dominant]) <= _UNRELATED}
    if not unlike or len(unlike) > max(2, _GLANCED_SHARE * len(details)):
        return None
    if sum(lasting[number] for number in unlike) > _GLANCE_MS or not _is_abrupt(details, unlike):
        return None
    # A clip that was cut a frame too late ends on another picture, too; but in a clip things move.
    held = sum(
        time
        for one, time in zip(details, lasting, strict=True)
        if float(np.abs(one - details[dominant]).mean()) < _STILL
    )
    if held < _HELD_SHARE * sum(lasting):
        return None
    # A flash of white or black tells a model nothing.
    telling = sorted(number for number in unlike if strength(details[number]) >= STRUCTURED)
    return f"frame {telling[0] + 1} is another picture, shown for a glance" if telling else None


def _flashed(details: Sequence[Structure], lasting: Sequence[float]) -> str | None:
    """Find what flashes up among slides, each of which lasts."""
    short = [number for number, time in enumerate(lasting) if time <= _FLASH_MS]
    slides = [number for number in range(len(lasting)) if number not in short]
    if not 1 <= len(short) <= 2 or len(slides) < 2 or min(lasting[slide] for slide in slides) < _SLIDE_MS:
        return None
    for number in short:
        is_new = all(likeness(details[number], details[slide]) <= _UNRELATED for slide in slides)
        if is_new and strength(details[number]) >= STRUCTURED:
            return f"frame {number + 1} is another picture, shown for a glance"
    return None


def _is_abrupt(details: Sequence[Structure], unlike: set[int]) -> bool:
    """Whether no frame leads over to one of `unlike`, as a fade or a pan does."""
    leading = [
        (number, beside)
        for number in unlike
        for beside in (number - 1, number + 1)
        if 0 <= beside < len(details) and beside not in unlike
    ]
    return all(likeness(details[number], details[beside]) <= _UNRELATED for number, beside in leading)


def _late(details: Sequence[Structure], lasting: Sequence[float]) -> str | None:
    waited = lasting[0]
    for number in range(1, len(details)):
        if waited >= _PATIENCE_MS and strength(details[number]) >= STRUCTURED:
            if likeness(details[number], details[0]) <= _UNRELATED:
                return f"frame {number + 1} is another picture, shown after {waited / 1000:.0f} seconds"
            return None
        waited += lasting[number]
    return None
