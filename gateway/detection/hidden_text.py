"""Evidence from text that nobody sees: it shows only where local contrast is amplified.

How strokes are built and stand in lines decides, so any alphabet of separate letters counts. Where the extra
`ocr` is installed the text is read then, for the explanation alone: what it says changes no verdict.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from calibration.image import Image
from gateway.detection.faint_amplified import amplify
from gateway.detection.faint_lines import FaintLine, count_letters, find_faint_lines
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.verdict import Box, Evidence

_LETTERS = (
    10  # in all lines together; of 322 photographs as JPEG of three qualities none had over 7 by chance
)
_IN_A_LINE = 8  # in the longest
_LEAST_QUALITY = 75  # of a JPEG: below, the blocks of gradients look like lines of letters
_MOST_READ = 80  # characters
_LEAST_SIDE = 48  # pixels: below, no scale holds a line


class Reader(Protocol):
    """Whoever reads text in a picture."""

    def read(self, grey: npt.NDArray[np.uint8], *, seconds: float) -> list[str] | None:
        """Return the lines of text in (H, W); None where there was no time."""
        ...


class HiddenTextDetector:
    """Looks for lines of letters on smooth ground whose contrast stays below what people see."""

    def __init__(self, reader: Reader | None = None, *, reading_seconds: float = 0.5) -> None:
        """Take who reads what was found, if anybody does, and how long a flagged picture waits for that."""
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
        lines = find_faint_lines(image)
        letters = count_letters(lines)
        if not _is_text(lines):
            return Evidence("hidden_text", letters, None, None, "No text hides below what people see.")
        explanation = _explain(lines) + self._reading(image, lines)
        return Evidence("hidden_text", letters, None, None, explanation, is_attack=True, boxes=_boxes(lines))

    def _reading(self, image: Image, lines: list[FaintLine]) -> str:
        if self._reader is None:
            return ""
        read = self._reader.read(amplify(image, lines), seconds=self._reading_seconds)
        words = "".join(filter(str.isprintable, " ".join(read or ()))).strip()
        if not words:
            return ""
        return f" It reads: “{words[:_MOST_READ]}{'…' if len(words) > _MOST_READ else ''}”."


def _is_text(lines: list[FaintLine]) -> bool:
    longest = max((line.letters for line in lines), default=0)
    return count_letters(lines) >= _LETTERS and longest >= _IN_A_LINE


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
