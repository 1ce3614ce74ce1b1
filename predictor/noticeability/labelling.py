"""Who answers the training's questions: an observer of the laboratory, or a made-up one without a model."""

from collections.abc import Sequence

import cv2
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
from predictor.dataset import FAMILIES, NO_FAMILY, Pair

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


class MaskedVisibility:
    """A made-up observer: band-limited contrast against internal noise, masked by the reference's texture.

    Stands in for a model in tests and where none is at hand; `acuity` scales all its thresholds.
    """

    def __init__(self, *, acuity: float = 1.0) -> None:
        self._acuity = acuity

    def label(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        """Return P(says "different"), with 2 % false alarms and lapses."""
        return np.array([self._probability(pair) for pair in pairs])

    def _probability(self, pair: Pair) -> float:
        reference, distorted = _luma_chroma(pair.reference.pixels), _luma_chroma(pair.distorted.pixels)
        visible = 0.0
        for sensitivity in (1.0, 2.0, 1.5, 0.7):  # fine to coarse
            low_reference, low_distorted = cv2.pyrDown(reference), cv2.pyrDown(distorted)
            size = (reference.shape[1], reference.shape[0])
            band = reference - cv2.pyrUp(low_reference, dstsize=size)
            other = distorted - cv2.pyrUp(low_distorted, dstsize=size)
            mask = cv2.blur(np.abs(band[..., :1]), (5, 5)).reshape(*band.shape[:2], 1)
            signal = sensitivity * (other - band) / (6.0 + 0.8 * mask)
            worst = cv2.resize(signal**2, (6, 6), interpolation=cv2.INTER_AREA).max()
            visible += float(worst) + float(np.mean(signal**2))
            reference, distorted = low_reference, low_distorted
        visible += 0.02 * float(np.mean((distorted - reference) ** 2)) / 9.0
        size_in_jnds = np.sqrt(visible) * self._acuity / 0.35
        return float(0.02 + 0.96 * (1.0 - 2.0 ** -min(size_in_jnds**4, 100.0)))


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


def _luma_chroma(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb), dtype=np.float32)
