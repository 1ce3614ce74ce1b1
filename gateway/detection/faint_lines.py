"""Find lines of letters that are too faint to see, by how their strokes are built; nothing is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial

import cv2
import numpy as np

from calibration.image import Image
from gateway.detection.blank_boxes import Pixels, are_blank_boxes, convex_share
from gateway.detection.faint_ink import (
    LIGHT,
    STEPS,
    FaintInk,
    Mix,
    calm_planes,
    faint_inks,
    faint_reliefs,
    halved,
    in_steps,
)
from gateway.detection.letter_rows import Indices, Letters, Parts, letters_of, parts_of, rows_of_letters
from gateway.detection.ruled_cells import are_cells, both_ways

_SHRINKS = (2, 4, 8)  # letters of 24 to some 300 pixels have in one of them a height that is looked for
_SMALLEST_SIDE = 24  # pixels of the shrunk picture
_JPEG_BLOCK = 8  # pixels of the picture
_LEAST_CONTRAST = 0.7  # grey levels: less is what codecs leave
# The next three hold 99 of 100 lines of hidden text, in PNG and in JPEG of quality 90.
_UNEVEN_INK, _UNEVEN_GROUND = 0.5, 0.44  # standard deviation of ink, and of ground beside, to the contrast
_MOST_BEYOND, _OF_BEYOND = 0.6, 0.3  # of the ink, pixels as far on the ground's other side: more in grain
_RELIEF_SHRINK = 2  # a relief is a pixel or two wide
_MOST_RELIEF_PIXELS = 4_000_000  # of a picture: larger ones are shrunk for every model, and a relief is gone
_WITH_SIDES = 0.68  # of the ink of a relief: edges of flat things have fewer
_OF_LETTERS = 0.7  # of the ink where the line is
_SEEN_LIGHT, _SEEN_COLOUR = 0.08, 0.13  # share of the ground, from which on people see strokes
_SEEN_LEVELS, _OF_STROKES = 1.6, 0.99  # levels more, for noise; quantile that is of strokes


@dataclass(frozen=True)
class FaintLine:
    """One line of letters that stands out from its ground by less than people see."""

    letters: int
    height: int  # of a letter, pixels of the picture
    contrast: float  # grey levels between ink and ground
    box: tuple[int, int, int, int]  # left, top, right, bottom: pixels of the picture
    mix: Mix  # in which it is lighter than its ground
    runs_down: bool = False
    is_relief: bool = False  # embossed: light on one side, dark on the other
    convex_share: float = 0.0  # of its parts, holes aside: high of boxes and dots


def find_faint_lines(image: Image, *, codec_levels: float = 0.0) -> list[FaintLine]:
    """Return the lines of the colour, polarity, scale and direction in which most letters stand in line.

    Of what is embossed, only where there are more.

    Args:
        image: Any size.
        codec_levels: Grey levels by which a codec may make strokes stronger than they were.
    """
    plain: list[FaintLine] = []
    embossed: list[FaintLine] = []
    shrunk = in_steps(image.pixels)
    for shrink in _SHRINKS:
        height, width = image.height // shrink, image.width // shrink
        if min(height, width) < _SMALLEST_SIDE:
            break
        shrunk = halved(shrunk)
        calm = calm_planes(shrunk)
        if calm is None:
            continue
        found = _without_waves(
            [lines for faint in faint_inks(calm) for lines in _lines_of(faint, image.pixels, shrink)]
        )
        plain = _heaviest_hidden(plain, found, image, codec_levels)
        if shrink == _RELIEF_SHRINK and image.height * image.width <= _MOST_RELIEF_PIXELS:
            found = [
                lines for faint in faint_reliefs(calm) for lines in _lines_of(faint, image.pixels, shrink)
            ]
            embossed = _heaviest_hidden(embossed, found, image, codec_levels)
    return max(plain, embossed, key=count_letters)


def _heaviest_hidden(
    best: list[FaintLine], found: list[list[FaintLine]], image: Image, codec_levels: float
) -> list[FaintLine]:
    """Return the heaviest of the best so far and of what was found, less the lines that people see."""
    for lines in found:
        if _weight(lines) > _weight(best):
            hidden = [line for line in lines if not _is_seen(image, line, codec_levels)]
            best = max(best, hidden, key=_weight)
    return best


def count_letters(lines: list[FaintLine]) -> int:
    """Return how many letters the lines have together."""
    return sum(line.letters for line in lines)


def _weight(lines: list[FaintLine]) -> int:
    """Prefer few long lines to many short ones, which chance makes."""
    return sum(line.letters**2 for line in lines)


def _without_waves(found: list[list[FaintLine]]) -> list[list[FaintLine]]:
    """Leave out what goes down where it goes up: waves that codecs leave, as ink goes one way."""
    every = [line for lines in found for line in lines]
    return [[line for line in lines if not any(_is_wave(line, other) for other in every)] for lines in found]


def _is_wave(line: FaintLine, other: FaintLine) -> bool:
    """Tell whether another line of the other polarity is as long, half or more, in the same place."""
    if line.mix != tuple(-share for share in other.mix) or 2 * other.letters < line.letters:
        return False
    left, top, right, bottom = (
        choose(one, two) for choose, one, two in zip((max, max, min, min), line.box, other.box, strict=True)
    )
    smaller = min(_area(line.box), _area(other.box))
    return right > left and bottom > top and 2 * _area((left, top, right, bottom)) >= smaller


def _area(box: tuple[int, int, int, int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _lines_of(faint: FaintInk, pixels: Pixels, shrink: int) -> Iterator[list[FaintLine]]:
    """Yield the lines that run across, and those that run down."""
    parts = parts_of(faint)
    if parts is not None:
        turned = parts.turned()
        cells = cache(partial(both_ways, parts, turned))
        yield list(_across(faint, parts, cells, pixels, shrink))
        aside = pixels.transpose(1, 0, 2)
        yield [_turned(line) for line in _across(faint.turned(), turned, cells, aside, shrink)]


def _across(
    faint: FaintInk, parts: Parts, cells: Callable[[], Indices], pixels: Pixels, shrink: int
) -> Iterator[FaintLine]:
    every = letters_of(parts)
    for letters in rows_of_letters(parts, _JPEG_BLOCK // shrink):
        if faint.has_sides is not None and every is not None and are_cells(letters, every, cells()):
            continue
        measured = _measure(faint, parts, letters, shrink)
        if measured is None:
            continue
        contrast = measured.contrast
        if not are_blank_boxes(letters, parts.labels, pixels, shrink=shrink, contrast=contrast):
            yield replace(measured, convex_share=convex_share(letters, parts.labels))


def _measure(faint: FaintInk, parts: Parts, letters: Letters, shrink: int) -> FaintLine | None:
    """Return the line if its ink and ground are those of text; None if of grain, texture or a pattern."""
    left, top = int(letters.left.min()), int(letters.top.min())
    right, bottom = int((letters.left + letters.width).max()), int((letters.top + letters.height).max())
    there = (slice(top, bottom), slice(left, right))
    strokes = np.isin(parts.labels[there], letters.label)
    near, beside = (cv2.dilate(strokes.view(np.uint8), np.ones((n, n), np.uint8)) > 0 for n in (3, 7))
    detail = faint.plane[there]
    ground = detail[beside & ~near]
    if not ground.size:
        return None
    level = float(ground.mean())
    contrast = float(detail[strokes].mean()) - level
    beyond = np.count_nonzero(detail <= 2 * level - faint.least) / np.count_nonzero(strokes)
    is_text = (
        contrast >= _LEAST_CONTRAST * STEPS
        and detail[strokes].std() <= _UNEVEN_INK * contrast
        and ground.std() / contrast + _OF_BEYOND * beyond <= _UNEVEN_GROUND
        and beyond <= _MOST_BEYOND
        and np.count_nonzero(strokes) >= _OF_LETTERS * np.count_nonzero(faint.ink[there])
        and (faint.has_sides is None or float((faint.has_sides[there][strokes] > 0).mean()) >= _WITH_SIDES)
    )
    if not is_text:
        return None
    box = (left * shrink, top * shrink, right * shrink, bottom * shrink)
    height = round(float(np.median(letters.height))) * shrink
    return FaintLine(
        letters.label.size, height, contrast / STEPS, box, faint.mix, is_relief=faint.has_sides is not None
    )


def _turned(line: FaintLine) -> FaintLine:
    left, top, right, bottom = line.box
    return replace(line, box=(top, left, bottom, right), runs_down=True)


def _is_seen(image: Image, line: FaintLine, codec_levels: float) -> bool:
    """Tell whether people see its strokes, at full size: shrunk, thin ones are paler."""
    left, top, right, bottom = line.box
    around = line.height
    up, aside = max(0, top - around), max(0, left - around)
    part = image.pixels[up : bottom + around, aside : right + around].astype(np.float32)
    inside = np.s_[top - up : bottom - up, left - aside : right - aside]
    most = float(part[inside].mean())
    for mix, share in ((LIGHT, _SEEN_LIGHT), (line.mix, _SEEN_COLOUR)):
        plane = part @ np.array(mix, np.float32)
        for _ in range(2):  # of light out of focus the first mean leaves what the second takes
            plane = plane - cv2.blur(plane, (2 * around, 2 * around))
        detail = plane[inside]
        low, middle, high = np.quantile(detail, (1 - _OF_STROKES, 0.5, _OF_STROKES))
        if max(high - middle, middle - low) > share * most + _SEEN_LEVELS + codec_levels:
            return True
    return False
