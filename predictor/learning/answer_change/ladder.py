"""The versions a proxy may send in place of a picture, and what classifiers answer to each.

Training half: made-up deliveries and the observers asked about them. What is learned from the answers is
the matter of `training`.
"""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from calibration.image import Image, decode, encode_jpeg, encode_webp, load, resize
from predictor.views import model_view

Floats = npt.NDArray[np.float32]
Crop = Literal["whole", "centre"]

SOURCE_SIDE = 384  # pixels: photographs that are JPEGs already are reduced by area, so their own grid is gone
SOURCE_QUALITY = 95  # of the camera JPEG that every picture is taken to arrive as
_CENTRE_SHARE = 0.875


@dataclass(frozen=True)
class Rung:
    """One way to deliver a picture: reduced, then encoded."""

    codec: Literal["jpeg", "webp"]
    quality: int
    scale: float = 1.0

    @property
    def name(self) -> str:
        """Short and unique, for tables."""
        return f"{self.codec}{self.quality}" + ("" if self.scale == 1.0 else f"x{self.scale:g}")


@dataclass(frozen=True, eq=False)
class Version:
    """A delivered picture, as the model's server decodes it."""

    image: Image
    size_bytes: int


LADDER: tuple[Rung, ...] = (
    *(Rung("jpeg", quality) for quality in (95, 90, 85, 75, 60, 45, 30, 20, 10)),
    *(Rung("webp", quality) for quality in (90, 80, 70, 50, 30)),
    Rung("jpeg", 85, 0.75),
    Rung("jpeg", 85, 0.5),
)


def deliver(source: Image, rung: Rung) -> Version:
    """Reduce (bicubic), encode and decode again."""
    if rung.scale != 1.0:
        width, height = (max(1, round(side * rung.scale)) for side in (source.width, source.height))
        source = resize(source, width, height, "bicubic")
    if rung.codec == "jpeg":
        data = encode_jpeg(source, rung.quality)
    else:
        data = encode_webp(source, rung.quality, effort=3)
    return Version(decode(data).image, len(data))


def random_rung(rng: np.random.Generator) -> Rung:
    """Draw a delivery from everything between the ladder's ends."""
    kind = rng.random()
    if kind < 0.55:
        return Rung("jpeg", int(rng.integers(8, 98)))
    if kind < 0.8:
        return Rung("webp", int(rng.integers(15, 96)))
    return Rung("jpeg", int(rng.integers(60, 96)), float(rng.uniform(0.4, 0.9)))


def camera_source(path: Path) -> Version:
    """Read a picture as a camera would have sent it: JPEG at quality 95, chroma at half resolution."""
    picture = load(path)
    if path.suffix.lower() in (".jpg", ".jpeg"):
        scale = min(1.0, SOURCE_SIDE / min(picture.width, picture.height))
        picture = resize(picture, round(picture.width * scale), round(picture.height * scale), "area")
    data = encode_jpeg(picture, SOURCE_QUALITY, progressive=False)
    return Version(decode(data).image, len(data))


@dataclass(frozen=True)
class AnswerObserver:
    """A classifier as an observer: its answer to "what is this?" is a distribution over classes."""

    name: str
    logits: Callable[[torch.Tensor], torch.Tensor]  # (N, 3, side, side) in 0 ... 1 -> (N, classes)
    side: int
    crop: Crop = "whole"

    def view(self, image: Image) -> Image:
        """Show the picture as this observer's processor does."""
        if self.crop == "centre":
            short = round(_CENTRE_SHARE * min(image.width, image.height))
            top, left = (image.height - short) // 2, (image.width - short) // 2
            image = Image(np.ascontiguousarray(image.pixels[top : top + short, left : left + short]))
        return model_view(image, self.side)

    def log_answers(self, images: Sequence[Image]) -> Floats:
        """Return ln of the answer distribution of each picture, (N, classes)."""
        pixels = np.stack([self.view(image).pixels for image in images])
        batch = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(torch.float32) / 255.0
        with torch.inference_mode():
            return np.asarray(torch.log_softmax(self.logits(batch), dim=1).numpy(), dtype=np.float32)


def read_classifier(path: Path, *, input_side: int, background: int, crop: Crop = "whole") -> AnswerObserver:
    """Read a `torch.export` classifier of RGB pictures in 0 ... 1; leading background classes are dropped.

    Raises:
        ValueError: The file holds no program of torch.export.
        OSError: It cannot be read.
    """
    if not zipfile.is_zipfile(path):  # torch would print a traceback of its own
        raise ValueError(f"expected a torch.export program in {path}, got something else")
    try:
        program = torch.export.load(path).module()
    except (RuntimeError, LookupError, TypeError) as error:
        raise ValueError(f"expected a torch.export program in {path}, got something else: {error}") from error

    def logits(pictures: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = program(pictures)
        return found[:, background:]

    return AnswerObserver(f"{path.stem}/{crop}", logits, input_side, crop)


@dataclass(frozen=True, eq=False)
class Answers:
    """What one observer answered to N versions of pictures."""

    has_changed: npt.NDArray[np.bool_]  # the likeliest answer is another
    divergence: Floats  # KL(answers to the original || answers to the version), nats
    margin: Floats  # of the original: likeliest answer's probability minus the second's


def compare_answers(original: Floats, versions: Floats) -> Answers:
    """Compare answer distributions in logarithms; (N, classes) each, row by row.

    Raises:
        ValueError: A distribution is not finite, or has fewer than two answers.
    """
    if original.shape != versions.shape or original.ndim != 2 or original.shape[1] < 2:
        raise ValueError(
            f"expected two equal shapes (N, answers >= 2), got {original.shape} and {versions.shape}"
        )
    if np.isnan(original).any() or np.isnan(versions).any():
        raise ValueError("expected distributions over answers, got NaN")
    shares = np.exp(original.astype(np.float64))
    divergence = (shares * (original - np.maximum(versions, -60.0))).sum(axis=1)
    ranked = np.sort(shares, axis=1)
    return Answers(
        original.argmax(axis=1) != versions.argmax(axis=1),
        np.maximum(divergence, 0.0).astype(np.float32),
        (ranked[:, -1] - ranked[:, -2]).astype(np.float32),
    )
