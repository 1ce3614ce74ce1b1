"""Ask an observer of the laboratory the training's questions about pairs."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from calibration.image import Image
from calibration.observers.protocol import Observer, Query
from calibration.questions import (
    DIRECT_PROMPT,
    IDENTICAL_PROMPT,
    IMPLICIT_PROMPT,
    VIEWPOINT_PROMPT,
    Polarity,
)
from calibration.replies.reader import read_first_token, read_reply, says_different
from calibration.stimuli.registry import DISTORTIONS
from predictor.learning.dataset import FAMILIES, NO_FAMILY, Pair

_BATCH = 256
_VIEWPOINT = {"angle", "distance"}


class ObserverLabeller:
    """Asks a real observer twice about each pair, polarity and order swapped, and takes the mean."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def label(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        """Return P(says "different"); replies that cannot be counted say nothing either way."""
        answers = []
        for start in range(0, len(pairs), _BATCH):
            batch = pairs[start : start + _BATCH]
            direct = self._ask([(_direct_prompt(pair), pair) for pair in batch], "different")
            swapped = self._ask([(IDENTICAL_PROMPT, pair) for pair in batch], "identical")
            answers.append((direct + swapped) / 2.0)
        return np.concatenate(answers)

    def _ask(self, asked: Sequence[tuple[str, Pair]], polarity: Polarity) -> npt.NDArray[np.float64]:
        queries = [Query(prompt, _shown(pair, polarity)) for prompt, pair in asked]
        replies = self._observer.ask(queries)
        chances = []
        for (prompt, _), reply in zip(asked, replies, strict=True):
            if reply.probability is not None:
                chances.append(reply.probability if polarity == "different" else 1.0 - reply.probability)
                continue
            read = read_first_token if reply.is_first_token else read_reply
            noticed = says_different(read(reply.text, prompt), polarity)
            chances.append(0.5 if noticed is None else float(noticed))
        return np.array(chances)


def _shown(pair: Pair, polarity: Polarity) -> tuple[Image, Image]:
    first, second = pair.reference, pair.distorted
    return (first, second) if polarity == "different" else (second, first)


def _direct_prompt(pair: Pair) -> str:
    if pair.family == NO_FAMILY:
        return IMPLICIT_PROMPT
    name = FAMILIES[pair.family]
    return (
        VIEWPOINT_PROMPT if name in _VIEWPOINT else DIRECT_PROMPT.format(distortion=DISTORTIONS[name].label)
    )
