"""Explain what a model would notice: a map of where, and at most three features that mattered, in words.

Put together from what `local` saw in each view of the pair; painting the map is `heat_map`'s
matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from predictor.noticeability.bands import CHANNELS, OCTAVES
from predictor.noticeability.local import KINDS, MEMBERS, LocalView
from predictor.views import Place

_MOST_REASONS = 3
_LEAST_SHARE = 0.15  # of the pair's size: less is not worth a word
_CLEAR_GAIN = 0.005  # ln of energy over the whole picture: a change in one corner moves it little
_CLEAR_SHIFT = 0.1  # of the mean, in `Measures.signs`: a little more than one grey level
_IN_ONE_NINTH, _IN_ONE_THIRD = 0.5, 0.75  # of the squared map: enough to name that part of the picture
_ROWS, _COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")
_CHANGES: Mapping[str, tuple[str, str, str]] = {  # less than before, neither, more
    "fine": ("fine detail lost", "fine detail changed", "fine detail or noise added"),
    "medium": ("shapes softened", "shapes changed", "structure added"),
    "colour detail": ("colour detail lost", "colour detail changed", "colour noise added"),
    "colour": ("colour faded", "colour changed", "colour strengthened"),
}

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Where and by what the model would notice; nothing for identical pictures."""

    local_map: Floats  # (H, W) over the whole picture, JNDs a place is worth
    reasons: tuple[str, ...]  # the most telling first


def explain(views: Sequence[LocalView]) -> Explanation:
    """Join the views of one pair: the first shows the whole picture, others a part of it in more detail.

    The map has the first view's shape and the size of the view in which the difference is largest, the one
    that counts; only where the first view shows nothing at all is that view laid into its place.
    """
    decisive = max(views, key=lambda view: view.log_size)
    order = sorted(range(len(KINDS)), key=lambda kind: -decisive.shares[kind])
    telling = [kind for kind in order if decisive.shares[kind] >= _LEAST_SHARE][:_MOST_REASONS]
    reasons = tuple(
        f"{_describe(kind, decisive.signs)}, {_where(_kind_map(views[0], decisive, kind))}"
        for kind in telling
    )
    return Explanation(_map_of(views[0], decisive), reasons)


def _map_of(whole: LocalView, decisive: LocalView) -> Floats:
    worth = whole.maps.sum(axis=0)
    if worth.any():
        return np.asarray(worth * np.exp(decisive.log_size - whole.log_size), dtype=np.float32)
    return _lay_out(decisive.maps.sum(axis=0), decisive.place, worth.shape)


def _kind_map(whole: LocalView, decisive: LocalView, kind: int) -> Floats:
    worth = whole.maps[kind]
    return worth if worth.any() else _lay_out(decisive.maps[kind], decisive.place, worth.shape)


def _lay_out(worth: Floats, place: Place, size: tuple[int, ...]) -> Floats:
    """Lay a view's map into its place in the whole picture."""
    height, width = size
    top, left = min(int(place.top * height), height - 1), min(int(place.left * width), width - 1)
    rows = max(1, min(round(place.height * height), height - top))
    columns = max(1, min(round(place.width * width), width - left))
    whole = np.zeros(size, dtype=np.float32)
    whole[top : top + rows, left : left + columns] = cv2.resize(
        worth, (columns, rows), interpolation=cv2.INTER_AREA
    )
    return whole


def _describe(kind: int, signs: Floats) -> str:
    gains = signs[: OCTAVES * CHANNELS].reshape(OCTAVES, CHANNELS)
    light, blue, red = (float(shift) for shift in signs[OCTAVES * CHANNELS :])
    if KINDS[kind] == "light":
        return _choose(light, _CLEAR_SHIFT, ("darker", "light and shade changed", "brighter"))
    if KINDS[kind] == "colour" and max(abs(blue), abs(red)) >= _CLEAR_SHIFT:
        return "colour shifted"
    octaves, channels = MEMBERS[kind]
    return _choose(float(gains[list(octaves), channels].mean()), _CLEAR_GAIN, _CHANGES[KINDS[kind]])


def _choose(value: float, clear: float, words: tuple[str, str, str]) -> str:
    less, neither, more = words
    if abs(value) < clear:
        return neither
    return more if value > 0 else less


def _where(worth: Floats) -> str:
    """Name the ninth, the row or the column of the picture that holds most of a change, or say overall."""
    squares = cv2.resize(worth**2, (9, 9), interpolation=cv2.INTER_AREA).reshape(3, 3, 3, 3).sum(axis=(1, 3))
    shares = squares / max(float(squares.sum()), 1e-12)
    row, column = (int(index) for index in np.unravel_index(int(np.argmax(shares)), shares.shape))
    if shares[row, column] >= _IN_ONE_NINTH:
        return "in the centre" if row == column == 1 else f"{_ROWS[row]} {_COLUMNS[column]}"
    for names, sums in ((_ROWS, shares.sum(axis=1)), (_COLUMNS, shares.sum(axis=0))):
        if sums.max() >= _IN_ONE_THIRD:
            return f"along the {names[int(np.argmax(sums))]}"
    return "overall"
