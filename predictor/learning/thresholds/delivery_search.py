"""Find how far a picture can be compressed or shrunk at its own size before an observer notices it.

Unlike `search`, where damage is done at the model's view, a delivery is made of the picture as it
is sent, and the model's own resize follows: what a codec or a smaller size loses is mostly lost by that
resize anyway. How much larger than the model's input the picture is (`ratio`) therefore decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.encoders import JPEG, WEBP, reduce_to
from calibration.image import Image, decode
from calibration.stimuli.delivery import webp_quality
from calibration.stimuli.low_level import jpeg_quality
from predictor.learning.dataset import FAMILIES, Pair
from predictor.learning.sampling import Labeller
from predictor.learning.thresholds.search import OnScale, Searched, search_thresholds
from predictor.noticeability.settings import Link
from predictor.thresholds.delivery import (
    DELIVERIES,
    LARGEST_RATIO,
    LEAST_SHRINKING,
    STRONGEST_SHRINKING,
    Delivery,
)
from predictor.views import model_view, shrink

_GUESSES: Mapping[str, float] = {"jpeg": 60.0, "webp": 40.0, "rescale": 1.3}


@dataclass(frozen=True, eq=False)
class Delivered:
    """Where an observer starts to notice one delivery on each of N pictures."""

    ratios: npt.NDArray[np.float64]  # (N,) of the short side sent to the model's input side
    searched: Searched  # levels of the codec; for rescale the model's input side over the short side kept


@dataclass(frozen=True)
class Compressed(OnScale):
    """Pictures of any size, encoded as they are (JPEG or WebP), then resized by the model."""

    name: Delivery
    side: int  # of the model's input

    def pairs(self, index: int, level: float) -> list[Pair]:
        """Encode one."""
        sent = compressed(self.pictures[index], self.name, level)
        return [_seen(self.pictures[index], sent, self.side, self.name, level)]


@dataclass(frozen=True)
class Shrunk:
    """Pictures sent smaller than they are, then resized by the model."""

    pictures: Sequence[Image]
    side: int
    least: float = LEAST_SHRINKING  # levels are the input side over the short side kept
    strongest: float = STRONGEST_SHRINKING

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.pictures)

    def pairs(self, index: int, level: float) -> list[Pair]:
        """Shrink one."""
        picture = self.pictures[index]
        sent = with_short_side(picture, self.side / level)
        return [_seen(picture, sent, self.side, "rescale", level)]


def compressed(picture: Image, name: Delivery, level: float) -> Image:
    """Encode and decode at a level of the codec."""
    if name == "jpeg":
        return decode(JPEG.encode(picture, int(jpeg_quality(level)))).image
    return decode(WEBP.encode(picture, int(webp_quality(level)))).image


def with_short_side(picture: Image, short: float) -> Image:
    """Shrink by area to a short side of so many pixels; never enlarge."""
    scale = min(1.0, short / min(picture.width, picture.height))
    return reduce_to(picture, max(1, round(scale * picture.width)), max(1, round(scale * picture.height)))


def ask_delivered(
    photos: Sequence[Image], labeller: Labeller, *, side: int, link: Link, first_seed: int = 0
) -> dict[Delivery, Delivered]:
    """Find the observer's thresholds for every delivery, each photograph at a size drawn for it.

    Args:
        photos: As they are; each is shrunk to a random size between the model's input and its own.
        labeller: The observer.
        side: Of the model's input.
        link: Of the observer: its floor and ceiling.
        first_seed: Photograph i is given its sizes by the seed first_seed + i.
    """
    found: dict[Delivery, Delivered] = {}
    for number, name in enumerate(DELIVERIES):
        sized = [
            _sized(photo, side, np.random.default_rng((first_seed + index, number)))
            for index, photo in enumerate(photos)
        ]
        ratios = np.array([min(one.width, one.height) / side for one in sized])
        rendering = Shrunk(sized, side) if name == "rescale" else Compressed(sized, name, side)
        rng = np.random.default_rng((first_seed, number, 1))
        searched = search_thresholds(rendering, labeller, guess=_GUESSES[name], link=link, rng=rng)
        found[name] = Delivered(ratios, searched)
    return found


def _sized(photo: Image, side: int, rng: np.random.Generator) -> Image:
    """Shrink to a random size, evenly on a logarithmic scale; a smaller photograph is enlarged to `side`."""
    most = min(LARGEST_RATIO, min(photo.width, photo.height) / side)
    short = side * float(np.exp(rng.uniform(0.0, np.log(max(1.0, most)))))
    scale = short / min(photo.width, photo.height)
    return shrink(photo, max(side, round(scale * photo.width)), max(side, round(scale * photo.height)))


def _seen(picture: Image, sent: Image, side: int, name: Delivery, level: float) -> Pair:
    return Pair(model_view(picture, side), model_view(sent, side), "", FAMILIES.index(name), level)
