"""People, as far as a metric can stand for them: an observer that notices what SSIMULACRA2 says they would.

How likely a difference is noticed, beyond false alarms, when one person is asked once about one picture:

    P = 1 / (1 + exp((score - 63.1) / 4.72))

63.1 is the mean score at the picture-wise JND of 504 JPEG pictures of KonJND-1k, about 42 people each
(Sneyers et al., CID22, table 4). Two things spread around it, and one question draws from both: pictures
differ (4.65 there), and so do people. The careful end of people's ranges in KonJND's six example pictures
lies at 77, which is taken for the one person in twenty who notices first. A logistic curve through both has
a standard deviation of 8.6, which leaves 7.2 to people. The metric knows the picture's score, not whether
the picture is a hard one: so the curve of one picture is flatter here than one person's on it would be.

A proxy, not a measurement: sound for what codecs do and for blur and noise; brightness and contrast were
never validated; what words, faces or a change of view mean to people is unknown to it, and where it sees
next to nothing (a smaller size brought back to full size) people may well see something.
"""

import hashlib
import math
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from calibration.image import Image, resize
from calibration.observers.protocol import Query, Reply
from calibration.observers.ssimulacra2_score import (
    ALL_SCALES_SIDE,
    IDENTICAL,
    Prepared,
    prepare,
    score_either_way,
)
from calibration.questions import IDENTICAL_PROMPT, MULTIPLE_CHOICE_PROMPT

NAME = "human-ssimulacra2"
JND_SCORE = 63.1
CAREFUL_SCORE, CAREFUL_SHARE = 77.0, 0.05
SPREAD_OF_PICTURES = 4.65
WIDTH = (CAREFUL_SCORE - JND_SCORE) / math.log(1.0 / CAREFUL_SHARE - 1.0)  # 4.72, of the logistic curve
FALSE_ALARM, LAPSE = 0.02, 0.01  # usual in yes-no experiments; KonJND's flicker task has neither

# The metric weighs six scales, and of a picture that has fewer it weighs the wrong ones: such are enlarged.
LEAST_SHORT_SIDE = ALL_SCALES_SIDE
_KEPT = 4  # pictures prepared: a reference meets many versions in a row
_LETTERED = MULTIPLE_CHOICE_PROMPT.rpartition("images? ")[2]


class HumanObserver:
    """Says "different" as often as people would, by the query's key alone; states how likely that was."""

    name = NAME
    stimulus_side: int | None = None
    input_side: int | None = None
    in_flight = 8  # queries it wants at a time: each takes a good part of a second

    def __init__(self) -> None:
        self._prepared: OrderedDict[bytes, Prepared] = OrderedDict()

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Answer every query in the format its prompt asks for."""
        return [self._reply(query) for query in queries]

    def complete(self, queries: Sequence[Query]) -> list[str]:
        """Return the reply texts; anything but a pair of images is told so."""
        return [
            self._reply(query).text if len(query.images) == 2 else "I compare two pictures."
            for query in queries
        ]

    def count_tokens(self, text: str) -> int:
        """Count words."""
        return len(text.split())

    def count_image_tokens(self, image: Image) -> int:  # noqa: ARG002 - the protocol's signature
        """Return 1: a look."""
        return 1

    def close(self) -> None:
        """Forget the pictures."""
        self._prepared.clear()

    def probability(self, first: Image, second: Image) -> float:
        """Return P(says "different") of one question about a pair, false alarms and lapses included."""
        return FALSE_ALARM + (1.0 - FALSE_ALARM - LAPSE) * notice_probability(self.score(first, second))

    def score(self, first: Image, second: Image) -> float:
        """Return the pair's SSIMULACRA2 score at the larger picture's size, the mean of both orders.

        The metric is asked which of two pictures is the original; a person is not.
        """
        largest = max((first, second), key=lambda image: image.width * image.height)
        enlarged = max(1.0, LEAST_SHORT_SIDE / min(largest.width, largest.height))
        width, height = round(enlarged * largest.width), round(enlarged * largest.height)
        one, other = (_at_size(image, width, height) for image in (first, second))
        if np.array_equal(one.pixels, other.pixels):
            return IDENTICAL
        return score_either_way(self._prepare(one), self._prepare(other))

    def _reply(self, query: Query) -> Reply:
        different = self.probability(*query.images) if len(query.images) == 2 else FALSE_ALARM
        says_different = _draw(query) < different
        affirmative = 1.0 - different if query.prompt == IDENTICAL_PROMPT else different
        return Reply(_format(query.prompt, says_different=says_different), probability=affirmative)

    def _prepare(self, image: Image) -> Prepared:
        key = hashlib.sha256(image.pixels.tobytes()).digest() + bytes(str(image.pixels.shape), "ascii")
        if key not in self._prepared:
            self._prepared[key] = prepare(image)
        self._prepared.move_to_end(key)
        while len(self._prepared) > _KEPT:
            self._prepared.popitem(last=False)
        return self._prepared[key]


def notice_probability(score: float) -> float:
    """Return how likely one person notices, beyond false alarms, a change of this score."""
    return 0.5 * (1.0 - math.tanh((score - JND_SCORE) / (2.0 * WIDTH))) if score < IDENTICAL else 0.0


def _at_size(image: Image, width: int, height: int) -> Image:
    if (image.width, image.height) == (width, height):
        return image
    return resize(image, width, height, "bicubic")


def _draw(query: Query) -> float:
    """Return a uniform number that depends on the query alone."""
    digest = hashlib.sha256(f"{NAME}/{query.key}/{query.prompt}".encode())
    if not query.key:
        for image in query.images:
            digest.update(image.pixels.tobytes())
    return int.from_bytes(digest.digest()[:8], "big") / 2**64


def _format(prompt: str, *, says_different: bool) -> str:
    affirmative = says_different != (prompt == IDENTICAL_PROMPT)
    if prompt.endswith(_LETTERED):
        return "A" if affirmative else "B"
    word = "yes" if affirmative else "no"
    if "<yes> or <no>" in prompt:
        finding = "One of the images looks worse." if says_different else "The images look identical."
        return f"<{word}> {finding}"
    return word.capitalize()
