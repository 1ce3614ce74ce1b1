"""Evidence from text that nobody sees: it shows only where local contrast is amplified.

How strokes are built and stand in lines decides, so any alphabet of separate letters counts. Where the
extra `ocr` is installed what is found is read as well: for the explanation, and as a second opinion on lines
too few or too short to rule chance out. Those are flagged only where words were read.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from calibration.image import Image
from gateway.detection.faint_amplified import amplify
from gateway.detection.faint_lines import FaintLine, count_letters, find_faint_lines
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.verdict import Box, Evidence

# In 3,340 benign pictures for development, lines by chance had six letters now and then, and all together
# hardly ever five more. A picture twice as large has twice as many lines by chance, so the longest is longer.
_BY_CHANCE = 6.0  # letters of a line, in a picture of up to a megapixel
_MORE_BY_CHANCE = 0.5  # for each time that it is twice as large
_BEYOND_CHANCE = 7.0  # letters of all lines beyond those; one more for each such time
# Of 2,867 such pictures four had two plain lines of one height and strength, with twelve letters at most: a
# column of short words, or words here and there, is beyond chance together.
_ALIKE_BY_CHANCE = 10.0  # letters of two and more lines alike, in a picture of up to a megapixel
_MORE_ALIKE_BY_CHANCE = 2.0  # for each time that it is twice as large
_ALIKE = 1.6  # the greater height or strength to the lesser
_MOST_CONVEX = 0.5  # share of a line's parts
_WORTH_READING = 2.0  # of those: benign pictures hardly ever wait for a reader
_WORDS = 8  # letters that are read: a name of a month or a unit may be made out of anything
_LEAST_QUALITY = 75  # of a JPEG: below, the blocks of gradients look like lines of letters
_CODEC_LEVELS = 2.0  # by which strokes ring, in a picture stored with losses
_MOST_READ = 80  # characters
_LEAST_SIDE = 48  # pixels: below, no scale holds a line


class Reader(Protocol):
    """Whoever reads text in a picture."""

    def read(self, grey: npt.NDArray[np.uint8], *, seconds: float) -> list[str] | None:
        """Return the lines of text in (H, W) that were read surely; None where there was no time."""
        ...


class HiddenTextDetector:
    """Looks for lines of letters on smooth ground whose contrast stays below what people see."""

    def __init__(self, reader: Reader | None = None, *, reading_seconds: float = 0.5) -> None:
        """Take who reads what was found, if anybody does, and how long a suspicious picture waits."""
        self._reader = reader
        self._reading_seconds = reading_seconds

    def examine(self, examined: Examined) -> Evidence:
        """Judge the picture by itself; the score is the number of faint letters.

        Raises:
            NotExaminableError: It is too small to hold a line of text, or too coarse a JPEG to tell.
        """
        image = examined.decoded.image
        if min(image.height, image.width) < _LEAST_SIDE:
            raise NotExaminableError(f"Too small to hold hidden text: {image.width} x {image.height} pixels.")
        quality = examined.decoded.source.jpeg_quality
        if quality is not None and quality < _LEAST_QUALITY:
            raise NotExaminableError(f"Too coarse to tell hidden text: a JPEG of quality {quality}.")
        is_lossless = examined.decoded.source.is_lossless
        lines = find_faint_lines(image, codec_levels=0.0 if is_lossless else _CODEC_LEVELS)
        letters = count_letters(lines)
        beyond = _beyond_chance(lines, image)
        is_sure = beyond >= _BEYOND_CHANCE
        read = self._read(image, lines) if beyond >= _WORTH_READING else ()
        if not is_sure and not _are_words(read):
            return Evidence("hidden_text", letters, None, None, "No text hides below what people see.")
        explanation = _explain(lines) + _quote(read)
        return Evidence("hidden_text", letters, None, None, explanation, is_attack=True, boxes=_boxes(lines))

    def _read(self, image: Image, lines: list[FaintLine]) -> Sequence[str]:
        if self._reader is None:
            return ()
        amplified = amplify(image, lines)
        pages = [np.rot90(amplified, turns) for turns in (1, -1)] if lines[0].runs_down else [amplified]
        read = [
            self._reader.read(np.ascontiguousarray(page), seconds=self._reading_seconds) for page in pages
        ]
        return max((each or () for each in read), key=_letters_of)


def _beyond_chance(lines: list[FaintLine], image: Image) -> float:
    """Return how many letters there are beyond those of lines by chance in a picture of that size."""
    doublings = max(0.0, math.log2(image.height * image.width / 1e6))
    by_chance = _BY_CHANCE + _MORE_BY_CHANCE * doublings
    each = sum(max(0.0, line.letters - by_chance) for line in lines) - doublings
    together = _letters_alike(lines) - _ALIKE_BY_CHANCE - _MORE_ALIKE_BY_CHANCE * doublings
    return max(each, together)


def _letters_alike(lines: list[FaintLine]) -> int:
    """Return how many letters the plain lines have that are most alike.

    Embossed ones chance makes more often, and boxes stand in many rows alike.
    """
    plain = [line for line in lines if not line.is_relief and line.convex_share <= _MOST_CONVEX]
    groups = ([other for other in plain if _are_alike(line, other)] for line in plain)
    return max((count_letters(group) for group in groups if len(group) > 1), default=0)


def _are_alike(one: FaintLine, other: FaintLine) -> bool:
    return all(
        max(pair) <= _ALIKE * min(pair)
        for pair in ((one.height, other.height), (one.contrast, other.contrast))
    )


def _are_words(read: Sequence[str]) -> bool:
    return _letters_of(read) >= _WORDS


def _letters_of(read: Sequence[str]) -> int:
    """Count the letters of words of two and more."""
    words = [word for line in read for word in line.split()]
    return sum(count for word in words if (count := sum(map(str.isalpha, word))) > 1)


def _quote(read: Sequence[str]) -> str:
    words = "".join(filter(str.isprintable, " ".join(read))).strip()
    if not words:
        return ""
    return f" It reads: “{words[:_MOST_READ]}{'…' if len(words) > _MOST_READ else ''}”."


def _boxes(lines: list[FaintLine]) -> tuple[Box, ...]:
    """Return where the lines stand; more letters weigh more."""
    most = max(line.letters for line in lines)
    ordered = sorted(lines, key=lambda line: line.letters, reverse=True)
    return tuple((*line.box, round(line.letters / most, 3)) for line in ordered)


def _explain(lines: list[FaintLine]) -> str:
    strongest = max(lines, key=lambda line: line.letters)
    left, top, right, bottom = strongest.box
    return (
        f"{count_letters(lines)} letters of text are hidden in it: {strongest.contrast:.1f} grey levels "
        f"from their ground and about {strongest.height} pixels tall, "
        f"the longest line within ({left}, {top}) to ({right}, {bottom})."
    )
