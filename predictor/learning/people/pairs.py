"""Make pairs at the sizes providers show: photographs at full size, damaged around people's thresholds.

Unlike `predictor.learning.sampling`, which cuts pairs to a model's input side, pictures here keep their size:
a photograph as it is, a part of it, smaller, or several side by side where a larger one is wanted than there
is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.encoders import lossy, reduce_to
from calibration.image import Image, decode, encode_jpeg, load
from calibration.stimuli.registry import DISTORTIONS
from predictor.learning.dataset import FAMILIES, NO_FAMILY, Pair
from predictor.learning.sampling import distort_view
from predictor.views import reduce

PAIRS_A_PICTURE = 6
# What a metric cannot judge: a patch, a code, words, another camera. Less is asked about these.
UNJUDGED = ("mask", "qr", "text", "angle", "distance")
_SHARES = {"one": 0.33, "unjudged": 0.08, "delivery": 0.5, "two": 0.05, "identical": 0.04}
_WHOLE, _TOGETHER = 0.35, 0.2  # of the pictures: as they are, put together of several; the rest are parts
_SHRUNK_SIDES = (180, 512)  # pixels, of those put together: what a large picture shows, shrunk to be sent
_WIDEST, _MOST_ACROSS = 1100, 4  # pixels and photographs, of what is put together
_LEAST_SIDE, _LARGEST_PART = 256, 448  # pixels, of a part
_JUDGED = tuple(name for name in FAMILIES if name not in UNJUDGED)
_OCTAVES = 2.0  # levels lie between a quarter and four times the threshold
_MOST_OCTAVES = 5.0  # of what no metric is asked about, to the end of the scale
_QUALITIES = (25.0, 99.0)
_LIKELY_QUALITIES = (50.0, 92.0)  # between which the careful end of people lies in most photographs
_LIKELY, _UNSHRUNK = 0.7, 0.75  # shares of the deliveries
# What a camera leaves in a picture before anybody sends it: grain, and a first JPEG.
_GRAINY, _MOST_GRAIN = 0.25, 6.0  # share of the pictures; grey levels
_ENCODED, _CAMERA_QUALITIES = 0.4, (85.0, 97.0)


@dataclass(frozen=True)
class PairMaker:
    """Makes pairs from photographs; `thresholds` are people's, in levels."""

    files: Sequence[Path]
    thresholds: Mapping[str, float]
    whole: float = _WHOLE  # share of the photographs that are shown as they are

    def pairs(self, count: int, rng: np.random.Generator) -> Iterator[Pair]:
        """Make so many pairs, one after another: they are large."""
        made = 0
        while made < count:
            picture, photo = self.picture(rng)
            for _ in range(min(PAIRS_A_PICTURE, count - made)):
                yield self._pair(picture, photo, rng)
                made += 1

    def picture(self, rng: np.random.Generator) -> tuple[Image, str]:
        """Draw a picture, and the photograph it is of; of several, the first's name stands for all."""
        picture, photo = self._picture(rng)
        return _as_taken(picture, rng), photo

    def _picture(self, rng: np.random.Generator) -> tuple[Image, str]:
        path, draw = self._draw(rng), rng.random()
        photo = load(path)
        if draw < self.whole:
            return photo, path.name
        if draw > 1.0 - _TOGETHER:
            return self._together(photo, rng), path.name
        return (_shrunk if rng.random() < 0.5 else _part)(photo, rng), path.name

    def _draw(self, rng: np.random.Generator) -> Path:
        return self.files[int(rng.integers(len(self.files)))]

    def _together(self, first: Image, rng: np.random.Generator) -> Image:
        """Put photographs side by side, as large as they are or smaller, and cut out up to a megapixel."""
        side = int(rng.integers(*_SHRUNK_SIDES))
        across = max(2, min(_MOST_ACROSS, _WIDEST // side))
        photos = [first, *(load(self._draw(rng)) for _ in range(across * across - 1))]
        squares = [_square(photo, side).pixels for photo in photos]
        rows = [np.concatenate(squares[at : at + across], axis=1) for at in range(0, len(squares), across)]
        whole = np.concatenate(rows, axis=0)
        return Image(np.ascontiguousarray(whole[: int(whole.shape[0] * rng.uniform(0.7, 1.0))]))

    def _pair(self, picture: Image, photo: str, rng: np.random.Generator) -> Pair:
        kind = str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
        if kind == "identical":
            return Pair(picture, picture, photo, NO_FAMILY, 0.0)
        if kind == "delivery":
            return Pair(picture, delivered(picture, rng), photo, NO_FAMILY, 0.0)
        if kind == "two":
            once = self._damaged(picture, str(rng.choice(_JUDGED)), rng)[0]
            return Pair(picture, self._damaged(once, str(rng.choice(_JUDGED)), rng)[0], photo, NO_FAMILY, 0.0)
        name = str(rng.choice(UNJUDGED if kind == "unjudged" else _JUDGED))
        damaged, level = self._damaged(picture, name, rng)
        return Pair(picture, damaged, photo, FAMILIES.index(name), level)

    def _damaged(self, picture: Image, name: str, rng: np.random.Generator) -> tuple[Image, float]:
        octaves = rng.uniform(-_OCTAVES, _MOST_OCTAVES if name in UNJUDGED else _OCTAVES)
        level = float(np.clip(self.thresholds[name] * 2.0**octaves, 0.02, DISTORTIONS[name].levels))
        return distort_view(picture, name, level, rng), level


def delivered(picture: Image, rng: np.random.Generator) -> Image:
    """Do what the gateway does, brought back to size: a codec, now and then on fewer pixels."""
    scale = 1.0 if rng.random() < _UNSHRUNK else float(rng.uniform(0.4, 1.0))
    small = reduce_to(picture, max(8, round(scale * picture.width)), max(8, round(scale * picture.height)))
    codecs = lossy()
    encoder = codecs[int(rng.integers(len(codecs)))]
    qualities = _LIKELY_QUALITIES if rng.random() < _LIKELY else _QUALITIES
    sent = decode(encoder.encode(small, round(float(rng.uniform(*qualities))))).image
    return reduce(sent, picture.width, picture.height)


def _as_taken(picture: Image, rng: np.random.Generator) -> Image:
    """Leave what a camera leaves, in some pictures: grain, and what a first JPEG does to it."""
    if rng.random() < _GRAINY:
        grain = rng.normal(0.0, rng.uniform(0.0, _MOST_GRAIN), picture.pixels.shape).astype(np.float32)
        picture = Image(np.clip(np.rint(picture.pixels + grain), 0, 255).astype(np.uint8))
    if rng.random() < _ENCODED:
        quality = round(float(rng.uniform(*_CAMERA_QUALITIES)))
        picture = decode(encode_jpeg(picture, quality, progressive=False)).image
    return picture


def _part(photo: Image, rng: np.random.Generator) -> Image:
    """Cut out a rectangle of at least 256 pixels a side, where the photograph allows."""
    height, width = (
        int(rng.integers(min(_LEAST_SIDE, side), min(_LARGEST_PART, side) + 1))
        for side in (photo.height, photo.width)
    )
    top = int(rng.integers(photo.height - height + 1))
    left = int(rng.integers(photo.width - width + 1))
    return Image(np.ascontiguousarray(photo.pixels[top : top + height, left : left + width]))


def _shrunk(photo: Image, rng: np.random.Generator) -> Image:
    """Shrink by area, to 256 pixels at least: a photograph that was a JPEG is as good as new then."""
    least = min(1.0, _LEAST_SIDE / min(photo.width, photo.height))
    scale = float(rng.uniform(least, max(least, 0.8)))
    return reduce(photo, round(scale * photo.width), round(scale * photo.height))


def _square(photo: Image, side: int) -> Image:
    """Shrink the largest square of a photograph's corner; a smaller photograph is enlarged."""
    whole = min(photo.width, photo.height)
    return reduce(Image(np.ascontiguousarray(photo.pixels[:whole, :whole])), side, side)
