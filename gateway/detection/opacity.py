"""Find what opacity itself draws: another picture than the colours, letters almost as opaque as the rest."""

import cv2
import numpy as np
import numpy.typing as npt

from gateway.detection.glyph_rows import letters_in_rows
from gateway.detection.grounds import Grounds
from gateway.detection.likeness import STRUCTURED, likeness, strength, structure

Bytes = npt.NDArray[np.uint8]
_Levels = npt.NDArray[np.float32]

_HALF_CLEAR = (16, 240)  # of 255
_LEAST_AREA = 0.2  # of the picture that is half clear
_LEAST_STEP = 0.8  # mean grey levels between neighbours, of the colours as opaque as they are
_LEAST_SHOWN = 1.5  # the same of what is shown on white
_WIDESPREAD = 0.3  # of the neighbours differ, in what is stored or shown; panels of glass, .14: at edges
_FOLLOWS = 0.25  # of these steps are shown: honest pictures show .9 and more (made for this)
_ALL_OVER, _UNRELATED = 0.9, 0.3  # of the picture; likeness
_OWN_BRIGHTNESS = 0.7  # correlation of opacity and colour: light on a dark ground, fire say
_NEARLY_OPAQUE = 236  # of 255: what shows of it on any ground nobody sees
_OPAQUE, _MOSTLY = 250, 0.8  # of 255; of a picture that has no need of opacity but for what it hides
_HALF = 128  # of 255: letters clearer than that are cut out, in plain sight
_LEAST_NOISY, _LEAST_NOISE, _CHANCE = 0.3, 0.9, 0.1  # of the picture; levels; correlation of neighbours
_RIM = 5  # pixels across: the rims of what is drawn are nearly opaque too


def shows_another_picture(grounds: Grounds) -> bool:
    """Tell whether the colours are one picture and what white shows of them is another: AlphaDog.

    Steps of the colours show through in the measure of their opacity, whatever the opacity does beside,
    unless it was computed to make up for them.
    """
    is_half = cv2.countNonZero(cv2.inRange(grounds.opacity, *_HALF_CLEAR))
    if is_half < _LEAST_AREA * grounds.opacity.size or min(grounds.opacity.shape) < 8:
        return False
    greys = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (grounds.on_white, grounds.colours))
    shown, stored, opacity = (_halved(each) for each in (*greys, grounds.opacity))
    inside = (opacity >= _HALF_CLEAR[0]) & (opacity <= _HALF_CLEAR[1])
    if inside.sum() < 64 or _correlation(opacity[inside], stored[inside]) > _OWN_BRIGHTNESS:
        return False
    steps_shown, steps_stored = _steps(shown, opacity, inside)[0], _steps(stored, opacity, inside)[1]
    follows = float((steps_shown * steps_stored).sum() / max(float(np.square(steps_stored).sum()), 1.0))
    spread = max(float((np.abs(each) >= 1.0).mean()) for each in (steps_stored, steps_shown))
    return bool(
        spread >= _WIDESPREAD
        and np.abs(steps_stored).mean() >= _LEAST_STEP
        and np.abs(steps_shown).mean() >= _LEAST_SHOWN
        and abs(follows) <= _FOLLOWS
    )


def has_two_faces(grounds: Grounds) -> bool:
    """Tell whether a picture that is half clear all over shows two unrelated pictures on white and on black.

    What is one colour in many opacities shows the same on both, or its negative.
    """
    if cv2.countNonZero(cv2.inRange(grounds.opacity, *_HALF_CLEAR)) < _ALL_OVER * grounds.opacity.size:
        return False
    light, dark = structure(grounds.on_white), structure(grounds.on_black)
    return min(strength(light), strength(dark)) >= STRUCTURED and abs(likeness(light, dark)) <= _UNRELATED


def letters_in_opacity(opacity: Bytes) -> int:
    """Count the letters that are a little less opaque than what is around them.

    In a picture that is opaque but for them they may be half clear: nobody who draws letters dims a picture.

    Args:
        opacity: (H, W), 255 is opaque.
    """
    letters = _letters_between(opacity, _NEARLY_OPAQUE, 254)
    is_opaque = cv2.countNonZero(cv2.inRange(opacity, _OPAQUE, 255)) >= _MOSTLY * opacity.size
    return max(letters, _letters_between(opacity, _HALF, _NEARLY_OPAQUE - 1)) if is_opaque else letters


def _letters_between(opacity: Bytes, low: int, high: int) -> int:
    between = cv2.inRange(opacity, low, high)
    if not between.any():
        return 0
    clearer = cv2.dilate(cv2.inRange(opacity, 0, low - 1), np.ones((_RIM, _RIM), np.uint8))
    return letters_in_rows((between > 0) & (clearer == 0))


def is_noise(opacity: Bytes) -> bool:
    """Tell whether what is nearly opaque is so by chance from pixel to pixel, by two levels and more.

    Dither comes to one level, and what cuts out a picture leaves levels that are alike in neighbours.

    Args:
        opacity: (H, W), 255 is opaque.
    """
    inside = opacity >= _NEARLY_OPAQUE
    if np.count_nonzero(inside & (opacity < 255)) < _LEAST_NOISY * opacity.size:
        return False
    levels = opacity.astype(np.float32)
    if levels[inside].std() < _LEAST_NOISE:
        return False
    for before, after in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        both = inside[before] & inside[after]
        if both.sum() < 64 or abs(_correlation(levels[before][both], levels[after][both])) > _CHANCE:
            return False
    return True


def _halved(values: Bytes) -> _Levels:
    size = (values.shape[1] // 2, values.shape[0] // 2)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _steps(values: _Levels, opacity: _Levels, inside: npt.NDArray[np.bool_]) -> tuple[_Levels, _Levels]:
    """Return the steps between neighbours inside, as they are and weighed by how opaque they are."""
    plain, weighed = [], []
    for before, after in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        both = inside[before] & inside[after]
        plain.append((values[after] - values[before])[both])
        weighed.append(plain[-1] * (opacity[before] + opacity[after])[both] / 510)
    return np.concatenate(plain), np.concatenate(weighed)


def _correlation(one: _Levels, other: _Levels) -> float:
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
