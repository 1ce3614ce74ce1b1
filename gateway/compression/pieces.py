"""Judge a picture that is larger than the predictor looks at, by pieces of it at full size.

The predictor reduces what is larger than `predictor.views.NATIVE_SIDE`, where damage averages out that a
model shown every pixel would see. So a few pieces are judged instead, evenly spaced whatever they show; the
picture is as noticeable as they are in the mean, which the worst of them leads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol

import numpy as np

from calibration.image import Image
from calibration.profile import JndProfile
from predictor.predict import Predictor
from predictor.views import NATIVE_SIDE, reduce

PIECE_SIDE = 1024  # pixels
_A_SIDE = 2  # pieces across and down, where there is room


class Judges(Protocol):
    """Whoever says how surely a candidate is noticed."""

    def excess(self, candidate: Image) -> float:
        """Return P(notice) beyond false alarms."""
        ...


def judge_of(predictor: Predictor, reference: Image, profile: JndProfile) -> Judges:
    """Return who judges candidates of the reference's size, for a model that sees every pixel of it."""
    if max(reference.width, reference.height) <= NATIVE_SIDE:
        return predictor.against(reference, profile)
    width, height = reference.width, reference.height
    places = list(_places(width, height))
    judges = [predictor.against(_cut(reference, place), profile) for place in places]
    return _Pieces(width, height, places, judges)


def sample_of(reference: Image) -> Image:
    """Return what stands for a picture where its like was never learned from: its middle, if it is large."""
    if max(reference.width, reference.height) <= NATIVE_SIDE:
        return reference
    width, height = min(reference.width, PIECE_SIDE), min(reference.height, PIECE_SIDE)
    left, top = (reference.width - width) // 2, (reference.height - height) // 2
    return _cut(reference, _Place(left, top, width, height))


@dataclass(frozen=True)
class _Place:
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class _Pieces:
    """The pieces of one reference."""

    width: int
    height: int
    places: Sequence[_Place]
    judges: Sequence[Judges]

    def excess(self, candidate: Image) -> float:
        """Return the mean over pieces; a smaller candidate is enlarged, as the model's view of it is."""
        candidate = reduce(candidate, self.width, self.height)
        each = zip(self.places, self.judges, strict=True)
        return fmean(judge.excess(_cut(candidate, place)) for place, judge in each)


def _places(width: int, height: int) -> Iterator[_Place]:
    """Yield pieces in the middle of each part of the picture."""
    for left, across in _spans(width):
        for top, down in _spans(height):
            yield _Place(left, top, across, down)


def _spans(side: int) -> list[tuple[int, int]]:
    """Return where pieces begin along a side, and how long they are."""
    parts = _A_SIDE if side >= _A_SIDE * PIECE_SIDE else 1
    length = min(side, PIECE_SIDE)
    return [(round((part + 0.5) * side / parts - length / 2), length) for part in range(parts)]


def _cut(image: Image, place: _Place) -> Image:
    rows, columns = slice(place.top, place.top + place.height), slice(place.left, place.left + place.width)
    return Image(np.ascontiguousarray(image.pixels[rows, columns]))
