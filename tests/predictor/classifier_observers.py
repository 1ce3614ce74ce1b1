"""Observers for `jnd-calibrate run --observer python:tests.predictor.classifier_observers:FACTORY`.

Examples of how a classifier becomes an observer: its answer is a class word, the question is a task file such
as "What does this picture show? Answer in one word." `dominant_colour` needs nothing but numpy; `mobilenet`
reads the pretrained network beside the repository.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from calibration.image import Image
from predictor.learning.answer_change.ladder import AnswerObserver, read_classifier

MODELS = Path(__file__).resolve().parents[3] / "shared" / "data" / "models"
PALETTE = {
    "black": (0, 0, 0), "grey": (128, 128, 128), "white": (255, 255, 255), "red": (200, 40, 40),
    "green": (60, 130, 60), "blue": (60, 80, 180), "yellow": (220, 200, 60), "brown": (120, 80, 50),
}  # fmt: skip


class DominantColour:
    """Names the colour nearest to most pixels."""

    name = "dominant-colour"

    def answer(self, prompt: str, images: Sequence[PillowImage.Image]) -> str:  # noqa: ARG002 - an interface
        """Answer about the last picture, whatever is asked."""
        pixels = np.asarray(images[-1].convert("RGB").resize((48, 48)), dtype=np.float32).reshape(-1, 1, 3)
        colours = np.array(list(PALETTE.values()), dtype=np.float32)
        nearest = np.square(pixels - colours).sum(axis=2).argmin(axis=1)
        return list(PALETTE)[int(np.bincount(nearest, minlength=len(PALETTE)).argmax())]


class Classifier:
    """Names the likeliest class, a whole batch at a time."""

    def __init__(self, observer: AnswerObserver, labels: Sequence[str]) -> None:
        self.name = observer.name.split("/")[0]
        self._observer = observer
        self._labels = labels

    def answer(self, prompt: str, images: Sequence[PillowImage.Image]) -> str:
        """Answer about the last picture, whatever is asked."""
        return self.answer_batch([(prompt, images)])[0]

    def answer_batch(self, requests: Sequence[tuple[str, Sequence[PillowImage.Image]]]) -> list[str]:
        """Answer every request."""
        pictures = [Image(np.array(images[-1].convert("RGB"))) for _, images in requests]
        return [self._labels[index] for index in self._observer.log_answers(pictures).argmax(axis=1)]


def dominant_colour() -> DominantColour:
    """Make the observer that needs no weights."""
    return DominantColour()


def mobilenet() -> Classifier:
    """Make a pretrained ImageNet classifier into an observer."""
    labels = (MODELS / "imagenet_labels.txt").read_text(encoding="utf-8").splitlines()
    path = MODELS / "mobilenet_v1_0.5_160_quant.pt2"
    return Classifier(read_classifier(path, input_side=160, background=1), labels)
